//! How long a client waits between attempts when nobody names a time.

mod gaps;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeSet;

use locum_core::Timestamp;

use super::attempts::{End, count, gaps_ms};
use super::commands::{GivenCommand, calls};
use super::traffic::{Arrival, api_requests, api_requests_at, arrivals_at, token_requests_at};
use super::{gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Proof};
use gaps::{Course, Gaps, Load};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-09", overcomes_an_outage_of_logins),
    Rule::client("RET-13", waits_longer_each_time),
    Rule::client("CLI-15", waits_after_429),
];

/// What is said then: whether the machine was busy or the client slow is not known.
const TOO_BUSY: &str =
    "one gap alone, replies, or calls behind a new token took too long to tell how the gaps go on";

/// What an instance with a stage of its own did.
struct Apart<'a> {
    attempts: Vec<Arrival<'a>>,
    /// The longest time that passed where nobody waited, in milliseconds.
    idle_ms: i64,
    /// What the client itself takes from a reply to the next request, in milliseconds.
    turn_ms: i64,
    /// What passed from the question to the first request, in milliseconds.
    start_ms: Option<i64>,
    end: End,
}

/// The instances that were asked for a call at stages of their own.
fn apart<'a>(
    view: &View<'a>,
    attempts: impl Fn(&'a str) -> Vec<Arrival<'a>>,
) -> Result<Vec<Apart<'a>>, Finding> {
    let mut found = Vec::new();
    let mut before = None;
    let places: BTreeSet<&'a str> = view.evidence.places();
    for place in places {
        let is_its = |command: &ClientCommand| matches!(command, ClientCommand::Call { client, .. } if client == place);
        let Some(call) = calls(view).into_iter().find(|call| is_its(call.command)) else {
            continue;
        };
        found.push(Apart {
            attempts: attempts(place),
            idle_ms: idle_ms(view, place),
            turn_ms: turn_ms(view, place).unwrap_or_default(),
            start_ms: start_ms(view, &call, place, before),
            end: call.end(),
        });
        before = Some(place);
    }
    match gone(view) {
        Some(gone) => Err(gone),
        None if found.is_empty() => Err(unobserved(view, "no call was asked for at a stage apart")),
        None if found.iter().any(|one| one.end == End::Unanswered) => {
            Err(unobserved(view, "a call was not answered"))
        }
        None => Ok(found),
    }
}

/// The longest time that a reply took, and that the client took from a token to the call that it was
/// for: on a busy machine they grow, and with them each gap.
fn idle_ms(view: &View<'_>, place: &str) -> i64 {
    let logins: Vec<Arrival<'_>> = token_requests_at(view, place).collect();
    let calls: Vec<Arrival<'_>> = api_requests_at(view, place).collect();
    let left = |one: &Arrival<'_>| one.entry.completed.map(Timestamp::as_millis);
    let replies = logins.iter().chain(&calls).filter_map(|one| {
        let left = left(one)?;
        Some(left - one.entry.arrived.as_millis())
    });
    let used = turn_ms(view, place);
    replies.chain(used).max().unwrap_or_default()
}

/// The time from a token to the call that it was for.
fn turn_ms(view: &View<'_>, place: &str) -> Option<i64> {
    let login = token_requests_at(view, place)
        .filter(Arrival::is_served)
        .last()?;
    let call = api_requests_at(view, place).find(|call| call.seq > login.seq)?;
    let left = login.entry.completed.map(Timestamp::as_millis)?;
    Some((call.entry.arrived.as_millis() - left).max(0))
}

/// The time from a question to the first request that came of it. The stage's clock runs with the
/// harness's own. A client that does one thing at a time begins when it is done with the instance
/// that was asked before: from there it counts.
fn start_ms(
    view: &View<'_>,
    call: &GivenCommand<'_>,
    place: &str,
    before: Option<&str>,
) -> Option<i64> {
    let first = arrivals_at(view, place).next()?.entry.arrived.as_millis();
    let records = view.evidence.records();
    let asked = records.iter().find(|record| record.seq == call.seq)?;
    let began = records.first()?;
    let since = i64::try_from(asked.t_ms.checked_sub(began.t_ms)?).ok()?;
    let asked = view.evidence.started()?.as_millis() + since;
    let last = before.and_then(|place| arrivals_at(view, place).last());
    let done = last.map(|last| last.entry.completed.unwrap_or(last.entry.arrived));
    let done = done.map(Timestamp::as_millis).filter(|done| *done <= first);
    Some((first - asked.max(done.unwrap_or(asked))).max(0))
}

/// By how much a later instance began more slowly than the quickest. A client that begins slowly does
/// so the first time, or each time alike: what differs is the machine.
fn held_up_ms(instances: &[Apart<'_>]) -> i64 {
    let later = instances.iter().skip(1).filter_map(|one| one.start_ms);
    let slowest = later.max();
    let quickest = instances.iter().filter_map(|one| one.start_ms).min();
    slowest
        .zip(quickest)
        .map_or(0, |(slowest, quickest)| slowest - quickest)
}

/// The gaps of those instances that made three attempts at least; `None` when there are none.
fn gaps_of(instances: &[Apart<'_>]) -> Option<Gaps> {
    let gaps = instances.iter().map(|one| gaps_ms(&one.attempts));
    let gaps: Vec<Vec<i64>> = gaps.filter(|gaps| gaps.len() >= 2).collect();
    let longest = instances.iter().map(|one| one.idle_ms).max();
    let least = instances.iter().map(|one| one.idle_ms - one.turn_ms).min();
    let turn_ms = instances.iter().map(|one| one.turn_ms).min();
    let load = Load {
        idle_ms: longest.unwrap_or_default().max(held_up_ms(instances)),
        added_ms: least.unwrap_or_default().max(0),
        turn_ms: turn_ms.unwrap_or_default(),
    };
    Gaps::new(&gaps, load)
}

fn words(gaps: &Gaps) -> String {
    let (first, second) = (gaps.first_ms / 1000.0, gaps.second_ms / 1000.0);
    format!("gaps of {first:.2} s and {second:.2} s")
}

fn figures(gaps: &Gaps, finding: Finding) -> Finding {
    finding
        .figure("first_gap_ms", gaps.first_ms)
        .figure("second_gap_ms", gaps.second_ms)
}

fn proof(instances: &[Apart<'_>]) -> Option<Proof> {
    Proof::all(
        instances
            .iter()
            .flat_map(|one| one.attempts.iter().copied()),
    )
}

/// A few 5xx of the token endpoint are overcome by a few attempts with growing gaps.
fn overcomes_an_outage_of_logins(view: &View<'_>) -> Finding {
    let instances = match apart(view, |place| token_requests_at(view, place).collect()) {
        Ok(instances) => instances,
        Err(finding) => return finding,
    };
    let failed = |login: &Arrival<'_>| login.status() == view.expected.status;
    // The first answers are failures, those after them the vendor's own.
    let is_outage = |one: &Apart<'_>| {
        let failures = one
            .attempts
            .iter()
            .take_while(|login| failed(login))
            .count();
        failures > 0 && one.attempts[failures..].iter().all(Arrival::is_served)
    };
    let Some(proof) = proof(&instances).filter(|_| instances.iter().all(is_outage)) else {
        return unobserved(view, "the token endpoint did not fail and then serve");
    };
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let attempts = instances.iter().map(|one| one.attempts.len()).max();
    let attempts = attempts.unwrap_or_default();
    let expected = format!("at most {most} token requests with growing gaps");
    let succeeded = |one: &&Apart<'_>| matches!(one.end, End::Succeeded(_));
    let all = instances.iter().all(|one| succeeded(&one));
    let gaps = gaps_of(&instances);
    let finding = match &gaps {
        _ if attempts > most => Finding::broken(expected, count(attempts, "token request"), proof),
        Some(gaps) if all => of_gaps(view, gaps, expected, proof),
        _ if instances
            .iter()
            .all(|one| !succeeded(&one) && one.attempts.len() <= 2) =>
        {
            let seen = format!("{} and an error", count(attempts, "token request"));
            Finding::fact(format!("{seen}: left to the caller"), proof)
        }
        _ => unobserved(view, "not graded: some calls failed, some did not").seen_in(proof),
    };
    let finding = finding.figure("token_requests", attempts);
    match &gaps {
        Some(gaps) => figures(gaps, finding),
        None => finding,
    }
}

/// What gaps come to that are expected to grow.
fn of_gaps(view: &View<'_>, gaps: &Gaps, expected: impl Into<String>, proof: Proof) -> Finding {
    match gaps.course() {
        Course::Grow => met(view, words(gaps), proof),
        Course::Hidden => unobserved(view, TOO_BUSY).seen_in(proof),
        Course::Constant => Finding::broken(expected, words(gaps), proof),
    }
}

/// The gaps between attempts on 5xx grow.
fn waits_longer_each_time(view: &View<'_>) -> Finding {
    let instances = match apart(view, |place| api_requests_at(view, place).collect()) {
        Ok(instances) => instances,
        Err(finding) => return finding,
    };
    let failed = |call: &Arrival<'_>| {
        call.status() == view.expected.status && call.header_of_reply("retry-after").is_none()
    };
    // The first answers are failures, one after them may be the vendor's own.
    let is_outage = |one: &Apart<'_>| {
        let failures = one.attempts.iter().take_while(|call| failed(call)).count();
        failures > 0 && one.attempts[failures..].iter().all(Arrival::is_served)
    };
    let Some(proof) = proof(&instances).filter(|_| instances.iter().all(is_outage)) else {
        return unobserved(view, "the API did not fail first");
    };
    let fewest = instances.iter().map(|one| one.attempts.len()).min();
    let fewest = fewest.unwrap_or_default();
    let finding = match gaps_of(&instances) {
        Some(gaps) if fewest >= 3 => figures(&gaps, of_gaps(view, &gaps, "gaps that grow", proof)),
        _ => {
            let seen = format!("{}: left to the caller", count(fewest, "attempt"));
            Finding::fact(seen, proof)
        }
    };
    finding.figure("attempts", fewest)
}

/// After a 429 that names no time the client waits all the same, and gives up some day.
fn waits_after_429(view: &View<'_>) -> Finding {
    let attempts: Vec<Arrival<'_>> = api_requests(view).collect();
    let throttled = |call: &Arrival<'_>| {
        call.status() == view.expected.status && call.header_of_reply("retry-after").is_none()
    };
    let Some(proof) =
        Proof::all(attempts.iter().copied()).filter(|_| attempts.iter().all(throttled))
    else {
        return unobserved(
            view,
            "the API did not answer 429 without Retry-After each time",
        );
    };
    if let Some(gone) = gone(view) {
        return gone;
    }
    let Some(first) = gaps_ms(&attempts).first().copied() else {
        return Finding::fact("no further request: left to the caller", proof);
    };
    let (least, most) = (
        view.expected.min_gap_ms.unwrap_or_default(),
        view.expected.max_requests.unwrap_or(usize::MAX),
    );
    let seen = format!(
        "{}, the second {first} ms after the first",
        count(attempts.len(), "attempt")
    );
    let finding = if first >= least && attempts.len() <= most {
        met(view, seen, proof)
    } else {
        let expected = format!("at least {least} ms, and at most {most} attempts");
        Finding::broken(expected, seen, proof)
    };
    finding
        .figure("first_gap_ms", first)
        .figure("attempts", attempts.len())
}
