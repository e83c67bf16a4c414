//! `…/logout`: by a refresh token, and by a browser (OpenID Connect RP-Initiated Logout 1.0).

use std::time::Duration;

use locum_core::{Denial, DenialKind, Outcome, TokenKind};
use locum_server::{Form as Query, Mock, NewToken, Reply, Request, jwt};

use super::authorize::{cookies, redirect_uri};
use super::form::{ClientIn, Form};
use super::grant::{TokenRequest, refresh};
use super::login::{self, Ended, Login};
use super::realm::RealmRef;
use super::{State, client, cors, page, realm_lookup};

/// Ends a session, or asks whether to.
pub(super) async fn logout(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_get"));
    }
    let form = match Form::read(&mock, &request).await {
        Ok(form)
            if form.client == ClientIn::Unreadable && form.first("refresh_token").is_none() =>
        {
            return Ok(unreadable(&mock, &request, &realm, "two media types").await);
        }
        Err(denial) if denial.reason == "unparsable_media_type" => {
            let got = denial.got.unwrap_or_default();
            return Ok(unreadable(&mock, &request, &realm, &got).await);
        }
        form => form?,
    };
    if request.method == "POST" && form.first("refresh_token").is_some() {
        let answer = by_refresh_token(&mock, &request, &realm, &form).await;
        let answer = answer.or_else(|denial| Ok(realm_lookup::bare(&mock, denial)));
        return Ok(cors::dress(&mock, &request, answer));
    }
    let query = request.query();
    let browser = Browser::read(|name| match request.method.as_str() {
        "POST" => form.first(name).map(str::to_owned),
        // An empty parameter of the query is none.
        _ => text(&query, name).filter(|value| !value.is_empty()),
    });
    Ok(by_browser(&mock, &request, &realm, &browser).await)
}

/// The answer to a form of another media type, `got`: an authentication session, and a failure.
async fn unreadable(mock: &Mock, request: &Request, realm: &RealmRef, got: &str) -> Reply {
    let denial = Denial::new(DenialKind::Malformed, "broken_form")
        .expected("Content-Type: application/x-www-form-urlencoded")
        .got(got);
    let reply = Reply::denied(mock.profile(), denial);
    with_session(mock, request, realm, reply, false).await
}

/// Ends the session of a browser whose page was answered.
pub(super) async fn confirm(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    let asked = cookies::session(&mock, &request, &realm, cookies::ASKED).await;
    if asked.is_none() {
        let denial = Denial::new(DenialKind::Missing, "logout_no_session")
            .expected(format!("the cookie {} of the page", cookies::ASKED));
        let page = page::sorry(&mock, &realm.name, denial, "Logout failed");
        return Ok(page.with_headers_of(mock.profile(), "logout_page", &[]));
    }
    let heading = "You are logged out";
    let reply = page::page(&mock, 200, &realm.name, heading, heading).with_headers_of(
        mock.profile(),
        "logout_page",
        &[],
    );
    match known(&mock, &request, &realm).await {
        Some(login) => Ok(ended(&mock, &realm, reply, &login, true).await),
        None => Ok(reply),
    }
}

/// The login of a browser.
async fn known(mock: &Mock, request: &Request, realm: &RealmRef) -> Option<Login> {
    let token = cookies::session(mock, request, realm, cookies::KNOWN).await?;
    Login::of(&token)
}

/// Ends `login`; a browser that holds it loses its cookies.
async fn ended(
    mock: &Mock,
    realm: &RealmRef,
    mut reply: Reply,
    login: &Login,
    held: bool,
) -> Reply {
    login::end_online(mock, login.number).await;
    if held {
        for name in [cookies::KNOWN, cookies::WATCHED] {
            reply = reply.header("set-cookie", cookies::cleared(mock, realm, name));
        }
    }
    reply.outcome(Outcome::Revoked)
}

fn text(query: &Query, name: &str) -> Option<String> {
    // Names of a query are read in any letter case here.
    query
        .pairs
        .iter()
        .find(|(have, _)| have.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// "POST refresh_token + client: 204; also the second time, also an expired token, also an offline
/// token, also in a disabled realm."
async fn by_refresh_token(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    form: &Form,
) -> Result<Reply, Denial> {
    let client = client::authenticate(mock, request, realm, form)?;
    cors::admit(request, client)?;
    let token_request = TokenRequest {
        mock,
        request,
        realm,
        form,
        client,
    };
    let value = form.first("refresh_token").unwrap_or_default();
    let (token, login) = refresh::read(&token_request, value)
        .await
        .map_err(|denial| Denial {
            reason: "logout_invalid_token".to_owned(),
            ..denial
        })?;
    mock.note_presented_token(&token).await;
    if login.client != client.client_id {
        let denial = Denial::new(DenialKind::WrongToken, "logout_foreign_token").got(token.name());
        mock.refuse(&request.endpoint, denial)?;
    }
    if mock.effect_enabled("logout") {
        login::end(mock, login.number, Ended::Session, &login.client).await;
    }
    let reply = Reply::status(204).with_headers_of(mock.profile(), "h6", &[]);
    Ok(reply.outcome(Outcome::Revoked))
}

/// What a browser brings.
struct Browser {
    hint: Option<String>,
    redirect: Option<String>,
    client: Option<String>,
    state: Option<String>,
}

impl Browser {
    fn read(given: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            hint: given("id_token_hint"),
            redirect: given("post_logout_redirect_uri"),
            client: given("client_id"),
            state: given("state"),
        }
    }
}

async fn by_browser(mock: &Mock, request: &Request, realm: &RealmRef, browser: &Browser) -> Reply {
    match checked(mock, realm, browser).await {
        Ok(Checked { login, redirect }) => {
            done(mock, request, realm, browser, login, redirect.as_deref()).await
        }
        Err(Fault { denial, message }) => page::sorry(mock, &realm.name, denial, message)
            .with_headers_of(mock.profile(), "logout_page", &[]),
    }
}

/// A browser's request that may go on.
struct Checked {
    /// The login of the hint, where there was one; it ends without a question.
    login: Option<Login>,
    /// Where the browser goes then.
    redirect: Option<String>,
}

/// What is wrong, and what the page says.
struct Fault {
    denial: Denial,
    message: &'static str,
}

/// "redirect without hint and client → hint → another client's hint → redirect"
async fn checked(mock: &Mock, realm: &RealmRef, browser: &Browser) -> Result<Checked, Fault> {
    let fault = |denial, message| Fault { denial, message };
    if browser.redirect.is_some() && browser.hint.is_none() && browser.client.is_none() {
        let denial = Denial::new(DenialKind::Missing, "logout_no_hint")
            .expected("id_token_hint or client_id beside post_logout_redirect_uri");
        return Err(fault(denial, "Missing parameters: id_token_hint"));
    }
    let bad_hint = "Invalid parameter: id_token_hint";
    let login = match &browser.hint {
        None => None,
        Some(hint) => Some(
            hinted(mock, realm, hint)
                .await
                .map_err(|denial| fault(denial, bad_hint))?,
        ),
    };
    if let (Some(login), Some(client)) = (&login, &browser.client)
        && login.client != *client
    {
        let denial = Denial::new(DenialKind::WrongToken, "logout_foreign_hint")
            .expected(format!("an id token of `{client}`"))
            .got(format!("one of `{}`", login.client));
        return Err(fault(denial, bad_hint));
    }
    let client = login
        .as_ref()
        .map(|login| &login.client)
        .or(browser.client.as_ref())
        .and_then(|id| realm.client(id));
    if let Some(uri) = &browser.redirect {
        let registered = client.map_or(&[][..], |client| &client.redirect_uris);
        if !registered
            .iter()
            .any(|have| redirect_uri::matches(have, uri))
        {
            let denial = Denial::new(DenialKind::Invalid, "logout_redirect_uri")
                .expected(format!("one of: {}", registered.join(", ")))
                .got(uri);
            return Err(fault(denial, "Invalid redirect uri"));
        }
    }
    Ok(Checked {
        login,
        redirect: browser.redirect.clone(),
    })
}

/// Ends the session of the hint, or asks the person whether to: also where the browser holds another
/// session than the hint's.
async fn done(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    browser: &Browser,
    hinted: Option<Login>,
    redirect: Option<&str>,
) -> Reply {
    let known = known(mock, request, realm).await;
    let same = |login: &Login| {
        known
            .as_ref()
            .is_none_or(|known| known.session == login.session)
    };
    let sure = match &hinted {
        Some(login) => same(login),
        None => known.is_none() && redirect.is_some(),
    };
    let family = |reply: Reply| reply.with_headers_of(mock.profile(), "logout_page", &[]);
    let heading = "You are logged out";
    let reply = match redirect {
        _ if !sure => {
            let code = mock.random_alphanumeric(43);
            family(page::logging_out(mock, &realm.name, &code))
        }
        Some(uri) => redirected(mock, uri, browser.state.as_deref()),
        None => family(page::page(mock, 200, &realm.name, heading, heading)),
    };
    // Where nothing is asked, the authentication session is over with the answer.
    let reply = with_session(mock, request, realm, reply, !sure).await;
    match hinted.filter(|_| sure) {
        Some(login) => ended(mock, realm, reply, &login, known.is_some()).await,
        None => reply,
    }
}

/// A browser without an authentication session gets one, which is `kept` for the next request or not.
async fn with_session(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    reply: Reply,
    kept: bool,
) -> Reply {
    let have = cookies::session(mock, request, realm, cookies::ASKED).await;
    if have.is_some() {
        return reply;
    }
    let value = mock.random_alphanumeric(43);
    let lives = Duration::from_secs(mock.setting_u64("refresh_ttl_s"));
    let mut new = NewToken::new(TokenKind::Session, "", 0, lives);
    new.tenant = Some(realm.name.clone());
    if kept {
        mock.issue(&value, new).await;
    }
    let line = cookies::set(mock, realm, cookies::ASKED, &value, cookies::SECRET);
    reply.header("set-cookie", line)
}

/// The login of an id token of the realm; its time is not looked at.
///
/// # Errors
/// `logout_invalid_hint`.
async fn hinted(mock: &Mock, realm: &RealmRef, hint: &str) -> Result<Login, Denial> {
    let reworded = |denial: Denial| Denial {
        reason: "logout_invalid_hint".to_owned(),
        ..denial
    };
    let unknown = || {
        Denial::new(DenialKind::UnknownToken, "logout_invalid_hint")
            .expected(format!("an id token of realm `{}`", realm.name))
    };
    if matches!(hint, "undefined" | "null") {
        return Err(unknown().got(format!("`{hint}`, the word of an unset variable")));
    }
    let parts = jwt::parse(hint).map_err(reworded)?;
    let keys = mock.state::<State>().keys.of(&realm.name);
    let kid = parts.header.get("kid").and_then(serde_json::Value::as_str);
    let key = keys.verifying(kid, mock.now()).map_err(reworded)?;
    parts.verify_rs256(&key.rsa).map_err(reworded)?;
    let token = mock.find(hint).await.ok_or_else(unknown)?;
    mock.note_presented_token(&token).await;
    if token.kind != TokenKind::Id {
        return Err(unknown().got(token.name()));
    }
    Login::of(&token).ok_or_else(unknown)
}

fn redirected(mock: &Mock, uri: &str, state: Option<&str>) -> Reply {
    let pairs: Vec<(String, String)> = state
        .map(|state| ("state".to_owned(), state.to_owned()))
        .into_iter()
        .collect();
    let to = super::authorize::with_pairs(uri, '?', &pairs);
    let reply = Reply::status(302).header("location", to);
    let reply = reply.with_headers_of(mock.profile(), "logout_page", &[]);
    reply.with_headers_of(mock.profile(), "h0", &[])
}
