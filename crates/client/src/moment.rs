//! A point in time on the wall clock and the monotonic clock.

use std::time::Duration;

use locum_core::{Clock, Timestamp};

/// A point in time on both clocks. The wall clock may be corrected and the monotonic one stops
/// while the machine is suspended, so a deadline has passed when it has on either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// UTC, in milliseconds since the epoch.
    pub wall: Timestamp,
    /// Since an arbitrary origin, the clock's own.
    pub monotonic: Duration,
}

impl Moment {
    /// The current time of `clock`.
    pub fn read(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
        }
    }

    /// This moment plus `span`, on both clocks; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self {
            wall: self.wall.plus(span),
            monotonic: self.monotonic.saturating_add(span),
        }
    }

    /// Whether this deadline has passed at `now`; at the deadline itself it has.
    #[inline]
    pub fn passed(self, now: Self) -> bool {
        now.wall >= self.wall || now.monotonic >= self.monotonic
    }
}
