//! Scenarios that others may have spoilt: at a vendor that ends a token with the next login, those that
//! are played side by side end each other's.

use std::collections::BTreeSet;
use std::time::Duration;

use locum_core::Verdict;

use super::{CheckOptions, Shared, play};
use crate::evidence::{Evidence, Operation, Redactor};
use crate::plan::Plan;
use crate::verdict::{Ending, Scenario, Scope, judge};

/// What a scenario left, with the secrets that it knew.
type Played = (Scenario, Redactor);

/// Plays again, one at a time, the scenarios in which a request was refused while others were played
/// beside them, where a row that they show was not met. What is seen then stands in place of what was
/// seen before.
pub(super) async fn play_again(
    options: &CheckOptions,
    (plan, scope): (&Plan, &Scope<'_>),
    origin: Duration,
    shared: &Shared,
    played: &mut [Played],
) {
    let is_stopped = *options.stop.borrow() || shared.gate.stopped().is_some();
    if options.jobs < 2 || is_stopped {
        return;
    }
    let spoilt = spoilt(options, scope, played);
    let part = plan.part(|planned| spoilt.contains(&planned.key));
    if part.scenarios.is_empty() {
        return;
    }
    let options = CheckOptions {
        jobs: 1,
        ..options.clone()
    };
    for (scenario, redactor) in play(&options, &part, origin, Box::new(drop), shared).await {
        let is_seen = !matches!(
            scenario.ending,
            Ending::LeftOut(_) | Ending::NotReached | Ending::GivenUp(_)
        );
        let mut played = played.iter_mut();
        let before = played.find(|(before, _)| before.key == scenario.key);
        if let (Some(before), true) = (before, is_seen) {
            *before = (scenario, redactor);
        }
    }
}

/// The keys of scenarios that others may have spoilt.
fn spoilt(options: &CheckOptions, scope: &Scope<'_>, played: &[Played]) -> BTreeSet<String> {
    let scenarios: Vec<Scenario> = played
        .iter()
        .map(|(scenario, _)| scenario.clone())
        .collect();
    let rows = judge(scope, &options.profiles, &scenarios);
    let is_unmet = |scenario: &Scenario| {
        rows.iter().any(|row| {
            let is_bad = matches!(
                row.verdict,
                Verdict::Fail | Verdict::Warn | Verdict::Inconclusive
            );
            is_bad && row.vendor == scenario.vendor && scenario.ids.contains(&row.id)
        })
    };
    let spoilt = scenarios.iter().filter(|scenario| {
        let seen = &scenario.evidence;
        scenario.ending == Ending::Ran
            && is_refused(seen)
            && !changes_something(seen)
            && is_unmet(scenario)
    });
    spoilt.map(|scenario| scenario.key.clone()).collect()
}

/// Whether the vendor refused a request, after it had served one such as the login.
fn is_refused(evidence: &Evidence) -> bool {
    let mut exchanges = evidence.exchanges();
    exchanges.any(|exchange| exchange.is_served())
        && exchanges.any(|exchange| exchange.is_refused())
}

/// Whether something was created or changed, which is not to be done twice.
fn changes_something(evidence: &Evidence) -> bool {
    use Operation::{AnswerChallenge, Attempt, ChangePassword, Create, ResetPassword};
    [
        Create,
        ChangePassword,
        ResetPassword,
        AnswerChallenge,
        Attempt,
    ]
    .into_iter()
    .any(|operation| evidence.exchanges_for(operation).next().is_some())
}
