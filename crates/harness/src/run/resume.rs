//! A run that is finished later: what is kept of a scenario that would have had to wait, and how it
//! goes on behind what was seen of it.

use std::fmt;
use std::time::Duration;

use locum_core::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::context::{ObtainedToken, ScenarioContext};
use crate::evidence::Evidence;
use crate::plan::Planned;

/// What a scenario needs to go on where it would have had to wait. It holds tokens: it belongs into a
/// file that its owner alone can read, never into a report.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingScenario {
    /// Its name in the log.
    pub key: String,
    /// The feature's path and its name.
    pub title: String,
    /// The step that waits.
    pub step: String,
    /// When that wait is over, in milliseconds since the start of the run.
    pub due_ms: u64,
    tokens: Vec<KeptToken>,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptToken {
    name: String,
    value: String,
    lifetime_ms: u64,
    /// When it came, in milliseconds since the start of the run.
    held_ms: u64,
}

impl fmt::Debug for PendingScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingScenario")
            .field("key", &self.key)
            .field("step", &self.step)
            .field("due_ms", &self.due_ms)
            .finish_non_exhaustive()
    }
}

/// An earlier run that is to be finished.
#[derive(Clone, Debug)]
pub struct Resumption {
    /// When it began.
    pub started: Timestamp,
    /// The scenarios that go on, each with what was seen of it.
    pub scenarios: Vec<(PendingScenario, Evidence)>,
}

impl Resumption {
    /// The scenario of this key.
    pub(crate) fn find(&self, key: &str) -> Option<&(PendingScenario, Evidence)> {
        self.scenarios.iter().find(|(kept, _)| kept.key == key)
    }
}

impl ScenarioContext {
    /// What is to be kept of a scenario that would have to wait; `None` of one that does not, or
    /// that cannot go on later.
    pub(crate) fn kept(&self, planned: &Planned) -> Option<PendingScenario> {
        let is_kept = self.is_pending && self.stage.is_none() && !self.tokens.is_empty();
        let step = self.waiting_step.clone().filter(|_| is_kept)?;
        let (at_ms, wait_s) = self.log.evidence().pending_since()?;
        let now_ms = self.log.now_ms();
        let tokens = self.tokens.iter().map(|token| KeptToken {
            name: token.name.clone(),
            value: token.value.expose().to_owned(),
            lifetime_ms: milliseconds(token.lifetime),
            held_ms: now_ms.saturating_sub(milliseconds(token.held_at.elapsed())),
        });
        Some(PendingScenario {
            key: planned.key.clone(),
            title: planned.title.clone(),
            step,
            due_ms: at_ms + milliseconds(Duration::from_secs_f64(wait_s)),
            tokens: tokens.collect(),
        })
    }

    /// Goes on where an earlier run of this scenario would have had to wait, which began `offset`
    /// before this one.
    pub(crate) fn go_on(&mut self, kept: &PendingScenario, seen: &Evidence, offset: Duration) {
        self.log.go_on(seen.before_pending(), offset);
        // What is named from now on gets names that the log does not have yet.
        self.named = seen.records().len();
        let (now, now_ms) = (Instant::now(), self.log.now_ms());
        let at = |ms: u64| {
            let ago = Duration::from_millis(now_ms.saturating_sub(ms));
            now.checked_sub(ago).unwrap_or(now)
        };
        for token in &kept.tokens {
            self.log.hide(&token.value, &token.name);
            self.tokens.push(ObtainedToken {
                name: token.name.clone(),
                value: Secret::new(token.value.clone()),
                lifetime: Duration::from_millis(token.lifetime_ms),
                issued_at: 0.0,
                held_at: at(token.held_ms),
            });
        }
        let left = Duration::from_millis(kept.due_ms.saturating_sub(now_ms));
        self.resumed_wait = Some(now + left);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
