//! Barriers: let the replies go that a fault holds.

use serde_json::json;

use super::call::{self, Ask, Call, Outcome, at_once};

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[Call::new(
    "POST …/barriers/{name}/open",
    "lets all replies go that wait there, now and later",
    |ask| at_once(open(&ask)),
)];

fn open(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let name = ask.path("name");
    let barrier = stage.barrier(name);
    barrier.open();
    Ok(call::json(
        200,
        &json!({"name": name, "waiting": barrier.waiting()}),
    ))
}
