//! Settings: the choices where the vendors' documents are silent.

use serde_json::{Map, Value, json};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use crate::stage::Stage;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/settings",
        "lists the settings, each with value, default, reason and source",
        |request| ready(read(&request)),
    ),
    ControlCall::new(
        "PATCH …/settings",
        "changes settings: all or none",
        |request| ready(patch(&request)),
    )
    .body::<Map<String, Value>>(r#"{"corti.access_ttl_s": 2}"#),
];

fn read(request: &ControlRequest) -> CallResult {
    Ok(call::json(200, &all(&*request.stage()?)))
}

fn patch(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let changes: Map<String, Value> = request.body()?;
    stage.change_settings(&changes)?;
    Ok(call::json(200, &all(&stage)))
}

fn all(stage: &Stage) -> Value {
    let settings: Map<String, Value> = stage.with_settings(|settings| {
        settings
            .iter()
            .map(|(name, setting, value)| {
                let shown = json!({
                    "value": value,
                    "default": setting.default,
                    "values": setting.values,
                    "reason": setting.reason,
                    "source": setting.source,
                    "assumed": setting.assumed,
                });
                (name.to_owned(), shown)
            })
            .collect()
    });
    let mut settings = Value::Object(settings);
    for (name, value) in stage.twin_settings() {
        settings[&name]["value"] = value;
    }
    settings
}
