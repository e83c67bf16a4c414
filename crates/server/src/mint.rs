//! Minting: tokens that nobody logged in for, good or with one thing wrong, so that a resource server
//! can be shown what it has to refuse.
//!
//! A good token is the vendor's own, with other claims where the caller says so. Of a forged one the
//! stage remembers only what is wrong with it: the vendor never issued it, so that its guards refuse
//! it by their own rules, and the journal names the defect.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
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

    /// Signs with RS256, or as the defect says; `foreign` is a key that is not in the key set, and
    /// `header` words the JOSE header for an algorithm and a `kid`.
    pub fn sign_rs256(
        &self,
        claims: &Map<String, Value>,
        kid: &str,
        (key, foreign): (&RsaKey, &RsaKey),
        header: impl Fn(&str, &str) -> String,
    ) -> String {
        let good = |kid: &str| jwt::mint_rs256(key, &header("RS256", kid), claims);
        match self.defect {
            Some(Defect::ForeignKey) => jwt::mint_rs256(foreign, &header("RS256", kid), claims),
            Some(Defect::UnknownKid) => good(&foreign.kid),
            Some(Defect::BadSignature) => with_other_signature(&good(kid)),
            Some(Defect::AlgNone) => unsigned(&header("none", kid), claims),
            Some(Defect::Hs256WithPublicKey) => {
                let secret = HmacKey::of_text(public_pem(&key.public_der).as_bytes());
                jwt::mint_hs256(&secret, &header("HS256", kid), claims)
            }
            _ => good(kid),
        }
    }

    /// Signs with HS256, or as the defect says.
    pub fn sign_hs256(
        &self,
        claims: &Map<String, Value>,
        (key, foreign): (&HmacKey, &HmacKey),
        header: &str,
    ) -> String {
        let good = || jwt::mint_hs256(key, header, claims);
        match self.defect {
            Some(Defect::ForeignKey) => jwt::mint_hs256(foreign, header, claims),
            Some(Defect::BadSignature) => with_other_signature(&good()),
            Some(Defect::AlgNone) => unsigned(&header.replace("HS256", "none"), claims),
            _ => good(),
        }
    }
}

/// RFC 7519 §6: an unsecured token ends in a point.
fn unsigned(header: &str, claims: &Map<String, Value>) -> String {
    let claims = serde_json::to_string(claims).expect("claims are JSON");
    let (header, claims) = (
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims),
    );
    format!("{header}.{claims}.")
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

/// The public key as programs hold it: PEM of a SubjectPublicKeyInfo (RFC 5280 §4.1) around the
/// PKCS#1 key of 2,048 bits, whose lengths are always the same.
fn public_pem(pkcs1: &[u8]) -> String {
    let total = 19 + pkcs1.len();
    let string = 1 + pkcs1.len();
    let mut der = vec![0x30, 0x82];
    der.extend(u16::try_from(total).unwrap_or(0).to_be_bytes());
    // rsaEncryption, NULL
    der.extend([
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
        0x03, 0x82,
    ]);
    der.extend(u16::try_from(string).unwrap_or(0).to_be_bytes());
    der.push(0);
    der.extend(pkcs1);
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}
