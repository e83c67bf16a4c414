//! The claims of access and id tokens, in Cognito's order.

use locum_server::Mock;
use serde_json::{Map, Value, json};

use super::State;
use super::attributes;
use super::token::Login;
use super::users::User;

/// The scope of an access token that a login of the user pool gives.
pub(super) const SCOPE: &str = "aws.cognito.signin.user.admin";

/// Those of an access token that lives for so many seconds.
pub(super) fn access(
    mock: &Mock,
    user: &User,
    client: &str,
    login: &Login,
    lives: u64,
) -> Map<String, Value> {
    let (state, now) = (mock.state::<State>(), login.issued);
    let ids = ids(mock, login, "access");
    let mut claims = subject(&state, user);
    claims.extend(members(&json!({
        "iss": state.issuer(mock),
        "client_id": client,
        "origin_jti": login.origin_jti,
        "event_id": ids.event_id,
        "token_use": "access",
        "scope": SCOPE,
        "auth_time": login.auth_time,
        "exp": now.saturating_add_unsigned(lives),
        "iat": now,
        "jti": ids.jti,
        "username": user.username,
    })));
    claims
}

/// Those of an id token that lives for so many seconds, the user's attributes among them.
pub(super) fn id(
    mock: &Mock,
    user: &User,
    client: &str,
    login: &Login,
    lives: u64,
) -> Map<String, Value> {
    let (state, now) = (mock.state::<State>(), login.issued);
    let ids = ids(mock, login, "id");
    let audience = match mock.effect_enabled("id_token_audience") {
        true => client.to_owned(),
        false => client.chars().rev().collect(),
    };
    let mut claims = subject(&state, user);
    let (verified, attributes): (Vec<_>, Vec<_>) = attributes::claims(&state, user)
        .into_iter()
        .partition(|(name, _)| name.ends_with("_verified"));
    claims.extend(verified);
    claims.extend(members(&json!({
        "iss": state.issuer(mock),
        "cognito:username": user.username,
        "origin_jti": login.origin_jti,
        "aud": audience,
        "event_id": ids.event_id,
        "token_use": "id",
        "auth_time": login.auth_time,
        "exp": now.saturating_add_unsigned(lives),
        "iat": now,
        "jti": ids.jti,
    })));
    claims.extend(attributes);
    claims
}

/// What tells a token from others.
struct Ids {
    event_id: String,
    jti: String,
}

fn ids(mock: &Mock, login: &Login, token_use: &str) -> Ids {
    match mock.effect_enabled("fresh_jti") {
        true => Ids {
            event_id: login.event_id.clone(),
            jti: login.jti(mock, token_use),
        },
        false => Ids {
            event_id: mock.uuid(),
            jti: login.origin_jti.clone(),
        },
    }
}

/// Who it is, and the groups.
fn subject(state: &State, user: &User) -> Map<String, Value> {
    let mut claims = members(&json!({"sub": state.sub(&user.username)}));
    if !user.groups.is_empty() {
        claims.insert("cognito:groups".into(), json!(user.groups));
    }
    claims
}

fn members(object: &Value) -> Map<String, Value> {
    object.as_object().cloned().unwrap_or_default()
}
