//! What the vendor did on purpose, as the harness wrote it down, and the requests that met it.

use locum_core::{FaultAction, TokenId};
use serde_json::Value;

use super::traffic::{Arrival, arrivals};
use crate::evidence::{Event, RecordId};
use crate::rules::View;

/// The calls of the control API of this name, with their bodies.
pub(super) fn controls<'a>(
    view: &View<'a>,
    name: &'a str,
) -> impl Iterator<Item = (RecordId, &'a Value)> + use<'a> {
    let records = view.evidence.records().iter();
    records.filter_map(move |record| match &record.event {
        Event::Control { call, body } if call == name => Some((record.seq, body)),
        _ => None,
    })
}

/// The first record that sets the vendor's own setting `name` to what `fits`.
pub(super) fn setting(
    view: &View<'_>,
    name: &str,
    fits: impl Fn(&Value) -> bool,
) -> Option<RecordId> {
    let key = format!("{}.{name}", view.profile.vendor);
    controls(view, "settings")
        .find(|(_, settings)| settings.get(&key).is_some_and(&fits))
        .map(|(seq, _)| seq)
}

/// The first record at which all faults ended.
pub(super) fn faults_end(view: &View<'_>) -> Option<RecordId> {
    controls(view, "faults/clear").map(|(seq, _)| seq).next()
}

/// A request that met a fault of the plan, and what the fault did.
#[derive(Clone, Debug)]
pub(super) struct Bent<'a> {
    pub(super) arrival: Arrival<'a>,
    pub(super) action: FaultAction,
}

/// The requests that met a fault which the harness wrote down. A reply that an edit did not touch
/// counts as not bent.
pub(super) fn bent<'a>(view: &View<'a>) -> Vec<Bent<'a>> {
    let faults: Vec<(u64, FaultAction)> = controls(view, "faults")
        .filter_map(|(_, fault)| {
            let action = serde_json::from_value(fault["then"].clone()).ok()?;
            Some((fault["id"].as_u64()?, action))
        })
        .collect();
    let action_of = |arrival: &Arrival<'_>| {
        let fired = arrival.entry.fault?.0;
        let (_, action) = faults.iter().find(|(id, _)| *id == fired)?;
        Some(action.clone())
    };
    arrivals(view)
        .filter(|arrival| !arrival.entry.notes.contains_key("edit"))
        .filter_map(|arrival| {
            let action = action_of(&arrival)?;
            Some(Bent { arrival, action })
        })
        .collect()
}

/// The same for replies to requests for tokens, also for the answer to a challenge.
pub(super) fn bent_token_replies<'a>(view: &View<'a>) -> Vec<Bent<'a>> {
    let mut bent = bent(view);
    bent.retain(|bent| {
        let arrival = &bent.arrival;
        let answers_challenge = arrival.operation() == Some("RespondToAuthChallenge");
        let is_success = arrival
            .entry
            .reply
            .as_ref()
            .is_some_and(|reply| reply.status == 200);
        is_success && (answers_challenge || arrival.is_token_request())
    });
    bent
}

impl Arrival<'_> {
    /// Whether it shows one of these tokens.
    pub(super) fn presents_one_of(&self, tokens: &[TokenId]) -> bool {
        tokens.iter().any(|token| self.presents(*token))
    }
}
