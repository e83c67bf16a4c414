//! Minting: tokens that nobody logged in for, good or with one thing wrong, so that a resource server
//! can be shown what it has to refuse.
//!
//! A good token is the vendor's own, with other claims where the caller says so. Of a forged one the
//! stage remembers only what is wrong with it: the vendor never issued it, so that its guards refuse
//! it by their own rules, and the journal names the defect.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Timestamp, TokenKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::NewToken;
use crate::jwt;
use crate::keys::{HmacKey, RsaKey};

/// How long before now an expired token ended, in seconds: no clock skew excuses it.
const LONG_EXPIRED_S: i64 = 3600;

/// What is wrong with a minted token.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// It ended an hour ago.
    Expired,
    /// Its `nbf` lies ahead.
    NotYet,
    /// It was revoked.
    Revoked,
    /// Nobody issued it.
    Unknown,
    /// Its `iss` is of another issuer.
    WrongIssuer,
    /// Its `aud` is of somebody else.
    WrongAudience,
    /// It says that it is a token of another kind.
    WrongType,
    /// Another key signed it, under the name of the right one.
    ForeignKey,
    /// Its `kid` names no key.
    UnknownKid,
    /// Its signature was changed.
    BadSignature,
    /// `alg` is `none` and there is no signature.
    AlgNone,
    /// It is signed with HS256, and the secret is the public key (RFC 8725 §2.1).
    Hs256WithPublicKey,
}

impl Defect {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::WrongType => "wrong_type",
            Self::ForeignKey => "foreign_key",
            Self::UnknownKid => "unknown_kid",
            Self::BadSignature => "bad_signature",
            Self::AlgNone => "alg_none",
            Self::Hs256WithPublicKey => "hs256_with_public_key",
        }
    }
}

/// What a caller wants of a token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MintRequest {
    /// The vendor's word, such as `corti`.
    pub vendor: String,
    /// What kind of token.
    #[serde(default = "access")]
    pub kind: TokenKind,
    /// The client it is for; the first one without it.
    #[serde(default)]
    pub client: Option<String>,
    /// The user it is for; where the vendor has clients, a client's own token without it.
    #[serde(default)]
    pub user: Option<String>,
    /// The realm, where the vendor has them; the first one without it.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The granted scope, where the vendor has scopes.
    #[serde(default)]
    pub scope: Option<String>,
    /// Claims that it has instead of the vendor's own; null leaves one out.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Members that its JOSE header has instead of the vendor's own; null leaves one out. `alg` says
    /// how it is signed.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// The payload as it is signed, byte for byte, in place of the claims.
    #[serde(default)]
    pub payload: Option<String>,
    /// How many seconds it lives; the vendor's own lifetime without it.
    #[serde(default)]
    pub lifetime_s: Option<u64>,
    /// What is wrong with it; nothing without it.
    #[serde(default)]
    pub defect: Option<Defect>,
}

const fn access() -> TokenKind {
    TokenKind::Access
}

/// A minted token.
#[derive(Debug)]
pub struct Minted {
    /// Its value.
    pub value: String,
    /// What the stage remembers of it.
    pub token: NewToken,
}

/// Why a vendor mints no such token: sentences for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct MintError {
    /// What it does not do.
    pub error: String,
    /// What it does.
    pub hint: String,
}

impl MintError {
    /// A refusal with a hint.
    pub fn new(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: hint.into(),
        }
    }

    /// Nobody of that name is among `known`.
    pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        Self::new(
            format!("no {what} called `{name}`"),
            format!("known here: {}", known.join(", ")),
        )
    }
}

impl MintRequest {
    /// Refuses what the vendor has not: kinds other than `kinds`, defects other than `defects`.
    ///
    /// # Errors
    /// What is refused, and what is minted.
    pub fn check(&self, kinds: &[TokenKind], defects: &[Defect]) -> Result<(), MintError> {
        let vendor = &self.vendor;
        if !kinds.contains(&self.kind) {
            let known: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
            return Err(MintError::new(
                format!("`{vendor}` mints no {}", self.kind.word()),
                format!("it mints: {}; log in for anything else", known.join(", ")),
            ));
        }
        match self.defect {
            Some(defect) if !defects.contains(&defect) => {
                let known: Vec<&str> = defects.iter().map(|defect| defect.as_str()).collect();
                Err(MintError::new(
                    format!(
                        "a token of `{vendor}` cannot have the defect `{}`",
                        defect.as_str()
                    ),
                    format!("its tokens can have: {}", known.join(", ")),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Refuses members that say something the vendor's tokens have no place for.
    ///
    /// # Errors
    /// The first of `members` that the caller gave.
    pub fn refuse(&self, members: &[&str]) -> Result<(), MintError> {
        let given = |name: &&&str| match **name {
            "client" => self.client.is_some(),
            "user" => self.user.is_some(),
            "tenant" => self.tenant.is_some(),
            "scope" => self.scope.is_some(),
            "claims" => !self.claims.is_empty(),
            "header" => !self.header.is_empty(),
            "payload" => self.payload.is_some(),
            _ => false,
        };
        match members.iter().find(given) {
            Some(name) => Err(MintError::new(
                format!("`{name}` means nothing to a token of `{}`", self.vendor),
                "leave it out",
            )),
            None => Ok(()),
        }
    }

    /// The lifetime in seconds, or the vendor's own.
    pub fn lifetime(&self, own: u64) -> u64 {
        self.lifetime_s.unwrap_or(own)
    }

    /// Puts the caller's claims in place of the vendor's, and bends those that the defect is about.
    /// `type_claim` names the kind of token, with the name of another.
    pub fn bend(
        &self,
        claims: &mut Map<String, Value>,
        now: Timestamp,
        type_claim: Option<(&str, &str)>,
    ) {
        let seconds = now.as_seconds();
        match self.defect {
            Some(Defect::Expired) => {
                let end = seconds.saturating_sub(LONG_EXPIRED_S);
                let lived = claims.get("exp").and_then(Value::as_i64).unwrap_or(seconds) - seconds;
                for (name, at) in [("exp", end), ("iat", end - lived), ("nbf", end - lived)] {
                    if let Some(claim) = claims.get_mut(name) {
                        *claim = at.into();
                    }
                }
            }
            Some(Defect::NotYet) => {
                claims.insert("nbf".into(), (seconds + LONG_EXPIRED_S).into());
                if let Some(exp) = claims.get_mut("exp") {
                    let end = exp.as_i64().unwrap_or(seconds);
                    *exp = end.saturating_add(LONG_EXPIRED_S).into();
                }
            }
            Some(Defect::WrongIssuer) => {
                claims.insert("iss".into(), "https://issuer.invalid".into());
            }
            Some(Defect::WrongAudience) => {
                claims.insert("aud".into(), "somebody-else".into());
            }
            Some(Defect::WrongType) => {
                if let Some((name, other)) = type_claim {
                    claims.insert(name.into(), other.into());
                }
            }
            _ => {}
        }
        for (name, value) in &self.claims {
            match value {
                Value::Null => {
                    claims.shift_remove(name);
                }
                value => {
                    claims.insert(name.clone(), value.clone());
                }
            }
        }
    }

    /// When the token of these claims ends: by its `exp`, where it has one.
    pub fn end_of(claims: &Map<String, Value>) -> Option<Timestamp> {
        let exp = claims.get("exp")?;
        #[expect(clippy::cast_possible_truncation, reason = "a date saturates")]
        let millis = exp.as_f64().map(|seconds| (seconds * 1000.0) as i64)?;
        Some(Timestamp::from_millis(millis))
    }

    /// Signs with RS256, or as the defect or the caller's header says; `foreign` is a key that is not
    /// in the key set, and `header` words the JOSE header for an algorithm and a `kid`.
    ///
    /// # Errors
    /// When the caller's `alg` is none of an RSA key.
    pub fn sign_rs256(
        &self,
        claims: &Map<String, Value>,
        kid: &str,
        (key, foreign): (&RsaKey, &RsaKey),
        header: impl Fn(&str, &str) -> String,
    ) -> Result<String, MintError> {
        let payload = self.payload_of(claims);
        let header = |alg: &str, kid: &str| self.header_of(header(alg, kid));
        let by = |key: &RsaKey, kid: &str| {
            let header = header("RS256", kid);
            let alg = alg_of(&header);
            RsaKey::algorithm(&alg).map_or_else(
                || Err(other_alg(&alg, "RS256, RS384, RS512, PS256, PS384, PS512")),
                |algorithm| {
                    Ok(jwt::signed(&header, &payload, |message| {
                        key.sign_with(algorithm, message)
                    }))
                },
            )
        };
        Ok(match self.defect {
            Some(Defect::ForeignKey) => by(foreign, kid)?,
            Some(Defect::UnknownKid) => by(key, &foreign.kid)?,
            Some(Defect::BadSignature) => with_other_signature(&by(key, kid)?),
            Some(Defect::AlgNone) => unsigned(&header("none", kid), &payload),
            Some(Defect::Hs256WithPublicKey) => {
                let secret = HmacKey::of_text(key.public_pem().as_bytes());
                jwt::signed(&header("HS256", kid), &payload, |message| {
                    secret.sign(message)
                })
            }
            _ => by(key, kid)?,
        })
    }

    /// Signs with HS256, or as the defect or the caller's header says.
    ///
    /// # Errors
    /// When the caller's `alg` is none of a shared secret.
    pub fn sign_hs256(
        &self,
        claims: &Map<String, Value>,
        (key, foreign): (&HmacKey, &HmacKey),
        header: &str,
    ) -> Result<String, MintError> {
        let payload = self.payload_of(claims);
        let by = |key: &HmacKey| {
            let header = self.header_of(header.to_owned());
            let alg = alg_of(&header);
            HmacKey::algorithm(&alg).map_or_else(
                || Err(other_alg(&alg, "HS256, HS384, HS512")),
                |algorithm| {
                    Ok(jwt::signed(&header, &payload, |message| {
                        key.sign_with(algorithm, message)
                    }))
                },
            )
        };
        match self.defect {
            Some(Defect::ForeignKey) => by(foreign),
            Some(Defect::BadSignature) => by(key).map(|token| with_other_signature(&token)),
            Some(Defect::AlgNone) => Ok(unsigned(&header.replace("HS256", "none"), &payload)),
            _ => by(key),
        }
    }

    /// The payload: the caller's, or the claims.
    fn payload_of(&self, claims: &Map<String, Value>) -> String {
        let own = || serde_json::to_string(claims).expect("claims are JSON");
        self.payload.clone().unwrap_or_else(own)
    }

    /// The vendor's header as it is written, unless the caller changes members of it.
    fn header_of(&self, own: String) -> String {
        if self.header.is_empty() {
            return own;
        }
        let mut members: Map<String, Value> = serde_json::from_str(&own).unwrap_or_default();
        for (name, value) in &self.header {
            if value.is_null() {
                members.shift_remove(name);
            } else {
                members.insert(name.clone(), value.clone());
            }
        }
        Value::Object(members).to_string()
    }
}

/// The `alg` of a header.
fn alg_of(header: &str) -> String {
    let header: Value = serde_json::from_str(header).unwrap_or_default();
    header["alg"].as_str().unwrap_or_default().to_owned()
}

fn other_alg(alg: &str, known: &str) -> MintError {
    MintError::new(
        format!("this vendor's key does not sign with `{alg}`"),
        format!("it signs with: {known}, in any letter case"),
    )
}

/// RFC 7519 §6: an unsecured token ends in a point.
fn unsigned(header: &str, payload: &str) -> String {
    let (header, payload) = (
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload),
    );
    format!("{header}.{payload}.")
}

/// The same token with the first letter of its signature changed.
fn with_other_signature(token: &str) -> String {
    let at = token.rfind('.').map_or(0, |point| point + 1);
    let other = if token[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(members: &Value) -> MintRequest {
        let mut body = json!({"vendor": "v"});
        for (name, value) in members.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).expect("a request")
    }

    fn signed(members: &Value) -> Result<String, MintError> {
        let (key, foreign) = (HmacKey::of_text(b"one"), HmacKey::of_text(b"two"));
        let claims = Map::from_iter([("sub".to_owned(), "a".into())]);
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        request(members).sign_hs256(&claims, (&key, &foreign), header)
    }

    fn text(token: &str, part: usize) -> String {
        let part = token.split('.').nth(part).expect("a part");
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("text")
    }

    #[test]
    fn header_and_payload_are_the_callers() {
        let token = signed(&json!({})).expect("a token");
        assert_eq!(text(&token, 0), r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(text(&token, 1), r#"{"sub":"a"}"#);
        let twice = r#"{"exp":1,"exp":2}"#;
        let members = json!({"header": {"typ": null, "crit": ["x"]}, "payload": twice});
        let token = signed(&members).expect("a token");
        assert_eq!(text(&token, 0), r#"{"alg":"HS256","crit":["x"]}"#);
        assert_eq!(text(&token, 1), twice);
    }

    #[test]
    fn the_header_says_how_it_is_signed() {
        for (alg, length) in [("HS256", 43), ("hs256", 43), ("HS512", 86)] {
            let token = signed(&json!({"header": {"alg": alg}})).expect("a token");
            let signature = token.rsplit('.').next().expect("a signature");
            assert_eq!(signature.len(), length, "{alg}");
        }
        let refused = signed(&json!({"header": {"alg": "RS256"}})).expect_err("another key's");
        assert_eq!(
            refused.error,
            "this vendor's key does not sign with `RS256`"
        );
        let key = RsaKey::from_pool(0);
        for alg in ["RS256", "rs256", "PS256", "RS512"] {
            let header = json!({"alg": alg}).to_string();
            let request = request(&json!({}));
            let token = request.sign_rs256(&Map::new(), "k", (&key, &key), |_, _| header.clone());
            assert!(token.is_ok(), "{alg}");
        }
    }
}
