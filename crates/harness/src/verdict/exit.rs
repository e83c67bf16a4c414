//! What the command's exit code says. If several apply, the first of [`PRECEDENCE`] wins.

use locum_core::Verdict;
use locum_core::requirement::Judge;

use super::{Ending, Scenario, VerdictRow};
use crate::evidence::{Cut, Exchange, Operation, Reaction, TlsAnswer};

/// Conformant, given the baseline.
pub const CONFORMANT: u8 = 0;
/// At least one FAIL or ERROR that the baseline does not expect; with `--strict` also WARN and
/// INCONCLUSIVE, with `--fail-on` what it names.
pub const BROKEN: u8 = 1;
/// Usage or configuration.
pub const USAGE: u8 = 2;
/// At least one HARNESS verdict: our fault, or the shim's.
pub const HARNESS: u8 = 3;
/// The client or vendor could not be started or reached, crashed in every scenario, or (a vendor)
/// answered every documented login with a refusal or with 429.
pub const UNREACHABLE: u8 = 4;
/// Nothing wrong but stale or expired baseline entries.
pub const STALE: u8 = 5;
/// Nothing selected.
pub const NOTHING_SELECTED: u8 = 6;
/// Interrupted; rows that were not reached are NOT_RUN.
pub const INTERRUPTED: u8 = 130;

/// What each code means, for people.
pub const MEANINGS: [(u8, &str); 8] = [
    (
        CONFORMANT,
        "Nothing is broken, or only what the baseline accepts.",
    ),
    (
        BROKEN,
        "Something is broken: a FAIL or an ERROR; with `--strict` or `--fail-on` a further verdict, too.",
    ),
    (
        USAGE,
        "Usage or configuration: an unknown id, a wrong option, a variable that is missing.",
    ),
    (HARNESS, "A fault of locum or of the shim."),
    (
        UNREACHABLE,
        "The client or vendor could not be started or reached, or crashed in every scenario; or the vendor refused or throttled each documented login.",
    ),
    (
        STALE,
        "Nothing is broken, but the baseline holds entries that are over or no longer true.",
    ),
    (
        NOTHING_SELECTED,
        "Nothing was selected, or nothing arrived, so nothing was judged.",
    ),
    (
        INTERRUPTED,
        "Interrupted; what was seen so far is in the report.",
    ),
];

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

/// What the exit code goes by besides the verdicts.
#[derive(Clone, Debug, Default)]
pub struct ExitPolicy {
    /// What counts as a failure besides FAIL and ERROR.
    pub fails_on: Vec<Verdict>,
    /// Whether only some rows were asked for; those beside them are there for their sake.
    pub is_selective: bool,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

/// What a run exits with, before a baseline is looked at.
pub fn of_run(policy: &ExitPolicy, verdicts: &[VerdictRow], scenarios: &[Scenario]) -> u8 {
    let any = |verdict| verdicts.iter().any(|row| row.verdict == verdict);
    let mut codes = Vec::new();
    if policy.interrupted {
        codes.push(INTERRUPTED);
    }
    let is_broken = |scenario: &Scenario| matches!(scenario.ending, Ending::Broken(_));
    if any(Verdict::Harness) || scenarios.iter().any(is_broken) {
        codes.push(HARNESS);
    }
    if any(Verdict::Fail) || any(Verdict::Error) {
        codes.push(BROKEN);
    }
    if policy.fails_on.iter().any(|verdict| any(*verdict)) {
        codes.push(BROKEN);
    }
    let unshown =
        |row: &&VerdictRow| matches!(row.verdict, Verdict::NotRun | Verdict::NotApplicable);
    let asked = || {
        let rows = verdicts.iter();
        rows.filter(|row| policy.is_selective && row.needed_by.is_empty())
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
    if !any(Verdict::Fail) && each_login_was_refused(scenarios) {
        codes.push(UNREACHABLE);
    }
    let given_up = |scenario: &Scenario| matches!(scenario.ending, Ending::GivenUp(_));
    let is_untrusted = |scenario: &Scenario| {
        let mut hellos = scenario.evidence.tls_hellos();
        hellos.any(|(.., answer)| matches!(answer, TlsAnswer::Certificate(_)))
    };
    if scenarios
        .iter()
        .any(|one| given_up(one) || is_untrusted(one))
    {
        codes.push(UNREACHABLE);
    }
    let gone = |scenario: &Scenario| scenario.evidence.client_gone().is_some();
    let asked = |scenario: &&Scenario| gone(scenario) || scenario.evidence.asks().next().is_some();
    let mut driven = scenarios.iter().filter(asked).peekable();
    if driven.peek().is_some() && driven.all(gone) {
        codes.push(UNREACHABLE);
    }
    // A client that was asked and reached the vendor in no scenario at all was pointed elsewhere.
    let asked = |scenario: &&Scenario| {
        let mut asks = scenario.evidence.asks();
        scenario.ending == Ending::Ran && asks.any(|(_, command)| command.op() == "call")
    };
    let mut driven = scenarios.iter().filter(asked).peekable();
    let unseen = |scenario: &Scenario| {
        let seen = &scenario.evidence;
        seen.entries().next().is_none() && seen.places().is_empty()
    };
    if driven.peek().is_some() && driven.all(unseen) {
        codes.push(UNREACHABLE);
    }
    winner(&codes)
}

/// Whether a vendor was asked for tokens as documented and refused each time: with an account that it
/// does not know, nothing of it can be judged.
fn each_login_was_refused<'a>(scenarios: &'a [Scenario]) -> bool {
    let judged = scenarios.iter().filter(|one| one.judge == Judge::Vendor);
    let of = |scenario: &'a Scenario| {
        let logins = [Operation::Login, Operation::SignIn].into_iter();
        logins.flat_map(|login| scenario.evidence.documented(login))
    };
    let was_sent = |login: &Exchange<'_>| login.reaction() != Reaction::Gone(Cut::NotSent);
    let mut documented = judged.flat_map(of).filter(was_sent).peekable();
    let gave_nothing =
        |login: Exchange<'_>| matches!(login.reaction(), Reaction::Refused | Reaction::Throttled);
    documented.peek().is_some() && documented.all(gave_nothing)
}

#[cfg(test)]
mod tests {
    use locum_core::{Level, RequirementId};

    use super::*;
    use crate::report::testing::answered;

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

    #[test]
    fn each_code_has_a_meaning() {
        let mut told: Vec<u8> = MEANINGS.iter().map(|(code, _)| *code).collect();
        let mut known = PRECEDENCE.to_vec();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    fn code(verdict: Verdict, fails_on: &[Verdict], is_selective: bool) -> u8 {
        let policy = ExitPolicy {
            fails_on: fails_on.to_vec(),
            is_selective,
            interrupted: false,
        };
        let row = VerdictRow {
            id: RequirementId("VEN-16".to_owned()),
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
        of_run(&policy, &[row], &[])
    }

    #[test]
    fn the_exit_code_follows_the_verdicts() {
        let strict = &[Verdict::Warn, Verdict::Inconclusive][..];
        for (verdict, fails_on, expected) in [
            (Verdict::Pass, strict, CONFORMANT),
            (Verdict::NotRun, strict, CONFORMANT),
            (Verdict::NotApplicable, strict, CONFORMANT),
            (Verdict::Warn, &[], CONFORMANT),
            (Verdict::Warn, strict, BROKEN),
            (Verdict::Inconclusive, strict, BROKEN),
            (Verdict::Inconclusive, &[Verdict::NotRun], CONFORMANT),
            (Verdict::NotRun, &[Verdict::NotRun], BROKEN),
            (Verdict::Fail, &[], BROKEN),
            (Verdict::Error, &[], BROKEN),
            (Verdict::Harness, &[], HARNESS),
        ] {
            assert_eq!(code(verdict, fails_on, false), expected, "{verdict:?}");
        }
    }

    /// A wrong password in the environment ended with 0 and no row judged.
    #[test]
    fn a_vendor_that_refuses_each_login_was_not_reached() {
        let json = ("Content-Type", "application/json");
        let refused = || answered(401, json, "{}");
        let served = answered(200, json, r#"{"access_token":"t-0123"}"#);
        let run = |scenarios: &[Scenario]| of_run(&ExitPolicy::default(), &[], scenarios);
        assert_eq!(run(&[refused(), refused()]), UNREACHABLE);
        assert_eq!(run(&[refused(), served]), CONFORMANT);
        let throttled = || answered(429, json, "{}");
        assert_eq!(run(&[refused(), throttled()]), UNREACHABLE);
        assert_eq!(run(&[throttled()]), UNREACHABLE);
        assert_eq!(run(&[answered(500, json, "{}")]), CONFORMANT);
    }

    /// `--id X` of a row that no scenario shows ended with 0.
    #[test]
    fn a_selection_that_nothing_shows_is_nothing_selected() {
        assert_eq!(code(Verdict::NotRun, &[], true), NOTHING_SELECTED);
        assert_eq!(code(Verdict::NotApplicable, &[], true), NOTHING_SELECTED);
        assert_eq!(code(Verdict::Pass, &[], true), CONFORMANT);
    }
}
