//! Clock skew, learnt from a refusal: a signature's date is checked by the vendor's clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use locum_core::Timestamp;

/// The vendor's clock minus this machine's, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

/// Smaller differences are ignored: API Gateway accepts five minutes.
const MIN_SKEW: Duration = Duration::from_mins(1);

impl Skew {
    /// The vendor's time: the one to sign with.
    pub(crate) fn correct(&self, now: Timestamp) -> Timestamp {
        let skew = self.0.load(Ordering::Relaxed);
        Timestamp::from_millis(now.as_millis().saturating_add(skew))
    }

    /// Learns the skew from a refusal's `Date`. Returns whether it has changed, so that a repeated
    /// request would be signed with another date.
    pub(crate) fn learn(&self, now: Timestamp, date: Timestamp) -> bool {
        let skew = date.as_millis().saturating_sub(now.as_millis());
        let small = skew.unsigned_abs() < millis(MIN_SKEW);
        let skew = if small { 0 } else { skew };
        let before = self.0.swap(skew, Ordering::Relaxed);
        before.abs_diff(skew) >= millis(MIN_SKEW)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a refusal's text says that the signature's date is outside the window.
///
/// API Gateway writes `Signature expired: … is now earlier than …` and `Signature not yet
/// current: … is still later than …`.
pub(crate) fn is_date_refusal(body: &str) -> bool {
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
