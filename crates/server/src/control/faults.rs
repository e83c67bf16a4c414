//! Faults: add, list, take away.

use locum_core::{Fault, FaultAction, FaultId, FaultMatch, FaultWhen};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, at_once};
use super::refusal::Refusal;
use super::stages::unknown_vendor;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET …/faults", "lists the faults with their counts", |ask| at_once(list(&ask))),
    Call::new("POST …/faults", "adds a fault", |ask| at_once(add(&ask)))
        .body(
            r#"{"match": {"vendor": "corti", "endpoint": "token"}, "when": {"first": 2}, "then": {"status": 503, "headers": {"Retry-After": "2"}}}"#,
        )
        .status(201),
    Call::new("DELETE …/faults", "takes all faults away", |ask| at_once(clear(&ask))),
    Call::new("DELETE …/faults/{id}", "takes one fault away", |ask| at_once(delete(&ask))),
];

/// A fault as the caller words it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default, rename = "match")]
    matches: FaultMatch,
    #[serde(default = "always")]
    when: FaultWhen,
    then: FaultAction,
}

const fn always() -> FaultWhen {
    FaultWhen::Always(true)
}

fn list(ask: &Ask) -> Outcome {
    Ok(call::json(200, &json!({"faults": ask.stage()?.faults()})))
}

fn add(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let wanted: Wanted = ask.body()?;
    if wanted.then.is_empty() {
        return Err(Refusal::bad("`then` says nothing").hint("such as {\"status\": 503}"));
    }
    if let Some(status) = wanted
        .then
        .status
        .filter(|status| !(200..=599).contains(status))
    {
        return Err(Refusal::bad(format!("{status} is no final status")).hint("200 to 599"));
    }
    if let Some(vendor) = &wanted.matches.vendor {
        let found = ask
            .server
            .vendor(vendor)
            .ok_or_else(|| unknown_vendor(ask, vendor))?;
        let endpoints = &found.profile().endpoints;
        if let Some(endpoint) = wanted
            .matches
            .endpoint
            .as_ref()
            .filter(|name| !endpoints.contains_key(*name))
        {
            return Err(
                Refusal::bad(format!("no endpoint of `{vendor}` called `{endpoint}`"))
                    .near(endpoint, endpoints.keys().map(String::as_str)),
            );
        }
    }
    let (matches, when, then) = (wanted.matches, wanted.when, wanted.then);
    let fault = stage.add_fault(Fault {
        id: FaultId(0),
        matches,
        when,
        then,
        met: 0,
        hits: 0,
    });
    Ok(call::json(
        201,
        &serde_json::to_value(fault).unwrap_or(Value::Null),
    ))
}

fn clear(ask: &Ask) -> Outcome {
    ask.stage()?.remove_faults(None);
    list(ask)
}

fn delete(ask: &Ask) -> Outcome {
    let id = ask.id("fault")?;
    if ask.stage()?.remove_faults(Some(FaultId(id))) {
        return list(ask);
    }
    Err(Refusal::unknown("fault", &id.to_string()).hint("GET …/faults lists them"))
}
