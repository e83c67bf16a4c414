//! What a client reads in an access token, and how it verifies one.

use locum_core::TokenId;
use locum_core::profile::Proof as ApiProof;
use locum_core::profile::TokenFormat;

use super::commands::clock_turns;
use super::plan::{controls, setting};
use super::token_reply::{call_at, grants_since};
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{absent, met, unobserved};
use crate::measurement::Unit;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("JWT-21", believes_no_far_exp),
    Rule::client("JWT-23", picks_the_key),
];

/// An `exp` far ahead does not outweigh the documented lifetime.
fn believes_no_far_exp(view: &View<'_>) -> Finding {
    let documented = view.profile.token.lifetime_s;
    let is_far = |value: &serde_json::Value| value.as_u64() > Some(10 * documented);
    let mut names = view.profile.token.lifetime_settings.iter();
    let Some(since) = names.find_map(|name| setting(view, name, is_far)) else {
        return unobserved(view, "no token with an exp far ahead was issued");
    };
    let Some((_, measurement)) = view.evidence.measurement() else {
        return unobserved(view, "it is not known whether the client reads exp");
    };
    if measurement.unit != Unit::S || view.profile.token.format != TokenFormat::Jwt {
        return unobserved(view, "the client takes no time from the exp claim");
    }
    let Some(first) = grants_since(view, since).into_iter().next() else {
        return unobserved(view, "no token with an exp far ahead was issued");
    };
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let turn = clock_turns(view)
        .into_iter()
        .find(|(at, offset)| *at > first.seq && *offset > documented as f64);
    let Some((turn, _)) = turn else {
        return unobserved(
            view,
            "the client's clock was not turned past the documented lifetime",
        );
    };
    let next = api_requests(view).find(|request| request.seq > turn);
    let Some(next) = next else {
        return unobserved(view, "no API request followed the turn of the clock");
    };
    let proof = Proof::from(first).and(next);
    let renewed = token_requests(view).find(|request| request.seq > turn && request.seq < next.seq);
    match renewed {
        Some(renewed) if renewed.is_served() => met(
            view,
            "a new token after the documented lifetime",
            proof.and(renewed),
        ),
        Some(_) => unobserved(view, "the token request was not served").seen_in(proof),
        None if next.presents_one_of(&first.entry.issued) => Finding::broken(
            "a new token after the documented lifetime",
            "the old token was shown",
            proof,
        ),
        None => unobserved(view, "the API request showed another token").seen_in(proof),
    }
}

/// Calls go on with either order of the key set, and after the key was changed.
fn picks_the_key(view: &View<'_>) -> Finding {
    let fetched = arrivals(view).find(|arrival| {
        arrival.entry.endpoint == "jwks"
            && arrival
                .entry
                .reply
                .as_ref()
                .is_some_and(|reply| reply.status == 200)
    });
    let Some(fetched) = fetched else {
        let mut grants = token_requests(view).filter(Arrival::is_served);
        let reads_none = |grant| Finding::not_applicable("the client fetches no key set", grant);
        return unobserved(view, "the client fetched no key set")
            .or_not_applicable(|| grants.next().map(reads_none));
    };
    let Some((rotated, _)) = controls(view, "keys/rotate").next() else {
        return unobserved(view, "the key was not changed");
    };
    let granted: Vec<Arrival<'_>> = token_requests(view).filter(Arrival::is_served).collect();
    let before = granted.iter().find(|grant| grant.seq < rotated);
    let after = granted.iter().find(|grant| grant.seq > rotated);
    let (Some(before), Some(after)) = (before, after) else {
        return unobserved(
            view,
            "there was no token before and after the change of the key",
        );
    };
    let signs = view.profile.api.proof == ApiProof::Sigv4;
    let shows = |request: &Arrival<'_>, tokens: &[TokenId]| match signs {
        true => request.is_served(),
        false => request.presents_one_of(tokens),
    };
    for (grant, when) in [(before, "before"), (after, "after")] {
        if call_at(view, grant.seq).is_none() {
            return unobserved(view, "no API call was asked for");
        }
        let mut later = api_requests(view).filter(|request| request.seq > grant.seq);
        if !later.any(|request| shows(&request, &grant.entry.issued)) {
            let expected = format!("a call with the token from {when} the change of the key");
            return absent(view, &expected, "none", Proof::from(fetched).and(*grant));
        }
    }
    let proof = Proof::from(fetched).and(*before).and(*after);
    met(
        view,
        "calls went on before and after the change of the key",
        proof,
    )
}

#[cfg(test)]
pub(super) mod tests;
