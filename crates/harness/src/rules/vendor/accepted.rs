//! Requests that differ from the documented one in nothing that counts.

use serde_json::Value;

use super::refusal::login_of;
use crate::evidence::{Exchange, Operation, Reaction};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BAS-07", logins),
    Rule::vendor("BRR-04", calls),
    Rule::vendor("BRR-05", calls),
    Rule::vendor("HTT-03", calls),
    Rule::vendor("SIG-15", calls),
    Rule::vendor("TOK-06", logins),
    Rule::vendor("TOK-15", logins),
    Rule::vendor("TOK-26", logins_alike),
];

fn logins(view: &View<'_>) -> Finding {
    each_is_served(view, login_of(view))
}

fn calls(view: &View<'_>) -> Finding {
    each_is_served(view, Operation::Call)
}

/// Each varied login is served, and its reply has the members of the documented one's.
fn logins_alike(view: &View<'_>) -> Finding {
    let finding = each_is_served(view, login_of(view));
    let documented = view.evidence.documented(login_of(view));
    let Some(first) = documented.into_iter().find(Exchange::is_served) else {
        return finding;
    };
    if finding.grade() != Grade::Met {
        return finding;
    }
    let wanted = names(&first.json());
    let other = view
        .evidence
        .varied(login_of(view))
        .find(|exchange| names(&exchange.json()) != wanted);
    match other {
        Some(other) => {
            let seen = format!("{}: {}", other.sentence(), names(&other.json()).join(", "));
            Finding::broken(wanted.join(", "), seen, other).beside(first)
        }
        None => finding,
    }
}

fn names(reply: &Value) -> Vec<String> {
    let mut names: Vec<String> = reply
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    names.sort_unstable();
    names
}

/// Each varied request of `operation` gets what the documented one got, which was served.
fn each_is_served(view: &View<'_>, operation: Operation) -> Finding {
    let documented = view.evidence.documented(operation);
    let control = documented.into_iter().find(Exchange::is_served);
    let Some(control) = control else {
        return unobserved(view, &format!("no documented {operation} was served"));
    };
    let varied: Vec<Exchange<'_>> = view.evidence.varied(operation).collect();
    let Some(proof) = Proof::all(&varied) else {
        return unobserved(view, &format!("no varied {operation} was made"));
    };
    let expected = "the answer to the documented request";
    let worst = |wanted: &dyn Fn(Reaction) -> bool| {
        let mut varied = varied.iter().copied();
        varied.find(|exchange| wanted(exchange.reaction()))
    };
    let refused = worst(&|reaction| {
        matches!(
            reaction,
            Reaction::Refused | Reaction::Failed(_) | Reaction::Redirected
        )
    });
    if let Some(refused) = refused {
        let grade = match view.expected.deviation_tolerated {
            _ if view
                .expected
                .documented_statuses
                .contains(&refused.status()) =>
            {
                Grade::Fact
            }
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        let seen = refused.sentence();
        return Finding::deviation(grade, expected, seen, refused).beside(control);
    }
    if let Some(gone) = worst(&|reaction| matches!(reaction, Reaction::Gone(_))) {
        return Finding::gone(gone.sentence(), gone);
    }
    if let Some(throttled) = worst(&|reaction| reaction == Reaction::Throttled) {
        return unobserved(view, &throttled.sentence()).seen_in(throttled);
    }
    Finding::met(format!("{} accepted", varied.len()), proof).beside(control)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    #[test]
    fn what_differs_in_nothing_is_accepted_or_not() {
        let login = |status, body: &str| {
            Log::new().exchange("login", "", 200, TOKEN).exchange(
                "login",
                "with a parameter that nobody knows",
                status,
                body,
            )
        };
        check(&login(200, TOKEN), "TOK-15", Grade::Met);
        check(&login(400, "{}"), "TOK-15", Grade::Broken);
        check(&login(429, "{}"), "TOK-15", Grade::Unobserved);
        check(&login(400, "{}"), "TOK-06", Grade::Tolerated);
        check(
            &Log::new().exchange("login", "", 200, TOKEN),
            "TOK-15",
            Grade::Unobserved,
        );
        let alone = Log::new().exchange("login", "with a parameter that nobody knows", 400, "{}");
        check(&alone, "TOK-15", Grade::Unobserved);
        let more = r#"{"access_token":"t-0123","scope":"a"}"#;
        check(&login(200, more), "TOK-26", Grade::Broken);
        check(&login(200, TOKEN), "TOK-26", Grade::Met);
    }

    #[test]
    fn a_scheme_in_capitals_is_accepted_or_not() {
        let call = |status| {
            Log::new().exchange("call", "", 200, "{}").exchange(
                "call",
                "with the scheme BEARER",
                status,
                "{}",
            )
        };
        check(&call(200), "BRR-05", Grade::Met);
        check(&call(401), "BRR-05", Grade::Tolerated);
        for failure in FAILURES {
            let log = Log::new().failed("call", "", failure);
            check(&log, "BRR-05", Grade::Unobserved);
        }
    }
}
