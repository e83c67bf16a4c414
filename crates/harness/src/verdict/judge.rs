//! From findings to verdicts. Pure: the same findings give the same verdicts.
//!
//! The order of decisions is that of the catalogue: not for this subject, precondition not met,
//! subject gone, observation. A green result without its precondition is the worst that a harness
//! can produce; that is why preconditions come first.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Catalogue, Finding, Grade, Level, Requirement, RequirementId, Verdict};
use serde_json::{Map, Value};

/// How one scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps were carried out.
    Ran,
    /// The subject does not claim what the scenario needs, or the user did not give it.
    NotApplicable(String),
    /// A step was undefined, ambiguous, panicked or failed: our fault.
    Broken(String),
    /// It was not reached.
    NotReached,
}

/// One scenario with what its rules found.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name in the log: `s-1`, `s-2`, …
    pub key: String,
    /// The feature's path and the scenario's name.
    pub title: String,
    /// The vendor.
    pub vendor: String,
    /// Whom it judges.
    pub judge: Judge,
    /// The rows that it shows.
    pub ids: Vec<RequirementId>,
    /// How it ended.
    pub ending: Ending,
    /// What its rules found.
    pub findings: Vec<Finding>,
}

/// The exchanges of one scenario that prove something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The scenario's name in the log.
    pub scenario: String,
    /// Numbers of records.
    pub entries: Vec<u64>,
}

/// What one row came to for one vendor and one side.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictRow {
    /// The row.
    pub id: RequirementId,
    /// The vendor.
    pub vendor: String,
    /// The side.
    pub judge: Judge,
    /// The row's level.
    pub level: Level,
    /// The verdict.
    pub verdict: Verdict,
    /// One line: what was seen, or why nothing was.
    pub reason: String,
    /// What was expected, for all but PASS.
    pub expected: Option<String>,
    /// What was seen.
    pub observed: Option<String>,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// The accepted request beside a refused one.
    pub twin: Option<Evidence>,
    /// Numbers by name.
    pub figures: Map<String, Value>,
    /// Rows for whose sake alone this one was run.
    pub needed_by: Vec<RequirementId>,
}

/// Which rows are judged.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// All rows that exist.
    pub catalogue: &'a Catalogue,
    /// The vendors.
    pub vendors: &'a [String],
    /// The side.
    pub judge: Judge,
    /// Only these rows and what they need; all when empty.
    pub ids: &'a [RequirementId],
}

impl<'a> Scope<'a> {
    /// The rows in scope for `vendor`, in the table's order, each with the rows for whose sake
    /// alone it is there.
    pub fn rows(&self, vendor: &str) -> Vec<(&'a Requirement, Vec<RequirementId>)> {
        let fits = |row: &&Requirement| {
            row.judges.contains(&self.judge) && row.vendors.iter().any(|known| known == vendor)
        };
        let all = self.catalogue.rows().iter().filter(fits);
        if self.ids.is_empty() {
            return all.map(|row| (row, Vec::new())).collect();
        }
        let mut needed: BTreeMap<RequirementId, Vec<RequirementId>> = BTreeMap::new();
        let mut open: Vec<&Requirement> = all
            .clone()
            .filter(|row| self.ids.contains(&row.id))
            .collect();
        while let Some(row) = open.pop() {
            for id in row
                .needs_at(self.judge, vendor)
                .into_iter()
                .chain(row.unless(self.judge))
            {
                let known = needed.contains_key(&id);
                needed.entry(id.clone()).or_default().push(row.id.clone());
                if !known {
                    open.extend(self.catalogue.get(&id.0));
                }
            }
        }
        all.filter_map(|row| {
            if self.ids.contains(&row.id) {
                return Some((row, Vec::new()));
            }
            needed.get(&row.id).map(|by| (row, by.clone()))
        })
        .collect()
    }
}

/// Judges each row in scope once for each vendor.
pub fn judge(scope: &Scope<'_>, scenarios: &[Scenario]) -> Vec<VerdictRow> {
    let mut verdicts = Vec::new();
    for vendor in scope.vendors {
        let rows = scope.rows(vendor);
        let mut bench = Bench {
            scope,
            vendor,
            scenarios,
            done: BTreeMap::new(),
        };
        for (row, needed_by) in rows {
            let mut verdict = bench.verdict(row);
            verdict.needed_by = needed_by;
            verdicts.push(verdict);
        }
    }
    verdicts
}

/// The rows of one vendor; each is judged once, those that it needs before it.
struct Bench<'a> {
    scope: &'a Scope<'a>,
    vendor: &'a str,
    scenarios: &'a [Scenario],
    /// `None` while a row is being judged, so that a circle of needs ends.
    done: BTreeMap<RequirementId, Option<VerdictRow>>,
}

impl Bench<'_> {
    fn verdict(&mut self, row: &Requirement) -> VerdictRow {
        if let Some(Some(done)) = self.done.get(&row.id) {
            return done.clone();
        }
        self.done.insert(row.id.clone(), None);
        let mut verdict = self.observed(row);
        let counts = verdict.verdict > Verdict::Inconclusive && verdict.verdict < Verdict::Harness;
        if counts && let Some(reason) = self.unmet(row) {
            verdict.verdict = Verdict::Inconclusive;
            verdict.expected = Some("its precondition to be met".to_owned());
            verdict.observed = Some(format!("without it: {}", verdict.reason));
            verdict.reason = reason;
        }
        self.done.insert(row.id.clone(), Some(verdict.clone()));
        verdict
    }

    /// Why the precondition of `row` is not met, as far as it speaks of other rows.
    fn unmet(&mut self, row: &Requirement) -> Option<String> {
        let needs = row.needs_at(self.scope.judge, self.vendor);
        let unless = row.unless(self.scope.judge);
        for id in needs {
            let word = self.word(&id);
            if word != Some(Verdict::Pass) {
                let word = word.map_or("not for this vendor", Verdict::word);
                return Some(format!("needs {id}=PASS, which is {word}"));
            }
        }
        let failed = |id: &RequirementId| self.word(id) == Some(Verdict::Fail);
        let bad = unless.into_iter().find(failed)?;
        Some(format!("counts only unless {bad}=FAIL, which it is"))
    }

    /// The verdict of another row for the same vendor and side; `None` when it is not for them.
    fn word(&mut self, id: &RequirementId) -> Option<Verdict> {
        let row = self.scope.catalogue.get(&id.0)?;
        let fits = row.judges.contains(&self.scope.judge)
            && row.vendors.iter().any(|known| known == self.vendor);
        if !fits {
            return None;
        }
        if let Some(None) = self.done.get(id) {
            return Some(Verdict::Inconclusive);
        }
        Some(self.verdict(row).verdict)
    }

    /// The worst of the scenarios that show `row`, before its precondition is looked at.
    fn observed(&self, row: &Requirement) -> VerdictRow {
        let shows = |scenario: &&Scenario| {
            scenario.vendor == self.vendor
                && scenario.judge == self.scope.judge
                && scenario.ids.contains(&row.id)
        };
        self.scenarios
            .iter()
            .filter(shows)
            .map(|scenario| self.of_scenario(row, scenario))
            .reduce(|worst, next| {
                if next.verdict > worst.verdict {
                    next
                } else {
                    worst
                }
            })
            .unwrap_or_else(|| self.bare(row, Verdict::NotRun, "no scenario shows it"))
    }

    fn of_scenario(&self, row: &Requirement, scenario: &Scenario) -> VerdictRow {
        match &scenario.ending {
            Ending::NotApplicable(why) => self.bare(row, Verdict::NotApplicable, why),
            Ending::NotReached => self.bare(row, Verdict::NotRun, "the run ended before it"),
            Ending::Broken(why) => {
                let reason = format!("{why} (in {})", scenario.title);
                self.bare(row, Verdict::Harness, &reason)
            }
            Ending::Ran => match weightiest(&scenario.findings, row.level) {
                None => self.bare(row, Verdict::Inconclusive, "no step judged it"),
                Some(finding) => self.found(row, scenario, finding),
            },
        }
    }

    fn found(&self, row: &Requirement, scenario: &Scenario, finding: &Finding) -> VerdictRow {
        let evidence = |entries: &[u64]| Evidence {
            scenario: scenario.key.clone(),
            entries: entries.to_vec(),
        };
        let verdict = finding.grade.verdict(row.level);
        let mut found = self.bare(row, verdict, &finding.reason);
        found.expected.clone_from(&finding.expected);
        found.observed.clone_from(&finding.observed);
        found.evidence = vec![evidence(&finding.evidence)];
        found.twin = (!finding.twin.is_empty()).then(|| evidence(&finding.twin));
        found
    }

    fn bare(&self, row: &Requirement, verdict: Verdict, reason: &str) -> VerdictRow {
        VerdictRow {
            id: row.id.clone(),
            vendor: self.vendor.to_owned(),
            judge: self.scope.judge,
            level: row.level,
            verdict,
            reason: reason.to_owned(),
            expected: None,
            observed: None,
            evidence: Vec::new(),
            twin: None,
            figures: Map::new(),
            needed_by: Vec::new(),
        }
    }
}

/// Of the findings of one scenario the one that counts: a deviation before a gap, a gap before
/// agreement, because a row is met only when every part of it was seen.
fn weightiest(findings: &[Finding], level: Level) -> Option<&Finding> {
    findings.iter().max_by_key(|finding| {
        let weight = match finding.grade {
            Grade::Met => 0,
            Grade::Fact => 1,
            Grade::Unobserved => 2,
            Grade::Tolerated => 3,
            Grade::Broken => 4,
            Grade::Gone => 5,
        };
        (weight, finding.grade.verdict(level))
    })
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
