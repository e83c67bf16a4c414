//! Registrations that lack what is mandatory.

use super::deviation::Deviations;
use crate::evidence::{Exchange, Failure, Operation, Reaction};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-66", lacking_registrations_are_refused)];

/// Each registration, all of which lack something mandatory, is answered with the documented status,
/// beside a call that is served: who may not register at all is refused otherwise, which says nothing.
fn lacking_registrations_are_refused(view: &View<'_>) -> Finding {
    let status = view.expected.status.unwrap_or(422);
    let (mut wrong, mut odd) = (Deviations::default(), Deviations::default());
    let (mut refused, mut unanswered) = (Vec::new(), None);
    let expected = status.to_string();
    for asked in view.evidence.documented(Operation::Create) {
        let seen = asked.sentence();
        match asked.reaction() {
            Reaction::Served => wrong.add(&expected, format!("{seen}: accepted"), asked),
            Reaction::Gone(_) => unanswered = gone(&asked),
            Reaction::Refused if asked.status() == status => refused.push(asked),
            Reaction::Failed(Failure::ServerError) => wrong.add(&expected, seen, asked),
            Reaction::Refused if !matches!(asked.status(), 401 | 403 | 404) => {
                odd.add(&expected, seen, asked);
            }
            _ => unanswered = Some(unobserved(view, &seen).seen_in(asked)),
        }
    }
    let found = wrong.broken().or_else(|| odd.finding(Grade::Tolerated));
    if let Some(finding) = found.or(unanswered) {
        return finding;
    }
    let mut calls = view.evidence.documented(Operation::Call);
    let control = calls.find(Exchange::is_served);
    match (Proof::all(&refused), control) {
        (Some(proof), Some(control)) => {
            Finding::met(format!("{} refused", refused.len()), proof).beside(control)
        }
        (Some(proof), None) => unobserved(view, "no call was served beside it").seen_in(proof),
        (None, _) => unobserved(view, "nobody was registered"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    #[test]
    fn a_registration_names_what_is_mandatory() {
        let log = |call, created| {
            Log::new()
                .exchange("call", "", call, "{}")
                .exchange("create", "", created, "{}")
        };
        check(&log(200, 422), "VEN-66", Grade::Met);
        check(&log(200, 200), "VEN-66", Grade::Broken);
        check(&log(200, 500), "VEN-66", Grade::Broken);
        check(&log(200, 400), "VEN-66", Grade::Tolerated);
        check(&log(200, 403), "VEN-66", Grade::Unobserved);
        check(&log(200, 429), "VEN-66", Grade::Unobserved);
        check(&log(403, 422), "VEN-66", Grade::Unobserved);
        check(&Log::new(), "VEN-66", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().exchange("call", "", 200, "{}");
            let log = log.failed("create", "", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                BadReply::ServerError => Grade::Broken,
                _ => Grade::Unobserved,
            };
            check(&log, "VEN-66", grade);
        }
    }
}
