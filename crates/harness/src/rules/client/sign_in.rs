//! How a client signs in at a user pool: by SRP, and where the pool asks it to wait.

use std::time::Duration;

use serde_json::Value;

use super::commands::calls;
use super::traffic::{Arrival, arrivals, token_requests};
use super::{Fault, absent, met, unobserved, worst};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-12", waits_when_throttled),
    Rule::client("COG-15", proves_by_srp),
];

/// More attempts than this are no bounded retry.
const MAX_ATTEMPTS: usize = 5;

/// Attempts closer than this are not apart.
const MIN_GAP: Duration = Duration::from_millis(50);

/// Throttling, which arrives as 400, is waited for a few times and not taken for bad credentials.
fn waits_when_throttled(view: &View<'_>) -> Finding {
    let is_throttled = |request: &Arrival<'_>| {
        let kind = request.answered()["__type"].clone();
        let is_it = |kind: &str| kind.ends_with("TooManyRequestsException");
        kind.as_str().is_some_and(is_it)
    };
    let Some(first) = token_requests(view).find(is_throttled) else {
        return unobserved(view, "no sign-in was throttled");
    };
    let Some(call) = calls(view).into_iter().next() else {
        return unobserved(view, "no call was asked for");
    };
    let attempts: Vec<_> = token_requests(view)
        .filter(|request| request.seq >= first.seq)
        .filter(|request| call.answer.is_none_or(|(at, _)| request.seq < at))
        .collect();
    let Some(proof) = Proof::all(attempts.iter().copied()) else {
        return unobserved(view, "no sign-in was throttled");
    };
    let expected = "at most 5 token requests, 50 ms apart, and an error that is not `auth`";
    let n = attempts.len();
    if n > MAX_ATTEMPTS {
        return Finding::broken(expected, format!("{n} token requests"), proof);
    }
    let gap = |pair: &[Arrival<'_>]| pair[1].entry.arrived.since(pair[0].entry.arrived);
    let least = attempts.windows(2).map(gap).min();
    if let Some(least) = least.filter(|least| *least < MIN_GAP) {
        let seen = format!("two token requests within {} ms", least.as_millis());
        return Finding::broken(expected, seen, proof);
    }
    let Some((at, answer)) = call.answer else {
        return unobserved(view, "the call was not answered").seen_in(proof);
    };
    match answer.error.as_deref() {
        Some("auth") => {
            let seen = "reported as bad credentials";
            Finding::broken(expected, seen, proof.and(at))
        }
        _ if answer.succeeded() => {
            unobserved(view, "not graded: a call without a token succeeded").seen_in(proof)
        }
        _ => {
            let times = if n == 1 { "request" } else { "requests" };
            met(
                view,
                format!("{n} token {times}, then an error"),
                proof.and(at),
            )
        }
    }
}

/// A sign-in by SRP: its challenge, and what the client answered.
struct Srp<'a> {
    answer: Arrival<'a>,
    typed: Value,
    user_id: Value,
    timestamp: String,
}

fn srp<'a>(view: &View<'a>) -> Vec<Srp<'a>> {
    let mut opened: Option<(Value, Value)> = None;
    let mut all = Vec::new();
    for arrival in arrivals(view) {
        let (sent, reply) = (arrival.sent(), arrival.answered());
        match arrival.operation() {
            Some("InitiateAuth") if reply["ChallengeName"] == "PASSWORD_VERIFIER" => {
                let typed = sent["AuthParameters"]["USERNAME"].clone();
                opened = Some((
                    typed,
                    reply["ChallengeParameters"]["USER_ID_FOR_SRP"].clone(),
                ));
            }
            Some("RespondToAuthChallenge") if sent["ChallengeName"] == "PASSWORD_VERIFIER" => {
                let timestamp = sent["ChallengeResponses"]["TIMESTAMP"].as_str();
                if let Some((typed, user_id)) = opened.clone() {
                    all.push(Srp {
                        answer: arrival,
                        typed,
                        user_id,
                        timestamp: timestamp.unwrap_or_default().to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    all
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The day of the month, where the text is `EEE MMM d HH:mm:ss UTC yyyy` in English.
fn day(timestamp: &str) -> Option<u8> {
    let parts: Vec<&str> = timestamp.split(' ').collect();
    let [weekday, month, day, time, "UTC", year] = parts[..] else {
        return None;
    };
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let is_time = time.split(':').count() == 3 && time.split(':').all(|part| digits(part, 2));
    let is_day = !day.starts_with('0') && (digits(day, 1) || digits(day, 2));
    let is_it = WEEKDAYS.contains(&weekday) && MONTHS.contains(&month) && digits(year, 4);
    (is_it && is_time && is_day).then(|| day.parse().ok())?
}

/// The proof is computed with the id of the challenge, and dated as Java writes a date.
fn proves_by_srp(view: &View<'_>) -> Finding {
    let answers = srp(view);
    let fault = |srp: &Srp<'_>| {
        if day(&srp.timestamp).is_none() {
            return Some(format!("TIMESTAMP `{}`", srp.timestamp));
        }
        let reply = srp.answer.answered();
        let kind = reply["__type"].as_str()?;
        let is_wrong = kind.ends_with("NotAuthorizedException");
        is_wrong.then(|| "a proof that does not verify".to_owned())
    };
    let faults: Vec<_> = answers
        .iter()
        .filter_map(|srp| Some(Fault::broken(srp.answer, fault(srp)?)))
        .collect();
    let expected = "a proof for USER_ID_FOR_SRP, dated EEE MMM d HH:mm:ss UTC yyyy";
    if let Some(finding) = worst(&faults, expected) {
        return finding;
    }
    let Some(served) = answers.iter().find(|srp| srp.answer.is_served()) else {
        return match arrivals(view)
            .find(|one| one.answered()["ChallengeName"] == "PASSWORD_VERIFIER")
        {
            Some(challenge) if !answers.is_empty() => {
                unobserved(view, "no proof was looked at").seen_in(challenge)
            }
            Some(challenge) => absent(view, expected, "the challenge was not answered", challenge),
            None => unobserved(view, "the client did not sign in by SRP"),
        };
    };
    if served.typed == served.user_id {
        return unobserved(view, "the user is called as he was typed").seen_in(served.answer);
    }
    match day(&served.timestamp) {
        Some(1..10) => met(view, "the proof verified", served.answer),
        _ => unobserved(view, "the day of the month had two digits").seen_in(served.answer),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::day;
    use crate::rules::client::testing::{check, tokens};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("COG-12", |log| {
            log.failed_call(|log| throttled(throttled(log).later(200)))
        }),
        ("COG-15", |log| proof(log, "u@h", TIMESTAMP, &tokens(1))),
    ];

    const TIMESTAMP: &str = "Sat Dec 5 10:00:00 UTC 2026";

    fn throttled(log: Log) -> Log {
        let reply = json!({"__type": "TooManyRequestsException"});
        log.operation(
            "InitiateAuth",
            &json!({"AuthFlow": "USER_PASSWORD_AUTH"}),
            &reply,
        )
    }

    fn proof(log: Log, typed: &str, timestamp: &str, answered: &Value) -> Log {
        let start = json!({"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": typed}});
        let challenge = json!({"ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": {"USER_ID_FOR_SRP": "u"}});
        let answer = json!({"ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeResponses": {"USERNAME": "u", "TIMESTAMP": timestamp}});
        log.operation("InitiateAuth", &start, &challenge).operation(
            "RespondToAuthChallenge",
            &answer,
            answered,
        )
    }

    #[test]
    fn throttling_is_waited_for() {
        let seen = |seen: fn(Log) -> Log| Log::new().failed_call(seen);
        let at_once = |log| throttled(throttled(log).later(20));
        check(&seen(at_once), "COG-12", Grade::Broken);
        let many = |log| (1..=6).fold(log, |log: Log, n| throttled(log.later(n * 200)));
        check(&seen(many), "COG-12", Grade::Broken);
        check(&seen(throttled), "COG-12", Grade::Met);
        let auth = Log::new().fails_as("auth", throttled);
        check(&auth, "COG-12", Grade::Broken);
        let good = Log::new().call(200, throttled);
        check(&good, "COG-12", Grade::Unobserved);
        let hangs = throttled(Log::new().asked_for_a_call()).client_hangs();
        check(&hangs, "COG-12", Grade::Gone);
        check(&Log::new(), "COG-12", Grade::Unobserved);
    }

    #[test]
    fn a_proof_is_for_the_id_of_the_challenge() {
        let seen =
            |typed, timestamp, answered: Value| proof(Log::new(), typed, timestamp, &answered);
        let wrong = json!({"__type": "NotAuthorizedException"});
        check(&seen("u@h", TIMESTAMP, wrong), "COG-15", Grade::Broken);
        check(
            &seen("u", TIMESTAMP, tokens(1)),
            "COG-15",
            Grade::Unobserved,
        );
        let padded = "Sat Dec 05 10:00:00 UTC 2026";
        check(&seen("u@h", padded, tokens(1)), "COG-15", Grade::Broken);
        let late = "Tue Dec 15 10:00:00 UTC 2026";
        check(&seen("u@h", late, tokens(1)), "COG-15", Grade::Unobserved);
        check(&Log::new(), "COG-15", Grade::Unobserved);
    }

    #[test]
    fn a_timestamp_is_english_and_utc() {
        assert_eq!(day(TIMESTAMP), Some(5));
        assert_eq!(day("Tue Dec 15 10:00:00 UTC 2026"), Some(15));
        for bad in [
            "Sa Dez 5 10:00:00 UTC 2026",
            "Sat Dec 5 10:00:00 GMT 2026",
            "Sat Dec  5 10:00:00 UTC 2026",
            "2026-12-05T10:00:00Z",
            "",
        ] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }
}
