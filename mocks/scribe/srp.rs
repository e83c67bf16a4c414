//! Secure Remote Password as a Cognito user pool plays it: the server's side of SRP-6a (RFC 5054)
//! with SHA-256, Cognito's own padding and its own key derivation.
//!
//! ```text
//! x   = H( pad(salt) | H( pool | user | ":" | password ) )      v = g^x
//! B   = k*v + g^b       k = H( pad(N) | pad(g) )
//! u   = H( pad(A) | pad(B) )
//! S   = (A * v^u)^b
//! K   = HKDF( salt: pad(u), secret: pad(S), info: "Caldera Derived Key" )[..16]
//! sig = HMAC( K, pool | user | secret block | timestamp )
//! ```
//!
//! All powers are taken in time that depends on no secret.

pub(super) mod timestamp;

use std::sync::LazyLock;

use aws_lc_rs::{digest, hmac};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U512, U3072};

/// The 3072-bit group of RFC 5054 appendix A, whose prime is that of RFC 3526 §5; its generator
/// would be 5, Cognito takes 2.
const PRIME: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374\
FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE\
386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598D\
A48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED5\
29077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E7\
72C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718399549\
7CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521A\
BDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8C\
DB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733\
EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074\
E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";

/// Hexadecimal digits of the largest number that is taken for A: those of N.
pub(super) const MAX_DIGITS: usize = 768;

const GENERATOR: u8 = 2;

type Element = FixedMontyForm<{ U3072::LIMBS }>;

/// The group, and k in it.
struct Group {
    params: FixedMontyParams<{ U3072::LIMBS }>,
    generator: Element,
    multiplier: Element,
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let prime = U3072::from_be_hex(PRIME);
    let params = FixedMontyParams::new_vartime(
        Odd::new(prime)
            .into_option()
            .expect("a prime above two is odd"),
    );
    let multiplier = sha256(&[&pad(&prime.to_be_bytes()), &pad(&[GENERATOR])]);
    let element = |number: &U3072| Element::new(number, &params);
    Group {
        params,
        generator: element(&U3072::from_u8(GENERATOR)),
        multiplier: element(&U256::from_be_slice(&multiplier).resize()),
    }
});

/// Who logs in, by what the hashes go over.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The id of the user pool after its region.
    pub(super) pool: String,
    /// USER_ID_FOR_SRP, whatever name was typed.
    pub(super) user: String,
    /// Sixteen bytes, the first not zero: some clients pad the salt as a number.
    pub(super) salt: [u8; 16],
}

/// What the pool knows of a password: v.
#[derive(Clone, Copy)]
pub(super) struct Verifier(Element);

/// A client's public number A.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientPublic(U3072);

/// The server's numbers of one login: b and B.
#[derive(Clone, Copy)]
pub(super) struct ServerPair {
    secret: U512,
    public: U3072,
}

impl Verifier {
    /// The verifier of a password.
    pub(super) fn of(identity: &Identity, password: &str) -> Self {
        let inner = sha256(&[
            identity.pool.as_bytes(),
            identity.user.as_bytes(),
            b":",
            password.as_bytes(),
        ]);
        let x = sha256(&[&pad(&identity.salt), &inner]);
        Self(GROUP.generator.pow(&U256::from_be_slice(&x)))
    }
}

impl ClientPublic {
    /// Reads SRP_A; `None` where it is zero modulo N or longer than N (RFC 5054 §2.5.4: the server
    /// "MUST abort"), or where it is not hexadecimal.
    pub(super) fn read(hex: &str) -> Option<Self> {
        let hex = hex.trim_start_matches('0');
        let digits = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        if hex.is_empty() || hex.len() > MAX_DIGITS || !digits {
            return None;
        }
        let number = U3072::from_be_hex(&format!("{hex:0>MAX_DIGITS$}"));
        let prime = U3072::from_be_hex(PRIME);
        // The client chose it: no secret.
        (number != prime).then_some(Self(number))
    }
}

impl ServerPair {
    /// b and B for a verifier, from 64 random bytes.
    pub(super) fn new(verifier: &Verifier, random: &[u8; 64]) -> Self {
        let secret = U512::from_be_slice(random);
        let public = GROUP.multiplier * verifier.0 + GROUP.generator.pow(&secret);
        Self {
            secret,
            public: public.retrieve(),
        }
    }

    /// SRP_B: lower-case digits without leading zeros.
    pub(super) fn public_hex(&self) -> String {
        hex(&self.public.to_be_bytes())
    }

    /// The key that both sides come to; `None` where u is zero.
    pub(super) fn key(&self, verifier: &Verifier, client: &ClientPublic) -> Option<[u8; 16]> {
        let u = sha256(&[
            &pad(&client.0.to_be_bytes()),
            &pad(&self.public.to_be_bytes()),
        ]);
        if u == [0; 32] {
            return None;
        }
        let client = Element::new(&client.0, &GROUP.params);
        let base = client * verifier.0.pow(&U256::from_be_slice(&u));
        let shared = base.pow(&self.secret).retrieve();
        let key = mac(&pad(&u), &[&pad(&shared.to_be_bytes())]);
        let key = mac(&key, &[b"Caldera Derived Key", &[1]]);
        key[..16].try_into().ok()
    }
}

/// PASSWORD_CLAIM_SIGNATURE.
pub(super) fn signature(
    key: &[u8; 16],
    identity: &Identity,
    secret_block: &[u8],
    timestamp: &str,
) -> [u8; 32] {
    let parts = [
        identity.pool.as_bytes(),
        identity.user.as_bytes(),
        secret_block,
        timestamp.as_bytes(),
    ];
    mac(key, &parts)
}

/// A number in lower-case digits without leading zeros.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.trim_start_matches('0').to_owned()
}

/// The bytes of a number without leading zeros, one zero in front where the top bit is set: the form
/// of Java's `BigInteger`.
fn pad(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0);
    let bytes = start.map_or(&[0][..], |start| &number[start..]);
    let mut padded = Vec::with_capacity(bytes.len() + 1);
    if bytes[0] >= 0x80 {
        padded.push(0);
    }
    padded.extend_from_slice(bytes);
    padded
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let tag = context.sign();
    tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn identity() -> Identity {
        Identity {
            pool: "AbCdEfGhI".into(),
            user: "11111111-2222-3333-4444-555555555555".into(),
            salt: std::array::from_fn(|at| u8::try_from(at + 1).expect("small")),
        }
    }

    /// b of the vector: 32 bytes, in the low half of ours.
    fn random() -> [u8; 64] {
        let mut random = [0; 64];
        random[32..].copy_from_slice(&sha256(&[b"locum srp b"]));
        random
    }

    fn digest_of(number: &U3072) -> String {
        hex(&sha256(&[&pad(&number.to_be_bytes())]))
    }

    /// Values that pycognito 2024.5.1 agrees with.
    #[test]
    fn a_login_comes_to_the_values_of_a_published_client() {
        let identity = identity();
        assert_eq!(hex(&identity.salt), "102030405060708090a0b0c0d0e0f10");
        let secret = U256::from_be_slice(&sha256(&[b"locum srp a"]));
        let a = GROUP.generator.pow(&secret).retrieve();
        assert_eq!(
            digest_of(&a),
            "46d047be5116cb8438c7b2e73f08524c0dcef27fab7663e88814d956d3dba85d"
        );
        let verifier = Verifier::of(&identity, "Vector1!pass");
        assert_eq!(
            digest_of(&verifier.0.retrieve()),
            "8aa6f837d13c6041ee5ffca780d45262271699521529a514c4d4be5e476706fc"
        );
        let pair = ServerPair::new(&verifier, &random());
        assert!(pair.public_hex().starts_with("40012b46abf3e758"));
        assert_eq!(
            digest_of(&pair.public),
            "3f46bb9152fe04c59a2c370bebcd5a6625d226e3ca5473a2d0a277e40af690fa"
        );
        let a = ClientPublic::read(&hex(&a.to_be_bytes())).expect("a number");
        let key = pair.key(&verifier, &a).expect("a key");
        assert_eq!(hex(&key), "fc0f8ae99169efc0ba78bc1fd835443b");
        let secret_block: Vec<u8> = (0..48).collect();
        let claim = signature(
            &key,
            &identity,
            &secret_block,
            "Sun Nov 22 15:55:23 UTC 2026",
        );
        assert_eq!(
            STANDARD.encode(claim),
            "IQ89R2Qe6/T1eNDx3pn7qHH89JQBYwFQzvRGzdgNtJc="
        );
    }

    #[test]
    fn the_multiplier_is_the_published_one() {
        assert_eq!(
            hex(&GROUP.multiplier.retrieve().to_be_bytes()),
            "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
        );
    }

    /// RFC 5054 §2.5.4: with A of no remainder anybody would know the key.
    #[test]
    fn numbers_that_give_the_key_away_are_not_taken() {
        let longer = format!("1{PRIME}");
        for hex in ["", "0", "00", PRIME, &longer, "xyz", "-1", "ü"] {
            assert!(ClientPublic::read(hex).is_none(), "{hex}");
        }
        for hex in ["1", "abcd", "ABCD", &format!("000{}", &PRIME[1..])] {
            assert!(ClientPublic::read(hex).is_some(), "{hex}");
        }
    }

    #[test]
    fn numbers_are_padded_as_java_writes_them() {
        let rows: [(&[u8], &[u8]); 5] = [
            (&[], &[0]),
            (&[0, 0], &[0]),
            (&[0, 0x7f], &[0x7f]),
            (&[0x80, 1], &[0, 0x80, 1]),
            (&[0, 0xff], &[0, 0xff]),
        ];
        for (number, padded) in rows {
            assert_eq!(pad(number), padded);
        }
    }
}
