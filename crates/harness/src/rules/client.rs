//! What a client under test did, from the mock's journal and from its own answers.
//!
//! The wire decides; a client's own words count only where a requirement asks how many calls were
//! wanted, and when. Traffic that nobody asked for is judged by the same rules: what needs a
//! command or a turned clock is then unobserved.

mod accounts;
mod attempts;
mod aws_credentials;
mod backoff;
mod basic;
mod bearer;
mod burst;
mod caching;
mod challenge;
mod clock_skew;
mod code_login;
mod commands;
mod control;
mod creation;
mod error_replies;
mod late_refusal;
mod lifetime;
mod margin;
mod messages;
mod multipart;
mod next_token;
mod odd_lifetime;
mod output;
mod paging;
mod places;
mod plain;
mod plan;
mod pool_renewal;
mod presigned;
mod redirect;
mod refresh;
mod refresh_request;
mod refusal_forms;
mod refusals;
mod refused;
mod renewal;
mod request;
mod resend;
mod retry_after;
mod revocation;
mod sign_in;
mod signature;
mod signed_targets;
mod socket;
mod spelled;
mod stored;
#[cfg(test)]
mod testing;
mod tls;
mod token_jwt;
mod token_outage;
mod token_reply;
mod token_request;
mod token_url;
pub(crate) mod traffic;
mod unusable_reply;
mod user_pool;
mod webhook;

pub(crate) use refresh::shown_refresh_token;

use super::{Rule, View};
use crate::evidence::CREATES_NOTHING;
use crate::verdict::{Finding, Grade, Proof};
use traffic::Arrival;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[
    control::RULES,
    caching::RULES,
    accounts::RULES,
    burst::RULES,
    renewal::RULES,
    lifetime::RULES,
    margin::RULES,
    token_reply::RULES,
    unusable_reply::RULES,
    next_token::RULES,
    token_jwt::RULES,
    refused::RULES,
    refusals::RULES,
    backoff::RULES,
    retry_after::RULES,
    creation::RULES,
    error_replies::RULES,
    late_refusal::RULES,
    messages::RULES,
    redirect::RULES,
    refusal_forms::RULES,
    resend::RULES,
    token_outage::RULES,
    token_url::RULES,
    stored::RULES,
    webhook::RULES,
    tls::RULES,
    request::RULES,
    output::RULES,
    socket::url::RULES,
    socket::handshake::RULES,
    socket::session::RULES,
    socket::frames::RULES,
    socket::refusal::RULES,
    socket::reconnect::RULES,
    user_pool::RULES,
    code_login::RULES,
    challenge::RULES,
    refresh::RULES,
    refresh_request::RULES,
    revocation::RULES,
    odd_lifetime::RULES,
    signature::RULES,
    token_request::RULES,
    basic::RULES,
    bearer::RULES,
    places::RULES,
    multipart::RULES,
    pool_renewal::RULES,
    aws_credentials::RULES,
    clock_skew::RULES,
    signed_targets::RULES,
    presigned::RULES,
    sign_in::RULES,
    paging::RULES,
];

/// The finding for a client that went away, if it did: what it would have done is not known.
fn gone(view: &View<'_>) -> Option<Finding> {
    let (seq, gone) = view.evidence.client_gone()?;
    Some(Finding::gone(gone.to_string(), seq))
}

/// The requirement is met, by a client that lived to the end.
fn met(view: &View<'_>, reason: impl Into<String>, proof: impl Into<Proof>) -> Finding {
    gone(view).unwrap_or_else(|| Finding::met(reason, proof))
}

/// What had to be seen was not seen.
fn unobserved(view: &View<'_>, what: &str) -> Finding {
    gone(view).unwrap_or_else(|| super::unobserved(view, what))
}

/// That the client is asked for nothing that creates, since it has no such operation.
fn creates_nothing(view: &View<'_>) -> Option<Finding> {
    let mut limitations = view.evidence.limitations();
    let mut calls = traffic::api_requests(view).filter(traffic::Arrival::is_served);
    let call = calls.next()?;
    limitations
        .any(|what| what == CREATES_NOTHING)
        .then(|| Finding::not_applicable(CREATES_NOTHING, call))
}

/// A living client did not do what it had to do.
fn absent(view: &View<'_>, expected: &str, observed: &str, proof: impl Into<Proof>) -> Finding {
    gone(view).unwrap_or_else(|| Finding::broken(expected, observed, proof))
}

/// One request that departs from the requirement.
struct Fault<'a> {
    arrival: Arrival<'a>,
    grade: Grade,
    seen: String,
}

impl<'a> Fault<'a> {
    fn new(arrival: Arrival<'a>, grade: Grade, seen: impl Into<String>) -> Self {
        let seen = seen.into();
        Self {
            arrival,
            grade,
            seen,
        }
    }

    fn broken(arrival: Arrival<'a>, seen: impl Into<String>) -> Self {
        Self::new(arrival, Grade::Broken, seen)
    }
}

/// The worst of what was wrong, with all requests in which it was.
fn worst(faults: &[Fault<'_>], expected: &str) -> Option<Finding> {
    let grade = faults.iter().map(|fault| fault.grade).max()?;
    let same = || faults.iter().filter(|fault| fault.grade == grade);
    let proof = Proof::all(same().map(|fault| fault.arrival))?;
    let mut seen: Vec<&str> = same().map(|fault| fault.seen.as_str()).collect();
    seen.sort_unstable();
    seen.dedup();
    Some(Finding::deviation(grade, expected, seen.join("; "), proof))
}

/// Judges the form of some requests: broken by each that departs, met by those that a vendor looked
/// at. A form that no vendor looked at proves nothing, nor does half a request.
fn each_has_the_form<'a>(
    view: &View<'_>,
    expected: &str,
    what: &str,
    requests: impl IntoIterator<Item = (Arrival<'a>, Option<Fault<'a>>)>,
) -> Finding {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    let whole = requests
        .into_iter()
        .filter(|(arrival, _)| arrival.is_whole());
    for (arrival, fault) in whole {
        match fault {
            Some(fault) => faults.push(fault),
            None if arrival.was_looked_at() => good.push(arrival),
            None => {}
        }
    }
    if let Some(finding) = worst(&faults, expected) {
        return finding;
    }
    match Proof::all(good) {
        Some(proof) => met(view, expected, proof),
        None => unobserved(view, what),
    }
}

#[cfg(test)]
mod tests;
