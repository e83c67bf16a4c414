//! Calls that a live token has no permission for (RFC 6750 §3.1).

use crate::evidence::{CallVariation, Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[Rule::vendor("BRR-14", says_forbidden)];

/// Each call without permission is answered with 403, beside one that is served to a token with it.
fn says_forbidden(view: &View<'_>) -> Finding {
    let poor = Variation::Call(CallVariation::WithoutPermission);
    let calls = view
        .evidence
        .exchanges()
        .filter(|call| *call.variation == poor);
    let worst = calls
        .map(|call| judged(view, &call))
        .max_by_key(Finding::grade);
    worst.unwrap_or_else(|| unobserved(view, "no call without permission was made"))
}

fn judged(view: &View<'_>, call: &Exchange<'_>) -> Finding {
    let control = view
        .evidence
        .documented(call.operation)
        .find(Exchange::is_served);
    let documented = &view.expected.documented_statuses;
    let expected = "403 for a token without permission";
    let grade = match call.reaction() {
        Reaction::Gone(_) => return Finding::gone(call.sentence(), call),
        Reaction::Refused if call.status() == 403 => Grade::Met,
        Reaction::Refused if documented.contains(&call.status()) => Grade::Fact,
        // No page says that userinfo needs the scope openid.
        Reaction::Served if call.operation == Operation::UserInfo => Grade::Fact,
        // What needs a permission is open to anybody with a token.
        Reaction::Served => Grade::Severe,
        Reaction::Refused => Grade::Broken,
        reaction => {
            let what = format!("not graded: {} ({})", call.sentence(), reaction.words());
            return unobserved(view, &what).seen_in(call);
        }
    };
    let Some(control) = control else {
        // Whoever is refused everywhere lacks more than a permission.
        return unobserved(view, "no call was served to a token with permission").seen_in(call);
    };
    let finding = match grade {
        Grade::Met => Finding::met(call.sentence(), call),
        grade => Finding::deviation(grade, expected, call.sentence(), call),
    };
    finding.beside(control)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const POOR: &str = "without permission";

    fn log(rich: u16, poor: u16) -> Log {
        Log::new()
            .exchange("call", "", rich, "{}")
            .exchange("call", POOR, poor, "{}")
    }

    #[test]
    fn who_may_not_is_told_so_or_not() {
        check(&log(200, 403), "BRR-14", Grade::Met);
        check(&log(200, 401), "BRR-14", Grade::Broken);
        check(&log(200, 200), "BRR-14", Grade::Severe);
        let two = |poor, other| log(200, poor).exchange("call", POOR, other, "{}");
        check(&two(403, 200), "BRR-14", Grade::Severe);
        check(&two(200, 403), "BRR-14", Grade::Severe);
        check(&two(403, 403), "BRR-14", Grade::Met);
        check(&log(200, 404), "BRR-14", Grade::Broken);
        check(&log(200, 404), "BRR-14@pattern", Grade::Fact);
        check(&log(401, 401), "BRR-14", Grade::Unobserved);
        check(&log(200, 429), "BRR-14", Grade::Unobserved);
        let at_userinfo = |poor: u16| {
            Log::new()
                .exchange("userinfo", "", 200, "{}")
                .exchange("userinfo", POOR, poor, "{}")
        };
        check(&at_userinfo(403), "BRR-14@corti", Grade::Met);
        check(&at_userinfo(401), "BRR-14@corti", Grade::Broken);
        check(&at_userinfo(200), "BRR-14@corti", Grade::Fact);
        let alone = Log::new().exchange("call", "", 200, "{}");
        check(&alone, "BRR-14", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = Log::new().exchange("call", "", 200, "{}");
            check(&log.failed("call", POOR, failure), "BRR-14", grade);
        }
    }
}
