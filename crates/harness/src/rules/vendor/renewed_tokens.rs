//! What the tokens of a refresh have in common with those of the login.

use std::collections::BTreeSet;

use serde_json::Value;

use super::effect::{Step, concluded, control, every, settled, unseen};
use super::refusal::renewal_of;
use crate::evidence::{Exchange, LoginVariation, Message, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REF-04", |view| concluded(grants_no_more(view))),
    Rule::vendor("REF-05", |view| concluded(rotates_or_not(view))),
    Rule::vendor("REF-17", |view| concluded(speaks_of_one_login(view))),
    Rule::vendor("REF-19", |view| concluded(gives_another_access_token(view))),
];

/// Two tokens of one second may be one text, because some have no `jti`.
const SECOND_S: f64 = 1.0;

/// A refresh token is used again after more than this, in seconds: a grace time may be a minute.
const GRACE_S: f64 = 60.0;

/// How the login is made whose refresh token is shown.
fn login_of_refresh(view: &View<'_>) -> Operation {
    match renewal_of(view) {
        Operation::Refresh => Operation::SignIn,
        _ => Operation::PersonLogin,
    }
}

fn claims<'a>(view: &View<'a>, exchange: &Exchange<'_>, members: [&str; 2]) -> Option<&'a Value> {
    let mut jwts = view.evidence.jwts_of(exchange.seq);
    let jwt = jwts.find(|jwt| members.contains(&jwt.member))?;
    Some(jwt.claims).filter(|claims| claims.is_object())
}

/// The words of the scope that a token reply grants, as it says and as its access token says.
fn scope(view: &View<'_>, exchange: &Exchange<'_>) -> Option<BTreeSet<String>> {
    let told = exchange.json()["scope"].as_str().map(str::to_owned);
    let access = claims(view, exchange, ["access_token", "AccessToken"]);
    let claimed = access.and_then(|claims| claims["scope"].as_str());
    let both = [told.as_deref(), claimed];
    both.iter().any(Option::is_some).then(|| {
        let words = both.into_iter().flatten().flat_map(str::split_whitespace);
        words.map(str::to_owned).collect()
    })
}

/// No refresh grants a word that the login did not, also when it is asked for one.
fn grants_no_more(view: &View<'_>) -> Step<Finding> {
    let renewal = renewal_of(view);
    let login = control(view, login_of_refresh(view), &Variation::Documented)?;
    let Some(first) = scope(view, &login) else {
        return unseen(view, "the login tells no scope");
    };
    let asks_more = |variation: &Variation| matches!(variation, Variation::Login(LoginVariation::With(name, _)) if name == "scope");
    let all: Vec<Exchange<'_>> = view
        .evidence
        .exchanges_for(renewal)
        .filter(|exchange| exchange.is_documented() || asks_more(exchange.variation))
        .collect();
    let mut grown = Vec::new();
    for refresh in all.iter().filter(|refresh| refresh.got_something()) {
        let more = scope(view, refresh).unwrap_or_default();
        let more: Vec<String> = more.difference(&first).cloned().collect();
        if !more.is_empty() {
            grown.push((refresh, more.join(" ")));
        }
    }
    if let Some(proof) = Proof::all(grown.iter().map(|(refresh, _)| *refresh)) {
        let seen: Vec<String> = grown
            .iter()
            .map(|(refresh, more)| format!("{}: {more} was added", refresh.sentence()))
            .collect();
        let expected = "no word beyond the scope of the login";
        return Ok(Finding::broken(expected, seen.join("; "), proof).beside(login));
    }
    settled(view, &all)?;
    let plain = control(view, renewal, &Variation::Documented)?;
    if scope(view, &plain).is_none() {
        return unseen(view, "the refresh tells no scope");
    }
    match Proof::all(all.iter().filter(|refresh| asks_more(refresh.variation))) {
        Some(proof) => Ok(Finding::met("no word was added", proof.and(plain)).beside(login)),
        None => unseen(view, "no refresh asked for more"),
    }
}

/// Whether the refresh token of a public client is replaced when it is used.
fn rotates_or_not(view: &View<'_>) -> Step<Finding> {
    let renewal = renewal_of(view);
    let first = control(view, renewal, &Variation::Documented)?;
    let late: Vec<Exchange<'_>> = every(view, renewal, &Variation::Again)
        .into_iter()
        .filter(|again| view.evidence.seconds_between(first.seq, again.seq) > GRACE_S)
        .collect();
    let again = Proof::all(late.iter().filter(|again| again.got_something()));
    if let Some(proof) = again {
        let grade = match view.expected.deviation_documented {
            true => Grade::Fact,
            false => Grade::Broken,
        };
        let expected = "a new refresh token, and an end of the old one";
        let seen = "the same refresh token works again after a minute";
        return Ok(Finding::deviation(grade, expected, seen, proof).beside(first));
    }
    settled(view, &late)?;
    let Some(proof) = Proof::all(&late) else {
        return unseen(view, "the refresh token was not used again after a minute");
    };
    let next = control(view, renewal, &Variation::WithReplacement)?;
    Ok(Finding::met("the refresh token was replaced", proof).beside(next))
}

/// The id token of a refresh is of the same issuer, subject, client and time of login.
fn speaks_of_one_login(view: &View<'_>) -> Step<Finding> {
    let members = ["id_token", "IdToken"];
    let login = control(view, login_of_refresh(view), &Variation::Documented)?;
    let Some(first) = claims(view, &login, members) else {
        return unseen(view, "the login gave no id token");
    };
    let renewals = every(view, renewal_of(view), &Variation::Documented);
    let mut wrong: Vec<String> = Vec::new();
    let mut proof: Option<Proof> = None;
    for refresh in &renewals {
        let Some(second) = claims(view, refresh, members) else {
            continue;
        };
        let this = Proof::from(refresh);
        proof = Some(match proof.take() {
            Some(known) => known.and(this),
            None => this,
        });
        for name in ["iss", "sub", "aud", "auth_time"] {
            let (old, new) = (&first[name], &second[name]);
            let differs = match name {
                "aud" => audience(old) != audience(new),
                // It is optional; a refresh may not invent another.
                "auth_time" => !old.is_null() && old != new,
                _ => old != new,
            };
            if differs {
                wrong.push(format!("{name} {old} became {new}"));
            }
        }
        if let (Some(old), Some(new)) = (first["iat"].as_f64(), second["iat"].as_f64())
            && new < old
        {
            wrong.push(format!("iat {old} became {new}"));
        }
    }
    wrong.dedup();
    let Some(proof) = proof else {
        settled(view, &renewals)?;
        return unseen(view, "no refresh gave an id token");
    };
    if !wrong.is_empty() {
        let expected = "iss, sub, aud and auth_time of the login, and iat not earlier";
        return Ok(Finding::broken(expected, wrong.join("; "), proof).beside(login));
    }
    Ok(Finding::met("the id token is of the same login", proof).beside(login))
}

/// The access token of a refresh is another one than those that were issued before it.
fn gives_another_access_token(view: &View<'_>) -> Step<Finding> {
    let renewals = every(view, Operation::Renew, &Variation::Documented);
    let issued: Vec<Exchange<'_>> = view
        .evidence
        .exchanges()
        .filter(|one| one.operation.asks_for_a_token() && one.is_served())
        .collect();
    let token = |exchange: &Exchange<'_>| exchange.reply.and_then(Message::token);
    let mut proof: Vec<Exchange<'_>> = Vec::new();
    let mut is_hasty = false;
    for renewal in renewals.iter().filter(|renewal| renewal.is_served()) {
        let before = issued.iter().take_while(|one| one.seq < renewal.seq);
        if before.clone().next().is_none() {
            continue;
        }
        let same = before.filter(|one| token(one) == token(renewal));
        // A token is as old as its answer at least, however long that took.
        let age = |one: &Exchange<'_>| view.evidence.seconds_between(one.answered, renewal.seq);
        match same.max_by(|one, other| age(one).total_cmp(&age(other))) {
            Some(first) if age(first) >= SECOND_S => {
                let seen = format!("{} with a token that was there before", renewal.sentence());
                let finding = Finding::broken("another access token", seen, renewal);
                return Ok(finding.beside(first));
            }
            Some(_) => is_hasty = true,
            None => proof.push(*renewal),
        }
    }
    settled(view, &renewals)?;
    match (Proof::all(&proof), issued.first()) {
        (Some(proof), Some(login)) if !is_hasty => {
            Ok(Finding::met("another access token each time", proof).beside(login))
        }
        _ => unseen(view, "no refresh gave a token a second after another"),
    }
}

/// The names in `aud`, which may be one text or a list.
fn audience(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(one) => BTreeSet::from([one.clone()]),
        Value::Array(list) => list
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            .collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str = r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i"}}"#;
    const ROTATED: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    fn signed_in(claims: &Value) -> Log {
        Log::of_a_user_pool()
            .exchange("sign-in", "", 200, TOKENS)
            .holds_jwt("AccessToken", claims)
            .holds_jwt("IdToken", claims)
    }

    fn refreshed(log: Log, phrase: &str, claims: &Value) -> Log {
        log.exchange("refresh", phrase, 200, TOKENS)
            .holds_jwt("AccessToken", claims)
            .holds_jwt("IdToken", claims)
    }

    #[test]
    fn a_refresh_grants_no_more_than_the_login() {
        let (less, more) = (json!({"scope": "a b"}), json!({"scope": "a b c"}));
        let asked = "with scope c";
        let log = || refreshed(signed_in(&less), "", &less);
        check(&refreshed(log(), asked, &less), "REF-04", Grade::Met);
        check(&refreshed(log(), asked, &more), "REF-04", Grade::Broken);
        let refused = log().exchange("refresh", asked, 400, DENIED);
        check(&refused, "REF-04", Grade::Met);
        let grown = refreshed(signed_in(&less), "", &more);
        check(&grown, "REF-04", Grade::Broken);
        check(&log(), "REF-04", Grade::Unobserved);
        let told = |body: &str| {
            Log::with_tenants()
                .exchange("person", "", 200, r#"{"access_token":"t","scope":"a"}"#)
                .exchange("renew", "", 200, body)
                .exchange("renew", asked, 400, r#"{"error":"invalid_scope"}"#)
        };
        let same = r#"{"access_token":"t","scope":"a"}"#;
        check(&told(same), "REF-04", Grade::Met);
        let other = r#"{"access_token":"t","scope":"a c"}"#;
        check(&told(other), "REF-04", Grade::Broken);
    }

    #[test]
    fn a_refresh_is_of_the_same_login() {
        let first = json!({"iss": "i", "sub": "s", "aud": "c", "auth_time": 10, "iat": 10});
        let log = |claims: &Value| refreshed(signed_in(&first), "", claims);
        check(&log(&first), "REF-17", Grade::Met);
        let mut list = first.clone();
        list["aud"] = json!(["c"]);
        list["iat"] = json!(20);
        check(&log(&list), "REF-17", Grade::Met);
        for (name, value) in [
            ("iss", json!("j")),
            ("sub", json!("t")),
            ("aud", json!("d")),
            ("auth_time", json!(11)),
            ("auth_time", Value::Null),
            ("iat", json!(9)),
        ] {
            let mut claims = first.clone();
            claims[name] = value;
            check(&log(&claims), "REF-17", Grade::Broken);
        }
        check(&signed_in(&first), "REF-17", Grade::Unobserved);
        for failure in FAILURES {
            let log = signed_in(&first).failed("refresh", "", failure);
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "REF-17", grade);
        }
    }

    /// Refreshing was as good as doing nothing.
    #[test]
    fn a_refresh_gives_another_access_token() {
        let body = |token: &str| format!(r#"{{"access_token":"{token}"}}"#);
        let log = |login: &str, passed: f64, status: u16, renewed: &str| {
            Log::with_tenants()
                .exchange(login, "", 200, &body("t-1"))
                .advance(passed)
                .exchange("renew", "", status, renewed)
        };
        for login in ["person", "login"] {
            let judged = |passed, status, renewed: &str, grade| {
                check(&log(login, passed, status, renewed), "REF-19", grade);
            };
            judged(60.0, 200, &body("t-2"), Grade::Met);
            judged(60.0, 200, &body("t-1"), Grade::Broken);
            judged(60.0, 400, DENIED, Grade::Unobserved);
            judged(60.0, 503, "", Grade::Unobserved);
            // One text in one second says nothing; another one does.
            judged(0.0, 200, &body("t-1"), Grade::Unobserved);
            judged(0.0, 200, &body("t-2"), Grade::Met);
        }
        let alone = Log::with_tenants().exchange("renew", "", 200, &body("t-1"));
        check(&alone, "REF-19", Grade::Unobserved);
        let again = |token: &str| {
            log("person", 60.0, 200, &body("t-2"))
                .advance(60.0)
                .exchange("renew", "", 200, &body(token))
        };
        check(&again("t-3"), "REF-19", Grade::Met);
        check(&again("t-2"), "REF-19", Grade::Broken);
        for failure in FAILURES {
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = log("person", 60.0, 200, &body("t-2")).failed("renew", "", failure);
            check(&log, "REF-19", grade);
        }
    }

    #[test]
    fn a_refresh_token_is_replaced_or_not() {
        let log = |again: (u16, &str), next: (u16, &str)| {
            Log::of_a_user_pool()
                .exchange("refresh", "", 200, ROTATED)
                .advance(65.0)
                .exchange("refresh", "again", again.0, again.1)
                .exchange("refresh", "with the token of the reply", next.0, next.1)
        };
        let (good, bad) = ((200, ROTATED), (400, DENIED));
        check(&log(bad, good), "REF-05@scribe", Grade::Met);
        check(&log(good, good), "REF-05@scribe", Grade::Fact);
        check(&log(bad, bad), "REF-05@scribe", Grade::Unobserved);
        check(&log((500, ""), good), "REF-05@scribe", Grade::Unobserved);
        let at_once = Log::of_a_user_pool()
            .exchange("refresh", "", 200, ROTATED)
            .exchange("refresh", "again", 200, ROTATED);
        check(&at_once, "REF-05@scribe", Grade::Unobserved);
    }
}
