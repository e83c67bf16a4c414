//! Evil twins: put one in a vendor's place, bring the honest vendor back.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, ready};
use super::refusal::Refusal;
use crate::Stages;
use crate::Twin;
use crate::stage::Stage;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new(
        "GET /twins",
        "lists the twins with what each does wrong",
        |ask| ready(Ok(list(&ask))),
    ),
    Call::new(
        "GET …/twin",
        "says which twin is in place, if any",
        |ask| ready(read(&ask)),
    ),
    Call::new("PUT …/twin", "puts a twin in its vendor's place", |ask| {
        ready(put(&ask))
    })
    .body(r#"{"name": "pattern/any-secret"}"#),
    Call::new("DELETE …/twin", "brings the honest vendor back", |ask| {
        ready(delete(&ask))
    }),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// Each twin under its full name.
fn all(stages: &Stages) -> impl Iterator<Item = (String, &'static Twin)> {
    stages.vendors().iter().flat_map(|vendor| {
        let word = &vendor.profile().vendor;
        let named = move |twin: &'static Twin| (format!("{word}/{}", twin.name), twin);
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

fn list(ask: &Ask) -> call::Answer {
    let twins: Vec<Value> = all(&ask.stages)
        .map(|(name, twin)| shown(&name, twin))
        .collect();
    call::json(200, &json!({ "twins": twins }))
}

fn read(ask: &Ask) -> Outcome {
    Ok(call::json(200, &in_place(&ask.stages, &*ask.stage()?)))
}

fn put(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let Named { name } = ask.body()?;
    let put = ask.stages.put_twin(&stage, &name);
    put.map_err(|fault| Refusal::sentence(400, &fault).or_hint("GET /_locum/twins lists them"))?;
    Ok(call::json(200, &in_place(&ask.stages, &stage)))
}

fn delete(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    stage.remove_twin();
    Ok(call::json(200, &in_place(&ask.stages, &stage)))
}
