//! The refresh token (RFC 6749 §6), with and without rotation.

use locum_core::{Denial, DenialKind, Place, Token, TokenKind, TokenState};
use locum_server::store::Change;
use locum_server::{Reply, jwt};
use serde_json::Value;

use super::TokenRequest;
use crate::corti::State;
use crate::corti::issue::{Grant, IssueRequest, answer, issuer, not_before_of};
use crate::corti::lifetimes;
use crate::corti::login::{self, Account, Ended, Login};
use crate::corti::realm::RealmRef;
use crate::corti::scope::Scope;

/// Answers a request whose `grant_type` is `refresh_token`.
///
/// # Errors
/// In this order: `no_refresh_token`, `invalid_scope`, and the rest of `invalid_grant`:
/// `invalid_refresh_token`, `inactive_refresh_token`, `foreign_refresh_token`,
/// `session_not_active`, `offline_session_gone`, `client_session_gone`, `refresh_user_disabled`,
/// `stale_token`, `reuse_exceeded`.
pub(in crate::corti) async fn grant(token_request: &TokenRequest<'_>) -> Result<Reply, Denial> {
    let TokenRequest { mock, form, .. } = *token_request;
    let value = form.read_by_grant("refresh_token").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "no_refresh_token")
            .expected("refresh_token in the form")
            .absent(Place::Form, ["refresh_token"])
    })?;
    let scope = form.read_by_grant("scope");
    let scope = scope
        .map(|raw| Scope::read(token_request.client, Some(raw)))
        .transpose()?;
    let (token, login) = match issued(token_request, value).await {
        Ok(known) => known,
        Err(denial) => {
            mock.refuse(&token_request.request.endpoint, denial)?;
            return Ok(of_the_client(token_request, scope).await);
        }
    };
    mock.note_presented_token(&token).await;
    check(token_request, &token, &login)?;
    if lifetimes::rotates(mock, token_request.realm) {
        spend(token_request, &token, &login).await?;
    }
    let issue_request = IssueRequest {
        realm: token_request.realm,
        login: &login,
        grant: Grant::Refresh,
        scope: login.scope.narrowed(scope.as_ref()),
        parent: Some(token.id),
        refresh: true,
    };
    Ok(answer(mock, &issue_request).await)
}

/// Tokens of the client itself: what is pardoned is of no login that is known.
async fn of_the_client(token_request: &TokenRequest<'_>, scope: Option<Scope>) -> Reply {
    let login = Login {
        number: token_request.mock.new_login(),
        client: token_request.client.client_id.clone(),
        scope: scope.unwrap_or_default(),
        ..Login::default()
    };
    let issue_request = IssueRequest {
        realm: token_request.realm,
        login: &login,
        grant: Grant::Refresh,
        scope: login.scope.clone(),
        parent: None,
        refresh: false,
    };
    answer(token_request.mock, &issue_request).await
}

/// The refresh token with this value and its login.
async fn issued(token_request: &TokenRequest<'_>, value: &str) -> Result<(Token, Login), Denial> {
    read(token_request, value).await.map_err(|denial| {
        Denial {
            reason: "invalid_refresh_token".to_owned(),
            ..denial
        }
        .presented(value, TokenKind::Refresh)
        .presented_by(token_request.client.client_id.clone())
    })
}

/// Reads a refresh token of the realm: HS512 by the realm's own key, issuer, type; its time is not
/// looked at.
///
/// # Errors
/// What is wrong with it; the caller words it.
pub(in crate::corti) async fn read(
    token_request: &TokenRequest<'_>,
    value: &str,
) -> Result<(Token, Login), Denial> {
    let TokenRequest { mock, realm, .. } = *token_request;
    let unknown = || {
        Denial::new(DenialKind::UnknownToken, "unknown_token")
            .expected(format!("a refresh token of realm `{}`", realm.name))
    };
    let parts = jwt::parse(value)?;
    if parts.claim("iss") != Some(&issuer(mock, &realm.name)) {
        return Err(Denial {
            kind: DenialKind::WrongTenant,
            ..unknown()
        });
    }
    parts.verify_hs512(&mock.state::<State>().keys.of(&realm.name).refresh)?;
    let token = mock.find(value).await.ok_or_else(unknown)?;
    if token.kind != TokenKind::Refresh {
        return Err(unknown().got(token.name()));
    }
    let login = Login::of(&token).ok_or_else(unknown)?;
    Ok((token, login))
}

fn check(token_request: &TokenRequest<'_>, token: &Token, login: &Login) -> Result<(), Denial> {
    let now = token_request.mock.now();
    let refuse = |kind, reason: &str| token_request.refuse(kind, reason, token.name());
    if token.expires.is_some_and(|end| now >= end) {
        refuse(DenialKind::Expired, "inactive_refresh_token")?;
    }
    if login.client != token_request.client.client_id {
        let given = format!(
            "{}, which was given to client `{}`",
            token.name(),
            login.client
        );
        token_request.refuse(DenialKind::WrongToken, "foreign_refresh_token", given)?;
    }
    match (Ended::of(token), token_request.mock.state_of(token)) {
        (Some(Ended::ClientSession), _) => refuse(DenialKind::Revoked, "client_session_gone")?,
        (Some(Ended::Session), _) | (None, TokenState::Revoked) if login.offline => {
            refuse(DenialKind::Revoked, "offline_session_gone")?;
        }
        (Some(Ended::Session), _) | (None, TokenState::Revoked) => {
            refuse(DenialKind::Revoked, "session_not_active")?;
        }
        (None, _) => {}
    }
    match login.account(token_request.realm) {
        Account::Gone => refuse(DenialKind::UnknownPrincipal, "session_not_active")?,
        Account::UserDisabled => refuse(DenialKind::Disabled, "refresh_user_disabled")?,
        Account::Good(Some(user), _) if token.issued.as_seconds() < user.not_before => {
            refuse(DenialKind::Revoked, "session_not_active")?;
        }
        // The client itself was authenticated, so that it is enabled.
        Account::ClientDisabled | Account::Good(..) => {}
    }
    if is_stale(token_request.realm, token, login) {
        refuse(DenialKind::Revoked, "stale_token")?;
    }
    Ok(())
}

/// Whether not-before was pushed after the token was issued.
pub(in crate::corti) fn is_stale(realm: &RealmRef, token: &Token, login: &Login) -> bool {
    token.issued.as_seconds() < not_before_of(realm, login)
}

/// Where a refresh token's record keeps when it was used up, in milliseconds.
const SPENT: &str = "spent_ms";

/// Where a refresh token's record keeps how often it was used again.
const REUSES: &str = "reuses";

/// Uses the token up, or once more where it may be used again. "Second use of a token: Maximum allowed refresh token reuse exceeded, and the
/// client session dies."
async fn spend(
    token_request: &TokenRequest<'_>,
    token: &Token,
    login: &Login,
) -> Result<(), Denial> {
    let mock = token_request.mock;
    let allowed = lifetimes::max_reuse(mock, token_request.realm);
    // One at a time where uses are counted, so that none is lost.
    let state = mock.state::<State>();
    let _turn = match allowed {
        0 => None,
        _ => Some(state.reuses.lock().await),
    };
    let before = mock.change(token.id, Change::Spend).await;
    let now = mock.now().as_millis();
    let Some(before) = before.filter(|before| before.spent) else {
        let noted = Change::Extra(SPENT.to_owned(), now.into());
        mock.change(token.id, noted).await;
        return Ok(());
    };
    let spent = before.extra.get(SPENT).and_then(Value::as_i64);
    if !mock.effect_enabled("spend_at_once") && spent.is_none_or(|spent| spent == now) {
        return Ok(());
    }
    let reuses = before.extra.get(REUSES).and_then(Value::as_u64);
    let reuses = reuses.unwrap_or_default();
    if reuses < allowed {
        let change = Change::Extra(REUSES.to_owned(), (reuses + 1).into());
        mock.change(token.id, change).await;
        return Ok(());
    }
    let refused = token_request.refuse(DenialKind::Revoked, "reuse_exceeded", token.name());
    if refused.is_err() && token_request.mock.effect_enabled("end_replayed_login") {
        login::end(
            token_request.mock,
            login.number,
            Ended::ClientSession,
            &login.client,
        )
        .await;
    }
    refused
}
