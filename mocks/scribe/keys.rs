//! The pool's public documents: key set and metadata.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request};
use serde_json::{Value, json};

use super::{State, common_headers};

/// Two keys: id tokens and access tokens are signed by different ones. After a rotation the two
/// before stand behind them until their grace ends.
pub(super) async fn jwks(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let state = mock.state::<State>();
    let keys: Vec<Value> = state
        .published_keys(mock.now())
        .iter()
        .map(|key| json!({"alg": "RS256", "e": key.e, "kid": key.kid, "kty": "RSA", "n": key.n, "use": "sig"}))
        .collect();
    Ok(document(&mock, &state, &request, &json!({ "keys": keys })))
}

/// The issuer is that of the tokens byte for byte; of a domain's endpoints the token endpoint is served.
pub(super) async fn discovery(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let state = mock.state::<State>();
    let metadata = json!({
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": state.issuer(&mock),
        "jwks_uri": mock.url(&format!("/{}/.well-known/jwks.json", state.user_pool_id)),
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": mock.url("/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    Ok(document(&mock, &state, &request, &metadata))
}

fn document(mock: &Mock, state: &State, request: &Request, body: &Value) -> Reply {
    let pool = request.param("pool");
    if pool == state.user_pool_id {
        return Reply::json(200, body).header("access-control-allow-origin", "*");
    }
    let unknown = Denial::new(DenialKind::NotFound, "unknown_pool")
        .expected(state.user_pool_id.clone())
        .got(pool)
        .param("pool", pool);
    common_headers::with_common_headers(
        mock,
        "frame_cognito",
        Reply::denied(mock.profile(), unknown),
    )
}
