//! A stage as data: take it down, bring it back.

use super::call::{self, CallResult, ControlCall, ControlRequest};
use super::refusal::{Refusal, in_words};
use super::stages::unknown_vendor;
use super::{faults, principals, twins};
use crate::stage::snapshot::{Snapshot, VERSION};

/// The largest snapshot in bytes.
const MAX_SNAPSHOT: usize = 64 << 20;

/// The cure for what no stage can have been.
const AS_GIVEN: &str = "bring it back as GET /_locum/state gave it";

/// A snapshot of a stage on which nothing has happened.
const EXAMPLE: &str = r#"{"version": 1, "seed": 0, "incarnation": 0, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"}, "settings": {}, "principals": {}, "faults": [], "logins": 0, "tokens": [], "rotations": {}}"#;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/state",
        "returns the stage as data, without its journal and what the vendors' APIs were sent; it holds the principals' secrets",
        |request| Box::pin(take(request)),
    )
    .returns::<Snapshot>(),
    ControlCall::new(
        "PUT …/state",
        "brings the stage back to a snapshot of the same seed; its journal is emptied",
        |request| Box::pin(restore(request)),
    )
    .body::<Snapshot>(EXAMPLE)
    .max_body(MAX_SNAPSHOT)
    .returns::<Snapshot>(),
];

async fn take(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let principals = principals::all(&request, &stage);
    Ok(call::json(200, &stage.snapshot(principals).await?))
}

async fn restore(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let snapshot: Snapshot = request.body()?;
    check(&request, &snapshot, stage.seed)?;
    for (slug, principals) in &snapshot.principals {
        let vendor = request.stages.vendor(slug);
        let vendor = vendor.ok_or_else(|| unknown_vendor(&request, slug))?;
        principals::check_object(slug, principals)?;
        let taken = request
            .stages
            .check_principals(vendor, &stage, principals.clone());
        taken.map_err(|fault| {
            Refusal::bad(in_words(&fault)).hint("GET /_locum/principals shows their shape")
        })?;
    }
    request.stages.restore(&stage, &snapshot).await?;
    if let Some(twin) = &snapshot.twin {
        let put = request.stages.put_twin(&stage, twin);
        put.map_err(|fault| Refusal::sentence(400, &fault))?;
    }
    {
        let _alone = request
            .control
            .principals
            .lock()
            .expect("no vendor panics over principals");
        for (slug, principals) in &snapshot.principals {
            if let Some(vendor) = request.stages.vendor(slug) {
                principals::put_on(&request, &stage, vendor, principals.clone())?;
            }
        }
        stage.secrets.changed();
    }
    let principals = principals::all(&request, &stage);
    Ok(call::json(200, &stage.snapshot(principals).await?))
}

/// Refuses what cannot come back, before anything is changed.
fn check(request: &ControlRequest, snapshot: &Snapshot, seed: u64) -> Result<(), Refusal> {
    if snapshot.version != VERSION {
        let version = snapshot.version;
        return Err(
            Refusal::bad(format!("a snapshot of version {version} is not read here"))
                .hint(format!("this program writes and reads version {VERSION}")),
        );
    }
    if snapshot.seed != seed {
        let of = snapshot.seed;
        return Err(Refusal::new(
            409,
            format!("the snapshot is of seed {of}, the stage of seed {seed}"),
        )
        .hint(
            "keys follow from the seed: make a stage of the snapshot's, and bring it back there",
        ));
    }
    let numbers = snapshot.check_numbers();
    numbers.map_err(|fault| Refusal::bad(fault).hint(AS_GIVEN))?;
    for fault in &snapshot.faults {
        faults::check(request, fault)?;
    }
    let twin = snapshot
        .twin
        .as_deref()
        .and_then(|twin| twin.split_once('/'));
    let tokens = snapshot.tokens.iter();
    let mut named = tokens
        .map(|kept| kept.token.vendor.as_str())
        .chain(snapshot.rotations.keys().map(String::as_str))
        .chain(twin.map(|(vendor, _)| vendor));
    if let Some(stray) = named.find(|name| request.stages.vendor(name).is_none()) {
        return Err(unknown_vendor(request, stray));
    }
    if let Some(twin) = &snapshot.twin {
        twins::check(&request.stages, twin)?;
    }
    for kept in &snapshot.tokens {
        kept.digest()
            .map_err(|fault| Refusal::bad(fault).hint(AS_GIVEN))?;
    }
    Ok(())
}
