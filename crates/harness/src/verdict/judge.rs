//! From evidence to verdicts. Pure: the same evidence gives the same verdicts.
//!
//! The order of decisions is that of the catalogue: not for this subject, precondition not met,
//! subject gone, observation. A green result without its precondition is the worst that a harness
//! can produce; that is why preconditions come first.
//!
//! A failure is different where its own scenario holds the positive control: an unsigned call that
//! was served beside a signed one is wrong, whatever became of the rows that it needs.
//!
//! Where several scenarios show one row, the heaviest outcome counts (see [`weight`]): a deviation
//! that was seen once is a deviation, and what was not seen in one scenario is not hidden by what
//! was seen in another. Only a scenario that does not apply to the subject steps back.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use locum_core::requirement::Judge;
use locum_core::{Level, Profile, Requirement, RequirementId, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scope::Scope;
use super::{Finding, Grade};
use crate::catalogue::Expectation;
use crate::evidence::{Evidence, RecordId};
use crate::plan::{self, Obstacle};
use crate::rules::{self, Reach, Rule, View};

/// How one scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", content = "why", rename_all = "snake_case")]
pub enum Ending {
    /// All steps were carried out.
    Ran,
    /// The subject does not claim what the scenario needs, or the user did not give it.
    NotApplicable(String),
    /// A step was undefined, ambiguous, panicked or failed: our fault.
    Broken(String),
    /// It was not reached.
    NotReached,
    /// It was left out, or ended before its time, since no more requests were to be made: why.
    LeftOut(String),
    /// The vendor did not answer any more.
    GivenUp(String),
}

/// One scenario with what was seen in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name in the log: `vendor-1`, `client-2`, …
    pub key: String,
    /// The feature's path and the scenario's name.
    pub title: String,
    /// The vendor.
    pub vendor: String,
    /// Whom it judges.
    pub judge: Judge,
    /// The rows that it shows.
    pub ids: Vec<RequirementId>,
    /// What fixed its random choices.
    pub seed: u64,
    /// Where the vendor answered.
    pub urls: BTreeMap<String, String>,
    /// How it ended.
    pub ending: Ending,
    /// What was seen.
    pub evidence: Evidence,
}

/// Records of one scenario that prove something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRef {
    /// The scenario's name in the log.
    pub scenario: String,
    /// The records.
    pub entries: Vec<RecordId>,
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
    /// What proves it, one entry a scenario.
    pub evidence: Vec<EvidenceRef>,
    /// The positive control: the accepted request beside a refused one.
    pub control: Option<EvidenceRef>,
    /// Numbers by name.
    pub figures: Map<String, Value>,
    /// Rows for whose sake alone this one was run.
    pub needed_by: Vec<RequirementId>,
}

/// Finds the rule of an id and a side.
type Rules<'a> = &'a dyn Fn(&str, Judge) -> Option<&'static Rule>;

/// Judges each row in scope once for each vendor.
pub fn judge(scope: &Scope<'_>, profiles: &[Profile], scenarios: &[Scenario]) -> Vec<VerdictRow> {
    judge_by(&rules::find, scope, profiles, scenarios)
}

fn judge_by(
    rules: Rules<'_>,
    scope: &Scope<'_>,
    profiles: &[Profile],
    scenarios: &[Scenario],
) -> Vec<VerdictRow> {
    let mut verdicts = Vec::new();
    for vendor in scope.vendors {
        let Some(profile) = profiles.iter().find(|profile| profile.vendor == *vendor) else {
            continue;
        };
        let rows = scope.rows(vendor);
        let mut bench = Bench {
            rules,
            scope,
            profile,
            scenarios,
            done: BTreeMap::new(),
            unplayable: OnceCell::new(),
        };
        for (row, needed_by) in rows {
            let mut verdict = bench.verdict(row);
            verdict.needed_by = needed_by;
            verdicts.push(verdict);
        }
    }
    verdicts
}

/// How heavy an outcome is where several scenarios show one row.
pub const fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Pass => 1,
        Verdict::Info => 2,
        Verdict::NotRun => 3,
        Verdict::Pending => 4,
        Verdict::Inconclusive => 5,
        Verdict::Warn => 6,
        Verdict::Harness => 7,
        Verdict::Error => 8,
        Verdict::Fail => 9,
    }
}

/// The rows of one vendor; each is judged once, those that it needs before it.
struct Bench<'a> {
    rules: Rules<'a>,
    scope: &'a Scope<'a>,
    profile: &'a Profile,
    scenarios: &'a [Scenario],
    /// `None` while a row is being judged, so that a circle of needs ends.
    done: BTreeMap<RequirementId, Option<VerdictRow>>,
    /// Rows whose scenarios are kept from the vendor, once somebody asks.
    unplayable: OnceCell<BTreeMap<RequirementId, Obstacle>>,
}

impl Bench<'_> {
    fn contract(&self) -> &str {
        self.scope.contract_of(&self.profile.vendor)
    }

    fn verdict(&mut self, row: &Requirement) -> VerdictRow {
        if let Some(Some(done)) = self.done.get(&row.id) {
            return done.clone();
        }
        self.done.insert(row.id.clone(), None);
        let mut verdict = self.observed(row);
        let counts = matches!(
            verdict.verdict,
            Verdict::Pass | Verdict::Info | Verdict::Warn | Verdict::Fail | Verdict::Error
        );
        // A failure beside its own positive control has seen for itself what it needs.
        let stands_alone = verdict.verdict == Verdict::Fail && verdict.control.is_some();
        if counts
            && !stands_alone
            && let Some(reason) = self.unmet(row)
        {
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
        let needs = row.needs_at(self.scope.judge, self.contract());
        let unless = row.unless(self.scope.judge);
        for id in needs {
            let verdict = self.verdict_of(&id);
            if verdict != Some(Verdict::Pass) {
                let word = verdict.map_or("not for this vendor", Verdict::word);
                return Some(format!("counts only where {id} passes, and it is {word}"));
            }
        }
        let failed = |id: &RequirementId| self.verdict_of(id) == Some(Verdict::Fail);
        let bad = unless.into_iter().find(failed)?;
        Some(format!("counts only unless {bad} fails, and it does"))
    }

    /// The verdict of another row for the same vendor and side; `None` when it is not for them.
    fn verdict_of(&mut self, id: &RequirementId) -> Option<Verdict> {
        let row = self.scope.catalogue.get(&id.0)?;
        let fits = row.judges.contains(&self.scope.judge)
            && row.vendors.iter().any(|known| known == self.contract());
        if !fits {
            return None;
        }
        if let Some(None) = self.done.get(id) {
            return Some(Verdict::Inconclusive);
        }
        Some(self.verdict(row).verdict)
    }

    /// What the scenarios that show `row` came to, before its precondition is looked at.
    fn observed(&self, row: &Requirement) -> VerdictRow {
        let rule = (self.rules)(&row.id.0, self.scope.judge);
        let mut outcomes: Vec<VerdictRow> = Vec::new();
        let mine = |scenario: &&Scenario| {
            scenario.vendor == self.profile.vendor && scenario.judge == self.scope.judge
        };
        for scenario in self.scenarios.iter().filter(mine) {
            if scenario.ids.contains(&row.id) {
                outcomes.extend(self.tagged(row, rule, scenario));
            } else if let Some(rule) = rule
                && rule.reach == Reach::Everywhere
            {
                outcomes.extend(self.untagged(row, rule, scenario));
            }
        }
        combine(outcomes).unwrap_or_else(|| self.unshown(row))
    }

    /// A row that nothing showed. A vendor of one file is judged by rows for vendors of all kinds: one
    /// that its file rules out is not for it.
    fn unshown(&self, row: &Requirement) -> VerdictRow {
        let unplayable = self.unplayable.get_or_init(|| {
            if self.contract() == self.profile.vendor {
                return BTreeMap::new();
            }
            // Features that cannot be read have ended the run before.
            plan::unplayable_rows(self.profile, self.scope.judge).unwrap_or_default()
        });
        match unplayable.get(&row.id) {
            Some(Obstacle::Vendor(why)) => self.bare(row, Verdict::NotApplicable, why),
            Some(Obstacle::Harness(why)) => self.bare(row, Verdict::NotRun, why),
            None => self.bare(row, Verdict::NotRun, "no scenario shows it"),
        }
    }

    /// What a scenario that is tagged with the row came to.
    fn tagged(
        &self,
        row: &Requirement,
        rule: Option<&Rule>,
        scenario: &Scenario,
    ) -> Vec<VerdictRow> {
        let Some(rule) = rule else {
            let reason = format!("no rule judges it (in {})", scenario.title);
            return vec![self.bare(row, Verdict::Harness, &reason)];
        };
        match &scenario.ending {
            Ending::NotApplicable(why) => vec![self.bare(row, Verdict::NotApplicable, why)],
            Ending::Ran => vec![self.found(row, scenario, &self.run(rule, scenario))],
            Ending::NotReached | Ending::LeftOut(_) | Ending::GivenUp(_) | Ending::Broken(_) => {
                let bare = match &scenario.ending {
                    Ending::Broken(why) => {
                        let reason = format!("{why} (in {})", scenario.title);
                        self.bare(row, Verdict::Harness, &reason)
                    }
                    Ending::LeftOut(why) => {
                        self.bare(row, Verdict::NotRun, &format!("left out: {why}"))
                    }
                    Ending::GivenUp(why) => self.bare(row, Verdict::NotRun, why),
                    _ => self.bare(row, Verdict::NotRun, "the run ended before it"),
                };
                // A deviation of the vendor that was seen before the end stays one.
                let partial = self.run(rule, scenario);
                let deviates = matches!(partial.grade(), Grade::Broken | Grade::Severe);
                let seen = rule.side == Judge::Vendor && deviates;
                let partial = seen.then(|| self.found(row, scenario, &partial));
                [Some(bare), partial].into_iter().flatten().collect()
            }
        }
    }

    /// What a scenario that was made for other rows shows of this one: agreement or deviation,
    /// never that something was not seen.
    fn untagged(&self, row: &Requirement, rule: &Rule, scenario: &Scenario) -> Option<VerdictRow> {
        let finding = self.run(rule, scenario);
        let says = matches!(
            finding.grade(),
            Grade::Met | Grade::Fact | Grade::Tolerated | Grade::Broken | Grade::Severe
        );
        (says && !matches!(scenario.ending, Ending::NotApplicable(_)))
            .then(|| self.found(row, scenario, &finding))
    }

    fn run(&self, rule: &Rule, scenario: &Scenario) -> Finding {
        (rule.judge)(&View {
            evidence: &scenario.evidence,
            profile: self.profile,
            expected: Expectation::of(rule.id, &self.profile.vendor),
        })
    }

    fn found(&self, row: &Requirement, scenario: &Scenario, finding: &Finding) -> VerdictRow {
        let refers = |entries: &[RecordId]| EvidenceRef {
            scenario: scenario.key.clone(),
            entries: entries.to_vec(),
        };
        let verdict = finding.grade().verdict(row.level);
        let mut found = self.bare(row, verdict, finding.reason());
        if let (Grade::Unobserved, Some((seq, wait_s))) =
            (finding.grade(), scenario.evidence.pending())
        {
            found.verdict = Verdict::Pending;
            let instead = scenario
                .evidence
                .limitations()
                .find(|what| what.starts_with("or "));
            let instead = instead.map(|what| format!(", {what}")).unwrap_or_default();
            found.reason = format!(
                "its end is far away: it takes --wait {}{instead}",
                span(wait_s)
            );
            found.evidence = vec![refers(&[seq])];
            return found;
        }
        found.expected = finding.expected().map(str::to_owned);
        found.observed = finding.observed().map(str::to_owned);
        found.evidence = vec![refers(finding.evidence())];
        found.control = (!finding.control().is_empty()).then(|| refers(finding.control()));
        found.figures.clone_from(finding.figures());
        found
    }

    fn bare(&self, row: &Requirement, verdict: Verdict, reason: &str) -> VerdictRow {
        VerdictRow {
            id: row.id.clone(),
            vendor: self.profile.vendor.clone(),
            judge: self.scope.judge,
            level: row.level,
            verdict,
            reason: reason.to_owned(),
            expected: None,
            observed: None,
            evidence: Vec::new(),
            control: None,
            figures: Map::new(),
            needed_by: Vec::new(),
        }
    }
}

/// Seconds as a person writes them for `--wait`: whole seconds, minutes or hours.
fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{}s", s.ceil()),
        s if s < 7200.0 => format!("{}m", (s / 60.0).ceil()),
        s => format!("{}h", (s / 3600.0).ceil()),
    }
}

/// So many reasons of as many scenarios are told; the evidence has all.
const REASONS: usize = 3;

/// One row of what several scenarios came to: the heaviest verdict, with the evidence of all that
/// came to it, and a word on what was not seen besides.
fn combine(outcomes: Vec<VerdictRow>) -> Option<VerdictRow> {
    let heaviest = outcomes
        .iter()
        .map(|outcome| outcome.verdict)
        .max_by_key(|verdict| weight(*verdict))?;
    let (same, others): (Vec<_>, Vec<_>) = outcomes
        .into_iter()
        .partition(|outcome| outcome.verdict == heaviest);
    let mut same = same.into_iter();
    let mut row = same.next()?;
    let mut reasons = BTreeSet::from([row.reason.clone()]);
    for other in same {
        if reasons.insert(other.reason.clone()) && reasons.len() <= REASONS {
            row.reason = format!("{}; {}", row.reason, other.reason);
        }
        row.evidence.extend(other.evidence);
        row.control = row.control.or(other.control);
        row.figures.extend(other.figures);
    }
    let unseen = others.into_iter().filter(|other| {
        matches!(
            other.verdict,
            Verdict::Inconclusive | Verdict::NotApplicable
        )
    });
    for other in unseen {
        if reasons.insert(other.reason.clone()) {
            row.reason = format!(
                "{} (not shown by another scenario: {})",
                row.reason, other.reason
            );
        }
    }
    Some(row)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
