//! A run that is finished later: what is kept of a scenario that would have had to wait, and how it
//! goes on behind what was seen of it.

use std::fmt;
use std::time::Duration;

use locum_core::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::context::ScenarioContext;
use super::held_secrets::{HeldSecrets, milliseconds};
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
    held: HeldSecrets,
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
        let holds = !self.tokens.is_empty() || !self.sessions.is_empty() || self.aws.is_some();
        let is_kept = self.is_pending && self.stage.is_none() && holds;
        let step = self.waiting_step.clone().filter(|_| is_kept)?;
        let (at_ms, wait_s) = self.log.evidence().pending_since()?;
        Some(PendingScenario {
            key: planned.key.clone(),
            title: planned.title.clone(),
            step,
            due_ms: at_ms + milliseconds(Duration::from_secs_f64(wait_s)),
            held: HeldSecrets::of(self),
        })
    }

    /// Goes on where an earlier run of this scenario would have had to wait, which began `offset`
    /// before this one.
    pub(crate) fn go_on(&mut self, kept: &PendingScenario, seen: &Evidence, offset: Duration) {
        self.log.go_on(seen.before_pending(), offset);
        // What is named from now on gets names that the log does not have yet.
        self.named = seen.records().len();
        kept.held.give_to(self);
        let now_ms = self.log.now_ms();
        let left = Duration::from_millis(kept.due_ms.saturating_sub(now_ms));
        self.resumed_wait = Some(Instant::now() + left);
    }
}
