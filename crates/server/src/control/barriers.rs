//! Barriers: where faults with `hold` keep replies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::stage::{Barrier, Stage};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/barriers",
        "lists the barriers with how many requests came to each",
        |request| ready(list(&request)),
    ),
    ControlCall::new(
        "POST …/barriers/{name}/open",
        "releases the requests that wait there, now and later",
        |request| ready(open(&request)),
    ),
];

/// The barriers that requests came to, and those that a fault names.
fn known(stage: &Stage) -> BTreeMap<String, Value> {
    let named = stage
        .faults()
        .into_iter()
        .filter_map(|fault| fault.then.hold);
    let mut known: BTreeMap<String, Value> = named
        .map(|hold| (hold.name.clone(), shown(&hold.name, &Barrier::default())))
        .collect();
    for (name, barrier) in stage.barriers() {
        let value = shown(&name, &barrier);
        known.insert(name, value);
    }
    known
}

fn shown(name: &str, barrier: &Barrier) -> Value {
    json!({"name": name, "open": barrier.is_released(), "came": barrier.came()})
}

fn list(request: &ControlRequest) -> CallResult {
    let barriers: Vec<Value> = known(&*request.stage()?).into_values().collect();
    Ok(call::json(200, &json!({ "barriers": barriers })))
}

fn open(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let name = request.path("name");
    let known = known(&stage);
    if !known.contains_key(name) {
        return Err(Refusal::unknown("barrier", name).near(name, known.keys().map(String::as_str)));
    }
    let barrier = stage.barrier(name);
    barrier.release();
    Ok(call::json(200, &shown(name, &barrier)))
}
