//! What a refusal says about the clock: the vendor's clock is the one that counts.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use locum_core::Timestamp;

/// The distance from this machine's clock to the vendor's, learnt from a refusal.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

/// API Gateway's window is five minutes; a distance well inside it is no skew.
const AGREE: Duration = Duration::from_mins(1);

impl Skew {
    /// The time to sign with.
    pub(crate) fn correct(&self, now: Timestamp) -> Timestamp {
        let skew = self.0.load(Ordering::Relaxed);
        Timestamp::from_millis(now.as_millis().saturating_add(skew))
    }

    /// Learns from a refusal's `Date`; says whether the time to sign with has changed by it, so
    /// that another try makes sense.
    pub(crate) fn learn(&self, now: Timestamp, date: Timestamp) -> bool {
        let skew = date.as_millis().saturating_sub(now.as_millis());
        let near = skew.unsigned_abs() < millis(AGREE);
        let skew = if near { 0 } else { skew };
        let before = self.0.swap(skew, Ordering::Relaxed);
        before.abs_diff(skew) >= millis(AGREE)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a refusal's text blames the date of the signature.
///
/// API Gateway writes `Signature expired: … is now earlier than …` and `Signature not yet
/// current: … is still later than …`.
pub(crate) fn blames_date(body: &str) -> bool {
    body.contains("Signature expired") || body.contains("Signature not yet current")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_correction_is_learnt_once_and_dropped_when_the_clocks_agree() {
        let skew = Skew::default();
        assert!(!skew.learn(NOON, NOON.plus(Duration::from_secs(2))));
        assert_eq!(skew.correct(NOON), NOON);
        assert!(skew.learn(NOON, NOON.plus(20 * MINUTE)));
        assert_eq!(skew.correct(NOON), NOON.plus(20 * MINUTE));
        assert!(!skew.learn(NOON, NOON.plus(20 * MINUTE)));
        assert!(skew.learn(NOON, NOON));
        assert_eq!(skew.correct(NOON), NOON);
    }
}
