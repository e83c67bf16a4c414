//! The journal: what passed on the wire. Secrets and tokens stand in it as names; that was done
//! when the entries were written.

use std::borrow::Cow;
use std::sync::Arc;

use locum_core::{Entry, EntryId, Filter, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::call::{
    self, CallResult, ControlCall, ControlRequest, Deleted, Param, number, ready, text,
};
use super::har::Har;
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
    .query::<Filter>(FILTER)
    .returns::<Entries>(),
    ControlCall::new("DELETE …/journal", "empties the journal", |request| {
        ready(clear(&request))
    })
    .returns::<Deleted>(),
    ControlCall::new(
        "POST …/journal/find",
        "returns the entries that match",
        |request| ready(find(&request)),
    )
    .body::<Filter>(BODY)
    .returns::<Entries>(),
    ControlCall::new(
        "POST …/journal/count",
        "counts the entries that match",
        |request| ready(count(&request)),
    )
    .body::<Filter>(BODY)
    .returns::<Count>(),
    ControlCall::new(
        "GET …/journal/wait",
        "answers when `count` entries match, or 408 after `timeout` seconds",
        |request| Box::pin(wait::wait(request)),
    )
    .query::<Filter>(WAIT)
    .returns::<Arrived>(),
    ControlCall::new(
        "GET …/journal/stream",
        "sends entries as server-sent events, resumable by Last-Event-ID",
        |request| ready(stream::open(&request)),
    )
    .query::<Filter>(FILTER)
    .returns::<String>()
    .media_type("text/event-stream"),
    ControlCall::new(
        "GET …/journal.har",
        "returns the entries as HAR 1.2",
        |request| ready(har::har(&request)),
    )
    .query::<Filter>(FILTER)
    .returns::<Har>(),
    ControlCall::new(
        "GET …/journal/{id}",
        "returns one exchange in full",
        |request| ready(one(&request)),
    )
    .returns::<Entry>(),
];

/// Entries of a journal.
#[derive(Serialize, JsonSchema)]
struct Entries {
    /// In order of arrival.
    entries: Vec<EntryRef>,
    /// How many old entries fell out.
    dropped: u64,
    /// How many entries the journal holds, whatever was asked for.
    held: usize,
    /// The entry that arrived last, also when it has fallen out; 0 before the first.
    newest: EntryId,
    /// When the stage was made, by the machine's clock: ids of a journal that began at another time
    /// name other entries.
    since: Timestamp,
}

/// The entries that a caller waited for.
#[derive(Serialize, JsonSchema)]
pub(super) struct Arrived {
    /// In order of arrival.
    pub(super) entries: Vec<EntryRef>,
}

/// An entry that the journal goes on to hold.
pub(super) struct EntryRef(Arc<Entry>);

impl From<Arc<Entry>> for EntryRef {
    fn from(entry: Arc<Entry>) -> Self {
        Self(entry)
    }
}

impl Serialize for EntryRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl JsonSchema for EntryRef {
    fn schema_name() -> Cow<'static, str> {
        Entry::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Entry::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Entry::json_schema(generator)
    }
}

/// How many entries fit.
#[derive(Serialize, JsonSchema)]
struct Count {
    /// So many.
    count: usize,
}

fn list(request: &ControlRequest) -> CallResult {
    Ok(entries(&*request.stage()?, &filter::of_query(request)?))
}

fn find(request: &ControlRequest) -> CallResult {
    Ok(entries(&*request.stage()?, &filter::of_body(request)?))
}

fn count(request: &ControlRequest) -> CallResult {
    let (stage, filter) = (request.stage()?, filter::of_body(request)?);
    let count = stage.with_journal(|journal| journal.find(&filter).count());
    Ok(call::json(200, &Count { count }))
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
    Ok(call::json(200, &EntryRef(entry)))
}

fn clear(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let deleted = stage.with_journal(locum_core::Journal::len);
    stage.clear_journal();
    Ok(call::json(200, &Deleted { deleted }))
}

fn entries(stage: &Stage, filter: &Filter) -> call::Answer {
    let found = stage.with_journal(|journal| {
        let entries = journal.find(filter).map(|entry| Arc::clone(entry).into());
        Entries {
            entries: entries.collect(),
            dropped: journal.dropped(),
            held: journal.len(),
            newest: journal.newest(),
            since: stage.since,
        }
    });
    call::json(200, &found)
}
