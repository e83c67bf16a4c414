//! Calls without a signature, where calls have to be signed (AWS Signature Version 4).

use super::refusal::refused_beside;
use crate::evidence::{Exchange, Operation, SignedVariation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("SIG-09", unsigned_calls_are_refused)];

/// No call without a signature is served, and none gets as far as a signed one.
fn unsigned_calls_are_refused(view: &View<'_>) -> Finding {
    let is_unsigned = |exchange: &Exchange<'_>| matches!(exchange.variation, Variation::Signed(special) if special.is_unsigned());
    let is_documented = |exchange: &Exchange<'_>| exchange.is_documented();
    let refused = refused_beside(view, Operation::Call, is_unsigned, is_documented);
    if !matches!(refused.grade(), Grade::Met | Grade::Unobserved) {
        return refused;
    }
    let mut calls = view.evidence.varied(Operation::Call);
    let passed = calls.find_map(|call| {
        let signed = is_unsigned(&call).then(|| answered_alike(view, &call))?;
        signed.map(|signed| (call, signed))
    });
    match passed {
        Some((call, signed)) => {
            let seen = format!("{}, as the same signed call was", call.sentence());
            let expected = "refused before anybody looks for the thing";
            Finding::broken(expected, seen, Proof::from(&call)).beside(signed)
        }
        None => refused,
    }
}

/// The signed call for the same thing that was answered just as this one: that there is no such thing.
/// It counts where a path that nobody knows is answered otherwise, so that it was the thing that was
/// looked for.
fn answered_alike<'a>(view: &View<'a>, call: &Exchange<'a>) -> Option<Exchange<'a>> {
    let answer = |exchange: &Exchange<'a>| {
        let reply = exchange.reply?;
        (reply.status == 404).then_some(reply.body.as_str())
    };
    let unknown = Variation::Signed(SignedVariation::UnknownPath);
    let unknown = view.evidence.first(Operation::Call, &unknown)?;
    let told = answer(call)?;
    if !unknown.is_refused() || answer(&unknown) == Some(told) {
        return None;
    }
    view.evidence.varied(Operation::Call).find(|signed| {
        matches!(signed.variation, Variation::Signed(special) if special.is_correct())
            && signed.request.method == call.request.method
            && signed.request.target == call.request.target
            && answer(signed) == Some(told)
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const NONE: &str = r#"{"message":"Task not found"}"#;
    const ROUTE: &str = r#"{"message":"Missing Authentication Token"}"#;

    fn plain() -> Log {
        Log::new().exchange("call", "", 200, "[]")
    }

    #[test]
    fn whatever_stands_for_a_signature_is_refused() {
        for phrase in [
            "unsigned GET",
            "unsigned DELETE",
            "unsigned GET at the second API",
            "with the access token for a signature",
            "with Bearer and the id token for a signature",
            "with the session token alone",
        ] {
            let log = |status| plain().exchange("call", phrase, status, "{}");
            check(&log(403), "SIG-09", Grade::Met);
            check(&log(200), "SIG-09", Grade::Broken);
            check(&log(500), "SIG-09", Grade::Broken);
            check(&log(429), "SIG-09", Grade::Unobserved);
            let alone = Log::new().exchange("call", phrase, 403, "{}");
            check(&alone, "SIG-09", Grade::Unobserved);
        }
        check(&plain(), "SIG-09", Grade::Unobserved);
        for failure in FAILURES {
            let log = plain().failed("call", "unsigned GET", failure);
            assert!(log_grade(&log) > Grade::Met, "{failure:?}");
        }
    }

    fn log_grade(log: &Log) -> Grade {
        let rule = crate::rules::find("SIG-09", locum_core::requirement::Judge::Vendor);
        log.judge(rule.expect("a rule")).grade()
    }

    /// A thing that does not exist was no reason to look for it.
    #[test]
    fn an_unsigned_call_gets_no_further_than_the_guard() {
        let log = |unsigned: (u16, &str), signed: (u16, &str), route: (u16, &str)| {
            plain()
                .exchange(
                    "call",
                    "unsigned GET of an unknown item",
                    unsigned.0,
                    unsigned.1,
                )
                .exchange("call", "of an unknown item", signed.0, signed.1)
                .exchange(
                    "call",
                    "signed, on a path that nobody knows",
                    route.0,
                    route.1,
                )
        };
        let (none, denied) = ((404, NONE), (403, ROUTE));
        check(&log(denied, none, denied), "SIG-09", Grade::Met);
        check(&log(none, none, denied), "SIG-09", Grade::Broken);
        // No such route, for all that is known.
        check(&log(none, none, none), "SIG-09", Grade::Met);
        // Nor is it known where the vendor failed on it.
        check(&log(none, none, (503, "{}")), "SIG-09", Grade::Met);
        check(&log(none, none, (429, "{}")), "SIG-09", Grade::Met);
        check(&log((404, "{}"), none, denied), "SIG-09", Grade::Met);
        check(&log(none, denied, denied), "SIG-09", Grade::Met);
    }
}
