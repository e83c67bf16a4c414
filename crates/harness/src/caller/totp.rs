//! Codes of an authenticator (RFC 6238 with RFC 4226: SHA-1, six digits, 30 seconds).

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD_NOCASE;
use locum_core::Timestamp;

/// Seconds for which a code is the present one.
pub(super) const STEP_S: u64 = 30;

/// An authenticator.
pub(super) struct Authenticator(hmac::Key);

impl Authenticator {
    /// The one of a secret in base32 (RFC 4648 §6), as it is shown to people: in any letter case, with
    /// blanks, padded or not. `None` where it is none.
    pub(super) fn new(secret: &str) -> Option<Self> {
        let letters = secret.trim_end_matches('=').bytes();
        let letters: Vec<u8> = letters
            .filter(|letter| !matches!(letter, b' ' | b'-'))
            .collect();
        let bytes = BASE32_NOPAD_NOCASE.decode(&letters).ok()?;
        let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        (!bytes.is_empty()).then(|| Self(hmac::Key::new(algorithm, &bytes)))
    }

    /// The code of `step`.
    pub(super) fn code(&self, step: u64) -> String {
        let mac = hmac::sign(&self.0, &step.to_be_bytes());
        let mac = mac.as_ref();
        let at = usize::from(mac[mac.len() - 1] & 0x0f);
        let four = [mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]];
        format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
    }

    /// The code of `step` with another digit at `at`, and no code of a step near it.
    pub(super) fn altered(&self, step: u64, at: usize) -> String {
        const NEAR: u64 = 10;
        let code = self.code(step);
        let near: Vec<String> = (step.saturating_sub(NEAR)..=step + NEAR)
            .map(|step| self.code(step))
            .collect();
        let with = |digit: char| -> String {
            let digits = code.chars().enumerate();
            digits
                .map(|(place, old)| if place == at { digit } else { old })
                .collect()
        };
        let mut others = ('0'..='9').map(with);
        others
            .find(|other| !near.contains(other))
            .unwrap_or_default()
    }
}

/// The step of `now`.
pub(super) fn step(now: Timestamp) -> u64 {
    u64::try_from(now.as_seconds()).unwrap_or_default() / STEP_S
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits; the secret is `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_rfc() {
        let authenticator = Authenticator::new(SECRET).expect("base32");
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            let step = step(Timestamp::from_seconds(seconds));
            assert_eq!(authenticator.code(step), expected);
        }
    }

    #[test]
    fn secrets_are_read_as_people_write_them() {
        let code = |secret: &str| Authenticator::new(secret).map(|known| known.code(1));
        let expected = Some("287082".to_owned());
        assert_eq!(code(SECRET), expected);
        assert_eq!(code("gezd gnbv gy3t qojq gezd gnbv gy3t qojq"), expected);
        assert_eq!(code(&format!("{SECRET}====")), expected);
        assert_eq!(code("M1"), None);
        assert_eq!(code(""), None);
    }

    #[test]
    fn an_altered_code_is_that_of_no_step_near() {
        let authenticator = Authenticator::new(SECRET).expect("base32");
        for step in 0..200 {
            for at in [0, 5] {
                let (right, altered) = (authenticator.code(step), authenticator.altered(step, at));
                assert_eq!(altered.len(), 6);
                let differ = right.chars().zip(altered.chars());
                assert_eq!(differ.filter(|(one, other)| one != other).count(), 1);
            }
        }
    }
}
