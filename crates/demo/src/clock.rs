//! The two clocks that an instance reads, which the harness can shift.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use locum_core::{Clock, SystemClock, Timestamp};

/// A moment on both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    pub(crate) wall: Timestamp,
    pub(crate) monotonic_ms: i64,
}

/// The machine's clocks and their distance from real time.
#[derive(Debug)]
pub(crate) struct ShiftableClock {
    machine: SystemClock,
    wall_ms: AtomicI64,
    monotonic_ms: AtomicI64,
    /// The latest time that the wall clock has shown.
    latest_ms: AtomicI64,
}

impl ShiftableClock {
    pub(crate) fn new(machine: SystemClock) -> Self {
        Self {
            machine,
            wall_ms: AtomicI64::new(0),
            monotonic_ms: AtomicI64::new(0),
            latest_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// Sets the distance from real time in seconds; of the wall clock alone if `wall_only`.
    pub(crate) fn set(&self, offset_s: f64, wall_only: bool) {
        let millis = millis(offset_s);
        self.wall_ms.store(millis, Ordering::SeqCst);
        if !wall_only {
            self.monotonic_ms.store(millis, Ordering::SeqCst);
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let wall = self.machine.now().as_millis();
        let wall = wall.saturating_add(self.wall_ms.load(Ordering::SeqCst));
        self.latest_ms.fetch_max(wall, Ordering::SeqCst);
        let monotonic = i64::try_from(self.machine.monotonic().as_millis()).unwrap_or(i64::MAX);
        Moment {
            wall: Timestamp::from_millis(wall),
            monotonic_ms: monotonic.saturating_add(self.monotonic_ms.load(Ordering::SeqCst)),
        }
    }

    /// Whether the wall clock has shown a later time than `now`.
    pub(crate) fn went_back(&self, now: Moment) -> bool {
        now.wall.as_millis() < self.latest_ms.load(Ordering::SeqCst)
    }
}

impl Moment {
    /// Milliseconds since `earlier`: the larger of both clocks, since one stands still while the
    /// machine sleeps and the other may be set back; negative if both went back.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        self.wall_since(earlier).max(self.monotonic_since(earlier))
    }

    /// Milliseconds since `earlier` on the monotonic clock.
    pub(crate) fn monotonic_since(self, earlier: Self) -> i64 {
        self.monotonic_ms.saturating_sub(earlier.monotonic_ms)
    }

    fn wall_since(self, earlier: Self) -> i64 {
        let (now, then) = (self.wall.as_millis(), earlier.wall.as_millis());
        now.saturating_sub(then)
    }
}

/// `seconds` as whole milliseconds; what is no number is zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and a millisecond is fine enough"
)]
pub(crate) fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

/// `seconds` as a span; what is no span is none.
pub(crate) fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
