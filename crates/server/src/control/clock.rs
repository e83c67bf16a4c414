//! The stage's clock: read it, set it, let time pass.

use locum_core::{Clock, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::stage::{ClockChange, ClockMode, Stage};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new("GET …/clock", "reads the clock", |request| {
        ready(read(&request))
    })
    .returns::<ClockView>(),
    ControlCall::new(
        "POST …/clock",
        "lets time pass (negative: back), sets it, freezes it: in this order",
        |request| ready(adjust(&request)),
    )
    .body::<ClockChange>(
        r#"{"advance_s": 172801, "now": "2026-11-24T10:00:00Z", "mode": "frozen"}"#,
    )
    .returns::<ClockView>(),
    ControlCall::new(
        "POST …/clock/reset",
        "lets the clock show the machine's time again, and run",
        |request| ready(reset(&request)),
    )
    .returns::<ClockView>(),
];

/// The clock as the stage document shows it.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockView {
    /// The time it shows.
    now: Timestamp,
    /// Whether it runs.
    mode: ClockMode,
}

/// The clock of `stage`.
pub(super) fn shown(stage: &Stage) -> ClockView {
    ClockView {
        now: stage.clock.now(),
        mode: stage.clock.mode(),
    }
}

fn read(request: &ControlRequest) -> CallResult {
    Ok(call::json(200, &shown(&*request.stage()?)))
}

fn reset(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    stage.clock.reset();
    Ok(call::json(200, &shown(&stage)))
}

fn adjust(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let change: ClockChange = request.body()?;
    if change == ClockChange::default() {
        return Err(Refusal::bad("the body changes nothing of the clock")
            .hint("one or more of advance_s, now, mode"));
    }
    let adjusted = stage.clock.try_adjust(change);
    adjusted.map_err(|fault| {
        Refusal::bad(fault.to_string()).hint("advance_s is in seconds, now is a date of RFC 3339")
    })?;
    Ok(call::json(200, &shown(&stage)))
}
