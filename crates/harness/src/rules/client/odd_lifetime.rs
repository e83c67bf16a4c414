//! Lifetimes that are odd, or that disagree with the token's own claims.

use std::time::Duration;

use super::attempts::End;
use super::commands::{GivenCommand, calls};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, token_requests, token_requests_at};
use super::{absent, gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("EXP-06", copes_with_odd_values),
    Rule::client("EXP-09", acts_on_the_earlier_end),
];

/// More token requests than this in the first second are a hot loop.
const MAX_REQUESTS: usize = 4;

/// Where so many calls were made, logins are counted against them.
const MANY_CALLS: usize = 10;

/// So many logins for them are no login for each.
const MAX_LOGINS: usize = 2;

/// The time that is looked at.
const FIRST: Duration = Duration::from_secs(1);

/// Each odd value in a stage of its own: two calls are answered, and the client goes on living.
fn copes_with_odd_values(view: &View<'_>) -> Finding {
    let values: Vec<String> = controls(view, "faults")
        .map(|(_, fault)| value(fault))
        .collect();
    if values.is_empty() {
        return unobserved(view, "no odd lifetime was told");
    }
    let (mut good, mut logins, mut each) = (Vec::new(), 0, Vec::new());
    for (at, value) in values.iter().enumerate() {
        let place = format!("side-{}", at + 1);
        let calls: Vec<_> = calls(view)
            .into_iter()
            .filter(|call| is_of(call, &place))
            .collect();
        let requests: Vec<_> = token_requests_at(view, &place).collect();
        let Some(proof) = Proof::all(requests.iter().copied()) else {
            if let Some(gone) = gone(view) {
                return gone;
            }
            let what = format!("no token request arrived where {value} was told");
            return unobserved(view, &what);
        };
        let is_many = calls.len() >= MANY_CALLS;
        let most = MAX_REQUESTS + if is_many { calls.len() } else { 0 };
        let expected = format!("answered calls, and at most {most} token requests in a second");
        let unanswered = calls.iter().any(|call| call.end() == End::Unanswered);
        if let Some((seq, gone)) = view.evidence.client_gone().filter(|_| unanswered) {
            let seen = format!("{gone} after {value}");
            return Finding::broken(expected, seen, proof.and(seq));
        }
        let count = in_the_first_second(&requests);
        if count > most {
            let seen = format!("{count} token requests in the first second after {value}");
            return Finding::broken(expected, seen, proof).figure("token_requests", count);
        }
        let served = requests.iter().filter(|one| one.is_served()).count();
        logins += served;
        let succeeded = calls
            .iter()
            .any(|call| matches!(call.end(), End::Succeeded(_)));
        let measurement = view.evidence.measurement();
        let caches = measurement.is_none_or(|(_, measurement)| measurement.cached);
        if is_many && served > MAX_LOGINS && succeeded && caches {
            let seen = format!("{served} logins for {} calls after {value}", calls.len());
            each.push((seen, proof.clone()));
        }
        if (calls.len() == 2 || is_many) && !unanswered {
            good.push(proof);
        }
    }
    if let Some((seen, proof)) = each
        .into_iter()
        .reduce(|(seen, proof), (more, its)| (format!("{seen}; {more}"), proof.and(its)))
    {
        let expected = "a token used again where no lifetime is told";
        return gone(view)
            .unwrap_or_else(|| Finding::deviation(Grade::Tolerated, expected, seen, proof));
    }
    if good.len() < values.len() || logins == 0 {
        return unobserved(view, "not each odd lifetime was met by all calls");
    }
    let seen = format!(
        "all calls were answered after each of {} values",
        values.len()
    );
    match good.into_iter().reduce(Proof::and) {
        Some(proof) => met(view, seen, proof),
        None => unobserved(view, "no odd lifetime was told"),
    }
}

/// The lifetime that a fault tells, in words.
fn value(fault: &serde_json::Value) -> String {
    let edit = &fault["then"]["edit"];
    let mut members = edit["raw"].as_object().into_iter().flatten();
    let told = members.find_map(|(_, raw)| raw.as_str());
    told.map_or_else(
        || "no lifetime".to_owned(),
        |raw| format!("the lifetime {raw}"),
    )
}

fn is_of(call: &GivenCommand<'_>, place: &str) -> bool {
    matches!(call.command, ClientCommand::Call { client, .. } if client == place)
}

fn in_the_first_second(requests: &[Arrival<'_>]) -> usize {
    let Some(first) = requests.first() else {
        return 0;
    };
    let end = first.entry.arrived.plus(FIRST);
    requests
        .iter()
        .filter(|one| one.entry.arrived <= end)
        .count()
}

/// A token that its claims end before its reply does is replaced in time, or after one refusal.
fn acts_on_the_earlier_end(view: &View<'_>) -> Finding {
    let Some((ended, _)) = controls(view, "tokens/expire").next() else {
        return unobserved(view, "the vendor ended no token");
    };
    if controls(view, "faults").next().is_none() {
        return unobserved(view, "expires_in and exp did not disagree");
    }
    let before = token_requests(view).any(|one| one.seq < ended && one.is_served());
    let call = calls(view).into_iter().find(|call| call.seq > ended);
    let (true, Some(call)) = (before, call) else {
        return unobserved(view, "no call was asked for once the token had ended");
    };
    if let Some(gone) = gone(view) {
        return gone;
    }
    let requests: Vec<_> = token_requests(view).filter(|one| one.seq > ended).collect();
    let later = requests.iter().copied();
    let arrived = later.chain(api_requests(view).filter(|one| one.seq > ended));
    let Some(proof) = Proof::all(arrived) else {
        return unobserved(view, "no request followed the end of the token");
    };
    let expected = "a call that succeeds with at most one token request";
    let count = requests.len();
    let seen = format!("{count} token requests");
    if requests.iter().any(|one| !one.was_looked_at()) {
        return unobserved(view, "a token request was not looked at").seen_in(proof);
    }
    match call.end() {
        End::Succeeded(_) if count > 1 => Finding::broken(expected, seen, proof),
        End::Succeeded(answer)
            if api_requests(view).any(|one| one.seq > ended && one.is_served()) =>
        {
            met(view, seen, proof.and(answer))
        }
        End::Succeeded(_) => unobserved(view, "no call was served").seen_in(proof),
        End::Failed(_) => absent(view, expected, "the call failed", proof),
        End::Unanswered => unobserved(view, "the call was not answered").seen_in(proof),
    }
    .figure("token_requests", count)
}

#[cfg(test)]
pub(super) mod tests;
