//! Logins by SRP whose proof no password gives. (The protocol is Amazon Cognito's; N is the 3072-bit
//! prime of RFC 3526 §5.)

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locum_core::Timestamp;
use serde_json::{Value, json};

use crate::Error;
use crate::evidence::{Operation, SignInVariation, Variation};
use crate::run::context::ScenarioContext;

/// Octets of a client's public number, as many as N has.
const SRP_A_BYTES: usize = 384;

/// RFC 3526 §5, in hexadecimal digits.
pub(super) const N: &str = concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05",
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB",
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718",
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33",
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864",
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);

impl ScenarioContext {
    /// A login by SRP with a proof that no password gives: one of zeros, for the user or for nobody,
    /// or the one that follows from a public number which is a multiple of N, whatever the password.
    pub(super) async fn sign_in_by_srp(&mut self, how: SignInVariation) -> Result<(), Error> {
        let (name, _) = self.user();
        let (name, public, begins) = match how {
            SignInVariation::SrpMultipleOfN => (name, N.to_owned(), Variation::SignIn(how)),
            SignInVariation::SrpZero => (name, "0".to_owned(), Variation::SignIn(how)),
            SignInVariation::SrpUnknownUser => {
                let nobody = format!("no-{name}");
                (nobody, "5a".repeat(SRP_A_BYTES), Variation::SignIn(how))
            }
            _ => (name, "5a".repeat(SRP_A_BYTES), Variation::Documented),
        };
        let client = self.target.credential("client_id").to_owned();
        let body = json!({
            "AuthFlow": "USER_SRP_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": name, "SRP_A": public},
        });
        let reply = self.cognito(Operation::StartSrp, &begins, &body).await?;
        let is_refused = |reply: &crate::http::Reply| (400..500).contains(&reply.status);
        if reply.as_ref().is_some_and(is_refused) {
            return match begins {
                Variation::Documented => {
                    Err(self.lacks("the vendor begins no login by SRP for this client"))
                }
                // It is refused as early as it can be.
                _ => Ok(()),
            };
        }
        let parameters = reply.map(|reply| reply.json()["ChallengeParameters"].clone());
        let Some(parameters) = parameters.filter(|found| found["SECRET_BLOCK"].is_string()) else {
            self.log.limitation("a login by SRP could not be begun");
            return Ok(());
        };
        let time = srp_date(self.vendor_now());
        let user = parameters["USER_ID_FOR_SRP"].as_str().unwrap_or(&name);
        let pool = self.target.credential("user_pool_id");
        let pool = pool.split_once('_').map_or(pool, |(_, suffix)| suffix);
        let proof = match how {
            SignInVariation::SrpMultipleOfN => proof_of_zero(N, (pool, user), &parameters, &time),
            SignInVariation::SrpZero => proof_of_zero("0", (pool, user), &parameters, &time),
            _ => Some([0; 32]),
        };
        let Some(proof) = proof else {
            self.log.limitation("the parameters of SRP cannot be read");
            return Ok(());
        };
        let body = json!({
            "ChallengeName": "PASSWORD_VERIFIER",
            "ClientId": client,
            "ChallengeResponses": {
                "USERNAME": user,
                "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
                "TIMESTAMP": time,
                "PASSWORD_CLAIM_SIGNATURE": STANDARD.encode(proof),
            },
        });
        self.cognito(Operation::SignIn, &Variation::SignIn(how), &body)
            .await
            .map(drop)
    }
}

/// The signature of whoever sent `public`, a multiple of N: (N · v^u)^b mod N is zero.
fn proof_of_zero(
    public: &str,
    (pool, user): (&str, &str),
    parameters: &Value,
    time: &str,
) -> Option<[u8; 32]> {
    let text = |name: &str| parameters[name].as_str();
    let public = padded(&bytes_of(public)?);
    let theirs = padded(&bytes_of(text("SRP_B")?)?);
    let mixed = digest::digest(&digest::SHA256, &[public, theirs].concat());
    let mixed = padded(mixed.as_ref());
    let secret = padded(&[]);
    let key = sign(&mixed, &secret);
    let key = sign(&key, b"Caldera Derived Key\x01");
    let block = STANDARD.decode(text("SECRET_BLOCK")?).ok()?;
    let claimed = [pool.as_bytes(), user.as_bytes(), &block, time.as_bytes()].concat();
    Some(sign(&key[..16], &claimed))
}

pub(super) fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, message);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

/// The bytes of hexadecimal digits, of which there may be an odd number.
pub(super) fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digits = match digits.len() % 2 {
        0 => digits.to_owned(),
        _ => format!("0{digits}"),
    };
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// A number as two's complement has it: without zeros in front, but for one before a set upper bit.
pub(super) fn padded(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let rest = &bytes[zeros..];
    match rest.first() {
        Some(first) if *first < 0x80 => rest.to_vec(),
        _ => [&[0], rest].concat(),
    }
}

/// `Sun Nov 22 15:55:23 UTC 2026`.
pub(super) fn srp_date(now: Timestamp) -> String {
    let date = now.http_date();
    let parts: Vec<&str> = date
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .collect();
    match parts[..] {
        [weekday, day, month, year, time, _] => {
            let day = day.trim_start_matches('0');
            format!("{weekday} {month} {day} {time} UTC {year}")
        }
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_srp_have_no_zero_in_front_of_the_day() {
        let check = |time: &str, expected: &str| {
            let time = Timestamp::parse_rfc3339(time).expect("a date");
            assert_eq!(srp_date(time), expected);
        };
        check("2026-11-22T15:55:23Z", "Sun Nov 22 15:55:23 UTC 2026");
        check("2026-11-01T05:05:03Z", "Sun Nov 1 05:05:03 UTC 2026");
    }

    #[test]
    fn numbers_are_padded_as_in_java() {
        assert_eq!(padded(&[]), [0]);
        assert_eq!(padded(&[0, 0]), [0]);
        assert_eq!(padded(&[0, 0x7f]), [0x7f]);
        assert_eq!(padded(&[0, 0x80, 1]), [0, 0x80, 1]);
        assert_eq!(bytes_of("123"), Some(vec![1, 0x23]));
        assert_eq!(bytes_of("xy"), None);
        assert_eq!(padded(&bytes_of(N).expect("digits")).len(), 385);
    }

    /// What a server computes that never asked whether N divides the number (a second program's figure).
    #[test]
    fn the_proof_of_zero_needs_no_password() {
        let parameters = json!({"SRP_B": "0a".repeat(20), "SECRET_BLOCK": "AAEC"});
        let time = "Sun Nov 22 15:55:23 UTC 2026";
        let proof = proof_of_zero(N, ("AbCdEfGhI", "user-1"), &parameters, time);
        let proof = STANDARD.encode(proof.expect("it can be computed"));
        assert_eq!(proof, "sM/oVAuwHmimUcslW+5JwuYzHt58dkWakbmPkmBkRHg=");
    }

    #[test]
    fn parameters_that_cannot_be_read_give_no_proof() {
        let parameters = json!({"SRP_B": "0a", "SECRET_BLOCK": "AAEC"});
        assert!(proof_of_zero(N, ("p", "u"), &parameters, "t").is_some());
        assert!(proof_of_zero(N, ("p", "u"), &json!({"SRP_B": "0a"}), "t").is_none());
        assert!(proof_of_zero(N, ("p", "u"), &json!({"SECRET_BLOCK": "AA=="}), "t").is_none());
    }
}
