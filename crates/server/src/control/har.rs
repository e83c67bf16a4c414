//! The journal as HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), for the tools that
//! show such files. Names stand in place of secrets there, too.

use locum_core::{Clock, Entry};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{self, CallResult, ControlRequest};
use super::{document, filter};
use crate::stage::Stage;

/// A file of the format.
#[derive(Serialize, JsonSchema)]
pub(super) struct Har {
    /// What the format calls the log.
    log: Map<String, Value>,
}

/// The entries that fit, as a HAR log.
pub(super) fn har(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let filter = filter::of_query(request)?;
    let base = |slug: &str| {
        let vendor = request.stages.vendor(slug);
        vendor.map_or_else(String::new, |vendor| {
            document::mock(request, &stage, vendor).base
        })
    };
    let entries: Vec<Value> = stage
        .find(&filter)
        .iter()
        .map(|entry| exchange(&stage, entry, &base(&entry.vendor)))
        .collect();
    let log = json!({
        "version": "1.2",
        "creator": {"name": "locum", "version": env!("CARGO_PKG_VERSION")},
        "entries": entries,
    });
    let log = log.as_object().cloned().unwrap_or_default();
    Ok(call::json(200, &Har { log }))
}

fn exchange(stage: &Stage, entry: &Entry, base: &str) -> Value {
    let end = entry.completed.unwrap_or_else(|| stage.clock.now());
    let millis = u64::try_from(end.since(entry.arrived).as_millis()).unwrap_or(u64::MAX);
    let comment = entry.denial.as_ref().map_or_else(
        || entry.outcome.map(|outcome| json!(outcome)),
        |denial| Some(denial.sentence().into()),
    );
    json!({
        "startedDateTime": entry.arrived,
        "time": millis,
        "request": request(entry, base),
        "response": response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": millis, "receive": 0},
        "connection": entry.connection.to_string(),
        "comment": comment.unwrap_or_default(),
    })
}

fn request(entry: &Entry, base: &str) -> Value {
    let query = entry.target.split_once('?').map_or("", |(_, query)| query);
    let query: Vec<Value> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut request = json!({
        "method": entry.method,
        "url": format!("{base}{}", entry.target),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&entry.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": entry.body_length,
    });
    if let Some(text) = &entry.body {
        let media_type = media_type(&entry.headers);
        request["postData"] = json!({"mimeType": media_type, "text": text});
    }
    request
}

/// A reply that was never made has status 0, as browsers write it.
fn response(entry: &Entry) -> Value {
    let none = (0, &Vec::new(), None);
    let (status, lines, body) = entry.reply.as_ref().map_or(none, |reply| {
        (reply.status, &reply.headers, reply.body.as_ref())
    });
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    json!({
        "status": status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(lines),
        "content": {"size": body.map_or(0, String::len), "mimeType": media_type(lines), "text": body.map_or("", String::as_str)},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn headers(lines: &[(String, String)]) -> Vec<Value> {
    lines
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

fn media_type(lines: &[(String, String)]) -> &str {
    lines
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map_or("", |(_, value)| value)
}
