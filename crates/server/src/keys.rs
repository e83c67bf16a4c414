//! Signing keys of a stage.
//!
//! RSA keys come from a small pool of TEST-ONLY keys inside the binary, chosen by the stage's seed:
//! nothing is generated at the start, and the same seed signs with the same key. Symmetric keys are
//! drawn from the seed.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::store::digest_of;

/// PKCS#1 keys of 2,048 bits, made for this purpose and public: never use them for anything else.
const POOL: [&[u8]; 8] = [
    include_bytes!("../keys/test-only-0.der"),
    include_bytes!("../keys/test-only-1.der"),
    include_bytes!("../keys/test-only-2.der"),
    include_bytes!("../keys/test-only-3.der"),
    include_bytes!("../keys/test-only-4.der"),
    include_bytes!("../keys/test-only-5.der"),
    include_bytes!("../keys/test-only-6.der"),
    include_bytes!("../keys/test-only-7.der"),
];

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
        let at = usize::try_from(index % POOL.len() as u64).expect("smaller than the pool");
        let pair = KeyPair::from_der(POOL[at]).expect("the pool holds PKCS#1 RSA keys");
        let public = pair.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public_der = public.as_ref().to_vec();
        Arc::new(Self {
            kid: encode(
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &public_der).as_ref(),
            ),
            n: encode(public.modulus().big_endian_without_leading_zero()),
            e: encode(public.exponent().big_endian_without_leading_zero()),
            public_der,
            pair,
        })
    }

    /// RS256 over `message` (RFC 7518 §3.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .expect("the buffer has the modulus' length");
        signature
    }
}

/// A symmetric key.
pub struct HmacKey {
    secret: [u8; 32],
}

impl HmacKey {
    /// The key for `purpose` on a stage of this seed.
    pub fn derive(seed: u64, purpose: &str) -> Self {
        Self {
            secret: digest_of(&format!("locum {seed} {purpose}")),
        }
    }

    /// HS256 over `message` (RFC 7518 §3.2).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(hmac::HMAC_SHA256, message)
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
