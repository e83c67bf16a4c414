//! How many tokens a client asks for.

use locum_core::Outcome;

use super::commands::{GivenCommand, calls, control, is_one_quiet_life, last_words};
use super::traffic::{Arrival, api_requests, token_requests};
use super::{gone, plain, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CACHE-01", calls_in_turn_take_one_token),
    Rule::client("CACHE-02", survives_an_idle_time),
    Rule::client("CACHE-04", keeps_its_token_on_errors),
    Rule::client("SF-01", calls_at_once_take_one_token),
];

/// Calls that follow one another share a token.
fn calls_in_turn_take_one_token(view: &View<'_>) -> Finding {
    if plain::is_plain(view) {
        return plain::calls_share_tokens(view);
    }
    let calls = calls(view);
    let in_turn =
        |pair: &[GivenCommand<'_>]| pair[0].answer.is_some_and(|(at, _)| at < pair[1].seq);
    if !calls.windows(2).all(in_turn) {
        return unobserved(view, "the calls were not asked for in turn");
    }
    one_token(view, &calls)
}

/// How long the client is left alone, in milliseconds.
const IDLE_MS: i64 = 1900;

/// A token outlives an idle time and the connection on which it was used.
fn survives_an_idle_time(view: &View<'_>) -> Finding {
    let served: Vec<_> = api_requests(view).filter(Arrival::is_served).collect();
    let [first, .., last] = served[..] else {
        return unobserved(view, "no two calls were served");
    };
    let begun = first.entry.completed.unwrap_or(first.entry.arrived);
    if last.entry.arrived.as_millis() - begun.as_millis() < IDLE_MS {
        return unobserved(view, "there was no idle time between the calls");
    }
    if first.entry.connection == last.entry.connection {
        return unobserved(view, "the connection was not closed between the calls");
    }
    if !is_one_quiet_life(view) {
        return unobserved(view, "a token ended between the calls");
    }
    let again = token_requests(view).filter(|request| request.seq > first.seq);
    let proof = Proof::from(first).and(last);
    match Proof::all(again) {
        Some(again) => Finding::broken(
            "the token is used again",
            "another token request after the idle time",
            proof.and(again),
        ),
        None => super::met(view, "the token was used again", proof),
    }
}

/// An error of the API that says nothing about the token does not make the client drop it.
fn keeps_its_token_on_errors(view: &View<'_>) -> Finding {
    if control(view, "faults").is_none() {
        return unobserved(view, "no error was provoked");
    }
    let served = api_requests(view).find(Arrival::is_served);
    let Some(served) = served else {
        return unobserved(view, "no call was served before the error");
    };
    let status = |call: &Arrival<'_>| call.entry.reply.as_ref().map(|reply| reply.status);
    let failed = api_requests(view).find(|call| {
        call.seq > served.seq
            && call.entry.outcome == Some(Outcome::Faulted)
            && status(call).is_some_and(|status| status >= 400 && status != 401)
    });
    let Some(failed) = failed else {
        return unobserved(view, "the API answered no call with an error");
    };
    let next = api_requests(view).find(|call| call.seq > failed.seq && call.is_served());
    let Some(next) = next else {
        return unobserved(view, "no call was served after the error").seen_in(failed);
    };
    let renewal =
        token_requests(view).find(|request| request.seq > failed.seq && request.seq < next.seq);
    let status = status(&failed).unwrap_or_default();
    let Some(renewal) = renewal else {
        let seen = format!("the token was kept after {status}");
        return super::met(view, seen, Proof::from(served).and(failed).and(next));
    };
    let grade = match view.expected.documented_statuses.contains(&status) {
        true => Grade::Fact,
        false => Grade::Broken,
    };
    Finding::deviation(
        grade,
        "the token is kept",
        format!("a new token was fetched after {status}"),
        Proof::from(failed).and(renewal),
    )
}

/// First calls that are asked for at once share the one token request.
fn calls_at_once_take_one_token(view: &View<'_>) -> Finding {
    let calls = calls(view);
    let answered = calls.iter().filter_map(|call| call.answer);
    let first_answer = answered.map(|(at, _)| at).min();
    let at_once = calls
        .iter()
        .all(|call| first_answer.is_none_or(|answer| call.seq < answer));
    if !at_once {
        return unobserved(view, "the calls were not asked for at once");
    }
    let begun = calls.first().map(|call| call.seq);
    if token_requests(view).any(|request| begun.is_some_and(|begun| request.seq < begun)) {
        return unobserved(view, "the client had a token before its first call");
    }
    one_token(view, &calls)
}

/// All calls succeeded with one token request. The wire counts, not the client's word alone.
fn one_token(view: &View<'_>, calls: &[GivenCommand<'_>]) -> Finding {
    if calls.len() < 2 {
        return unobserved(view, "the client was not asked for several calls");
    }
    let reported = calls
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| reply.succeeded()))
        .count();
    let served = api_requests(view).filter(Arrival::is_served).count();
    let succeeded = reported.min(served);
    if succeeded < calls.len() {
        let mut what = format!("{succeeded} of {} calls succeeded", calls.len());
        match last_words(view) {
            Some(words) => what += &format!("; the client says: {words}"),
            None if served < reported => what += "; fewer arrived than it reported as done",
            None => {}
        }
        return unobserved(view, &what);
    }
    if !is_one_quiet_life(view) {
        return unobserved(view, "a token ended between the calls");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let requests: Vec<Arrival<'_>> = token_requests(view).collect();
    let granted = requests.iter().filter(|request| request.is_served());
    let (granted, asked) = (granted.count(), requests.len());
    let Some(proof) = Proof::all(requests) else {
        return unobserved(view, "no token request arrived");
    };
    // A client may ask again where it got nothing.
    if granted < asked && granted < 2 {
        return unobserved(view, "a token request was not served").seen_in(proof);
    }
    let plural = if granted == 1 { "" } else { "s" };
    let seen = format!("{granted} token request{plural} for {} calls", calls.len());
    let finding = match granted {
        1 => Finding::met(seen, proof),
        n => {
            let tolerated = view.expected.tolerated_token_requests.unwrap_or(1);
            let grade = if n <= tolerated {
                Grade::Tolerated
            } else {
                Grade::Broken
            };
            Finding::deviation(grade, "one token request", seen, proof)
        }
    };
    finding.figure("token_requests", granted)
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;
    use serde_json::json;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    use crate::rules::client::tests::Traffic;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("CACHE-02", |log| idle(log, 1)),
        ("CACHE-04", |log| after_error(log, 404, 0)),
    ];

    /// A call, two seconds, and a call on another connection, with so many logins in all.
    fn idle(log: Log, logins: u64) -> Log {
        let log = log.grant(1).api_on(1, 0);
        let log = (1..logins).fold(log, |log, n| log.grant(1 + n));
        log.api_on(2, 2000)
    }

    /// A call that is answered with this error, so many logins, and a call that is served.
    fn after_error(log: Log, status: u16, logins: u64) -> Log {
        let log = log.grant(1).call(200, |log| log.api(1, Outcome::Admitted));
        let log = log.control("faults", &json!({}));
        let log = log.call(status, |log| log.api_status(1, Outcome::Faulted, status));
        let log = (0..logins).fold(log, |log, n| log.grant(2 + n));
        log.call(200, |log| log.api(1, Outcome::Admitted))
    }

    #[test]
    fn an_idle_time_takes_no_token() {
        check(&idle(Log::new(), 1), "CACHE-02", Grade::Met);
        check(&idle(Log::new(), 2), "CACHE-02", Grade::Broken);
        let same = Log::new().grant(1).api_on(1, 0).api_on(1, 2000);
        check(&same, "CACHE-02", Grade::Unobserved);
        let soon = Log::new().grant(1).api_on(1, 0).api_on(2, 10);
        check(&soon, "CACHE-02", Grade::Unobserved);
    }

    #[test]
    fn an_error_takes_no_token() {
        check(&after_error(Log::new(), 404, 0), "CACHE-04", Grade::Met);
        check(&after_error(Log::new(), 403, 1), "CACHE-04", Grade::Broken);
        check(
            &after_error(Log::new(), 403, 1),
            "CACHE-04@corti",
            Grade::Fact,
        );
        check(
            &after_error(Log::new(), 404, 1),
            "CACHE-04@corti",
            Grade::Broken,
        );
        check(&Log::new().grant(1), "CACHE-04", Grade::Unobserved);
    }

    /// So many grants, then so many calls in turn.
    fn in_turn(tokens: u64, calls: u64) -> Log {
        let log = (1..=tokens).fold(Log::new(), Log::grant);
        (0..calls).fold(log, |log, _| {
            log.call(200, |log| log.api(1, Outcome::Admitted))
        })
    }

    fn at_once(tokens: u64, calls: usize) -> Log {
        Log::new().calls_at_once(calls, |log| {
            let log = (1..=tokens).fold(log, Log::grant);
            (0..calls).fold(log, |log, _| log.api(1, Outcome::Admitted))
        })
    }

    #[test]
    fn token_requests_are_counted_once_the_calls_succeeded() {
        check(&in_turn(1, 5), "CACHE-01", Grade::Met);
        check(&in_turn(2, 5), "CACHE-01", Grade::Tolerated);
        check(&in_turn(3, 5), "CACHE-01", Grade::Broken);
        check(&in_turn(0, 5), "CACHE-01", Grade::Unobserved);
        check(&in_turn(1, 1), "CACHE-01", Grade::Unobserved);
        let failed = in_turn(1, 4).call(503, |log| log.api(1, Outcome::Faulted));
        check(&failed, "CACHE-01", Grade::Unobserved);
        // The client says that it made a call, and none arrived.
        let claimed = in_turn(1, 4).call(200, |log| log);
        check(&claimed, "CACHE-01", Grade::Unobserved);
    }

    #[test]
    fn first_calls_at_once_share_a_token_request() {
        check(&at_once(1, 20), "SF-01", Grade::Met);
        check(&at_once(3, 20), "SF-01", Grade::Tolerated);
        check(&at_once(4, 20), "SF-01", Grade::Broken);
    }

    /// Calls in turn say nothing about calls at once, and the other way round.
    #[test]
    fn the_calls_are_made_as_the_row_says() {
        check(&in_turn(1, 20), "SF-01", Grade::Unobserved);
        check(&at_once(1, 5), "CACHE-01", Grade::Unobserved);
        let before = Log::new().grant(1).calls_at_once(2, |log| {
            log.api(1, Outcome::Admitted).api(1, Outcome::Admitted)
        });
        check(&before, "SF-01", Grade::Unobserved);
    }

    #[test]
    fn a_token_that_ended_is_renewed_with_right() {
        let turned = in_turn(2, 5).advance(90_000.0);
        check(&turned, "CACHE-01", Grade::Unobserved);
        let revoked = in_turn(2, 5).control("tokens/revoke", &json!({"all": true}));
        check(&revoked, "CACHE-01", Grade::Unobserved);
    }

    #[test]
    fn a_request_that_got_nothing_may_be_repeated() {
        let calls = |log: Log| {
            (0..5).fold(log, |log, _| {
                log.call(200, |log| log.api(1, Outcome::Admitted))
            })
        };
        let log = calls(Log::new().failed_login(503).grant(1));
        check(&log, "CACHE-01", Grade::Unobserved);
        let storm = (2..5).fold(Log::new().failed_login(503).grant(1), Log::grant);
        check(&calls(storm), "CACHE-01", Grade::Broken);
    }

    #[test]
    fn traffic_that_nobody_asked_for_says_nothing_of_calls_at_once() {
        let log = (0..5).fold(Log::new().grant(1), |log, _| log.api(1, Outcome::Admitted));
        check(&log, "SF-01", Grade::Unobserved);
    }
}
