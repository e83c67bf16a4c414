//! JSON Web Tokens: minting with a parsed key, reading strictly.
//!
//! Claims are read by our own rules, because a judge must not accept what RFC 7519 refuses: `exp`
//! equal to now, a claim name twice, an unknown `crit`. The signature itself is checked by a library.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use locum_core::{Denial, DenialKind, Timestamp};
use serde_json::{Map, Value};

use crate::keys::{HmacKey, RsaKey};

/// An RS256 token: `header` is the JSON text as it is to appear, odd spaces included.
pub fn mint_rs256(key: &RsaKey, header: &str, claims: &Map<String, Value>) -> String {
    minted(header, claims, |message| key.sign(message))
}

/// An HS256 token (RFC 7518 §3.2).
pub fn mint_hs256(key: &HmacKey, header: &str, claims: &Map<String, Value>) -> String {
    minted(header, claims, |message| key.sign(message))
}

/// An HS512 token (RFC 7518 §3.2).
pub fn mint_hs512(key: &HmacKey, header: &str, claims: &Map<String, Value>) -> String {
    minted(header, claims, |message| {
        key.sign_with(hmac::HMAC_SHA512, message)
    })
}

fn minted(
    header: &str,
    claims: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let claims = serde_json::to_string(claims).expect("claims are JSON");
    signed(header, &claims, sign)
}

/// A token of this header and payload, as they are to appear.
pub(crate) fn signed(header: &str, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// A token taken apart; nothing is verified yet.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The JOSE header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
    signed: String,
    signature: String,
}

/// Takes a token apart (RFC 7515 §5.2, steps 1 to 4).
///
/// # Errors
/// `malformed_token` for anything but three base64url segments of JSON objects without repeated
/// names.
pub fn parse(token: &str) -> Result<Parts, Denial> {
    let malformed = |got: &str| {
        Denial::new(DenialKind::Malformed, "malformed_token")
            .expected("a JSON Web Token of three segments")
            .got(got)
    };
    let segments: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = segments[..] else {
        return Err(malformed(&format!("{} segments", segments.len())));
    };
    let object = |segment: &str, what: &str| {
        let bytes = URL_SAFE_NO_PAD
            .decode(segment)
            .map_err(|_| malformed(&format!("a {what} that is not base64url")))?;
        strict_object(&bytes).ok_or_else(|| {
            malformed(&format!(
                "a {what} that is not a JSON object with unique names"
            ))
        })
    };
    Ok(Parts {
        header: object(header, "header")?,
        claims: object(claims, "payload")?,
        signed: format!("{header}.{claims}"),
        signature: signature.to_owned(),
    })
}

impl Parts {
    /// Checks algorithm, `crit` and signature against an RSA key: RS256 alone is taken, whatever
    /// the token's header says (RFC 8725 §3.1).
    ///
    /// # Errors
    /// `bad_signature` or `malformed_token`.
    pub fn verify_rs256(&self, key: &RsaKey) -> Result<(), Denial> {
        let key = DecodingKey::from_rsa_der(&key.public_der);
        self.verify(Algorithm::RS256, "RS256", &key)
    }

    /// Checks algorithm, `crit` and signature against a symmetric key: HS256 alone is taken.
    ///
    /// # Errors
    /// `bad_signature` or `malformed_token`.
    pub fn verify_hs256(&self, key: &HmacKey) -> Result<(), Denial> {
        self.verify(
            Algorithm::HS256,
            "HS256",
            &DecodingKey::from_secret(key.bytes()),
        )
    }

    /// As [`verify_hs256`](Self::verify_hs256), with HS512 alone.
    ///
    /// # Errors
    /// `bad_signature` or `malformed_token`.
    pub fn verify_hs512(&self, key: &HmacKey) -> Result<(), Denial> {
        self.verify(
            Algorithm::HS512,
            "HS512",
            &DecodingKey::from_secret(key.bytes()),
        )
    }

    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        name: &str,
        key: &DecodingKey,
    ) -> Result<(), Denial> {
        let bad = |got: &str| {
            Denial::new(DenialKind::BadSignature, "bad_signature")
                .expected(name)
                .got(got)
        };
        match self.header.get("alg").and_then(Value::as_str) {
            Some(alg) if alg == name => {}
            other => return Err(bad(&format!("alg {}", other.unwrap_or("missing")))),
        }
        // RFC 7515 §4.1.11: "If any of the listed extension Header Parameters are not understood
        // and supported by the recipient, then the JWS is invalid." We support none.
        if self.header.contains_key("crit") {
            return Err(Denial::new(DenialKind::Malformed, "malformed_token")
                .got("a crit header that nobody here knows"));
        }
        match jsonwebtoken::crypto::verify(&self.signature, self.signed.as_bytes(), key, algorithm)
        {
            Ok(true) => Ok(()),
            _ => Err(bad("a signature that does not fit")),
        }
    }

    /// Checks `exp` and `nbf` at `now`: `exp` has to be there as a number and lie ahead (RFC 7519
    /// §4.1.4: "on or after" it the token is dead), `nbf` must not lie ahead (§4.1.5).
    ///
    /// # Errors
    /// `expired_token`, `not_yet_valid` or `malformed_token`.
    pub fn check_times(&self, now: Timestamp) -> Result<(), Denial> {
        let number = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| {
                Denial::new(DenialKind::Malformed, "malformed_token")
                    .got(format!("{name} that is not a number"))
            }),
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
        let seconds = now.as_millis() as f64 / 1000.0;
        let exp = number("exp")?.ok_or_else(|| {
            Denial::new(DenialKind::Malformed, "malformed_token")
                .expected("an exp claim")
                .got("no exp")
        })?;
        if seconds >= exp {
            return Err(Denial::new(DenialKind::Expired, "expired_token")
                .expected(format!("exp after {}", now.as_seconds()))
                .got(format!("exp {exp}")));
        }
        match number("nbf")? {
            Some(nbf) if nbf > seconds => {
                Err(Denial::new(DenialKind::NotYetValid, "not_yet_valid").got(format!("nbf {nbf}")))
            }
            _ => Ok(()),
        }
    }

    /// A text claim.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

/// A JSON object in which no name occurs twice at the top (RFC 7519 §4 allows to refuse that, and
/// a judge has to: two readers might take different values).
fn strict_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    struct Strict;
    impl<'de> serde::de::Visitor<'de> for Strict {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object with unique names")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut object = Map::new();
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                if object.insert(name, value).is_some() {
                    return Err(serde::de::Error::custom("a name twice"));
                }
            }
            Ok(object)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let object = serde::Deserializer::deserialize_map(&mut reader, Strict).ok()?;
    reader.end().ok().map(|()| object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    fn minted_with(header: &str, claims: Value) -> (HmacKey, String) {
        let key = HmacKey::derive(0, "test");
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        let token = mint_hs256(&key, header, &claims);
        (key, token)
    }

    fn verdict(header: &str, claims: Value, now: i64) -> Result<(), DenialKind> {
        let (key, token) = minted_with(header, claims);
        let parts = parse(&token).map_err(|denial| denial.kind)?;
        parts
            .verify_hs256(&key)
            .and_then(|()| parts.check_times(Timestamp::from_seconds(now)))
            .map_err(|denial| denial.kind)
    }

    #[test]
    fn a_token_dies_on_its_exp() {
        assert_eq!(verdict(HEADER, json!({"exp": 100}), 99), Ok(()));
        assert_eq!(
            verdict(HEADER, json!({"exp": 100}), 100),
            Err(DenialKind::Expired)
        );
    }

    #[test]
    fn a_missing_exp_is_named() {
        let (_, token) = minted_with(HEADER, json!({}));
        let parts = parse(&token).expect("a token");
        let denial = parts.check_times(Timestamp::default()).expect_err("no exp");
        assert_eq!(
            denial.sentence(),
            "malformed token: got no exp, expected an exp claim"
        );
    }

    #[test]
    fn what_a_judge_must_not_accept() {
        assert_eq!(verdict(HEADER, json!({}), 1), Err(DenialKind::Malformed));
        assert_eq!(
            verdict(HEADER, json!({"exp": "100"}), 1),
            Err(DenialKind::Malformed)
        );
        assert_eq!(
            verdict(HEADER, json!({"exp": 100, "nbf": 50}), 1),
            Err(DenialKind::NotYetValid)
        );
        assert_eq!(
            verdict(r#"{"alg":"none"}"#, json!({"exp": 100}), 1),
            Err(DenialKind::BadSignature)
        );
        assert_eq!(
            verdict(r#"{"alg":"hs256"}"#, json!({"exp": 100}), 1),
            Err(DenialKind::BadSignature)
        );
        assert_eq!(
            verdict(r#"{"alg":"HS256","crit":["x"]}"#, json!({"exp": 100}), 1),
            Err(DenialKind::Malformed)
        );
        assert_eq!(
            verdict(r#"{"alg":"HS256","alg":"HS256"}"#, json!({"exp": 100}), 1),
            Err(DenialKind::Malformed)
        );
    }

    #[test]
    fn an_rsa_token_is_verified_by_its_own_key_alone() {
        let (key, other) = (RsaKey::from_pool(0), RsaKey::from_pool(1));
        let token = mint_rs256(&key, r#"{"alg":"RS256","typ" : "JWT"}"#, &Map::new());
        let parts = parse(&token).expect("it parses");
        assert_eq!(parts.verify_rs256(&key), Ok(()));
        assert!(parts.verify_rs256(&other).is_err());
    }

    #[test]
    fn a_public_key_is_no_shared_secret() {
        let rsa = RsaKey::from_pool(0);
        let confused = HmacKey::derive(0, "x");
        let token = mint_hs256(&confused, HEADER, &Map::new());
        assert!(
            parse(&token)
                .expect("it parses")
                .verify_rs256(&rsa)
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0usize..1000, with in "[A-Za-z0-9_.-]") {
            let (key, token) = minted_with(HEADER, json!({"sub": "a", "exp": 100}));
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assume!(changed != token);
            prop_assert!(parse(&changed).and_then(|parts| parts.verify_hs256(&key)).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = parse(&text).map(|parts| parts.check_times(Timestamp::default()));
        }
    }
}
