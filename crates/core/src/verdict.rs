//! What a row came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The eight verdicts, the row that was not reached, and the one that time will show. The order is that of weight when several
/// scenarios show one row: the worst outcome among those that met their precondition counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Verdict {
    /// The run ended before the row was reached.
    #[serde(rename = "NOT_RUN")]
    NotRun,
    /// The row is not for this subject.
    #[serde(rename = "N/A")]
    NotApplicable,
    /// It takes more time than the run was given.
    #[serde(rename = "PENDING")]
    Pending,
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
            Self::Pending => "PENDING",
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
