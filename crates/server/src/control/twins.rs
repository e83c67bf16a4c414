//! Evil twins: put one in a vendor's place, bring the honest vendor back.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::Stages;
use crate::Twin;
use crate::stage::Stage;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /twins",
        "lists the twins with what each does wrong",
        |request| ready(Ok(list(&request))),
    ),
    ControlCall::new(
        "GET …/twin",
        "returns the twin in place, if any",
        |request| ready(read(&request)),
    ),
    ControlCall::new(
        "PUT …/twin",
        "puts a twin in its vendor's place",
        |request| ready(put(&request)),
    )
    .body::<Named>(r#"{"name": "pattern/any-secret"}"#),
    ControlCall::new("DELETE …/twin", "removes the twin", |request| {
        ready(delete(&request))
    }),
];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// Each twin under its full name.
fn all(stages: &Stages) -> impl Iterator<Item = (String, &'static Twin)> {
    stages.vendors().iter().flat_map(|vendor| {
        let slug = &vendor.profile().vendor;
        let named = move |twin: &'static Twin| (format!("{slug}/{}", twin.name), twin);
        vendor.twins().iter().map(named)
    })
}

fn shown(name: &str, twin: &Twin) -> Value {
    json!({"name": name, "wrong": twin.wrong})
}

fn in_place(stages: &Stages, stage: &Stage) -> Value {
    let Some((vendor, name)) = stage.twin() else {
        return json!({"name": null});
    };
    let full = format!("{vendor}/{name}");
    let found = all(stages).find(|(have, _)| *have == full);
    found.map_or_else(|| json!({"name": full}), |(_, twin)| shown(&full, twin))
}

fn list(request: &ControlRequest) -> call::Answer {
    let twins: Vec<Value> = all(&request.stages)
        .map(|(name, twin)| shown(&name, twin))
        .collect();
    call::json(200, &json!({ "twins": twins }))
}

fn read(request: &ControlRequest) -> CallResult {
    Ok(call::json(
        200,
        &in_place(&request.stages, &*request.stage()?),
    ))
}

fn put(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let Named { name } = request.body()?;
    let put = request.stages.put_twin(&stage, &name);
    put.map_err(|fault| Refusal::sentence(400, &fault).or_hint("GET /_locum/twins lists them"))?;
    Ok(call::json(200, &in_place(&request.stages, &stage)))
}

fn delete(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    stage.remove_twin();
    Ok(call::json(200, &in_place(&request.stages, &stage)))
}
