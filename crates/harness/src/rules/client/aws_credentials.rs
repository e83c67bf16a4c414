//! How a client keeps its temporary AWS credentials: for how long, and what it does when they end.

use locum_core::{DenialKind, Timestamp};

use super::commands::{GivenCommand, calls, clock_turns, is_one_quiet_life};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, arrivals};
use super::{Fault, absent, met, unobserved, worst};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-07", keeps_credentials_to_their_end),
    Rule::client("SIG-06", renews_ended_credentials),
    Rule::client("SIG-07", signs_with_one_issue),
];

/// Credentials that live longer than this are not seen to end.
const LONG_S: f64 = 60.0;

/// Dates in headers have whole seconds.
const DATE_TOLERANCE_S: f64 = 1.0;

/// So many calls show whether credentials are used again.
const MIN_CALLS: usize = 5;

/// So many calls at once make a burst.
const BURST: usize = 20;

/// Credentials as the identity pool gave them.
#[derive(Debug)]
struct Issue<'a> {
    arrival: Arrival<'a>,
    key_id: String,
    session_token: String,
    /// Seconds since the epoch, by the vendor's clock.
    expiration: f64,
}

fn issues<'a>(view: &View<'a>) -> Vec<Issue<'a>> {
    let issue = |arrival: Arrival<'a>| {
        let reply = arrival.answered();
        let given = &reply["Credentials"];
        let text = |name: &str| given[name].as_str().map(str::to_owned);
        Some(Issue {
            key_id: text("AccessKeyId").unwrap_or_default(),
            session_token: text("SessionToken")?,
            expiration: given["Expiration"].as_f64().unwrap_or(f64::INFINITY),
            arrival,
        })
    };
    arrivals(view)
        .filter(|arrival| arrival.operation() == Some("GetCredentialsForIdentity"))
        .filter(Arrival::is_served)
        .filter_map(issue)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

/// The API requests that carry a session token.
fn signed<'a>(view: &View<'a>) -> Vec<Arrival<'a>> {
    api_requests(view)
        .filter(|call| !call.header("x-amz-security-token").is_empty())
        .collect()
}

fn issue_of<'i, 'a>(issues: &'i [Issue<'a>], call: &Arrival<'_>) -> Option<&'i Issue<'a>> {
    let shown = call.header("x-amz-security-token");
    issues.iter().find(|issue| issue.session_token == shown)
}

/// Credentials serve until shortly before their end, and no longer.
fn keeps_credentials_to_their_end(view: &View<'_>) -> Finding {
    let issues = issues(view);
    let Some(first) = issues.first() else {
        return unobserved(view, "no AWS credentials were issued");
    };
    match first.expiration - seconds(first.arrival.entry.arrived) > LONG_S {
        true if clock_turns(view).is_empty() => are_reused(view, &issues),
        true => are_left_before_their_end(view, &issues),
        false => are_left_at_their_end(view, &issues),
    }
}

/// One issue serves ten calls within its hour.
fn are_reused(view: &View<'_>, issues: &[Issue<'_>]) -> Finding {
    let served = signed(view).into_iter().filter(Arrival::is_served);
    let served: Vec<_> = served.collect();
    if served.len() < MIN_CALLS || !is_one_quiet_life(view) {
        return unobserved(
            view,
            "no row of calls with long-lived AWS credentials was served",
        );
    }
    let all = issues
        .iter()
        .map(|issue| issue.arrival)
        .chain(served.iter().copied());
    let Some(proof) = Proof::all(all) else {
        return unobserved(view, "no AWS credentials were issued");
    };
    match issues.len() {
        1 => met(view, format!("one issue for {} calls", served.len()), proof),
        n => {
            let seen = format!("{n} issues for {} calls", served.len());
            Finding::broken("one GetCredentialsForIdentity", seen, proof)
        }
    }
}

/// Credentials that end within so many seconds are no good, since a request takes time: two, and one
/// more for dates, which have whole seconds and end before their time.
const LEAST_MARGIN_S: f64 = 3.0;

/// The time that a signature tells, by the client's clock; that of its arrival where it tells none.
fn dated(call: &Arrival<'_>) -> f64 {
    let date = Timestamp::parse_amz_date(call.header("x-amz-date"));
    seconds(date.unwrap_or(call.entry.arrived))
}

/// No call is signed with credentials in their last seconds. A machine that is too slow for that shows
/// nothing here.
fn are_left_before_their_end(view: &View<'_>, issues: &[Issue<'_>]) -> Finding {
    let first = &issues[0];
    let nothing = "no call was signed shortly before the end of AWS credentials";
    let turned = clock_turns(view).first().map(|(seq, _)| *seq);
    let call = signed(view)
        .into_iter()
        .find(|call| turned.is_some_and(|turned| call.seq > turned) && call.was_looked_at());
    let Some((call, issue)) = call.and_then(|call| Some((call, issue_of(issues, &call)?))) else {
        return Finding::not_applicable(nothing, first.arrival);
    };
    let proof = Proof::from(first.arrival).and(call);
    let left = first.expiration - dated(&call);
    if !(0.0..=LEAST_MARGIN_S).contains(&left) {
        return Finding::not_applicable(nothing, proof);
    }
    match issue.session_token == first.session_token {
        true => Finding::broken(
            "other credentials shortly before the end",
            format!("credentials that end {left:.1} s later"),
            proof,
        ),
        false => met(view, "renewed shortly before the end", proof),
    }
}

/// No call is signed with credentials that have been over for more than a second.
fn are_left_at_their_end(view: &View<'_>, issues: &[Issue<'_>]) -> Finding {
    let date = dated;
    let calls = signed(view);
    let late = |call: &Arrival<'_>| {
        let over = date(call) - issue_of(issues, call)?.expiration;
        (over > DATE_TOLERANCE_S).then(|| format!("credentials that ended {over:.1} s before"))
    };
    let faults: Vec<_> = calls
        .iter()
        .filter_map(|call| Some(Fault::broken(*call, late(call)?)))
        .collect();
    if let Some(finding) = worst(&faults, "credentials that live") {
        return finding;
    }
    let end = issues[0].expiration + DATE_TOLERANCE_S;
    let after = calls
        .iter()
        .find(|call| date(call) > end && call.was_looked_at());
    match after {
        Some(call) => {
            let proof = Proof::from(issues[0].arrival).and(*call);
            met(view, "renewed when the first had come to their end", proof)
        }
        None => unobserved(view, "no call was signed after the end of AWS credentials"),
    }
}

/// The record at which the vendor ended the AWS credentials.
fn ended(view: &View<'_>) -> Option<RecordId> {
    controls(view, "tokens/expire")
        .find(|(_, selector)| selector["kind"] == "aws")
        .map(|(seq, _)| seq)
}

/// A refusal of ended credentials leads to others and one repeat.
fn renews_ended_credentials(view: &View<'_>) -> Finding {
    let Some(end) = ended(view) else {
        return unobserved(view, "the vendor ended no AWS credentials");
    };
    let Some(call) = calls(view).into_iter().find(|call| call.seq > end) else {
        return unobserved(
            view,
            "no call was asked for after the end of AWS credentials",
        );
    };
    let answered = call.answer.map(|(at, _)| at);
    let is_within = |arrival: &Arrival<'_>| {
        arrival.seq > call.seq && answered.is_none_or(|at| arrival.seq < at)
    };
    let sent: Vec<_> = api_requests(view).filter(is_within).collect();
    let is_refused = |request: &&Arrival<'_>| {
        let denial = request.entry.denial.as_ref();
        denial.is_some_and(|denial| denial.reason == "ended_credentials")
    };
    let Some(refused) = sent.iter().find(is_refused) else {
        return unobserved(view, "no request with ended AWS credentials was refused");
    };
    let expected = "one GetCredentialsForIdentity and one repeat with the new key";
    let fresh: Vec<_> = issues(view)
        .into_iter()
        .filter(|issue| is_within(&issue.arrival) && issue.arrival.seq > refused.seq)
        .collect();
    let Some(proof) = Proof::all(sent.iter().copied()) else {
        return unobserved(view, "no request with ended AWS credentials was refused");
    };
    let repeats: Vec<_> = sent.iter().filter(|one| one.seq > refused.seq).collect();
    match repeats[..] {
        [] => absent(view, expected, "no repeat", proof),
        [_, _, ..] => Finding::broken(
            expected,
            format!("{} requests for the call", sent.len()),
            proof,
        ),
        [repeat] => {
            let is_fresh = issue_of(&fresh, repeat).is_some();
            match fresh.len() {
                1 if is_fresh => met(view, "one issue and one repeat", proof),
                _ if !is_fresh => {
                    Finding::broken(expected, "a repeat with the ended credentials", proof)
                }
                n => unobserved(view, &format!("not graded: {n} issues for one repeat"))
                    .seen_in(proof),
            }
        }
    }
}

/// Whether so many calls were under way at this record.
fn is_in_burst(view: &View<'_>, seq: RecordId) -> bool {
    let is_under_way =
        |call: &GivenCommand<'_>| call.seq < seq && call.answer.is_none_or(|(at, _)| at > seq);
    calls(view).iter().filter(|call| is_under_way(call)).count() >= BURST
}

/// Key, signature and session token of each request are of one issue, also while they are renewed.
fn signs_with_one_issue(view: &View<'_>) -> Finding {
    let issues = issues(view);
    let fault = |call: &Arrival<'_>| {
        let authorization = call.header("authorization");
        let (_, rest) = authorization.split_once("Credential=")?;
        let key_id = rest.split('/').next()?;
        let by_key = issues.iter().find(|issue| issue.key_id == key_id)?;
        if by_key.session_token != call.header("x-amz-security-token") {
            return Some("a key with the session token of another issue");
        }
        let denial = call.entry.denial.as_ref()?;
        let is_signature =
            denial.kind == DenialKind::BadSignature && denial.reason.starts_with("wrong_signature");
        is_signature.then_some("a signature with the secret of another issue")
    };
    let renewed = issues.iter().skip(1);
    let renewed = renewed.map(|issue| issue.arrival);
    let Some(renewed) = renewed
        .into_iter()
        .find(|issue| is_in_burst(view, issue.seq))
    else {
        return unobserved(
            view,
            "AWS credentials were not renewed while twenty calls ran",
        );
    };
    let calls = signed(view);
    let faults: Vec<_> = calls
        .iter()
        .filter_map(|call| Some(Fault::broken(*call, fault(call)?)))
        .collect();
    if let Some(finding) = worst(&faults, "key, signature and session token of one issue") {
        return finding;
    }
    let good: Vec<_> = calls
        .iter()
        .copied()
        .filter(Arrival::was_looked_at)
        .collect();
    match Proof::all(good.iter().copied()) {
        Some(proof) if good.len() >= BURST => {
            let seen = format!("{} requests, none torn", good.len());
            met(view, seen, proof.and(renewed))
        }
        _ => unobserved(view, "fewer than twenty signed requests were looked at"),
    }
}

#[cfg(test)]
pub(super) mod tests;
