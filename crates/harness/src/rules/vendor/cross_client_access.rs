//! What belongs to one client and is asked for by others.

use super::effect::{Step, all_refused, concluded, precondition, unseen};
use crate::evidence::{Exchange, Operation, Other, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-32", |view| {
    concluded(others_denied(view))
})];

/// Nobody but its owner reads what was created: each other reader, who is served elsewhere, is
/// refused.
fn others_denied(view: &View<'_>) -> Step<Finding> {
    let others: Vec<Exchange<'_>> = view.evidence.varied(Operation::Read).collect();
    if others.is_empty() {
        return unseen(view, "nobody else asked for it");
    }
    let proof = all_refused(view, &others)?;
    let mut controls = vec![precondition(view, Operation::Read, &Variation::Documented)?];
    for read in &others {
        let reader = match read.variation {
            Variation::By(other) => *other,
            _ => Other::Tenant,
        };
        let elsewhere = Variation::By(reader);
        controls.push(precondition(view, Operation::OtherCall, &elsewhere)?);
    }
    match Proof::all(&controls) {
        Some(control) => {
            Ok(Finding::met(format!("{} refused", others.len()), proof).beside(control))
        }
        None => unseen(view, "nobody was served"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const OTHER: &str = "as another client";

    fn log(owner: u16, control: u16, other: u16) -> Log {
        Log::new()
            .exchange("read", "", owner, "{}")
            .exchange("other call", OTHER, control, "[]")
            .exchange("read", OTHER, other, "{}")
    }

    #[test]
    fn others_get_nothing_beside_an_owner_who_does() {
        check(&log(200, 200, 403), "VEN-32", Grade::Met);
        check(&log(200, 200, 404), "VEN-32", Grade::Met);
        check(&log(200, 200, 200), "VEN-32", Grade::Broken);
        check(&log(404, 200, 403), "VEN-32", Grade::Unobserved);
        check(&log(200, 401, 401), "VEN-32", Grade::Unobserved);
        let alone = Log::new().exchange("read", "", 200, "{}");
        check(&alone, "VEN-32", Grade::Unobserved);
    }

    #[test]
    fn each_reader_is_served_elsewhere() {
        let tenant = "as a client of another tenant";
        let naming = "as a client of another tenant with the owner's tenant";
        let log = |control| {
            log(200, 200, 403)
                .exchange("other call", tenant, control, "[]")
                .exchange("read", tenant, 404, "{}")
                .exchange("read", naming, 403, "{}")
        };
        check(&log(200), "VEN-32", Grade::Met);
        check(&log(401), "VEN-32", Grade::Unobserved);
    }

    #[test]
    fn a_failure_keeps_nothing_back() {
        for failure in FAILURES {
            let log = Log::new()
                .exchange("read", "", 200, "{}")
                .exchange("other call", OTHER, 200, "[]")
                .failed("read", OTHER, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "VEN-32", grade);
        }
    }
}
