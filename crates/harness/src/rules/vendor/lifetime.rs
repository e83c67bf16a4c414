//! Whether tokens live as long as their replies tell.

use locum_core::profile::ExpiresIn;
use serde_json::Value;

use super::deviation::Deviations;
use super::jwt::{Told, told_lifetime as told_by_claims};
use super::login::issued;
use super::token_age::{AgedCall, aged_calls, grace_s, shows_token_of, told_lifetime};
use crate::evidence::{Exchange, Operation, Reaction};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade};

/// So far apart may `expires_in` and the claims be, in seconds.
const CLAIMS_TOLERANCE_S: f64 = 5.0;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("RSP-08", expires_in_is_in_seconds),
    Rule::vendor("VEN-26", expires_in_is_in_the_documented_unit),
];

/// `expires_in`, read in the vendor's own unit, is how long a token lives.
fn expires_in_is_in_the_documented_unit(view: &View<'_>) -> Finding {
    let unit = view.profile.token.expires_in;
    let lived = lifetime_matches_expires_in(view, unit, Grade::Broken);
    // Where nobody saw the end of a token, its own claims may tell that it is not the announced one;
    // that it is, only the end itself shows.
    match lived.grade() {
        Grade::Unobserved => contradicted(view, unit).unwrap_or(lived),
        _ => lived,
    }
}

/// What says how long the token of a login lives: its own claims, or those that its introspection
/// tells (RFC 7662 §2.2) where it is opaque.
fn claims_of(view: &View<'_>, login: &Exchange<'_>) -> Option<Value> {
    if let Some((_, claims)) = view.evidence.jwt_of(login.seq) {
        return Some(claims.clone());
    }
    let asked = view.evidence.documented(Operation::Introspect);
    let mut told = asked.filter(|asked| shows_token_of(asked, login));
    told.find_map(|asked| Some(asked.json()).filter(|told| told["active"] == true))
}

/// That `exp` minus `iat` of a token is another lifetime than its `expires_in` in this unit.
fn contradicted(view: &View<'_>, unit: ExpiresIn) -> Option<Finding> {
    let mut wrong = Deviations::default();
    for login in issued(view) {
        let claims = claims_of(view, &login).unwrap_or_default();
        let (Some(told), Some(exp), Some(iat)) = (
            told_lifetime(&login, unit),
            claims["exp"].as_f64(),
            claims["iat"].as_f64(),
        ) else {
            continue;
        };
        let span = exp - iat;
        if (told - span).abs() > CLAIMS_TOLERANCE_S {
            let factor = match (told * 1000.0 - span).abs() <= CLAIMS_TOLERANCE_S {
                true => " (a factor of 1000: seconds for milliseconds)",
                false => "",
            };
            let raw = &login.json()["expires_in"];
            let seen = format!("expires_in {raw} is {told} s, exp minus iat {span} s{factor}");
            wrong.add("expires_in equal to exp minus iat", seen, login);
        }
    }
    wrong.broken()
}

/// `expires_in`, read as seconds (RFC 6749 §5.1), is how long a token lives: by its own claims, or
/// by the calls that were served and refused. A vendor that documents another unit deviates in
/// public.
fn expires_in_is_in_seconds(view: &View<'_>) -> Finding {
    let deviation = match view.profile.token.expires_in {
        ExpiresIn::Milliseconds => Grade::Fact,
        ExpiresIn::Seconds | ExpiresIn::Absent => Grade::Broken,
    };
    let lived = lifetime_matches_expires_in(view, ExpiresIn::Seconds, deviation);
    match by_claims(view, deviation) {
        Some(claims) if claims.grade() == deviation => claims,
        None if lived.grade() == Grade::Unobserved && deviation == Grade::Broken => {
            contradicted(view, ExpiresIn::Seconds).unwrap_or(lived)
        }
        // Nobody waited for the end of a token, and its claims tell it.
        Some(claims) if lived.grade() == Grade::Unobserved && lived.evidence().is_empty() => claims,
        _ => lived,
    }
}

/// What the claims of the tokens say of their `expires_in`; `None` when there is nothing to compare.
fn by_claims(view: &View<'_>, deviation: Grade) -> Option<Finding> {
    let (mut wrong, mut agreeing) = (Deviations::default(), None);
    for login in issued(view) {
        match told_by_claims(view, &login) {
            Told::Differs(seen) => wrong.add("expires_in equal to exp minus iat", seen, login),
            Told::Agrees(seen) => agreeing = Some(Finding::met(seen, login)),
            Told::Nothing | Told::Incomparable => {}
        }
    }
    wrong.finding(deviation).or(agreeing)
}

/// A token is accepted until the end of the lifetime that its reply tells in this unit, and refused
/// at the end plus the smaller of five minutes and three lifetimes.
fn lifetime_matches_expires_in(view: &View<'_>, unit: ExpiresIn, deviation: Grade) -> Finding {
    let mut wrong = Deviations::default();
    let (mut young, mut old, mut unanswered) = (None, None, None);
    for aged in aged_calls(view) {
        let Some(lifetime) = told_lifetime(&aged.login, unit) else {
            continue;
        };
        let words = aged.words(lifetime);
        // The end that a JWT tells is a whole second.
        let is_rounded = view.evidence.jwt_of(aged.login.seq).is_some();
        let rounding = if is_rounded { 1.0 } else { 0.0 };
        let is_within = aged.age < lifetime;
        // When the request left is known, not when it was looked at: before its answer.
        let answered = view
            .evidence
            .seconds_between(aged.login.seq, aged.call.answered);
        let is_early = answered < lifetime - rounding;
        let is_late = aged.age >= lifetime * 0.9;
        let is_over = aged.age >= lifetime + grace_s(lifetime);
        match aged.call.reaction() {
            Reaction::Refused if is_early => {
                wrong.add("the token accepted until its end", words, aged.call);
            }
            Reaction::Served if is_over => {
                wrong.add("the token refused after its end", words, aged.call);
            }
            Reaction::Served if is_within && is_late => young = Some(aged),
            Reaction::Refused if is_over => old = Some((aged, words)),
            Reaction::Served | Reaction::Refused => {}
            Reaction::Gone(_) => unanswered = gone(&aged.call),
            _ => unanswered = Some(unobserved(view, &words).seen_in(aged.call)),
        }
    }
    if let Some(finding) = wrong.finding(deviation).or(unanswered) {
        return finding;
    }
    let same_token = |young: &AgedCall<'_>, old: &AgedCall<'_>| young.login.seq == old.login.seq;
    match (young, old) {
        (Some(young), Some((old, words))) if same_token(&young, &old) => {
            Finding::met(words, old.call).beside(young.call)
        }
        _ => unobserved(
            view,
            "no token was watched from before its end until after it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123","expires_in":3600}"#;

    /// A login that tells an hour, then a call of that status at each age of the token.
    fn log(calls: &[(f64, u16)]) -> Log {
        let log = Log::new()
            .hide("t-0123", "access token 1")
            .exchange("login", "", 200, TOKEN);
        used(log, calls)
    }

    fn used(log: Log, calls: &[(f64, u16)]) -> Log {
        let mut now = 0.0;
        calls.iter().fold(log, |log, (age, status)| {
            let log = log.advance(age - now);
            now = *age;
            log.sent("call", "", "«access token 1»", *status, "")
        })
    }

    /// A 500 after the end counted as a refusal.
    #[test]
    fn a_lifetime_has_two_ends() {
        for id in ["VEN-26", "RSP-08"] {
            let check = |calls: &[(f64, u16)], expected: Grade| check(&log(calls), id, expected);
            check(&[(3240.0, 200), (3900.0, 401)], Grade::Met);
            check(&[(3240.0, 401), (3900.0, 401)], Grade::Broken);
            check(&[(3240.0, 200), (3900.0, 200)], Grade::Broken);
            check(&[(3240.0, 200), (3900.0, 500)], Grade::Unobserved);
            check(&[(3240.0, 500), (3900.0, 401)], Grade::Unobserved);
            check(&[(3240.0, 200), (3900.0, 429)], Grade::Unobserved);
            check(&[(3240.0, 200)], Grade::Unobserved);
            check(&[], Grade::Unobserved);
        }
    }

    #[test]
    fn a_token_that_tells_nothing_has_no_lifetime_to_keep() {
        let silent = Log::new().hide("t-0123", "access token 1").exchange(
            "login",
            "",
            200,
            r#"{"access_token":"t-0123"}"#,
        );
        let log = used(silent, &[(3240.0, 200), (3900.0, 401)]);
        check(&log, "VEN-26", Grade::Unobserved);
        check(&log, "RSP-08", Grade::Unobserved);
    }

    /// A negative number was no lifetime, so that nothing was judged.
    #[test]
    fn a_token_that_never_lived_is_not_accepted() {
        for told in ["0", "-1"] {
            let body = TOKEN.replace("3600", told);
            let log = Log::new()
                .hide("t-0123", "access token 1")
                .exchange("login", "", 200, &body);
            check(&used(log, &[(0.0, 200)]), "VEN-26", Grade::Broken);
        }
    }

    #[test]
    fn claims_tell_the_unit() {
        let told = |expires_in: u64| {
            let more = json!({"expires_in": expires_in});
            Log::new().issues_jwt("", &json!({"iat": 1, "exp": 301}), &more)
        };
        check(&told(300), "RSP-08", Grade::Met);
        check(&told(300_000), "RSP-08", Grade::Broken);
        // Calls that were made weigh more than claims.
        check(&used(told(300), &[(650.0, 200)]), "RSP-08", Grade::Broken);
        check(
            &used(told(300), &[(650.0, 500)]),
            "RSP-08",
            Grade::Unobserved,
        );
    }

    /// Seconds for milliseconds show without waiting where the token says when it ends.
    #[test]
    fn claims_contradict_the_documented_unit() {
        let log = |expires_in: u64| {
            let more = json!({"expires_in": expires_in});
            Log::with_milliseconds().issues_jwt("", &json!({"iat": 1, "exp": 3601}), &more)
        };
        check(&log(3600), "VEN-26", Grade::Broken);
        check(&log(3_600_000), "VEN-26", Grade::Unobserved);
        check(&log(3_604_000), "VEN-26", Grade::Unobserved);
        check(&log(7_200_000), "VEN-26", Grade::Broken);
        // How long it lived weighs more than what it says.
        let lived = used(log(3600), &[(3.5, 200), (30.0, 401)]);
        check(&lived, "VEN-26", Grade::Met);
    }

    /// Where a token is opaque and its vendor has introspection, that tells when it ends.
    #[test]
    fn introspection_contradicts_expires_in() {
        let log = |told: &str| {
            Log::new()
                .hide("t-0123", "access token 1")
                .exchange("login", "", 200, TOKEN)
                .sent("introspect", "", "token=t-0123", 200, told)
        };
        let other = r#"{"active":true,"iat":1,"exp":601}"#;
        let same = r#"{"active":true,"iat":1,"exp":3601}"#;
        let dead = r#"{"active":false,"iat":1,"exp":601}"#;
        for id in ["VEN-26", "RSP-08"] {
            check(&log(other), id, Grade::Broken);
            check(&log(same), id, Grade::Unobserved);
            check(&log(dead), id, Grade::Unobserved);
        }
    }

    /// The `exp` of a JWT is a whole second: it may come up to a second early.
    #[test]
    fn the_end_of_a_jwt_may_be_rounded_down() {
        let more = json!({"expires_in": 5});
        let log = || Log::new().issues_jwt("", &json!({"iat": 1, "exp": 6}), &more);
        let at = |age: f64| used(log(), &[(age, 401), (40.0, 401)]);
        check(&at(4.6), "RSP-08", Grade::Met);
        check(&at(3.0), "RSP-08", Grade::Broken);
    }

    #[test]
    fn documented_milliseconds_are_reported() {
        let log = |calls: &[(f64, u16)]| {
            let log = Log::with_milliseconds()
                .hide("t-0123", "access token 1")
                .exchange("login", "", 200, &TOKEN.replace("3600", "3600000"));
            used(log, calls)
        };
        let honest = [(3240.0, 200), (3900.0, 401)];
        check(&log(&honest), "VEN-26", Grade::Met);
        check(&log(&honest), "RSP-08", Grade::Fact);
        check(
            &log(&[(3240.0, 200), (3901.0, 200)]),
            "VEN-26",
            Grade::Broken,
        );
    }

    #[test]
    fn a_failure_is_no_end() {
        for failure in FAILURES {
            let log = log(&[(3240.0, 200)]).advance(700.0);
            let log = log.failed_with("call", "«access token 1»", failure);
            for id in ["VEN-26", "RSP-08"] {
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                let none = matches!(finding.grade(), Grade::Unobserved | Grade::Gone);
                assert!(none, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
