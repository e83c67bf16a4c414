//! `locum-baseline.toml`: what a person accepts for a while, entry by entry with its reason. What is
//! in it and still so does not fail; what is in it and no longer so, or past its date, does.

mod applied;
mod edit;

use serde::Deserialize;

use locum_core::Verdict;

use crate::catalogue::catalogue;
pub use applied::{Applied, Stale};
pub use edit::written;

/// The file's usual name.
pub const FILE: &str = "locum-baseline.toml";

/// The version of the file's shape.
const VERSION: u32 = 1;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Its path, as a person gave it.
    pub path: String,
    text: String,
    entries: Vec<Entry>,
}

/// One `[[expect]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// `RET-02`, or `RET-02@pattern`.
    id: String,
    verdict: Verdict,
    /// What must occur in the finding.
    #[serde(rename = "match")]
    part: Option<String>,
    reason: String,
    #[serde(default)]
    issue: Option<String>,
    /// The last day on which it holds.
    #[serde(default)]
    until: Option<toml::value::Datetime>,
    /// Whether the good outcome is accepted, too.
    #[serde(default)]
    flaky: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    expect: Vec<Entry>,
}

/// Why a file is not a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not TOML, or has members that a baseline does not have.
    #[error("{0}")]
    Syntax(String),
    /// Of another version.
    #[error("its version is {0}; this locum reads version 1")]
    Version(u32),
    /// An entry cannot hold for any row.
    #[error("[[expect]] {number}, `{id}`: {fault}")]
    Entry {
        /// Counts from 1.
        number: usize,
        /// As it stands there.
        id: String,
        /// What is wrong.
        fault: String,
    },
}

impl Baseline {
    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(path: &str, text: &str) -> Result<Self, BaselineError> {
        let file: File =
            toml::from_str(text).map_err(|error| BaselineError::Syntax(error.to_string()))?;
        if file.version != VERSION {
            return Err(BaselineError::Version(file.version));
        }
        for (at, entry) in file.expect.iter().enumerate() {
            if let Some(fault) = entry.fault() {
                return Err(BaselineError::Entry {
                    number: at + 1,
                    id: entry.id.clone(),
                    fault,
                });
            }
        }
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            entries: file.expect,
        })
    }
}

impl Entry {
    /// The row, and the vendor where one is named.
    fn names(&self) -> (&str, Option<&str>) {
        match self.id.split_once('@') {
            Some((id, vendor)) => (id, Some(vendor)),
            None => (&self.id, None),
        }
    }

    /// Why it can hold for no row.
    fn fault(&self) -> Option<String> {
        let (id, _) = self.names();
        if catalogue().get(id).is_none() {
            return Some("no requirement has this id; `locum list` shows all".to_owned());
        }
        let may_be_expected = matches!(
            self.verdict,
            Verdict::Fail
                | Verdict::Warn
                | Verdict::NotApplicable
                | Verdict::Inconclusive
                | Verdict::Error
        );
        if !may_be_expected {
            return Some(format!(
                "{} is not expected; FAIL, WARN, N/A, INCONCLUSIVE and ERROR may be",
                self.verdict.word()
            ));
        }
        if self.reason.trim().is_empty() {
            return Some("it has no reason".to_owned());
        }
        let has_date = self.until.is_none_or(|until| until.date.is_some());
        (!has_date).then(|| "until is a date, such as 2027-03-01".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let error = Baseline::parse("b.toml", text).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_file_is_read_or_says_what_is_wrong() {
        let good = "version = 1\n[[expect]]\nid = \"RET-02@pattern\"\nverdict = \"FAIL\"\nmatch = \"8 API\"\nreason = \"loop\"\nissue = \"a#1\"\nuntil = 2027-03-01\n";
        let baseline = Baseline::parse("b.toml", good).expect("it is one");
        assert_eq!(baseline.entries.len(), 1);
        assert_eq!(baseline.entries[0].names(), ("RET-02", Some("pattern")));
        check("", "version");
        check("version = 2", "this locum reads version 1");
        check("version = 1\nexpects = []", "expects");
        let entry = |rest: &str| format!("version = 1\n[[expect]]\n{rest}\n");
        check(
            &entry("id = \"RET-99\"\nverdict = \"FAIL\"\nreason = \"r\""),
            "`RET-99`: no requirement",
        );
        check(
            &entry("id = \"RET-02\"\nverdict = \"PASS\"\nreason = \"r\""),
            "PASS is not expected",
        );
        check(
            &entry("id = \"RET-02\"\nverdict = \"FAIL\"\nreason = \" \""),
            "no reason",
        );
        check(
            &entry("id = \"RET-02\"\nverdict = \"FAIL\"\nreason = \"r\"\nuntil = 10:00:00"),
            "until is a date",
        );
    }
}
