//! A JWT by which a client proves itself (RFC 7523 §3, OpenID Connect Core §9).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};
use locum_core::{Denial, DenialKind, Secret, Timestamp};
use serde_json::Value;

use crate::jwt::{self, Parts};

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far a client's clock may run ahead in `iat` and `nbf`, in seconds.
const SKEW_S: f64 = 60.0;

/// The longest lifetime that an assertion may have left, in seconds: its `jti` has to be remembered
/// as long ("the authorization server may reject JWTs with an exp claim value that is unreasonably
/// far in the future", RFC 7523 §3).
const MAX_LIFETIME_S: f64 = 86_400.0;

/// The algorithms of `private_key_jwt` where the vendor names no others: RS256, PS256, ES256.
pub const PUBLIC: [Algorithm; 3] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];

/// With what an assertion can be verified.
#[derive(Debug)]
pub enum Keys<'a> {
    /// `private_key_jwt`: the client's public keys; RS256, PS256 or ES256 by the key's kind.
    Public(&'a [Jwk]),
    /// `client_secret_jwt`: the client's secret; HS256.
    Shared(&'a Secret),
}

/// An assertion that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Its `jti`, which may be used once.
    pub id: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// The client that the assertion speaks of: `sub`, nothing verified yet.
///
/// # Errors
/// `malformed_token`.
pub fn subject(parts: &Parts) -> Result<String, Denial> {
    parts.claim("sub").map(str::to_owned).ok_or_else(|| {
        Denial::new(DenialKind::Invalid, "wrong_assertion_subject")
            .expected("the client id in sub (RFC 7523 §3)")
            .got("no sub")
    })
}

/// Takes an assertion apart.
///
/// # Errors
/// `malformed_token`.
pub fn parse(value: &str) -> Result<Parts, Denial> {
    jwt::parse(value)
}

/// Checks an assertion of `client` that is addressed to one of `audiences`.
///
/// # Errors
/// `wrong_assertion_algorithm`, `unknown_assertion_key`, `bad_signature`, `malformed_token`,
/// `wrong_assertion_issuer`, `wrong_assertion_subject`, `wrong_assertion_audience`,
/// `expired_assertion`, `not_yet_valid`, `endless_assertion`, `no_assertion_id`.
pub fn check(
    parts: &Parts,
    client: &str,
    keys: &Keys<'_>,
    audiences: &[String],
    now: Timestamp,
) -> Result<Assertion, Denial> {
    let allowed: &[Algorithm] = match keys {
        Keys::Public(_) => &PUBLIC,
        Keys::Shared(_) => &[Algorithm::HS256],
    };
    verify(parts, keys, allowed)?;
    let stray = |claim: &str, denial: Denial| {
        denial
            .expected(format!("{claim} `{client}` (RFC 7523 §3)"))
            .got(format!("{claim} {}", shown(parts.claims.get(claim))))
    };
    if parts.claim("iss") != Some(client) {
        let denial = Denial::new(DenialKind::Invalid, "wrong_assertion_issuer");
        return Err(stray("iss", denial));
    }
    if parts.claim("sub") != Some(client) {
        let denial = Denial::new(DenialKind::Invalid, "wrong_assertion_subject");
        return Err(stray("sub", denial));
    }
    let named = match parts.claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !named
        .iter()
        .any(|aud| audiences.iter().any(|known| known == aud))
    {
        return Err(Denial::new(DenialKind::Invalid, "wrong_assertion_audience")
            .expected(format!("aud {}", audiences.join(" or ")))
            .got(format!("aud {}", shown(parts.claims.get("aud")))));
    }
    let expires = times(parts, now)?;
    let id = parts
        .claim("jti")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| {
            Denial::new(DenialKind::Missing, "no_assertion_id")
                .expected("a jti, which makes the assertion usable once (OpenID Connect Core §9)")
                .got("no jti")
        })?;
    Ok(Assertion {
        id: id.to_owned(),
        expires,
    })
}

fn shown(claim: Option<&Value>) -> String {
    claim.map_or_else(|| "missing".to_owned(), Value::to_string)
}

/// `exp`, `nbf` and `iat` at `now`; gives the end.
fn times(parts: &Parts, now: Timestamp) -> Result<Timestamp, Denial> {
    parts.check_times(now).map_err(|denial| match denial.kind {
        DenialKind::Expired => Denial {
            expected: denial.expected,
            got: denial.got,
            ..Denial::new(DenialKind::Expired, "expired_assertion")
        },
        _ => denial,
    })?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
    let seconds = now.as_millis() as f64 / 1000.0;
    if let Some(iat) = parts.claims.get("iat") {
        let iat = iat.as_f64().ok_or_else(|| {
            Denial::new(DenialKind::Malformed, "malformed_token")
                .expected("a number in iat")
                .got("iat that is not a number")
        })?;
        if iat > seconds + SKEW_S {
            return Err(Denial::new(DenialKind::NotYetValid, "not_yet_valid")
                .expected(format!("iat no later than {seconds}"))
                .got(format!("iat {iat}")));
        }
    }
    let exp = parts.claims.get("exp").and_then(Value::as_f64);
    let exp = exp.expect("check_times has read it");
    if exp > seconds + MAX_LIFETIME_S {
        return Err(Denial::new(DenialKind::Invalid, "endless_assertion")
            .expected(format!("an exp within {MAX_LIFETIME_S} s"))
            .got(format!("exp {exp}")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than a day from now")]
    Ok(Timestamp::from_millis((exp * 1000.0).ceil() as i64))
}

/// Checks the signature of an assertion: its algorithm has to be one of `allowed`, its key one of
/// `keys`, and of these the one that its `kid` names, if it names one.
///
/// # Errors
/// `wrong_assertion_algorithm`, `unknown_assertion_key`, `bad_signature`, `malformed_token`.
pub fn verify(parts: &Parts, keys: &Keys<'_>, allowed: &[Algorithm]) -> Result<(), Denial> {
    let name = parts.header.get("alg").and_then(Value::as_str);
    let name = name.unwrap_or("missing");
    let algorithm = allowed.iter().find(|known| spelled(**known) == name);
    let algorithm = *algorithm.ok_or_else(|| {
        let names: Vec<String> = allowed.iter().map(|known| spelled(*known)).collect();
        Denial::new(DenialKind::BadSignature, "wrong_assertion_algorithm")
            .expected(format!("alg {}", names.join(" or ")))
            .got(format!("alg {name}"))
    })?;
    let keys = match keys {
        Keys::Shared(secret) => {
            let key = DecodingKey::from_secret(secret.expose().as_bytes());
            return parts.verify(algorithm, name, &key);
        }
        Keys::Public(keys) => keys,
    };
    let kid = parts.header.get("kid").and_then(Value::as_str);
    let fitting = keys
        .iter()
        .filter(|key| kid.is_none() || key.common.key_id.as_deref() == kid)
        .filter(|key| Family::of(key) == Family::for_algorithm(algorithm));
    let mut last = Denial::new(DenialKind::BadSignature, "unknown_assertion_key")
        .expected("a key of the client's jwks")
        .got(match kid {
            Some(kid) => format!("kid `{kid}` with alg {name}"),
            None => format!("alg {name}"),
        });
    for key in fitting {
        let Ok(key) = DecodingKey::from_jwk(key) else {
            continue;
        };
        match parts.verify(algorithm, name, &key) {
            Ok(()) => return Ok(()),
            Err(denial) => last = denial,
        }
    }
    Err(last)
}

/// The name of an algorithm (RFC 7518 §3.1).
fn spelled(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

/// What kind of key an algorithm signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Family {
    fn of(key: &Jwk) -> Option<Self> {
        match &key.algorithm {
            AlgorithmParameters::RSA(_) => Some(Self::Rsa),
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => Some(Self::P256),
                EllipticCurve::P384 => Some(Self::P384),
                _ => None,
            },
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Some(Self::Ed25519)
            }
            _ => None,
        }
    }

    /// `None` for a secret.
    fn for_algorithm(algorithm: Algorithm) -> Option<Self> {
        match spelled(algorithm).as_str() {
            "ES256" => Some(Self::P256),
            "ES384" => Some(Self::P384),
            "EdDSA" => Some(Self::Ed25519),
            name if name.starts_with("HS") => None,
            _ => Some(Self::Rsa),
        }
    }
}

/// Whether an assertion can be verified with `key` by one of `allowed`.
pub fn is_usable(key: &Jwk, allowed: &[Algorithm]) -> bool {
    let family = Family::of(key);
    let fits = |algorithm: &Algorithm| Family::for_algorithm(*algorithm) == family;
    family.is_some() && allowed.iter().any(fits) && DecodingKey::from_jwk(key).is_ok()
}
