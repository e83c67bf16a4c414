//! The userinfo endpoint (OpenID Connect Core 1.0 §5.3): for whom it answers, and about whom.

use super::effect::{Step, all_refused, concluded, control, unseen};
use super::ended_token::{has_ended, is_supplied};
use crate::evidence::{CallVariation, Exchange, Operation, ShownToken, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BRR-24", |view| concluded(bad_tokens_get_no_claims(view))),
    Rule::vendor("BRR-25", |view| concluded(is_about_the_subject(view))),
];

/// Whether something is shown that is no live access token of the caller.
fn is_bad(view: &View<'_>, shown: &Exchange<'_>) -> bool {
    match shown.variation {
        Variation::Call(CallVariation::WithoutPermission) => false,
        Variation::Call(CallVariation::EndedToken) => {
            is_supplied(view, shown) || has_ended(view, shown)
        }
        Variation::Call(_) => true,
        Variation::Shown(shown) => *shown == ShownToken::IdToken,
        _ => false,
    }
}

/// Nothing is told to who shows no token or a bad one, beside the good one that is served.
fn bad_tokens_get_no_claims(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges_for(Operation::UserInfo);
    let bad: Vec<Exchange<'_>> = all.filter(|shown| is_bad(view, shown)).collect();
    if bad.is_empty() {
        return unseen(view, "no bad token was shown at userinfo");
    }
    let proof = all_refused(view, &bad)?;
    let control = control(view, Operation::UserInfo, &Variation::Documented)?;
    Ok(Finding::met("bad tokens are told nothing", proof).beside(control))
}

/// OpenID Connect Core 1.0 §5.3.2: the same `sub` as in the id token.
fn is_about_the_subject(view: &View<'_>) -> Step<Finding> {
    let told = control(view, Operation::UserInfo, &Variation::Documented)?;
    let logins = view.evidence.documented(Operation::Login);
    let before: Vec<Exchange<'_>> = logins.filter(|login| login.seq < told.seq).collect();
    let tokens = before
        .iter()
        .flat_map(|login| view.evidence.jwts_of(login.seq));
    let Some(token) = tokens.filter(|token| token.member == "id_token").last() else {
        return unseen(view, "no id token was issued");
    };
    let body = told.json();
    if !body.is_object() {
        return unseen(view, "userinfo told no JSON");
    }
    let (expected, seen) = (&token.claims["sub"], &body["sub"]);
    let proof = Proof::from(told).and(&token);
    match expected == seen && expected.is_string() {
        true => Ok(Finding::met("the sub of the id token", proof)),
        false => Ok(Finding::broken(
            format!("sub {expected}"),
            format!("sub {seen}"),
            proof,
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const CLAIMS: &str = r#"{"sub":"s-1"}"#;

    fn served() -> Log {
        Log::new().exchange("userinfo", "", 200, CLAIMS)
    }

    #[test]
    fn a_bad_token_gets_no_claims() {
        for phrase in [
            "without a token",
            "with an unknown token",
            "with the token's signature changed",
            "with the id token",
        ] {
            let log = |status| served().exchange("userinfo", phrase, status, CLAIMS);
            check(&log(401), "BRR-24", Grade::Met);
            check(&log(403), "BRR-24", Grade::Met);
            check(&log(200), "BRR-24", Grade::Broken);
            let alone = Log::new().exchange("userinfo", phrase, 401, "");
            check(&alone, "BRR-24", Grade::Unobserved);
            for failure in FAILURES {
                let grade = match failure {
                    BadReply::Closed => Grade::Gone,
                    // What can be read is claims, and what cannot is nothing.
                    _ => Grade::Unobserved,
                };
                check(
                    &served().failed("userinfo", phrase, failure),
                    "BRR-24",
                    grade,
                );
            }
        }
        check(&served(), "BRR-24", Grade::Unobserved);
        let poor = served().exchange("userinfo", "without permission", 403, "");
        check(&poor, "BRR-24", Grade::Unobserved);
        // One of the scenario's own is not known to have ended.
        let login = r#"{"access_token":"t-0123","expires_in":3600}"#;
        let own = Log::new()
            .hide("t-0123", "access token 1")
            .exchange("login", "", 200, login)
            .exchange("userinfo", "", 200, CLAIMS);
        let shown = |log: Log, token, status| {
            let phrase = "with a token that has ended";
            log.sent("userinfo", phrase, token, status, CLAIMS)
        };
        check(&shown(own, "t-0123", 200), "BRR-24", Grade::Unobserved);
        let supplied = |status| shown(served(), "t-4567", status);
        check(&supplied(200), "BRR-24", Grade::Broken);
        check(&supplied(401), "BRR-24", Grade::Met);
    }

    #[test]
    fn userinfo_is_about_the_subject_of_the_id_token() {
        let log = |sub: &str, status, body| {
            Log::new()
                .exchange("login", "", 200, r#"{"access_token":"t-0123"}"#)
                .holds_jwt("id_token", &json!({"sub": sub}))
                .exchange("userinfo", "", status, body)
        };
        check(&log("s-1", 200, CLAIMS), "BRR-25", Grade::Met);
        check(&log("s-2", 200, CLAIMS), "BRR-25", Grade::Broken);
        check(&log("s-1", 200, "{}"), "BRR-25", Grade::Broken);
        check(
            &log("s-1", 200, "eyJh.e30.c2ln"),
            "BRR-25",
            Grade::Unobserved,
        );
        check(&log("s-1", 401, ""), "BRR-25", Grade::Unobserved);
        check(&served(), "BRR-25", Grade::Unobserved);
    }
}
