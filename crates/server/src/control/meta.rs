//! Calls about the server itself.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::openapi;
use crate::observe::Watched;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /health",
        "reports that the server runs, its memory, and what slow readers missed",
        |request| Box::pin(health(request)),
    ),
    ControlCall::new("GET /ready", "reports which vendors answer", |request| {
        ready(Ok(readiness(&request)))
    }),
    ControlCall::new("GET /version", "reports name and version", |_| {
        let version = json!({"name": "locum", "version": env!("CARGO_PKG_VERSION")});
        ready(Ok(call::json(200, &version)))
    }),
    ControlCall::new("GET /openapi.json", "describes these calls", |_| {
        ready(Ok(call::json(200, &openapi::document())))
    }),
];

/// Memory in bytes; tokens and entries are those that fell out of all stages that there are.
async fn health(request: ControlRequest) -> CallResult {
    let (mut tokens, mut entries) = (0, 0);
    for stage in request.stages.all() {
        let counts = stage.counts().await?;
        tokens += counts.forgotten_tokens;
        entries += counts.dropped_entries;
    }
    let memory = json!({
        "used_bytes": request.stages.memory().used(),
        "limit_bytes": request.stages.memory().limit(),
        "stage_limit_bytes": request.stages.config.memory.stage,
        "forgotten_tokens": tokens,
        "dropped_entries": entries,
    });
    let lines = request.stages.watched.as_ref().map_or(0, Watched::dropped);
    let events = request.stages.missed_events.load(Ordering::Relaxed);
    let dropped = json!({"lines": lines, "events": events});
    let health = json!({"status": "ok", "memory": memory, "dropped": dropped});
    Ok(call::json(200, &health))
}

fn readiness(request: &ControlRequest) -> call::Answer {
    let vendors: Vec<Value> = request
        .stages
        .vendors()
        .iter()
        .map(|vendor| vendor.profile().vendor.clone().into())
        .collect();
    call::json(200, &json!({"status": "ready", "vendors": vendors}))
}
