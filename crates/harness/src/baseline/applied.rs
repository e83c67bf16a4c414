//! What a baseline says of the verdicts of one run.

use std::collections::BTreeSet;

use locum_core::requirement::Judge;
use locum_core::{Timestamp, Verdict};

use super::{Baseline, Entry};
use crate::verdict::VerdictRow;

/// A row of a report.
type Key = (String, String, Judge);

fn key(row: &VerdictRow) -> Key {
    (row.id.0.clone(), row.vendor.clone(), row.judge)
}

/// An entry that no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Its place in the file, counted from 0.
    pub(super) at: usize,
    /// The entry's id and why it is stale, in a sentence.
    pub why: String,
}

/// A baseline beside a run.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The file's path.
    pub path: String,
    expected: BTreeSet<Key>,
    outdated: BTreeSet<Key>,
    /// The entries that no longer hold.
    pub stale: Vec<Stale>,
    /// The expected rows with the reason that the file gives: `RET-02 because of …`.
    pub reasons: Vec<(String, String, String)>,
}

impl Applied {
    /// Whether the file expects the verdict that this row came to.
    pub fn is_expected(&self, row: &VerdictRow) -> bool {
        self.expected.contains(&key(row))
    }

    /// Whether an entry for this row no longer holds.
    pub fn is_stale(&self, row: &VerdictRow) -> bool {
        self.outdated.contains(&key(row))
    }
}

impl Baseline {
    /// Puts the entries beside the verdicts of a run that ended at `now`.
    pub fn apply(&self, verdicts: &[VerdictRow], now: Timestamp) -> Applied {
        let mut applied = Applied {
            path: self.path.clone(),
            ..Applied::default()
        };
        let today = now.rfc3339();
        let today = today.get(..10).unwrap_or_default();
        for (at, entry) in self.entries.iter().enumerate() {
            let rows: Vec<&VerdictRow> = verdicts.iter().filter(|row| entry.is_of(row)).collect();
            if let Some(until) = entry.until.and_then(|until| until.date)
                && until.to_string().as_str() < today
                && !rows.is_empty()
            {
                applied.outdated.extend(rows.iter().map(|row| key(row)));
                applied.stale.push(Stale {
                    at,
                    why: format!("{} held until {until}", entry.id),
                });
                continue;
            }
            let expected: Vec<&&VerdictRow> = rows.iter().filter(|row| entry.fits(row)).collect();
            for row in &expected {
                applied.expected.insert(key(row));
                let issue = entry.issue.as_ref().map(|issue| format!(" ({issue})"));
                let reason = format!("{}{}", entry.reason, issue.unwrap_or_default());
                let row = (row.id.0.clone(), row.vendor.clone(), reason);
                applied.reasons.push(row);
            }
            let good: Vec<&&VerdictRow> = rows.iter().filter(|row| is_good(row.verdict)).collect();
            // What was not judged this time says nothing of the entry.
            let is_over = !good.is_empty() && good.len() == rows.len();
            if is_over && !entry.flaky {
                applied.outdated.extend(good.iter().map(|row| key(row)));
                let word = good[0].verdict.word();
                applied.stale.push(Stale {
                    at,
                    why: format!(
                        "{} is {word} and no longer {}",
                        entry.id,
                        entry.verdict.word()
                    ),
                });
            }
        }
        applied
    }
}

const fn is_good(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Info)
}

impl Entry {
    fn is_of(&self, row: &VerdictRow) -> bool {
        let (id, vendor) = self.names();
        row.id.0 == id && vendor.is_none_or(|vendor| row.vendor == vendor)
    }

    /// Whether it expects what the row came to: the verdict, with its words in the finding.
    fn fits(&self, row: &VerdictRow) -> bool {
        let says = |part: &String| {
            let texts = [
                Some(&row.reason),
                row.observed.as_ref(),
                row.expected.as_ref(),
            ];
            texts.into_iter().flatten().any(|text| text.contains(part))
        };
        row.verdict == self.verdict && self.part.as_ref().is_none_or(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    fn entry(verdict: &str, rest: &str) -> Baseline {
        let text = format!(
            "version = 1\n[[expect]]\nid = \"VEN-26@pattern\"\nverdict = \"{verdict}\"\nreason = \"r\"\n{rest}\n"
        );
        Baseline::parse("b.toml", &text).expect("a baseline")
    }

    /// Whether the FAIL of VEN-26 is expected, and which entries are stale.
    fn check(baseline: &Baseline, verdict: Verdict, expected: bool, stale: &[&str]) {
        let mut report = report();
        report.verdicts[1].verdict = verdict;
        let applied = baseline.apply(&report.verdicts, report.run.finished);
        assert_eq!(applied.is_expected(&report.verdicts[1]), expected);
        assert!(!applied.is_expected(&report.verdicts[0]));
        let found: Vec<&str> = applied
            .stale
            .iter()
            .map(|stale| stale.why.as_str())
            .collect();
        assert_eq!(found, stale);
        assert_eq!(applied.is_stale(&report.verdicts[1]), !stale.is_empty());
    }

    #[test]
    fn the_table_of_outcomes_holds() {
        check(&entry("FAIL", ""), Verdict::Fail, true, &[]);
        check(
            &entry("FAIL", "match = \"304 s after\""),
            Verdict::Fail,
            true,
            &[],
        );
        check(
            &entry("FAIL", "match = \"another fault\""),
            Verdict::Fail,
            false,
            &[],
        );
        check(&entry("WARN", ""), Verdict::Fail, false, &[]);
        let stale = ["VEN-26@pattern is PASS and no longer FAIL"];
        check(&entry("FAIL", ""), Verdict::Pass, false, &stale);
        check(&entry("FAIL", "flaky = true"), Verdict::Pass, false, &[]);
        check(&entry("FAIL", "flaky = true"), Verdict::Fail, true, &[]);
        check(
            &entry("FAIL", "until = 2026-11-24"),
            Verdict::Fail,
            true,
            &[],
        );
        let late = ["VEN-26@pattern held until 2026-11-23"];
        check(
            &entry("FAIL", "until = 2026-11-23"),
            Verdict::Fail,
            false,
            &late,
        );
        check(&entry("FAIL", ""), Verdict::NotRun, false, &[]);
    }

    #[test]
    fn an_entry_without_a_vendor_holds_for_each() {
        let text = "version = 1\n[[expect]]\nid = \"VEN-26\"\nverdict = \"FAIL\"\nreason = \"r\"\n";
        let baseline = Baseline::parse("b.toml", text).expect("a baseline");
        check(&baseline, Verdict::Fail, true, &[]);
    }
}
