//! A clock that runs beside another, at a distance that can be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use locum_core::{Clock, Timestamp};

use crate::subject::ClockSelection;

/// A clock at a distance from another: its two sides can be shifted together or apart.
#[derive(Debug)]
pub(super) struct Shifted {
    base: Arc<dyn Clock>,
    wall_ms: AtomicI64,
    monotonic_ms: AtomicI64,
}

impl Shifted {
    pub(super) fn new(base: Arc<dyn Clock>) -> Self {
        Self {
            base,
            wall_ms: AtomicI64::new(0),
            monotonic_ms: AtomicI64::new(0),
        }
    }

    /// Sets, not adds, the distance.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large saturates, which is far enough"
    )]
    pub(super) fn set(&self, offset_s: f64, which: ClockSelection) {
        let millis = (offset_s * 1000.0) as i64;
        self.wall_ms.store(millis, Ordering::SeqCst);
        if which == ClockSelection::Both {
            // A monotonic clock never goes back.
            self.monotonic_ms.fetch_max(millis, Ordering::SeqCst);
        }
    }
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let shift = self.wall_ms.load(Ordering::SeqCst);
        Timestamp::from_millis(self.base.now().as_millis().saturating_add(shift))
    }

    fn monotonic(&self) -> Duration {
        let shift = self.monotonic_ms.load(Ordering::SeqCst);
        let shift = Duration::from_millis(u64::try_from(shift).unwrap_or(0));
        self.base.monotonic().saturating_add(shift)
    }
}

#[cfg(test)]
mod tests {
    use locum_core::ManualClock;

    use super::*;

    fn check(sets: &[(f64, ClockSelection)], wall_ms: i64, monotonic_ms: u64) {
        let base = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        let clock = Shifted::new(base);
        for (offset_s, which) in sets {
            clock.set(*offset_s, *which);
        }
        assert_eq!(clock.now().as_millis(), wall_ms);
        assert_eq!(clock.monotonic(), Duration::from_millis(monotonic_ms));
    }

    #[test]
    fn both_sides_are_set_together_or_apart() {
        check(&[], 0, 0);
        check(&[(1.5, ClockSelection::Both)], 1500, 1500);
        check(&[(1.5, ClockSelection::Wall)], 1500, 0);
        check(
            &[(5.0, ClockSelection::Both), (2.0, ClockSelection::Both)],
            2000,
            5000,
        );
        check(&[(-3600.0, ClockSelection::Wall)], -3_600_000, 0);
    }
}
