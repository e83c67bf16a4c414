//! Tokens that the control API mints: an access or id token of the pool.

use std::time::Duration;

use locum_core::TokenKind;
use locum_server::keys::RsaKey;
use locum_server::mint::{Defect, MintError, MintRequest, Minted};
use locum_server::{Mock, NewToken};
use serde_json::{Map, Value, json};

use super::token::Login;
use super::users::User;
use super::{State, claims};

/// What can be wrong with a token of the pool.
const DEFECTS: &[Defect] = &[
    Defect::Expired,
    Defect::NotYet,
    Defect::Revoked,
    Defect::WrongIssuer,
    Defect::WrongAudience,
    Defect::WrongType,
    Defect::ForeignKey,
    Defect::UnknownKid,
    Defect::BadSignature,
    Defect::AlgNone,
    Defect::Hs256WithPublicKey,
];

/// The token that `request` asks for.
pub(super) fn mint(mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
    request.check(&[TokenKind::Access, TokenKind::Id], DEFECTS)?;
    request.refuse(&["tenant"])?;
    let state = mock.state::<State>();
    let user = user(&state, request)?;
    let client = client(&state, request)?;
    let is_id = request.kind == TokenKind::Id;
    let own = if is_id { "id_ttl_s" } else { "access_ttl_s" };
    let lives = request.lifetime(mock.setting_u64(own));
    let mut claims = claims(mock, &user, &client, lives, is_id);
    if let Some(scope) = &request.scope {
        claims.insert("scope".into(), scope.clone().into());
    }
    if request.defect == Some(Defect::WrongAudience) && !is_id {
        // An access token names its audience by the client.
        claims.insert("client_id".into(), "somebody-else".into());
    }
    let other = if is_id { "access" } else { "id" };
    request.bend(&mut claims, mock.now(), Some(("token_use", other)));
    let [id_key, access_key] = state.keys();
    let key = if is_id { id_key } else { access_key };
    let foreign = RsaKey::from_pool((state.seed % 4 * 2 + 2) % 8);
    // Cognito's header has kid and alg and no typ.
    let header = |alg: &str, kid: &str| json!({"kid": kid, "alg": alg}).to_string();
    let value = request.sign_rs256(&claims, &key.kid, (&key, &foreign), header)?;

    let lifetime = Duration::from_secs(lives);
    let mut token = NewToken::new(request.kind, user.username, mock.new_login(), lifetime);
    token.lifetime = MintRequest::end_of(&claims).map(|end| end.since(mock.now()));
    token.client = Some(client);
    if !is_id {
        let scope = claims.get("scope").and_then(Value::as_str);
        scope.unwrap_or_default().clone_into(&mut token.scope);
    }
    Ok(Minted { value, token })
}

/// What a login would have put into such a token.
fn claims(mock: &Mock, user: &User, client: &str, lives: u64, is_id: bool) -> Map<String, Value> {
    let login = Login {
        number: 0,
        origin_jti: mock.uuid(),
        event_id: mock.uuid(),
        auth_time: mock.now().as_seconds(),
        issued: mock.now().as_seconds(),
    };
    let of = if is_id { claims::id } else { claims::access };
    of(mock, user, client, &login, lives)
}

fn user(state: &State, request: &MintRequest) -> Result<User, MintError> {
    let principals = state.principals();
    let found = match &request.user {
        Some(name) => state.user(name),
        None => principals.users.first().cloned(),
    };
    found.ok_or_else(|| {
        let known = principals.users.iter().map(|user| user.username.as_str());
        MintError::unknown("user", request.user.as_deref().unwrap_or_default(), known)
    })
}

fn client(state: &State, request: &MintRequest) -> Result<String, MintError> {
    let principals = state.principals();
    let mut known = principals.clients.iter().map(|client| &client.client_id);
    let found = match &request.client {
        Some(id) => known.find(|have| *have == id),
        None => known.next(),
    };
    found.cloned().ok_or_else(|| {
        let id = request.client.as_deref().unwrap_or_default();
        let known = principals.clients.iter();
        MintError::unknown("client", id, known.map(|client| client.client_id.as_str()))
    })
}
