//! Evil twins: put one in a vendor's place, bring the honest vendor back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    )
    .returns::<TwinList>(),
    ControlCall::new(
        "GET …/twin",
        "returns the twin in place, if any",
        |request| ready(read(&request)),
    )
    .returns::<TwinView>(),
    ControlCall::new(
        "PUT …/twin",
        "puts a twin in its vendor's place",
        |request| ready(put(&request)),
    )
    .body::<Named>(r#"{"name": "pattern/any-secret"}"#)
    .returns::<TwinView>(),
    ControlCall::new("DELETE …/twin", "removes the twin", |request| {
        ready(delete(&request))
    })
    .returns::<TwinView>(),
];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// `vendor/twin`, or the twin's name alone where it is unique.
    name: String,
}

/// The twins of all vendors.
#[derive(Serialize, JsonSchema)]
struct TwinList {
    /// Vendor by vendor.
    twins: Vec<TwinView>,
}

/// One twin, or none.
#[derive(Serialize, JsonSchema)]
struct TwinView {
    /// `vendor/twin`; null when the vendor itself is in place.
    name: Option<String>,
    /// What it does wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<String>,
}

/// Each twin under its full name.
fn all(stages: &Stages) -> impl Iterator<Item = (String, &'static Twin)> {
    stages.vendors().iter().flat_map(|vendor| {
        let slug = &vendor.profile().vendor;
        let named = move |twin: &'static Twin| (format!("{slug}/{}", twin.name), twin);
        vendor.twins().iter().map(named)
    })
}

fn shown(name: &str, twin: &Twin) -> TwinView {
    TwinView {
        name: Some(name.to_owned()),
        wrong: Some(twin.wrong.to_owned()),
    }
}

fn in_place(stages: &Stages, stage: &Stage) -> TwinView {
    let name = stage
        .twin()
        .map(|(vendor, name)| format!("{vendor}/{name}"));
    let found = all(stages).find(|(have, _)| Some(have) == name.as_ref());
    let wrong = found.map(|(_, twin)| twin.wrong.to_owned());
    TwinView { name, wrong }
}

/// Refuses the name of a twin that there is not, with the nearest that there is.
pub(super) fn check(stages: &Stages, name: &str) -> Result<(), Refusal> {
    let known: Vec<String> = all(stages).map(|(have, _)| have).collect();
    if known.iter().any(|have| have == name) {
        return Ok(());
    }
    let near = locum_core::setting::nearest(name, known.iter().map(String::as_str));
    let near = near.map(|near| format!("did you mean `{near}`?"));
    let hint = near.unwrap_or_else(|| "GET /_locum/twins lists them".to_owned());
    Err(Refusal::bad(format!("no twin called `{name}`")).hint(hint))
}

fn list(request: &ControlRequest) -> call::Answer {
    let twins = all(&request.stages)
        .map(|(name, twin)| shown(&name, twin))
        .collect();
    call::json(200, &TwinList { twins })
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
