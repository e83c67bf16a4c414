//! The access token: "obtain a JWT (JSON Web Token) access token".

use std::time::Duration;

use locum_core::{Denial, DenialKind, TokenKind};
use locum_server::{Mock, NewToken, jwt};
use serde_json::{Map, Value};

use super::State;
use super::account::User;

/// The sample token's first segment, decoded.
pub(super) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Length of an opaque token, which only a setting asks for.
pub(super) const OPAQUE: usize = 43;

/// Issues a token to `user`.
pub(super) async fn issue(mock: &Mock, user: &User) -> String {
    let lifetime = Duration::from_secs(mock.setting_u64("token_ttl_s"));
    let value = match mock.setting_text("token_format").as_str() {
        "opaque" => mock.random_alphanumeric(OPAQUE),
        format => mint(mock, user, lifetime, format == "jwt"),
    };
    let login = mock.new_login();
    let token = NewToken::new(TokenKind::Access, &user.username, login, lifetime);
    mock.issue(&value, token).await;
    value
}

fn mint(mock: &Mock, user: &User, lifetime: Duration, with_exp: bool) -> String {
    let claims = claims_of(mock, user, lifetime, with_exp);
    let state = mock.state::<State>();
    state.with_key(mock, state.rotations.current(), |key| {
        jwt::mint_hs256(key, HEADER, &claims)
    })
}

/// The claims of a token of `user`.
pub(super) fn claims_of(
    mock: &Mock,
    user: &User,
    lifetime: Duration,
    with_exp: bool,
) -> Map<String, Value> {
    let now = mock.now().as_seconds();
    let mut claims = Map::new();
    for name in wanted(mock) {
        let value = match name.as_str() {
            "sub" => user.username.clone().into(),
            "exp" if with_exp => {
                let exp = now.saturating_add_unsigned(lifetime.as_secs());
                let unit = if mock.effect_enabled("exp_in_seconds") {
                    1
                } else {
                    1000
                };
                exp.saturating_mul(unit).into()
            }
            "iat" | "nbf" => now.into(),
            "jti" => mock.uuid().into(),
            "aud" => mock.profile().vendor.clone().into(),
            _ => continue,
        };
        claims.insert(name, value);
    }
    let padding = usize::try_from(mock.setting_u64("token_padding")).unwrap_or(usize::MAX);
    if padding > 0 {
        // Bounded, so that no setting makes a token that no header can carry.
        claims.insert("padding".into(), "x".repeat(padding.min(64 << 10)).into());
    }
    claims
}

/// The setting `claims`.
fn wanted(mock: &Mock) -> Vec<String> {
    let names = mock.setting("claims");
    let names = names.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Looks at a token's text: signature, times, claims. Each check is one that a twin may pardon.
///
/// # Errors
/// `malformed_token`, `bad_signature`, `expired_token` or `not_yet_valid`.
pub(super) fn examine(mock: &Mock, endpoint: &str, token: &str) -> Result<(), Denial> {
    let format = mock.setting_text("token_format");
    if format == "opaque" {
        return Ok(());
    }
    let parts = jwt::parse(token)?;
    let refuse = |checked: Result<(), Denial>| match checked {
        Ok(()) => Ok(()),
        Err(denial) => mock.refuse_token(endpoint, token, denial),
    };
    refuse(verify(mock, &parts))?;
    let may_lack_exp = format == "jwt_no_exp" || !mock.setting_on("require_exp");
    let lacks_exp = may_lack_exp && !parts.claims.contains_key("exp");
    if mock.enforces_expiry() && !lacks_exp {
        refuse(parts.check_times(mock.now()))?;
    }
    refuse(check_claims(mock, &parts.claims))
}

/// Tries the keys that are taken: HS256 tokens name none.
fn verify(mock: &Mock, parts: &jwt::Parts) -> Result<(), Denial> {
    let state = mock.state::<State>();
    let by = |generation| state.with_key(mock, generation, |key| parts.verify_hs256(key));
    let signed = state
        .rotations
        .find(mock.now(), |generation| by(generation).is_ok())?;
    match signed {
        Some(_) => Ok(()),
        None => by(state.rotations.current()),
    }
}

/// PyJWT refuses a subject that is not text, an audience that nobody configured, and a token from
/// the future.
fn check_claims(mock: &Mock, claims: &Map<String, Value>) -> Result<(), Denial> {
    let malformed = |got: &str| Denial::new(DenialKind::Malformed, "malformed_token").got(got);
    let wanted = wanted(mock);
    let wants = |name: &str| wanted.iter().any(|want| want == name);
    match claims.get("sub") {
        Some(Value::String(_)) => {}
        None if !wants("sub") => {}
        _ => return Err(malformed("a sub that is not text")),
    }
    if claims.contains_key("aud") && !wants("aud") {
        return Err(malformed("an aud that nobody configured"));
    }
    match claims.get("iat").and_then(Value::as_f64) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
        Some(iat) if iat > mock.now().as_millis() as f64 / 1000.0 => {
            Err(Denial::new(DenialKind::NotYetValid, "not_yet_valid").got(format!("iat {iat}")))
        }
        _ => Ok(()),
    }
}
