//! The cookies of a browser, under Keycloak's own names.

use locum_core::{Token, TokenKind, TokenState};
use locum_server::{Mock, Request};

use crate::corti::realm::RealmRef;

/// Remembers what was asked: the authentication session.
pub(in crate::corti) const ASKED: &str = "AUTH_SESSION_ID";

/// Its hash, which scripts of the login page read.
pub(super) const ASKED_HASH: &str = "KC_AUTH_SESSION_HASH";

/// Lets a login begin anew.
pub(super) const RESTART: &str = "KC_RESTART";

/// Remembers who logged in.
pub(in crate::corti) const KNOWN: &str = "KEYCLOAK_IDENTITY";

/// What scripts watch the session by.
pub(in crate::corti) const WATCHED: &str = "KEYCLOAK_SESSION";

/// Attributes of a cookie that scripts may not read.
pub(in crate::corti) const SECRET: &str = "Secure;HttpOnly";

/// "`Secure` and `SameSite=None` were set although the request was plain http": so they are here.
pub(in crate::corti) fn set(
    mock: &Mock,
    realm: &RealmRef,
    name: &str,
    value: &str,
    attributes: &str,
) -> String {
    let path = path(mock, realm);
    format!("{name}={value};Version=1;Path={path};{attributes};SameSite=None")
}

/// Takes a cookie back.
pub(in crate::corti) fn cleared(mock: &Mock, realm: &RealmRef, name: &str) -> String {
    format!("{name}=;Version=1;Path={};Max-Age=0", path(mock, realm))
}

/// The path is the realm's as the browser sees it, or it would not come back with the form
/// (RFC 6265 §5.1.4).
fn path(mock: &Mock, realm: &RealmRef) -> String {
    format!("{}/realms/{}/", mock.mount(), realm.name)
}

/// The live session behind the cookie called `name`.
pub(in crate::corti) async fn session(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    name: &str,
) -> Option<Token> {
    let token = named(mock, request, realm, name).await?;
    (mock.state_of(&token) == TokenState::Live).then_some(token)
}

/// The session behind the cookie called `name`, also one that is over.
pub(super) async fn named(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    name: &str,
) -> Option<Token> {
    let value = all(request).find(|(have, _)| have == name)?.1;
    let token = mock.find(&value).await?;
    let ours = token.kind == TokenKind::Session && token.tenant.as_ref() == Some(&realm.name);
    ours.then_some(token)
}

/// Whether the browser holds a cookie called `name`, whatever it is worth.
pub(super) fn holds(request: &Request, name: &str) -> bool {
    all(request).any(|(have, value)| have == name && !value.is_empty())
}

/// Names and values of `Cookie` headers (RFC 6265 §4.2.1).
fn all(request: &Request) -> impl Iterator<Item = (String, String)> {
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
