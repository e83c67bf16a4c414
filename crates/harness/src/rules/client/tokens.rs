//! What a client under test did, from the mock's journal and from its own answers.

use locum_core::{Entry, Finding, Grade, Outcome, TokenId};

use crate::evidence::{Event, Record};
use crate::rules::{View, unobserved};

/// Whether an entry is a token request: at the token endpoint, or one that got a token.
pub(super) fn is_token_request(entry: &Entry) -> bool {
    // At Amazon Cognito one endpoint takes all operations, and these two bring tokens.
    let target = entry
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("x-amz-target"));
    if let Some((_, operation)) = target {
        return operation.ends_with(".InitiateAuth")
            || operation.ends_with(".GetTokensFromRefreshToken");
    }
    entry.endpoint == "token" || entry.outcome == Some(Outcome::Granted)
}

/// Whether an entry is an API request: it shows a token, or should have.
pub(super) fn is_api_request(entry: &Entry) -> bool {
    !is_token_request(entry)
        && (entry.presented.is_some()
            || matches!(entry.outcome, Some(Outcome::Admitted | Outcome::Denied)))
}

/// How many calls the client reported as successful.
fn successes(view: &View<'_>) -> usize {
    let succeeded = |record: &&Record| match &record.event {
        Event::Answer { message, .. } => {
            message["ok"] == true
                && message["status"]
                    .as_u64()
                    .is_some_and(|status| status < 400)
        }
        _ => false,
    };
    view.log.records().iter().filter(succeeded).count()
}

/// The control: the client logs in and completes a call.
pub fn logs_in_and_calls(view: &View<'_>) -> Finding {
    let mut entries = view.log.entries();
    let Some((login, _)) = entries.find(|(_, entry)| is_token_request(entry)) else {
        return unobserved(view, "no login request arrived");
    };
    let served = view
        .log
        .entries()
        .find(|(_, entry)| is_api_request(entry) && entry.outcome == Some(Outcome::Admitted));
    match served {
        Some((call, _)) => {
            Finding::new(Grade::Met, "a login and a served call").proved_by([login, call])
        }
        None => Finding::new(Grade::Broken, "the client logged in and no call was served")
            .because("one call answered with 2xx", "none")
            .proved_by([login]),
    }
}

/// The client made `calls` successful calls with one token request; up to `tolerated` are a
/// warning.
pub fn obtained_one_token(view: &View<'_>, calls: usize, tolerated: usize) -> Finding {
    let successes = successes(view);
    if successes < calls {
        return unobserved(view, &format!("{successes} of {calls} calls succeeded"));
    }
    let requests: Vec<u64> = view
        .log
        .entries()
        .filter(|(_, entry)| is_token_request(entry))
        .map(|(seq, _)| seq)
        .collect();
    let seen = format!("{} token requests for {calls} calls", requests.len());
    let grade = match requests.len() {
        0 => return unobserved(view, "no token request arrived"),
        1 => Grade::Met,
        n if n <= tolerated => Grade::Tolerated,
        _ => Grade::Broken,
    };
    Finding::new(grade, seen.clone())
        .because("one token request", seen)
        .proved_by(requests)
}

/// A unit in which a client may read a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Milliseconds,
    Seconds,
}

impl Unit {
    const fn word(self) -> &'static str {
        match self {
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
        }
    }
}

/// The client reads `expires_in` as milliseconds.
pub fn reads_milliseconds(view: &View<'_>) -> Finding {
    reads(view, Unit::Milliseconds)
}

/// The client reads `expires_in` as seconds.
pub fn reads_seconds(view: &View<'_>) -> Finding {
    reads(view, Unit::Seconds)
}

/// The unit probe by the client's clock. The first turn ends the lifetime for a reader of
/// milliseconds alone, the second for a reader of seconds; the vendor's own clock stands still, so
/// that no 401 speaks.
fn reads(view: &View<'_>, wanted: Unit) -> Finding {
    let turns: Vec<u64> = view
        .log
        .records()
        .iter()
        .filter(|record| {
            matches!(&record.event, Event::Ask { message, .. } if message["op"] == "clock")
        })
        .map(|record| record.seq)
        .collect();
    let [first, second] = turns[..] else {
        return unobserved(view, "the client's clock was not turned twice");
    };
    let renewals: Vec<u64> = view
        .log
        .entries()
        .filter(|(_, entry)| is_token_request(entry))
        .map(|(seq, _)| seq)
        .collect();
    if renewals.first().is_none_or(|seq| *seq > first) {
        return unobserved(view, "the client had no token when its clock was turned");
    }
    let between = |from: u64, to: u64| renewals.iter().find(|seq| **seq > from && **seq < to);
    let (read, renewal) = match (between(first, second), between(second, u64::MAX)) {
        (Some(renewal), _) => (Unit::Milliseconds, renewal),
        (None, Some(renewal)) => (Unit::Seconds, renewal),
        (None, None) => return unobserved(view, "the client takes no time from expires_in"),
    };
    let seen = format!("renewed once that many {} had run out", read.word());
    let grade = if read == wanted {
        Grade::Met
    } else {
        Grade::Broken
    };
    Finding::new(grade, seen)
        .because(
            format!("expires_in read as {}", wanted.word()),
            format!("read as {}", read.word()),
        )
        .proved_by([*renewal])
}

/// A token whose reply has no `expires_in` is used all the same.
pub fn uses_a_token_without_lifetime(view: &View<'_>) -> Finding {
    let without = |entry: &Entry| {
        let body = entry.reply.as_ref().and_then(|reply| reply.body.as_deref());
        let body: serde_json::Value = body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default();
        body["access_token"].is_string() && body["expires_in"].is_null()
    };
    let mut entries = view.log.entries();
    let Some((login, grant)) =
        entries.find(|(_, entry)| entry.outcome == Some(Outcome::Granted) && without(entry))
    else {
        return unobserved(view, "no token reply was without expires_in");
    };
    let uses = |entry: &Entry| {
        entry
            .presented
            .is_some_and(|token| grant.issued.contains(&token))
    };
    match view.log.entries().find(|(_, entry)| uses(entry)) {
        Some((call, _)) => Finding::new(Grade::Met, "the token was used").proved_by([login, call]),
        None => Finding::new(Grade::Broken, "the token was not used")
            .because("an API request with the token", "none")
            .proved_by([login]),
    }
}

/// Where no field tells a lifetime the client reuses its token, and renews it once its clock has
/// passed the documented lifetime.
pub fn takes_the_documented_lifetime(view: &View<'_>) -> Finding {
    let turn = view.log.records().iter().find(
        |record| matches!(&record.event, Event::Ask { message, .. } if message["op"] == "clock"),
    );
    let Some(turn) = turn else {
        return unobserved(view, "the client's clock was not turned");
    };
    let entries: Vec<(u64, &Entry)> = view.log.entries().collect();
    let requests = |wanted: fn(&Entry) -> bool, late: bool| {
        let entries = entries.iter();
        entries
            .filter(|(seq, entry)| (*seq > turn.seq) == late && wanted(entry))
            .map(|(seq, _)| *seq)
            .collect::<Vec<_>>()
    };
    let (logins, calls) = (
        requests(is_token_request, false),
        requests(is_api_request, false),
    );
    let (renewals, later) = (
        requests(is_token_request, true),
        requests(is_api_request, true),
    );
    if calls.len() < 2 || logins.is_empty() || later.is_empty() {
        return unobserved(view, "no two calls and one more were made");
    }
    let broken = |seen: &str, proof: Vec<u64>| {
        Finding::new(Grade::Broken, seen)
            .because("one token for the documented lifetime", seen)
            .proved_by(proof)
    };
    if logins.len() > 1 {
        return broken("a token for each call", logins);
    }
    match renewals.first() {
        Some(renewal) if *renewal < later[0] => {
            Finding::new(Grade::Met, "renewed after the documented lifetime")
                .proved_by([logins[0], *renewal])
        }
        _ => broken("the old token shown after the documented lifetime", later),
    }
}

/// The first API request that the vendor refused, and the token that it showed.
fn first_refused(view: &View<'_>) -> Option<(u64, TokenId)> {
    view.log.entries().find_map(|(seq, entry)| {
        let refused = is_api_request(entry) && entry.outcome == Some(Outcome::Denied);
        refused.then_some(())?;
        Some((seq, entry.presented?))
    })
}

/// After a 401 to a cached token the client fetches a new one and never presents the old again.
pub fn drops_a_refused_token(view: &View<'_>) -> Finding {
    let Some((refused, token)) = first_refused(view) else {
        return unobserved(view, "the API refused no token that the client had");
    };
    let later: Vec<(u64, &Entry)> = view
        .log
        .entries()
        .filter(|(seq, _)| *seq > refused)
        .collect();
    let again = later
        .iter()
        .find(|(_, entry)| entry.presented == Some(token));
    if let Some((seq, _)) = again {
        return Finding::new(Grade::Broken, "a refused token was presented again")
            .because("a new token", format!("token {} again", token.0))
            .proved_by([refused, *seq]);
    }
    match later.iter().find(|(_, entry)| is_token_request(entry)) {
        Some((seq, _)) => {
            Finding::new(Grade::Met, "a new token was fetched").proved_by([refused, *seq])
        }
        None => Finding::new(Grade::Broken, "no token request followed the refusal")
            .because("a token request", "none")
            .proved_by([refused]),
    }
}

/// A call refused with 401 is sent again once with a new token.
pub fn resends_once(view: &View<'_>) -> Finding {
    let Some((refused, token)) = first_refused(view) else {
        return unobserved(view, "the API refused no token that the client had");
    };
    let answered = view
        .log
        .records()
        .iter()
        .find(|record| record.seq > refused && matches!(record.event, Event::Answer { .. }))
        .map_or(u64::MAX, |record| record.seq);
    let within = |seq: u64| seq > refused && seq < answered;
    let original = view.log.entries().find(|(seq, _)| *seq == refused);
    let resent: Vec<u64> = view
        .log
        .entries()
        .filter(|(seq, entry)| within(*seq) && is_api_request(entry))
        .filter(|(_, entry)| entry.presented != Some(token))
        .filter(|(_, entry)| original.is_some_and(|(_, first)| first.target == entry.target))
        .map(|(seq, _)| seq)
        .collect();
    let renewed = view
        .log
        .entries()
        .any(|(seq, entry)| seq > refused && is_token_request(entry));
    match resent.len() {
        1 => Finding::new(Grade::Met, "sent again once").proved_by([refused, resent[0]]),
        _ if !renewed => unobserved(view, "the client fetched no new token"),
        n => Finding::new(Grade::Broken, format!("sent again {n} times"))
            .because("one resend with a new token", format!("{n} resends"))
            .proved_by([refused])
            .proved_by(resent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn calls(tokens: u64, calls: u64) -> Log {
        let log = (1..=tokens).fold(Log::new(), Log::grant);
        (0..calls).fold(log, |log, _| {
            log.call(200, |log| log.api(1, Outcome::Admitted))
        })
    }

    #[test]
    fn the_control_wants_a_login_and_a_served_call() {
        check(&calls(1, 1), logs_in_and_calls, Grade::Met);
        check(&calls(1, 0), logs_in_and_calls, Grade::Broken);
        check(&calls(0, 0), logs_in_and_calls, Grade::Unobserved);
    }

    #[test]
    fn token_requests_are_counted_once_the_calls_succeeded() {
        let rule = |view: &View<'_>| obtained_one_token(view, 5, 2);
        check(&calls(1, 5), rule, Grade::Met);
        check(&calls(2, 5), rule, Grade::Tolerated);
        check(&calls(3, 5), rule, Grade::Broken);
        check(&calls(1, 4), rule, Grade::Unobserved);
        check(&calls(0, 5), rule, Grade::Unobserved);
    }

    #[test]
    fn a_token_without_lifetime_is_used() {
        let reply = |body: &str| Log::new().granted(1, body);
        let without = r#"{"access_token":"«token 1»"}"#;
        let used = reply(without).api(1, Outcome::Admitted);
        check(&used, uses_a_token_without_lifetime, Grade::Met);
        check(
            &reply(without),
            uses_a_token_without_lifetime,
            Grade::Broken,
        );
        let with = reply(r#"{"access_token":"«token 1»","expires_in":60}"#);
        check(&with, uses_a_token_without_lifetime, Grade::Unobserved);
    }

    #[test]
    fn no_told_lifetime_means_the_documented_one() {
        let start = || calls(1, 2).client_clock(172_801.0);
        let check = |log, expected| check(&log, takes_the_documented_lifetime, expected);
        check(start().grant(2).api(2, Outcome::Admitted), Grade::Met);
        check(start().api(1, Outcome::Admitted), Grade::Broken);
        check(start().api(1, Outcome::Denied).grant(2), Grade::Broken);
        let each = calls(2, 2).client_clock(172_801.0).grant(3);
        check(each.api(3, Outcome::Admitted), Grade::Broken);
        check(start(), Grade::Unobserved);
        check(calls(1, 3), Grade::Unobserved);
    }

    #[test]
    fn the_unit_shows_in_which_turn_the_client_renews() {
        let start = || {
            Log::new()
                .grant(1)
                .api(1, Outcome::Admitted)
                .client_clock(601.0)
        };
        let reused = |log: Log| log.api(1, Outcome::Admitted);
        let milliseconds = start().grant(2).client_clock(600_001.0);
        check(&milliseconds, reads_milliseconds, Grade::Met);
        let seconds = reused(start()).client_clock(600_001.0).grant(2);
        check(&seconds, reads_milliseconds, Grade::Broken);
        check(&seconds, reads_seconds, Grade::Met);
        check(&milliseconds, reads_seconds, Grade::Broken);
        let neither = reused(reused(start()).client_clock(600_001.0));
        check(&neither, reads_milliseconds, Grade::Unobserved);
        check(&start(), reads_milliseconds, Grade::Unobserved);
    }

    #[test]
    fn a_refused_token_is_dropped_and_the_call_sent_again() {
        let refused = |log: Log| log.api(1, Outcome::Denied);
        let good = Log::new()
            .grant(1)
            .call(200, |log| refused(log).grant(2).api(2, Outcome::Admitted));
        check(&good, drops_a_refused_token, Grade::Met);
        check(&good, resends_once, Grade::Met);
        let surfaced = Log::new()
            .grant(1)
            .call(401, refused)
            .call(200, |log| log.grant(2).api(2, Outcome::Admitted));
        check(&surfaced, drops_a_refused_token, Grade::Met);
        check(&surfaced, resends_once, Grade::Broken);
        let kept = Log::new().grant(1).call(401, |log| refused(refused(log)));
        check(&kept, drops_a_refused_token, Grade::Broken);
        check(&kept, resends_once, Grade::Unobserved);
        check(&calls(1, 5), drops_a_refused_token, Grade::Unobserved);
    }
}
