//! Barriers: where faults with `hold` keep replies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::stage::{Barrier, Stage};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/barriers",
        "lists the barriers with how many requests came to each",
        |request| ready(list(&request)),
    )
    .returns::<BarrierList>(),
    ControlCall::new(
        "POST …/barriers/{name}/open",
        "releases the requests that wait there, now and later",
        |request| ready(open(&request)),
    )
    .returns::<BarrierView>(),
];

/// The barriers of a stage.
#[derive(Serialize, JsonSchema)]
struct BarrierList {
    /// By name.
    barriers: Vec<BarrierView>,
}

/// One barrier.
#[derive(Serialize, JsonSchema)]
struct BarrierView {
    /// As the fault's `hold` names it.
    name: String,
    /// Whether it lets all go.
    open: bool,
    /// How many requests came to it.
    came: u64,
}

/// The barriers that requests came to, and those that a fault names.
fn known(stage: &Stage) -> BTreeMap<String, BarrierView> {
    let named = stage
        .faults()
        .into_iter()
        .filter_map(|fault| fault.then.hold);
    let mut known: BTreeMap<String, BarrierView> = named
        .map(|hold| (hold.name.clone(), shown(&hold.name, &Barrier::default())))
        .collect();
    for (name, barrier) in stage.barriers() {
        let value = shown(&name, &barrier);
        known.insert(name, value);
    }
    known
}

fn shown(name: &str, barrier: &Barrier) -> BarrierView {
    BarrierView {
        name: name.to_owned(),
        open: barrier.is_released(),
        came: barrier.came(),
    }
}

fn list(request: &ControlRequest) -> CallResult {
    let barriers = known(&*request.stage()?).into_values().collect();
    Ok(call::json(200, &BarrierList { barriers }))
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
