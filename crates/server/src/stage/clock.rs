//! The clock of a stage: runs with the machine's or stands still, and can be set at any time.

use std::sync::Mutex;
use std::time::Duration;

use locum_core::{Clock, SystemClock, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Whether time passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// It follows the machine's clock at a distance.
    Running,
    /// It stands still.
    Frozen,
}

/// A change of a clock; an absent member changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
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

    /// Makes the changes that `change` names, in the order of its members.
    pub fn adjust(&self, change: ClockChange) {
        let ClockChange {
            advance_s,
            now,
            mode,
        } = change;
        {
            let mut state = self.lock();
            if let Some(seconds) = advance_s {
                #[expect(clippy::cast_possible_truncation, reason = "a cast of f64 saturates")]
                let millis = (seconds * 1000.0).round() as i64;
                state.value = state.value.saturating_add(millis);
            }
            if let Some(now) = now {
                state.value = match state.mode {
                    ClockMode::Running => now
                        .as_millis()
                        .saturating_sub(self.machine.now().as_millis()),
                    ClockMode::Frozen => now.as_millis(),
                };
            }
            if let Some(mode) = mode.filter(|mode| *mode != state.mode) {
                let machine = self.machine.now().as_millis();
                state.value = match mode {
                    ClockMode::Frozen => machine.saturating_add(state.value),
                    ClockMode::Running => state.value.saturating_sub(machine),
                };
                state.mode = mode;
            }
        }
        self.adjusted.notify_waiters();
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
        let state = *self.lock();
        match state.mode {
            ClockMode::Frozen => Timestamp::from_millis(state.value),
            ClockMode::Running => {
                Timestamp::from_millis(self.machine.now().as_millis().saturating_add(state.value))
            }
        }
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
}
