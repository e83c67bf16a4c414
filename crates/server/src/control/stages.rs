//! Stages: make, list, read, reset, delete.

use schemars::JsonSchema;
use serde::Serialize;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::document::{self, StageDocument};
use super::refusal::Refusal;
use crate::stage::{StageCounts, StageSpec};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /stages",
        "lists the stages with counts of what they hold",
        |request| Box::pin(list(request)),
    )
    .returns::<StageList>(),
    ControlCall::new("POST /stages", "makes a stage", |request| Box::pin(make(request)))
        .body::<StageSpec>(
            r#"{"name": "mine", "seed": 7, "listen": true, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"}, "settings": {}, "vendors": {}}"#,
        )
        .returns::<StageDocument>()
        .status(201),
    ControlCall::new("GET …", "returns the stage document", |request| {
        ready(read(&request))
    })
    .returns::<StageDocument>(),
    ControlCall::new(
        "POST …/reset",
        "resets the stage to how it was when made",
        |request| Box::pin(reset(request)),
    )
    .returns::<StageDocument>(),
    ControlCall::new(
        "DELETE /stages/{stage}",
        "deletes the stage with its ports and memory",
        |request| ready(delete(&request)),
    )
    .returns::<DeletedStage>(),
];

/// The stages of the server.
#[derive(Serialize, JsonSchema)]
struct StageList {
    /// By name.
    stages: Vec<StageSummary>,
}

/// A stage with counts of what it holds.
#[derive(Serialize, JsonSchema)]
struct StageSummary {
    /// Its name.
    name: String,
    #[serde(flatten)]
    counts: StageCounts,
}

/// Which stage was deleted.
#[derive(Serialize, JsonSchema)]
struct DeletedStage {
    /// Its name.
    deleted: String,
}

async fn list(request: ControlRequest) -> CallResult {
    let mut stages = Vec::new();
    for stage in request.stages.all() {
        stages.push(StageSummary {
            name: stage.name.clone(),
            counts: stage.counts().await?,
        });
    }
    Ok(call::json(200, &StageList { stages }))
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
    let deleted = stage.name.clone();
    Ok(call::json(200, &DeletedStage { deleted }))
}

/// No vendor of that name runs here: 400, since the name stood in what the caller sent.
pub(super) fn unknown_vendor(request: &ControlRequest, name: &str) -> Refusal {
    let vendors = request.stages.vendors();
    Refusal::bad(format!("no vendor called `{name}`"))
        .near(name, vendors.iter().map(|v| v.profile().vendor.as_str()))
}
