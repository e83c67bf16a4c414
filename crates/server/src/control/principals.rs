//! Principals of a running stage: read, replace, change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::call::{self, Ask, Call, Outcome, ready};
use super::document;
use super::refusal::Refusal;
use super::stages::unknown_vendor;
use crate::stage::Stage;
use crate::{Vendor, principal};

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new(
        "GET …/principals",
        "reads the principals by vendor",
        |ask| ready(read(&ask)),
    ),
    Call::new(
        "PUT …/principals",
        "replaces the principals of the vendors it names",
        |ask| ready(put(&ask)),
    )
    .body(BODY),
    Call::new(
        "PATCH …/principals",
        "changes the client, user or realm that has the same name, adds those that have a new one",
        |ask| ready(patch(&ask)),
    )
    .body(BODY),
];

const BODY: &str =
    r#"{"pattern": {"clients": [{"client_id": "client-a", "client_secret": "new"}]}}"#;

fn read(ask: &Ask) -> Outcome {
    Ok(call::json(200, &all(ask, &ask.stage()?)))
}

fn put(ask: &Ask) -> Outcome {
    change(ask, |_, new| new)
}

fn patch(ask: &Ask) -> Outcome {
    change(ask, |mut have, change| {
        principal::merge(&mut have, change);
        have
    })
}

/// All or none: when one vendor refuses, those before it get their own back.
fn change(ask: &Ask, new: fn(Value, Value) -> Value) -> Outcome {
    let stage = ask.stage()?;
    let changes: BTreeMap<String, Value> = ask.body()?;
    let mut known: Vec<(&Arc<dyn Vendor>, Value)> = Vec::new();
    for (word, change) in changes {
        let vendor = ask.stages.vendor(&word);
        known.push((vendor.ok_or_else(|| unknown_vendor(ask, &word))?, change));
    }
    let _alone = ask
        .control
        .principals
        .lock()
        .expect("no vendor panics over principals");
    let mut done: Vec<(&Arc<dyn Vendor>, Value)> = Vec::new();
    for (vendor, change) in known {
        let mock = document::mock(ask, &stage, vendor);
        let before = vendor.document(&mock).principals;
        let mut after = new(before.clone(), change);
        if let Some(members) = after.as_object_mut() {
            stage.rng(|mut rng| principal::fill(members, &mut rng));
        }
        let word = &vendor.profile().vendor;
        ask.stages
            .make_room(&stage, locum_core::weight::json(&after));
        stage.charge_principals(word, &after)?;
        if let Err(fault) = vendor.change_principals(&ask.stages.mock(vendor, &stage), after) {
            for (vendor, before) in done {
                // They were the vendor's own a moment ago.
                let _ = vendor.change_principals(&ask.stages.mock(vendor, &stage), before);
            }
            return Err(refused(&mock.profile().vendor, &fault));
        }
        done.push((vendor, before));
    }
    Ok(call::json(200, &all(ask, &stage)))
}

fn refused(vendor: &str, fault: &str) -> Refusal {
    let unknown = fault.split('`').nth(1).unwrap_or_default();
    let known: Vec<&str> = fault.split('`').skip(3).step_by(2).collect();
    let fault = fault.replacen("unknown field", "unknown member", 1);
    let refusal = Refusal::bad(format!("principals of `{vendor}`: {fault}"));
    if known.is_empty() {
        refusal.hint("GET /_locum/principals shows their shape")
    } else {
        refusal.near(unknown, known)
    }
}

fn all(ask: &Ask, stage: &Arc<Stage>) -> Value {
    let of = |vendor: &Arc<dyn Vendor>| {
        let mock = document::mock(ask, stage, vendor);
        let principals = vendor.document(&mock).principals;
        (vendor.profile().vendor.clone(), principals)
    };
    Value::Object(ask.stages.vendors().iter().map(of).collect::<Map<_, _>>())
}
