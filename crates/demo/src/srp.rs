//! Sign-in by Secure Remote Password, with the fault that it was written for: the proof is computed
//! with the name as it was typed, not with USER_ID_FOR_SRP.
//!
//! ```text
//! x   = H( pad(salt) | H( pool | name | ":" | password ) )
//! u   = H( pad(A) | pad(B) )          k = H( pad(N) | pad(g) )
//! S   = (B - k * g^x) ^ (a + u * x)
//! K   = HMAC( HMAC( pad(u), pad(S) ), "Caldera Derived Key" | 1 )[..16]
//! sig = HMAC( K, pool | name | secret block | timestamp )
//! ```

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U3072};
use locum_core::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::cognito::{USER_POOL, operation};
use crate::failure::Failure;
use crate::login::Timed;
use crate::signing::hex;

/// The prime of the 3072-bit group: RFC 3526 §5.
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

const GENERATOR: u8 = 2;

type Element = FixedMontyForm<{ U3072::LIMBS }>;

/// InitiateAuth with USER_SRP_AUTH, and the answer to its challenge.
pub(crate) async fn log_in(client: &Client, name: &str, password: &str) -> Result<Timed, Failure> {
    let config = client.config();
    let group = FixedMontyParams::new_vartime(
        Odd::new(U3072::from_be_hex(PRIME))
            .into_option()
            .expect("a prime above two is odd"),
    );
    let element = |number: &U3072| Element::new(number, &group);
    let generator = element(&U3072::from_u8(GENERATOR));
    let secret = U256::from_be_slice(&client.random.bytes::<32>());
    let public = generator.pow(&secret).retrieve();
    let body = json!({
        "ClientId": config.client_id(),
        "AuthFlow": "USER_SRP_AUTH",
        "AuthParameters": {"USERNAME": name, "SRP_A": hex(pad(&public.to_be_bytes()))},
    });
    let timed = operation(client, USER_POOL, "InitiateAuth", &body).await?;
    let reply: Value = serde_json::from_slice(&timed.reply.body).unwrap_or_default();
    let parameter = |name: &str| {
        let value = reply["ChallengeParameters"][name].as_str();
        value.ok_or_else(|| Failure::other("the SRP challenge is incomplete"))
    };
    let salt = unhex(parameter("SALT")?)?;
    let server = unhex(parameter("SRP_B")?)?;
    let block = STANDARD.decode(parameter("SECRET_BLOCK")?);
    let block = block.map_err(|_| Failure::other("the SRP challenge is not valid base64"))?;
    let pool = config
        .user_pool_id
        .split('_')
        .next_back()
        .unwrap_or_default();
    let inner = sha256(&[pool.as_bytes(), name.as_bytes(), b":", password.as_bytes()]);
    let x = sha256(&[&pad(&salt), &inner]);
    let u = sha256(&[&pad(&public.to_be_bytes()), &pad(&server)]);
    let k = sha256(&[&pad(&U3072::from_be_hex(PRIME).to_be_bytes()), &[GENERATOR]]);
    let number = |hash: &[u8]| U256::from_be_slice(hash);
    let mut wide = [0; 384];
    let start = wide.len().saturating_sub(server.len());
    wide[start..].copy_from_slice(&server[server.len().saturating_sub(384)..]);
    let multiplier = element(&number(&k).resize());
    let base = element(&U3072::from_be_slice(&wide)) - multiplier * generator.pow(&number(&x));
    let shared = base.pow(&secret) * base.pow(&number(&x)).pow(&number(&u));
    let shared = shared.retrieve().to_be_bytes();
    let key = mac(
        &mac(&pad(&u), &[&pad(&shared)]),
        &[b"Caldera Derived Key", &[1]],
    );
    let timestamp = timestamp(client.clock.now().wall);
    let proof = mac(
        &key[..16],
        &[
            pool.as_bytes(),
            name.as_bytes(),
            &block,
            timestamp.as_bytes(),
        ],
    );
    let body = json!({
        "ClientId": config.client_id(),
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeResponses": {
            "USERNAME": parameter("USERNAME").unwrap_or(name),
            "PASSWORD_CLAIM_SECRET_BLOCK": parameter("SECRET_BLOCK")?,
            "PASSWORD_CLAIM_SIGNATURE": STANDARD.encode(proof),
            "TIMESTAMP": timestamp,
        },
    });
    operation(client, USER_POOL, "RespondToAuthChallenge", &body).await
}

/// `Sun Nov 22 15:55:23 UTC 2026`, the day without a leading zero.
fn timestamp(now: Timestamp) -> String {
    // `Sun, 22 Nov 2026 15:55:23 GMT`
    let date = now.http_date();
    let [weekday, day, month, year, time, _] = date.split(' ').collect::<Vec<_>>()[..] else {
        return String::new();
    };
    let (weekday, day) = (weekday.trim_end_matches(','), day.trim_start_matches('0'));
    format!("{weekday} {month} {day} {time} UTC {year}")
}

/// The bytes of a number without leading zeros, one in front where the top bit is set.
fn pad(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0);
    let bytes = start.map_or(&[0][..], |start| &number[start..]);
    let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
    [sign, bytes].concat()
}

fn unhex(text: &str) -> Result<Vec<u8>, Failure> {
    let text = format!("{}{text}", "0".repeat(text.len() % 2));
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes.ok_or_else(|| Failure::other("the SRP challenge is not valid hexadecimal"))
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest::digest(&digest::SHA256, &parts.concat())
        .as_ref()
        .to_vec()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, &parts.concat()).as_ref().to_vec()
}
