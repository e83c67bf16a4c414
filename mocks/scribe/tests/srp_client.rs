//! The client's side of SRP, for tests: written from the protocol, sharing no code with the pool's.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U1024, U3072};
use serde_json::{Value, json};

/// N and what is computed modulo N.
struct Group(FixedMontyParams<{ U3072::LIMBS }>);

type Element = FixedMontyForm<{ U3072::LIMBS }>;

impl Group {
    fn new() -> Self {
        // RFC 3526 §5: 2^3072 - 2^3008 - 1 + 2^64 * ( [2^2942 pi] + 1690314 ), in digits.
        let digits = include_str!("rfc3526-3072.txt").replace(char::is_whitespace, "");
        let prime = Odd::new(U3072::from_be_hex(&digits)).into_option();
        Self(FixedMontyParams::new_vartime(prime.expect("odd")))
    }

    fn element(&self, number: &U3072) -> Element {
        Element::new(number, &self.0)
    }
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    digest::digest(&digest::SHA256, &parts.concat())
        .as_ref()
        .to_vec()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, &parts.concat()).as_ref().to_vec()
}

/// A number as two's complement, as short as it goes.
fn signed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

fn number(hex: &str) -> U3072 {
    U3072::from_be_hex(&format!("{hex:0>768}"))
}

fn hex(number: &U3072) -> String {
    let bytes = number.to_be_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A client in the middle of a login.
pub(super) struct SrpClient {
    group: Group,
    secret: U256,
    public: U3072,
}

impl SrpClient {
    pub(super) fn new(word: &str) -> Self {
        let group = Group::new();
        let secret = U256::from_be_slice(&sha(&[word.as_bytes()]));
        let public = group.element(&U3072::from_u8(2)).pow(&secret).retrieve();
        Self {
            group,
            secret,
            public,
        }
    }

    /// SRP_A.
    pub(super) fn public(&self) -> String {
        hex(&self.public)
    }

    /// ChallengeResponses to the parameters of a PASSWORD_VERIFIER.
    pub(super) fn answer(
        &self,
        parameters: &Value,
        pool: &str,
        password: &str,
        timestamp: &str,
    ) -> Value {
        let text = |name: &str| parameters[name].as_str().expect("text");
        let (group, user) = (&self.group, text("USER_ID_FOR_SRP"));
        let prime = group.0.modulus().to_be_bytes();
        let k = U256::from_be_slice(&sha(&[&signed(&prime), &[2]]));
        let server = number(text("SRP_B"));
        let u = sha(&[
            &signed(&self.public.to_be_bytes()),
            &signed(&server.to_be_bytes()),
        ]);
        let salt = number(text("SALT")).to_be_bytes();
        let inner = sha(&[format!("{pool}{user}:{password}").as_bytes()]);
        let x = U256::from_be_slice(&sha(&[&signed(&salt), &inner]));
        // S = (B - k * g^x) ^ (a + u * x)
        let verifier = group.element(&U3072::from_u8(2)).pow(&x);
        let base = group.element(&server) - group.element(&k.resize()) * verifier;
        let wide = |number: &U256| number.resize::<{ U1024::LIMBS }>();
        let exponent = wide(&U256::from_be_slice(&u))
            .wrapping_mul(&wide(&x))
            .wrapping_add(&wide(&self.secret));
        let shared = base.pow(&exponent).retrieve();
        let key = mac(&signed(&u), &[&signed(&shared.to_be_bytes())]);
        let key = &mac(&key, &[b"Caldera Derived Key\x01"])[..16];
        let block = STANDARD.decode(text("SECRET_BLOCK")).expect("base64");
        let message: [&[u8]; 4] = [
            pool.as_bytes(),
            user.as_bytes(),
            &block,
            timestamp.as_bytes(),
        ];
        json!({
            "USERNAME": user,
            "TIMESTAMP": timestamp,
            "PASSWORD_CLAIM_SECRET_BLOCK": text("SECRET_BLOCK"),
            "PASSWORD_CLAIM_SIGNATURE": STANDARD.encode(mac(key, &message)),
        })
    }
}
