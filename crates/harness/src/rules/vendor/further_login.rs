//! Logins after the first.

use super::deviation::Deviations;
use super::login::issued;
use super::refusal::login_of;
use super::token_age::{AgedCall, aged_calls, lifetime, shows_token_of, token_of};
use crate::evidence::{Exchange, Reaction};
use crate::rules::{Rule, View, gone, unobserved, worst_not_served};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-24", each_login_gives_a_working_token)];

/// Every login gives a token that works for its full lifetime. Whether an older one stays valid
/// after a new login is not public: it is reported, and no more.
fn each_login_gives_a_working_token(view: &View<'_>) -> Finding {
    let logins: Vec<_> = view.evidence.documented(login_of(view)).collect();
    if let Some(finding) = worst_not_served(&logins, "a token for each login") {
        return finding;
    }
    let Some((last, earlier)) = logins.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        return unobserved(view, "there were no two logins");
    };
    let answered = |aged: &AgedCall<'_>| {
        let evidence = view.evidence;
        evidence.seconds_between(aged.login.seq, aged.call.answered)
    };
    let (mut wrong, mut full, mut unanswered) = (Deviations::default(), None, None);
    let calls = aged_calls(view);
    for aged in calls.iter().filter(|aged| shows_token_of(&aged.call, last)) {
        let lifetime = lifetime(view, &aged.login);
        // Past its end only a token that still works says something: it has worked until then.
        if aged.age >= lifetime && !aged.call.is_served() {
            continue;
        }
        match aged.call.reaction() {
            Reaction::Served if is_late(aged, lifetime) => full = Some(aged),
            Reaction::Served => {}
            // It may have ended on the way.
            Reaction::Refused if answered(aged) >= lifetime => {}
            Reaction::Refused => wrong.add(
                "the new token to work for its full lifetime",
                aged.words(lifetime),
                aged.call,
            ),
            Reaction::Gone(_) => unanswered = gone(&aged.call),
            _ => unanswered = Some(unobserved(view, &aged.words(lifetime)).seen_in(aged.call)),
        }
    }
    if let Some(finding) = wrong.broken().or(unanswered) {
        return finding;
    }
    let Some((full, tokens)) = full.zip(Proof::all(issued(view))) else {
        return unobserved(view, "the new token's lifetime did not pass");
    };
    let proof = tokens.and(full.call);
    if earlier.iter().any(|login| same_token(login, last)) {
        let seen = "two logins gave one token, which goes on working";
        return Finding::deviation(Grade::Fact, "a new token", seen, proof);
    }
    let reason = format!("{} logins, each with a working token", logins.len());
    Finding::met(reason, proof)
}

fn is_late(aged: &AgedCall<'_>, lifetime: f64) -> bool {
    aged.age >= lifetime * 0.9
}

fn same_token(one: &Exchange<'_>, other: &Exchange<'_>) -> bool {
    token_of(one) == token_of(other)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const FIRST: &str = r#"{"access_token":"t-0123","expires_in":3600}"#;
    const SECOND: &str = r#"{"access_token":"t-4567","expires_in":3600}"#;

    /// One login with a call at half of its lifetime.
    fn one() -> Log {
        Log::new()
            .hide("t-0123", "access token 1")
            .hide("t-4567", "access token 2")
            .exchange("login", "", 200, FIRST)
            .advance(1800.0)
            .sent("call", "", "t-0123", 200, "")
    }

    /// A second login, with a call at 90 percent of its lifetime.
    fn two(body: &str, shown: &str, status: u16) -> Log {
        one()
            .exchange("login", "", 200, body)
            .advance(3240.0)
            .sent("call", "", shown, status, "")
    }

    #[test]
    fn a_second_login_gives_a_token_of_its_own_full_life() {
        check(&two(SECOND, "t-4567", 200), "VEN-24", Grade::Met);
        check(&two(SECOND, "t-4567", 401), "VEN-24", Grade::Broken);
        check(&two(SECOND, "t-4567", 500), "VEN-24", Grade::Unobserved);
        check(&two(FIRST, "t-0123", 200), "VEN-24", Grade::Fact);
        check(&two(FIRST, "t-0123", 401), "VEN-24", Grade::Broken);
        let called_late = |status| {
            let log = one().exchange("login", "", 200, SECOND).advance(3700.0);
            log.sent("call", "", "t-4567", status, "")
        };
        check(&called_late(200), "VEN-24", Grade::Met);
        check(&called_late(401), "VEN-24", Grade::Unobserved);
        check(&one(), "VEN-24", Grade::Unobserved);
        check(&two(SECOND, "t-0123", 200), "VEN-24", Grade::Unobserved);
    }

    #[test]
    fn a_second_login_is_refused_or_throttled() {
        let second = |status| one().exchange("login", "", status, "{}");
        check(&second(401), "VEN-24", Grade::Broken);
        check(&second(200), "VEN-24", Grade::Broken);
        check(&second(429), "VEN-24", Grade::Unobserved);
        // A login that was refused was hidden by an earlier one that got no answer.
        let unanswered = one().failed("login", "", BadReply::Closed);
        let then_refused = unanswered.exchange("login", "", 401, "{}");
        check(&then_refused, "VEN-24", Grade::Broken);
    }

    #[test]
    fn a_failure_is_no_working_token() {
        for failure in FAILURES {
            let call = one().exchange("login", "", 200, SECOND).advance(3240.0);
            let call = call.failed_with("call", "t-4567", failure);
            let login = one().failed("login", "", failure);
            for log in [call, login] {
                let rule = crate::rules::find("VEN-24", locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{failure:?}: {finding:?}");
            }
        }
    }
}
