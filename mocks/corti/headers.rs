//! The header lines of the realm: which of the frame headers an answer has, and the order of all.
//! Measured on Keycloak 26.7.3 (`tests/parity/keycloak`).

use std::fmt::Write as _;
use std::future::Future;

use bytes::Bytes;
use locum_core::Denial;
use locum_server::{Mock, Reply, Request};

/// Every answer from inside of a realm has it; what Keycloak's HTTP server says by itself has not.
const REALM: &str = "referrer-policy";

/// The two that depend on who asked for what.
const FRAMES: [&str; 2] = ["content-security-policy", "x-frame-options"];

/// Cookies that are set, or taken back, before anything else of an answer.
const EARLY: [&str; 3] = [
    "AUTH_SESSION_ID=",
    "KEYCLOAK_IDENTITY=;",
    "KEYCLOAK_SESSION=;",
];

/// `handler`, whose replies and refusals get their headers.
pub(super) fn arranged<F, Fut>(
    handler: F,
) -> impl Fn(Mock, Request) -> futures_util::future::BoxFuture<'static, Result<Reply, Denial>>
where
    F: Fn(Mock, Request) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Denial>> + Send + 'static,
{
    move |mock, request| {
        let (method, media_type) = (request.method.clone(), request.media_type());
        Box::pin(async move {
            let reply = handler(mock.clone(), request).await;
            let reply = reply.unwrap_or_else(|denial| Reply::denied(mock.profile(), denial));
            Ok(arrange(&mock, &method, &media_type, reply))
        })
    }
}

/// Gives `reply` the frame headers that fit it, and Keycloak's order of lines.
pub(super) fn arrange(mock: &Mock, method: &str, media_type: &str, mut reply: Reply) -> Reply {
    let type_of = |reply: &Reply| {
        let line = reply
            .headers
            .iter()
            .find(|(name, _)| name == "content-type");
        line.map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned())
    };
    let own_type = type_of(&reply);
    let in_realm = reply.headers.iter().any(|(name, _)| name == REALM);
    if in_realm {
        reply
            .headers
            .retain(|(name, _)| !FRAMES.contains(&name.as_str()));
        if let Some(family) = frames(media_type, own_type.as_deref()) {
            reply = reply.with_headers_of(mock.profile(), family, &[]);
        }
    }
    if own_type.as_deref() == Some("application/json") {
        reply.body = paired(reply.body);
    }
    if method == "HEAD" {
        // Keycloak does not say how long the answer to GET would be.
        reply.body = Bytes::new();
    } else if reply.status != 204 {
        // The number is filled in when the reply leaves.
        reply = reply.header("content-length", "");
    }
    // A path that is refused before routing has the length last.
    let by_query = reply
        .denial
        .as_ref()
        .is_some_and(|denial| denial.reason == "query_control_character");
    let routed = in_realm || by_query || matches!(reply.status.as_u16(), 404 | 405);
    let has_type = own_type.is_some() && routed;
    reply
        .headers
        .sort_by_cached_key(|(name, value)| place(name, value, has_type));
    reply
}

/// `body` with the characters beyond the basic plane as pairs of escapes: so Keycloak writes JSON.
fn paired(body: Bytes) -> Bytes {
    // Their first byte in UTF-8 is 0xF0 or more.
    let Some(text) = std::str::from_utf8(&body)
        .ok()
        .filter(|text| text.bytes().any(|byte| byte >= 0xF0))
    else {
        return body;
    };
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if letter.len_utf16() == 1 {
            escaped.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            write!(escaped, "\\u{unit:04X}").expect("a string takes all");
        }
    }
    escaped.into()
}

/// The family of frame headers: JSON has one of them, pages both; an answer without a type is
/// taken for what the request was.
fn frames(request_type: &str, own_type: Option<&str>) -> Option<&'static str> {
    let is_json = |text: &str| matches!(text, "application/json" | "application/xml");
    match own_type {
        Some(own) if is_json(own) => Some("frame_headers"),
        None if is_json(request_type) => Some("frame_headers"),
        Some("text/html") => Some("page_headers"),
        _ if request_type == "application/x-www-form-urlencoded" => Some("page_headers"),
        _ => None,
    }
}

/// Where a line stands: its group, and in the last but one its name. `content-length` stands before
/// the headers of a body, or last where there is none.
fn place(name: &str, value: &str, has_type: bool) -> (u8, String) {
    let group = match name {
        "set-cookie" if EARLY.iter().any(|cookie| value.starts_with(cookie)) => 0,
        "cache-control" if value.starts_with("no-store") => 1,
        "pragma" | "set-cookie" => 2,
        "access-control-allow-origin" => 3,
        "access-control-allow-methods" | "access-control-expose-headers" => 4,
        "access-control-allow-credentials" => 5,
        "access-control-allow-headers" => 6,
        "access-control-max-age" => 7,
        "content-length" if has_type => 8,
        "content-length" => 10,
        _ => return (9, name.to_owned()),
    };
    (group, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_headers_follow_the_types() {
        let form = "application/x-www-form-urlencoded";
        let json = Some("application/json");
        assert_eq!(frames(form, json), Some("frame_headers"));
        assert_eq!(frames("", Some("text/html")), Some("page_headers"));
        assert_eq!(frames(form, Some("text/plain")), Some("page_headers"));
        assert_eq!(frames(form, None), Some("page_headers"));
        assert_eq!(frames("application/json", None), Some("frame_headers"));
        assert_eq!(frames("", Some("text/plain")), None);
        assert_eq!(frames("", None), None);
    }

    fn check(lines: &[(&str, &str)], has_type: bool, expected: &str) {
        let mut lines = lines.to_vec();
        lines.sort_by_cached_key(|(name, value)| place(name, value, has_type));
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn lines_stand_as_in_keycloak() {
        let (own, json) = (("referrer-policy", ""), ("content-type", ""));
        let length = ("content-length", "");
        check(
            &[
                json,
                own,
                ("pragma", ""),
                length,
                ("cache-control", "no-store"),
            ],
            true,
            "cache-control pragma content-length content-type referrer-policy",
        );
        check(
            &[json, own, length, ("cache-control", "no-cache")],
            true,
            "content-length cache-control content-type referrer-policy",
        );
        check(
            &[own, length, ("location", ""), ("x-robots-tag", "")],
            false,
            "location referrer-policy x-robots-tag content-length",
        );
    }
}
