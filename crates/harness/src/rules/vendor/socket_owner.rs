//! Websockets of what belongs to one client and is opened by others.

use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{Exchange, Operation, Other, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("WSS-33", |view| {
    concluded(others_get_no_service(view))
})];

/// Who opened it, where that is somebody else.
fn opener(open: &Exchange<'_>) -> Option<Other> {
    match open.variation {
        Variation::By(other) => Some(*other),
        Variation::ByOtherTenantNamingTheOwners => Some(Other::Tenant),
        _ => None,
    }
}

/// The websocket of an interaction serves nobody but its owner: each other opener, who is served
/// elsewhere, is refused.
fn others_get_no_service(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.varied(Operation::OpenSocket);
    let others: Vec<Exchange<'_>> = all.filter(|open| opener(open).is_some()).collect();
    let own = |open: &Exchange<'_>| {
        let mut owners = view.evidence.documented(Operation::OpenSocket);
        owners.find(|own| own.is_served() && own.path() == open.path())
    };
    let served = others.iter().filter(|open| open.got_something());
    if let Some(proof) = Proof::all(served.clone()) {
        let seen: Vec<String> = served
            .clone()
            .map(|open| format!("{}, then CONFIG_ACCEPTED", open.sentence()))
            .collect();
        let broken = Finding::broken("no service", seen.join("; "), proof);
        let controls: Vec<Exchange<'_>> = served.filter_map(own).collect();
        return Ok(match Proof::all(&controls) {
            Some(control) => broken.beside(control),
            None => broken,
        });
    }
    let mut controls = Vec::new();
    for open in &others {
        if !matches!(open.reaction(), Reaction::Refused) {
            let words = open.reaction().words();
            let what = format!("not graded: {} ({words})", open.sentence());
            let unseen = || unobserved(view, &what).seen_in(open);
            return Err(Box::new(gone(open).unwrap_or_else(unseen)));
        }
        let Some(own) = own(open) else {
            return unseen(view, "its owner was not served on the same websocket");
        };
        controls.push(own);
        let elsewhere = Variation::By(opener(open).unwrap_or(Other::Client));
        controls.push(precondition(view, Operation::OtherCall, &elsewhere)?);
    }
    match (Proof::all(&others), Proof::all(&controls)) {
        (Some(proof), Some(control)) => {
            Ok(Finding::met(format!("{} refused", others.len()), proof).beside(control))
        }
        _ => unseen(view, "nobody else opened a websocket"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Frames, Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const OTHER: &str = "as another client";
    const ACCEPTED: Frames<'_> = &[("text", r#"{"type":"CONFIG_ACCEPTED"}"#)];
    const DENIED: Frames<'_> = &[("close", "1008")];

    fn owner(frames: Frames<'_>, call: u16) -> Log {
        let log = Log::new().opened("", 101, "", frames);
        log.exchange("other call", OTHER, call, "[]")
    }

    #[test]
    fn others_get_no_service_beside_an_owner_who_does() {
        let check = |log: Log, grade| check(&log, "WSS-33", grade);
        check(owner(ACCEPTED, 200).opened(OTHER, 403, "", &[]), Grade::Met);
        check(
            owner(ACCEPTED, 200).opened(OTHER, 101, "", DENIED),
            Grade::Met,
        );
        check(
            owner(ACCEPTED, 200).opened(OTHER, 101, "", ACCEPTED),
            Grade::Broken,
        );
        check(
            owner(DENIED, 401).opened(OTHER, 101, "", ACCEPTED),
            Grade::Broken,
        );
        check(
            owner(DENIED, 200).opened(OTHER, 403, "", &[]),
            Grade::Unobserved,
        );
        check(
            owner(ACCEPTED, 401).opened(OTHER, 403, "", &[]),
            Grade::Unobserved,
        );
        check(owner(ACCEPTED, 200), Grade::Unobserved);
        check_failures_behind(|| owner(ACCEPTED, 200), "WSS-33", "open", OTHER);
    }
}
