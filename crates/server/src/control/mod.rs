//! The control API: how a test, a person with curl, a page or a thin client turns a running mock.
//!
//! Each call is a row of a section's `CALLS`: method, path, description, and the function that
//! answers. The router and the OpenAPI document are both made of those rows, so that neither can
//! say what the other does not. A request walks through `gate` (may it?), `call` (path, query and
//! body, read strictly) and the section's function; whatever goes wrong on the way is a
//! `Refusal`.
//!
//! # Layout
//!
//! - `call`, `input`, `shape`, `refusal`, `gate`, `host`, `openapi`: what all calls have in common
//! - `stages`, `vendors`, `document`, `environment`, `principals`: stages, and what they hold
//! - `clock`, `settings`, `twins`, `faults`, `barriers`, `tokens`, `keys`: what changes them
//! - `journal`, `wait`, `stream`, `har`: what happened there; `verdicts`: what that shows of a client
//! - `state`: a stage as data
//! - `meta`, `metrics`: the server itself

mod barriers;
mod call;
mod clock;
mod document;
mod environment;
mod failures;
mod faults;
mod filter;
mod gate;
mod handshakes;
mod har;
mod host;
mod input;
mod journal;
mod keys;
mod meta;
mod metrics;
mod openapi;
mod principals;
mod refusal;
mod settings;
mod shape;
mod stages;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;
mod twins;
mod vendors;
mod verdicts;
mod wait;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::routing::{MethodFilter, on};
use locum_core::setting::nearest;
use tokio::sync::Semaphore;

use crate::Stages;
use call::{Answer, ControlCall};
use refusal::Refusal;

/// Who answers: the stages, and what calls must not do at the same time.
#[derive(Debug)]
struct Control {
    stages: Arc<Stages>,
    /// Held while principals are read, changed and written back.
    principals: Mutex<()>,
    /// Held while a journal is judged.
    judging: Arc<Semaphore>,
}

/// All calls, in the order of the description.
fn calls() -> impl Iterator<Item = &'static ControlCall> {
    [
        stages::CALLS,
        vendors::CALLS,
        environment::CALLS,
        principals::CALLS,
        clock::CALLS,
        journal::CALLS,
        verdicts::CALLS,
        failures::CALLS,
        tokens::CALLS,
        keys::CALLS,
        faults::CALLS,
        barriers::CALLS,
        settings::CALLS,
        twins::CALLS,
        handshakes::CALLS,
        state::CALLS,
        metrics::CALLS,
        meta::CALLS,
    ]
    .into_iter()
    .flatten()
}

/// The description of all calls (OpenAPI 3.1), as `GET /_locum/openapi.json` answers.
pub fn description() -> serde_json::Value {
    openapi::document()
}

/// The routes under `/_locum`.
pub(crate) fn router(stages: &Arc<Stages>) -> Router {
    let control = Arc::new(Control {
        stages: Arc::clone(stages),
        principals: Mutex::new(()),
        judging: Arc::new(Semaphore::new(1)),
    });
    let mut router = Router::new();
    for call in calls() {
        let filter = MethodFilter::try_from(call.method())
            .expect("the tables name only methods that axum knows");
        for path in call.paths() {
            let control = Arc::clone(&control);
            let answer = move |params: RawPathParams, request: Request| {
                let control = Arc::clone(&control);
                async move { call::answer(&control, call, &params, request).await }
            };
            router = router.route(&path, on(filter, answer));
        }
    }
    let (lost, wrong) = (Arc::clone(&control), control);
    router
        .method_not_allowed_fallback(move |request: Request| {
            let control = Arc::clone(&wrong);
            async move { refused(&control, request, wrong_method) }
        })
        .fallback(move |request: Request| {
            let control = Arc::clone(&lost);
            async move { refused(&control, request, no_call) }
        })
}

/// Refuses what no call answers, to those who may call at all.
fn refused(control: &Control, request: Request, why: fn(&Request<Body>) -> Refusal) -> Answer {
    let (head, body) = request.into_parts();
    let origins = call::origins(&control.stages, &head);
    let passed = gate::pass(&control.stages, head.uri.path(), &head.headers, &origins);
    let request = &Request::from_parts(head, body);
    let refusal = match passed {
        Ok(()) => why(request),
        Err(refusal) => refusal,
    };
    refusal.into_answer()
}

fn no_call(request: &Request<Body>) -> Refusal {
    let path = request.uri().path();
    let known: Vec<String> = calls().flat_map(ControlCall::paths).collect();
    // What all have in common would make all look alike.
    let below = |path| str::strip_prefix(path, "/_locum").unwrap_or(path);
    let known = known.iter().map(|path| below(path));
    let hint = nearest(below(path), known.filter(|rest| !rest.is_empty())).map_or_else(
        || "GET /_locum/openapi.json lists the calls".to_owned(),
        |near| format!("did you mean `/_locum{near}`?"),
    );
    Refusal::new(404, format!("no call at `{path}`")).hint(hint)
}

fn wrong_method(request: &Request<Body>) -> Refusal {
    let (method, path) = (request.method(), request.uri().path());
    Refusal::new(405, format!("`{path}` does not take {method}"))
        .hint("GET /_locum/openapi.json lists the calls with their methods")
}
