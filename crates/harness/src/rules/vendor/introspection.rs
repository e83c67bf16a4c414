//! Introspection (RFC 7662): who may ask, and what is said of a live token and of a dead one.

use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, every, precondition, settled, unseen};
use crate::evidence::{
    CallVariation, Exchange, LoginVariation, Operation, Other, Reaction, Variation,
};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("INT-01", |view| concluded(callers_are_authorised(view))),
    Rule::vendor("INT-02", |view| concluded(active_is_a_boolean(view))),
    Rule::vendor("INT-03", |view| concluded(the_dead_are_not_described(view))),
    Rule::vendor("INT-04", |view| concluded(strangers_get_401(view))),
    Rule::vendor("INT-05", |view| {
        concluded(others_tokens_are_not_known(view))
    }),
];

/// The introspection of the live token by its own client.
fn control<'a>(view: &View<'a>) -> Step<Exchange<'a>> {
    precondition(view, Operation::Introspect, &Variation::Documented)
}

/// Those by GET, or by a caller that is not authenticated.
fn of_strangers<'a>(view: &View<'a>, by_get: bool) -> Vec<Exchange<'a>> {
    view.evidence
        .varied(Operation::Introspect)
        .filter(|exchange| match exchange.variation {
            Variation::Login(LoginVariation::Method(_)) => by_get,
            Variation::Login(_) => true,
            _ => false,
        })
        .collect()
}

/// Those of a token that lives no more, or never did.
fn of_dead_tokens<'a>(view: &View<'a>) -> Vec<Exchange<'a>> {
    // A token lives on after a revocation that was refused.
    let revoked = view.evidence.documented(Operation::Revoke);
    let revoked = revoked.into_iter().any(|exchange| exchange.is_served());
    view.evidence
        .varied(Operation::Introspect)
        .filter(|exchange| match exchange.variation {
            Variation::AfterRevocation => revoked,
            Variation::Call(CallVariation::UnknownToken) => true,
            _ => false,
        })
        .collect()
}

/// A GET and a caller that nobody knows get nothing of a token.
fn callers_are_authorised(view: &View<'_>) -> Step<Finding> {
    let control = control(view)?;
    let strangers = of_strangers(view, true);
    let mut wrong = Deviations::default();
    for exchange in &strangers {
        let body = exchange.json();
        let tells =
            body.as_object()
                .into_iter()
                .flatten()
                .any(|(name, value)| match name.as_str() {
                    "active" => value == true,
                    name => !["error", "error_description", "error_uri"].contains(&name),
                });
        if exchange.is_served() && tells {
            wrong.add(
                "no token data",
                format!("{}: it told {body}", exchange.sentence()),
                exchange,
            );
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken.beside(control));
    }
    Ok(refused_or_unseen(view, &strangers)?.beside(control))
}

/// A caller that fails to authenticate gets 401.
fn strangers_get_401(view: &View<'_>) -> Step<Finding> {
    let control = control(view)?;
    let strangers = of_strangers(view, false);
    let (mut wrong, mut tolerated) = (Deviations::default(), Deviations::default());
    for exchange in &strangers {
        let seen = exchange.sentence();
        match exchange.status() {
            401 => {}
            403 => tolerated.add("401", seen, exchange),
            200..=299 => wrong.add("401", seen, exchange),
            _ if exchange.reaction() == Reaction::Refused => {
                let what = format!("not graded: {seen}");
                return Err(Box::new(unobserved(view, &what).seen_in(exchange)));
            }
            _ => {}
        }
    }
    if let Some(finding) = wrong
        .broken()
        .or_else(|| tolerated.finding(Grade::Tolerated))
    {
        return Ok(finding.beside(control));
    }
    Ok(refused_or_unseen(view, &strangers)?.beside(control))
}

/// All of them were answered, and in HTTP.
fn refused_or_unseen(view: &View<'_>, strangers: &[Exchange<'_>]) -> Step<Finding> {
    if let Some(gone) = strangers.iter().find_map(gone) {
        return Err(Box::new(gone));
    }
    let unclear = strangers
        .iter()
        .find(|exchange| !(exchange.is_served() || exchange.is_refused()));
    if let Some(unclear) = unclear {
        let what = format!("{} ({})", unclear.sentence(), unclear.reaction().words());
        return Err(Box::new(unobserved(view, &what).seen_in(unclear)));
    }
    match Proof::all(strangers) {
        Some(proof) => Ok(Finding::met(
            format!("{} got nothing", strangers.len()),
            proof,
        )),
        None => unseen(view, "no such introspection was made"),
    }
}

/// `active` is true of the live token and false of the dead ones, each time as a boolean.
fn active_is_a_boolean(view: &View<'_>) -> Step<Finding> {
    let live = control(view)?;
    let active = live.json()["active"].clone();
    if active == false && !is_for_caller(view) {
        let what = "the live token is not for the client that asked, which may be told nothing";
        return Err(Box::new(unobserved(view, what).seen_in(live)));
    }
    let mut wrong = Deviations::default();
    if active != true {
        wrong.add(
            "active true of a live token",
            format!("active {active}"),
            live,
        );
    }
    let dead = of_dead_tokens(view);
    for exchange in &dead {
        if let Some(gone) = gone(exchange) {
            return Err(Box::new(gone));
        }
        let active = exchange.json()["active"].clone();
        let words = exchange.words();
        match exchange.reaction() {
            Reaction::Served | Reaction::Refused if active == false => {}
            Reaction::Served => {
                wrong.add(
                    "active false",
                    format!("{words}: active {active}"),
                    exchange,
                );
            }
            Reaction::Refused => wrong.add("active false", exchange.sentence(), exchange),
            reaction => {
                let what = format!("{} ({})", exchange.sentence(), reaction.words());
                return Err(Box::new(unobserved(view, &what).seen_in(exchange)));
            }
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    match Proof::all(&dead) {
        Some(proof) => Ok(Finding::met(
            "active true, and false of a dead token",
            proof.and(live),
        )),
        None => unseen(view, "no dead token was introspected"),
    }
}

/// A token that another tenant issued is not active, beside one's own that is.
fn others_tokens_are_not_known(view: &View<'_>) -> Step<Finding> {
    const OF_ANOTHER: Variation = Variation::Of(Other::Tenant);
    let asked = every(view, Operation::Introspect, &OF_ANOTHER);
    let told = |exchange: &&Exchange<'_>| exchange.json()["active"] == true;
    if let Some(proof) = Proof::all(asked.iter().filter(told)) {
        let seen = "active true of a token that another tenant issued";
        let broken = Finding::broken("active false", seen, proof);
        return Ok(match control(view) {
            Ok(control) => broken.beside(control),
            Err(_) => broken,
        });
    }
    settled(view, &asked)?;
    let by_other = Variation::By(Other::Tenant);
    precondition(view, Operation::OtherCall, &by_other)?;
    let own = control(view)?;
    if own.json()["active"] != true {
        let what = "active is not true of the caller's own token either";
        return Err(Box::new(unobserved(view, what).seen_in(own)));
    }
    match Proof::all(&asked) {
        Some(proof) => {
            let seen = "active is not true of a token of another tenant";
            Ok(Finding::met(seen, proof).beside(own))
        }
        None => unseen(view, "no token of another tenant was introspected"),
    }
}

/// Whether the client that asks stands in the audience of the token; one that cannot be read may
/// name it.
fn is_for_caller(view: &View<'_>) -> bool {
    let logins = super::login::issued(view);
    let Some(login) = logins.last() else {
        return true;
    };
    let Some((_, claims)) = view.evidence.jwt_of(login.seq) else {
        return true;
    };
    let Some(client) = super::issued_jwt::asking_client(view, &login) else {
        return true;
    };
    match &claims["aud"] {
        Value::Array(words) => words.contains(&client.into()),
        one => *one == client,
    }
}

/// A reply about a dead token has the one member.
fn the_dead_are_not_described(view: &View<'_>) -> Step<Finding> {
    let mut wrong = Deviations::default();
    let dead = of_dead_tokens(view);
    let told: Vec<&Exchange<'_>> = dead
        .iter()
        .filter(|exchange| exchange.json()["active"] == false)
        .collect();
    for exchange in &told {
        let body = exchange.json();
        let members = body.as_object().map_or(0, serde_json::Map::len);
        if exchange.status() != 200 {
            wrong.add("200", exchange.sentence(), *exchange);
        }
        if members != 1 {
            let seen = format!("{}: {members} members", exchange.words());
            wrong.add("active false and nothing else", seen, *exchange);
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    match Proof::all(told.iter().copied()) {
        Some(proof) => Ok(Finding::met("active false and nothing else", proof)),
        None => unseen(view, "nothing was told of a dead token"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const LIVE: &str = r#"{"active":true,"client_id":"a"}"#;
    const DEAD: &str = r#"{"active":false}"#;

    fn live() -> Log {
        Log::new().exchange("introspect", "", 200, LIVE)
    }

    #[test]
    fn strangers_are_told_nothing() {
        let log = |phrase, status, body| live().exchange("introspect", phrase, status, body);
        for phrase in [
            "without credentials",
            "with another client secret",
            "by GET",
        ] {
            check(&log(phrase, 401, "{}"), "INT-01", Grade::Met);
            check(&log(phrase, 200, DEAD), "INT-01", Grade::Met);
            check(&log(phrase, 200, LIVE), "INT-01", Grade::Broken);
            for failure in FAILURES {
                let log = live().failed("introspect", phrase, failure);
                assert_ne!(log.judge(rule("INT-01")).grade(), Grade::Met, "{failure:?}");
            }
        }
        check(&live(), "INT-01", Grade::Unobserved);
        let alone = Log::new().exchange("introspect", "by GET", 401, "");
        check(&alone, "INT-01", Grade::Unobserved);
    }

    #[test]
    fn strangers_get_one_status() {
        let log = |status| live().exchange("introspect", "without credentials", status, DEAD);
        check(&log(401), "INT-04", Grade::Met);
        check(&log(403), "INT-04", Grade::Tolerated);
        check(&log(200), "INT-04", Grade::Broken);
        check(&log(400), "INT-04", Grade::Unobserved);
        check(&log(500), "INT-04", Grade::Unobserved);
        check(&live(), "INT-04", Grade::Unobserved);
    }

    #[test]
    fn active_is_true_or_false() {
        let log = |live, dead| {
            Log::new().exchange("introspect", "", 200, live).exchange(
                "introspect",
                "with an unknown token",
                200,
                dead,
            )
        };
        check(&log(LIVE, DEAD), "INT-02", Grade::Met);
        check(&log(LIVE, LIVE), "INT-02", Grade::Broken);
        check(&log(DEAD, DEAD), "INT-02", Grade::Broken);
        check(&log(r#"{"active":"true"}"#, DEAD), "INT-02", Grade::Broken);
        check(&log(LIVE, r#"{"active":"false"}"#), "INT-02", Grade::Broken);
        check(&live(), "INT-02", Grade::Unobserved);
        for failure in FAILURES {
            let log = live().failed("introspect", "with an unknown token", failure);
            assert_ne!(log.judge(rule("INT-02")).grade(), Grade::Met, "{failure:?}");
        }
    }

    /// A server may tell of a token to nobody but its audience.
    #[test]
    fn one_who_is_not_in_the_audience_may_be_told_nothing() {
        let log = |aud: &str| {
            let claims = serde_json::json!({ "aud": aud });
            Log::new()
                .jwt("client_id=a&client_secret=b", "", &claims)
                .exchange("introspect", "", 200, DEAD)
                .exchange("introspect", "with an unknown token", 200, DEAD)
        };
        check(&log("account"), "INT-02", Grade::Unobserved);
        check(&log("a"), "INT-02", Grade::Broken);
    }

    /// A revocation that was refused has killed nothing.
    #[test]
    fn a_revoked_token_is_dead() {
        let log = |status| {
            live().exchange("revoke", "", status, "").exchange(
                "introspect",
                "after the revocation",
                200,
                LIVE,
            )
        };
        check(&log(200), "INT-02", Grade::Broken);
        check(&log(503), "INT-02", Grade::Unobserved);
    }

    #[test]
    fn a_token_of_another_tenant_is_not_active() {
        const OTHERS: &str = "of the token of a client of another tenant";
        let log = |own, call, status, body| {
            Log::new()
                .exchange("introspect", "", 200, own)
                .exchange("other call", "as a client of another tenant", call, "[]")
                .exchange("introspect", OTHERS, status, body)
        };
        check(&log(LIVE, 200, 200, DEAD), "INT-05", Grade::Met);
        check(&log(LIVE, 200, 400, "{}"), "INT-05", Grade::Met);
        check(&log(LIVE, 200, 200, LIVE), "INT-05", Grade::Broken);
        check(&log(DEAD, 401, 200, LIVE), "INT-05", Grade::Broken);
        check(&log(DEAD, 200, 200, DEAD), "INT-05", Grade::Unobserved);
        check(&log(LIVE, 401, 200, DEAD), "INT-05", Grade::Unobserved);
        check(&live(), "INT-05", Grade::Unobserved);
        for failure in FAILURES {
            let log = live().exchange("other call", "as a client of another tenant", 200, "[]");
            let log = log.failed("introspect", OTHERS, failure);
            assert_ne!(log.judge(rule("INT-05")).grade(), Grade::Met, "{failure:?}");
        }
    }

    #[test]
    fn a_dead_token_is_not_described() {
        let log = |body| live().exchange("introspect", "with an unknown token", 200, body);
        check(&log(DEAD), "INT-03", Grade::Met);
        check(
            &log(r#"{"active":false,"sub":"a"}"#),
            "INT-03",
            Grade::Broken,
        );
        check(&log(LIVE), "INT-03", Grade::Unobserved);
        check(&live(), "INT-03", Grade::Unobserved);
    }

    fn rule(id: &str) -> &'static crate::rules::Rule {
        let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
        rule.expect("a rule")
    }
}
