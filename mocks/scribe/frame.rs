//! The headers that each reply of a service carries: they stand in the profile as frames.

use http::StatusCode;
use locum_server::{Mock, Reply};
use serde_json::Value;

/// Adds the headers of the profile's frame `name`, unless the reply brought its own.
pub(super) fn framed(mock: &Mock, name: &str, mut reply: Reply) -> Reply {
    let Some(frame) = mock.profile().denials.get(name) else {
        return reply;
    };
    let (kind, message) = error_of(&reply);
    let fields = [
        ("{request_id}", mock.uuid()),
        ("{apigw_id}", mock.random_alphanumeric(16)),
        ("{type}", kind),
        ("{message}", message),
    ];
    for (header, text) in &frame.headers {
        let has = reply
            .headers
            .iter()
            .any(|(have, _)| have.eq_ignore_ascii_case(header));
        let is_empty = fields
            .iter()
            .any(|(field, value)| text.contains(field) && value.is_empty());
        if !has && !is_empty {
            let value = fields.iter().fold(text.clone(), |text, (field, value)| {
                text.replace(field, value)
            });
            reply = reply.header(header, value);
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
