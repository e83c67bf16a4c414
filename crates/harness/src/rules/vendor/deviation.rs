//! Several deviations from one requirement, as one finding that keeps the proof of all.

use crate::verdict::{Finding, Grade, Proof};

/// What deviates, as it is found.
#[derive(Debug, Default)]
pub(super) struct Deviations {
    proof: Option<Proof>,
    expected: Vec<String>,
    observed: Vec<String>,
}

impl Deviations {
    /// Adds one.
    pub(super) fn add(
        &mut self,
        expected: impl Into<String>,
        observed: impl Into<String>,
        proof: impl Into<Proof>,
    ) {
        keep(&mut self.expected, expected.into());
        keep(&mut self.observed, observed.into());
        self.proof = Some(match self.proof.take() {
            Some(known) => known.and(proof),
            None => proof.into(),
        });
    }

    /// Adds a request that shows what is told already.
    pub(super) fn add_proof(&mut self, proof: impl Into<Proof>) {
        self.proof = Some(match self.proof.take() {
            Some(known) => known.and(proof),
            None => proof.into(),
        });
    }

    /// One finding of them; `None` when there are none.
    pub(super) fn finding(self, grade: Grade) -> Option<Finding> {
        let (expected, observed) = (self.expected.join("; "), self.observed.join("; "));
        Some(Finding::deviation(grade, expected, observed, self.proof?))
    }

    /// The finding that says that the requirement is broken; `None` when nothing deviates.
    pub(super) fn broken(self) -> Option<Finding> {
        self.finding(Grade::Broken)
    }
}

fn keep(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}
