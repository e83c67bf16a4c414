//! What a client makes of an odd but sound token reply: it uses the token.

use locum_core::profile::Proof as ApiProof;
use locum_core::{FaultAction, TokenId};

use super::commands::{GivenCommand, calls};
use super::plan::{Bent, bent_token_replies, setting};
use super::traffic::{Arrival, api_requests, token_requests};
use super::{Fault, absent, met, unobserved, worst};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RSP-04", writes_the_scheme),
    Rule::client("RSP-05", leaves_an_unknown_type),
    Rule::client("RSP-11", ignores_unknown_members),
    Rule::client("RSP-17", takes_a_large_token),
    Rule::client("RSP-19", takes_members_in_any_order),
    Rule::client("RSP-25", reads_the_whole_reply),
    Rule::client("EXP-05", takes_an_opaque_token),
    Rule::client("JWT-22", takes_both_audiences),
];

/// The first call that was wanted, and not answered before this record.
pub(super) fn call_at<'a>(view: &View<'a>, seq: RecordId) -> Option<GivenCommand<'a>> {
    let mut calls = calls(view).into_iter();
    calls.find(|call| call.answer.is_none_or(|(answered, _)| answered > seq))
}

/// A crash, or no answer, where the row forbids it: the client was still asked when it went.
pub(super) fn died(view: &View<'_>, since: RecordId) -> Option<Finding> {
    let (seq, gone) = view.evidence.client_gone()?;
    let open = calls(view).into_iter().any(|call| call.answer.is_none());
    (open && seq > since).then(|| {
        let proof = Proof::from(since).and(seq);
        Finding::broken("the client goes on", gone.to_string(), proof)
    })
}

/// After the token replies of `granted` a call goes out with one of their tokens.
fn token_goes_out(
    view: &View<'_>,
    granted: &[Arrival<'_>],
    what: &str,
    forbids_crash: bool,
) -> Finding {
    let Some(first) = granted.first() else {
        return unobserved(view, &format!("no token came {what}"));
    };
    if call_at(view, first.seq).is_none() {
        return unobserved(view, "no API call was asked for");
    }
    let tokens: Vec<TokenId> = granted
        .iter()
        .flat_map(|grant| grant.entry.issued.iter().copied())
        .collect();
    let signs = view.profile.api.proof == ApiProof::Sigv4;
    let goes_out = |request: &Arrival<'_>| match signs {
        // Keys stand between token and signature.
        true => request.is_served(),
        false => request.presents_one_of(&tokens),
    };
    let later = || api_requests(view).filter(|request| request.seq > first.seq);
    if let Some(request) = later().find(goes_out) {
        let reason = format!("a call went out with the token that came {what}");
        return met(view, reason, Proof::from(*first).and(request));
    }
    if let (true, Some(finding)) = (forbids_crash, died(view, first.seq)) {
        return finding;
    }
    let expected = format!("a call with the token that came {what}");
    match later().next() {
        Some(request) => absent(
            view,
            &expected,
            "a call without that token",
            Proof::from(*first).and(request),
        ),
        None => absent(
            view,
            &expected,
            "no API request followed that reply",
            *first,
        ),
    }
}

/// The token replies with a token that met such a fault.
fn bent_grants<'a>(view: &View<'a>, fits: impl Fn(&FaultAction) -> bool) -> Vec<Arrival<'a>> {
    let bent = bent_token_replies(view).into_iter();
    bent.filter(|bent| fits(&bent.action) && !bent.arrival.entry.issued.is_empty())
        .map(|bent| bent.arrival)
        .collect()
}

/// The token replies with a token from this record on.
pub(super) fn grants_since<'a>(view: &View<'a>, since: RecordId) -> Vec<Arrival<'a>> {
    token_requests(view)
        .filter(|request| request.seq > since)
        .filter(|request| request.is_served() && !request.entry.issued.is_empty())
        .collect()
}

/// The value that an edit gives to a member of the token reply.
fn edited<'a>(action: &'a FaultAction, member: &str) -> Option<&'a serde_json::Value> {
    action.edit.as_ref()?.set.get(member)
}

fn token_type(bent: &Bent<'_>) -> Option<String> {
    let word = edited(&bent.action, "token_type")?.as_str()?;
    Some(word.to_owned())
}

/// Both `bearer` and `Bearer` lead to `Authorization: Bearer` and one space.
fn writes_the_scheme(view: &View<'_>) -> Finding {
    let is_bearer = |word: &str| word.eq_ignore_ascii_case("bearer");
    let granted = bent_grants(view, |action| {
        let word = edited(action, "token_type").and_then(serde_json::Value::as_str);
        word.is_some_and(is_bearer)
    });
    let finding = token_goes_out(view, &granted, "as bearer", false);
    let tokens: Vec<TokenId> = granted
        .iter()
        .flat_map(|grant| grant.entry.issued.iter().copied())
        .collect();
    let requests = api_requests(view).filter(|request| request.presents_one_of(&tokens));
    let faults = requests.filter_map(|request| {
        let value = request.header("authorization");
        let scheme = value.split(' ').next().unwrap_or_default();
        // A second space is REQ-07's.
        (!value.starts_with("Bearer "))
            .then(|| Fault::broken(request, format!("the scheme is `{scheme}`")))
    });
    worst(
        &faults.collect::<Vec<_>>(),
        "`Bearer`, one space and the token",
    )
    .unwrap_or(finding)
}

/// A token of a type that the client does not know is not used (RFC 6749 §7.1).
fn leaves_an_unknown_type(view: &View<'_>) -> Finding {
    let bent = bent_token_replies(view);
    let unknown: Vec<&Bent<'_>> = bent
        .iter()
        .filter(|bent| {
            let word = token_type(bent);
            word.is_some_and(|word| !word.eq_ignore_ascii_case("bearer"))
                && !bent.arrival.entry.issued.is_empty()
        })
        .collect();
    let Some(first) = unknown.first().map(|bent| bent.arrival) else {
        return unobserved(view, "no token of an unknown type came");
    };
    let Some(call) = call_at(view, first.seq) else {
        return unobserved(view, "no API call was asked for");
    };
    let carries = |request: &Arrival<'_>| {
        unknown.iter().any(|bent| {
            let reply = bent.arrival.answered();
            let spelled = reply["access_token"].as_str().unwrap_or_default();
            request.presents_one_of(&bent.arrival.entry.issued)
                || spelled.starts_with('«') && request.shows(spelled)
        })
    };
    let faults: Vec<Fault<'_>> = api_requests(view)
        .filter(carries)
        .map(|request| Fault::broken(request, "the token was used in an API request"))
        .collect();
    if let Some(finding) = worst(&faults, "a token of an unknown type is not used") {
        return finding;
    }
    match call.answer {
        Some((answered, _)) => met(
            view,
            "the token of an unknown type was not used",
            Proof::from(first).and(answered),
        ),
        None => unobserved(view, "the call was not answered"),
    }
}

/// Members that the client does not know change nothing.
fn ignores_unknown_members(view: &View<'_>) -> Finding {
    let granted = bent_grants(view, |action| {
        action.edit.as_ref().is_some_and(|edit| {
            edit.set.contains_key("not-before-policy") && !edit.set.contains_key("access_token")
        })
    });
    token_goes_out(view, &granted, "beside unknown members", true)
}

/// The members may stand in any order.
fn takes_members_in_any_order(view: &View<'_>) -> Finding {
    let granted = bent_grants(view, |action| {
        action.edit.as_ref().is_some_and(|edit| edit.reverse)
    });
    token_goes_out(view, &granted, "behind other members", false)
}

/// The reply is read to its end, however it is framed, coded or typed.
fn reads_the_whole_reply(view: &View<'_>) -> Finding {
    let granted = bent_grants(view, |action| {
        let typed = action.edit.as_ref().is_some_and(|edit| {
            let mut names = edit.headers.keys();
            names.any(|name| name.eq_ignore_ascii_case("content-type"))
        });
        typed || action.framing.is_some() || action.coding.is_some()
    });
    token_goes_out(view, &granted, "in that form", true)
}

/// A token of 8 KiB arrives whole.
fn takes_a_large_token(view: &View<'_>) -> Finding {
    const LEAST: u64 = 5000;
    let is_large = |value: &serde_json::Value| value.as_u64() >= Some(LEAST);
    let Some(since) = setting(view, "token_padding", is_large) else {
        return unobserved(view, "no large token was issued");
    };
    token_goes_out(view, &grants_since(view, since), "with 8 KiB", false)
}

/// A token that is no JWT is as good.
fn takes_an_opaque_token(view: &View<'_>) -> Finding {
    let Some(since) = setting(view, "token_format", |value| value == "opaque") else {
        return unobserved(view, "no opaque token was issued");
    };
    let finding = token_goes_out(view, &grants_since(view, since), "as opaque text", true);
    // Where the page says that it is a JWT, a client may have taken that for a promise.
    match view.expected.deviation_tolerated {
        true => finding.tolerated_if_broken(),
        false => finding,
    }
}

/// `aud` may be a text or a list, and the header's JSON may have spaces.
fn takes_both_audiences(view: &View<'_>) -> Finding {
    let Some(since) = setting(view, "access_aud", serde_json::Value::is_array) else {
        return unobserved(view, "no token of a known audience was issued");
    };
    token_goes_out(view, &grants_since(view, since), "with that aud", true)
}

#[cfg(test)]
pub(super) mod tests;
