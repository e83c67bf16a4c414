//! What a login gives: the id token, the access token and the refresh token.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp, Token, TokenKind, TokenState};
use locum_server::store::{Change, TokenQuery};
use locum_server::{NewToken, jwt};
use serde_json::{Map, Value, json};

use super::cognito::Call;
use super::users::{Client, User, UserState};

/// What all tokens of one login share.
struct Login {
    number: u64,
    origin_jti: String,
    event_id: String,
    auth_time: i64,
}

/// The tokens of a fresh login; `session` is the challenge it went through.
pub(super) async fn login(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    session: Option<&Token>,
) -> Value {
    let login = Login {
        number: session.map_or_else(|| call.mock.new_login(), |session| session.login),
        origin_jti: call.mock.uuid(),
        event_id: call.mock.uuid(),
        auth_time: call.mock.now().as_seconds(),
    };
    let (value, refresh) = refresh_token(call, client, user, &login, session).await;
    let mut result = pair(call, client, user, &login, &refresh).await;
    insert_refresh(&mut result, value);
    answer(result)
}

/// "While you have a valid refresh token, you can request fresh access and id tokens".
///
/// # Errors
/// `junk_refresh_token`, `revoked_refresh_token`, `expired_refresh_token`, `disabled_user`.
pub(super) async fn refresh(
    call: &Call<'_>,
    client: &Client,
    value: &str,
) -> Result<Value, Denial> {
    let found = call.mock.find(value).await;
    if let Some(token) = &found {
        call.mock.note_presented_token(token).await;
    }
    let fits = |token: &Token| {
        token.kind == TokenKind::Refresh && token.client.as_deref() == Some(&client.client_id)
    };
    let dot = call.mock.setting_on("refresh_junk_dot");
    let junk = if dot {
        "junk_refresh_token_dot"
    } else {
        "junk_refresh_token"
    };
    let junk = || {
        Denial::new(DenialKind::UnknownToken, junk)
            .expected("a refresh token that this client was given")
            .presented(value, TokenKind::Refresh)
            .presented_by(client.client_id.clone())
    };
    let token = found.filter(fits).ok_or_else(junk)?;
    live_refresh(call, &token).await?;
    let user = call.state.user(&token.principal).ok_or_else(junk)?;
    if user.state == UserState::Disabled {
        call.refuse(Denial::new(DenialKind::Disabled, "disabled_user").got(user.username.clone()))?;
    }
    let text = |name: &str| {
        token
            .extra
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let moved = !call.mock.effect_enabled("keep_auth_time");
    let login = Login {
        number: token.login,
        origin_jti: text("origin_jti"),
        event_id: text("event_id"),
        auth_time: if moved {
            call.mock.now().as_seconds()
        } else {
            token
                .extra
                .get("auth_time")
                .and_then(Value::as_i64)
                .unwrap_or_default()
        },
    };
    if !call.mock.setting_on("rotate_refresh") {
        return Ok(answer(pair(call, client, &user, &login, &token).await));
    }
    let before = call.mock.change(token.id, Change::Spend).await;
    if before.is_some_and(|before| before.spent) {
        call.refuse(spent(&token))?;
    }
    let (value, rotated) = refresh_token(call, client, &user, &login, Some(&token)).await;
    let mut result = pair(call, client, &user, &login, &rotated).await;
    insert_refresh(&mut result, value);
    Ok(answer(result))
}

async fn live_refresh(call: &Call<'_>, token: &Token) -> Result<(), Denial> {
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
        TokenState::Spent => {
            if call.mock.setting_on("reuse_detection") {
                let family = TokenQuery {
                    login: Some(token.login),
                    ..TokenQuery::default()
                };
                call.mock.revoke(family).await;
            }
            call.refuse(spent(token))
        }
    }
}

fn spent(token: &Token) -> Denial {
    Denial::new(DenialKind::Revoked, "revoked_refresh_token")
        .expected("the refresh token that took its place")
        .got(format!("{}, which was rotated", token.name()))
}

fn insert_refresh(result: &mut Map<String, Value>, value: String) {
    // Cognito prints the members in alphabetical order.
    let kind = result.remove("TokenType");
    result.insert("RefreshToken".into(), value.into());
    result.extend(kind.map(|kind| ("TokenType".to_owned(), kind)));
}

fn answer(result: Map<String, Value>) -> Value {
    let mut body = Map::new();
    body.insert("AuthenticationResult".into(), result.into());
    body.insert("ChallengeParameters".into(), Map::new().into());
    body.into()
}

/// An opaque token in the form of a five-part JWE.
async fn refresh_token(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    login: &Login,
    parent: Option<&Token>,
) -> (String, Token) {
    // base64url of {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}
    let header = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ";
    let random = |length| call.mock.random_alphanumeric(length);
    let value = format!(
        "{header}.{}.{}.{}.{}",
        random(342),
        random(16),
        random(640),
        random(22)
    );
    let lifetime = Duration::from_secs(call.mock.setting_u64("refresh_ttl_s"));
    let mut new = NewToken::new(
        TokenKind::Refresh,
        user.username.clone(),
        login.number,
        lifetime,
    );
    new.client = Some(client.client_id.clone());
    new.parent = parent.map(|parent| parent.id);
    new.extra
        .insert("origin_jti".into(), login.origin_jti.clone().into());
    new.extra
        .insert("event_id".into(), login.event_id.clone().into());
    new.extra.insert("auth_time".into(), login.auth_time.into());
    let token = call.mock.issue(&value, new).await;
    (value, token)
}

/// The access token and the id token, each signed by a key of its own.
async fn pair(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    login: &Login,
    parent: &Token,
) -> Map<String, Value> {
    let state = &call.state;
    let [id_key, access_key] = state.keys();
    let (access_ttl, id_ttl) = (
        call.mock.setting_u64("access_ttl_s"),
        call.mock.setting_u64("id_ttl_s"),
    );
    let (sub, issuer) = (state.sub(&user.username), state.issuer(call.mock));
    let now = call.mock.now().as_seconds();
    let access = json!({
        "sub": sub,
        "iss": issuer,
        "client_id": client.client_id,
        "origin_jti": login.origin_jti,
        "event_id": login.event_id,
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": login.auth_time,
        "exp": now.saturating_add_unsigned(access_ttl),
        "iat": now,
        "jti": call.mock.uuid(),
        "username": user.username,
    });
    let id = json!({
        "sub": sub,
        "email_verified": true,
        "iss": issuer,
        "cognito:username": user.username,
        "origin_jti": login.origin_jti,
        "aud": client.client_id,
        "event_id": login.event_id,
        "token_use": "id",
        "auth_time": login.auth_time,
        "exp": now.saturating_add_unsigned(id_ttl),
        "iat": now,
        "jti": call.mock.uuid(),
        "email": user.email,
    });
    let minted = |key: &locum_server::keys::RsaKey, claims: &Value| {
        // Cognito's header has kid and alg and no typ.
        let header = json!({"kid": key.kid, "alg": "RS256"}).to_string();
        jwt::mint_rs256(
            key,
            &header,
            claims.as_object().expect("claims are an object"),
        )
    };
    let (access, id) = (minted(&access_key, &access), minted(&id_key, &id));
    for (kind, value, ttl) in [
        (TokenKind::Access, &access, access_ttl),
        (TokenKind::Id, &id, id_ttl),
    ] {
        // The record ends with exp, which counts whole seconds.
        let end = Timestamp::from_seconds(now.saturating_add_unsigned(ttl));
        let mut new = NewToken::new(
            kind,
            user.username.clone(),
            login.number,
            end.since(call.mock.now()),
        );
        new.client = Some(client.client_id.clone());
        new.parent = Some(parent.id);
        if kind == TokenKind::Access {
            "aws.cognito.signin.user.admin".clone_into(&mut new.scope);
        }
        call.mock.issue(value, new).await;
    }
    let result = json!({
        "AccessToken": access,
        "ExpiresIn": access_ttl,
        "IdToken": id,
        "TokenType": call.mock.profile().token.token_type,
    });
    result.as_object().cloned().unwrap_or_default()
}
