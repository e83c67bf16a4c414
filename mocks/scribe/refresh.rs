//! A refresh: new access and id tokens for a refresh token, and where these rotate, another of them.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp, Token, TokenKind, TokenState};
use locum_server::store::{Change, TokenQuery};
use serde_json::Value;

use super::clients::Client;
use super::cognito::Call;
use super::token::{self, Login};
use super::users::{User, UserState};

/// The operation that refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// InitiateAuth or AdminInitiateAuth, whose SECRET_HASH goes over the user's name.
    RefreshTokenAuth,
    /// GetTokensFromRefreshToken.
    GetTokens,
    /// `/oauth2/token`, where the client has shown its secret already.
    TokenEndpoint,
}

/// "While you have a valid refresh token, you can request fresh access and id tokens".
///
/// # Errors
/// `junk_refresh_token`, `revoked_refresh_token`, `expired_refresh_token`, `reused_refresh_token`,
/// `disabled_user`, and as of [`Call::shows_refresh_hash`].
pub(super) async fn refresh(
    call: &Call<'_>,
    client: &Client,
    value: &str,
    by: By,
) -> Result<Value, Denial> {
    if by == By::RefreshTokenAuth {
        call.shows_refresh_hash(client, None)?;
    }
    let may_rotate = by != By::RefreshTokenAuth || call.mock.setting_on("initiate_auth_rotates");
    let rotates = may_rotate && call.mock.setting_on("rotate_refresh");
    let token = known(call, client, value).await?;
    let Some(user) = call.state.user(&token.principal) else {
        return Err(junk(call, client, value));
    };
    if by == By::RefreshTokenAuth {
        call.shows_refresh_hash(client, Some(&user))?;
    }
    live(call, &token).await?;
    if user.state == UserState::Disabled {
        call.refuse(Denial::new(DenialKind::Disabled, "disabled_user").got(user.username.clone()))?;
    }
    let login = login_of(call, &token);
    if !rotates {
        let pair = token::pair(call, client, &user, &login, &token).await;
        return Ok(token::answer(pair));
    }
    let next = rotate(call, client, &user, &login, &token).await?;
    let mut result = token::pair(call, client, &user, &login, &next.1).await;
    token::insert_refresh(&mut result, next.0);
    Ok(token::answer(result))
}

/// The refresh token with this value, if this client was given it.
async fn known(call: &Call<'_>, client: &Client, value: &str) -> Result<Token, Denial> {
    let found = call.mock.find(value).await;
    if let Some(token) = &found {
        call.mock.note_presented_token(token).await;
    }
    let junk = junk(call, client, value);
    match found {
        Some(token)
            if token.kind == TokenKind::Refresh
                && token.client.as_deref() == Some(&client.client_id) =>
        {
            Ok(token)
        }
        Some(_) => Err(Denial {
            kind: DenialKind::WrongToken,
            ..junk
        }),
        None => Err(junk),
    }
}

fn junk(call: &Call<'_>, client: &Client, value: &str) -> Denial {
    let reason = if call.mock.setting_on("refresh_junk_dot") {
        "junk_refresh_token_dot"
    } else {
        "junk_refresh_token"
    };
    Denial::new(DenialKind::UnknownToken, reason)
        .expected("a refresh token that this client was given")
        .presented(value, TokenKind::Refresh)
        .presented_by(client.client_id.clone())
}

async fn live(call: &Call<'_>, token: &Token) -> Result<(), Denial> {
    let gone = |kind, reason: &str, how: &str| {
        Denial::new(kind, reason)
            .expected("a live refresh token")
            .got(format!("{}, {how}", token.name()))
    };
    match call.mock.state_of(token) {
        TokenState::Live => Ok(()),
        TokenState::Expired => call.refuse(gone(
            DenialKind::Expired,
            "expired_refresh_token",
            "whose time is over",
        )),
        TokenState::Revoked => call.refuse(gone(
            DenialKind::Revoked,
            "revoked_refresh_token",
            "which was revoked",
        )),
        TokenState::Spent => spent(call, token).await,
    }
}

/// "the original refresh token that you're rotating out can remain valid for a period of time of up
/// to 60 seconds. This allows for client-side retries."
async fn spent(call: &Call<'_>, token: &Token) -> Result<(), Denial> {
    let rotated = token.extra.get("rotated_ms").and_then(Value::as_i64);
    let grace = Duration::from_secs(call.mock.setting_u64("rotation_grace_s"));
    // Another request is at it right now: the time of rotation is not noted yet.
    let since = rotated.map_or(call.mock.now(), Timestamp::from_millis);
    let ended = token.expires.is_some_and(|end| call.mock.now() >= end);
    if !grace.is_zero() && !ended && call.mock.now() < since.plus(grace) {
        return Ok(());
    }
    if call.mock.setting_on("reuse_detection") {
        let family = TokenQuery {
            login: Some(token.login),
            ..TokenQuery::default()
        };
        call.mock.revoke(family).await;
    }
    call.refuse(
        Denial::new(DenialKind::Revoked, "reused_refresh_token")
            .expected("the refresh token that took its place")
            .got(format!("{}, which was rotated", token.name())),
    )
}

/// Uses a refresh token up, and gives another that ends when the first would have ended: the
/// lifetime counts from the login (re:Post, "Rotated refresh token validity").
async fn rotate(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    login: &Login,
    token: &Token,
) -> Result<(String, Token), Denial> {
    let before = call.mock.change(token.id, Change::Spend).await;
    if before.as_ref().is_some_and(|before| before.spent) {
        spent(call, before.as_ref().unwrap_or(token)).await?;
    } else {
        let now = call.mock.now().as_millis().into();
        let noted = Change::Extra("rotated_ms".into(), now);
        call.mock.change(token.id, noted).await;
    }
    let end = token.expires.unwrap_or(call.mock.now());
    let lifetime = end.since(call.mock.now());
    Ok(token::refresh_token(call, client, user, login, Some(token), lifetime).await)
}

/// What the tokens of this refresh share with those of the login.
fn login_of(call: &Call<'_>, token: &Token) -> Login {
    let text = |name: &str| {
        let text = token.extra.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let auth_time = if call.mock.effect_enabled("keep_auth_time") {
        let kept = token.extra.get("auth_time").and_then(Value::as_i64);
        kept.unwrap_or_default()
    } else {
        call.mock.now().as_seconds()
    };
    Login {
        number: token.login,
        origin_jti: text("origin_jti"),
        event_id: text("event_id"),
        auth_time,
        issued: Login::issued(call.mock, auth_time),
    }
}
