//! The login page: a form, a cookie that remembers what was asked, and one that remembers who.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Outcome, Token, TokenKind, TokenState};
use locum_server::store::Change;
use locum_server::{Mock, NewToken, Reply, Request};
use serde_json::Value;

use super::request::Authorization;
use super::succeeded;
use crate::corti::issue::session_id;
use crate::corti::login::{Account, Login};
use crate::corti::realm::{RealmRef, User};
use crate::corti::{page, realm_lookup};

/// The cookie that remembers what was asked; Keycloak's own name.
const ASKED: &str = "AUTH_SESSION_ID";

/// Its hash, which scripts of the login page read; Keycloak's own name.
const ASKED_HASH: &str = "KC_AUTH_SESSION_HASH";

/// The cookie that lets a login begin anew; Keycloak's own name.
const RESTART: &str = "KC_RESTART";

/// The cookie that scripts watch the session by; Keycloak's own name.
const WATCHED: &str = "KEYCLOAK_SESSION";

/// Attributes of a cookie that scripts may not read.
const SECRET: &str = "Secure;HttpOnly";

/// The cookie that remembers who logged in; Keycloak's own name.
const KNOWN: &str = "KEYCLOAK_IDENTITY";

/// Where the record of the first cookie keeps the request.
const REQUEST: &str = "authorization";

/// Shows the form.
pub(super) async fn opened(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
) -> Reply {
    let reply = form(mock, realm, asked, None);
    let reply = reply.with_headers_of(mock.profile(), "login_page", &[]);
    let restart = cookie(mock, realm, RESTART, &mock.random_alphanumeric(64), SECRET);
    let reply = with_session(mock, request, realm, asked, reply).await;
    reply.header("set-cookie", restart)
}

/// `reply` with the cookies of a new authentication session that remembers what was asked; a browser
/// that has one keeps it.
pub(super) async fn with_session(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
    reply: Reply,
) -> Reply {
    let remembered = serde_json::to_value(asked).expect("a request is JSON");
    if let Some(token) = session(mock, request, realm, ASKED).await {
        let change = Change::Extra(REQUEST.to_owned(), remembered);
        mock.change(token.id, change).await;
        return reply;
    }
    let value = mock.random_alphanumeric(43);
    let lives = Duration::from_secs(mock.setting_u64("refresh_ttl_s"));
    let mut new = NewToken::new(TokenKind::Session, &asked.client, 0, lives);
    new.tenant = Some(realm.name.clone());
    new.client = Some(asked.client.clone());
    new.extra.insert(REQUEST.to_owned(), remembered);
    mock.issue(&value, new).await;
    let hash = mock.random_alphanumeric(43);
    reply
        .header("set-cookie", cookie(mock, realm, ASKED, &value, SECRET))
        .header(
            "set-cookie",
            cookie(mock, realm, ASKED_HASH, &hash, "Max-Age=60;Secure"),
        )
}

fn form(mock: &Mock, realm: &RealmRef, asked: &Authorization, message: Option<&str>) -> Reply {
    let pairs = [("client_id".to_owned(), asked.client.clone())];
    let path = mock.url(&format!(
        "/realms/{}/login-actions/authenticate",
        realm.name
    ));
    page::login(
        mock,
        &realm.name,
        &super::with_pairs(&path, '?', &pairs),
        message,
    )
}

/// Answers the form.
pub(in crate::corti) async fn authenticate(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    realm_lookup::must_be_enabled(&mock, &request, &realm)?;
    let Some(asked) = asked(&mock, &request, &realm).await else {
        let text = "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser. If cookies are disabled then enable them. Click Back to Application to login again.";
        let denial = Denial::new(DenialKind::Missing, "login_no_cookie")
            .expected(format!("the cookie {ASKED} of the login page"));
        let page = page::sorry(&mock, &realm.name, denial, text);
        return Ok(page.with_headers_of(mock.profile(), "login_page", &[]));
    };
    let user = match proven(&realm, &request) {
        Ok(user) => user,
        Err((denial, message)) => {
            let mut reply = form(&mock, &realm, &asked, Some(message));
            reply.denial = Some(denial);
            return Ok(reply
                .with_headers_of(mock.profile(), "login_page", &[])
                .outcome(Outcome::Denied));
        }
    };
    let login = Login {
        number: mock.new_login(),
        session: Some(session_id(&mock)),
        client: asked.client.clone(),
        user: Some(user.username.clone()),
        auth_time: Some(mock.now().as_seconds()),
        ..Login::default()
    };
    let identity = remember(&mock, &realm, &login).await;
    let lives = mock.setting_u64("session_ttl_s");
    let watched = mock.random_alphanumeric(43);
    let watched_attributes = format!("Max-Age={lives};Secure");
    let over = format!(
        "{RESTART}=;Version=1;Path={};Max-Age=0",
        path(&mock, &realm)
    );
    let reply = succeeded(&mock, &realm, &asked, login).await;
    Ok(reply
        .header("set-cookie", over)
        .header(
            "set-cookie",
            cookie(&mock, &realm, KNOWN, &identity, SECRET),
        )
        .header(
            "set-cookie",
            cookie(&mock, &realm, WATCHED, &watched, &watched_attributes),
        ))
}

/// The user whom the form proves, or why not and what the form says then.
fn proven<'a>(realm: &'a RealmRef, request: &Request) -> Result<&'a User, (Denial, &'static str)> {
    let form = request.form();
    let name = form.text("username").unwrap_or_default();
    let password = form.first("password").unwrap_or_default();
    let wrong = |kind, expected: String| {
        let denial = Denial::new(kind, "login_wrong_user").expected(expected);
        (denial, "Invalid username or password.")
    };
    let user = realm.user(&name).ok_or_else(|| {
        let expected = format!("a user of realm `{}`", realm.name);
        wrong(DenialKind::UnknownPrincipal, expected)
    })?;
    if !user.password.matches(password) {
        let expected = format!("the password of `{}`", user.username);
        return Err(wrong(DenialKind::BadSecret, expected));
    }
    match (user.enabled, user.is_pending()) {
        (false, _) => {
            let denial = Denial::new(DenialKind::Disabled, "login_disabled_user");
            Err((
                denial.expected("a user who is enabled").got(&user.username),
                "Account is disabled, contact your administrator.",
            ))
        }
        // Keycloak shows a page for the action; none of them is played here.
        (true, true) => {
            let denial = Denial::new(DenialKind::ChallengeRequired, "login_pending_user");
            let todo = user.required_action.as_deref();
            let todo = todo.unwrap_or("e-mail address or names are missing");
            Err((
                denial
                    .expected("a user without a required action")
                    .got(todo),
                "You need to update your account.",
            ))
        }
        (true, false) => Ok(user),
    }
}

/// Issues the cookie of a browser that logged in; it ends with the session.
async fn remember(mock: &Mock, realm: &RealmRef, login: &Login) -> String {
    let value = mock.random_alphanumeric(64);
    let lives = Duration::from_secs(mock.setting_u64("session_ttl_s"));
    let mut new = NewToken::new(TokenKind::Session, login.principal(), login.number, lives);
    new.tenant = Some(realm.name.clone());
    new.extra = login.extra();
    mock.issue(&value, new).await;
    value
}

/// The login of a browser that is known, unless the request wants a fresh one.
pub(super) async fn known_browser(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
) -> Option<Login> {
    let token = session(mock, request, realm, KNOWN).await?;
    let login = Login::of(&token)?;
    let age = mock.now().as_seconds() - login.auth_time.unwrap_or_default();
    let fresh_enough = asked.max_age.is_none_or(|most| age <= most);
    let well = matches!(
        login.account(realm),
        Account::Good(..) | Account::ClientDisabled
    );
    (well && fresh_enough && !asked.prompt_login).then_some(login)
}

async fn asked(mock: &Mock, request: &Request, realm: &RealmRef) -> Option<Authorization> {
    let token = session(mock, request, realm, ASKED).await?;
    let request: &Value = token.extra.get(REQUEST)?;
    serde_json::from_value(request.clone()).ok()
}

/// The live session behind the cookie called `name`.
async fn session(mock: &Mock, request: &Request, realm: &RealmRef, name: &str) -> Option<Token> {
    let value = cookies(request).find(|(have, _)| have == name)?.1;
    let token = mock.find(&value).await?;
    let ours = token.kind == TokenKind::Session && token.tenant.as_ref() == Some(&realm.name);
    (ours && mock.state_of(&token) == TokenState::Live).then_some(token)
}

/// Names and values of `Cookie` headers (RFC 6265 §4.2.1).
fn cookies(request: &Request) -> impl Iterator<Item = (String, String)> {
    let lines = request
        .headers
        .get_all(http::header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    })
}

/// "`Secure` and `SameSite=None` were set although the request was plain http": so they are here.
/// The path is the realm's as the browser sees it, or it would not come back with the form
/// (RFC 6265 §5.1.4).
fn cookie(mock: &Mock, realm: &RealmRef, name: &str, value: &str, attributes: &str) -> String {
    format!(
        "{name}={value};Version=1;Path={};{attributes};SameSite=None",
        path(mock, realm)
    )
}

fn path(mock: &Mock, realm: &RealmRef) -> String {
    format!("{}/realms/{}/", mock.mount(), realm.name)
}
