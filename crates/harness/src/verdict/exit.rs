//! What the command's exit code says. If several apply, the first of [`PRECEDENCE`] wins.

use locum_core::Verdict;

use super::{Scenario, VerdictRow};
use crate::evidence::Reaction;
use crate::report::Run;

/// Conformant, given the baseline.
pub const CONFORMANT: u8 = 0;
/// At least one FAIL or ERROR that the baseline does not expect (with `--strict` also WARN and
/// INCONCLUSIVE, and N/A that the baseline does not list).
pub const BROKEN: u8 = 1;
/// Usage or configuration.
pub const USAGE: u8 = 2;
/// At least one HARNESS verdict: our fault, or the shim's.
pub const HARNESS: u8 = 3;
/// The client or vendor could not be started or reached, or crashed in every scenario.
pub const UNREACHABLE: u8 = 4;
/// Nothing wrong but stale or expired baseline entries.
pub const STALE: u8 = 5;
/// Nothing selected.
pub const NOTHING_SELECTED: u8 = 6;
/// Interrupted; rows that were not reached are NOT_RUN.
pub const INTERRUPTED: u8 = 130;

/// Which code wins when several apply.
pub const PRECEDENCE: [u8; 8] = [
    INTERRUPTED,
    USAGE,
    HARNESS,
    UNREACHABLE,
    NOTHING_SELECTED,
    BROKEN,
    STALE,
    CONFORMANT,
];

/// The one of `codes` that wins; [`CONFORMANT`] when there is none.
pub fn winner(codes: &[u8]) -> u8 {
    PRECEDENCE
        .into_iter()
        .find(|code| codes.contains(code))
        .unwrap_or(CONFORMANT)
}

/// What a run exits with, before a baseline is looked at.
pub fn of_run(run: &Run, verdicts: &[VerdictRow], scenarios: &[Scenario]) -> u8 {
    let any = |verdict| verdicts.iter().any(|row| row.verdict == verdict);
    let mut codes = Vec::new();
    if run.interrupted {
        codes.push(INTERRUPTED);
    }
    if any(Verdict::Harness) {
        codes.push(HARNESS);
    }
    if any(Verdict::Fail) || any(Verdict::Error) {
        codes.push(BROKEN);
    }
    if run.fails_on().any(|on| any(on.verdict())) {
        codes.push(BROKEN);
    }
    let unshown = |row: &&VerdictRow| row.verdict == Verdict::NotRun;
    let asked = || {
        let rows = verdicts.iter();
        rows.filter(|row| run.selection.contains(&row.id))
    };
    if asked().next().is_some() && asked().all(|row| unshown(&row)) {
        codes.push(NOTHING_SELECTED);
    }
    let silent = |scenario: &Scenario| {
        let mut exchanges = scenario.evidence.exchanges().peekable();
        exchanges.peek().is_some()
            && exchanges.all(|exchange| matches!(exchange.reaction(), Reaction::Gone(_)))
    };
    let mut played = scenarios
        .iter()
        .filter(|scenario| scenario.evidence.exchanges().next().is_some())
        .peekable();
    if played.peek().is_some() && played.all(silent) {
        codes.push(UNREACHABLE);
    }
    winner(&codes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use locum_core::requirement::Judge;
    use locum_core::{Level, RequirementId, Timestamp};

    use super::*;
    use crate::report::FailOn;

    fn check(codes: &[u8], expected: u8) {
        assert_eq!(winner(codes), expected, "{codes:?}");
    }

    #[test]
    fn the_first_in_the_order_wins() {
        check(&[], CONFORMANT);
        check(&[BROKEN, STALE], BROKEN);
        check(&[BROKEN, HARNESS], HARNESS);
        check(&[NOTHING_SELECTED, BROKEN], NOTHING_SELECTED);
        check(&[HARNESS, INTERRUPTED, USAGE], INTERRUPTED);
    }

    fn code(verdict: Verdict, strict: bool, fail_on: &[FailOn], selection: &[&str]) -> u8 {
        let id = |id: &str| RequirementId(id.to_owned());
        let run = Run {
            id: "r-1".to_owned(),
            command: "check".to_owned(),
            vendors: vec!["v".to_owned()],
            judges: vec![Judge::Vendor],
            seed: 7,
            started: Timestamp::from_seconds(0),
            finished: Timestamp::from_seconds(0),
            duration: Duration::ZERO,
            strict,
            fail_on: fail_on.to_vec(),
            interrupted: false,
            selection: selection.iter().map(|text| id(text)).collect(),
            subject: "mock".to_owned(),
        };
        let row = VerdictRow {
            id: id("VEN-16"),
            vendor: "v".to_owned(),
            judge: Judge::Vendor,
            level: Level::Must,
            verdict,
            reason: String::new(),
            expected: None,
            observed: None,
            evidence: Vec::new(),
            control: None,
            figures: serde_json::Map::new(),
            needed_by: Vec::new(),
        };
        of_run(&run, &[row], &[])
    }

    #[test]
    fn the_exit_code_follows_the_verdicts() {
        for (verdict, strict, expected) in [
            (Verdict::Pass, true, CONFORMANT),
            (Verdict::NotRun, true, CONFORMANT),
            (Verdict::Warn, false, CONFORMANT),
            (Verdict::Warn, true, BROKEN),
            (Verdict::Inconclusive, true, BROKEN),
            (Verdict::Fail, false, BROKEN),
            (Verdict::Error, false, BROKEN),
            (Verdict::Harness, false, HARNESS),
        ] {
            assert_eq!(code(verdict, strict, &[], &[]), expected, "{verdict:?}");
        }
    }

    #[test]
    fn what_fails_besides_can_be_chosen() {
        let inconclusive = [FailOn::Inconclusive];
        assert_eq!(
            code(Verdict::Inconclusive, false, &inconclusive, &[]),
            BROKEN
        );
        assert_eq!(code(Verdict::Warn, false, &inconclusive, &[]), CONFORMANT);
        assert_eq!(code(Verdict::Warn, false, &[FailOn::Warn], &[]), BROKEN);
        assert_eq!(code(Verdict::NotRun, true, &[FailOn::NotRun], &[]), BROKEN);
        assert_eq!(
            code(Verdict::NotApplicable, true, &[FailOn::NotRun], &[]),
            CONFORMANT
        );
    }

    /// `--id X` of a row that no scenario shows ended with 0.
    #[test]
    fn a_selection_that_nothing_shows_is_nothing_selected() {
        assert_eq!(
            code(Verdict::NotRun, false, &[], &["VEN-16"]),
            NOTHING_SELECTED
        );
        assert_eq!(code(Verdict::Pass, false, &[], &["VEN-16"]), CONFORMANT);
    }
}
