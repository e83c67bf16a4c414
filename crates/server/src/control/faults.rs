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
    let fault = Fault {
        id: FaultId(0),
        matcher: new.matcher,
        when: new.when,
        then: new.then,
        matched: 0,
        fired: 0,
    };
    check(request, &fault)?;
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

/// Refuses a fault that says nothing, or that nothing can come of.
pub(super) fn check(request: &ControlRequest, fault: &Fault) -> Result<(), Refusal> {
    check_match(request, &fault.matcher)?;
    check_when(&fault.when)?;
    check_then(&fault.then)
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
            "one or more of status, delay_ms, reset, close, empty, truncate, malformed, edit, slow_body, lose_reply, framing, coding, redirect, answer, fragments, interleave, bad_frame, close_ws, drop_ws, hold",
        ));
    }
    check_sizes(then)?;
    let replaces = then.status.is_some() || then.redirect.is_some();
    let has_text = then.body.is_some() && then.bad_frame.is_none();
    if !replaces && (has_text || !then.headers.is_empty()) {
        return Err(
            Refusal::bad("`headers` and `body` belong to a reply with a `status`")
                .hint("name the status, too"),
        );
    }
    // A 1xx is not a final reply (RFC 9110 §15.2).
    if let Some(status) = then.status.filter(|status| !(200..=599).contains(status)) {
        return Err(Refusal::bad(format!("`status` is {status}")).hint("from 200 to 599"));
    }
    let redirect = then.redirect.iter();
    let redirect = redirect.map(|to| ("location", to.as_str()));
    if then.redirect.is_some()
        && then
            .status
            .is_some_and(|status| !(300..400).contains(&status))
    {
        return Err(Refusal::bad("a `redirect` has a `status` from 300 to 399")
            .hint("without `status` it is 307"));
    }
    check_edit(then)?;
    let edited = then.edit.iter().flat_map(|edit| &edit.headers);
    let headers = then.headers.iter().chain(edited);
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain(redirect) {
        if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
            return Err(
                Refusal::bad(format!("`{name}` with this value is not a valid header"))
                    .hint("RFC 9110 section 5 says which characters are allowed"),
            );
        }
        // The server frames what leaves: another length would be changed or end the connection.
        if ["content-length", "transfer-encoding"]
            .iter()
            .any(|framed| name.eq_ignore_ascii_case(framed))
        {
            return Err(Refusal::bad(format!(
                "`{name}` is the server's to write: it says how the body leaves"
            ))
            .hint("`truncate` promises more than it sends, `framing` sends chunks"));
        }
    }
    Ok(())
}

/// An edit changes the vendor's own reply, and something of it.
fn check_edit(then: &FaultAction) -> Result<(), Refusal> {
    let Some(edit) = &then.edit else {
        return Ok(());
    };
    if edit.is_empty() {
        return Err(Refusal::bad("`edit` is empty")
            .hint("one or more of set, remove, repeat, reverse, headers, cut"));
    }
    if then.status.is_some() || then.redirect.is_some() {
        return Err(Refusal::bad(
            "`edit` changes the vendor's own reply, and a `status` takes its place",
        )
        .hint("leave out the one or the other"));
    }
    Ok(())
}

/// Members that mean nothing by themselves, and numbers that mean nothing at all.
fn check_sizes(then: &FaultAction) -> Result<(), Refusal> {
    for (name, number) in [("slow_body", then.slow_body), ("fragments", then.fragments)] {
        if number == Some(0) {
            return Err(Refusal::bad(format!("`{name}` 0 would never end")).hint("1 byte or more"));
        }
    }
    let waits = then.delay_ms.is_some() || then.slow_body.is_some();
    if then.clock.is_some() && !waits {
        return Err(
            Refusal::bad("`clock` belongs to a `delay_ms` or `slow_body`")
                .hint("say how long to wait, too"),
        );
    }
    let ends = then.bad_frame.is_some() || then.close_ws.is_some() || then.drop_ws;
    if (then.after_messages.is_some() || then.unprompted) && !ends {
        return Err(Refusal::bad(
            "`after_messages` and `unprompted` belong to a `bad_frame`, `close_ws` or `drop_ws`",
        )
        .hint("say what comes after the messages, too"));
    }
    Ok(())
}
