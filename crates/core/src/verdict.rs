//! What a row came to.

use serde::{Deserialize, Serialize};

use crate::requirement::Level;

/// The eight verdicts, and the row that was not reached. The order is that of weight when several
/// scenarios show one row: the worst outcome among those that met their precondition counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// The run ended before the row was reached.
    #[serde(rename = "NOT_RUN")]
    NotRun,
    /// The row is not for this subject.
    #[serde(rename = "N/A")]
    NotApplicable,
    /// A precondition was not met.
    #[serde(rename = "INCONCLUSIVE")]
    Inconclusive,
    /// The observation agrees with the requirement.
    #[serde(rename = "PASS")]
    Pass,
    /// A MAY row, a figure, or a documented deviation.
    #[serde(rename = "INFO")]
    Info,
    /// A SHOULD is broken, or a MUST in a tolerated way.
    #[serde(rename = "WARN")]
    Warn,
    /// A MUST is broken.
    #[serde(rename = "FAIL")]
    Fail,
    /// The subject crashed or could not be reached.
    #[serde(rename = "ERROR")]
    Error,
    /// Our fault.
    #[serde(rename = "HARNESS")]
    Harness,
}

impl Verdict {
    /// Its word in tables and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotRun => "NOT_RUN",
            Self::NotApplicable => "N/A",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Pass => "PASS",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::Harness => "HARNESS",
        }
    }
}

/// What an observation says of a requirement, before its level is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// What had to be seen was not seen.
    Unobserved,
    /// It agrees.
    Met,
    /// A figure or a fact, neither good nor bad.
    Fact,
    /// Broken in a way that the row grades as a warning whatever its level.
    Tolerated,
    /// Broken.
    Broken,
    /// The subject went away.
    Gone,
}

impl Grade {
    /// The verdict for a row of `level`.
    pub const fn verdict(self, level: Level) -> Verdict {
        match (self, level) {
            (Self::Unobserved, _) => Verdict::Inconclusive,
            (Self::Met, _) => Verdict::Pass,
            (Self::Fact, _) | (Self::Tolerated | Self::Broken, Level::May) => Verdict::Info,
            (Self::Tolerated, _) | (Self::Broken, Level::Should) => Verdict::Warn,
            (Self::Broken, Level::Must) => Verdict::Fail,
            (Self::Gone, _) => Verdict::Error,
        }
    }
}

/// A rule's answer: its grade, one line that says what was seen, and the exchanges that prove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What the observation says.
    pub grade: Grade,
    /// One line for a person.
    pub reason: String,
    /// What was expected, for all but a met requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Sequence numbers of the log records that prove it.
    #[serde(default)]
    pub evidence: Vec<u64>,
    /// The accepted request beside a refused one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twin: Vec<u64>,
}

impl Finding {
    /// A finding of `grade` for `reason`.
    pub fn new(grade: Grade, reason: impl Into<String>) -> Self {
        Self {
            grade,
            reason: reason.into(),
            expected: None,
            observed: None,
            evidence: Vec::new(),
            twin: Vec::new(),
        }
    }

    /// Adds the records that prove it.
    #[must_use]
    pub fn proved_by(mut self, evidence: impl IntoIterator<Item = u64>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Adds the accepted twin.
    #[must_use]
    pub fn beside(mut self, twin: impl IntoIterator<Item = u64>) -> Self {
        self.twin.extend(twin);
        self
    }

    /// Says what was expected and what was seen.
    #[must_use]
    pub fn because(mut self, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.observed = Some(observed.into());
        self
    }
}
