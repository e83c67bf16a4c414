//! Whether an access token lives, as the realm itself sees it: the token, its session, its account.

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::{Mock, jwt};

use super::grant::refresh::is_stale;
use super::guard::verify;
use super::login::{Account, Ended, Login};
use super::realm::RealmRef;

/// An access token that lives.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) token: Token,
    pub(super) login: Login,
    pub(super) parts: jwt::Parts,
}

/// Checks the access token `value` at one of the realm's own endpoints.
///
/// # Errors
/// `token_unverified` for what is wrong with the token itself, `no_openid_scope` where the endpoint
/// `needs_openid`, `user_session_not_found`,
/// `user_disabled`, `client_disabled`.
pub(super) async fn check(
    mock: &Mock,
    endpoint: &str,
    realm: &RealmRef,
    value: &str,
    needs_openid: bool,
) -> Result<Live, Denial> {
    let unverified = |denial: Denial| {
        Denial {
            reason: "token_unverified".to_owned(),
            ..denial
        }
        .presented(value, TokenKind::Access)
    };
    let parts = jwt::parse(value).map_err(unverified)?;
    if let Err(denial) = verify(mock, realm, &parts) {
        mock.refuse_token(endpoint, value, unverified(denial))?;
    }
    let unknown = || {
        unverified(
            Denial::new(DenialKind::UnknownToken, "token_unverified")
                .expected("an access token of this realm"),
        )
    };
    let token = mock.find(value).await.ok_or_else(unknown)?;
    mock.note_presented_token(&token).await;
    let login = Login::of(&token).ok_or_else(unknown)?;
    let refuse =
        |kind, reason: &str| mock.refuse(endpoint, Denial::new(kind, reason).got(token.name()));
    if token.kind != TokenKind::Access {
        refuse(DenialKind::WrongToken, "token_unverified")?;
    }
    let openid = token.scope.split(' ').any(|word| word == "openid");
    if needs_openid && !openid {
        refuse(DenialKind::Forbidden, "no_openid_scope")?;
    }
    if token.expires.is_some_and(|end| mock.now() >= end) {
        refuse(DenialKind::Expired, "token_unverified")?;
    }
    let account = login.account(realm);
    let logged_out = matches!(account, Account::Good(Some(user), _) if token.issued.as_seconds() < user.not_before);
    if Ended::of(&token).is_some() || logged_out {
        refuse(DenialKind::Revoked, "user_session_not_found")?;
    } else if mock.state_of(&token) == TokenState::Revoked || is_stale(realm, &token, &login) {
        refuse(DenialKind::Revoked, "token_unverified")?;
    }
    match account {
        Account::Gone => refuse(DenialKind::UnknownPrincipal, "user_session_not_found")?,
        Account::UserDisabled => refuse(DenialKind::Disabled, "user_disabled")?,
        Account::ClientDisabled => refuse(DenialKind::Disabled, "client_disabled")?,
        Account::Good(..) => {}
    }
    Ok(Live {
        token,
        login,
        parts,
    })
}
