//! The keys that sign tokens, one generation after another, and what they sign no more.

use std::sync::Arc;

use locum_core::{Denial, DenialKind, Timestamp};
use locum_server::jwt::Parts;
use locum_server::keys::{HmacKey, RsaKey};
use locum_server::{Mock, jwt};
use serde_json::{Map, Value, json};

use super::{Facts, State};

impl State {
    /// The key that signs id tokens and RS256 tokens.
    pub(super) fn rsa(&self) -> Arc<RsaKey> {
        self.rsa.of(self.rotations.current())
    }

    /// The keys of the key set at `now`: the one that signs, then those within their grace.
    pub(super) fn published(&self, now: Timestamp) -> Vec<Arc<RsaKey>> {
        let generations = self.rotations.published(now).into_iter();
        generations.map(|one| self.rsa.of(one)).collect()
    }
}

/// The key that signs HS256 tokens of a generation.
fn hmac_of(mock: &Mock, generation: u32) -> HmacKey {
    let vendor = &mock.profile().vendor;
    match generation {
        0 => mock.stage.hmac_key(vendor),
        later => mock.stage.hmac_key(&format!("{vendor} rotation {later}")),
    }
}

/// The key that signs HS256 tokens now.
pub(super) fn hmac(mock: &Mock) -> HmacKey {
    hmac_of(mock, mock.state::<State>().rotations.current())
}

/// The header of an access token.
pub(super) fn header(facts: &Facts, alg: &str, kid: Option<&str>) -> String {
    let mut header = json!({"alg": alg, "typ": facts.file.token.typ});
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    header.to_string()
}

/// Signs the claims of an access token; `format` is hs256 or rs256.
pub(super) fn sign(
    facts: &Facts,
    mock: &Mock,
    claims: &Map<String, Value>,
    format: &str,
) -> String {
    if format == "rs256" {
        let key = mock.state::<State>().rsa();
        jwt::mint_rs256(&key, &header(facts, "RS256", Some(&key.kid)), claims)
    } else {
        jwt::mint_hs256(&hmac(mock), &header(facts, "HS256", None), claims)
    }
}

/// Whether a token that is a JWT is still of a key that signs or is within its grace.
///
/// # Errors
/// `invalid_token`.
pub(super) fn examine(mock: &Mock, value: &str) -> Result<(), Denial> {
    if value.split('.').count() != 3 {
        return Ok(());
    }
    let refused = |denial: Denial| Denial {
        reason: "invalid_token".to_owned(),
        ..denial
    };
    let parts = jwt::parse(value).map_err(refused)?;
    let (state, now) = (mock.state::<State>(), mock.now());
    let found = match parts.header.get("alg").and_then(Value::as_str) {
        Some("HS256") => state
            .rotations
            .find(now, |one| parts.verify_hs256(&hmac_of(mock, one)).is_ok()),
        _ => state
            .rotations
            .find(now, |one| is_signed(&parts, &state.rsa.of(one))),
    };
    match found.map_err(refused)? {
        Some(_) => Ok(()),
        None => Err(Denial::new(DenialKind::BadSignature, "invalid_token")
            .expected("a signature by a key of the key set")
            .got("one that no key of this stage made")),
    }
}

fn is_signed(parts: &Parts, key: &RsaKey) -> bool {
    let kid = parts.header.get("kid").and_then(Value::as_str);
    kid == Some(&key.kid) && parts.verify_rs256(key).is_ok()
}
