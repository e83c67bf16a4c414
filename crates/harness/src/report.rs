//! What a run came to, and the forms in which it is told.

mod badge;
mod cascade;
mod curl;
pub mod events;
pub mod fingerprint;
pub mod format;
mod har;
mod junit;
mod markdown;
pub mod merge;
mod numbering;
mod page;
mod prose;
pub mod requests;
pub mod results;
mod sarif;
pub mod schema;
mod symptom;
mod tap;
pub mod terminal;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Profile, Timestamp, Verdict};

use serde::{Deserialize, Serialize};

use crate::baseline::{Applied, Baseline};
use crate::catalogue::catalogue;
use crate::evidence::Redactor;
use crate::selection::Selection;
use crate::subject::{AdoptionLevel, ClientHello};
use crate::verdict::exit::{self, ExitPolicy};
use crate::verdict::{Scenario, Scope, VerdictRow, judge, repeats};

pub use cascade::Cascade;

/// What was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// `check`, `drive` or `watch`.
    pub command: String,
    /// The vendors.
    pub vendors: Vec<String>,
    /// The sides that were judged, in order.
    pub judges: Vec<Judge>,
    /// What fixed every random choice.
    pub seed: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Whether WARN and INCONCLUSIVE count as failures.
    pub strict: bool,
    /// What counts as a failure besides FAIL and ERROR, and what `strict` adds.
    pub fail_on: Vec<FailOn>,
    /// How often it was run.
    pub repeats: usize,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Which rows were asked for.
    pub selection: Selection,
    /// `client`, `vendor` or `mock`.
    pub subject: String,
    /// How the client was reached; `None` for a vendor.
    pub level: Option<AdoptionLevel>,
    /// What the client said of itself.
    pub client: Option<ClientHello>,
}

/// A verdict that a person may choose to count as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// WARN.
    Warn,
    /// INCONCLUSIVE.
    Inconclusive,
    /// NOT_RUN: a row that nothing covers.
    NotRun,
}

impl FailOn {
    /// The verdict.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Warn => Verdict::Warn,
            Self::Inconclusive => Verdict::Inconclusive,
            Self::NotRun => Verdict::NotRun,
        }
    }
}

impl Run {
    /// What the exit code goes by.
    fn exit_policy(&self) -> ExitPolicy {
        let strict = [FailOn::Warn, FailOn::Inconclusive].into_iter();
        let strict = strict.filter(|_| self.strict);
        let fails_on = self.fail_on.iter().copied().chain(strict);
        ExitPolicy {
            fails_on: fails_on.map(FailOn::verdict).collect(),
            is_selective: !self.selection.is_all(),
            interrupted: self.interrupted,
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub run: Run,
    /// The vendors' names for people, by their slugs.
    pub titles: BTreeMap<String, String>,
    /// What a command line calls a vendor that is not built in: its file, by its slug.
    pub files: BTreeMap<String, String>,
    /// Each row in scope once for each vendor and side.
    pub verdicts: Vec<VerdictRow>,
    /// What was seen, in the plan's order.
    pub scenarios: Vec<Scenario>,
    /// Which rows could not be judged because of one fault.
    pub cascades: Vec<Cascade>,
    /// The secrets of all scenarios, which must not be found in any report; empty for a run that
    /// was read back.
    pub redactor: Redactor,
    /// What a baseline says of the verdicts, once there is one.
    pub baseline: Option<Applied>,
    /// What the command exits with.
    pub exit_code: u8,
}

/// Whether a verdict is a finding that somebody has to look at.
pub(crate) const fn is_bad(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Fail | Verdict::Error | Verdict::Harness | Verdict::Warn
    )
}

/// What each row of `run` came to in these scenarios of one repeat.
pub(crate) fn verdicts(run: &Run, profiles: &[Profile], scenarios: &[Scenario]) -> Vec<VerdictRow> {
    let sides = run.judges.iter();
    let of_side = sides.flat_map(|side| {
        let scope = Scope {
            catalogue: catalogue(),
            vendors: &run.vendors,
            judge: *side,
            selection: &run.selection,
        };
        judge(&scope, profiles, scenarios)
    });
    of_side.collect()
}

impl Report {
    /// Judges what was seen in `run`.
    pub fn judge(run: Run, profiles: &[Profile], scenarios: Vec<Scenario>) -> Self {
        let each = repeats::split(&scenarios).map(|part| verdicts(&run, profiles, part));
        let mut each: Vec<Vec<VerdictRow>> = each.collect();
        if each.is_empty() {
            each.push(verdicts(&run, profiles, &[]));
        }
        let verdicts = repeats::merged(each, run.repeats);
        let exit_code = exit::of_run(&run.exit_policy(), &verdicts, &scenarios);
        let titles = profiles
            .iter()
            .map(|profile| (profile.vendor.clone(), profile.title.clone()))
            .collect();
        let cascades = cascade::cascades(&verdicts, &scenarios);
        Self {
            run,
            titles,
            files: BTreeMap::new(),
            verdicts,
            cascades,
            scenarios,
            redactor: Redactor::default(),
            baseline: None,
            exit_code,
        }
    }

    /// Puts a baseline beside the verdicts: what it expects does not fail, and an entry that no
    /// longer holds does.
    pub fn expect(&mut self, baseline: &Baseline) {
        let applied = baseline.apply(&self.verdicts, self.run.finished);
        let unexpected = |row: &&VerdictRow| !applied.is_expected(row);
        let rest: Vec<VerdictRow> = self.verdicts.iter().filter(unexpected).cloned().collect();
        let mut codes = vec![exit::of_run(
            &self.run.exit_policy(),
            &rest,
            &self.scenarios,
        )];
        if !matches!(self.exit_code, exit::BROKEN | exit::STALE) {
            codes.push(self.exit_code);
        }
        if !applied.stale.is_empty() {
            codes.push(exit::STALE);
        }
        self.exit_code = exit::winner(&codes);
        self.baseline = Some(applied);
    }

    /// What a command line calls this vendor: its slug, or its file as a word of a shell.
    pub(crate) fn argument<'a>(&'a self, vendor: &'a str) -> &'a str {
        self.files.get(vendor).map_or(vendor, String::as_str)
    }

    /// Whether a baseline expects the verdict of this row.
    pub fn is_expected(&self, row: &VerdictRow) -> bool {
        let baseline = self.baseline.as_ref();
        baseline.is_some_and(|baseline| baseline.is_expected(row))
    }

    /// Whether this row makes the run fail.
    pub fn fails(&self, row: &VerdictRow) -> bool {
        let always = matches!(
            row.verdict,
            Verdict::Fail | Verdict::Error | Verdict::Harness
        );
        let policy = self.run.exit_policy();
        (always || policy.fails_on.contains(&row.verdict)) && !self.is_expected(row)
    }

    /// The fault because of which a row could not be judged, where another row tells of it.
    pub fn cascade_of(&self, row: &VerdictRow) -> Option<&Cascade> {
        self.cascades.iter().find(|cascade| {
            cascade.vendor == row.vendor
                && cascade.judge == row.judge
                && cascade.rows.contains(&row.id)
        })
    }

    /// How many rows could not be judged because of this one.
    pub fn hidden_by(&self, row: &VerdictRow) -> usize {
        let cascades = self.cascades.iter().filter(|cascade| {
            cascade.vendor == row.vendor
                && cascade.judge == row.judge
                && cascade.causes.contains(&row.id)
        });
        cascades.map(|cascade| cascade.rows.len()).sum()
    }

    /// How many rows came to each verdict that occurs.
    pub fn summary(&self) -> BTreeMap<Verdict, usize> {
        self.verdicts
            .iter()
            .fold(BTreeMap::new(), |mut counts, row| {
                *counts.entry(row.verdict).or_default() += 1;
                counts
            })
    }

    /// Whether `text`, made of this report, holds a secret of the run in any spelling.
    pub fn leaks(&self, text: &str) -> bool {
        self.redactor.leaks(text)
    }
}

#[cfg(test)]
pub(crate) mod testing;
