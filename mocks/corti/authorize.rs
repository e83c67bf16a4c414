//! `…/auth` (RFC 6749 §4.1.1): what is asked of the authorization endpoint, and the way back.

mod login_page;
mod request;

use locum_core::{Denial, Outcome, TokenKind};
use locum_server::{Mock, NewToken, Reply, Request};
use std::time::Duration;

use super::grant::code;
use super::issue::{bare_uuid, issuer, session_id, subject};
use super::login::Login;
use super::realm::RealmRef;
use super::{page, realm_lookup};
use request::{Authorization, Bad};

pub(super) use login_page::authenticate;

/// Answers an authorization request: an error page, a way back, or the login page.
pub(super) async fn authorize(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        let reply = Reply::status(200).with_headers_of(mock.profile(), "auth_options", &[]);
        return Ok(reply.with_headers_of(mock.profile(), "h0", &[]));
    }
    realm_lookup::must_be_enabled(&mock, &request, &realm)?;
    let asked = match Authorization::read(&realm, &parameters(&request)) {
        Ok(asked) => asked,
        Err(Bad::Page(message)) => {
            let reply = page::page(&mock, 400, &realm.name, "We are sorry...", message);
            return Ok(reply.outcome(Outcome::Denied));
        }
        Err(Bad::Back(asked, error, description)) => {
            let reply = failed(&mock, &realm, &asked, error, description.as_deref());
            return Ok(reply.outcome(Outcome::Denied));
        }
    };
    match login_page::known_browser(&mock, &request, &realm, &asked).await {
        Some(login) => Ok(succeeded(&mock, &realm, &asked, login).await),
        None if asked.prompt_none => {
            let reply = failed(&mock, &realm, &asked, "login_required", None);
            Ok(reply.outcome(Outcome::Denied))
        }
        None => Ok(login_page::opened(&mock, &realm, &asked).await),
    }
}

/// The parameters: of the query, or of the form of a POST.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let form = if request.method == "POST" {
        request.form()
    } else {
        request.query()
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    form.pairs
        .iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// 302 with `error, [error_description], state, iss` in this order.
fn failed(
    mock: &Mock,
    realm: &RealmRef,
    asked: &Authorization,
    error: &str,
    description: Option<&str>,
) -> Reply {
    let mut pairs = vec![("error".to_owned(), error.to_owned())];
    pairs.extend(description.map(|text| ("error_description".to_owned(), text.to_owned())));
    pairs.extend(asked.state.clone().map(|state| ("state".to_owned(), state)));
    pairs.push(("iss".to_owned(), issuer(mock, &realm.name)));
    back(mock, realm, asked, &pairs)
}

/// Issues a code for `login` and goes back: `?state=…&session_state=…&iss=…&code=…`.
async fn succeeded(
    mock: &Mock,
    realm: &RealmRef,
    asked: &Authorization,
    mut login: Login,
) -> Reply {
    login.client.clone_from(&asked.client);
    login.scope = asked.scope.clone();
    login.offline = login.scope.has("offline_access");
    login.nonce.clone_from(&asked.nonce);
    let session = login
        .session
        .get_or_insert_with(|| session_id(mock))
        .clone();
    // `<36>.<sid>.<36>`: random, session, the client's internal UUID.
    let client = subject(mock, &realm.name, &format!("client {}", asked.client));
    let code = format!("{}.{session}.{client}", bare_uuid(mock));
    let lives = Duration::from_secs(mock.setting_u64("code_ttl_s"));
    let mut new = NewToken::new(TokenKind::Code, login.principal(), login.number, lives);
    new.tenant = Some(realm.name.clone());
    new.client = Some(login.client.clone());
    let request = code::Request {
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        method: asked.method.clone(),
    };
    new.extra = request.extra(&login);
    mock.issue(&code, new).await;
    let mut pairs: Vec<(String, String)> = asked
        .state
        .clone()
        .map(|state| ("state".to_owned(), state))
        .into_iter()
        .collect();
    pairs.push(("session_state".to_owned(), session));
    pairs.push(("iss".to_owned(), issuer(mock, &realm.name)));
    pairs.push(("code".to_owned(), code));
    back(mock, realm, asked, &pairs)
}

/// Brings `pairs` to the client in the mode that it asked for.
fn back(mock: &Mock, realm: &RealmRef, asked: &Authorization, pairs: &[(String, String)]) -> Reply {
    let separator = match asked.mode.as_str() {
        "form_post" => return page::posting(mock, &realm.name, &asked.redirect_uri, pairs),
        "fragment" => '#',
        _ => '?',
    };
    let location = with_pairs(&asked.redirect_uri, separator, pairs);
    Reply::status(302)
        .header("location", location)
        .with_headers_of(mock.profile(), "h8", &[])
}

/// `uri` with `pairs` after `separator`, form-encoded.
pub(super) fn with_pairs(uri: &str, separator: char, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return uri.to_owned();
    }
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let separator = if uri.contains(separator) {
        '&'
    } else {
        separator
    };
    format!("{uri}{separator}{}", encoded.join("&"))
}

/// Form encoding (WHATWG URL §5.2): a space is `+`.
fn encoded(text: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'*')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b' ');
    percent_encoding::utf8_percent_encode(text, PLAIN)
        .to_string()
        .replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_follow_the_uri() {
        let pairs = [("state".to_owned(), "a b&c".to_owned())];
        assert_eq!(
            with_pairs("http://h/cb", '?', &pairs),
            "http://h/cb?state=a+b%26c"
        );
        assert_eq!(
            with_pairs("http://h/cb?x", '?', &pairs),
            "http://h/cb?x&state=a+b%26c"
        );
        assert_eq!(
            with_pairs("http://h/cb", '#', &pairs),
            "http://h/cb#state=a+b%26c"
        );
        assert_eq!(with_pairs("http://h/cb", '?', &[]), "http://h/cb");
    }
}
