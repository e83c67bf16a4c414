//! Calls about the server itself.

use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::observe::Watched;
use crate::tls::HandshakesView;

/// The media type of certificates in PEM (RFC 8555 §9.1).
const PEM: &str = "application/pem-certificate-chain";

const START_WITH_TLS: &str = "start it with --tls, LOCUM_TLS=1";

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /health",
        "reports that the server runs, its memory, and what slow readers missed",
        |request| Box::pin(health(request)),
    )
    .returns::<Health>(),
    ControlCall::new("GET /ready", "reports which vendors answer", |request| {
        ready(Ok(readiness(&request)))
    })
    .returns::<Readiness>(),
    ControlCall::new("GET /version", "reports name and version", |_| {
        let (name, version) = ("locum", env!("CARGO_PKG_VERSION"));
        ready(Ok(call::json(200, &Version { name, version })))
    })
    .returns::<Version>(),
    ControlCall::new(
        "GET /ca.pem",
        "returns the certificate of the authority that clients have to trust",
        |request| Box::pin(ca_pem(request)),
    )
    .returns::<String>()
    .media_type(PEM),
    ControlCall::new(
        "GET /tls",
        "returns what became of the latest attempts to speak TLS",
        |request| ready(handshakes(&request)),
    )
    .returns::<HandshakesView>(),
    ControlCall::new("GET /openapi.json", "describes these calls", |_| {
        ready(Ok(call::json(200, &super::description())))
    })
    .returns::<Map<String, Value>>(),
];

/// That the server runs, and what it holds.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// What stages take.
    memory: Memory,
    /// What slow readers missed.
    dropped: Dropped,
}

/// What stages take.
#[derive(Serialize, JsonSchema)]
struct Memory {
    /// In use by all stages.
    used_bytes: usize,
    /// The most that all may take.
    limit_bytes: usize,
    /// The most that one may take.
    stage_limit_bytes: usize,
    /// Tokens that were forgotten before their end.
    forgotten_tokens: u64,
    /// Entries that fell out of journals.
    dropped_entries: u64,
}

/// What slow readers missed.
#[derive(Serialize, JsonSchema)]
struct Dropped {
    /// Lines of the log.
    lines: u64,
    /// Events of event streams.
    events: u64,
}

/// Which vendors answer.
#[derive(Serialize, JsonSchema)]
struct Readiness {
    /// `ready`.
    status: &'static str,
    /// Their words, such as `corti`.
    vendors: Vec<String>,
}

/// Which program answers.
#[derive(Serialize, JsonSchema)]
struct Version {
    /// `locum`.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// Memory in bytes; tokens and entries are those that fell out of all stages that there are.
async fn health(request: ControlRequest) -> CallResult {
    let (mut tokens, mut entries) = (0, 0);
    for stage in request.stages.all() {
        let counts = stage.counts().await?;
        tokens += counts.forgotten_tokens;
        entries += counts.dropped_entries;
    }
    let health = Health {
        status: "ok",
        memory: Memory {
            used_bytes: request.stages.memory().used(),
            limit_bytes: request.stages.memory().limit(),
            stage_limit_bytes: request.stages.config.memory.stage,
            forgotten_tokens: tokens,
            dropped_entries: entries,
        },
        dropped: Dropped {
            lines: request.stages.watched.as_ref().map_or(0, Watched::dropped),
            events: request.stages.missed_events.load(Ordering::Relaxed),
        },
    };
    Ok(call::json(200, &health))
}

/// 404 where nobody can try.
fn handshakes(request: &ControlRequest) -> CallResult {
    let Some(offer) = &request.stages.tls else {
        return Err(Refusal::new(404, "the server does not speak TLS").hint(START_WITH_TLS));
    };
    Ok(call::json(200, &offer.tls.handshakes.view()))
}

/// 404 where there is no authority.
async fn ca_pem(request: ControlRequest) -> CallResult {
    let none =
        |why: &str, hint| Refusal::new(404, format!("there is no authority: {why}")).hint(hint);
    let Some(offer) = &request.stages.tls else {
        return Err(none("the server does not speak TLS", START_WITH_TLS));
    };
    match offer.tls.ca_pem().await {
        Some(pem) => Ok(call::written(200, PEM, pem)),
        None => Err(none(
            "the certificate is the user's own",
            "clients have to trust whoever issued the certificate of --tls-cert",
        )),
    }
}

fn readiness(request: &ControlRequest) -> call::Answer {
    let vendors = request.stages.vendors().iter();
    let readiness = Readiness {
        status: "ready",
        vendors: vendors
            .map(|vendor| vendor.profile().vendor.clone())
            .collect(),
    };
    call::json(200, &readiness)
}
