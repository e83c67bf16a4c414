//! The clock of a stage: runs with the machine's or stands still, and can be set at any time.

use std::sync::Mutex;
use std::time::Duration;

use locum_core::{Clock, SystemClock, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Whether time passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// It follows the machine's clock at a distance.
    Running,
    /// It stands still.
    Frozen,
}

/// A change of a clock; an absent member changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockChange {
    /// Lets so many seconds pass; negative goes back.
    pub advance_s: Option<f64>,
    /// Sets the time.
    pub now: Option<Timestamp>,
    /// Lets it run, or stand still.
    pub mode: Option<ClockMode>,
}

impl ClockChange {
    /// Lets `seconds` pass.
    pub fn advance(seconds: f64) -> Self {
        Self {
            advance_s: Some(seconds),
            ..Self::default()
        }
    }

    /// Sets the time to `now`.
    pub fn set(now: Timestamp) -> Self {
        Self {
            now: Some(now),
            ..Self::default()
        }
    }

    /// Lets the clock run, or stand still.
    pub fn mode(mode: ClockMode) -> Self {
        Self {
            mode: Some(mode),
            ..Self::default()
        }
    }
}

/// The first and the last time that a stage's clock can be set to: tokens carry seconds since 1970,
/// and dates have four digits for the year.
const EARLIEST: Timestamp = Timestamp::from_seconds(0);
const LATEST: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// A change that would take a clock out of the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock would show a time before 1970 or after 9999")]
pub struct OutOfRange;

/// A stage's clock. Handlers that wait for a time wake when the clock passes it, however it got
/// there.
#[derive(Debug)]
pub struct StageClock {
    machine: SystemClock,
    state: Mutex<State>,
    adjusted: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mode: ClockMode,
    /// Running: distance to the machine's clock in milliseconds; frozen: the time shown.
    value: i64,
}

impl State {
    /// What it shows while the machine's clock shows `machine`.
    fn shown(self, machine: Timestamp) -> Timestamp {
        match self.mode {
            ClockMode::Frozen => Timestamp::from_millis(self.value),
            ClockMode::Running => {
                Timestamp::from_millis(machine.as_millis().saturating_add(self.value))
            }
        }
    }

    /// The same in its mode, showing `now`.
    fn showing(self, now: Timestamp, machine: Timestamp) -> Self {
        let value = match self.mode {
            ClockMode::Frozen => now.as_millis(),
            ClockMode::Running => now.as_millis().saturating_sub(machine.as_millis()),
        };
        Self { value, ..self }
    }

    /// Itself after `change`.
    fn after(self, change: ClockChange, machine: Timestamp) -> Self {
        let mut next = self;
        if let Some(seconds) = change.advance_s {
            #[expect(clippy::cast_possible_truncation, reason = "a cast of f64 saturates")]
            let millis = (seconds * 1000.0).round() as i64;
            next.value = next.value.saturating_add(millis);
        }
        if let Some(now) = change.now {
            next = next.showing(now, machine);
        }
        let shown = next.shown(machine);
        next.mode = change.mode.unwrap_or(next.mode);
        next.showing(shown, machine)
    }
}

impl StageClock {
    /// A running clock that shows the machine's time.
    pub fn running() -> Self {
        let state = State {
            mode: ClockMode::Running,
            value: 0,
        };
        Self {
            machine: SystemClock::new(),
            state: Mutex::new(state),
            adjusted: Notify::new(),
        }
    }

    /// Whether it runs.
    pub fn mode(&self) -> ClockMode {
        self.lock().mode
    }

    /// Makes the changes that `change` names, in the order of its members; a time that no clock
    /// shows becomes the nearest that one does.
    pub fn adjust(&self, change: ClockChange) {
        self.replace(|state, machine| {
            let next = state.after(change, machine);
            Ok(next.showing(next.shown(machine).clamp(EARLIEST, LATEST), machine))
        })
        .expect("a clamped time is in range");
    }

    /// Makes the changes that `change` names, or none of them.
    ///
    /// # Errors
    /// When the clock would show a time before 1970 or after 9999.
    pub fn try_adjust(&self, change: ClockChange) -> Result<(), OutOfRange> {
        self.replace(|state, machine| {
            let next = state.after(change, machine);
            let shown = next.shown(machine);
            (EARLIEST..=LATEST)
                .contains(&shown)
                .then_some(next)
                .ok_or(OutOfRange)
        })
    }

    /// Shows the machine's time again, and runs.
    pub fn reset(&self) {
        self.replace(|_, _| {
            Ok(State {
                mode: ClockMode::Running,
                value: 0,
            })
        })
        .expect("the machine's time is in range");
    }

    fn replace(
        &self,
        next: impl FnOnce(State, Timestamp) -> Result<State, OutOfRange>,
    ) -> Result<(), OutOfRange> {
        {
            let mut state = self.lock();
            *state = next(*state, self.machine.now())?;
        }
        self.adjusted.notify_waiters();
        Ok(())
    }

    /// Waits until the clock shows `deadline` or later.
    pub async fn until(&self, deadline: Timestamp) {
        loop {
            let adjusted = self.adjusted.notified();
            tokio::pin!(adjusted);
            adjusted.as_mut().enable();
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            match self.mode() {
                ClockMode::Frozen => adjusted.await,
                ClockMode::Running => {
                    let _ = tokio::time::timeout(left, adjusted).await;
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no code panics while it holds the clock")
    }
}

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        self.lock().shown(self.machine.now())
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_waiting_handler_wakes_when_a_frozen_clock_passes_its_time() {
        let clock = Arc::new(StageClock::running());
        clock.adjust(ClockChange::mode(ClockMode::Frozen));
        clock.adjust(ClockChange::set(Timestamp::from_seconds(1000)));
        let waiter = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.until(Timestamp::from_seconds(1300)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        clock.adjust(ClockChange::advance(300.0));
        waiter.await.expect("the waiter ends");
        assert!(clock.now() >= Timestamp::from_seconds(1300));
    }
    #[test]
    fn no_change_takes_it_out_of_its_years() {
        for mode in [ClockMode::Running, ClockMode::Frozen] {
            for seconds in [1e308, -1e308, f64::MAX, f64::MIN, 3e11, -3e9, f64::INFINITY] {
                let clock = StageClock::running();
                clock.adjust(ClockChange::mode(mode));
                let before = clock.now();
                let change = ClockChange::advance(seconds);
                assert_eq!(clock.try_adjust(change), Err(OutOfRange), "{seconds}");
                assert!(clock.now() >= before && clock.mode() == mode);
                clock.adjust(change);
                assert!((EARLIEST..=LATEST.plus(Duration::from_secs(60))).contains(&clock.now()));
                let back = ClockChange {
                    now: Some(before),
                    ..change
                };
                assert_eq!(clock.try_adjust(back), Ok(()), "{seconds}");
                assert!(clock.now() >= before);
            }
        }
    }
}
