//! With which status a call without a right signature is refused.

use super::deviation::Deviations;
use crate::evidence::{Exchange, Operation, SignedVariation, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("SIG-18", refusals_are_forbidden)];

/// Clients read missing proof from these alone: API Gateway's own status, and that of RFC 9110 §15.5.2.
const STATUSES: [u16; 2] = [403, 401];

/// Whether a refusal of it is one of its signature. A call to another host may be refused by what stands
/// in front of the vendor, which knows nobody of that name.
fn lacks_a_signature(call: &Exchange<'_>) -> bool {
    match call.variation {
        Variation::Signed(SignedVariation::HostChanged) => false,
        Variation::Signed(special) => !special.is_correct(),
        _ => false,
    }
}

/// Each call that is refused for its signature is refused with one of them. Whether it should have been
/// refused, other rows ask.
fn refusals_are_forbidden(view: &View<'_>) -> Finding {
    let calls = view.evidence.exchanges_for(Operation::Call);
    let refused: Vec<Exchange<'_>> = calls
        .filter(|call| lacks_a_signature(call) && call.is_refused())
        .collect();
    let mut wrong = Deviations::default();
    for call in &refused {
        if !STATUSES.contains(&call.status()) {
            wrong.add("403 or 401", call.sentence(), call);
        }
    }
    let mut served = view.evidence.documented(Operation::Call);
    let control = served.find(Exchange::is_served);
    match (wrong.broken(), Proof::all(&refused), control) {
        (Some(broken), _, Some(control)) => broken.beside(control),
        (Some(broken), _, None) => broken,
        (None, Some(proof), Some(control)) => {
            Finding::met(format!("{} refused so", refused.len()), proof).beside(control)
        }
        (None, Some(proof), None) => {
            unobserved(view, "no signed call was served beside it").seen_in(proof)
        }
        (None, None, _) => unobserved(view, "no call was refused for its signature"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const BENT: &str = "with half a signature";

    #[test]
    fn a_wrong_signature_is_forbidden_or_not() {
        let log = |status| {
            Log::new()
                .exchange("call", "", 200, "[]")
                .exchange("call", BENT, status, "{}")
        };
        check(&log(403), "SIG-18", Grade::Met);
        check(&log(401), "SIG-18", Grade::Met);
        check(&log(400), "SIG-18", Grade::Broken);
        check(&log(404), "SIG-18", Grade::Broken);
        // Who stands in front has nobody of another host's name.
        for status in [404, 421] {
            let host = "with another host after signing";
            let fronted = log(403).exchange("call", host, status, "");
            check(&fronted, "SIG-18", Grade::Met);
        }
        // Other rows ask whether it was refused.
        check(&log(200), "SIG-18", Grade::Unobserved);
        let alone = Log::new().exchange("call", BENT, 403, "{}");
        check(&alone, "SIG-18", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("call", "", 200, "[]")
                .failed("call", BENT, failure);
            check(&log, "SIG-18", Grade::Unobserved);
        }
        let missing = Log::new().exchange("call", "", 200, "[]").exchange(
            "call",
            "of an unknown item",
            404,
            "{}",
        );
        check(&missing, "SIG-18", Grade::Unobserved);
    }
}
