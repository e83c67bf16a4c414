//! What a client makes of a token endpoint that breaks off, is silent, or fails for a while.

use serde_json::Value;

use super::attempts::{End, count, elapsed_ms, first_call, hung};
use super::commands::calls;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{met, unobserved};
use crate::evidence::{Event, Reaction};
use crate::rules::{Rule, View};
use crate::subject::REPLY_TIMEOUT;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-14", uses_no_part_of_a_token),
    Rule::client("RET-15", does_not_wait_for_silence),
    Rule::client("RET-16", makes_no_storm_of_an_outage),
    Rule::client("SF-03", shares_a_failure),
];

/// What the harness put in the way of requests, in order.
fn faults<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Value> + use<'a> {
    let records = view.evidence.records().iter();
    records.filter_map(|record| match &record.event {
        Event::Control { call, body } if call == "faults" => Some(&body["then"]),
        _ => None,
    })
}

/// A token reply that breaks off gives no token, and is not asked for again and again.
fn uses_no_part_of_a_token(view: &View<'_>) -> Finding {
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    let breaks_off = faults(view).any(|then| then["reset"]["byte"].is_u64());
    let cut = |login: &Arrival<'_>| login.entry.fault.is_some() && login.is_served();
    let Some(proof) =
        Proof::all(logins.iter().copied()).filter(|_| breaks_off && logins.iter().all(cut))
    else {
        return unobserved(view, "no token reply broke off in its body");
    };
    let with_token = |call: &Arrival<'_>| !call.header("authorization").is_empty();
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let expected = format!("no token, and at most {most} token requests");
    if let Some(calls) = Proof::all(api_requests(view).filter(with_token)) {
        let seen = "an API request with a part of a token";
        return Finding::broken(expected, seen, proof.and(calls));
    }
    let seen = count(logins.len(), "token request");
    let finding = match logins.len() <= most {
        true => met(view, format!("{seen}, and no token was used"), proof),
        false => Finding::broken(expected, seen, proof),
    };
    finding.figure("token_requests", logins.len())
}

/// A token endpoint that does not answer ends the call all the same.
fn does_not_wait_for_silence(view: &View<'_>) -> Finding {
    let longest = u64::try_from(REPLY_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
    let is_silent = faults(view).any(|then| then["delay_ms"].as_u64() > Some(longest));
    let held = |login: &Arrival<'_>| login.entry.reply.is_none() && login.entry.outcome.is_none();
    let login = token_requests(view).find(held).filter(|_| is_silent);
    let (Some(login), Some(call)) = (login, first_call(view)) else {
        return unobserved(view, "no token request was left without an answer");
    };
    let expected = format!("an error within {} s", longest / 1000);
    match (call.end(), hung(view)) {
        (End::Unanswered, Some(hung)) => {
            let seen = format!("no answer to the caller within {} s", longest / 1000);
            Finding::broken(expected, seen, Proof::from(login).and(hung))
        }
        (End::Failed(answer), _) => {
            let took = elapsed_ms(view, call.seq, answer);
            let proof = Proof::from(login).and(answer);
            let finding = match took <= longest {
                true => met(view, format!("an error after {took} ms"), proof),
                false => Finding::broken(expected, format!("an error after {took} ms"), proof),
            };
            finding.figure("answered_after_ms", took)
        }
        (End::Succeeded(_), _) => {
            unobserved(view, "the call succeeded without the token").seen_in(login)
        }
        (End::Unanswered, None) => unobserved(view, "the call was not answered").seen_in(login),
    }
}

/// How long the outage of RET-16 lasts, in milliseconds.
const OUTAGE_MS: i64 = 5000;

/// While the token endpoint is down, token requests follow the backoff and not the calls.
fn makes_no_storm_of_an_outage(view: &View<'_>) -> Finding {
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    let Some(first) = logins.first() else {
        return unobserved(view, "no token request arrived");
    };
    let since =
        |login: &Arrival<'_>| login.entry.arrived.as_millis() - first.entry.arrived.as_millis();
    let during: Vec<_> = logins
        .iter()
        .copied()
        .filter(|login| since(login) < OUTAGE_MS)
        .collect();
    let failed = |login: &Arrival<'_>| login.status() == view.expected.status;
    // The outage may end a little before its time.
    let failures = during.iter().filter(|login| failed(login)).count();
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    if calls(view).len() <= most || !failed(first) || failures + 1 < during.len() {
        return unobserved(view, "the token endpoint was not down for so many calls");
    }
    let proof = Proof::all(during.iter().copied()).unwrap_or_else(|| (*first).into());
    if hung(view).is_some() && during.len() <= most {
        let why = "calls were left without an answer: SF-03 tells of them";
        return super::super::unobserved(view, why).seen_in(proof);
    }
    let seen = format!(
        "{} in {} s of {} calls",
        count(during.len(), "token request"),
        OUTAGE_MS / 1000,
        calls(view).len()
    );
    let finding = match during.len() <= most {
        true => met(view, seen, proof),
        false => Finding::broken(format!("at most {most} token requests"), seen, proof),
    };
    finding.figure("token_requests", during.len())
}

/// When the token request fails that many callers wait for, each of them has an answer soon.
fn shares_a_failure(view: &View<'_>) -> Finding {
    let calls = calls(view);
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    let failed = logins.first().filter(|login| {
        login.status().is_some() && login.status() == view.expected.status
            || login.reaction() == Reaction::Refused
    });
    let (Some(failed), Some(call)) = (failed, calls.first().filter(|_| calls.len() > 1)) else {
        return unobserved(
            view,
            "the first token request of several calls did not fail",
        );
    };
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let longest = view.expected.max_wait_ms.unwrap_or(u64::MAX);
    let expected = format!("at most {most} token requests, and an answer within {longest} ms");
    let proof = logins
        .iter()
        .fold(Proof::from(*failed), |proof, one| proof.and(*one));
    let seen = count(logins.len(), "token request");
    if logins.len() > most {
        return Finding::broken(expected, seen, proof).figure("token_requests", logins.len());
    }
    if let Some(hung) = hung(view) {
        return Finding::broken(expected, "a call was not answered", proof.and(hung));
    }
    let answers: Option<Vec<_>> = calls.iter().map(|call| call.answer).collect();
    let Some(last) = answers.and_then(|all| all.iter().map(|(seq, _)| *seq).max()) else {
        return unobserved(view, "a call was not answered").seen_in(proof);
    };
    let took = elapsed_ms(view, call.seq, last);
    let seen = format!("{seen}, and all calls answered after {took} ms");
    let finding = match took <= longest {
        true => met(view, seen, proof),
        false => Finding::broken(expected, seen, proof),
    };
    finding
        .figure("token_requests", logins.len())
        .figure("answered_after_ms", took)
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;
    use serde_json::json;

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("RET-14", |log| cut(log, 3)),
        ("RET-15", |log| silent(log).call(500, Log::held_login)),
        ("RET-16", |log| outage(log, 10)),
        ("SF-03", |log| shared(log, 1)),
    ];

    fn cut(log: Log, logins: u64) -> Log {
        let log = log.control("faults", &json!({"then": {"reset": {"byte": 60}}}));
        log.call(500, |log| (1..=logins).fold(log, Log::cut_grant))
    }

    fn silent(log: Log) -> Log {
        log.control("faults", &json!({"then": {"delay_ms": 90_000}}))
    }

    /// A hundred calls within an outage, with so many token requests.
    fn outage(log: Log, logins: usize) -> Log {
        log.calls_at_once(100, |log| {
            let log = (0..logins).fold(log, |log, _| log.later(10).failed_login(503));
            log.later(5000).grant(1)
        })
    }

    fn shared(log: Log, more: u64) -> Log {
        log.calls_at_once(20, |log| (1..=more).fold(log.failed_login(503), Log::grant))
    }

    #[test]
    fn a_part_of_a_token_is_none() {
        check(&cut(Log::new(), 10), "RET-14", Grade::Met);
        check(&cut(Log::new(), 11), "RET-14", Grade::Broken);
        let used =
            cut(Log::new(), 1).api_with(9, &[("Authorization", "Bearer «u»")], Outcome::Denied);
        check(&used, "RET-14", Grade::Broken);
        check(
            &cut(Log::new(), 1).api(9, Outcome::Denied),
            "RET-14",
            Grade::Met,
        );
        let whole = Log::new().call(200, |log| log.grant(1));
        check(&whole, "RET-14", Grade::Unobserved);
        check(&cut(Log::new(), 0), "RET-14", Grade::Unobserved);
        check(&cut(Log::new(), 1).client_gone(), "RET-14", Grade::Gone);
    }

    #[test]
    fn silence_ends_the_call() {
        let log = || silent(Log::new());
        check(&log().call(500, Log::held_login), "RET-15", Grade::Met);
        check(
            &log().call(200, Log::held_login),
            "RET-15",
            Grade::Unobserved,
        );
        let open = || log().asked_for_a_call().held_login();
        check(&open(), "RET-15", Grade::Unobserved);
        check(&open().client_hangs(), "RET-15", Grade::Broken);
        check(&open().client_gone(), "RET-15", Grade::Gone);
        check(&log().call(500, |log| log), "RET-15", Grade::Unobserved);
        let short = Log::new().call(500, Log::held_login);
        check(&short, "RET-15", Grade::Unobserved);
    }

    #[test]
    fn an_outage_is_no_storm() {
        check(&outage(Log::new(), 49), "RET-16", Grade::Met);
        check(&outage(Log::new(), 50), "RET-16", Grade::Broken);
        check(&outage(Log::new(), 0), "RET-16", Grade::Unobserved);
        // Calls that never end are another row's matter, and a storm is one all the same.
        let hanging = |logins| outage(Log::new(), logins).client_hangs();
        check(&hanging(10), "RET-16", Grade::Unobserved);
        check(&hanging(50), "RET-16", Grade::Broken);
        check(&outage(Log::new(), 10).client_gone(), "RET-16", Grade::Gone);
        let few = Log::new().calls_at_once(20, |log| log.failed_login(503));
        check(&few, "RET-16", Grade::Unobserved);
        let served = Log::new().calls_at_once(100, |log| log.failed_login(503).grant(1).grant(2));
        check(&served, "RET-16", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_shared() {
        check(&shared(Log::new(), 0), "SF-03", Grade::Met);
        check(&shared(Log::new(), 2), "SF-03", Grade::Met);
        check(&shared(Log::new(), 3), "SF-03", Grade::Broken);
        // A client that repeats what failed with 503 fails by a refusal alone.
        let refused = |log: Log| log.login_refused_with(r#"{"error":"invalid_client"}"#);
        check(&Log::new().calls_at_once(20, refused), "SF-03", Grade::Met);
        let stranded = refused(Log::new().asked_for_a_call().asked_for_a_call());
        check(&stranded.client_hangs(), "SF-03", Grade::Broken);
        let open = || {
            Log::new()
                .asked_for_a_call()
                .asked_for_a_call()
                .failed_login(503)
        };
        check(&open().client_hangs(), "SF-03", Grade::Broken);
        check(&open().client_gone(), "SF-03", Grade::Gone);
        check(&open(), "SF-03", Grade::Unobserved);
        let served = Log::new().calls_at_once(20, |log| log.grant(1));
        check(&served, "SF-03", Grade::Unobserved);
    }
}
