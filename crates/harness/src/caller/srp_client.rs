//! The client's side of a login by SRP as Amazon Cognito plays it (SRP-6a of RFC 5054, with SHA-256).
//!
//! ```text
//! x   = H( pad(salt) | H( pool | user | ":" | password ) )
//! u   = H( pad(A) | pad(B) )          k = H( pad(N) | pad(g) )
//! S   = (B - k * g^x) ^ (a + u * x)
//! K   = HMAC( HMAC( pad(u), pad(S) ), "Caldera Derived Key" | 1 )[..16]
//! sig = HMAC( K, pool | user | secret block | timestamp )
//! ```

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U3072};
use serde_json::Value;

use super::srp::{N, bytes_of, padded, sign};

/// Octets of a number modulo N.
const BYTES: usize = 384;

type Element = FixedMontyForm<{ U3072::LIMBS }>;

static GROUP: LazyLock<FixedMontyParams<{ U3072::LIMBS }>> = LazyLock::new(|| {
    let prime = Odd::new(U3072::from_be_hex(N)).into_option();
    FixedMontyParams::new_vartime(prime.expect("a prime above two is odd"))
});

/// A client in the middle of a login.
pub(super) struct SrpClient {
    secret: U256,
    public: U3072,
}

/// Who proves a password to whom.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    /// The id of the user pool without its region.
    pub(super) pool: &'a str,
    /// The password.
    pub(super) password: &'a str,
    /// `TIMESTAMP`, as it is signed.
    pub(super) time: &'a str,
}

impl SrpClient {
    /// A client whose secret number is `random`.
    pub(super) fn new(random: [u8; 32]) -> Self {
        let secret = U256::from_be_slice(&random);
        let public = generator().pow(&secret).retrieve();
        Self { secret, public }
    }

    /// `SRP_A`.
    pub(super) fn public_hex(&self) -> String {
        let bytes = self.public.to_be_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// `PASSWORD_CLAIM_SIGNATURE` over the `ChallengeParameters` of a `PASSWORD_VERIFIER`; `None` where
    /// they cannot be read.
    pub(super) fn proof(&self, parameters: &Value, claim: &Claim<'_>) -> Option<[u8; 32]> {
        let text = |name: &str| parameters[name].as_str();
        let user = text("USER_ID_FOR_SRP")?;
        let server = bytes_of(text("SRP_B")?)?;
        let public = padded(&self.public.to_be_bytes());
        let u = hash(&[&public, &padded(&server)]);
        let inner = [claim.pool, user, ":", claim.password].map(str::as_bytes);
        let salt = padded(&bytes_of(text("SALT")?)?);
        let x = hash(&[&salt, &hash(&inner)]);
        let shared = self.shared(&number(&server)?, &u, &x);
        let key = sign(&padded(&u), &padded(&shared));
        let key = sign(&key, b"Caldera Derived Key\x01");
        let block = STANDARD.decode(text("SECRET_BLOCK")?).ok()?;
        let [pool, user, time] = [claim.pool, user, claim.time].map(str::as_bytes);
        Some(sign(&key[..16], &[pool, user, &block, time].concat()))
    }

    fn shared(&self, server: &U3072, u: &[u8], x: &[u8]) -> Vec<u8> {
        let k = hash(&[&padded(&GROUP.modulus().to_be_bytes()), &[2]]);
        let [k, u, x] = [&k[..], u, x].map(U256::from_be_slice);
        let verifier = generator().pow(&x);
        let base = element(server) - element(&k.resize()) * verifier;
        let shared = base.pow(&self.secret) * base.pow(&x).pow(&u);
        shared.retrieve().to_be_bytes().to_vec()
    }
}

/// A number of at most as many octets as N.
fn number(bytes: &[u8]) -> Option<U3072> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let start = BYTES.checked_sub(bytes.len())?;
    let mut whole = [0; BYTES];
    whole[start..].copy_from_slice(bytes);
    Some(U3072::from_be_slice(&whole))
}

fn element(number: &U3072) -> Element {
    Element::new(number, &GROUP)
}

fn generator() -> Element {
    element(&U3072::from_u8(2))
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, &parts.concat());
    digest.as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The figures of a second program (pycognito 2024.5.1).
    #[test]
    fn the_proof_is_that_of_another_client() {
        let (salt, password) = ("102030405060708090a0b0c0d0e0f10", "Vector1!pass");
        let user = "11111111-2222-3333-4444-555555555555";
        let secret = |word: &str| {
            let hash = hash(&[word.as_bytes()]);
            <[u8; 32]>::try_from(hash).expect("SHA-256 has 32 bytes")
        };
        let client = SrpClient::new(secret("locum srp a"));
        let inner = hash(&[format!("AbCdEfGhI{user}:{password}").as_bytes()]);
        let x = hash(&[&padded(&bytes_of(salt).expect("digits")), &inner]);
        let verifier = generator().pow(&U256::from_be_slice(&x));
        let k = hash(&[&padded(&GROUP.modulus().to_be_bytes()), &[2]]);
        let b = U256::from_be_slice(&secret("locum srp b"));
        let public = element(&U256::from_be_slice(&k).resize()) * verifier + generator().pow(&b);
        let public = public.retrieve().to_be_bytes();
        let public: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(public.starts_with("40012b46abf3e758"), "{public}");
        let block: Vec<u8> = (0..48).collect();
        let parameters = json!({
            "SALT": salt,
            "SRP_B": public,
            "USER_ID_FOR_SRP": user,
            "SECRET_BLOCK": STANDARD.encode(block),
        });
        let claim = Claim {
            pool: "AbCdEfGhI",
            password,
            time: "Sun Nov 22 15:55:23 UTC 2026",
        };
        let proof = client.proof(&parameters, &claim).expect("it is whole");
        let expected = "IQ89R2Qe6/T1eNDx3pn7qHH89JQBYwFQzvRGzdgNtJc=";
        assert_eq!(STANDARD.encode(proof), expected);
        for name in ["SALT", "SRP_B", "USER_ID_FOR_SRP", "SECRET_BLOCK"] {
            let mut lacking = parameters.clone();
            lacking[name] = Value::Null;
            assert_eq!(client.proof(&lacking, &claim), None, "{name}");
        }
    }
}
