//! What a refresh token is good for once it was revoked, and who may end its login (RFC 7009 §2.1).

use super::effect::{Step, all_refused, concluded, control, every, made, settled, unseen};
use crate::evidence::{Exchange, Moment, Operation, RevocationVariation, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-16", |view| {
        concluded(a_revoked_one_gives_nothing(view))
    }),
    Rule::vendor("REV-17", |view| {
        let own = Variation::Revocation(RevocationVariation::RefreshToken);
        let after = Variation::AfterRevocation;
        concluded(only_its_client_ends_it(
            view,
            Operation::Revoke,
            &own,
            &after,
        ))
    }),
    Rule::vendor("REV-18", |view| {
        let after = Variation::AfterEnd;
        let own = Variation::Documented;
        concluded(only_its_client_ends_it(
            view,
            Operation::Logout,
            &own,
            &after,
        ))
    }),
];

const BEFORE: Variation = Variation::Token(1, Moment::Before);
const AFTER: Variation = Variation::Token(1, Moment::After);

/// A refresh token that gave tokens gives none once its revocation was answered with success.
fn a_revoked_one_gives_nothing(view: &View<'_>) -> Step<Finding> {
    let how = Variation::Revocation(RevocationVariation::RefreshToken);
    let revocation = made(view, Operation::Revoke, &how)?;
    let before = control(view, Operation::Renew, &BEFORE)?;
    settled(view, &[revocation])?;
    if revocation.is_refused() {
        // RFC 7009 §2: implementations MUST support the revocation of refresh tokens.
        if revocation.json()["error"] == "unsupported_token_type" {
            let expected = "the revocation of a refresh token";
            let broken = Finding::broken(expected, revocation.sentence(), revocation);
            return Ok(broken.beside(before));
        }
        let refused = unobserved(view, &revocation.sentence()).seen_in(revocation);
        return Err(Box::new(refused));
    }
    let renewals = every(view, Operation::Renew, &Variation::AfterRevocation);
    match all_refused(view, &renewals) {
        Ok(proof) => {
            let seen = "the revoked refresh token gave nothing";
            Ok(Finding::met(seen, proof.and(revocation)).beside(before))
        }
        Err(finding) => Err(Box::new(finding.beside(before))),
    }
}

/// What somebody else did with a refresh token left its login alive, and the same by its own client
/// ended it, without which nothing may have come of it anyway.
fn only_its_client_ends_it(
    view: &View<'_>,
    operation: Operation,
    own: &Variation,
    after_own: &Variation,
) -> Step<Finding> {
    let all = view.evidence.exchanges_for(operation);
    let foreign: Vec<Exchange<'_>> = all
        .filter(|one| matches!(one.variation, Variation::By(_)))
        .collect();
    let Some(last) = foreign.last() else {
        return unseen(view, "nobody else tried to end the login");
    };
    let shown = |variation: &Variation| {
        [Operation::Renew, Operation::UserInfo]
            .map(|operation| every(view, operation, variation))
            .concat()
    };
    let before = control(view, Operation::Renew, &BEFORE)?;
    let mut after = shown(&AFTER);
    after.retain(|one| one.seq > last.seq);
    let worked = |one: &&Exchange<'_>| {
        let before = every(view, one.operation, &BEFORE);
        before.iter().any(Exchange::is_served)
    };
    let said: Vec<String> = foreign.iter().map(Exchange::sentence).collect();
    let said = said.join(", ");
    let dead = after.iter().filter(|one| one.is_refused()).find(worked);
    if let (Some(dead), Some(proof)) = (dead, Proof::all(&foreign)) {
        let seen = format!("{said}; then {}", dead.sentence());
        return Ok(Finding::broken("the login lives on", seen, proof.and(dead)).beside(before));
    }
    settled(view, &foreign)?;
    settled(view, &after)?;
    let ended = made(view, operation, own)?;
    let renewals = every(view, Operation::Renew, after_own);
    settled(view, &[ended])?;
    settled(view, &renewals)?;
    let is_over = !renewals.is_empty() && renewals.iter().all(Exchange::is_refused);
    if !is_over {
        return unseen(view, "its own client did not end the login either");
    }
    match (
        Proof::all(&foreign),
        Proof::all(&after),
        Proof::all(&renewals),
    ) {
        (Some(proof), Some(alive), Some(over)) => {
            Ok(Finding::met(said, proof.and(alive)).beside(over.and(ended)))
        }
        _ => unseen(view, "the login was not used afterwards"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const GONE: &str = r#"{"error":"invalid_grant"}"#;

    fn renewed(log: Log, phrase: &str, works: bool) -> Log {
        match works {
            true => log.exchange("renew", phrase, 200, TOKEN),
            false => log.exchange("renew", phrase, 400, GONE),
        }
    }

    fn grade_of(failure: BadReply) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Unobserved,
        }
    }

    #[test]
    fn a_revoked_refresh_token_gives_nothing() {
        let log = |before, (status, body): (u16, &str), after| {
            let log = renewed(Log::new(), "token 1 before", before);
            let log = log.exchange("revoke", "of the refresh token", status, body);
            renewed(log, "after the revocation", after)
        };
        let (done, invalid) = ((200, ""), (200, r#"{"error":"invalid_token"}"#));
        check(&log(true, done, false), "REV-16", Grade::Met);
        check(&log(true, done, true), "REV-16", Grade::Broken);
        check(&log(true, invalid, true), "REV-16", Grade::Broken);
        check(&log(false, done, true), "REV-16", Grade::Unobserved);
        check(&log(true, (404, "{}"), true), "REV-16", Grade::Unobserved);
        let unsupported = (400, r#"{"error":"unsupported_token_type"}"#);
        check(&log(true, unsupported, true), "REV-16", Grade::Broken);
        let unused = renewed(Log::new(), "token 1 before", true);
        check(&unused, "REV-16", Grade::Unobserved);
        for failure in FAILURES {
            let log = || {
                let log = renewed(Log::new(), "token 1 before", true);
                log.exchange("revoke", "of the refresh token", 200, "")
            };
            let log = log().failed("renew", "after the revocation", failure);
            check(&log, "REV-16", grade_of(failure));
        }
    }

    /// Used, tried to end by somebody else, used, ended by its own client, used.
    fn log(row: &str, foreign: u16, works: [bool; 3]) -> Log {
        let (word, own, over) = match row {
            "REV-17" => ("revoke", "of the refresh token", "after the revocation"),
            _ => ("logout", "", "after its end"),
        };
        let log = renewed(Log::new(), "token 1 before", works[0]);
        let log = log.exchange(word, "by another client", foreign, "");
        let log = renewed(log, "token 1 after", works[1]);
        renewed(log.exchange(word, own, 200, ""), over, works[2])
    }

    #[test]
    fn its_own_client_ends_a_login_and_no_other() {
        for row in ["REV-17", "REV-18"] {
            check(&log(row, 400, [true, true, false]), row, Grade::Met);
            check(&log(row, 200, [true, true, false]), row, Grade::Met);
            check(&log(row, 200, [true, false, false]), row, Grade::Broken);
            check(&log(row, 400, [true, false, false]), row, Grade::Broken);
            check(&log(row, 400, [true, true, true]), row, Grade::Unobserved);
            check(
                &log(row, 400, [false, false, false]),
                row,
                Grade::Unobserved,
            );
            check(&log(row, 500, [true, true, false]), row, Grade::Unobserved);
            let alone = renewed(Log::new(), "token 1 before", true);
            check(&alone, row, Grade::Unobserved);
        }
        for failure in FAILURES {
            let log = renewed(Log::new(), "token 1 before", true);
            let log = log.failed("revoke", "by another client", failure);
            let log = renewed(log, "token 1 after", true);
            let log = log.exchange("revoke", "of the refresh token", 200, "");
            let log = renewed(log, "after the revocation", false);
            check(&log, "REV-17", grade_of(failure));
        }
    }
}
