//! Evil twins: a mock with one thing deliberately wrong, so that a judge can be judged.
//!
//! A twin acts at a few seams and nowhere else; the vendors' code knows none of them by name.

use locum_core::Denial;
use serde_json::Value;

use crate::{Mock, Reply, Request};

/// A mock with one thing wrong.
#[derive(Clone, Copy)]
pub struct Twin {
    /// Its name in the zoo, such as `any-secret`.
    pub name: &'static str,
    /// What it does wrong, in a phrase.
    pub wrong: &'static str,
    /// Seam *settings*: values it has instead of the defaults, by the setting's full name.
    pub settings: fn() -> Vec<(&'static str, Value)>,
    /// Seam *route*: the method as which a request is read.
    pub routes_as: for<'a> fn(method: &'a str, path: &str) -> &'a str,
    /// Seam *read*: what a request is taken for, before anything looks at it.
    pub misreads: fn(request: Request) -> Request,
    /// Seam *verify*: whether a denial at this endpoint is pardoned, as if the check had passed.
    pub pardons: fn(endpoint: &str, denial: &Denial) -> bool,
    /// Seam *verify* of a token's text: whether a token that is denied is taken nevertheless. One
    /// that nobody issued is then taken for the vendor's latest of its kind.
    pub takes: fn(mock: &Mock, token: &str, denial: &Denial) -> bool,
    /// Seam *verify* of a token's end: after which share of its life, in percent, an access token is
    /// taken for an ended one.
    pub life_percent: u32,
    /// Seam *issue*: effects that do not happen, such as `revoke_access`.
    pub skips: &'static [&'static str],
    /// Seam *reply*: the last word on a reply.
    pub rewrite: fn(endpoint: &str, request: &Request, reply: Reply) -> Reply,
}

impl Twin {
    /// A twin with nothing wrong yet: fill in one seam.
    pub const fn named(name: &'static str, wrong: &'static str) -> Self {
        Self {
            name,
            wrong,
            settings: Vec::new,
            routes_as: |method, _| method,
            misreads: |request| request,
            pardons: |_, _| false,
            takes: |_, _, _| false,
            life_percent: 100,
            skips: &[],
            rewrite: |_, _, reply| reply,
        }
    }
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// `body` with 200 where `reply` refuses a request for this fault in its head, as if that had been read.
#[must_use]
pub fn served_although(reply: Reply, fault: &str, body: &Value) -> Reply {
    let denial = reply.denial.as_ref();
    let got = denial.and_then(|denial| denial.got.as_deref());
    match got.is_some_and(|got| got.contains(fault)) {
        true => Reply::json(200, body),
        false => reply,
    }
}

/// `reply` with its JSON body changed; a body that is none stays as it is.
#[must_use]
pub fn with_json(mut reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    if let Ok(mut body) = serde_json::from_slice(&reply.body) {
        change(&mut body);
        reply.body = bytes::Bytes::from(body.to_string());
    }
    reply
}

/// `request` with another query: each pair, as it is spelled, becomes what `change` makes of it, or is
/// left out.
#[must_use]
pub fn with_query(request: Request, change: impl Fn(&str) -> Option<&str>) -> Request {
    let query = request.raw_query();
    if query.is_empty() {
        return request;
    }
    let pairs: Vec<&str> = query.split('&').filter_map(change).collect();
    let target = format!("{}?{}", request.path(), pairs.join("&"));
    request.changed(|parts| parts.target = target)
}

/// `request` without the pairs of its query that `is_left_out` names.
#[must_use]
pub fn without_pairs(request: Request, is_left_out: impl Fn(&str) -> bool) -> Request {
    with_query(request, |pair| (!is_left_out(pair)).then_some(pair))
}

/// `request` with another form for its body, and the media type of one.
#[must_use]
pub fn with_form(
    request: Request,
    change: impl FnOnce(Vec<(Vec<u8>, Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)>,
) -> Request {
    let pairs = change(request.form().pairs);
    let encode = |bytes: &[u8]| {
        let plain = percent_encoding::NON_ALPHANUMERIC;
        percent_encoding::percent_encode(bytes, plain).to_string()
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.changed(|parts| {
        parts.body = bytes::Bytes::from(pairs.join("&"));
        parts.headers.insert(http::header::CONTENT_TYPE, form);
    })
}

/// `request` with this `Authorization`, or with none.
#[must_use]
pub fn with_authorization(request: Request, value: Option<&str>) -> Request {
    let value = value.and_then(|value| http::HeaderValue::from_str(value).ok());
    request.changed(|parts| {
        parts.headers.remove(http::header::AUTHORIZATION);
        if let Some(value) = value {
            parts.headers.insert(http::header::AUTHORIZATION, value);
        }
    })
}
