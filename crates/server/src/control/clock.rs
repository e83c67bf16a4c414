//! The stage's clock: read it, set it, let time pass.

use locum_core::Clock;
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, ready};
use super::refusal::Refusal;
use crate::stage::{ClockChange, Stage};

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET …/clock", "reads the clock", |ask| ready(read(&ask))),
    Call::new(
        "POST …/clock",
        "lets time pass (negative: back), sets it, freezes it: in this order",
        |ask| ready(adjust(&ask)),
    )
    .body(r#"{"advance_s": 172801, "now": "2026-11-24T10:00:00Z", "mode": "frozen"}"#),
];

/// The clock as the stage document shows it.
pub(super) fn shown(stage: &Stage) -> Value {
    json!({"now": stage.clock.now(), "mode": stage.clock.mode()})
}

fn read(ask: &Ask) -> Outcome {
    Ok(call::json(200, &shown(&*ask.stage()?)))
}

fn adjust(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let change: ClockChange = ask.body()?;
    if change == ClockChange::default() {
        return Err(Refusal::bad("the body says nothing of the clock")
            .hint("one or more of advance_s, now, mode"));
    }
    let adjusted = stage.clock.try_adjust(change);
    adjusted.map_err(|fault| {
        Refusal::bad(fault.to_string()).hint("advance_s is in seconds, now is a date of RFC 3339")
    })?;
    Ok(call::json(200, &shown(&stage)))
}
