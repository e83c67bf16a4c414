//! Faults: add, list, remove.

use http::{HeaderName, HeaderValue};
use locum_core::{Fault, FaultAction, FaultId, FaultMatch, FaultWhen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{self, CallResult, ControlCall, ControlRequest, Deleted, ready};
use super::filter;
use super::refusal::Refusal;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new("GET …/faults", "lists the faults with their counts", |request| {
        ready(list(&request))
    })
    .returns::<FaultList>(),
    ControlCall::new("POST …/faults", "adds a fault", |request| ready(add(&request)))
        .body::<NewFault>(
            r#"{"match": {"vendor": "corti", "endpoint": "token"}, "when": {"first": 2}, "then": {"status": 503, "headers": {"Retry-After": "2"}, "body": ""}}"#,
        )
        .returns::<Fault>()
        .status(201),
    ControlCall::new("DELETE …/faults", "removes all faults", |request| {
        ready(clear(&request))
    })
    .returns::<Deleted>(),
    ControlCall::new("DELETE …/faults/{id}", "removes one fault", |request| {
        ready(remove(&request))
    })
    .returns::<Deleted>(),
];

/// A fault as a caller words it; id and counts are the stage's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewFault {
    /// Which requests it matches; all without it.
    #[serde(default, rename = "match")]
    matcher: FaultMatch,
    /// When it fires; always without it.
    #[serde(default = "always")]
    when: FaultWhen,
    /// What it does.
    then: FaultAction,
}

/// The faults of a stage.
#[derive(Serialize, JsonSchema)]
struct FaultList {
    /// In the order in which they were added.
    faults: Vec<Fault>,
}

const fn always() -> FaultWhen {
    FaultWhen::Always(true)
}

fn list(request: &ControlRequest) -> CallResult {
    let faults = request.stage()?.faults();
    Ok(call::json(200, &FaultList { faults }))
}

fn add(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let new: NewFault = request.body()?;
    check_match(request, &new.matcher)?;
    check_when(&new.when)?;
    check_then(&new.then)?;
    let fault = Fault {
        id: FaultId(0),
        matcher: new.matcher,
        when: new.when,
        then: new.then,
        matched: 0,
        fired: 0,
    };
    request.stages.make_room(&stage, fault.weight());
    let fault = stage.add_fault(fault)?;
    Ok(call::json(201, &fault))
}

fn clear(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let deleted = stage.faults().len();
    stage.remove_faults(None);
    Ok(call::json(200, &Deleted { deleted }))
}

fn remove(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let id = FaultId(request.id("fault")?);
    if stage.remove_faults(Some(id)) {
        return Ok(call::json(200, &Deleted { deleted: 1 }));
    }
    Err(Refusal::unknown("fault", request.path("id")).hint("GET /_locum/faults lists them"))
}

/// A fault that no request can match is a typo.
fn check_match(request: &ControlRequest, matcher: &FaultMatch) -> Result<(), Refusal> {
    let vendors = filter::vendors(request, matcher.vendor.as_deref())?;
    match matcher.endpoint.as_deref() {
        Some(name) => filter::endpoint(&vendors, name),
        None => Ok(()),
    }
}

fn check_when(when: &FaultWhen) -> Result<(), Refusal> {
    match when {
        FaultWhen::Every(0) => {
            Err(Refusal::bad("`every` 0 would never fire").hint("1 is each request"))
        }
        FaultWhen::Probability(share) if !(0.0..=1.0).contains(share) => {
            Err(Refusal::bad(format!("`probability` is {share}")).hint("from 0 to 1"))
        }
        _ => Ok(()),
    }
}

fn check_then(then: &FaultAction) -> Result<(), Refusal> {
    if then.is_empty() {
        return Err(Refusal::bad("`then` is empty").hint(
            "one or more of status, delay_ms, reset, empty, truncate, malformed, lose_reply, hold",
        ));
    }
    if then.status.is_none() && (then.body.is_some() || !then.headers.is_empty()) {
        return Err(
            Refusal::bad("`headers` and `body` belong to a reply with a `status`")
                .hint("name the status, too"),
        );
    }
    // A 1xx is not a final reply (RFC 9110 §15.2).
    if let Some(status) = then.status.filter(|status| !(200..=599).contains(status)) {
        return Err(Refusal::bad(format!("`status` is {status}")).hint("from 200 to 599"));
    }
    for (name, value) in &then.headers {
        if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
            return Err(
                Refusal::bad(format!("`{name}` with this value is not a valid header"))
                    .hint("RFC 9110 section 5 says which characters are allowed"),
            );
        }
    }
    Ok(())
}
