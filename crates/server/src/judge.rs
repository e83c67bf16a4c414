//! Who judges a journal: the server keeps what passed on the wire and knows no requirement itself.

use std::sync::Arc;

use locum_core::requirement::Level;
use locum_core::{Entry, EntryId, Profile, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// Judges what a vendor's journal shows of the client, by whatever rules it stands for.
pub trait JournalJudge: Send + Sync {
    /// The verdicts on `entries`, all of them `profile`'s vendor's and in order of arrival, with
    /// secrets and tokens as names. It runs on a thread where it may take its time.
    fn judge(&self, profile: &Profile, entries: &[Arc<Entry>]) -> Vec<JudgedRow>;
}

/// What one requirement came to for one vendor's client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JudgedRow {
    /// The requirement, such as `CLI-29`.
    pub id: String,
    /// The vendor.
    pub vendor: String,
    /// How much the requirement binds.
    pub level: Level,
    /// The requirement in one sentence.
    pub requirement: String,
    /// What it came to; `INCONCLUSIVE` when the journal does not show it.
    pub verdict: Verdict,
    /// One line: what was seen, or why nothing was.
    pub why: String,
    /// What was expected; absent when it was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The entries of the journal that prove it.
    pub evidence: Vec<EntryId>,
}
