//! Principals of a running stage: read, replace, change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::document;
use super::refusal::{self, Refusal};
use super::stages::unknown_vendor;
use crate::stage::Stage;
use crate::{Vendor, principal};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/principals",
        "reads the principals by vendor",
        |request| ready(read(&request)),
    )
    .returns::<BTreeMap<String, Value>>(),
    ControlCall::new(
        "PUT …/principals",
        "replaces the principals of the vendors it names",
        |request| ready(put(&request)),
    )
    .body::<BTreeMap<String, Value>>(BODY)
    .returns::<BTreeMap<String, Value>>(),
    ControlCall::new(
        "PATCH …/principals",
        "changes the client, user or realm that has the same name, adds those that have a new one",
        |request| ready(patch(&request)),
    )
    .body::<BTreeMap<String, Value>>(BODY)
    .returns::<BTreeMap<String, Value>>(),
];

const BODY: &str =
    r#"{"pattern": {"clients": [{"client_id": "client-a", "client_secret": "new"}]}}"#;

fn read(request: &ControlRequest) -> CallResult {
    Ok(call::json(200, &all(request, &request.stage()?)))
}

fn put(request: &ControlRequest) -> CallResult {
    change(request, |_, new| new)
}

fn patch(request: &ControlRequest) -> CallResult {
    change(request, |mut have, change| {
        principal::merge(&mut have, change);
        have
    })
}

/// All or none: when one vendor refuses, those before it get their own back.
fn change(request: &ControlRequest, new: fn(Value, Value) -> Value) -> CallResult {
    let stage = request.stage()?;
    let changes: BTreeMap<String, Value> = request.body()?;
    let mut known: Vec<(&Arc<dyn Vendor>, Value)> = Vec::new();
    for (slug, change) in changes {
        let vendor = request.stages.vendor(&slug);
        let vendor = vendor.ok_or_else(|| unknown_vendor(request, &slug))?;
        check_object(&slug, &change)?;
        known.push((vendor, change));
    }
    let _alone = request
        .control
        .principals
        .lock()
        .expect("no vendor panics over principals");
    let mut done: Vec<(&Arc<dyn Vendor>, Value)> = Vec::new();
    for (vendor, change) in known {
        let mock = document::mock(request, &stage, vendor);
        let before = vendor.document(&mock).principals;
        let mut after = new(before.clone(), change);
        if let Some(members) = after.as_object_mut() {
            let secrets = vendor.draws_client_secrets();
            stage.rng(|mut rng| principal::fill(members, secrets, None, &mut rng));
        }
        if let Err(refusal) = put_on(request, &stage, vendor, after) {
            for (vendor, before) in done {
                // They were the vendor's own a moment ago.
                let _ = put_on(request, &stage, vendor, before);
            }
            return Err(refusal);
        }
        done.push((vendor, before));
    }
    for (vendor, before) in done {
        stage.secrets.replace(&vendor.profile().vendor, &before);
    }
    stage.secrets.changed();
    Ok(call::json(200, &all(request, &stage)))
}

/// Gives `vendor` other principals, if it takes them and they fit into memory.
pub(super) fn put_on(
    request: &ControlRequest,
    stage: &Arc<Stage>,
    vendor: &Arc<dyn Vendor>,
    principals: Value,
) -> Result<(), Refusal> {
    let (slug, stages) = (&vendor.profile().vendor, &request.stages);
    stages.make_room(stage, locum_core::weight::json(&principals));
    stage.charge_principals(slug, &principals)?;
    vendor
        .change_principals(&stages.mock(vendor, stage), principals)
        .map_err(|fault| refused(slug, &fault))
}

/// Refuses what is no object before a vendor sees it.
pub(super) fn check_object(vendor: &str, principals: &Value) -> Result<(), Refusal> {
    let what = match principals {
        Value::Object(_) => return Ok(()),
        Value::Array(_) => "a list",
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
    };
    Err(Refusal::bad(format!(
        "the principals of `{vendor}` are an object, not {what}"
    ))
    .hint("GET /_locum/principals shows their shape"))
}

fn refused(vendor: &str, fault: &str) -> Refusal {
    let unknown = fault.split('`').nth(1).unwrap_or_default();
    let known: Vec<&str> = fault.split('`').skip(3).step_by(2).collect();
    let fault = refusal::in_words(fault);
    let refusal = Refusal::bad(format!("principals of `{vendor}`: {fault}"));
    if known.is_empty() {
        refusal.hint("GET /_locum/principals shows their shape")
    } else {
        refusal.near(unknown, known)
    }
}

pub(super) fn all(request: &ControlRequest, stage: &Arc<Stage>) -> BTreeMap<String, Value> {
    let of = |vendor: &Arc<dyn Vendor>| {
        let mock = document::mock(request, stage, vendor);
        let principals = vendor.document(&mock).principals;
        (vendor.profile().vendor.clone(), principals)
    };
    request.stages.vendors().iter().map(of).collect()
}
