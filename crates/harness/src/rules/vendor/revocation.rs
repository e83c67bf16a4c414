//! Who may end a token (RFC 7009).

use super::effect::{Step, concluded, settled, unseen};
use crate::evidence::{Exchange, Operation, RecordId};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-07", |view| concluded(only_owner_can_revoke(view))),
    Rule::vendor("REV-12", |view| concluded(only_owner_can_revoke(view))),
];

/// Where the token is shown: first where its issuer looks at it.
const PLACES: [Operation; 2] = [Operation::UserInfo, Operation::Call];

/// A revocation by another client, or by its own without the secret, leaves the token alive; one by
/// its own client ends it, without which the vendor may not notice revocations at all
/// (RFC 7009 §2.1).
fn only_owner_can_revoke(view: &View<'_>) -> Step<Finding> {
    let foreign: Vec<Exchange<'_>> = view.evidence.varied(Operation::Revoke).collect();
    let (Some(first), Some(last)) = (foreign.first(), foreign.last()) else {
        return unseen(view, "nobody else revoked the token");
    };
    let own = view.evidence.documented(Operation::Revoke).next();
    let end = own.map(|own| own.seq);
    let place = PLACES.iter().find_map(|place| {
        let before = shown(view, *place, None, Some(first.seq)).find(Exchange::is_served)?;
        Some((*place, before))
    });
    let Some((place, before)) = place else {
        return unseen(view, "the token was never accepted");
    };
    let after: Vec<Exchange<'_>> = shown(view, place, Some(last.seq), end).collect();
    if let Some(dead) = after.iter().find(|after| after.is_refused()) {
        let said: Vec<String> = foreign.iter().map(Exchange::sentence).collect();
        let seen = format!("{}; then {}", said.join(", "), dead.sentence());
        let proof = Proof::all(&foreign).map(|proof| proof.and(dead));
        let proof = proof.unwrap_or_else(|| dead.into());
        return Ok(Finding::broken("the token lives on", seen, proof).beside(before));
    }
    settled(view, &foreign)?;
    settled(view, &after)?;
    let Some(after) = after.first() else {
        return unseen(view, "the token was not shown after the revocation");
    };
    let Some(own) = own else {
        return unseen(view, "its own client did not revoke the token");
    };
    settled(view, &[own])?;
    if !own.is_served() {
        return unseen(view, "its own client did not revoke the token");
    }
    let ends: Vec<Exchange<'_>> = shown(view, place, end, None).collect();
    settled(view, &ends)?;
    let Some(ended) = ends.first() else {
        return unseen(
            view,
            "the token was not shown after its own client's revocation",
        );
    };
    if ended.is_served() {
        return unseen(view, "its own client's revocation did not end the token");
    }
    let said: Vec<String> = foreign.iter().map(Exchange::sentence).collect();
    let proof = Proof::all(&foreign).map(|proof| proof.and(after));
    let proof = proof.unwrap_or_else(|| after.into());
    Ok(Finding::met(said.join(", "), proof).beside(Proof::from(&own).and(ended)))
}

/// The documented uses of the token at `place` between two records.
fn shown<'a>(
    view: &View<'a>,
    place: Operation,
    from: Option<RecordId>,
    to: Option<RecordId>,
) -> impl Iterator<Item = Exchange<'a>> {
    view.evidence.documented(place).filter(move |shown| {
        from.is_none_or(|from| shown.seq > from) && to.is_none_or(|to| shown.seq < to)
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    /// A call, a foreign revocation, a call, a revocation of one's own, a call.
    fn log(foreign: u16, calls: [u16; 3]) -> Log {
        let call = |log: Log, status| log.exchange("call", "", status, "");
        let log = call(Log::new(), calls[0]);
        let log = log.exchange("revoke", "by another client", foreign, "");
        let log = call(log, calls[1]).exchange("revoke", "", 200, "");
        call(log, calls[2])
    }

    #[test]
    fn another_client_may_not_end_a_token() {
        check(&log(400, [200, 200, 401]), "REV-07", Grade::Met);
        check(&log(200, [200, 200, 401]), "REV-07", Grade::Met);
        check(&log(200, [200, 401, 401]), "REV-07", Grade::Broken);
        check(&log(400, [200, 401, 401]), "REV-07", Grade::Broken);
        check(&log(500, [200, 401, 401]), "REV-07", Grade::Broken);
    }

    #[test]
    fn a_revocation_that_ends_nothing_proves_nothing() {
        check(&log(400, [200, 200, 200]), "REV-07", Grade::Unobserved);
        check(&log(400, [401, 401, 401]), "REV-07", Grade::Unobserved);
        check(&log(400, [200, 503, 401]), "REV-07", Grade::Unobserved);
    }

    /// A 500 and silence counted as refusals, of the revocation and of the token.
    #[test]
    fn a_vendor_that_fails_has_kept_no_token_alive_and_ended_none() {
        check(&log(500, [200, 200, 401]), "REV-07", Grade::Unobserved);
        check(&log(400, [200, 200, 500]), "REV-07", Grade::Unobserved);
        for failure in FAILURES {
            let start = || Log::new().exchange("call", "", 200, "");
            let foreign = |log: Log| log.exchange("revoke", "by another client", 400, "");
            let kept = |log: Log| log.exchange("call", "", 200, "");
            let own = |log: Log| log.exchange("revoke", "", 200, "");
            let dead = |log: Log| log.exchange("call", "", 401, "");
            let logs = [
                dead(own(kept(start().failed(
                    "revoke",
                    "by another client",
                    failure,
                )))),
                dead(own(foreign(start()).failed("call", "", failure))),
                dead(kept(foreign(start())).failed("revoke", "", failure)),
                own(kept(foreign(start()))).failed("call", "", failure),
            ];
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            for log in logs {
                check(&log, "REV-07", grade);
            }
        }
    }
}
