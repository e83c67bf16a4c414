//! The stage's clock: read it, set it, let time pass.

use locum_core::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, at_once};
use super::refusal::Refusal;
use crate::clock::ClockMode;
use crate::stage::Stage;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET …/clock", "reads the clock", |ask| {
        at_once(read(&ask))
    }),
    Call::new(
        "POST …/clock",
        "lets time pass (negative: back), sets it, freezes it: in this order",
        |ask| at_once(turn(&ask)),
    )
    .body(r#"{"advance_s": 172801, "now": "2026-11-24T10:00:00Z", "mode": "frozen"}"#),
];

/// What the clock is to do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Turn {
    advance_s: Option<f64>,
    now: Option<Timestamp>,
    mode: Option<ClockMode>,
}

/// The clock as the stage document shows it.
pub(super) fn shown(stage: &Stage) -> Value {
    json!({"now": stage.clock.now(), "mode": stage.clock.mode()})
}

fn read(ask: &Ask) -> Outcome {
    Ok(call::json(200, &shown(&*ask.stage()?)))
}

fn turn(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let turn: Turn = ask.body()?;
    if turn.advance_s.is_none() && turn.now.is_none() && turn.mode.is_none() {
        return Err(Refusal::bad("the body says nothing of the clock")
            .hint("one or more of advance_s, now, mode"));
    }
    stage.clock.turn(turn.advance_s, turn.now, turn.mode);
    Ok(call::json(200, &shown(&stage)))
}
