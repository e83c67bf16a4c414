//! Which is checked first: who calls, or what is asked for.

use super::deviation::Deviations;
use crate::evidence::{CallVariation, Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("BRR-21", authenticates_first)];

/// What is wrong with a call besides that it shows no token.
fn without_token<'a>(call: &Exchange<'a>) -> Option<&'a CallVariation> {
    match call.variation {
        Variation::Call(CallVariation::Both(what, other)) if **other == CallVariation::NoToken => {
            Some(what)
        }
        _ => None,
    }
}

/// Whether a request with a token was refused for what it asks for.
fn is_invalid(call: &Exchange<'_>) -> bool {
    call.is_refused() && !matches!(call.status(), 401 | 403)
}

/// A call without a token is refused for that, whatever else is wrong with it; beside the same call
/// with a token, which is refused for what it asks for.
fn authenticates_first(view: &View<'_>) -> Finding {
    let mut wrong = Deviations::default();
    let (mut refused, mut controls) = (Vec::new(), Vec::new());
    let mut unseen = None;
    for call in view.evidence.varied(Operation::Call) {
        let Some(what) = without_token(&call) else {
            continue;
        };
        let with_token = Variation::Call(what.clone());
        let control = view.evidence.first(Operation::Call, &with_token);
        // Whoever may not make that call with a token either learns nothing of the order.
        if control.is_some_and(|control| control.status() == 403) {
            continue;
        }
        match call.reaction() {
            Reaction::Refused if matches!(call.status(), 401 | 403) => {
                match control.filter(is_invalid) {
                    Some(control) => {
                        refused.push(call);
                        controls.push(control);
                    }
                    None => unseen = unseen.or(Some(call)),
                }
            }
            Reaction::Refused | Reaction::Served => {
                wrong.add("401 for a caller without a token", call.sentence(), call);
            }
            _ => unseen = unseen.or(Some(call)),
        }
    }
    if let Some(finding) = wrong.broken() {
        return finding;
    }
    match (Proof::all(&refused), Proof::all(&controls), unseen) {
        (Some(proof), Some(control), None) => {
            Finding::met(format!("{} refused for the token", refused.len()), proof).beside(control)
        }
        (_, _, Some(call)) => gone(&call).unwrap_or_else(|| {
            let what = "with a token the same call was not refused for what it asks for";
            unobserved(view, what).seen_in(call)
        }),
        _ => unobserved(view, "no invalid call without a token was made"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const WRONG: &str = "at /things/unknown";
    const BARE: &str = "at /things/unknown, and without a token";

    fn log(with: u16, without: u16) -> Log {
        Log::new()
            .exchange("call", WRONG, with, "{}")
            .exchange("call", BARE, without, "{}")
    }

    #[test]
    fn a_missing_token_is_seen_before_all_else_or_not() {
        let posted = |without| {
            let phrase = "by POST, and at /v1/x";
            let log = Log::new().exchange("call", phrase, 422, "{}");
            log.exchange(
                "call",
                &format!("{phrase}, and without a token"),
                without,
                "{}",
            )
        };
        check(&posted(401), "BRR-21", Grade::Met);
        check(&posted(422), "BRR-21", Grade::Broken);
        let barred = log(404, 401).exchange("call", "by POST", 403, "{}");
        let barred = barred.exchange("call", "by POST, and without a token", 401, "{}");
        check(&barred, "BRR-21", Grade::Met);
        check(&log(404, 401), "BRR-21", Grade::Met);
        check(&log(422, 403), "BRR-21", Grade::Met);
        check(&log(404, 404), "BRR-21", Grade::Broken);
        check(&log(404, 422), "BRR-21", Grade::Broken);
        check(&log(404, 200), "BRR-21", Grade::Broken);
        check(&log(200, 401), "BRR-21", Grade::Unobserved);
        check(&log(401, 401), "BRR-21", Grade::Unobserved);
        check(&log(404, 429), "BRR-21", Grade::Unobserved);
        let alone = Log::new().exchange("call", BARE, 401, "{}");
        check(&alone, "BRR-21", Grade::Unobserved);
        let half = log(404, 401).exchange("call", "with limit=0, and without a token", 401, "{}");
        check(&half, "BRR-21", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = Log::new().exchange("call", WRONG, 404, "{}");
            check(&log.failed("call", BARE, failure), "BRR-21", grade);
        }
    }
}
