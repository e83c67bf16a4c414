//! The journal: what passed on the wire, and what the mocks made of it.

use locum_core::{Entry, EntryId, Filter};
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, at_once, number, text};
use super::refusal::Refusal;
use super::{stream, wait};
use crate::stage::Stage;

const FILTER: &str =
    r#"{"vendor": "corti", "endpoint": "token", "outcome": "denied", "path": "/realms/*"}"#;

/// The parameters of a filter.
pub(super) const PARAMS: &[call::Param] = &[
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

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET …/journal", "lists entries in order", |ask| {
        at_once(list(&ask))
    })
    .query(PARAMS),
    Call::new(
        "POST …/journal/find",
        "lists the entries that fit",
        |ask| at_once(find(&ask)),
    )
    .body(FILTER),
    Call::new(
        "POST …/journal/count",
        "counts the entries that fit",
        |ask| at_once(count(&ask)),
    )
    .body(FILTER),
    Call::new(
        "GET …/journal/wait",
        "answers when so many fit, else 408 with how many there are",
        |ask| Box::pin(wait::wait(ask)),
    )
    .query(wait::PARAMS),
    Call::new(
        "GET …/journal/stream",
        "sends entries as they are completed, resumable by Last-Event-ID",
        |ask| at_once(stream::stream(&ask)),
    )
    .query(PARAMS),
    Call::new("DELETE …/journal", "empties the journal", |ask| {
        at_once(clear(&ask))
    }),
    Call::new("GET …/journal/{id}", "gives one exchange whole", |ask| {
        at_once(read(&ask))
    }),
];

fn shown(stage: &Stage, filter: &Filter) -> Value {
    stage.with_journal(|journal| {
        let entries: Vec<&Entry> = journal.find(filter).collect();
        json!({"entries": entries, "dropped": journal.dropped()})
    })
}

fn list(ask: &Ask) -> Outcome {
    let filter: Filter = ask.query()?;
    Ok(call::json(200, &shown(&*ask.stage()?, &filter)))
}

fn find(ask: &Ask) -> Outcome {
    let filter: Filter = ask.body()?;
    Ok(call::json(200, &shown(&*ask.stage()?, &filter)))
}

fn count(ask: &Ask) -> Outcome {
    let filter: Filter = ask.body()?;
    let count = ask
        .stage()?
        .with_journal(|journal| journal.find(&filter).count());
    Ok(call::json(200, &json!({ "count": count })))
}

fn clear(ask: &Ask) -> Outcome {
    ask.stage()?.clear_journal();
    Ok(call::json(200, &json!({"entries": [], "dropped": 0})))
}

fn read(ask: &Ask) -> Outcome {
    let id = ask.id("entry")?;
    let entry = ask
        .stage()?
        .with_journal(|journal| journal.get(EntryId(id)).cloned());
    let entry = entry.ok_or_else(|| {
        Refusal::unknown("entry", &id.to_string())
            .hint("it may have fallen out: GET …/journal lists what is there")
    })?;
    let mut value = serde_json::to_value(&entry).unwrap_or_default();
    if let Some(denial) = &entry.denial {
        value["why"] = denial.sentence().into();
    }
    Ok(call::json(200, &value))
}
