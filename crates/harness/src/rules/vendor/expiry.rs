//! When tokens end.

use locum_core::profile::Grant;

use super::deviation::Deviations;
use super::jwt::seconds_to_exp;
use super::pool_expiry;
use super::token_age::{AgedCall, GRACE_S, aged_calls, grace_s, lifetime};
use crate::evidence::{CallVariation, Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("JWT-07", refused_from_its_exp),
    Rule::vendor("VEN-09", expired_token_is_answered_with_its_status),
];

/// A call with a token that had ended, in words, and the accepted call beside it.
struct EndedCall<'a> {
    call: Exchange<'a>,
    words: String,
    control: Option<Exchange<'a>>,
}

/// Calls with a token that was supplied and had ended; what it was before nobody has seen, so that
/// they stand beside a call that was served to a live one.
fn supplied<'a>(view: &View<'a>) -> impl Iterator<Item = EndedCall<'a>> {
    let ended = Variation::Call(CallVariation::EndedToken);
    let mut live = view.evidence.documented(Operation::Call);
    let control = live.find(Exchange::is_served);
    let calls = view.evidence.varied(Operation::Call);
    calls
        .filter(move |call| *call.variation == ended)
        .map(move |call| EndedCall {
            call,
            words: call.sentence(),
            control,
        })
}

/// An expired token is answered with the documented status, beside the same token accepted before
/// its end.
fn expired_token_is_answered_with_its_status(view: &View<'_>) -> Finding {
    let calls = aged_calls(view);
    let status = view.expected.status.unwrap_or(401);
    let documented = view.profile.token.lifetime().as_secs_f64();
    let over = |aged: &&AgedCall<'_>| {
        let told = lifetime(view, &aged.login);
        let is_over = aged.age > told + grace_s(told);
        // A vendor that tells a wrong lifetime is judged for that elsewhere: a token that works counts
        // once the documented one has passed as well.
        is_over && !(aged.call.is_served() && aged.age <= told.max(documented) + GRACE_S)
    };
    let aged = calls.iter().filter(over).map(|aged| {
        let accepted = |other: &&AgedCall<'_>| {
            other.login.seq == aged.login.seq
                && other.age < lifetime(view, &other.login)
                && other.call.is_served()
        };
        EndedCall {
            call: aged.call,
            words: aged.words(lifetime(view, &aged.login)),
            control: calls.iter().find(accepted).map(|other| other.call),
        }
    });
    let mut wrong = Deviations::default();
    let (mut refused, mut unanswered) = (None, None);
    for ended in aged.chain(supplied(view)) {
        let (call, words) = (ended.call, &ended.words);
        match call.reaction() {
            Reaction::Gone(_) => unanswered = gone(&call),
            _ if call.status() == status => refused = Some(ended),
            Reaction::Throttled => unanswered = Some(unobserved(view, words).seen_in(call)),
            _ => wrong.add(format!("{status} for an expired token"), words, call),
        }
    }
    if let Some(finding) = wrong.broken().or(unanswered) {
        return finding;
    }
    let Some(refused) = refused else {
        return unobserved(view, "no expired token was at hand");
    };
    match refused.control {
        None => {
            unobserved(view, "the token was never accepted before its end").seen_in(refused.call)
        }
        Some(control) => Finding::met(refused.words, refused.call).beside(control),
    }
}

/// A token is refused from its `exp` on (RFC 7519 §4.1.4), beside the same token accepted before.
/// A few minutes of leeway are allowed and reported.
fn refused_from_its_exp(view: &View<'_>) -> Finding {
    if view.profile.token.grant == Grant::Cognito {
        return pool_expiry::refused_from_its_exp(view);
    }
    let calls = aged_calls(view);
    let with_end: Vec<(&AgedCall<'_>, f64)> = calls
        .iter()
        .filter_map(|aged| Some((aged, seconds_to_exp(view, &aged.login)?)))
        .collect();
    let over = with_end.iter().filter(|(aged, end)| aged.age >= *end);
    let aged = over.map(|(aged, end)| {
        let accepted = |(other, end): &&(&AgedCall<'_>, f64)| {
            other.login.seq == aged.login.seq && other.age < *end && other.call.is_served()
        };
        let ended = EndedCall {
            call: aged.call,
            words: aged.words(*end),
            control: with_end.iter().find(accepted).map(|(other, _)| other.call),
        };
        (ended, aged.age >= end + GRACE_S)
    });
    let supplied: Vec<EndedCall<'_>> = supplied(view).collect();
    if with_end.is_empty() && supplied.is_empty() {
        return unobserved(view, "no token with an exp was used");
    }
    let (mut late, mut leeway) = (Deviations::default(), Deviations::default());
    let (mut refused, mut unanswered) = (None, None);
    for (ended, is_long_over) in aged.chain(supplied.into_iter().map(|ended| (ended, true))) {
        let (call, words) = (ended.call, &ended.words);
        match call.reaction() {
            Reaction::Served if is_long_over => {
                late.add("the token refused on and after its exp", words, call);
            }
            Reaction::Served => leeway.add("the token refused at its exp", words, call),
            Reaction::Refused => refused = Some(ended),
            Reaction::Gone(_) => unanswered = gone(&call),
            _ => unanswered = Some(unobserved(view, words).seen_in(call)),
        }
    }
    if let Some(finding) = late.broken() {
        return finding;
    }
    let Some(refused) = refused else {
        return unanswered.unwrap_or_else(|| unobserved(view, "no expired token was at hand"));
    };
    let Some(control) = refused.control else {
        return unobserved(view, "the token was never accepted before its exp")
            .seen_in(refused.call);
    };
    let met = Finding::met(refused.words, refused.call);
    let finding = leeway.finding(Grade::Fact).unwrap_or(met);
    finding.beside(control)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123","expires_in":3600}"#;

    /// A login, then a call of that status at each age of the token.
    fn log(calls: &[(f64, u16)]) -> Log {
        let log = Log::new()
            .hide("t-0123", "access token 1")
            .exchange("login", "", 200, TOKEN);
        used(log, "t-0123", calls)
    }

    /// The same with a JWT that ends after an hour.
    fn jwt(calls: &[(f64, u16)]) -> Log {
        let claims = serde_json::json!({"exp": 1_795_518_000});
        let log = Log::new().jwt("", "Tue, 24 Nov 2026 10:00:00 GMT", &claims);
        used(log, "«access token 1»", calls)
    }

    fn used(log: Log, token: &str, calls: &[(f64, u16)]) -> Log {
        let mut now = 0.0;
        calls.iter().fold(log, |log, (age, status)| {
            let log = log.advance(age - now);
            now = *age;
            log.sent("call", "", token, *status, "")
        })
    }

    #[test]
    fn an_expired_token_is_answered_with_401_or_not() {
        let check = |calls: &[(f64, u16)], expected: Grade| check(&log(calls), "VEN-09", expected);
        check(&[(0.0, 200), (3901.0, 401)], Grade::Met);
        check(&[(0.0, 200), (3901.0, 403)], Grade::Broken);
        check(&[(0.0, 200), (3901.0, 200)], Grade::Broken);
        check(&[(0.0, 200), (3901.0, 500)], Grade::Broken);
        check(&[(0.0, 200), (3901.0, 429)], Grade::Unobserved);
        check(&[(0.0, 500), (3901.0, 401)], Grade::Unobserved);
        check(&[(3901.0, 401)], Grade::Unobserved);
        check(&[(0.0, 200), (3800.0, 401)], Grade::Unobserved);
    }

    /// A server that tells a shorter lifetime than its page has to be waited for no longer than it
    /// tells; that a token outlives it is another row's matter.
    #[test]
    fn the_told_lifetime_is_the_one_that_ends() {
        let short = |calls: &[(f64, u16)]| {
            let token = TOKEN.replace("3600", "36");
            let log = Log::new()
                .hide("t-0123", "access token 1")
                .exchange("login", "", 200, &token);
            used(log, "t-0123", calls)
        };
        check(&short(&[(0.0, 200), (145.0, 401)]), "VEN-09", Grade::Met);
        check(&short(&[(0.0, 200), (145.0, 403)]), "VEN-09", Grade::Broken);
        check(
            &short(&[(0.0, 200), (145.0, 200)]),
            "VEN-09",
            Grade::Unobserved,
        );
        check(
            &short(&[(0.0, 200), (140.0, 401)]),
            "VEN-09",
            Grade::Unobserved,
        );
        check(
            &short(&[(0.0, 200), (3901.0, 200)]),
            "VEN-09",
            Grade::Broken,
        );
    }

    #[test]
    fn a_supplied_token_stands_in_for_the_end_of_one() {
        let log = |live: u16, ended: u16| {
            Log::new()
                .exchange("login", "", 200, TOKEN)
                .exchange("call", "", live, "{}")
                .exchange("call", "with a token that has ended", ended, "{}")
        };
        for id in ["VEN-09", "JWT-07"] {
            check(&log(200, 401), id, Grade::Met);
            check(&log(200, 200), id, Grade::Broken);
            check(&log(401, 401), id, Grade::Unobserved);
        }
        check(&log(200, 403), "VEN-09", Grade::Broken);
        check(&log(200, 403), "JWT-07", Grade::Met);
    }

    /// A 500 after the exp counted as a refusal.
    #[test]
    fn a_token_ends_at_its_exp() {
        let check = |calls: &[(f64, u16)], expected: Grade| check(&jwt(calls), "JWT-07", expected);
        let young = (0.0, 200);
        check(&[young, (3600.0, 401), (3901.0, 401)], Grade::Met);
        check(&[young, (3600.0, 403)], Grade::Met);
        check(&[young, (3600.0, 200), (3901.0, 401)], Grade::Fact);
        check(&[young, (3600.0, 401), (3901.0, 200)], Grade::Broken);
        check(&[young, (3600.0, 500)], Grade::Unobserved);
        check(&[young, (3600.0, 429)], Grade::Unobserved);
        check(&[young, (3600.0, 200)], Grade::Unobserved);
        check(&[young, (3599.0, 401)], Grade::Unobserved);
        check(&[(3600.0, 401)], Grade::Unobserved);
        check(&[(0.0, 500), (3600.0, 401)], Grade::Unobserved);
    }

    #[test]
    fn an_opaque_token_has_no_exp() {
        let opaque = log(&[(0.0, 200), (3901.0, 401)]);
        check(&opaque, "JWT-07", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_end() {
        for failure in FAILURES {
            for (id, log) in [
                ("VEN-09", log(&[(0.0, 200)])),
                ("JWT-07", jwt(&[(0.0, 200)])),
            ] {
                let log = log
                    .advance(3901.0)
                    .failed_with("call", "«access token 1»", failure);
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
