//! How a client revokes what it holds (RFC 7009).

use super::attempts::{End, gaps_ms};
use super::commands::asked;
use super::traffic::{Arrival, arrivals};
use super::{Fault, each_has_the_form, gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("REV-01", is_a_form_by_post),
    Rule::client("REV-06", takes_503_for_not_done),
];

/// How long after a 503 with `Retry-After: 2` the next attempt may come, in milliseconds: two
/// seconds but for what the way of a request may take.
const RETRY_AFTER_MS: i64 = 1950;

const FORM: &str = "application/x-www-form-urlencoded";

/// The requests to the revocation endpoint, by whatever method.
fn revocations<'a>(view: &View<'a>) -> Vec<Arrival<'a>> {
    let endpoint = view.profile.endpoints.get("revoke");
    let is_there = |path: &str| {
        let template = endpoint
            .map(|endpoint| endpoint.path.as_str())
            .unwrap_or_default();
        let (ours, theirs) = (path.trim_end_matches('/').split('/'), template.split('/'));
        ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(|(a, b)| a == b || b.starts_with('{'))
    };
    let is_one = |one: &Arrival<'_>| match one.operation() {
        Some(operation) => operation == "RevokeToken",
        None => one.entry.endpoint == "revoke" || endpoint.is_some() && is_there(one.path()),
    };
    arrivals(view).filter(is_one).collect()
}

/// A revocation is a POST of a form with `token`.
fn is_a_form_by_post(view: &View<'_>) -> Finding {
    let judged = revocations(view).into_iter().map(|one| {
        let body = one.entry.body.as_deref().unwrap_or_default();
        let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let has_token = pairs.any(|(name, value)| name == "token" && !value.is_empty());
        let media_type = one.header("content-type").split(';').next();
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        let seen = match () {
            () if one.entry.method != "POST" => format!("a {}", one.entry.method),
            () if media_type != FORM => format!("media type `{media_type}`"),
            () if !has_token => "no parameter `token`".to_owned(),
            () => return (one, None),
        };
        (one, Some(Fault::broken(one, seen)))
    });
    let expected = "a POST of a form with `token`";
    each_has_the_form(
        view,
        expected,
        "no revocation arrived",
        judged.collect::<Vec<_>>(),
    )
}

/// 503 says that nothing was revoked, and when to try again.
fn takes_503_for_not_done(view: &View<'_>) -> Finding {
    let all = revocations(view);
    let Some(at) = all.iter().position(|one| one.status() == Some(503)) else {
        return unobserved(view, "no revocation was answered with 503");
    };
    let told = asked(view)
        .into_iter()
        .rfind(|asked| asked.command.op() == "revoke");
    let Some(told) = told else {
        return unobserved(view, "no revocation was asked for");
    };
    if let Some(gone) = gone(view) {
        return gone;
    }
    let later = &all[at..];
    let proof = later
        .iter()
        .fold(Proof::from(later[0]), |proof, one| proof.and(*one));
    let expected = "a failure, or a second attempt after Retry-After";
    let early = gaps_ms(later)
        .into_iter()
        .next()
        .filter(|gap| *gap < RETRY_AFTER_MS);
    if let Some(gap) = early {
        let seen = format!("tried again after {gap} ms");
        let grade = match view.expected.deviation_documented {
            true => Grade::Fact,
            false => Grade::Tolerated,
        };
        return Finding::deviation(grade, expected, seen, proof).figure("gap_ms", gap);
    }
    let accepted = later.iter().any(Arrival::is_served);
    match told.end() {
        End::Failed(answer) => met(view, "reported as failed", proof.and(answer)),
        End::Succeeded(answer) if accepted => met(
            view,
            "reported as done once it was accepted",
            proof.and(answer),
        ),
        End::Succeeded(answer) => {
            Finding::broken(expected, "reported as done on a 503", proof.and(answer))
        }
        End::Unanswered => unobserved(view, "the client did not answer").seen_in(proof),
    }
}

#[cfg(test)]
pub(super) mod tests;
