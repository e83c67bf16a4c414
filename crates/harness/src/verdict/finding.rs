//! What a rule found, and what proves it.
//!
//! A finding that says *met* or *broken* cannot be made without a [`Proof`], and a proof cannot be
//! made without records of the evidence: a rule that has seen nothing has nothing to say.

use locum_core::{Level, Verdict};
use serde_json::{Map, Value};

use crate::evidence::{Exchange, Frame, Jwt, RecordId};

/// What an observation says of a requirement, before its level is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// It speaks of something that the subject does in another documented way, or not at all.
    NotApplicable,
    /// It agrees.
    Met,
    /// A figure or a fact, neither good nor bad.
    Fact,
    /// What had to be seen was not seen.
    Unobserved,
    /// Broken in a way that the row grades as a warning whatever its level.
    Tolerated,
    /// The subject went away.
    Gone,
    /// Broken.
    Broken,
    /// Broken in a way that the row grades as a failure whatever its level.
    Severe,
}

impl Grade {
    /// The verdict for a row of `level`.
    pub const fn verdict(self, level: Level) -> Verdict {
        match (self, level) {
            (Self::NotApplicable, _) => Verdict::NotApplicable,
            (Self::Unobserved, _) => Verdict::Inconclusive,
            (Self::Met, _) => Verdict::Pass,
            (Self::Fact, _) | (Self::Tolerated | Self::Broken, Level::May) => Verdict::Info,
            (Self::Tolerated, _) | (Self::Broken, Level::Should) => Verdict::Warn,
            (Self::Broken, Level::Must) | (Self::Severe, _) => Verdict::Fail,
            (Self::Gone, _) => Verdict::Error,
        }
    }
}

/// Records that prove something: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof(Vec<RecordId>);

impl Proof {
    /// All of `records`; `None` when there are none.
    pub fn all<T: Into<Self>>(records: impl IntoIterator<Item = T>) -> Option<Self> {
        records.into_iter().map(Into::into).reduce(Self::and)
    }

    /// These records and those.
    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        for record in more.into().0 {
            if !self.0.contains(&record) {
                self.0.push(record);
            }
        }
        self
    }

    /// The records.
    pub fn records(&self) -> &[RecordId] {
        &self.0
    }
}

impl From<RecordId> for Proof {
    fn from(record: RecordId) -> Self {
        Self(vec![record])
    }
}

impl From<&Exchange<'_>> for Proof {
    fn from(exchange: &Exchange<'_>) -> Self {
        exchange.seq.into()
    }
}

impl From<Exchange<'_>> for Proof {
    fn from(exchange: Exchange<'_>) -> Self {
        exchange.seq.into()
    }
}

impl From<&Frame<'_>> for Proof {
    fn from(frame: &Frame<'_>) -> Self {
        frame.seq.into()
    }
}

impl From<&Jwt<'_>> for Proof {
    fn from(jwt: &Jwt<'_>) -> Self {
        Self::from(jwt.request).and(jwt.seq)
    }
}

/// A rule's answer: its grade, one line that says what was seen, and what proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    grade: Grade,
    reason: String,
    expected: Option<String>,
    observed: Option<String>,
    evidence: Vec<RecordId>,
    control: Vec<RecordId>,
    figures: Map<String, Value>,
}

impl Finding {
    /// The observation agrees.
    pub fn met(reason: impl Into<String>, proof: impl Into<Proof>) -> Self {
        Self::proved(Grade::Met, reason.into(), proof.into())
    }

    /// A figure or a fact, neither good nor bad.
    pub fn fact(reason: impl Into<String>, proof: impl Into<Proof>) -> Self {
        Self::proved(Grade::Fact, reason.into(), proof.into())
    }

    /// The requirement is broken.
    pub fn broken(
        expected: impl Into<String>,
        observed: impl Into<String>,
        proof: impl Into<Proof>,
    ) -> Self {
        Self::deviation(Grade::Broken, expected, observed, proof)
    }

    /// The requirement is broken in a way that the row tolerates.
    pub fn tolerated(
        expected: impl Into<String>,
        observed: impl Into<String>,
        proof: impl Into<Proof>,
    ) -> Self {
        Self::deviation(Grade::Tolerated, expected, observed, proof)
    }

    /// A deviation of this grade: [`Grade::Broken`], [`Grade::Tolerated`], or [`Grade::Fact`]
    /// where the vendor documents it.
    pub fn deviation(
        grade: Grade,
        expected: impl Into<String>,
        observed: impl Into<String>,
        proof: impl Into<Proof>,
    ) -> Self {
        let observed = observed.into();
        let mut finding = Self::proved(grade, observed.clone(), proof.into());
        finding.expected = Some(expected.into());
        finding.observed = Some(observed);
        finding
    }

    /// The subject went away where a reply was due.
    pub fn gone(reason: impl Into<String>, proof: impl Into<Proof>) -> Self {
        Self::deviation(Grade::Gone, "a reply", reason, proof)
    }

    /// What had to be seen was not seen.
    pub fn unobserved(reason: impl Into<String>) -> Self {
        Self {
            grade: Grade::Unobserved,
            reason: reason.into(),
            expected: None,
            observed: None,
            evidence: Vec::new(),
            control: Vec::new(),
            figures: Map::new(),
        }
    }

    /// The requirement speaks of something that the subject was seen to do in another documented way,
    /// or not at all.
    pub fn not_applicable(reason: impl Into<String>, proof: impl Into<Proof>) -> Self {
        Self::proved(Grade::NotApplicable, reason.into(), proof.into())
    }

    /// Itself, unless nothing was seen and `other` knows why nothing was to be seen.
    #[must_use]
    pub fn or_not_applicable(self, other: impl FnOnce() -> Option<Self>) -> Self {
        match self.grade {
            Grade::Unobserved => other().unwrap_or(self),
            _ => self,
        }
    }

    /// Itself, with a broken requirement as a warning.
    #[must_use]
    pub fn tolerated_if_broken(mut self) -> Self {
        if self.grade == Grade::Broken {
            self.grade = Grade::Tolerated;
        }
        self
    }

    fn proved(grade: Grade, reason: String, proof: Proof) -> Self {
        Self {
            grade,
            evidence: proof.0,
            ..Self::unobserved(reason)
        }
    }

    /// Adds the positive control: the accepted request beside a refused one.
    #[must_use]
    pub fn beside(mut self, control: impl Into<Proof>) -> Self {
        self.control = control.into().0;
        self
    }

    /// Adds records that show why nothing could be observed.
    #[must_use]
    pub fn seen_in(mut self, proof: impl Into<Proof>) -> Self {
        self.evidence.extend(proof.into().0);
        self
    }

    /// Adds a number by its name.
    #[must_use]
    pub fn figure(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.figures.insert(name.to_owned(), value.into());
        self
    }

    /// What the observation says.
    pub const fn grade(&self) -> Grade {
        self.grade
    }

    /// One line for a person.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What was expected, for all but a met requirement.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What was seen.
    pub fn observed(&self) -> Option<&str> {
        self.observed.as_deref()
    }

    /// The records that prove it.
    pub fn evidence(&self) -> &[RecordId] {
        &self.evidence
    }

    /// The records of the positive control.
    pub fn control(&self) -> &[RecordId] {
        &self.control
    }

    /// Numbers by name.
    pub const fn figures(&self) -> &Map<String, Value> {
        &self.figures
    }
}
