//! What a client does over TLS: with a good certificate, with each bad one, and when none comes
//! about. The wire decides, since each library has words of its own for a refusal: a certificate is
//! refused where a connection that was shown it carries no request, and the call fails.

use locum_core::{Handshake, HandshakeResult};
use serde_json::Value;

use super::commands::asked;
use super::plan::controls;
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{met, unobserved};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::run::over_tls::HANDSHAKES;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("TLS-01", |view| {
        refuses(view, &["expired", "not_yet_valid"])
    }),
    Rule::client("TLS-02", |view| refuses(view, &["wrong_host"])),
    Rule::client("TLS-03", |view| {
        refuses(view, &["self_signed", "untrusted"])
    }),
    Rule::client("TLS-04", works_with_a_good_certificate),
    Rule::client("TLS-05", does_not_fall_back),
    Rule::client("TLS-06", reports_old_versions),
    Rule::client("TOK-17", speaks_tls_alone),
];

/// The rows that are met by clients that get nothing from the vendor.
#[cfg(test)]
pub(super) const REFUSALS: [&str; 5] = ["TLS-01", "TLS-02", "TLS-03", "TLS-05", "TLS-06"];

type Attempt<'a> = (RecordId, &'a Handshake);

/// What the vendor's ports did, where they spoke TLS.
fn plan<'a>(view: &View<'a>) -> Option<&'a Value> {
    controls(view, HANDSHAKES).map(|(_, plan)| plan).last()
}

/// The attempts that brought the client as far as `wanted`.
fn attempts<'a>(view: &View<'a>, wanted: impl Fn(&Handshake) -> bool) -> Vec<Attempt<'a>> {
    let all = view.evidence.handshakes();
    all.filter(|(_, one)| wanted(one)).collect()
}

fn all_of(attempts: &[Attempt<'_>]) -> Option<Proof> {
    Proof::all(attempts.iter().map(|(seq, _)| *seq))
}

/// Whether TLS did not come about, or nothing was said over it.
fn is_failure(one: &Handshake) -> bool {
    match one.result {
        HandshakeResult::Ok => one.requests == 0,
        HandshakeResult::Refused
        | HandshakeResult::Closed
        | HandshakeResult::Failed
        | HandshakeResult::BrokenOff => true,
        HandshakeResult::Plain | HandshakeResult::Timeout | HandshakeResult::WentOn => false,
    }
}

/// How the client ended an attempt.
fn words(one: &Handshake) -> String {
    match (one.result, &one.detail) {
        (HandshakeResult::Refused, Some(why)) => format!("refused: {why}"),
        (HandshakeResult::Failed, Some(why)) => format!("handshake failed: {why}"),
        (HandshakeResult::BrokenOff, _) => "handshake broken off".to_owned(),
        (HandshakeResult::Ok, _) => "no request over the connection".to_owned(),
        _ => "connection closed".to_owned(),
    }
}

/// The requests that came in plain text, though all addresses are https, and other plain bytes.
fn in_plain_text(view: &View<'_>) -> Option<Proof> {
    let plain = attempts(view, |one| one.result == HandshakeResult::Plain);
    let requests = arrivals(view).filter(|arrival| !is_over_tls(arrival));
    match (all_of(&plain), Proof::all(requests)) {
        (Some(bytes), Some(requests)) => Some(bytes.and(requests)),
        (bytes, requests) => bytes.or(requests),
    }
}

fn is_over_tls(arrival: &Arrival<'_>) -> bool {
    arrival.entry.notes.contains_key("certificate")
}

/// Whether any call was reported as done, or a websocket as open.
fn claims_success(view: &View<'_>) -> bool {
    let calls = asked(view)
        .into_iter()
        .filter(|asked| matches!(asked.command.op(), "call" | "ws_open"));
    calls
        .filter_map(|call| call.answer)
        .any(|(_, reply)| reply.succeeded())
}

/// The attempts that came to nothing because of what the vendor did on purpose.
pub(super) fn refused(view: &View<'_>) -> Option<Proof> {
    let plan = plan(view)?;
    let is_bad = plan["break_off"] == true || plan["certificate"] != "good";
    let failed = attempts(view, is_failure);
    all_of(&failed).filter(|_| is_bad)
}

/// No request goes over a connection that was shown one of these certificates.
fn refuses(view: &View<'_>, kinds: &[&str]) -> Finding {
    let is_shown = |one: &Handshake| {
        kinds.contains(&one.certificate.as_str()) && one.result != HandshakeResult::Plain
    };
    let shown = attempts(view, is_shown);
    let Some(proof) = all_of(&shown) else {
        return unobserved(view, "the client made no attempt to speak TLS");
    };
    let kind = shown[0].1.certificate.replace('_', " ");
    let requests: u64 = shown.iter().map(|(_, one)| one.requests).sum();
    if requests > 0 {
        let sent = arrivals(view).filter(is_over_tls);
        let proof = Proof::all(sent).map_or(proof.clone(), |sent| proof.and(sent));
        let plural = if requests == 1 { "" } else { "s" };
        let seen =
            format!("{requests} request{plural} over a connection whose certificate is {kind}");
        return Finding::broken("no request", seen, proof).figure("requests", requests);
    }
    let failed = shown.iter().find(|(_, one)| is_failure(one));
    match failed {
        None => unobserved(view, "the client waited and said nothing").seen_in(proof),
        Some(_) if claims_success(view) => {
            let what = "a call or websocket was reported as done whose request never came";
            unobserved(view, what).seen_in(proof)
        }
        Some((_, one)) => met(view, format!("{}, and no request", words(one)), proof),
    }
}

/// A login and a call are served over a connection with the good certificate.
fn works_with_a_good_certificate(view: &View<'_>) -> Finding {
    let expected = "a login and a call over TLS";
    if plan(view).is_none() {
        return unobserved(view, "the client was given no https address");
    }
    if let Some(proof) = in_plain_text(view) {
        return Finding::broken(expected, "plain text came", proof);
    }
    let is_served = |arrival: &Arrival<'_>| is_over_tls(arrival) && arrival.is_served();
    let login = token_requests(view).find(is_served);
    let call = api_requests(view).find(is_served);
    if let (Some(login), Some(call)) = (login, call) {
        return met(
            view,
            "login and call were served",
            Proof::from(login).and(call),
        );
    }
    let sent = arrivals(view).find(|one| is_over_tls(one) && one.was_looked_at());
    if let Some(sent) = sent {
        return super::absent(view, expected, "login or call was not served", sent);
    }
    let refused = attempts(view, |one| is_failure(one) && one.requests == 0);
    match (all_of(&refused), refused.first()) {
        (Some(proof), Some((_, one))) => {
            let what = format!(
                "the client did not accept the certificate ({}): ca_file or LOCUM_CA_FILE has to reach its TLS, or --well-known-env its library",
                words(one)
            );
            unobserved(view, &what).seen_in(proof)
        }
        _ => unobserved(view, "the client made no attempt to speak TLS"),
    }
}

/// Nothing comes in plain text after TLS did not come about.
fn does_not_fall_back(view: &View<'_>) -> Finding {
    let Some(proof) = refused(view) else {
        return unobserved(view, "no attempt to speak TLS came to nothing");
    };
    if let Some(plain) = in_plain_text(view) {
        let expected = "no plain text after a TLS failure";
        return Finding::broken(expected, "plain text came", proof.and(plain));
    }
    met(view, "no plain text after a TLS failure", proof)
}

/// Whether the client went on with TLS 1.1.
fn reports_old_versions(view: &View<'_>) -> Finding {
    if plan(view).is_none_or(|plan| plan["max_version"].is_null()) {
        return unobserved(view, "no old version was offered");
    }
    let is_telling = |one: &Handshake| {
        matches!(
            one.result,
            HandshakeResult::Refused | HandshakeResult::Closed | HandshakeResult::WentOn
        )
    };
    let told = attempts(view, is_telling);
    let Some(proof) = all_of(&told) else {
        return unobserved(view, "the client made no attempt to speak TLS");
    };
    if let Some(gone) = super::gone(view) {
        return gone;
    }
    let went_on = told
        .iter()
        .find(|(_, one)| one.result == HandshakeResult::WentOn);
    let seen = match went_on {
        Some(_) => "it went on with TLS 1.1".to_owned(),
        None => format!("it did not take TLS 1.1 ({})", words(told[0].1)),
    };
    Finding::fact(seen, proof)
}

/// Nothing comes in plain text where all addresses are https.
fn speaks_tls_alone(view: &View<'_>) -> Finding {
    if plan(view).is_none() {
        return unobserved(view, "the client was given no https address");
    }
    if let Some(proof) = in_plain_text(view) {
        let expected = "credentials and tokens over TLS alone";
        return Finding::broken(expected, "plain text came", proof);
    }
    let sent = arrivals(view).filter(|one| is_over_tls(one) && one.was_looked_at());
    match Proof::all(sent) {
        Some(proof) => met(view, "all that came was over TLS", proof),
        None => unobserved(view, "no request came over TLS"),
    }
}

#[cfg(test)]
pub(super) mod tests;
