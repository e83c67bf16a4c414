//! What a login gives: the id token, the access token and the refresh token.

use std::time::Duration;

use locum_core::{Timestamp, Token, TokenKind};
use locum_server::{Mock, NewToken, jwt};
use serde_json::{Map, Value, json};

use super::State;
use super::claims;
use super::clients::Client;
use super::cognito::Call;
use super::users::User;

/// What all tokens of one login share.
pub(super) struct Login {
    pub(super) number: u64,
    pub(super) origin_jti: String,
    pub(super) event_id: String,
    pub(super) auth_time: i64,
    /// When access and id token are issued, in seconds.
    pub(super) issued: i64,
}

impl Login {
    /// When the tokens of a login that began at `auth_time` are issued: now.
    pub(super) fn issued(mock: &Mock, auth_time: i64) -> i64 {
        match mock.effect_enabled("mint_anew") {
            true => mock.now().as_seconds(),
            false => auth_time,
        }
    }

    /// The id of a token of this use, another one for each token.
    pub(super) fn jti(&self, mock: &Mock, token_use: &str) -> String {
        if mock.effect_enabled("mint_anew") {
            return mock.uuid();
        }
        let of = format!("{token_use} token of {}", self.origin_jti);
        mock.state::<State>().stable_uuid(&of)
    }
}

/// The tokens of a fresh login; `session` is the challenge it went through.
pub(super) async fn login(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    session: Option<&Token>,
) -> Value {
    super::cognito::succeeded(call, user);
    let auth_time = call.mock.now().as_seconds();
    let login = Login {
        number: session.map_or_else(|| call.mock.new_login(), |session| session.login),
        origin_jti: call.mock.uuid(),
        event_id: call.mock.uuid(),
        auth_time,
        issued: auth_time,
    };
    let lifetime = Duration::from_secs(call.mock.setting_u64("refresh_ttl_s"));
    let (value, refresh) = refresh_token(call, client, user, &login, session, lifetime).await;
    let mut result = pair(call, client, user, &login, &refresh).await;
    insert_refresh(&mut result, value);
    answer(result)
}

/// Puts the refresh token into a result.
pub(super) fn insert_refresh(result: &mut Map<String, Value>, value: String) {
    // Cognito prints the members in alphabetical order.
    let kind = result.remove("TokenType");
    result.insert("RefreshToken".into(), value.into());
    result.extend(kind.map(|kind| ("TokenType".to_owned(), kind)));
}

/// The body around a result.
pub(super) fn answer(result: Map<String, Value>) -> Value {
    let mut body = Map::new();
    body.insert("AuthenticationResult".into(), result.into());
    body.insert("ChallengeParameters".into(), Map::new().into());
    body.into()
}

/// An opaque token in the form of a five-part JWE.
pub(super) async fn refresh_token(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    login: &Login,
    parent: Option<&Token>,
    lifetime: Duration,
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
pub(super) async fn pair(
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
    let now = login.issued;
    let client_id = &client.client_id;
    let access = claims::access(call.mock, user, client_id, login, access_ttl);
    let id = claims::id(call.mock, user, client_id, login, id_ttl);
    let minted = |key: &locum_server::keys::RsaKey, claims| {
        // Cognito's header has kid and alg and no typ.
        let header = json!({"kid": key.kid, "alg": "RS256"}).to_string();
        jwt::mint_rs256(key, &header, claims)
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
            claims::SCOPE.clone_into(&mut new.scope);
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
