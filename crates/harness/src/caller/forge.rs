//! Tokens made from an accepted one with one thing changed. Nobody holds the vendor's key here: what
//! is signed is signed by a key of our own, or by HMAC with what the vendor publishes.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, PublicKey, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use crate::evidence::ShownToken;

/// Keys and certificates of the harness, made for this purpose and public: never use them for
/// anything else.
const RSA: &[u8] = include_bytes!("../../keys/test-only-rsa.der");
const RSA_CERTIFICATE: &[u8] = include_bytes!("../../keys/test-only-rsa.crt");
const EC: &[u8] = include_bytes!("../../keys/test-only-ec.der");
const EC_CERTIFICATE: &[u8] = include_bytes!("../../keys/test-only-ec.crt");

/// A shared secret that every token of ours may bring along.
const SECRET: &[u8] = b"a secret that stands in the token which it signs";

/// Secrets that stand in samples, and in the programs that were made of them.
const USUAL_SECRETS: [&str; 16] = [
    "secret",
    "",
    "your-256-bit-secret",
    "your-secret-key",
    "secret-key",
    "secret_key",
    "secretkey",
    "supersecret",
    "super-secret",
    "mysecret",
    "my-secret",
    "changeme",
    "password",
    "key",
    "test",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
];

/// The path at which our listener shows a certificate; all others show a key set.
pub(crate) const CERTIFICATE_PATH: &str = "/locum.pem";

/// An accepted token, taken apart.
#[derive(Clone)]
pub(crate) struct Template {
    header: Map<String, Value>,
    header_text: String,
    payload: Map<String, Value>,
    payload_text: String,
    signature: String,
    /// What was signed, as it came.
    message: String,
}

/// What else is at hand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Material<'a> {
    /// The vendor's key that verifies the template, as its key set has it.
    pub(crate) key: Option<&'a Value>,
    /// `host:port` of a listener of ours.
    pub(crate) listener: Option<&'a str>,
    /// The values of the account, one of which a program may have taken for a key.
    pub(crate) account_values: &'a [String],
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

impl Template {
    /// Takes a token apart; `None` when it is no JWT.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let segments: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = segments[..] else {
            return None;
        };
        let object = |segment: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
            serde_json::from_slice::<Map<String, Value>>(&bytes).ok()
        };
        let message = format!("{header}.{payload}");
        let members = object(header)?;
        members.get("alg")?.as_str()?;
        Some(Self {
            header: members,
            header_text: header.to_owned(),
            payload: object(payload)?,
            payload_text: payload.to_owned(),
            signature: signature.to_owned(),
            message,
        })
    }

    /// The `alg` of its header.
    pub(crate) fn alg(&self) -> &str {
        self.header["alg"].as_str().unwrap_or_default()
    }

    /// The `kid` of its header.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// Its claims.
    pub(crate) const fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// The token as `shown`; `None` where what that needs is not at hand.
    pub(crate) fn forged(&self, shown: ShownToken, material: Material<'_>) -> Option<String> {
        use ShownToken as S;
        Some(match shown {
            S::Unsecured => self.unsecured("none", ""),
            S::UnsecuredTitle => self.unsecured("None", ""),
            S::UnsecuredCapitals => self.unsecured("NONE", ""),
            S::UnsecuredMixed => self.unsecured("nONE", ""),
            S::UnsecuredSigned => self.unsecured("none", &self.signature),
            S::OtherSubject | S::LaterEnd | S::MoreClaims => {
                format!(
                    "{}.{}.{}",
                    self.header_text,
                    encode(&self.claimed(shown)),
                    self.signature
                )
            }
            S::FirstLetter => self.with_signature(&altered(&self.signature, 0)?),
            S::MiddleLetter => {
                self.with_signature(&altered(&self.signature, self.signature.len() / 2)?)
            }
            S::LastLetter => {
                let last = self.signature.len().checked_sub(1)?;
                self.with_signature(&altered(&self.signature, last)?)
            }
            S::HalfSignature => {
                let half = self.signature.chars().count() / 2;
                self.with_signature(&self.signature.chars().take(half).collect::<String>())
            }
            S::EmptySignature => self.with_signature(""),
            S::NoSignature => format!("{}.{}", self.header_text, self.payload_text),
            S::FourthPart => self.with_signature(&format!("{}.e30", self.signature)),
            S::OwnSecret => {
                let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)});
                let header = self.header_with(&[("alg", "HS256".into()), ("jwk", jwk)]);
                self.signed(&header, Algorithm::HS256, &EncodingKey::from_secret(SECRET))?
            }
            S::EmptySecret => self.by_secret(b"")?,
            S::GuessedSecret => {
                self.by_secret(self.guessed_secret(material.account_values).as_bytes())?
            }
            S::KidPath => {
                let path = "../../../../../../../../dev/null";
                let header = self.header_with(&[("alg", "HS256".into()), ("kid", path.into())]);
                self.signed(&header, Algorithm::HS256, &EncodingKey::from_secret(b""))?
            }
            S::Jku
            | S::JkuOverTls
            | S::X5u
            | S::KidAddress
            | S::KidSql
            | S::NoKid
            | S::UnknownKid
            | S::OwnJwk
            | S::OwnJwkAndKid
            | S::OwnCertificate => self.by_own_key(shown, material)?,
            S::PublicPem
            | S::PublicPemCut
            | S::Pkcs1Pem
            | S::Pkcs1PemCut
            | S::PublicDer
            | S::Pkcs1Der
            | S::Modulus
            | S::KeyAsJson
            | S::Certificate => {
                let secret = public_text(shown, material.key?)?;
                let header = self.header_with(&[("alg", "HS256".into())]);
                self.signed(
                    &header,
                    Algorithm::HS256,
                    &EncodingKey::from_secret(&secret),
                )?
            }
            _ => return None,
        })
    }

    /// With one more claim and signed by HMAC with `secret`: as the vendor's own tokens are, or by
    /// HS256 where those are signed otherwise.
    fn by_secret(&self, secret: &[u8]) -> Option<String> {
        let own = hmac_of(self.alg()).map(|algorithm| (self.alg(), algorithm));
        let (name, algorithm) = own.unwrap_or(("HS256", Algorithm::HS256));
        let forged = Self {
            payload_text: encode(&self.claimed(ShownToken::MoreClaims)),
            ..self.clone()
        };
        let header = self.header_with(&[("alg", name.into())]);
        forged.signed(&header, algorithm, &EncodingKey::from_secret(secret))
    }

    /// The usual secret, or the one of `account_values`, that verifies the token, if one does; else the
    /// most usual one.
    fn guessed_secret<'w>(&self, account_values: &'w [String]) -> &'w str {
        let verifies = |secret: &&str| {
            let algorithm = hmac_of(self.alg())?;
            let key = EncodingKey::from_secret(secret.as_bytes());
            // As it came, whose header need not be written as we write it.
            let signature =
                jsonwebtoken::crypto::sign(self.message.as_bytes(), &key, algorithm).ok()?;
            Some(signature == self.signature)
        };
        let values = account_values.iter().map(String::as_str);
        let mut known = USUAL_SECRETS.into_iter().chain(values);
        known
            .find(|secret| verifies(secret) == Some(true))
            .unwrap_or(USUAL_SECRETS[0])
    }

    /// Its claims with two `exp`, in this order.
    pub(crate) fn ends_twice(&self, ends: [i64; 2]) -> String {
        let mut others = self.payload.clone();
        others.remove("exp");
        let text = Value::Object(others).to_string();
        let open = text.strip_suffix('}').unwrap_or_default();
        let comma = if open.len() > 1 { "," } else { "" };
        format!(r#"{open}{comma}"exp":{},"exp":{}}}"#, ends[0], ends[1])
    }

    fn with_signature(&self, signature: &str) -> String {
        format!("{}.{}.{signature}", self.header_text, self.payload_text)
    }

    fn unsecured(&self, alg: &str, signature: &str) -> String {
        let header = self.header_with(&[("alg", alg.into())]);
        format!("{}.{}.{signature}", encode(&header), self.payload_text)
    }

    fn claimed(&self, shown: ShownToken) -> Map<String, Value> {
        let mut payload = self.payload.clone();
        let (name, value): (_, Value) = match shown {
            ShownToken::OtherSubject => {
                let own = payload.get("sub").and_then(Value::as_str);
                ("sub", format!("other-{}", own.unwrap_or_default()).into())
            }
            ShownToken::LaterEnd => {
                let own = payload.get("exp").and_then(Value::as_i64);
                ("exp", own.unwrap_or_default().saturating_add(86_400).into())
            }
            _ => ("locum", "1".into()),
        };
        payload.insert(name.to_owned(), value);
        payload
    }

    fn header_with(&self, members: &[(&str, Value)]) -> Map<String, Value> {
        let mut header = self.header.clone();
        for (name, value) in members {
            header.insert((*name).to_owned(), value.clone());
        }
        header
    }

    fn signed(
        &self,
        header: &Map<String, Value>,
        algorithm: Algorithm,
        key: &EncodingKey,
    ) -> Option<String> {
        let message = format!("{}.{}", encode(header), self.payload_text);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).ok()?;
        Some(format!("{message}.{signature}"))
    }

    /// Signed by a key of ours, of the same kind as the vendor's, to which the header leads.
    fn by_own_key(&self, shown: ShownToken, material: Material<'_>) -> Option<String> {
        let own = OwnKey::like(self.alg())?;
        let at = |scheme: &str, path: &str| {
            let listener = material.listener?;
            Some(Value::from(format!("{scheme}://{listener}{path}")))
        };
        let certificate = || json!([STANDARD.encode(own.certificate)]);
        let mut members = match shown {
            ShownToken::Jku => vec![("jku", at("http", "/locum.json")?)],
            ShownToken::JkuOverTls => vec![("jku", at("https", "/locum.json")?)],
            ShownToken::X5u => vec![("x5u", at("http", CERTIFICATE_PATH)?)],
            ShownToken::KidAddress => vec![("kid", at("http", "/locum.json")?)],
            ShownToken::KidSql => vec![("kid", "x' OR '1'='1' --".into())],
            ShownToken::UnknownKid => vec![("kid", "nobody-knows-it".into())],
            ShownToken::NoKid => vec![],
            ShownToken::OwnJwk => {
                let kid = own.jwk["kid"].clone();
                vec![("jwk", own.jwk.clone()), ("kid", kid)]
            }
            ShownToken::OwnJwkAndKid => vec![("jwk", own.jwk.clone())],
            _ => vec![("x5c", certificate())],
        };
        members.push(("alg", own.name.into()));
        let mut header = self.header_with(&members);
        if shown == ShownToken::NoKid {
            header.remove("kid");
        }
        self.signed(&header, own.algorithm, &own.key)
    }
}

/// A key of ours with its public parts.
struct OwnKey {
    name: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    jwk: Value,
    certificate: &'static [u8],
}

impl OwnKey {
    /// One that signs with `alg`; with RS256 where we have none.
    fn like(alg: &str) -> Option<Self> {
        if alg == "ES256" {
            return Self::ec();
        }
        let known = [
            ("RS256", Algorithm::RS256),
            ("RS384", Algorithm::RS384),
            ("RS512", Algorithm::RS512),
            ("PS256", Algorithm::PS256),
            ("PS384", Algorithm::PS384),
            ("PS512", Algorithm::PS512),
        ];
        let found = known.into_iter().find(|(name, _)| *name == alg);
        let (name, algorithm) = found.unwrap_or(known[0]);
        let pair = KeyPair::from_der(RSA).ok()?;
        let public = pair.public_key();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({
            "kty": "RSA", "kid": "locum", "use": "sig", "alg": name,
            "n": text(public.modulus().big_endian_without_leading_zero()),
            "e": text(public.exponent().big_endian_without_leading_zero()),
        });
        Some(Self {
            name,
            algorithm,
            key: EncodingKey::from_rsa_der(RSA),
            jwk,
            certificate: RSA_CERTIFICATE,
        })
    }

    fn ec() -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, EC).ok()?;
        // SEC 1 §2.3.3: 04, then 32 octets each of x and y.
        let point = pair.public_key().as_ref();
        let text = |from: usize| Some(URL_SAFE_NO_PAD.encode(point.get(from..from + 32)?));
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "kid": "locum", "use": "sig", "alg": "ES256",
            "x": text(1)?, "y": text(33)?,
        });
        Some(Self {
            name: "ES256",
            algorithm: Algorithm::ES256,
            key: EncodingKey::from_ec_der(EC),
            jwk,
            certificate: EC_CERTIFICATE,
        })
    }
}

/// The HMAC that signs under this name.
fn hmac_of(alg: &str) -> Option<Algorithm> {
    match alg {
        "HS256" => Some(Algorithm::HS256),
        "HS384" => Some(Algorithm::HS384),
        "HS512" => Some(Algorithm::HS512),
        _ => None,
    }
}

/// What our listener shows: our public keys under the vendor's `kid`, and under a name of our own.
pub(crate) fn own_key_set(alg: &str, kid: Option<&str>) -> Value {
    let Some(own) = OwnKey::like(alg) else {
        return json!({"keys": []});
    };
    let mut named = own.jwk.clone();
    named["kid"] = kid.into();
    json!({"keys": [named, own.jwk]})
}

/// The certificate of our key, in PEM.
pub(crate) fn own_certificate(alg: &str) -> String {
    let certificate = OwnKey::like(alg).map_or(RSA_CERTIFICATE, |own| own.certificate);
    pem("CERTIFICATE", certificate)
}

/// A public RSA key in one of the spellings in which a program may hold it.
fn public_text(shown: ShownToken, key: &Value) -> Option<Vec<u8>> {
    use ShownToken as S;
    if key["kty"] != "RSA" {
        return None;
    }
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
    let (n, e) = (number("n")?, number("e")?);
    let whole = || {
        let components = PublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        };
        Some(components.as_der().ok()?.as_ref().to_vec())
    };
    let inner = || Some(PublicKey::from_der(&whole()?).ok()?.as_ref().to_vec());
    let cut = |text: String| text.trim_end().as_bytes().to_vec();
    Some(match shown {
        S::PublicPem => pem("PUBLIC KEY", &whole()?).into_bytes(),
        S::PublicPemCut => cut(pem("PUBLIC KEY", &whole()?)),
        S::Pkcs1Pem => pem("RSA PUBLIC KEY", &inner()?).into_bytes(),
        S::Pkcs1PemCut => cut(pem("RSA PUBLIC KEY", &inner()?)),
        S::PublicDer => whole()?,
        S::Pkcs1Der => inner()?,
        S::Modulus => n,
        S::KeyAsJson => key.to_string().into_bytes(),
        _ => {
            let certificate = STANDARD.decode(key["x5c"][0].as_str()?).ok()?;
            pem("CERTIFICATE", &certificate).into_bytes()
        }
    })
}

/// RFC 7468 §2.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: String = text
        .as_bytes()
        .chunks(64)
        .flat_map(|line| [String::from_utf8_lossy(line).into_owned(), "\n".to_owned()])
        .collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

fn encode(object: &Map<String, Value>) -> String {
    URL_SAFE_NO_PAD.encode(Value::Object(object.clone()).to_string())
}

/// `text` with the letter at `at` changed by the upper of its six bits: the last letter of a
/// signature carries fewer bits, of which the upper ones count.
pub(super) fn altered(text: &str, at: usize) -> Option<String> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = text.as_bytes().get(at)?;
    let value = LETTERS.iter().position(|known| known == letter)?;
    let other = char::from(LETTERS[value ^ 0b10_0000]);
    Some(format!("{}{other}{}", &text[..at], &text[at + 1..]))
}

#[cfg(test)]
#[path = "forge_tests.rs"]
mod tests;
