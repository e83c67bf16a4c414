//! Requests that differ from the documented one in nothing that counts.

use serde_json::Value;

use super::refusal::login_of;
use crate::evidence::{Exchange, LoginVariation, Operation, Reaction, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
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

/// The login that a varied one is compared with: the same content, in another order or spelling.
fn compared_with(variation: &Variation) -> Option<Variation> {
    let Variation::Login(change) = variation else {
        return None;
    };
    Some(match change {
        LoginVariation::Reversed => Variation::Documented,
        LoginVariation::ExtraFirst => Variation::Login(LoginVariation::Extra),
        LoginVariation::WithPercentSpaces(name, value) => {
            Variation::Login(LoginVariation::With(name.clone(), value.clone()))
        }
        LoginVariation::Raw(text) if text.contains("%20") => {
            Variation::Login(LoginVariation::Raw(text.replace("%20", "+")))
        }
        _ => return None,
    })
}

/// Logins of the same content are answered alike: with the same status and the same members.
fn logins_alike(view: &View<'_>) -> Finding {
    let operation = login_of(view);
    let (mut alike, mut controls) = (Vec::new(), Vec::new());
    let mut unseen = None;
    for login in view.evidence.varied(operation) {
        let other = compared_with(login.variation)
            .and_then(|other| view.evidence.first(operation, &other))
            .filter(Exchange::is_served);
        let Some(control) = other else {
            continue;
        };
        match login.reaction() {
            Reaction::Gone(_) => return Finding::gone(login.sentence(), login),
            Reaction::Throttled => unseen = Some(login),
            _ if (login.status(), names(&login.json()))
                != (control.status(), names(&control.json())) =>
            {
                let expected = format!("{}: {}", control.sentence(), told(&control));
                let seen = format!("{}: {}", login.sentence(), told(&login));
                return Finding::broken(expected, seen, login).beside(control);
            }
            _ => {
                alike.push(login);
                controls.push(control);
            }
        }
    }
    match (Proof::all(&alike), Proof::all(&controls), unseen) {
        (_, _, Some(throttled)) => unobserved(view, &throttled.sentence()).seen_in(throttled),
        (Some(proof), Some(control), None) => {
            Finding::met(format!("{} answered alike", alike.len()), proof).beside(control)
        }
        _ => unobserved(
            view,
            "no two logins of the same content were made and served",
        ),
    }
}

/// Whether other public servers refuse this variation, too.
fn is_tolerated(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let only = &view.expected.tolerated_variations;
    let phrase = exchange.variation.to_string();
    view.expected.deviation_tolerated && (only.is_empty() || only.contains(&phrase))
}

fn told(login: &Exchange<'_>) -> String {
    match names(&login.json()).join(", ") {
        none if none.is_empty() => "no members".to_owned(),
        names => names,
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
    let varied: Vec<Exchange<'_>> = view.evidence.varied(operation).collect();
    served_beside(view, operation, control, &varied)
}

/// Each of the `varied` requests gets what `control` got.
pub(super) fn served_beside(
    view: &View<'_>,
    operation: Operation,
    control: Option<Exchange<'_>>,
    varied: &[Exchange<'_>],
) -> Finding {
    let Some(control) = control else {
        return unobserved(view, &format!("no documented {operation} was served"));
    };
    let Some(proof) = Proof::all(varied) else {
        return unobserved(view, &format!("no varied {operation} was made"));
    };
    let expected = "the answer to the documented request";
    let worst = |wanted: &dyn Fn(Reaction) -> bool| {
        let mut varied = varied.iter().copied();
        varied.find(|exchange| wanted(exchange.reaction()))
    };
    let is_refused = |exchange: &&Exchange<'_>| {
        matches!(
            exchange.reaction(),
            Reaction::Refused | Reaction::Failed(_) | Reaction::Redirected
        )
    };
    let grade = |exchange: &&Exchange<'_>| {
        let documented = &view.expected.documented_statuses;
        match () {
            () if documented.contains(&exchange.status()) => Grade::Fact,
            () if is_tolerated(view, exchange) => Grade::Tolerated,
            () => Grade::Broken,
        }
    };
    if let Some(refused) = varied.iter().filter(is_refused).max_by_key(grade) {
        let grade = grade(&refused);
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
        let typed = |kind: &str| {
            let phrase = format!("with the content type {kind}");
            let log = Log::new().exchange("login", "", 200, TOKEN);
            log.exchange("login", &phrase, 415, "{}")
        };
        let (capitals, charset) = (
            "Application/X-WWW-Form-Urlencoded",
            "application/x-www-form-urlencoded; charset=UTF-8",
        );
        check(&typed(capitals), "TOK-06", Grade::Tolerated);
        check(&typed(charset), "TOK-06", Grade::Broken);
        check(
            &Log::new().exchange("login", "", 200, TOKEN),
            "TOK-15",
            Grade::Unobserved,
        );
        let alone = Log::new().exchange("login", "with a parameter that nobody knows", 400, "{}");
        check(&alone, "TOK-15", Grade::Unobserved);
    }

    #[test]
    fn what_differs_in_order_or_spelling_is_answered_alike_or_not() {
        let more = r#"{"access_token":"t-0123","scope":"a"}"#;
        let reversed = |status, body: &str| {
            Log::new().exchange("login", "", 200, TOKEN).exchange(
                "login",
                "with the parameters in the opposite order",
                status,
                body,
            )
        };
        check(&reversed(200, TOKEN), "TOK-26", Grade::Met);
        check(&reversed(200, more), "TOK-26", Grade::Broken);
        check(&reversed(400, "{}"), "TOK-26", Grade::Broken);
        check(&reversed(429, "{}"), "TOK-26", Grade::Unobserved);
        let extra = |behind: u16, front: u16| {
            let reply = |status| if status == 200 { TOKEN } else { "{}" };
            let (last, first) = (
                "with a parameter that nobody knows",
                "with a parameter that nobody knows in front",
            );
            Log::new()
                .exchange("login", last, behind, reply(behind))
                .exchange("login", first, front, reply(front))
        };
        check(&extra(200, 200), "TOK-26", Grade::Met);
        check(&extra(200, 400), "TOK-26", Grade::Broken);
        // Whoever refuses such a parameter anywhere is judged for that elsewhere.
        check(&extra(400, 400), "TOK-26", Grade::Unobserved);
        let spelled = Log::new()
            .exchange("login", "with the raw parameter x=a+b", 200, TOKEN)
            .exchange("login", "with the raw parameter x=a%20b", 400, "{}");
        check(&spelled, "TOK-26", Grade::Broken);
        let scope = Log::new()
            .exchange("login", "with scope openid email", 200, TOKEN)
            .exchange(
                "login",
                "with scope openid email with spaces as %20",
                200,
                TOKEN,
            );
        check(&scope, "TOK-26", Grade::Met);
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            check(&log, "TOK-26", Grade::Unobserved);
        }
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
