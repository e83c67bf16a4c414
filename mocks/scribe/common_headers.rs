//! The headers that each reply of a service carries; the profile lists them as `frame_*`.

use http::StatusCode;
use locum_core::template;
use locum_server::{Mock, Reply};
use serde_json::Value;

/// Adds the headers that the profile lists under `name`, unless the reply brought its own, and
/// without those whose value would be empty.
pub(super) fn with_common_headers(mock: &Mock, name: &str, mut reply: Reply) -> Reply {
    debug_assert!(
        mock.profile().denials.contains_key(name),
        "the profile has no [denials.{name}]"
    );
    let Some(common) = mock.profile().denials.get(name) else {
        return reply;
    };
    let (kind, message) = error_of(&reply);
    let values = [
        ("request_id", mock.uuid()),
        ("apigw_id", mock.random_alphanumeric(16)),
        ("type", kind),
        ("message", message),
    ];
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    for (header, text) in &common.headers {
        let is_there = reply
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(header));
        let is_empty = template::names(text)
            .iter()
            .any(|name| values.contains(&(*name, "")));
        if !is_there && !is_empty {
            reply = reply.header(header, template::fill_from(text, &values));
        }
    }
    reply
}

/// Replaces the status, where `status` is one.
pub(super) fn with_status(mut reply: Reply, status: u64) -> Reply {
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    reply.status = status.unwrap_or(reply.status);
    reply
}

/// Class and message of an error's body; empty for any other reply. What no header can carry is
/// shown as a question mark.
fn error_of(reply: &Reply) -> (String, String) {
    let body: Option<Value> = reply
        .denial
        .as_ref()
        .and_then(|_| serde_json::from_slice(&reply.body).ok());
    let member = |name: &str| {
        let text = body
            .as_ref()
            .and_then(|body| body.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let safe = |letter: char| {
            if letter == ' ' || letter.is_ascii_graphic() {
                letter
            } else {
                '?'
            }
        };
        text.chars().map(safe).collect::<String>()
    };
    (member("__type"), member("message"))
}
