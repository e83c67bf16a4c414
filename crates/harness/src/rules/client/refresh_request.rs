//! What a client asks for with a refresh token, and what it does when that is refused or its reply
//! is lost.

use locum_core::Outcome;

use super::attempts::{End, count};
use super::commands::{GivenCommand, call_follows, calls};
use super::plan::{Bent, bent, controls};
use super::refresh::shown_refresh_token;
use super::traffic::{Arrival, token_requests};
use super::{absent, each_has_the_form, met, unobserved};
use crate::evidence::{Reaction, RecordId};
use crate::rules::client::Fault;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("REF-08", authenticates),
    Rule::client("REF-09", logs_in_after_a_refusal),
    Rule::client("REF-16", asks_for_no_more).everywhere(),
    Rule::client("REF-18", takes_the_newest_token),
    Rule::client("RET-17", survives_a_lost_reply),
];

/// More refreshes than this after a lost reply are a loop.
const MAX_REFRESHES: usize = 5;

/// As many logins may follow it.
const MAX_LOGINS: usize = 2;

fn refreshes<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    token_requests(view).filter(|request| shown_refresh_token(request).is_some())
}

fn logins<'a>(view: &View<'a>, after: RecordId) -> Vec<Arrival<'a>> {
    let is_login = |one: &Arrival<'_>| one.seq > after && shown_refresh_token(one).is_none();
    token_requests(view).filter(is_login).collect()
}

/// The value of a parameter of a form, as it is spelled.
fn parameter<'a>(request: &Arrival<'a>, name: &str) -> Option<&'a str> {
    let form = request.entry.body.as_deref()?;
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// A refresh of a client with a secret carries the credentials.
fn authenticates(view: &View<'_>) -> Finding {
    let shows = |request: &Arrival<'_>| {
        let scheme = request.header("authorization").split(' ').next();
        let is_basic = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
        let has = |name| parameter(request, name).is_some_and(|value| !value.is_empty());
        is_basic || has("client_secret") || has("client_assertion")
    };
    let judged = refreshes(view).map(|request| {
        let fault = (!shows(&request))
            .then(|| Fault::broken(request, "no secret and no assertion in a refresh"));
        (request, fault)
    });
    let expected = "the client's credentials in each refresh";
    each_has_the_form(view, expected, "no refresh request arrived", judged)
}

/// After a refused refresh the client logs in once, and its caller gets what it asked for.
fn logs_in_after_a_refusal(view: &View<'_>) -> Finding {
    let is_refused = |request: &Arrival<'_>| {
        request.status() == Some(400) && request.answered()["error"] == "invalid_grant"
    };
    let Some(refused) = refreshes(view).find(is_refused) else {
        return unobserved(view, "no refresh was answered with 400 invalid_grant");
    };
    let again: Vec<_> = refreshes(view)
        .filter(|one| one.seq > refused.seq)
        .filter(|one| shown_refresh_token(one) == shown_refresh_token(&refused))
        .collect();
    let expected = "one login, and a call that succeeds";
    if let Some(proof) = Proof::all(again) {
        let seen = "the refused token was sent again";
        return Finding::broken(expected, seen, proof.and(refused));
    }
    let all = calls(view);
    let call = all.iter().find(|call| ends_after(call, refused.seq));
    let Some(call) = call else {
        return unobserved(view, "no call was under way or asked for").seen_in(refused);
    };
    // What comes after the call's answer renews another token.
    let answered = call.answer.map(|(answered, _)| answered);
    let mut logins = logins(view, refused.seq);
    logins.retain(|login| answered.is_none_or(|answered| login.seq < answered));
    let proof = logins
        .iter()
        .fold(Proof::from(refused), |proof, one| proof.and(*one));
    match (&logins[..], call.end()) {
        (_, End::Unanswered) => unobserved(view, "the call was not answered").seen_in(proof),
        ([login], End::Succeeded(answer)) if login.is_served() => met(
            view,
            "one login followed, and the call succeeded",
            proof.and(answer),
        ),
        ([login], End::Failed(_)) if !login.is_served() => {
            unobserved(view, "the login was not served").seen_in(proof)
        }
        ([], _) => absent(view, expected, "no login followed", proof),
        _ if none_succeeded(view) => unobserved(view, "no call succeeded at all").seen_in(proof),
        ([_], _) => absent(view, expected, "the call failed", proof),
        (many, _) => {
            let seen = format!("{} logins followed", many.len());
            Finding::broken(expected, seen, proof)
        }
    }
}

/// The refresh token that a reply holds.
pub(super) fn given_refresh_token(request: &Arrival<'_>) -> Option<String> {
    let reply = request.answered();
    let token = match request.operation() {
        None => &reply["refresh_token"],
        Some(_) => &reply["AuthenticationResult"]["RefreshToken"],
    };
    token.as_str().map(str::to_owned)
}

/// The first served refresh that `is_first`, else `what` was not seen; and the first token request
/// after it that `is_second`. A client that asked for nothing may leave the vendor alone for a while
/// after a token: what it would have shown is not known.
pub(super) fn renewed<'a>(
    view: &View<'a>,
    is_first: impl Fn(&Arrival<'a>) -> bool,
    is_second: impl Fn(&Arrival<'a>) -> bool,
    what: &str,
) -> Result<[Arrival<'a>; 2], Finding> {
    let mut requests = token_requests(view).skip_while(|one| {
        !(one.is_served() && shown_refresh_token(one).is_some() && is_first(one))
    });
    let Some(first) = requests.next() else {
        return Err(unobserved(view, what));
    };
    let later: Vec<_> = requests.collect();
    if let Some(second) = later.iter().find(|one| is_second(one)) {
        return Ok([first, *second]);
    }
    let ended = controls(view, "tokens/expire").find(|(seq, _)| *seq > first.seq);
    let failed = calls(view).into_iter().filter(|call| {
        let is_later = ended.is_some_and(|(end, _)| call.seq > end);
        is_later && call.answer.is_some_and(|(_, reply)| !reply.succeeded())
    });
    let seen = match failed.count() {
        failed @ 1.. if later.is_empty() => {
            let failed = count(failed, "call");
            format!("{failed} failed after the end of the token, and no token was asked for")
        }
        _ => "no second refresh was needed".to_owned(),
    };
    Err(unobserved(view, &seen).seen_in(first))
}

/// Once a refresh token was replaced, the next refresh shows the new one.
pub(super) fn takes_the_newest_token(view: &View<'_>) -> Finding {
    let is_replaced = |one: &Arrival<'_>| {
        let new = given_refresh_token(one);
        new.is_some() && new != shown_refresh_token(one)
    };
    let is_refresh = |one: &Arrival<'_>| shown_refresh_token(one).is_some();
    let what = "no refresh was answered with another refresh token";
    let [first, second] = match renewed(view, is_replaced, is_refresh, what) {
        Ok(pair) => pair,
        Err(finding) => return finding,
    };
    let proof = Proof::from(first).and(second);
    if !second.was_looked_at() {
        return unobserved(view, "the second refresh was not looked at").seen_in(proof);
    }
    match shown_refresh_token(&second) {
        token if token == given_refresh_token(&first) => {
            met(view, "the newest token refreshed", proof)
        }
        token if token == shown_refresh_token(&first) => Finding::broken(
            "a refresh with the newest token",
            "the replaced token",
            proof,
        ),
        _ => unobserved(view, "not graded: neither the old nor the newest token").seen_in(proof),
    }
}

/// Whether no call succeeded: such a client has another fault.
fn none_succeeded(view: &View<'_>) -> bool {
    let succeeded = |call: &GivenCommand<'_>| matches!(call.end(), End::Succeeded(_));
    !calls(view).iter().any(succeeded)
}

/// Whether the call was under way at this record, or was asked for later.
fn ends_after(call: &GivenCommand<'_>, seq: RecordId) -> bool {
    call.seq > seq || call.answer.is_none_or(|(answered, _)| answered > seq)
}

/// A refresh names no scope beyond those that were granted.
fn asks_for_no_more(view: &View<'_>) -> Finding {
    let judged = refreshes(view)
        .filter(|one| one.operation().is_none())
        .map(|request| {
            let granted = granted_scope(view, &request);
            let asked = parameter(&request, "scope")
                .map(decoded)
                .unwrap_or_default();
            let more = asked
                .split(' ')
                .find(|word| !word.is_empty() && !granted.iter().any(|known| known == word));
            let fault =
                more.map(|word| Fault::broken(request, format!("scope `{word}` was not granted")));
            (request, fault)
        });
    each_has_the_form(
        view,
        "no scope beyond the granted",
        "no refresh request arrived",
        judged,
    )
}

/// The words of the scope that the latest login before `request` was granted: as the vendor said,
/// or as the client asked (RFC 6749 §5.1).
fn granted_scope(view: &View<'_>, request: &Arrival<'_>) -> Vec<String> {
    let before = token_requests(view).take_while(|one| one.seq < request.seq);
    let login = before.filter(|one| one.is_served() && shown_refresh_token(one).is_none());
    let Some(login) = login.last() else {
        return Vec::new();
    };
    let told = login.answered()["scope"].as_str().map(str::to_owned);
    let asked = || parameter(&login, "scope").map(decoded).unwrap_or_default();
    let words = told.unwrap_or_else(asked);
    words.split(' ').map(str::to_owned).collect()
}

fn decoded(value: &str) -> String {
    let spaced = value.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}

/// After a lost reply to a refresh: a few attempts, then a login.
fn survives_a_lost_reply(view: &View<'_>) -> Finding {
    let is_lost = |bent: &Bent<'_>| {
        let (action, arrival) = (&bent.action, &bent.arrival);
        let is_carried_out = arrival.entry.outcome == Some(Outcome::Granted);
        action.lose_reply && is_carried_out && shown_refresh_token(arrival).is_some()
    };
    let lost = bent(view).into_iter().find(is_lost);
    let Some(lost) = lost.map(|bent| bent.arrival) else {
        return unobserved(view, "no reply to a refresh was lost");
    };
    if let Some(gone) = super::gone(view) {
        return gone;
    }
    let refreshes = refreshes(view)
        .filter(|one| one.seq >= lost.seq)
        .collect::<Vec<_>>();
    let logins = logins(view, lost.seq);
    let all = refreshes.iter().chain(&logins).copied();
    let proof = all.fold(Proof::from(lost), Proof::and);
    let served = |one: &&GivenCommand<'_>| matches!(one.end(), End::Succeeded(_));
    let calls: Vec<_> = calls(view)
        .into_iter()
        .filter(|call| ends_after(call, lost.seq))
        .collect();
    let success = calls.iter().rfind(served).map(GivenCommand::end);
    if success.is_none() && !call_follows(view, lost.seq) {
        return unobserved(view, "no other call was asked for").seen_in(lost);
    }
    let seen = format!("{} refreshes and {} logins", refreshes.len(), logins.len());
    let expected = "at most five refreshes, then one or two logins, and a call that succeeds";
    if refreshes.len() > MAX_REFRESHES || logins.len() > MAX_LOGINS {
        return Finding::broken(expected, seen, proof);
    }
    let refused = refreshes
        .iter()
        .find(|one| one.reaction() == Reaction::Refused);
    let passed_on = refused.and_then(|refused| {
        let is_its = |call: &&GivenCommand<'_>| call.seq < refused.seq;
        let call = calls.iter().rfind(is_its)?;
        let within = |one: &Arrival<'_>| call.answer.is_some_and(|(seq, _)| one.seq < seq);
        let tries = logins.iter().any(within);
        matches!(call.end(), End::Failed(_)).then_some(!tries)
    });
    if passed_on == Some(true) {
        let seen = format!("{seen}, and a call failed with the refusal");
        return Finding::broken(expected, seen, proof);
    }
    match success {
        Some(End::Succeeded(answer)) if !logins.is_empty() => met(view, seen, proof.and(answer)),
        Some(_) => unobserved(view, "a call succeeded without a login: not graded").seen_in(proof),
        None if none_succeeded(view) => unobserved(view, "no call succeeded at all").seen_in(proof),
        None if logins.iter().any(|one| !one.is_served()) => {
            unobserved(view, "the login was not served").seen_in(proof)
        }
        None => Finding::broken(expected, format!("{seen}, and no call succeeded"), proof),
    }
}

#[cfg(test)]
pub(super) mod tests;
