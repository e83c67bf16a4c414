//! A moment on both clocks.

use std::time::Duration;

use locum_core::{Clock, Timestamp};

/// A moment on the wall clock and on the monotonic one. The wall clock may be corrected, the
/// monotonic one stops while a machine is suspended: a deadline has passed when either says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time of day.
    pub wall: Timestamp,
    /// Time since some fixed moment.
    pub monotonic: Duration,
}

impl Moment {
    /// What `clock` shows.
    pub fn read(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
        }
    }

    /// This moment and `span` later, on both clocks.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self {
            wall: self.wall.plus(span),
            monotonic: self.monotonic.saturating_add(span),
        }
    }

    /// Whether this deadline has passed at `now`; it passes *on* its time.
    #[inline]
    pub fn passed(self, now: Self) -> bool {
        now.wall >= self.wall || now.monotonic >= self.monotonic
    }
}
