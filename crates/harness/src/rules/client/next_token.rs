//! How a client gets its next token where it was given no refresh token.

use percent_encoding::percent_decode_str;

use super::commands::{calls, is_one_quiet_life};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, api_requests_at, token_requests, token_requests_at};
use super::{Fault, absent, gone, met, unobserved, worst};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RSP-12", repeats_its_grant),
    Rule::client("CLI-11", zero_ends_nothing),
    Rule::client("TOK-20", counts_passwords),
];

/// The value of a parameter of the form, decoded.
pub(super) fn parameter(arrival: &Arrival<'_>, name: &str) -> Option<String> {
    let body = arrival.entry.body.as_deref()?;
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    let plain = value.replace('+', " ");
    Some(percent_decode_str(&plain).decode_utf8_lossy().into_owned())
}

fn grant_type(arrival: &Arrival<'_>) -> String {
    parameter(arrival, "grant_type").unwrap_or_default()
}

fn refreshes<'a>(view: &View<'a>) -> Vec<Fault<'a>> {
    token_requests(view)
        .filter(|request| grant_type(request) == "refresh_token")
        .map(|request| Fault::broken(request, "a refresh, though no refresh token was given"))
        .collect()
}

/// Token replies that came without a refresh token; `None` where one had it.
fn without_refresh_token<'a>(view: &View<'a>) -> Option<Vec<Arrival<'a>>> {
    let served: Vec<Arrival<'a>> = token_requests(view).filter(Arrival::is_served).collect();
    let has_it = |arrival: &Arrival<'_>| !arrival.answered()["refresh_token"].is_null();
    (!served.iter().any(has_it)).then_some(served)
}

/// Once its token is over, it asks as it did first.
fn repeats_its_grant(view: &View<'_>) -> Finding {
    let Some(granted) = without_refresh_token(view) else {
        return unobserved(view, "a refresh token was given");
    };
    let Some(first) = granted.first() else {
        return unobserved(view, "no token request was served");
    };
    let end = controls(view, "tokens/expire").map(|(seq, _)| seq).next();
    let Some(end) = end.filter(|end| *end > first.seq) else {
        return unobserved(view, "the token was not brought to its end");
    };
    // A client that passes the 401 of the first call on asks anew for the second one.
    let Some(call) = calls(view).into_iter().rfind(|call| call.seq > end) else {
        return unobserved(view, "no call was asked for after the end of the token");
    };
    if let Some(finding) = worst(&refreshes(view), "the first grant once more") {
        return finding;
    }
    let again = token_requests(view).find(|request| request.seq > first.seq);
    let Some(again) = again else {
        let Some((answered, _)) = call.answer else {
            return unobserved(view, "the call was not answered");
        };
        // A program that makes its calls in its own time may have ended before.
        if !api_requests(view).any(|sent| sent.seq > end) {
            return unobserved(view, "no call was made after the end of the token");
        }
        let proof = Proof::from(*first).and(answered);
        let seen = "no token request after the end of the token";
        return absent(view, "a second token request", seen, proof);
    };
    let (before, now) = (grant_type(first), grant_type(&again));
    let proof = Proof::from(*first).and(again);
    if before != now {
        let seen = format!("grant_type={now}");
        return Finding::broken(format!("grant_type={before} once more"), seen, proof);
    }
    if !again.is_served() {
        return unobserved(view, "the second token request was not served").seen_in(proof);
    }
    met(view, "the first grant once more", proof)
}

/// `refresh_expires_in: 0` beside no refresh token neither ends the token nor starts a refresh.
fn zero_ends_nothing(view: &View<'_>) -> Finding {
    let Some(granted) = without_refresh_token(view) else {
        return unobserved(view, "a refresh token was given");
    };
    let says_zero = |grant: &&Arrival<'_>| grant.answered()["refresh_expires_in"] == 0;
    let Some(first) = granted.iter().find(says_zero) else {
        return unobserved(view, "no reply had refresh_expires_in 0");
    };
    if let Some(finding) = worst(&refreshes(view), "no refresh") {
        return finding;
    }
    let answered = calls(view);
    let succeeded = answered
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| reply.succeeded()));
    let served = api_requests(view).filter(Arrival::is_served).count();
    if succeeded.count().min(served) < 2 {
        return unobserved(view, "fewer than two calls succeeded");
    }
    if !is_one_quiet_life(view) {
        return unobserved(view, "a token ended between the calls");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let proof = Proof::all(granted.iter().copied()).unwrap_or_else(|| (*first).into());
    match (granted.len(), reuses_without_it(view)) {
        (1, _) => met(view, "one token request and no refresh", proof),
        (n, Some(twin)) => {
            let seen = format!("{n} token requests, and one where the reply had no such member");
            Finding::broken("one token request", seen, proof.and(twin))
        }
        (_, None) => {
            let what = "no instance used a token again where the reply had no such member";
            unobserved(view, what).seen_in(proof)
        }
    }
}

/// An instance apart that took one token for its calls, of a reply without `refresh_expires_in`.
fn reuses_without_it(view: &View<'_>) -> Option<Proof> {
    let places = view.evidence.places();
    places.into_iter().find_map(|place| {
        let mut granted = token_requests_at(view, place).filter(Arrival::is_served);
        let (first, next) = (granted.next()?, granted.next());
        let served = api_requests_at(view, place).filter(Arrival::is_served);
        let is_it = next.is_none() && first.answered()["refresh_expires_in"].is_null();
        (is_it && served.count() > 1).then(|| first.into())
    })
}

/// The vendor gives no refresh token, so the password has to be kept: how often it was sent is a
/// figure.
fn counts_passwords(view: &View<'_>) -> Finding {
    let granted: Vec<Arrival<'_>> = token_requests(view).filter(Arrival::is_served).collect();
    let (Some(proof), true) = (Proof::all(granted.iter().copied()), granted.len() > 1) else {
        return unobserved(
            view,
            "fewer than two token requests of one client were served",
        );
    };
    if let Some(gone) = gone(view) {
        return gone;
    }
    let shows = |grant: &&Arrival<'_>| parameter(grant, "password").is_some();
    let n = granted.iter().filter(shows).count();
    Finding::fact(format!("{n} token requests carried the password"), proof)
        .figure("password_requests", n)
}

#[cfg(test)]
pub(super) mod tests;
