//! How a client shows its access token.

#[cfg(test)]
pub(super) mod tests;

use super::spelled::{after_a_token, bends_tokens, first_token_reply, is_token, tokens};
use super::traffic::{Arrival, api_requests, arrivals};
use super::{Fault, creates_nothing, each_has_the_form, gone, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("BRR-01", shows_a_bearer_token).everywhere(),
    Rule::client("BRR-02", shows_it_once).everywhere(),
    Rule::client("BRR-07", keeps_it_out_of_forms).everywhere(),
    Rule::client("BRR-08", keeps_it_out_of_queries).everywhere(),
    Rule::client("BRR-09", forbids_to_store_its_url).everywhere(),
    Rule::client("BRR-19", keeps_it_out_of_cookies).everywhere(),
    Rule::client("BRR-20", sends_one_authorization).everywhere(),
    Rule::client("REQ-07", writes_it_exactly).everywhere(),
    Rule::client("RSP-23", shows_the_access_token).everywhere(),
    Rule::client("COG-13", shows_the_bare_token).everywhere(),
];

const NONE: &str = "no API request was looked at";
const BENT: &str = "the scenario changes the token reply";

/// The API requests behind the first token reply.
fn calls<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> {
    let first = first_token_reply(view);
    api_requests(view).filter(move |call| first.is_some_and(|first| call.seq > first))
}

/// Whether the word Bearer stands before what the `Authorization` of `call` shows.
fn has_scheme(call: &Arrival<'_>) -> bool {
    let noted = call.spelling().bearer.map(|bearer| bearer.difference);
    let is_missing = noted.is_some_and(|difference| difference == "the word Bearer is missing");
    let value = call.header("authorization");
    !is_missing
        && (!is_token(value)
            || value
                .get(..7)
                .is_some_and(|head| head.eq_ignore_ascii_case("bearer ")))
}

/// Each API request has `Authorization: Bearer` with a token of the vendor.
fn shows_a_bearer_token(view: &View<'_>) -> Finding {
    if bends_tokens(view) {
        return unobserved(view, BENT);
    }
    let requests = calls(view).map(|call| {
        let seen = match (call.headers("authorization").next(), call.bearer()) {
            (None, _) => Some("no Authorization"),
            (Some(_), None) => Some("no token of the vendor in Authorization"),
            (Some(_), Some(_)) if !has_scheme(&call) => Some("the token without the word Bearer"),
            (Some(_), Some(_)) => None,
        };
        (call, seen.map(|seen| Fault::broken(call, seen)))
    });
    let what = "no API request behind a token reply was looked at";
    each_has_the_form(
        view,
        "Authorization: Bearer with a token of the vendor",
        what,
        requests,
    )
}

/// Headers in which a token may stand, or that other checks look at.
const OTHER_ROWS: [&str; 4] = [
    "authorization",
    "cookie",
    "referer",
    "sec-websocket-protocol",
];

/// The headers beside those that show a token, with its name: no refresh token, which is another row's.
fn further_headers<'a>(
    request: &Arrival<'a>,
) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let headers = request.entry.headers.iter();
    headers
        .filter(|(name, _)| {
            !OTHER_ROWS
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        })
        .filter_map(|(name, value)| {
            let mut shown = tokens(value).filter(|token| !token.starts_with("refresh"));
            Some((name.as_str(), shown.next()?))
        })
}

/// The ways by which a request shows a token: those of RFC 6750, and any other header.
fn ways(request: &Arrival<'_>) -> Vec<String> {
    let has = |text: &str| tokens(text).any(|name| !name.starts_with("refresh"));
    let mut lines = request
        .headers("authorization")
        .chain(request.headers("sec-websocket-protocol"));
    let in_header = lines.any(has) || (request.bearer().is_some());
    let query = request
        .entry
        .target
        .split_once('?')
        .is_some_and(|(_, query)| has(query));
    let body = request.entry.body.as_deref().is_some_and(has);
    let ways = [(in_header, "header"), (query, "query"), (body, "body")];
    let known = ways.into_iter().filter(|(used, _)| *used);
    known
        .map(|(_, way)| way.to_owned())
        .chain(further_headers(request).map(|(name, _)| format!("header {name}")))
        .collect()
}

/// A request shows its token in one way.
fn shows_it_once(view: &View<'_>) -> Finding {
    let all = arrivals(view).filter(|request| request.is_api_request(view) || request.is_upgrade());
    let requests = all.filter_map(|request| {
        let ways = ways(&request);
        let grade = match request.is_upgrade() && view.expected.deviation_tolerated {
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        let seen = ways.join(" and ");
        let fault = (ways.len() > 1).then(|| Fault::new(request, grade, seen));
        (!ways.is_empty()).then_some((request, fault))
    });
    each_has_the_form(
        view,
        "the token once",
        "no request with a token was looked at",
        requests,
    )
}

/// No body of an API request has the parameter `access_token`.
fn keeps_it_out_of_forms(view: &View<'_>) -> Finding {
    let requests = api_requests(view).filter(|call| call.entry.body_length > 0);
    let requests = requests.map(|call| {
        let in_form = call.parameter("access_token").is_some();
        let in_json = !call.sent()["access_token"].is_null();
        let fields = call
            .spelling()
            .multipart
            .map_or_else(Vec::new, |body| body.fields);
        let in_part = fields.iter().any(|field| field.name == "access_token");
        let has = in_form || in_json || in_part;
        (
            call,
            has.then(|| Fault::broken(call, "access_token in the body")),
        )
    });
    each_has_the_form(
        view,
        "no access_token in a body",
        "no API request with a body was looked at",
        requests,
    )
    .or_not_applicable(|| creates_nothing(view))
}

/// No query or path of a request has a token, but for the URL of a websocket.
fn keeps_it_out_of_queries(view: &View<'_>) -> Finding {
    let all = arrivals(view).filter(|request| !request.is_upgrade());
    let requests = all.filter_map(|request| {
        let found = tokens(&request.entry.target).next();
        let fault = found.map(|name| Fault::broken(request, format!("the {name} in the URL")));
        (fault.is_some() || request.is_api_request(view)).then_some((request, fault))
    });
    each_has_the_form(view, "no token in a URL", NONE, requests)
}

/// Whether a request whose URL has a token forbids to store it: reported, neither good nor bad.
fn forbids_to_store_its_url(view: &View<'_>) -> Finding {
    let upgrades: Vec<_> = arrivals(view)
        .filter(|request| request.is_upgrade() && request.was_looked_at())
        .filter(|request| tokens(&request.entry.target).next().is_some())
        .collect();
    let Some(proof) = Proof::all(upgrades.iter().copied()) else {
        return unobserved(view, "no upgrade with a token in its URL was looked at");
    };
    let forbids = |request: &&Arrival<'_>| {
        let mut values = request.headers("cache-control");
        values.any(|value| value.to_ascii_lowercase().contains("no-store"))
    };
    let count = upgrades.iter().filter(forbids).count();
    let reason = format!(
        "Cache-Control: no-store on {count} of {} upgrades",
        upgrades.len()
    );
    gone(view).unwrap_or_else(|| Finding::fact(reason, proof))
}

/// No token stands in a Cookie or Referer, nor in a header that no page names.
fn keeps_it_out_of_cookies(view: &View<'_>) -> Finding {
    let requests = after_a_token(view).map(|request| {
        let holds = |name: &'static str| {
            let mut values = request.headers(name);
            values
                .any(|value| tokens(value).next().is_some())
                .then_some(name)
        };
        let found = holds("cookie").or_else(|| holds("referer"));
        let fault = found.map(|name| Fault::broken(request, format!("a token in {name}")));
        // RFC 6750 names no such header, and forbids none either.
        let further = || {
            let (header, token) = further_headers(&request).next()?;
            let seen = format!("the {token} in the header {header}");
            Some(Fault::new(request, Grade::Tolerated, seen))
        };
        (request, fault.or_else(further))
    });
    each_has_the_form(
        view,
        "no token in Cookie, Referer or a header that the vendor does not document",
        "no request behind a token reply was looked at",
        requests,
    )
}

/// An API request has one Authorization line.
fn sends_one_authorization(view: &View<'_>) -> Finding {
    let requests = api_requests(view).filter_map(|call| {
        let count = call.headers("authorization").count();
        let fault = (count > 1).then(|| Fault::broken(call, format!("{count} lines")));
        (count > 0).then_some((call, fault))
    });
    each_has_the_form(
        view,
        "one Authorization line",
        "no API request with Authorization was looked at",
        requests,
    )
}

/// The value is the word Bearer, one space and the token, in any letter case of the word.
fn writes_it_exactly(view: &View<'_>) -> Finding {
    if bends_tokens(view) {
        return unobserved(view, BENT);
    }
    let requests = calls(view).filter_map(|call| {
        let value = call.headers("authorization").next()?;
        let scheme = value
            .get(..7)
            .is_some_and(|head| head.eq_ignore_ascii_case("bearer "));
        let is_exact = scheme && value.get(7..).is_some_and(is_token);
        let seen = (!is_exact).then(|| match call.spelling().bearer {
            Some(bearer) => bearer.difference,
            None => "no token of the vendor stands in it".to_owned(),
        });
        Some((call, seen.map(|seen| Fault::broken(call, seen))))
    });
    let what = "no API request with Authorization behind a token reply was looked at";
    each_has_the_form(
        view,
        "the word Bearer, one space and the token",
        what,
        requests,
    )
}

/// Whether a token reply held an access and an id token.
fn has_both(view: &View<'_>) -> bool {
    let both = |reply: &str| {
        let has = |kind: &str| tokens(reply).any(|name| name.starts_with(kind));
        has("access token") && has("id token")
    };
    let replies = arrivals(view).filter_map(|request| request.entry.reply.as_ref());
    let mut bodies = replies.filter_map(|reply| reply.body.as_deref());
    bodies.any(both)
}

/// What an API request shows is the access token, never the id token.
fn shows_the_access_token(view: &View<'_>) -> Finding {
    if bends_tokens(view) {
        return unobserved(view, BENT);
    }
    if !has_both(view) {
        return unobserved(view, "no token reply held an access token and an id token");
    }
    let requests = calls(view)
        .filter(|call| !call.is_signed())
        .filter_map(|call| {
            let name = call.bearer()?;
            let is = |kind: &str| name.starts_with(&format!("«{kind} token"));
            let fault = is("id").then(|| Fault::broken(call, "the id token"));
            (is("access") || is("id")).then_some((call, fault))
        });
    let what = "no API request with a token was looked at";
    let is_signed = || {
        let mut signed = api_requests(view).filter(|call| call.is_signed() && call.is_served());
        let why = "API requests are signed";
        Some(Finding::not_applicable(why, signed.next()?))
    };
    each_has_the_form(view, "the access token", what, requests).or_not_applicable(is_signed)
}

/// On the second version of a signed API the token stands alone in Authorization.
fn shows_the_bare_token(view: &View<'_>) -> Finding {
    let base = view
        .profile
        .urls
        .get("api_v2")
        .map_or("/v2", String::as_str);
    let base = format!("{}/", base.trim_end_matches('/'));
    let is_of_it = |call: &Arrival<'_>| call.path().starts_with(&base);
    let requests = api_requests(view).filter(is_of_it);
    let requests = requests.map(|call| {
        let value = call.header("authorization");
        let is_bare = is_token(value) && value.starts_with("«access token");
        let fault = (!is_bare).then(|| {
            let seen = match value {
                "" => "no Authorization".to_owned(),
                value if call.is_signed() => value.split(' ').next().unwrap_or_default().to_owned(),
                value => value.to_owned(),
            };
            Fault::broken(call, seen)
        });
        (call, fault)
    });
    let signs_all = || {
        let calls_it = api_requests(view).any(|call| is_of_it(&call));
        let served = api_requests(view).find(Arrival::is_served)?;
        let why = "the client calls no second version of the API";
        (!calls_it).then(|| Finding::not_applicable(why, served))
    };
    each_has_the_form(
        view,
        "the access token alone",
        "no request of the second version was looked at",
        requests,
    )
    .or_not_applicable(signs_all)
}
