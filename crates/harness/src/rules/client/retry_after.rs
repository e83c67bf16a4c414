//! What a client makes of `Retry-After` (RFC 9110 §10.2.3).

use locum_core::Timestamp;

use super::attempts::{End, elapsed_ms, first_call, gaps_ms, hung};
use super::commands::{GivenCommand, calls};
use super::traffic::{Arrival, api_requests, api_requests_at, token_requests};
use super::{gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::{ClientCommand, REPLY_TIMEOUT};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-10", waits_as_many_seconds),
    Rule::client("RET-11", waits_until_the_date),
    Rule::client("RET-12", does_not_wait_for_ever),
    Rule::client("RET-18", waits_for_the_token_endpoint),
];

/// A status that tells to wait, whatever else a scenario answers with.
const TOO_MANY_REQUESTS: u16 = 429;

/// The first of these requests, which was told to wait, with the header's value and the second one.
fn told<'a>(
    view: &View<'a>,
    mut all: impl Iterator<Item = Arrival<'a>>,
) -> Result<(Arrival<'a>, &'a str, Option<Arrival<'a>>), Finding> {
    let first = all.next();
    let is_told = |call: &Arrival<'_>| {
        call.status() == view.expected.status || call.status() == Some(TOO_MANY_REQUESTS)
    };
    let told = first.filter(is_told);
    told.and_then(|call| Some((call, call.header_of_reply("retry-after")?, all.next())))
        .ok_or_else(|| unobserved(view, "no request was told to wait"))
}

/// After seconds the client waits at least that long.
fn waits_as_many_seconds(view: &View<'_>) -> Finding {
    match told(view, api_requests(view)) {
        Ok((first, value, second)) => waits_seconds(view, first, value, second),
        Err(finding) => finding,
    }
}

/// The same at the token endpoint.
fn waits_for_the_token_endpoint(view: &View<'_>) -> Finding {
    match told(view, token_requests(view)) {
        // What begins under another command ends with that, and the next begins at once.
        Ok((first, ..)) if calls(view).first().is_none_or(|call| first.seq < call.seq) => {
            unobserved(view, "the login had begun before the call").seen_in(first)
        }
        Ok((first, value, second)) => waits_seconds(view, first, value, second),
        Err(finding) => finding,
    }
}

fn waits_seconds(
    view: &View<'_>,
    first: Arrival<'_>,
    value: &str,
    second: Option<Arrival<'_>>,
) -> Finding {
    match value.parse::<i64>() {
        Ok(seconds) => {
            let due_ms = first.entry.arrived.as_millis() + seconds * 1000;
            waits(view, first, second, due_ms)
        }
        Err(_) => unobserved(view, "Retry-After had no seconds").seen_in(first),
    }
}

/// After a date the client waits until then.
fn waits_until_the_date(view: &View<'_>) -> Finding {
    let (first, value, second) = match told(view, api_requests(view)) {
        Ok(told) => told,
        Err(finding) => return finding,
    };
    let Some(date) = Timestamp::parse_http_date(value) else {
        return unobserved(view, "Retry-After had no date").seen_in(first);
    };
    if date.as_millis() - first.entry.arrived.as_millis() < LEAST_ASKED_MS {
        return unobserved(view, "the request came when the date was near").seen_in(first);
    }
    as_after_seconds(view, first, date)
        .unwrap_or_else(|| waits(view, first, second, date.as_millis()))
}

/// A date that is nearer than this asks for less than a client may pause by itself, in milliseconds.
const LEAST_ASKED_MS: i64 = 2500;

/// Gaps that differ by less are the same pause, in milliseconds.
const SAME_MS: i64 = 500;

/// That a client pauses as long after a date as after fewer seconds, which says nothing of whether it
/// read the date; a pause that ends too early is a fault all the same.
fn as_after_seconds(view: &View<'_>, first: Arrival<'_>, date: Timestamp) -> Option<Finding> {
    let gap = |all: &[Arrival<'_>]| gaps_ms(all).first().copied();
    let asked = date.as_millis() - first.entry.arrived.as_millis() - view.expected.early_ms;
    let own: Vec<_> = api_requests(view).collect();
    let waited = gap(&own).filter(|waited| *waited >= asked)?;
    let beside = view.evidence.places().into_iter().find_map(|place| {
        let all: Vec<_> = api_requests_at(view, place).collect();
        let seconds = all.first()?.header_of_reply("retry-after")?.parse::<i64>();
        let least = seconds.ok()? * 1000;
        Some((gap(&all)?, all[1], least))
    });
    let (after_seconds, second, least) = beside?;
    let is_longer = after_seconds > least + SAME_MS;
    (is_longer && waited < after_seconds + SAME_MS).then(|| {
        let what = format!(
            "not graded: it pauses as long after seconds ({after_seconds} ms) as after a date ({waited} ms)"
        );
        unobserved(view, &what).seen_in(Proof::from(first).and(second))
    })
}

/// Whether the first call told nothing of the 429 that it met, where one apart that was told seconds
/// went well or told of it.
fn fails_on_the_date(view: &View<'_>) -> bool {
    let places = view.evidence.places();
    let tells = |call: &GivenCommand<'_>| {
        call.answer.is_some_and(|(_, reply)| {
            reply.status == view.expected.status || reply.error.as_deref() == Some("throttled")
        })
    };
    let went_well =
        |call: &GivenCommand<'_>| call.answer.is_some_and(|(_, reply)| reply.succeeded());
    let is_beside = |call: &GivenCommand<'_>| matches!(call.command, ClientCommand::Call { client, .. } if places.contains(&**client));
    let all = calls(view);
    let told_no = all.first().is_some_and(|call| !tells(call));
    told_no
        && all
            .iter()
            .any(|call| is_beside(call) && (tells(call) || went_well(call)))
}

/// The second request comes no sooner than `due_ms`, by the vendor's clock.
fn waits(view: &View<'_>, first: Arrival<'_>, second: Option<Arrival<'_>>, due_ms: i64) -> Finding {
    let due_ms = due_ms - view.expected.early_ms;
    let after = |at_ms: i64| at_ms - first.entry.arrived.as_millis();
    let Some(second) = second else {
        return match first_call(view).map(|call| call.end()) {
            Some(End::Failed(answer)) if fails_on_the_date(view) => Finding::broken(
                "a wait, or a failure that tells of the 429, as after seconds",
                "the call failed on the date, and told nothing of the 429",
                Proof::from(first).and(answer),
            ),
            Some(End::Failed(answer)) if gone(view).is_none() => {
                let proof = Proof::from(first).and(answer);
                Finding::fact("no second request: left to the caller", proof)
            }
            Some(End::Succeeded(answer)) => {
                let what =
                    "not graded: the call was reported as a success without a second request";
                unobserved(view, what).seen_in(answer)
            }
            _ => unobserved(view, "the call was not answered").seen_in(first),
        };
    };
    let (waited, least) = (after(second.entry.arrived.as_millis()), after(due_ms));
    let proof = Proof::from(first).and(second);
    let seen = format!("the second request came {waited} ms after the first");
    let finding = match waited >= least {
        true => met(view, seen, proof),
        false => Finding::broken(format!("at least {least} ms"), seen, proof),
    };
    finding.figure("waited_ms", waited)
}

/// A wait of a day does not block the caller, and is not cut short to seconds either.
fn does_not_wait_for_ever(view: &View<'_>) -> Finding {
    let (first, _, second) = match told(view, api_requests(view)) {
        Ok(told) => told,
        Err(finding) => return finding,
    };
    let Some(call) = first_call(view) else {
        return unobserved(view, "no call was asked for");
    };
    let expected = "an answer to the caller, and no second request soon";
    let least = view.expected.min_gap_ms.unwrap_or_default();
    if let Some(second) = second {
        let gap = second.entry.arrived.as_millis() - first.entry.arrived.as_millis();
        if gap < least {
            let seen = format!("a second request came {gap} ms after the first");
            return Finding::broken(expected, seen, Proof::from(first).and(second));
        }
    }
    let longest = u64::try_from(REPLY_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
    match (call.end(), hung(view)) {
        (End::Unanswered, Some(hung)) => {
            let seen = format!("no answer to the caller within {} s", longest / 1000);
            Finding::broken(expected, seen, Proof::from(first).and(hung))
        }
        (End::Succeeded(answer) | End::Failed(answer), _) => {
            let took = elapsed_ms(view, call.seq, answer);
            let proof = Proof::from(first).and(answer);
            let finding = match took <= longest {
                true => met(view, format!("the call ended after {took} ms"), proof),
                false => Finding::broken(expected, format!("an answer after {took} ms"), proof),
            };
            finding.figure("answered_after_ms", took)
        }
        (End::Unanswered, None) => unobserved(view, "the call was not answered").seen_in(first),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::{check, reply};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("RET-10", |log| again(log, "2", 2000)),
        ("RET-11", |log| again(log, DATE, 3000)),
        ("RET-18", |log| login_again(log, 2000)),
        ("RET-12", |log| {
            log.call(429, |log| log.grant(1).throttled("86400"))
        }),
    ];

    /// Three seconds after the time of the tests.
    const DATE: &str = "Tue, 24 Nov 2026 10:00:03 GMT";

    /// A request that is told to wait, and another one so many milliseconds later.
    fn again(log: Log, value: &str, later: i64) -> Log {
        log.call(200, |log| {
            let log = log.grant(1).throttled(value).later(later);
            log.api(1, locum_core::Outcome::Admitted)
        })
    }

    /// A token request that is told to wait two seconds, and another one so many milliseconds later.
    fn login_again(log: Log, later: i64) -> Log {
        log.call(200, |log| {
            let log = told_to_wait(log).later(later);
            log.grant(1).api(1, locum_core::Outcome::Admitted)
        })
    }

    fn told_to_wait(log: Log) -> Log {
        log.entered("token", |entry| {
            let mut answer = reply(503, "");
            answer
                .headers
                .push(("Retry-After".to_owned(), "2".to_owned()));
            entry.reply = Some(answer);
        })
    }

    #[test]
    fn the_token_endpoint_is_waited_for() {
        check(&login_again(Log::new(), 1950), "RET-18", Grade::Met);
        check(&login_again(Log::new(), 1949), "RET-18", Grade::Broken);
        let alone = Log::new().call(503, told_to_wait);
        check(&alone, "RET-18", Grade::Fact);
        check(&Log::new().grant(1), "RET-18", Grade::Unobserved);
    }

    fn alone(value: &str, status: u16) -> Log {
        Log::new().call(status, |log| log.grant(1).throttled(value))
    }

    #[test]
    fn seconds_are_waited_for() {
        check(&again(Log::new(), "2", 1950), "RET-10", Grade::Met);
        check(&again(Log::new(), "2", 1949), "RET-10", Grade::Broken);
        check(&again(Log::new(), "2", 30_000), "RET-10", Grade::Met);
        check(&alone("2", 429), "RET-10", Grade::Fact);
        check(&alone("2", 200), "RET-10", Grade::Unobserved);
        check(
            &again(Log::new(), "soon", 9000),
            "RET-10",
            Grade::Unobserved,
        );
        check(&Log::new(), "RET-10", Grade::Unobserved);
        check(&alone("2", 429).client_gone(), "RET-10", Grade::Gone);
    }

    #[test]
    fn a_date_is_waited_for() {
        check(&again(Log::new(), DATE, 2000), "RET-11", Grade::Met);
        check(&again(Log::new(), DATE, 1999), "RET-11", Grade::Broken);
        check(&alone(DATE, 429), "RET-11", Grade::Fact);
        check(&again(Log::new(), "2", 9000), "RET-11", Grade::Unobserved);
        // As long as a client may pause without a word.
        let near = "Tue, 24 Nov 2026 10:00:02 GMT";
        check(&again(Log::new(), near, 9000), "RET-11", Grade::Unobserved);
    }

    /// A pause of its own that is longer than both is no reading of a date.
    #[test]
    fn a_pause_that_is_always_the_same_proves_nothing() {
        let both = |date_ms: i64, seconds_ms: i64| {
            again(Log::new(), DATE, date_ms).fails_at("side-1", "", |log| {
                let log = log.at("side-1").throttled("2").later(seconds_ms);
                log.api(2, locum_core::Outcome::Admitted).at("")
            })
        };
        check(&both(4000, 4000), "RET-11", Grade::Unobserved);
        check(&both(1500, 1500), "RET-11", Grade::Broken);
        check(&both(3200, 2000), "RET-11", Grade::Met);
        check(&both(3200, 2500), "RET-11", Grade::Met);
        check(&both(3900, 2900), "RET-11", Grade::Met);
    }

    /// A client that fails on reading the date, beside one instance that was told seconds.
    #[test]
    fn a_date_that_cannot_be_read_is_no_decision() {
        let dated = |log: Log| log.grant(1).throttled(DATE);
        let fails = || Log::new().failed_call(dated);
        let beside = |log: Log, kind| {
            log.fails_at("side-1", kind, |log| log.at("side-1").throttled("2").at(""))
        };
        check(&beside(fails(), ""), "RET-11", Grade::Broken);
        check(&beside(fails(), "throttled"), "RET-11", Grade::Broken);
        // It tells nothing of either.
        check(&beside(fails(), "other"), "RET-11", Grade::Fact);
        check(&fails(), "RET-11", Grade::Fact);
        check(&beside(alone(DATE, 429), ""), "RET-11", Grade::Fact);
    }

    #[test]
    fn a_day_is_not_waited_for() {
        check(&alone("86400", 429), "RET-12", Grade::Met);
        check(&again(Log::new(), "86400", 9_999), "RET-12", Grade::Broken);
        check(&again(Log::new(), "86400", 10_000), "RET-12", Grade::Met);
        let open = || Log::new().asked_for_a_call().grant(1).throttled("86400");
        check(&open(), "RET-12", Grade::Unobserved);
        check(&open().client_hangs(), "RET-12", Grade::Broken);
        check(&open().client_gone(), "RET-12", Grade::Gone);
        check(&Log::new().client_hangs(), "RET-12", Grade::Gone);
    }
}
