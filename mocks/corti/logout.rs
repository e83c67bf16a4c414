//! `…/logout`: by a refresh token, and by a browser (OpenID Connect RP-Initiated Logout 1.0).

use locum_core::{Denial, DenialKind, Outcome, TokenKind};
use locum_server::{Form as Query, Mock, Reply, Request, jwt};

use super::form::Form;
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
    let form = Form::read(&mock, &request).await?;
    if request.method == "POST" && form.first("refresh_token").is_some() {
        let answer = by_refresh_token(&mock, &request, &realm, &form).await;
        let answer = answer.or_else(|denial| Ok(realm_lookup::bare(&mock, denial)));
        return Ok(cors::dress(&mock, &request, answer));
    }
    let query = request.query();
    let browser = Browser::read(|name| match request.method.as_str() {
        "POST" => form.first(name).map(str::to_owned),
        _ => text(&query, name),
    });
    Ok(by_browser(&mock, &realm, &browser).await)
}

fn text(query: &Query, name: &str) -> Option<String> {
    query
        .first(name)
        .map(|value| String::from_utf8_lossy(value).into_owned())
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
    fn read(parameter: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            hint: parameter("id_token_hint"),
            redirect: parameter("post_logout_redirect_uri"),
            client: parameter("client_id"),
            state: parameter("state"),
        }
    }
}

async fn by_browser(mock: &Mock, realm: &RealmRef, browser: &Browser) -> Reply {
    let sorry = |message: &str| page::page(mock, 400, &realm.name, "We are sorry...", message);
    let hinted = match &browser.hint {
        None => None,
        Some(hint) => match hinted(mock, realm, hint).await {
            Some(login) => Some(login),
            None => return sorry("Invalid parameter: id_token_hint"),
        },
    };
    let client = hinted
        .as_ref()
        .map(|login| &login.client)
        .or(browser.client.as_ref());
    let registered = |uri: &String| {
        client
            .and_then(|id| realm.client(id))
            .is_some_and(|client| client.redirect_uris.contains(uri))
    };
    match &browser.redirect {
        Some(_) if client.is_none() => return sorry("Missing parameters: id_token_hint"),
        Some(uri) if !registered(uri) => return sorry("Invalid redirect uri"),
        _ => {}
    }
    let Some(login) = hinted else {
        return match &browser.redirect {
            Some(uri) => redirected(mock, uri, browser.state.as_deref()),
            None => page::page(
                mock,
                200,
                &realm.name,
                "Logging out",
                "Do you want to log out?",
            ),
        };
    };
    login::end(mock, login.number, Ended::Session, &login.client).await;
    let reply = match &browser.redirect {
        Some(uri) => redirected(mock, uri, browser.state.as_deref()),
        None => page::page(
            mock,
            200,
            &realm.name,
            "You are logged out",
            "You are logged out",
        ),
    };
    reply.outcome(Outcome::Revoked)
}

/// The login of an id token of the realm; its time is not looked at.
async fn hinted(mock: &Mock, realm: &RealmRef, hint: &str) -> Option<Login> {
    let parts = jwt::parse(hint).ok()?;
    let keys = mock.state::<State>().keys.of(&realm.name);
    let kid = parts.header.get("kid").and_then(serde_json::Value::as_str);
    let key = keys.verifying(kid, mock.now()).ok()?;
    parts.verify_rs256(&key.rsa).ok()?;
    let token = mock
        .find(hint)
        .await
        .filter(|token| token.kind == TokenKind::Id)?;
    mock.note_presented_token(&token).await;
    Login::of(&token)
}

fn redirected(mock: &Mock, uri: &str, state: Option<&str>) -> Reply {
    let pairs: Vec<(String, String)> = state
        .map(|state| ("state".to_owned(), state.to_owned()))
        .into_iter()
        .collect();
    let to = super::authorize::with_pairs(uri, '?', &pairs);
    let reply = Reply::status(302).header("location", to);
    reply.with_headers_of(mock.profile(), "h8", &[])
}
