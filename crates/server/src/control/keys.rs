//! Signing keys: list them, rotate them.

use std::time::Duration;

use locum_core::{Clock, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{self, CallResult, ControlCall, ControlRequest, ready, text};
use super::document;
use super::filter;
use super::refusal::Refusal;
use super::stages::unknown_vendor;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/keys",
        "lists the signing keys by generation: which signs, which are still taken, which no more",
        |request| ready(list(&request)),
    )
    .query::<Query>(&[text("vendor")])
    .returns::<KeyList>(),
    ControlCall::new(
        "POST …/keys/rotate",
        "makes a new key sign; the old one is taken, and stays in the key set, for `grace_s` more",
        |request| ready(rotate(&request)),
    )
    .body::<Rotate>(r#"{"vendor": "corti", "grace_s": 300}"#)
    .returns::<KeyList>(),
];

/// Whose keys are meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Query {
    /// The vendor's word; all vendors without it.
    vendor: Option<String>,
}

/// Whose key is rotated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotate {
    /// The vendor's word.
    vendor: String,
    /// How many seconds of the stage's clock the old key is taken; none without it.
    #[serde(default)]
    grace_s: u64,
}

/// Signing keys.
#[derive(Serialize, JsonSchema)]
struct KeyList {
    /// By vendor, the latest first.
    keys: Vec<KeyView>,
}

/// A signing key, or one for each realm and use where the vendor has several.
#[derive(Serialize, JsonSchema)]
struct KeyView {
    /// The vendor.
    vendor: String,
    /// 0 for the first, then one more with each rotation.
    generation: u32,
    /// What it does.
    state: KeyState,
    /// When it was retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<Timestamp>,
    /// Until when its tokens are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// What a key does.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KeyState {
    /// It signs.
    Active,
    /// It signs no more; its tokens are taken.
    Passive,
    /// Its tokens are refused.
    Retired,
}

fn list(request: &ControlRequest) -> CallResult {
    let query: Query = request.query()?;
    let stage = request.stage()?;
    let mut keys = Vec::new();
    for vendor in filter::vendors(request, query.vendor.as_deref())? {
        if vendor.has_signing_key(&document::mock(request, &stage, vendor)) {
            keys.extend(of_vendor(&stage, &vendor.profile().vendor));
        }
    }
    Ok(call::json(200, &KeyList { keys }))
}

fn rotate(request: &ControlRequest) -> CallResult {
    let Rotate { vendor, grace_s } = request.body()?;
    let stage = request.stage()?;
    let Some(known) = request.stages.vendor(&vendor) else {
        return Err(unknown_vendor(request, &vendor));
    };
    if !known.has_signing_key(&document::mock(request, &stage, known)) {
        return Err(
            Refusal::bad(format!("no key signs the tokens of `{vendor}`"))
                .hint("GET /_locum/keys lists the keys that there are"),
        );
    }
    let now = stage.clock.now();
    stage
        .rotations(&vendor)
        .rotate(now, Duration::from_secs(grace_s));
    let keys = of_vendor(&stage, &vendor);
    Ok(call::json(200, &KeyList { keys }))
}

fn of_vendor(stage: &crate::Stage, vendor: &str) -> Vec<KeyView> {
    let (rotations, now) = (stage.rotations(vendor), stage.clock.now());
    let view = |generation, state| KeyView {
        vendor: vendor.to_owned(),
        generation,
        state,
        retired: None,
        until: None,
    };
    let mut keys = vec![view(rotations.current(), KeyState::Active)];
    for key in rotations.retired().iter().rev() {
        let state = if now < key.until {
            KeyState::Passive
        } else {
            KeyState::Retired
        };
        keys.push(KeyView {
            retired: Some(key.retired),
            until: Some(key.until),
            ..view(key.generation, state)
        });
    }
    keys
}
