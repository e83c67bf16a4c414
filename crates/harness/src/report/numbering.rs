//! The numbers that records have in the whole run.

use std::collections::BTreeMap;

use super::Report;
use crate::evidence::RecordId;
use crate::verdict::EvidenceRef;

/// Where each scenario's records begin in the run's numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbering(BTreeMap<String, i64>);

impl Numbering {
    /// The numbers of `report`.
    pub(super) fn of(report: &Report) -> Self {
        let mut next = 2;
        let mut starts = BTreeMap::new();
        for scenario in &report.scenarios {
            starts.insert(scenario.key.clone(), next);
            next += 1 + i64::try_from(scenario.evidence.records().len()).unwrap_or(0);
        }
        Self(starts)
    }

    pub(super) fn start(&self, scenario: &str) -> i64 {
        self.0.get(scenario).copied().unwrap_or_default()
    }

    /// The run's numbers of a piece of evidence.
    pub(super) fn run_wide(&self, evidence: &EvidenceRef) -> Vec<u64> {
        let start = self.start(&evidence.scenario);
        let number = |record: &RecordId| record.shifted(start).number();
        evidence.entries.iter().map(number).collect()
    }
}
