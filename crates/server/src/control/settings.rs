//! Settings: the choices where the vendors' documents are silent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use crate::stage::Stage;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/settings",
        "lists the settings, each with value, default, reason and source",
        |request| ready(read(&request)),
    )
    .returns::<BTreeMap<String, SettingView>>(),
    ControlCall::new(
        "PATCH …/settings",
        "changes settings: all or none",
        |request| ready(patch(&request)),
    )
    .body::<Map<String, Value>>(r#"{"corti.access_ttl_s": 2}"#)
    .returns::<BTreeMap<String, SettingView>>(),
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

/// One setting.
#[derive(Serialize, JsonSchema)]
struct SettingView {
    /// The value in force.
    value: Value,
    /// The value unless somebody says otherwise.
    default: Value,
    /// The values it may have; empty means any of the default's type.
    values: Vec<Value>,
    /// Why the default is what it is.
    reason: String,
    /// Where the default comes from.
    source: Option<String>,
    /// Whether no document says it.
    assumed: bool,
}

fn all(stage: &Stage) -> BTreeMap<String, SettingView> {
    let mut settings: BTreeMap<String, SettingView> = stage.with_settings(|settings| {
        settings
            .iter()
            .map(|(name, setting, value)| {
                let shown = SettingView {
                    value: value.clone(),
                    default: setting.default.clone(),
                    values: setting.values.clone(),
                    reason: setting.reason.clone(),
                    source: setting.source.clone(),
                    assumed: setting.assumed,
                };
                (name.to_owned(), shown)
            })
            .collect()
    });
    for (name, value) in stage.twin_settings() {
        if let Some(setting) = settings.get_mut(&name) {
            setting.value = value;
        }
    }
    settings
}
