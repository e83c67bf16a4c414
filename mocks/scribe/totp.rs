//! Codes of an authenticator (RFC 6238 with RFC 4226: SHA-1, six digits, 30 seconds).

use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use locum_core::{Secret, Timestamp};
use rand::{Rng, RngExt};

/// A secret of 160 bits, as base32.
pub(super) fn secret(rng: &mut impl Rng) -> Secret {
    let mut secret = [0; 20];
    rng.fill(&mut secret);
    Secret::new(BASE32_NOPAD.encode(&secret))
}

/// Reads base32 (RFC 4648 §6), padding left out or not.
pub(super) fn base32(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').as_bytes();
    BASE32_NOPAD_NOCASE.decode(letters).ok()
}

/// The 30-second step at `now`.
pub(super) fn step(now: Timestamp) -> u64 {
    u64::try_from(now.as_seconds()).unwrap_or(0) / 30
}

/// The step, among that of `now` and its neighbours (RFC 6238 §5.2: clocks differ a little), whose
/// code this is.
pub(super) fn step_of(secret: &Secret, code: &str, now: Timestamp) -> Option<u64> {
    let key = base32(secret.expose())?;
    let now = step(now);
    [now, now.saturating_sub(1), now + 1]
        .into_iter()
        .find(|step| Secret::new(self::code(&key, *step)).matches(code.as_bytes()))
}

/// The code of `step` (RFC 4226 §5.3).
pub(super) fn code(key: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let at = usize::from(mac[19] & 0x0f);
    let four = [mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]];
    format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_rfcs_vectors() {
        let key = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(key, step(Timestamp::from_seconds(seconds))), expected);
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base32_reads_the_rfcs_samples() {
        assert_eq!(base32("MZXW6YTBOI======").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(base32("MZXW6YTB").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(base32("M1"), None);
    }

    #[test]
    fn a_code_lives_for_its_step_and_the_neighbours() {
        let secret = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let at = |seconds| step_of(&secret, "287082", Timestamp::from_seconds(seconds));
        let seen = [0, 29, 30, 59, 89, 90, 120].map(at);
        assert_eq!(
            seen,
            [Some(1), Some(1), Some(1), Some(1), Some(1), None, None]
        );
    }
}
