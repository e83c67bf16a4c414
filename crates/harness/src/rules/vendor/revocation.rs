//! Who may end a token (RFC 7009).

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Operation, Reaction, RecordId};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("REV-07", |view| {
    concluded(only_owner_can_revoke(view))
})];

/// A revocation by another client leaves the token alive; one by its own client ends it, without
/// which the vendor may not notice revocations at all (RFC 7009 §2.1).
fn only_owner_can_revoke(view: &View<'_>) -> Step<Finding> {
    let Some(foreign) = view.evidence.varied(Operation::Revoke).next() else {
        return unseen(view, "no other client revoked the token");
    };
    let own = view.evidence.documented(Operation::Revoke).next();
    let end = own.map(|own| own.seq);
    let Some(before) = calls(view, None, Some(foreign.seq)).find(Exchange::is_served) else {
        return unseen(view, "the token was never accepted");
    };
    let Some(after) = calls(view, Some(foreign.seq), end).next() else {
        return unseen(view, "the token was not shown after the revocation");
    };
    if after.is_refused() {
        let seen = format!("{}; then {}", foreign.sentence(), after.sentence());
        let proof = Proof::from(&foreign).and(after);
        return Ok(Finding::broken("the token lives on", seen, proof).beside(before));
    }
    for exchange in [Some(foreign), Some(after), own].into_iter().flatten() {
        settled(view, &exchange)?;
    }
    let Some(own) = own.filter(Exchange::is_served) else {
        return unseen(view, "its own client did not revoke the token");
    };
    let Some(last) = calls(view, end, None).next() else {
        return unseen(
            view,
            "the token was not shown after its own client's revocation",
        );
    };
    settled(view, &last)?;
    if last.is_served() {
        return unseen(view, "its own client's revocation did not end the token");
    }
    let proof = Proof::from(&foreign).and(after);
    Ok(Finding::met(foreign.sentence(), proof).beside(Proof::from(&own).and(last)))
}

/// It was served or refused; a vendor that fails or goes away says nothing of the token.
fn settled(view: &View<'_>, exchange: &Exchange<'_>) -> Step<()> {
    if matches!(exchange.reaction(), Reaction::Served | Reaction::Refused) {
        return Ok(());
    }
    let words = exchange.reaction().words();
    let what = format!("not graded: {} ({words})", exchange.sentence());
    let unseen = || unobserved(view, &what).seen_in(exchange);
    Err(Box::new(gone(exchange).unwrap_or_else(unseen)))
}

/// The documented calls between two records.
fn calls<'a>(
    view: &View<'a>,
    from: Option<RecordId>,
    to: Option<RecordId>,
) -> impl Iterator<Item = Exchange<'a>> {
    view.evidence
        .documented(Operation::Call)
        .filter(move |call| {
            from.is_none_or(|from| call.seq > from) && to.is_none_or(|to| call.seq < to)
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
