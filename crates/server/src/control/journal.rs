//! The journal: what passed on the wire. Secrets and tokens stand in it as names; that was done
//! when the entries were written.

use locum_core::{EntryId, Filter};
use serde_json::{Value, json};

use super::call::{self, CallResult, ControlCall, ControlRequest, Param, number, ready, text};
use super::refusal::Refusal;
use super::{filter, har, stream, wait};
use crate::stage::Stage;

/// The members of a [`Filter`], as a query spells them.
const FILTER: &[Param] = &[
    number("after"),
    number("limit"),
    text("vendor"),
    text("outcome"),
    text("endpoint"),
    text("method"),
    text("path"),
    text("header"),
    number("token"),
    text("denial"),
];

/// The same with what `wait` needs.
const WAIT: &[Param] = &[
    number("count"),
    number("timeout"),
    number("after"),
    text("vendor"),
    text("outcome"),
    text("endpoint"),
    text("method"),
    text("path"),
    text("header"),
    number("token"),
    text("denial"),
];

const BODY: &str = r#"{"after": 0, "limit": 100, "vendor": "pattern", "outcome": "denied", "endpoint": "token", "method": "POST", "path": "/api/*", "header": "Accept: application/json", "token": 1, "denial": "expired_token"}"#;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/journal",
        "returns the entries in order",
        |request| ready(list(&request)),
    )
    .query::<Filter>(FILTER),
    ControlCall::new("DELETE …/journal", "empties the journal", |request| {
        ready(clear(&request))
    }),
    ControlCall::new(
        "POST …/journal/find",
        "returns the entries that match",
        |request| ready(find(&request)),
    )
    .body::<Filter>(BODY),
    ControlCall::new(
        "POST …/journal/count",
        "counts the entries that match",
        |request| ready(count(&request)),
    )
    .body::<Filter>(BODY),
    ControlCall::new(
        "GET …/journal/wait",
        "answers when `count` entries match, or 408 after `timeout` seconds",
        |request| Box::pin(wait::wait(request)),
    )
    .query::<Filter>(WAIT),
    ControlCall::new(
        "GET …/journal/stream",
        "sends entries as server-sent events, resumable by Last-Event-ID",
        |request| ready(stream::open(&request)),
    )
    .query::<Filter>(FILTER),
    ControlCall::new(
        "GET …/journal.har",
        "returns the entries as HAR 1.2",
        |request| ready(har::har(&request)),
    )
    .query::<Filter>(FILTER),
    ControlCall::new(
        "GET …/journal/{id}",
        "returns one exchange in full",
        |request| ready(one(&request)),
    ),
];

fn list(request: &ControlRequest) -> CallResult {
    Ok(entries(&*request.stage()?, &filter::of_query(request)?))
}

fn find(request: &ControlRequest) -> CallResult {
    Ok(entries(&*request.stage()?, &filter::of_body(request)?))
}

fn count(request: &ControlRequest) -> CallResult {
    let (stage, filter) = (request.stage()?, filter::of_body(request)?);
    let count = stage.with_journal(|journal| journal.find(&filter).count());
    Ok(call::json(200, &json!({ "count": count })))
}

fn one(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let id = EntryId(request.id("entry")?);
    let (entry, dropped) =
        stage.with_journal(|journal| (journal.get(id).cloned(), journal.dropped()));
    let entry = entry.ok_or_else(|| {
        Refusal::unknown("entry", request.path("id")).hint(match dropped {
            0 => "GET /_locum/journal lists them".to_owned(),
            n => format!("{n} old entries fell out; GET /_locum/journal lists those left"),
        })
    })?;
    Ok(call::json(200, &json!(&*entry)))
}

fn clear(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let entries = stage.with_journal(locum_core::Journal::len);
    stage.clear_journal();
    Ok(call::json(200, &json!({ "deleted": entries })))
}

fn entries(stage: &Stage, filter: &Filter) -> call::Answer {
    let (entries, dropped): (Vec<Value>, u64) = stage.with_journal(|journal| {
        let entries = journal.find(filter).map(|entry| json!(&**entry)).collect();
        (entries, journal.dropped())
    });
    call::json(200, &json!({"entries": entries, "dropped": dropped}))
}
