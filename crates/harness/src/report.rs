//! What a run came to, and the forms in which it is told.

pub mod events;
pub mod results;
pub mod terminal;

use std::collections::BTreeMap;
use std::time::Duration;

use locum_core::{Timestamp, Verdict};

use crate::evidence::{Record, Redactor};
use crate::verdict::VerdictRow;

/// What was run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// `check`, `drive` or `watch`.
    pub command: String,
    /// The vendors.
    pub vendors: Vec<String>,
    /// What fixed every random choice.
    pub seed: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Whether WARN and INCONCLUSIVE count as failures.
    pub strict: bool,
    /// The rows that were asked for; all when empty.
    pub selection: Vec<String>,
}

/// The log of one scenario.
#[derive(Clone, Debug)]
pub struct ScenarioLog {
    /// Its name in evidence.
    pub key: String,
    /// The feature's path and the scenario's name.
    pub title: String,
    /// The vendor.
    pub vendor: String,
    /// What fixed its random choices.
    pub seed: u64,
    /// Where the vendor answered.
    pub urls: BTreeMap<String, String>,
    /// What happened.
    pub records: Vec<Record>,
    /// What must not be found in any report.
    pub redactor: Redactor,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub run: Run,
    /// `client`, `vendor` or `mock`.
    pub subject: &'static str,
    /// The vendors' names for people, by their words.
    pub titles: BTreeMap<String, String>,
    /// Each row in scope once for each vendor.
    pub verdicts: Vec<VerdictRow>,
    /// The scenarios' logs, in the plan's order.
    pub logs: Vec<ScenarioLog>,
    /// What the command exits with, before a baseline is looked at.
    pub exit_code: u8,
}

impl Report {
    /// How many rows came to each verdict that occurs.
    pub fn summary(&self) -> BTreeMap<Verdict, usize> {
        self.verdicts
            .iter()
            .fold(BTreeMap::new(), |mut counts, row| {
                *counts.entry(row.verdict).or_default() += 1;
                counts
            })
    }

    /// This report and `other`, of the same run, as one: rows and logs behind each other, the exit
    /// code that wins.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.run.finished = other.run.finished;
        self.run.duration += other.run.duration;
        self.verdicts.extend(other.verdicts);
        self.logs.extend(other.logs);
        self.exit_code = crate::verdict::exit::winner(&[self.exit_code, other.exit_code]);
        self
    }

    /// Whether `text`, made of this report, holds a secret of the run in any spelling.
    pub fn leaks(&self, text: &str) -> bool {
        self.logs.iter().any(|log| log.redactor.leaks(text))
    }
}

#[cfg(test)]
pub(crate) mod testing;
