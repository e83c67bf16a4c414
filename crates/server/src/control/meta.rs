//! The server itself: whether it lives, what it is, what it takes.

use serde_json::{Value, json};

use super::call::{self, Ask, Call, at_once};
use super::openapi;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new(
        "GET /health",
        "says that the server lives; wants no token",
        |_| at_once(Ok(call::json(200, &json!({"status": "ok"})))),
    ),
    Call::new("GET /ready", "says that the vendors answer", |ask| {
        at_once(Ok(ready(&ask)))
    }),
    Call::new("GET /version", "says what this is", |_| {
        at_once(Ok(call::json(
            200,
            &json!({"name": "locum", "version": env!("CARGO_PKG_VERSION")}),
        )))
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
