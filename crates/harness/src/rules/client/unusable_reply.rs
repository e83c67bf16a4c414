//! What a client makes of a token reply that holds no token: an error, and no API request.

use locum_core::FaultAction;
use serde_json::Value;

use super::attempts::{End, count, elapsed_ms};
use super::commands::{GivenCommand, calls};
use super::plan::{Bent, bent, bent_token_replies, faults_end};
use super::token_reply::{call_at, died};
use super::traffic::{Arrival, api_requests, token_requests};
use super::{Fault, met, unobserved, worst};
use crate::evidence::{Message, RecordId, is_html};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RSP-21", needs_a_usable_token),
    Rule::client("RSP-22", survives_a_broken_reply),
];

/// How long a client may leave a vendor alone after a failure, in milliseconds.
const DISABLED_MS: f64 = 60_000.0;

/// The members that hold what a client shows or trades for what it shows.
const TOKENS: [&str; 3] = ["access_token", "AccessToken", "IdToken"];

/// Whether the edit leaves no usable token: without it, or with no text, or an empty one.
fn leaves_no_token(action: &FaultAction) -> bool {
    let Some(edit) = &action.edit else {
        return false;
    };
    let is_unusable = |value: &Value| value.as_str().is_none_or(str::is_empty);
    let of_result = edit.set.get("AuthenticationResult");
    let whole = edit.within.is_none() && of_result.is_some_and(|value| !value.is_object());
    whole
        || edit.within.is_none()
            && edit
                .remove
                .iter()
                .any(|name| name == "AuthenticationResult")
        || edit
            .remove
            .iter()
            .any(|name| TOKENS.contains(&name.as_str()))
        || edit
            .set
            .iter()
            .any(|(name, value)| TOKENS.contains(&name.as_str()) && is_unusable(value))
}

/// The requests that went to the API on the strength of such a reply: before the vendor became
/// honest again.
fn api_between<'a>(
    view: &View<'a>,
    first: RecordId,
) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    let end = faults_end(view);
    api_requests(view)
        .filter(move |request| request.seq > first && end.is_none_or(|end| request.seq < end))
}

/// The call that such a reply met was reported as failed, and nothing went to the API.
fn fails_without_a_request(
    view: &View<'_>,
    first: &Arrival<'_>,
    call: GivenCommand<'_>,
    reply: &str,
) -> Finding {
    let faults: Vec<Fault<'_>> = api_between(view, first.seq)
        .map(|request| Fault::broken(request, format!("an API request after {reply}")))
        .collect();
    let expected = "an error, and no API request";
    if let Some(finding) = worst(&faults, expected) {
        return finding;
    }
    let Some((answered, answer)) = call.answer else {
        return unobserved(view, "the call was not answered");
    };
    let proof = Proof::from(*first).and(answered);
    match answer.succeeded() {
        true => Finding::broken(
            expected,
            format!("the call was reported as done after {reply}"),
            proof,
        ),
        false => met(
            view,
            format!("an error after {reply}, and no API request"),
            proof,
        ),
    }
}

/// Without a usable token nothing goes to the API.
fn needs_a_usable_token(view: &View<'_>) -> Finding {
    let bent = bent_token_replies(view);
    let mut unusable = bent.iter().filter(|bent| leaves_no_token(&bent.action));
    let Some(first) = unusable.next() else {
        return unobserved(view, "no reply without a usable token came");
    };
    match call_at(view, first.arrival.seq) {
        Some(call) => {
            fails_without_a_request(view, &first.arrival, call, "a reply without a usable token")
        }
        None => unobserved(view, "no API call was asked for"),
    }
}

/// How a reply is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    Html,
    Cut,
    Half,
    Repeated,
}

fn broken(bent: &Bent<'_>) -> Option<Broken> {
    let reply = bent.arrival.entry.reply.as_ref()?;
    let message = Message {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.clone().unwrap_or_default(),
    };
    let edit = bent.action.edit.as_ref();
    match () {
        () if reply.status == 200 && is_html(&message) => Some(Broken::Html),
        () if bent.action.truncate.is_some() => Some(Broken::Half),
        () if edit.is_some_and(|edit| edit.cut.is_some()) => Some(Broken::Cut),
        () if edit.is_some_and(|edit| !edit.repeat.is_empty()) => Some(Broken::Repeated),
        () => None,
    }
}

/// A broken reply neither ends the client nor gives it a token that was not issued.
fn survives_a_broken_reply(view: &View<'_>) -> Finding {
    let bent = bent(view);
    let found = bent.iter().find_map(|bent| Some((bent, broken(bent)?)));
    let Some((first, how)) = found else {
        return unobserved(view, "no broken reply came");
    };
    let arrival = &first.arrival;
    let Some(call) = call_at(view, arrival.seq) else {
        return unobserved(view, "no API call was asked for");
    };
    if let Some(finding) = died(view, arrival.seq) {
        return finding;
    }
    let finding = match how {
        Broken::Half if arrival.is_api_request(view) => tells_of_half_a_reply(view, arrival, call),
        _ if arrival.is_api_request(view) => met(view, "goes on after a page of HTML", *arrival),
        Broken::Html => fails_without_a_request(view, arrival, call, "a page of HTML"),
        Broken::Cut | Broken::Half => {
            fails_without_a_request(view, arrival, call, "a reply that is cut short")
        }
        Broken::Repeated => either_value(view, arrival, call),
    };
    if let (Grade::Met, Some(disabled)) = (finding.grade(), stays_disabled(view, arrival)) {
        return disabled;
    }
    // It has to answer after that, too.
    let is_later = |later: &GivenCommand<'_>| later.seq > call.seq && later.answer.is_some();
    match (finding.grade(), calls(view).iter().any(is_later)) {
        (Grade::Met, false) => {
            unobserved(view, "the client was asked for no later call").seen_in(*arrival)
        }
        _ => finding,
    }
}

/// A reply whose body ends before its `Content-Length` is incomplete (RFC 9112 §8), and no call is done
/// by it.
fn tells_of_half_a_reply(view: &View<'_>, first: &Arrival<'_>, call: GivenCommand<'_>) -> Finding {
    let Some((answered, answer)) = call.answer else {
        return unobserved(view, "the call was not answered");
    };
    let proof = Proof::from(*first).and(answered);
    match answer.succeeded() {
        true => Finding::deviation(
            Grade::Tolerated,
            "an error: the reply is incomplete",
            "the call was reported as done after a body shorter than its Content-Length",
            proof,
        ),
        false => met(view, "an error after half a reply of the API", proof),
    }
}

/// A client that one broken reply put out of action: the vendor has been well for a minute, and it fails
/// each call without asking for a token.
fn stays_disabled(view: &View<'_>, broken: &Arrival<'_>) -> Option<Finding> {
    let end = faults_end(view)?;
    let later: Vec<GivenCommand<'_>> = calls(view)
        .into_iter()
        .filter(|call| call.seq > end)
        .collect();
    let (first, last) = (later.first()?, later.last()?.answer?);
    let all_fail = later
        .iter()
        .all(|call| matches!(call.end(), End::Failed(_)));
    #[expect(clippy::cast_precision_loss, reason = "a run takes minutes")]
    let real_ms = elapsed_ms(view, first.seq, last.0) as f64;
    let asks = token_requests(view).any(|request| request.seq > end);
    // Its pause may follow a clock that is not turned.
    (all_fail && !asks && real_ms >= DISABLED_MS).then(|| {
        Finding::broken(
            "the next calls served once the vendor is well again",
            format!(
                "{} failed within {:.0} s once the vendor was well, and no token was asked for",
                count(later.len(), "call"),
                (real_ms / 1000.0).ceil()
            ),
            Proof::from(*broken).and(last.0),
        )
    })
}

/// Either of two values may be used, and none that was not issued.
fn either_value(view: &View<'_>, first: &Arrival<'_>, call: GivenCommand<'_>) -> Finding {
    let issued = &first.entry.issued;
    let others: Vec<Fault<'_>> = api_between(view, first.seq)
        .filter(|request| !request.is_served() && !request.presents_one_of(issued))
        .map(|request| Fault::broken(request, "a token that was not issued"))
        .collect();
    if let Some(finding) = worst(&others, "one of the two values, or an error") {
        return finding;
    }
    if let Some(request) = api_between(view, first.seq).next() {
        let proof = Proof::from(*first).and(request);
        return met(view, "one of the two values was used", proof);
    }
    fails_without_a_request(view, first, call, "a repeated member")
}

#[cfg(test)]
pub(super) mod tests;
