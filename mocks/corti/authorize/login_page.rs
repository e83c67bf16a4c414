//! The login page: a form, a cookie that remembers what was asked, and one that remembers who.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Token, TokenId, TokenKind};
use locum_server::store::Change;
use locum_server::{Mock, NewToken, Reply, Request};

use super::cookies;
use super::request::Authorization;
use super::succeeded;
use crate::corti::issue::session_id;
use crate::corti::login::{Account, Login};
use crate::corti::realm::{RealmRef, User};
use crate::corti::{page, realm_lookup};

/// Where the record of an authentication session keeps the request.
const REQUEST: &str = "authorization";

/// Shows the form.
pub(super) async fn opened(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
    message: Option<&str>,
) -> Reply {
    let reply = form(mock, realm, asked, message);
    let reply = reply.with_headers_of(mock.profile(), "login_page", &[]);
    let reply = with_session(mock, request, realm, asked, reply).await;
    restartable(mock, realm, reply)
}

/// `reply` with the cookie that lets the login begin anew.
pub(super) fn restartable(mock: &Mock, realm: &RealmRef, reply: Reply) -> Reply {
    let value = mock.random_alphanumeric(64);
    let restart = cookies::set(mock, realm, cookies::RESTART, &value, cookies::SECRET);
    reply.header("set-cookie", restart)
}

/// `reply` to a browser that was not shown the form: the cookie that it holds for a new beginning is
/// taken back; one that holds none gets one, unless the client asked for no page.
pub(super) fn not_restartable(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
    reply: Reply,
) -> Reply {
    if cookies::holds(request, cookies::RESTART) {
        let over = cookies::cleared(mock, realm, cookies::RESTART);
        reply.header("set-cookie", over)
    } else if asked.prompt_none {
        reply
    } else {
        restartable(mock, realm, reply)
    }
}

/// `reply` with the cookies of `login`, anew each time that it is used.
pub(super) async fn remembering(
    mock: &Mock,
    realm: &RealmRef,
    login: &Login,
    reply: Reply,
) -> Reply {
    let identity = remember(mock, realm, login).await;
    let watched = mock.random_alphanumeric(43);
    let attributes = format!("Max-Age={};Secure", mock.setting_u64("session_ttl_s"));
    let lines = [
        cookies::set(mock, realm, cookies::KNOWN, &identity, cookies::SECRET),
        cookies::set(mock, realm, cookies::WATCHED, &watched, &attributes),
    ];
    with_cookies(reply, lines)
}

/// `reply` that takes the cookies of a login back, where the browser holds one that is over.
async fn forgetting(mock: &Mock, request: &Request, realm: &RealmRef, reply: Reply) -> Reply {
    let held = cookies::holds(request, cookies::KNOWN);
    if !held || somebody(mock, request, realm).await.is_some() {
        return reply;
    }
    let names = [cookies::KNOWN, cookies::WATCHED];
    with_cookies(reply, names.map(|name| cookies::cleared(mock, realm, name)))
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
    let reply = forgetting(mock, request, realm, reply).await;
    let remembered = serde_json::to_value(asked).expect("a request is JSON");
    if let Some(token) = cookies::session(mock, request, realm, cookies::ASKED).await {
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
    let lines = [
        cookies::set(mock, realm, cookies::ASKED, &value, cookies::SECRET),
        cookies::set(mock, realm, cookies::ASKED_HASH, &hash, "Max-Age=60;Secure"),
    ];
    with_cookies(reply, lines)
}

/// `reply` with the cookies of an authentication session that is over at once: single sign-on.
pub(super) async fn with_passed_session(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    reply: Reply,
) -> Reply {
    if let Some(token) = cookies::session(mock, request, realm, cookies::ASKED).await {
        mock.change(token.id, Change::Revoke).await;
        return reply;
    }
    with_cookies(reply, passed_session(mock, realm))
}

/// `reply`, a refusal to a client that asked for no page, with the cookies of an authentication
/// session that is over at once; a browser that has one keeps it, and what it was asked before.
pub(super) async fn with_dropped_session(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    reply: Reply,
) -> Reply {
    let reply = forgetting(mock, request, realm, reply).await;
    let live = cookies::session(mock, request, realm, cookies::ASKED).await;
    if live.is_some() {
        return reply;
    }
    let reply = with_cookies(reply, passed_session(mock, realm));
    if !cookies::holds(request, cookies::RESTART) {
        return reply;
    }
    let over = cookies::cleared(mock, realm, cookies::RESTART);
    reply.header("set-cookie", over)
}

/// The cookies of an authentication session that nothing remembers.
fn passed_session(mock: &Mock, realm: &RealmRef) -> [String; 2] {
    let (value, hash) = (mock.random_alphanumeric(43), mock.random_alphanumeric(43));
    [
        cookies::set(mock, realm, cookies::ASKED, &value, cookies::SECRET),
        cookies::set(mock, realm, cookies::ASKED_HASH, &hash, "Max-Age=60;Secure"),
    ]
}

fn with_cookies(reply: Reply, lines: impl IntoIterator<Item = String>) -> Reply {
    lines
        .into_iter()
        .fold(reply, |reply, line| reply.header("set-cookie", line))
}

fn form(mock: &Mock, realm: &RealmRef, asked: &Authorization, message: Option<&str>) -> Reply {
    let pairs = [("client_id".to_owned(), asked.client.clone())];
    let path = mock.url(&format!(
        "/realms/{}/login-actions/authenticate",
        realm.name
    ));
    let action = super::with_pairs(&path, '?', &pairs);
    page::login(mock, &realm.name, &action, message)
}

/// Answers the form.
pub(in crate::corti) async fn authenticate(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        let reply = super::options(&mock);
        return Ok(reply.with_headers_of(mock.profile(), "login_page", &[]));
    }
    if request.method == "HEAD" {
        let denial =
            Denial::new(DenialKind::Unsupported, "realm_not_found").expected("GET or POST");
        let reply = Reply::denied(mock.profile(), denial);
        return Ok(reply.with_headers_of(mock.profile(), "login_page", &[]));
    }
    realm_lookup::must_be_enabled(&mock, &request, &realm)?;
    let Some((session, asked)) = asked(&mock, &request, &realm).await else {
        return Ok(without_session(&mock, &request, &realm).await);
    };
    let user = match proven(&mock, &realm, &request) {
        Ok(Proven::User(user)) => user,
        Ok(Proven::Pending(denial, action)) => {
            let reply = required_action(&mock, &realm, &asked, &action);
            return Ok(super::refused(reply, denial));
        }
        Err((denial, message)) => {
            let reply = form(&mock, &realm, &asked, Some(message));
            let reply = reply.with_headers_of(mock.profile(), "login_page", &[]);
            return Ok(super::refused(reply, denial));
        }
    };
    if asks_for_consent(&realm, &asked) {
        let reply = required_action(&mock, &realm, &asked, "OAUTH_GRANT");
        return Ok(super::refused(reply, no_consent(&asked.client)));
    }
    // The authentication session is over; the next request of the browser gets another.
    mock.change(session, Change::Revoke).await;
    let login = Login {
        number: mock.new_login(),
        session: Some(session_id(&mock)),
        client: asked.client.clone(),
        user: Some(user.username.clone()),
        auth_time: Some(mock.now().as_seconds()),
        ..Login::default()
    };
    let reply = succeeded(&mock, &realm, &asked, login.clone()).await;
    let over = cookies::cleared(&mock, &realm, cookies::RESTART);
    let reply = reply.header("set-cookie", over);
    Ok(remembering(&mock, &realm, &login, reply).await)
}

/// A form whose authentication session is over: who is logged in already goes back to the client.
async fn without_session(mock: &Mock, request: &Request, realm: &RealmRef) -> Reply {
    let denial = Denial::new(DenialKind::Missing, "login_no_cookie")
        .expected(format!("a live {} of the login page", cookies::ASKED));
    let known = cookies::session(mock, request, realm, cookies::KNOWN).await;
    let over = cookies::named(mock, request, realm, cookies::ASKED).await;
    let asked = over
        .as_ref()
        .filter(|_| known.is_some())
        .and_then(remembered);
    if let Some(asked) = asked {
        let text = Some("authentication_expired");
        let reply = super::failed(mock, realm, &asked, "temporarily_unavailable", text);
        return super::refused(reply, denial);
    }
    let text = "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser. If cookies are disabled then enable them. Click Back to Application to login again.";
    page::sorry(mock, &realm.name, denial, text).with_headers_of(mock.profile(), "login_page", &[])
}

/// The way to the page of a required action.
pub(super) fn required_action(
    mock: &Mock,
    realm: &RealmRef,
    asked: &Authorization,
    action: &str,
) -> Reply {
    let pairs = [
        ("execution".to_owned(), action.to_owned()),
        ("client_id".to_owned(), asked.client.clone()),
        ("tab_id".to_owned(), mock.random_alphanumeric(11)),
        ("client_data".to_owned(), mock.random_alphanumeric(43)),
    ];
    let path = format!("/realms/{}/login-actions/required-action", realm.name);
    let location = super::with_pairs(&mock.url(&path), '?', &pairs);
    Reply::status(302)
        .header("location", location)
        .with_headers_of(mock.profile(), "h8", &[])
}

/// Whether the user has to consent first.
pub(super) fn asks_for_consent(realm: &RealmRef, asked: &Authorization) -> bool {
    realm
        .client(&asked.client)
        .is_some_and(|client| client.consent_required)
}

/// The denial where a user would be asked for consent.
pub(super) fn no_consent(client: &str) -> Denial {
    Denial::new(DenialKind::ChallengeRequired, "login_consent")
        .expected("a client without consent: the page that asks for it is not played")
        .got(client)
}

/// Whom a form proves.
enum Proven<'a> {
    /// A user who may go on.
    User(&'a User),
    /// One who has something to do first: why, and Keycloak's name of the action.
    Pending(Denial, String),
}

/// The user whom the form proves, or why not and what the form says then.
fn proven<'a>(
    mock: &Mock,
    realm: &'a RealmRef,
    request: &Request,
) -> Result<Proven<'a>, (Denial, &'static str)> {
    let form = request.form();
    let name = form.text("username").unwrap_or_default();
    let password = form.first("password").unwrap_or_default();
    let wrong = |kind, expected: String| {
        let denial = Denial::new(kind, "login_wrong_user").expected(expected);
        (denial, "Invalid username or password.")
    };
    let user = realm.user(name.trim()).ok_or_else(|| {
        let expected = format!("a user of realm `{}`", realm.name);
        wrong(DenialKind::UnknownPrincipal, expected)
    })?;
    if !user.password.matches(password) {
        let expected = format!("the password of `{}`", user.username);
        let (denial, message) = wrong(DenialKind::BadSecret, expected);
        let pardoned = mock.refuse(&request.endpoint, denial);
        pardoned.map_err(|denial| (denial, message))?;
    }
    if !user.enabled {
        let denial = Denial::new(DenialKind::Disabled, "login_disabled_user")
            .expected("a user who is enabled")
            .got(&user.username);
        return Err((denial, "Account is disabled, contact your administrator."));
    }
    if !user.is_pending() {
        return Ok(Proven::User(user));
    }
    let action = user.required_action.as_deref();
    let action = action.unwrap_or("VERIFY_PROFILE");
    let denial = Denial::new(DenialKind::ChallengeRequired, "login_pending_user")
        .expected("a user without a required action: their pages are not played")
        .got(action);
    Ok(Proven::Pending(denial, action.to_owned()))
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

/// The login of a browser that is known, unless the request wants a fresh one; and whether somebody
/// is logged in at all.
pub(super) async fn known_browser(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    asked: &Authorization,
) -> (Option<Login>, bool) {
    let Some(login) = somebody(mock, request, realm).await else {
        return (None, false);
    };
    let age = mock.now().as_seconds() - login.auth_time.unwrap_or_default();
    let fresh = asked.max_age.is_none_or(|most| age <= most) && !asked.prompt_login;
    (fresh.then_some(login), true)
}

/// The login that a browser holds, of a user who is well.
async fn somebody(mock: &Mock, request: &Request, realm: &RealmRef) -> Option<Login> {
    let token = cookies::session(mock, request, realm, cookies::KNOWN).await?;
    let login = Login::of(&token)?;
    let account = login.account(realm);
    matches!(account, Account::Good(..) | Account::ClientDisabled).then_some(login)
}

async fn asked(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
) -> Option<(TokenId, Authorization)> {
    let token = cookies::session(mock, request, realm, cookies::ASKED).await?;
    Some((token.id, remembered(&token)?))
}

/// The request that an authentication session remembers.
fn remembered(token: &Token) -> Option<Authorization> {
    serde_json::from_value(token.extra.get(REQUEST)?.clone()).ok()
}
