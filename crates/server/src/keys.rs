//! Signing keys of a stage.
//!
//! RSA keys come from a small pool of TEST-ONLY keys inside the binary, chosen by the stage's seed:
//! nothing is generated at the start, and the same seed signs with the same key. Symmetric keys are
//! drawn from the seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::store::digest_of;

/// PKCS#1 keys of 2,048 bits, made for this purpose and public: never use them for anything else.
const POOL: [&[u8]; 16] = [
    include_bytes!("../keys/test-only-0.der"),
    include_bytes!("../keys/test-only-1.der"),
    include_bytes!("../keys/test-only-2.der"),
    include_bytes!("../keys/test-only-3.der"),
    include_bytes!("../keys/test-only-4.der"),
    include_bytes!("../keys/test-only-5.der"),
    include_bytes!("../keys/test-only-6.der"),
    include_bytes!("../keys/test-only-7.der"),
    include_bytes!("../keys/test-only-8.der"),
    include_bytes!("../keys/test-only-9.der"),
    include_bytes!("../keys/test-only-10.der"),
    include_bytes!("../keys/test-only-11.der"),
    include_bytes!("../keys/test-only-12.der"),
    include_bytes!("../keys/test-only-13.der"),
    include_bytes!("../keys/test-only-14.der"),
    include_bytes!("../keys/test-only-15.der"),
];

/// Keys that sign from the start; the other half signs after a rotation.
pub const FIRST_KEYS: u64 = 8;

/// The place in the pool of what signs for place `index` (below [`FIRST_KEYS`]) in a generation.
pub const fn rotated_index(index: u64, generation: u32) -> u64 {
    match generation {
        0 => index,
        // A cast, since no const can convert otherwise; it loses nothing.
        later => FIRST_KEYS + (index + later as u64 - 1) % FIRST_KEYS,
    }
}

/// An RSA key with its parsed form, so that no signature parses it again.
#[derive(Debug)]
pub struct RsaKey {
    /// `kid` of the key set.
    pub kid: String,
    /// Modulus, base64url without padding (RFC 7518 §6.3.1.1).
    pub n: String,
    /// Exponent, base64url without padding (RFC 7518 §6.3.1.2).
    pub e: String,
    /// The public key as DER `RSAPublicKey` (PKCS#1).
    pub public_der: Vec<u8>,
    pair: KeyPair,
}

impl RsaKey {
    /// The pool's key number `index` (modulo its size); its `kid` is the base64url SHA-256 of its
    /// public key.
    pub fn from_pool(index: u64) -> Arc<Self> {
        Arc::new(Self::parsed(index))
    }

    /// The key that takes the place of number `index` in a generation of its vendor's keys. The pool
    /// comes round after some rotations, but no `kid` does.
    pub fn of_generation(index: u64, generation: u32) -> Arc<Self> {
        let mut key = Self::parsed(rotated_index(index, generation));
        if generation > 0 {
            let named = format!("{} {generation}", key.kid);
            key.kid = URL_SAFE_NO_PAD.encode(digest_of(&named));
        }
        Arc::new(key)
    }

    fn parsed(index: u64) -> Self {
        let at = usize::try_from(index % POOL.len() as u64).expect("smaller than the pool");
        let pair = KeyPair::from_der(POOL[at]).expect("the pool holds PKCS#1 RSA keys");
        let public = pair.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public_der = public.as_ref().to_vec();
        Self {
            kid: encode(
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &public_der).as_ref(),
            ),
            n: encode(public.modulus().big_endian_without_leading_zero()),
            e: encode(public.exponent().big_endian_without_leading_zero()),
            public_der,
            pair,
        }
    }

    /// The public key as programs hold it: PEM of a SubjectPublicKeyInfo (RFC 7468 §13).
    pub fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self
            .pair
            .public_key()
            .as_der()
            .expect("a key that was parsed is written again");
        let text = STANDARD.encode(der.as_ref());
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

    /// RS256 over `message` (RFC 7518 §3.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(&RSA_PKCS1_SHA256, message)
    }

    /// How it signs under this `alg`, in any letter case (RFC 7518 §3.3, §3.5).
    pub(crate) fn algorithm(alg: &str) -> Option<&'static dyn RsaEncoding> {
        Some(match alg.to_ascii_uppercase().as_str() {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            _ => return None,
        })
    }

    /// A signature over `message` in this encoding.
    pub(crate) fn sign_with(&self, algorithm: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.pair
            .sign(algorithm, &random, message, &mut signature)
            .expect("the buffer has the modulus' length");
        signature
    }
}

/// How many keys of a place are kept parsed: more than a key set ever has.
const MAX_PARSED: usize = 64;

/// RSA keys that follow each other in one place, the latest of them parsed once.
#[derive(Debug)]
pub struct RsaKeyring {
    index: u64,
    parsed: Mutex<BTreeMap<u32, Arc<RsaKey>>>,
}

impl RsaKeyring {
    /// The keys of the pool's place `index`.
    pub const fn new(index: u64) -> Self {
        Self {
            index,
            parsed: Mutex::new(BTreeMap::new()),
        }
    }

    /// The key of a generation.
    pub fn of(&self, generation: u32) -> Arc<RsaKey> {
        let mut parsed = self
            .parsed
            .lock()
            .expect("no code panics while it holds the keys");
        let key = parsed
            .entry(generation)
            .or_insert_with(|| RsaKey::of_generation(self.index, generation));
        let key = Arc::clone(key);
        // Those before the remembered ones verify nothing any more.
        if parsed.len() > MAX_PARSED {
            parsed.pop_first();
        }
        key
    }
}

/// A symmetric key.
pub struct HmacKey {
    secret: Vec<u8>,
}

impl HmacKey {
    /// The key for `purpose` on a stage of this seed.
    pub fn derive(seed: u64, purpose: &str) -> Self {
        Self {
            secret: digest_of(&format!("locum {seed} {purpose}")).to_vec(),
        }
    }

    /// The key whose octets are `text`: what a verifier takes that holds a public key for a secret.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        Self {
            secret: text.to_vec(),
        }
    }

    /// HS256 over `message` (RFC 7518 §3.2).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(hmac::HMAC_SHA256, message)
    }

    /// The hash of this `alg`, in any letter case (RFC 7518 §3.2).
    pub(crate) fn algorithm(alg: &str) -> Option<hmac::Algorithm> {
        Some(match alg.to_ascii_uppercase().as_str() {
            "HS256" => hmac::HMAC_SHA256,
            "HS384" => hmac::HMAC_SHA384,
            "HS512" => hmac::HMAC_SHA512,
            _ => return None,
        })
    }

    /// HMAC over `message` with another hash.
    pub fn sign_with(&self, algorithm: hmac::Algorithm, message: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(algorithm, &self.secret), message)
            .as_ref()
            .to_vec()
    }

    /// The key itself, for a verifier.
    pub fn bytes(&self) -> &[u8] {
        &self.secret
    }
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HmacKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl rsa -pubout` begins and ends; it ended one octet early once, so that no program
    /// read it.
    #[test]
    fn a_public_key_is_written_whole() {
        let pem = RsaKey::from_pool(0).public_pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(
            body.starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"),
            "{pem}"
        );
        let der = STANDARD.decode(body).expect("base64");
        assert_eq!(der.len(), 4 + 0x122, "the length that it says");
    }

    #[test]
    fn rotations_without_end_keep_the_latest_keys_alone() {
        let ring = RsaKeyring::new(0);
        let first = ring.of(0).kid.clone();
        for generation in 1..200 {
            ring.of(generation);
        }
        assert_eq!(ring.parsed.lock().expect("whole").len(), MAX_PARSED);
        assert_eq!(ring.of(0).kid, first, "one that was let go comes back");
    }
}
