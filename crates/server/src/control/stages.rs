//! Stages: make, list, read, reset, delete.

use serde_json::json;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::document;
use super::refusal::Refusal;
use crate::stage::StageSpec;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /stages",
        "lists the stages with counts of what they hold",
        |request| Box::pin(list(request)),
    ),
    ControlCall::new("POST /stages", "makes a stage", |request| Box::pin(make(request)))
        .body::<StageSpec>(
            r#"{"name": "mine", "seed": 7, "listen": true, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"}, "settings": {}, "vendors": {}}"#,
        )
        .status(201),
    ControlCall::new("GET …", "returns the stage document", |request| {
        ready(read(&request))
    }),
    ControlCall::new(
        "POST …/reset",
        "resets the stage to how it was when made",
        |request| Box::pin(reset(request)),
    ),
    ControlCall::new(
        "DELETE /stages/{stage}",
        "deletes the stage with its ports and memory",
        |request| ready(delete(&request)),
    ),
];

async fn list(request: ControlRequest) -> CallResult {
    let mut stages = Vec::new();
    for stage in request.stages.all() {
        let mut shown = json!({"name": stage.name});
        let counts = json!(stage.counts().await?);
        let members = counts.as_object().into_iter().flatten();
        for (name, value) in members {
            shown[name] = value.clone();
        }
        stages.push(shown);
    }
    Ok(call::json(200, &json!({ "stages": stages })))
}

async fn make(request: ControlRequest) -> CallResult {
    let spec: StageSpec = request.body()?;
    if let Some(stray) = spec
        .vendors
        .keys()
        .find(|name| request.stages.vendor(name).is_none())
    {
        return Err(unknown_vendor(&request, stray));
    }
    let stage = request.stages.add(spec).await?;
    Ok(call::json(201, &document::of(&request, &stage)))
}

fn read(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    Ok(call::json(200, &document::of(request, &stage)))
}

async fn reset(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    request.stages.reset(&stage).await?;
    Ok(call::json(200, &document::of(&request, &stage)))
}

fn delete(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    request.stages.remove(&stage.name);
    Ok(call::json(200, &json!({"deleted": stage.name})))
}

/// No vendor of that name runs here: 400, since the name stood in what the caller sent.
pub(super) fn unknown_vendor(request: &ControlRequest, name: &str) -> Refusal {
    let vendors = request.stages.vendors();
    Refusal::bad(format!("no vendor called `{name}`"))
        .near(name, vendors.iter().map(|v| v.profile().vendor.as_str()))
}
