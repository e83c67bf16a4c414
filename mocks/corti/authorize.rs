//! `…/auth` (RFC 6749 §4.1.1): what is asked of the authorization endpoint, and the way back.

mod answer;
pub(super) mod cookies;
mod flow;
mod login_page;
mod pushed;
pub(super) mod redirect_uri;
mod request;

use locum_core::{Denial, DenialKind, Outcome, TokenKind};
use locum_server::{Mock, NewToken, Reply, Request};
use std::time::Duration;

use super::grant::code;
use super::issue::{bare_uuid, issuer, session_id, subject};
use super::login::Login;
use super::realm::RealmRef;
use super::{login, page, realm_lookup};
use answer::back;
use request::{Authorization, Fault, FaultAnswer, Parameters};

pub(super) use answer::with_pairs;
pub(super) use login_page::authenticate;
pub(super) use pushed::push;

/// Answers an authorization request: an error page, a way back, or the login page.
pub(super) async fn authorize(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(options(&mock));
    }
    let parameters = parameters(&request);
    let read = read(&mock, &request, &realm, &Parameters(&parameters)).await;
    let asked = match read {
        Ok(asked) => asked,
        Err(fault) => return Ok(faulty(&mock, &realm, *fault)),
    };
    if asked.prompt_create {
        let denial = Denial::new(DenialKind::Unsupported, "auth_registration")
            .expected("a prompt other than create");
        let page = page::sorry(&mock, &realm.name, denial, "Registration not allowed");
        let page = page.with_headers_of(mock.profile(), "login_page", &[]);
        return Ok(login_page::with_session(&mock, &request, &realm, &asked, page).await);
    }
    let (known, somebody) = login_page::known_browser(&mock, &request, &realm, &asked).await;
    match known {
        Some(_) if login_page::asks_for_consent(&realm, &asked) => {
            Ok(consent(&mock, &request, &realm, &asked).await)
        }
        Some(login) => {
            let known = Login {
                known: true,
                ..login.clone()
            };
            let reply = succeeded(&mock, &realm, &asked, known).await;
            let reply = login_page::with_passed_session(&mock, &request, &realm, reply).await;
            let reply = login_page::not_restartable(&mock, &request, &realm, &asked, reply);
            Ok(login_page::remembering(&mock, &realm, &login, reply).await)
        }
        None if asked.prompt_none => {
            let denial = Denial::new(DenialKind::ChallengeRequired, "auth_login_required")
                .expected("a browser that is logged in")
                .got("prompt=none");
            let reply = failed(&mock, &realm, &asked, "login_required", None);
            let reply = refused(reply, denial);
            Ok(login_page::with_dropped_session(&mock, &request, &realm, reply).await)
        }
        None => {
            let message = somebody.then_some("Please re-authenticate to continue");
            Ok(login_page::opened(&mock, &request, &realm, &asked, message).await)
        }
    }
}

/// OPTIONS of the pages: their methods, and no CORS.
fn options(mock: &Mock) -> Reply {
    let reply = Reply::status(200).with_headers_of(mock.profile(), "auth_options", &[]);
    reply.with_headers_of(mock.profile(), "h0", &[])
}

/// Asks a browser that is known for the user's consent, or says that this may not be shown.
async fn consent(mock: &Mock, request: &Request, realm: &RealmRef, asked: &Authorization) -> Reply {
    let reply = if asked.prompt_none {
        failed(mock, realm, asked, "interaction_required", None)
    } else {
        login_page::required_action(mock, realm, asked, "OAUTH_GRANT")
    };
    let reply = refused(reply, login_page::no_consent(&asked.client));
    if asked.prompt_none {
        return login_page::with_dropped_session(mock, request, realm, reply).await;
    }
    let reply = login_page::with_session(mock, request, realm, asked, reply).await;
    login_page::restartable(mock, realm, reply)
}

/// The request: pushed before, or in these parameters. The realm is looked at behind the client id.
async fn read(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    parameters: &Parameters<'_>,
) -> Result<Authorization, Box<Fault>> {
    parameters.client_id()?;
    realm_lookup::must_be_enabled(mock, request, realm)
        .map_err(|denial| Fault::page(denial, "Realm not enabled"))?;
    request::client(realm, parameters)?;
    match pushed::taken(mock, realm, parameters).await? {
        Some(asked) => Ok(asked),
        None => Authorization::read(realm, parameters),
    }
}

/// `reply` as the refusal that it is.
fn refused(mut reply: Reply, denial: Denial) -> Reply {
    reply.denial = Some(denial);
    reply.outcome(Outcome::Denied)
}

/// Says to the person or the client what is wrong.
fn faulty(mock: &Mock, realm: &RealmRef, fault: Fault) -> Reply {
    match fault.answer {
        FaultAnswer::Page(message) => page::sorry(mock, &realm.name, fault.denial, message),
        FaultAnswer::Back(asked, error, description) => {
            let reply = failed(mock, realm, &asked, error, description.as_deref());
            refused(reply, fault.denial)
        }
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
    if login.known {
        login::know(mock, &login).await;
    }
    let lives = Duration::from_secs(mock.setting_u64("code_ttl_s"));
    let mut new = NewToken::new(TokenKind::Code, login.principal(), login.number, lives);
    new.tenant = Some(realm.name.clone());
    new.client = Some(login.client.clone());
    let request = code::Request {
        redirect_uri: asked.names_redirect_uri.then(|| asked.redirect_uri.clone()),
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
