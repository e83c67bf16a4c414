//! Calls about the server itself.

use serde_json::{Value, json};

use super::call::{self, Ask, Call, at_once};
use super::openapi;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET /health", "says that the server lives", |_| {
        at_once(Ok(call::json(200, &json!({"status": "ok"}))))
    }),
    Call::new("GET /ready", "says which vendors answer", |ask| {
        at_once(Ok(ready(&ask)))
    }),
    Call::new("GET /version", "says what runs here", |_| {
        let version = json!({"name": "locum", "version": env!("CARGO_PKG_VERSION")});
        at_once(Ok(call::json(200, &version)))
    }),
    Call::new("GET /openapi.json", "describes these calls", |_| {
        at_once(Ok(call::json(200, &openapi::document())))
    }),
];

fn ready(ask: &Ask) -> call::Answer {
    let vendors: Vec<Value> = ask
        .server
        .vendors()
        .iter()
        .map(|vendor| vendor.profile().vendor.clone().into())
        .collect();
    call::json(200, &json!({"status": "ready", "vendors": vendors}))
}
