//! Calls about the server itself.

use serde_json::{Value, json};

use super::call::{self, Ask, Call, ready};
use super::openapi;
use crate::observe::Watched;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new(
        "GET /health",
        "says that the server lives, and what slow readers missed",
        |ask| ready(Ok(health(&ask))),
    ),
    Call::new("GET /ready", "says which vendors answer", |ask| {
        ready(Ok(readiness(&ask)))
    }),
    Call::new("GET /version", "says what runs here", |_| {
        let version = json!({"name": "locum", "version": env!("CARGO_PKG_VERSION")});
        ready(Ok(call::json(200, &version)))
    }),
    Call::new("GET /openapi.json", "describes these calls", |_| {
        ready(Ok(call::json(200, &openapi::document())))
    }),
];

fn health(ask: &Ask) -> call::Answer {
    let lines = ask.stages.watched.as_ref().map_or(0, Watched::dropped);
    call::json(200, &json!({"status": "ok", "dropped": {"lines": lines}}))
}

fn readiness(ask: &Ask) -> call::Answer {
    let vendors: Vec<Value> = ask
        .stages
        .vendors()
        .iter()
        .map(|vendor| vendor.profile().vendor.clone().into())
        .collect();
    call::json(200, &json!({"status": "ready", "vendors": vendors}))
}
