//! The authorization endpoint (RFC 6749 §3.1): where it redirects to, and what its page allows.

use std::borrow::Cow;

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use crate::evidence::{AuthorizeVariation, Exchange, Message, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-08", |view| {
        concluded(redirects_to_registered_uris_alone(view))
    }),
    Rule::vendor("BCP-11", |view| concluded(login_page_forbids_frames(view))),
    Rule::vendor("BCP-12", |view| concluded(takes_no_part_in_cors(view))),
];

/// Whether a request led to a page, or on to another address.
fn is_answered(request: &Exchange<'_>) -> bool {
    let location = request.reply.and_then(|reply| reply.header("location"));
    match request.reaction() {
        Reaction::Served => true,
        Reaction::Redirected => location.is_some(),
        _ => false,
    }
}

/// The first request with this variation, answered as a good one is.
pub(super) fn good<'a>(view: &View<'a>, variation: &Variation) -> Step<Exchange<'a>> {
    let Some(request) = view.evidence.first(Operation::Authorize, variation) else {
        return unseen(view, "no authorization request was made");
    };
    if is_answered(&request) {
        return Ok(request);
    }
    let absent = || unobserved(view, &request.sentence()).seen_in(request);
    Err(Box::new(gone(&request).unwrap_or_else(absent)))
}

/// The redirect URI that a request names.
fn redirect_uri<'a>(request: &Exchange<'a>) -> Cow<'a, str> {
    let mut pairs = request.request.target.split(['?', '&']);
    let value = pairs.find_map(|pair| pair.strip_prefix("redirect_uri="));
    let value = percent_encoding::percent_decode_str(value.unwrap_or_default());
    value.decode_utf8_lossy()
}

fn change_of(request: &Exchange<'_>) -> Option<AuthorizeVariation> {
    match request.variation {
        Variation::Authorize(change) => Some(*change),
        _ => None,
    }
}

/// A redirect URI that is not registered is none to redirect to, and no client that nobody knows has
/// one; beside the registered one, which
/// leads to a page or to a redirect.
fn redirects_to_registered_uris_alone(view: &View<'_>) -> Step<Finding> {
    let requests = view.evidence.exchanges_for(Operation::Authorize);
    let bent: Vec<Exchange<'_>> = requests
        .filter(|request| change_of(request).is_some_and(AuthorizeVariation::leads_nowhere))
        .collect();
    if bent.is_empty() {
        return unseen(view, "no other redirect URI was tried");
    }
    let mut wrong = Deviations::default();
    for request in &bent {
        let location = request.reply.and_then(|reply| reply.header("location"));
        let named = redirect_uri(request);
        let leads_there = |location: &str| !named.is_empty() && location.starts_with(&*named);
        if location.is_some_and(leads_there) {
            let seen = format!("{}: redirected to it", request.sentence());
            wrong.add(
                "no redirect to an address that is not registered",
                seen,
                request,
            );
        }
    }
    if let Some(finding) = wrong.broken() {
        return Ok(finding);
    }
    let silently = Variation::Authorize(AuthorizeVariation::Silently);
    let control = good(view, &silently)?;
    if let Some(gone) = bent.iter().find_map(gone) {
        return Ok(gone);
    }
    let failed = bent.iter().find(|request| {
        matches!(
            request.reaction(),
            Reaction::Failed(_) | Reaction::Throttled
        )
    });
    if let Some(failed) = failed {
        let absent = unobserved(view, &failed.sentence()).seen_in(failed);
        return Ok(absent);
    }
    match Proof::all(&bent) {
        Some(proof) => {
            let seen = format!("{} led nowhere", bent.len());
            Ok(Finding::met(seen, proof).beside(control))
        }
        None => unseen(view, "no other redirect URI was tried"),
    }
}

/// Whether a page may not be framed by another site: `X-Frame-Options`, or `frame-ancestors` of a
/// `Content-Security-Policy` that names no wildcard.
fn forbids_frames(page: &Message) -> bool {
    let lines = |wanted: &'static str| {
        let all = page.headers.iter();
        all.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.to_ascii_lowercase())
    };
    let by_option =
        lines("x-frame-options").any(|value| matches!(value.trim(), "deny" | "sameorigin"));
    let by_policy = lines("content-security-policy").any(|value| {
        let mut directives = value.split([';', ',']).map(str::trim);
        let ancestors = directives.find_map(|one| one.strip_prefix("frame-ancestors "));
        ancestors.is_some_and(|sources| !sources.split_whitespace().any(|one| one == "*"))
    });
    by_option || by_policy
}

/// The login page, on which a person types a password.
fn login_page_forbids_frames(view: &View<'_>) -> Step<Finding> {
    let followed = AuthorizeVariation::Followed;
    let mut requests = view.evidence.exchanges_for(Operation::Authorize);
    let page = requests.find_map(|request| {
        let is_plain = request.is_documented() || change_of(&request) == Some(followed);
        let reply = request.reply.filter(|_| is_plain)?;
        let is_page = reply.status == 200 && crate::evidence::is_html(reply);
        is_page.then_some((request, reply))
    });
    let Some((request, page)) = page else {
        good(view, &Variation::Documented)?;
        return unseen(view, "the authorization endpoint showed no page");
    };
    if forbids_frames(page) {
        return Ok(Finding::met("the page may not be framed", request));
    }
    let expected = "X-Frame-Options, or a Content-Security-Policy with frame-ancestors";
    let seen = format!("{}: neither", request.sentence());
    Ok(Finding::broken(expected, seen, request))
}

/// No foreign script is let in, whether it asks first or not; beside the same request without an
/// origin.
fn takes_no_part_in_cors(view: &View<'_>) -> Step<Finding> {
    let tried = [
        AuthorizeVariation::ForeignOrigin,
        AuthorizeVariation::Preflight,
    ];
    let tried: Vec<Exchange<'_>> = tried
        .iter()
        .filter_map(|change| {
            let variation = Variation::Authorize(*change);
            view.evidence.first(Operation::Authorize, &variation)
        })
        .collect();
    let mut wrong = Deviations::default();
    for request in &tried {
        let allowed = request
            .reply
            .and_then(|reply| reply.header("access-control-allow-origin"));
        if let Some(origin) = allowed {
            let seen = format!(
                "{}: Access-Control-Allow-Origin: {origin}",
                request.sentence()
            );
            wrong.add("no Access-Control-Allow-Origin", seen, request);
        }
    }
    if let Some(finding) = wrong.broken() {
        return Ok(finding);
    }
    let control = good(view, &Variation::Documented)?;
    if let Some(gone) = tried.iter().find_map(gone) {
        return Ok(gone);
    }
    let failed = tried.iter().find(|request| {
        matches!(
            request.reaction(),
            Reaction::Failed(_) | Reaction::Throttled
        )
    });
    if let Some(failed) = failed {
        return Ok(unobserved(view, &failed.sentence()).seen_in(failed));
    }
    match Proof::all(&tried) {
        Some(proof) => Ok(Finding::met("no foreign origin is let in", proof).beside(control)),
        None => unseen(view, "no request with a foreign origin was made"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const SILENT: &str = "without a page";
    const BENT: &str = "with a segment added to the redirect URI";
    const AT: &str = "/auth?redirect_uri=http%3A%2F%2Fh%2Fcb%2Fx";

    fn redirected(log: Log, phrase: &str, location: &str) -> Log {
        log.asked_at("authorize", phrase, AT, 302, &[("Location", location)], "")
    }

    #[test]
    fn an_unregistered_address_gets_no_redirect_or_one() {
        let start = || redirected(Log::new(), SILENT, "http://h/cb?error=login_required");
        let page = |log: Log| log.asked_at("authorize", BENT, AT, 400, &[], "<html>no</html>");
        check(&page(start()), "BCP-08", Grade::Met);
        check(&page(Log::new()), "BCP-08", Grade::Unobserved);
        let to = |location: &str| redirected(start(), BENT, location);
        check(
            &to("http://h/cb/x?error=login_required"),
            "BCP-08",
            Grade::Broken,
        );
        check(
            &to("http://h/cb?error=invalid_request"),
            "BCP-08",
            Grade::Met,
        );
        check(&start(), "BCP-08", Grade::Unobserved);
        for failure in FAILURES {
            let log = start().failed("authorize", BENT, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                BadReply::ServerError => Grade::Unobserved,
                // A page, or a redirect elsewhere, is no redirect to the address.
                _ => continue,
            };
            check(&log, "BCP-08", grade);
        }
    }

    #[test]
    fn a_login_page_forbids_frames_or_not() {
        let page = |headers: &[(&str, &str)]| {
            let html = [("Content-Type", "text/html")];
            let headers = [&html, headers].concat();
            Log::new().headed("authorize", "", 200, &headers, "<html></html>")
        };
        check(
            &page(&[("X-Frame-Options", "SAMEORIGIN")]),
            "BCP-11",
            Grade::Met,
        );
        let policy = |value| page(&[("Content-Security-Policy", value)]);
        check(
            &policy("frame-src 'self'; frame-ancestors 'self';"),
            "BCP-11",
            Grade::Met,
        );
        check(&policy("frame-ancestors *"), "BCP-11", Grade::Broken);
        check(&policy("frame-src 'self'"), "BCP-11", Grade::Broken);
        check(&page(&[]), "BCP-11", Grade::Broken);
        check(
            &redirected(Log::new(), "", "/login"),
            "BCP-11",
            Grade::Unobserved,
        );
        let failed = Log::new().failed("authorize", "", BadReply::ServerError);
        check(&failed, "BCP-11", Grade::Unobserved);
    }

    #[test]
    fn a_foreign_origin_is_let_in_or_not() {
        const FOREIGN: &str = "from a foreign origin";
        let log = |headers: &[(&str, &str)]| {
            Log::new()
                .exchange("authorize", "", 200, "<html></html>")
                .headed("authorize", FOREIGN, 200, headers, "<html></html>")
        };
        check(&log(&[]), "BCP-12", Grade::Met);
        let reflected = [("access-control-allow-origin", "https://elsewhere.example")];
        check(&log(&reflected), "BCP-12", Grade::Broken);
        let alone = Log::new().exchange("authorize", FOREIGN, 200, "");
        check(&alone, "BCP-12", Grade::Unobserved);
        let refused =
            Log::new()
                .exchange("authorize", "", 400, "")
                .exchange("authorize", FOREIGN, 400, "");
        check(&refused, "BCP-12", Grade::Unobserved);
        let failed = Log::new().exchange("authorize", "", 200, "").failed(
            "authorize",
            FOREIGN,
            BadReply::ServerError,
        );
        check(&failed, "BCP-12", Grade::Unobserved);
    }
}
