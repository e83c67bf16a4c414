//! Stages: make, list, read, reset, delete.

use serde_json::json;

use super::call::{self, Ask, Call, Outcome, ready};
use super::document;
use super::refusal::Refusal;
use crate::stage::StageSpec;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new(
        "GET /stages",
        "lists the stages with counts of what they hold",
        |ask| Box::pin(list(ask)),
    ),
    Call::new("POST /stages", "makes a stage", |ask| Box::pin(make(ask)))
        .body(
            r#"{"name": "mine", "seed": 7, "listen": true, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"}, "settings": {}, "vendors": {}}"#,
        )
        .status(201),
    Call::new("GET …", "gives the stage document", |ask| {
        ready(read(&ask))
    }),
    Call::new(
        "POST …/reset",
        "brings the stage back to how it was when made",
        |ask| Box::pin(reset(ask)),
    ),
    Call::new(
        "DELETE /stages/{stage}",
        "throws the stage away, its ports and memory with it",
        |ask| ready(delete(&ask)),
    ),
];

async fn list(ask: Ask) -> Outcome {
    let mut stages = Vec::new();
    for stage in ask.stages.all() {
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

async fn make(ask: Ask) -> Outcome {
    let spec: StageSpec = ask.body()?;
    if let Some(stray) = spec
        .vendors
        .keys()
        .find(|name| ask.stages.vendor(name).is_none())
    {
        return Err(unknown_vendor(&ask, stray));
    }
    let stage = ask.stages.add(spec).await?;
    Ok(call::json(201, &document::of(&ask, &stage)))
}

fn read(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    Ok(call::json(200, &document::of(ask, &stage)))
}

async fn reset(ask: Ask) -> Outcome {
    let stage = ask.stage()?;
    ask.stages.reset(&stage).await?;
    Ok(call::json(200, &document::of(&ask, &stage)))
}

fn delete(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    ask.stages.remove(&stage.name);
    Ok(call::json(200, &json!({"deleted": stage.name})))
}

/// No vendor of that name runs here: 400, since the name stood in what the caller sent.
pub(super) fn unknown_vendor(ask: &Ask, name: &str) -> Refusal {
    let vendors = ask.stages.vendors();
    Refusal::bad(format!("no vendor called `{name}`"))
        .near(name, vendors.iter().map(|v| v.profile().vendor.as_str()))
}
