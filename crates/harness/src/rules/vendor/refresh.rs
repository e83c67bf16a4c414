//! What a refresh token of a user pool gives, and how long the tokens of a sign-in live.

use serde_json::Value;

use super::effect::{Step, all_refused, concluded, precondition, served, settled, unseen};
use crate::evidence::{Exchange, Operation, RefreshVariation, Variation};
use crate::rules::{Rule, View, not_served, unobserved, worst_not_served};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REF-07", |view| concluded(lifetime_is_bounded(view))),
    Rule::vendor("REF-10", |view| {
        concluded(refresh_token_lives_as_documented(view))
    }),
    Rule::vendor("VEN-14", |view| concluded(refresh_gives_fresh_tokens(view))),
];

fn token<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body["AuthenticationResult"][name]
        .as_str()
        .filter(|text| !text.is_empty())
}

/// A refresh gives an access and an id token, and other ones than the sign-in; the next refresh gives
/// others again.
fn refresh_gives_fresh_tokens(view: &View<'_>) -> Step<Finding> {
    let login = precondition(view, Operation::SignIn, &Variation::Documented)?;
    let refresh = served(view, Operation::Refresh, &Variation::Documented, FRESH)?;
    is_fresh(&refresh, &[login])?;
    let mut proof = Proof::from(&login).and(refresh);
    if let Some(next) = next_refresh(view) {
        if !next.is_served() {
            let expected = "a refresh token that works until its end, or one in its place";
            return Err(Box::new(not_served(&next, expected)));
        }
        is_fresh(&next, &[login, refresh])?;
        proof = proof.and(next);
    }
    let by_other_name = Variation::Refresh(RefreshVariation::OtherFlowName);
    if let Some(other) = view.evidence.first(Operation::Refresh, &by_other_name) {
        if other.is_refused() {
            let expected = "REFRESH_TOKEN as a name of the flow, too";
            let tolerated = Grade::Tolerated;
            return Ok(
                Finding::deviation(tolerated, expected, other.sentence(), other).beside(refresh),
            );
        }
        settled(view, &[other])?;
        is_fresh(&other, &[login, refresh])?;
        proof = proof.and(other);
    }
    Ok(Finding::met(
        "a refresh gave fresh access and id tokens",
        proof,
    ))
}

/// What a refresh gives.
const FRESH: &str = "fresh access and id tokens";

/// The refresh gave an access and an id token that none of the replies `before` it had. Two id tokens
/// of one second may be one text, because some have no jti: only that of the login is looked at.
fn is_fresh(refresh: &Exchange<'_>, before: &[Exchange<'_>]) -> Step<()> {
    let new = refresh.json();
    let is_stale = |name: &&str| {
        let fresh = token(&new, name);
        let known = |reply: &Exchange<'_>| token(&reply.json(), name) == fresh;
        let looked_at = if *name == "IdToken" { 1 } else { before.len() };
        fresh.is_none() || before.iter().take(looked_at).any(known)
    };
    let stale: Vec<&str> = ["AccessToken", "IdToken"]
        .into_iter()
        .filter(is_stale)
        .collect();
    let Some(proof) = Proof::all(before).filter(|_| !stale.is_empty()) else {
        return Ok(());
    };
    let seen = format!("the refresh gave no fresh {}", stale.join(" and no fresh "));
    let finding = Finding::broken(FRESH, seen, proof.and(refresh));
    Err(Box::new(finding))
}

/// The next refresh: with the token of the reply where there was one, else with the same again.
fn next_refresh<'a>(view: &View<'a>) -> Option<Exchange<'a>> {
    let replaced = view
        .evidence
        .first(Operation::Refresh, &Variation::WithReplacement);
    replaced.or_else(|| view.evidence.first(Operation::Refresh, &Variation::Again))
}

/// Access and id token live no longer than documented, by `ExpiresIn` and by their own claims.
/// What the reply does not tell is not judged here.
fn lifetime_is_bounded(view: &View<'_>) -> Step<Finding> {
    let Some(max) = view.expected.max_lifetime_s else {
        return unseen(view, "no lifetime is documented");
    };
    let login = precondition(view, Operation::SignIn, &Variation::Documented)?;
    let mut proof = Proof::from(&login);
    let mut spans = Vec::new();
    let mut refreshes = view.evidence.documented(Operation::Refresh);
    let refresh = refreshes.find(Exchange::is_served);
    let replies = [(Some(login), ""), (refresh, " of the refresh")];
    for (reply, whose) in replies
        .into_iter()
        .filter_map(|(reply, whose)| Some((reply?, whose)))
    {
        let told = &reply.json()["AuthenticationResult"]["ExpiresIn"];
        spans.push((format!("ExpiresIn{whose}"), told.as_f64()));
        for name in ["AccessToken", "IdToken"] {
            let jwt = view
                .evidence
                .jwts_of(reply.seq)
                .find(|jwt| jwt.member == name);
            let span = jwt.and_then(|jwt| {
                proof = proof.clone().and(&jwt);
                Some(jwt.claims["exp"].as_f64()? - jwt.claims["iat"].as_f64()?)
            });
            spans.push((format!("{name}{whose}"), span));
        }
        proof = proof.and(reply);
    }
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let max_s = max as f64;
    let words = |(name, span): &(String, Option<f64>)| match span {
        Some(span) => format!("{name} {span} s"),
        None => format!("{name} untold"),
    };
    let seen: Vec<String> = spans.iter().map(words).collect();
    let seen = seen.join(", ");
    let expected = format!("at most {max} s");
    if spans
        .iter()
        .any(|(_, span)| span.is_some_and(|span| span > max_s))
    {
        return Ok(Finding::broken(expected, seen, proof));
    }
    if spans.iter().any(|(_, span)| span.is_none()) {
        return Err(Box::new(unobserved(view, &seen).seen_in(proof)));
    }
    Ok(Finding::met(seen, proof))
}

/// A refresh token works as long as documented and not longer, to within the tolerance.
fn refresh_token_lives_as_documented(view: &View<'_>) -> Step<Finding> {
    let (Some(lifetime), tolerance) = (view.expected.lifetime_s, view.expected.tolerance_s) else {
        return unseen(view, "no lifetime is documented");
    };
    let login = precondition(view, Operation::SignIn, &Variation::Documented)?;
    let issued = view.evidence.turned_before(Some(login.seq));
    let age = |seq| view.evidence.turned_before(Some(seq)) - issued;
    let mut young = Vec::new();
    let mut old = Vec::new();
    for refresh in view.evidence.exchanges_for(Operation::Refresh) {
        let age = age(refresh.seq);
        if age >= lifetime + tolerance {
            old.push(refresh);
        } else if (lifetime - tolerance..=lifetime).contains(&age) {
            young.push(refresh);
        }
    }
    if let Some(finding) = worst_not_served(&young, &format!("it works for {lifetime} s")) {
        return Ok(finding);
    }
    let replaced = young
        .iter()
        .any(|refresh| token(&refresh.json(), "RefreshToken").is_some());
    let Some(control) = Proof::all(&young) else {
        return unseen(view, "no refresh was made shortly before its end");
    };
    let proof = all_refused(view, &old)?;
    if replaced {
        return unseen(view, "refused, but a refresh had replaced the token before");
    }
    Ok(Finding::met(format!("refused after {lifetime} s"), proof).beside(control))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const FRESH: &str = r#"{"AuthenticationResult":{"AccessToken":"b","IdToken":"j"}}"#;
    const FRESHER: &str = r#"{"AuthenticationResult":{"AccessToken":"c","IdToken":"k"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    #[test]
    fn a_refresh_brings_other_tokens() {
        let log = |status, reply: &str| {
            Log::new()
                .exchange("sign-in", "", 200, TOKENS)
                .exchange("refresh", "", status, reply)
        };
        check(&log(200, FRESH), "VEN-14", Grade::Met);
        check(&log(200, TOKENS), "VEN-14", Grade::Broken);
        let half = r#"{"AuthenticationResult":{"AccessToken":"b"}}"#;
        check(&log(200, half), "VEN-14", Grade::Broken);
        check(&log(400, DENIED), "VEN-14", Grade::Broken);
        let alone = Log::new().exchange("refresh", "", 200, FRESH);
        check(&alone, "VEN-14", Grade::Unobserved);
    }

    /// A refresh token that worked once was good enough.
    #[test]
    fn a_refresh_token_works_again_or_gives_another() {
        let log = |first: &str, phrase, status, reply: &str| {
            Log::new()
                .exchange("sign-in", "", 200, TOKENS)
                .exchange("refresh", "", 200, first)
                .exchange("refresh", phrase, status, reply)
        };
        check(&log(FRESH, "again", 200, FRESHER), "VEN-14", Grade::Met);
        check(&log(FRESH, "again", 400, DENIED), "VEN-14", Grade::Broken);
        let next = "with the token of the reply";
        check(&log(FRESH, next, 200, FRESHER), "VEN-14", Grade::Met);
        check(&log(FRESH, next, 400, DENIED), "VEN-14", Grade::Broken);
        check(&log(FRESH, next, 429, "{}"), "VEN-14", Grade::Unobserved);
        // The tokens of the first refresh, or of the login, are not fresh at the next one.
        check(&log(FRESH, "again", 200, FRESH), "VEN-14", Grade::Broken);
        check(&log(FRESH, next, 200, TOKENS), "VEN-14", Grade::Broken);
        let same_id = r#"{"AuthenticationResult":{"AccessToken":"c","IdToken":"j"}}"#;
        check(&log(FRESH, next, 200, same_id), "VEN-14", Grade::Met);
    }

    /// The tokens of a refresh may live longer than those of the login.
    #[test]
    fn the_tokens_of_a_refresh_live_no_longer() {
        let log = |lives: i64, told: i64| {
            let mut reply: serde_json::Value = serde_json::from_str(FRESH).expect("JSON");
            reply["AuthenticationResult"]["ExpiresIn"] = told.into();
            lived(Some(1800), 1800, 1800)
                .exchange("refresh", "", 200, &reply.to_string())
                .holds_jwt("AccessToken", &json!({"iat": 1000, "exp": 1000 + lives}))
                .holds_jwt("IdToken", &json!({"iat": 1000, "exp": 2800}))
        };
        check(&log(1800, 1800), "REF-07", Grade::Met);
        check(&log(3600, 1800), "REF-07", Grade::Broken);
        check(&log(1800, 3600), "REF-07", Grade::Broken);
        let refused = lived(Some(1800), 1800, 1800).exchange("refresh", "", 400, DENIED);
        check(&refused, "REF-07", Grade::Met);
    }

    fn lived(told: Option<i64>, access: i64, id: i64) -> Log {
        let mut reply: serde_json::Value = serde_json::from_str(TOKENS).expect("JSON");
        if let Some(told) = told {
            reply["AuthenticationResult"]["ExpiresIn"] = told.into();
        }
        Log::new()
            .exchange("sign-in", "", 200, &reply.to_string())
            .holds_jwt("AccessToken", &json!({"iat": 1000, "exp": 1000 + access}))
            .holds_jwt("IdToken", &json!({"iat": 1000, "exp": 1000 + id}))
    }

    #[test]
    fn lifetimes_are_told_and_measured() {
        check(&lived(Some(1800), 1800, 1800), "REF-07", Grade::Met);
        check(&lived(Some(3600), 1800, 1800), "REF-07", Grade::Broken);
        check(&lived(Some(1800), 3600, 1800), "REF-07", Grade::Broken);
        check(&lived(Some(1800), 1800, 3600), "REF-07", Grade::Broken);
    }

    /// It said FAIL and "None s" of tokens that cannot be read and of a reply without `ExpiresIn`.
    #[test]
    fn a_lifetime_that_is_not_told_is_not_too_long() {
        check(&lived(None, 1800, 1800), "REF-07", Grade::Unobserved);
        check(&lived(None, 3600, 1800), "REF-07", Grade::Broken);
        let opaque = Log::new().exchange("sign-in", "", 200, TOKENS);
        check(&opaque, "REF-07", Grade::Unobserved);
        let refused = Log::new().exchange("sign-in", "", 400, DENIED);
        check(&refused, "REF-07", Grade::Unobserved);
    }

    fn aged(before: f64, young: (u16, &str), more: f64, old: (u16, &str)) -> Log {
        Log::new()
            .exchange("sign-in", "", 200, TOKENS)
            .advance(before)
            .exchange("refresh", "", young.0, young.1)
            .advance(more)
            .exchange("refresh", "again", old.0, old.1)
    }

    const HOUR: f64 = 3600.0;

    #[test]
    fn a_refresh_token_lives_for_its_days() {
        let (good, bad) = ((200, FRESH), (400, DENIED));
        let log = |young, old| aged(719.0 * HOUR, young, 2.0 * HOUR, old);
        check(&log(good, bad), "REF-10", Grade::Met);
        check(&log(good, good), "REF-10", Grade::Broken);
        check(&log(bad, bad), "REF-10", Grade::Broken);
        check(&log(good, (500, "")), "REF-10", Grade::Unobserved);
        check(&log((200, TOKENS), bad), "REF-10", Grade::Unobserved);
        // Without the clock nothing was seen of its end.
        check(&aged(0.0, good, 0.0, bad), "REF-10", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("sign-in", "", 200, TOKENS)
                .advance(719.0 * HOUR)
                .exchange("refresh", "", 200, FRESH)
                .advance(2.0 * HOUR)
                .failed("refresh", "again", failure);
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "REF-10", grade);
        }
    }
}
