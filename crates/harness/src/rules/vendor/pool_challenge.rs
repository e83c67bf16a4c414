//! What the challenges of a user pool carry, and whether a login by SRP tells who has an account.

use serde_json::Value;

use super::effect::{Step, concluded, every, made, settled, unseen};
use crate::evidence::{Exchange, Operation, SignInVariation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("COG-25", |view| concluded(parameters_are_texts(view))),
    Rule::vendor("COG-26", |view| concluded(nobody_looks_like_somebody(view))),
];

/// Digits by which two salts of one length may differ: zeros in front are not written.
const LEADING_ZEROS: usize = 4;

/// Each challenge has `ChallengeParameters`, a map from texts to texts, in which two members of
/// `NEW_PASSWORD_REQUIRED` are JSON once more.
fn parameters_are_texts(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges();
    let asked: Vec<Exchange<'_>> = all
        .filter(|exchange| {
            matches!(
                exchange.operation,
                Operation::SignIn
                    | Operation::StartSrp
                    | Operation::AnswerChallenge
                    | Operation::ProveSrp
                    | Operation::ShowCode
            )
        })
        .collect();
    let is_challenge = |exchange: &&Exchange<'_>| {
        exchange.reply.is_some_and(|reply| reply.is_class(2))
            && exchange.json()["ChallengeName"].is_string()
    };
    let challenges: Vec<&Exchange<'_>> = asked.iter().filter(is_challenge).collect();
    let mut worst: Option<(Grade, Vec<String>, Vec<&Exchange<'_>>)> = None;
    for challenge in &challenges {
        // AWS says of InitiateAuth alone that they come with each challenge.
        let may_lack = answers_a_challenge(challenge);
        let Some((grade, seen)) = fault_of(&challenge.json(), may_lack) else {
            continue;
        };
        let seen = format!("{}: {seen}", challenge.sentence());
        match &mut worst {
            Some((known, words, proof)) if *known == grade => {
                words.push(seen);
                proof.push(challenge);
            }
            Some((known, ..)) if *known > grade => {}
            _ => worst = Some((grade, vec![seen], vec![challenge])),
        }
    }
    if let Some((grade, seen, proof)) = worst
        && let Some(proof) = Proof::all(proof)
    {
        let expected = "ChallengeParameters whose values are texts";
        return Ok(Finding::deviation(grade, expected, seen.join("; "), proof));
    }
    if let Some(proof) = Proof::all(challenges) {
        return Ok(Finding::met("every parameter is a text", proof));
    }
    settled(view, &asked)?;
    unseen(view, "no challenge was seen")
}

/// Whether it was a `RespondToAuthChallenge`, whichever challenge it answers.
fn answers_a_challenge(exchange: &Exchange<'_>) -> bool {
    let is_proof = |change| {
        matches!(
            change,
            SignInVariation::SrpWithoutProof
                | SignInVariation::SrpUnknownUser
                | SignInVariation::SrpMultipleOfN
                | SignInVariation::SrpZero
        )
    };
    match (exchange.operation, exchange.variation) {
        (Operation::SignIn, Variation::SignIn(change)) => is_proof(*change),
        (Operation::SignIn | Operation::StartSrp, _) => false,
        _ => true,
    }
}

/// What is wrong with the parameters of a challenge, by their types alone: values are those of people.
fn fault_of(challenge: &Value, may_lack: bool) -> Option<(Grade, String)> {
    let parameters = &challenge["ChallengeParameters"];
    if may_lack && parameters.is_null() {
        return None;
    }
    let Some(parameters) = parameters.as_object() else {
        return Some((Grade::Broken, "no ChallengeParameters".to_owned()));
    };
    let odd: Vec<&str> = parameters
        .iter()
        .filter(|(_, value)| !value.is_string())
        .map(|(name, _)| name.as_str())
        .collect();
    if !odd.is_empty() {
        return Some((Grade::Broken, format!("{} not a text", odd.join(" and "))));
    }
    let read = |name: &str| {
        let text = parameters.get(name)?.as_str()?;
        Some(serde_json::from_str::<Value>(text).unwrap_or_default())
    };
    let is_odd = |name: &str, fits: fn(&Value) -> bool| read(name).is_some_and(|it| !fits(&it));
    if is_odd("requiredAttributes", Value::is_array) {
        let seen = "requiredAttributes holds no JSON list";
        return Some((Grade::Tolerated, seen.to_owned()));
    }
    if is_odd("userAttributes", Value::is_object) {
        let seen = "userAttributes holds no JSON object";
        return Some((Grade::Tolerated, seen.to_owned()));
    }
    None
}

/// A login by SRP begins for a name that nobody has as for one that somebody has, and with the same
/// salt and user id each time.
fn nobody_looks_like_somebody(view: &View<'_>) -> Step<Finding> {
    let somebody = made(view, Operation::StartSrp, &Variation::Documented)?;
    let unknown = Variation::SignIn(SignInVariation::SrpUnknownUser);
    let nobody = every(view, Operation::StartSrp, &unknown);
    settled(view, &[somebody])?;
    settled(view, &nobody)?;
    if !somebody.is_served() {
        return unseen(view, "no login by SRP was begun");
    }
    let Some(proof) = Proof::all(&nobody) else {
        return unseen(view, "no login by SRP was begun for nobody");
    };
    let expected = "a challenge for an unknown user name as for a known one, the same each time";
    let broken = |seen: String| Ok(Finding::broken(expected, seen, proof.clone()).beside(somebody));
    if let Some(refused) = nobody.iter().find(|begun| !begun.is_served()) {
        return broken(format!("{}, for an unknown user name", refused.sentence()));
    }
    let text = |begun: &Exchange<'_>, name: &str| {
        let value = &begun.json()["ChallengeParameters"][name];
        value.as_str().unwrap_or_default().to_owned()
    };
    for name in ["SALT", "USER_ID_FOR_SRP", "SRP_B", "SECRET_BLOCK"] {
        if text(&somebody, name).is_empty() {
            return unseen(view, &format!("no {name} for a known user name"));
        }
        if nobody.iter().any(|begun| text(begun, name).is_empty()) {
            return broken(format!("no {name} for an unknown user name"));
        }
    }
    let (known, length) = (
        text(&somebody, "SALT").len(),
        text(&nobody[0], "SALT").len(),
    );
    if known.abs_diff(length) > LEADING_ZEROS {
        return broken(format!(
            "a SALT of {length} digits for an unknown user name, and of {known} for a known one"
        ));
    }
    if nobody.len() < 2 {
        return unseen(view, "it was begun for nobody only once");
    }
    for name in ["SALT", "USER_ID_FOR_SRP"] {
        let first = text(&nobody[0], name);
        if nobody.iter().any(|begun| text(begun, name) != first) {
            return broken(format!("another {name} for the same unknown user name"));
        }
    }
    Ok(Finding::met("an unknown user name is answered as a known one", proof).beside(somebody))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const NOBODY: &str = "by SRP with an unknown user name";

    fn challenged(parameters: &Value) -> Log {
        let body = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s",
            "ChallengeParameters": parameters});
        Log::of_a_user_pool().exchange(
            "sign-in",
            "with a temporary password",
            200,
            &body.to_string(),
        )
    }

    #[test]
    fn parameters_of_a_challenge_are_texts() {
        let log = |required: Value, user: Value| {
            let named = json!({"USER_ID_FOR_SRP": "u", "requiredAttributes": required,
                "userAttributes": user});
            challenged(&named)
        };
        let texts = || log(json!("[]"), json!("{\"email\":\"a@b\"}"));
        check(&texts(), "COG-25", Grade::Met);
        check(&challenged(&json!({})), "COG-25", Grade::Met);
        check(&log(json!([]), json!("{}")), "COG-25", Grade::Broken);
        check(&log(json!("[]"), json!({})), "COG-25", Grade::Broken);
        check(&log(json!("[]"), Value::Null), "COG-25", Grade::Broken);
        check(&challenged(&Value::Null), "COG-25", Grade::Broken);
        check(&challenged(&json!([])), "COG-25", Grade::Broken);
        check(&log(json!("none"), json!("{}")), "COG-25", Grade::Tolerated);
        check(&log(json!("[]"), json!("none")), "COG-25", Grade::Tolerated);
        // The answer to an answer need not have them.
        let next = json!({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"}).to_string();
        let proven = |operation, phrase| texts().exchange(operation, phrase, 200, &next);
        check(&proven("prove srp", ""), "COG-25", Grade::Met);
        let by_srp = "by SRP without a proof";
        check(&proven("sign-in", by_srp), "COG-25", Grade::Met);
        check(&proven("start srp", ""), "COG-25", Grade::Broken);
        let second = json!({"ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": {"SALT": 7}});
        let log = texts().exchange("start srp", "", 200, &second.to_string());
        check(&log, "COG-25", Grade::Broken);
    }

    #[test]
    fn without_a_challenge_nothing_is_said_of_its_parameters() {
        check(&Log::of_a_user_pool(), "COG-25", Grade::Unobserved);
        let refused = Log::of_a_user_pool().exchange("sign-in", "", 400, DENIED);
        check(&refused, "COG-25", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::of_a_user_pool().failed("start srp", "", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "COG-25", grade);
        }
    }

    fn begun(log: Log, phrase: &str, salt: &str, id: &str) -> Log {
        let body = json!({"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters":
            {"SALT": salt, "USER_ID_FOR_SRP": id, "SRP_B": "b", "SECRET_BLOCK": "x"}});
        log.exchange("start srp", phrase, 200, &body.to_string())
    }

    fn known() -> Log {
        begun(Log::of_a_user_pool(), "", "0123456789abcdef", "u-1")
    }

    #[test]
    fn a_login_by_srp_begins_for_nobody_too() {
        let twice = |first: (&str, &str), second: (&str, &str)| {
            let log = begun(known(), NOBODY, first.0, first.1);
            begun(log, NOBODY, second.0, second.1)
        };
        let (salt, other) = ("fedcba9876543210", "0f1e2d3c4b5a6978");
        check(&twice((salt, "u"), (salt, "u")), "COG-26", Grade::Met);
        check(&twice((salt, "u"), (other, "u")), "COG-26", Grade::Broken);
        check(&twice((salt, "u"), (salt, "v")), "COG-26", Grade::Broken);
        check(&twice(("", "u"), ("", "u")), "COG-26", Grade::Broken);
        check(&twice(("0f", "u"), ("0f", "u")), "COG-26", Grade::Broken);
        let shorter = &salt[1..];
        check(&twice((shorter, "u"), (shorter, "u")), "COG-26", Grade::Met);
        let once = begun(known(), NOBODY, salt, "u");
        check(&once, "COG-26", Grade::Unobserved);
        check(&known(), "COG-26", Grade::Unobserved);
        let refused = known().exchange("start srp", NOBODY, 400, DENIED);
        check(&refused, "COG-26", Grade::Broken);
    }

    #[test]
    fn a_pool_without_srp_tells_of_nobody() {
        let log = Log::of_a_user_pool()
            .exchange("start srp", "", 400, DENIED)
            .exchange("start srp", NOBODY, 400, DENIED);
        check(&log, "COG-26", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = known().failed("start srp", NOBODY, failure);
            check(&log, "COG-26", grade);
            let log = Log::of_a_user_pool().failed("start srp", "", failure);
            let log = begun(log, NOBODY, "0123456789abcdef", "u");
            check(&log, "COG-26", grade);
        }
    }
}
