//! Logins by SRP at a user pool, from the challenge to the tokens.

use super::effect::{Step, both, concluded, every, precondition, served};
use super::refusal::refused_beside;
use crate::evidence::{Exchange, Operation, ProofVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("COG-30", |view| {
    let is_wrong = |proof: &Exchange<'_>| matches!(proof.variation, Variation::Proof(change) if change.next_challenge().is_none());
    let is_right = |proof: &Exchange<'_>| proof.is_documented();
    let refused = refused_beside(view, Operation::ProveSrp, is_wrong, is_right);
    both(concluded(a_right_proof_gives_tokens(view)), refused)
})];

/// What a client needs of the challenge.
const PARAMETERS: [&str; 5] = [
    "SALT",
    "SECRET_BLOCK",
    "SRP_B",
    "USERNAME",
    "USER_ID_FOR_SRP",
];

/// A login by SRP is answered with a challenge that a client can answer, made anew each time, and the
/// right answer gives tokens, or the challenge that the account's state asks for.
fn a_right_proof_gives_tokens(view: &View<'_>) -> Step<Finding> {
    let password = precondition(view, Operation::SignIn, &Variation::Documented)?;
    let begun = every(view, Operation::StartSrp, &Variation::Documented);
    let is_answer = |one: &&Exchange<'_>| one.reply.is_some_and(|reply| reply.is_class(2));
    let answered: Vec<&Exchange<'_>> = begun.iter().filter(is_answer).collect();
    for begun in &answered {
        if let Some(seen) = fault_of(begun) {
            let seen = format!("{}: {seen}", begun.sentence());
            let expected = "PASSWORD_VERIFIER with SALT, SRP_B and SECRET_BLOCK that can be read";
            return Ok(Finding::broken(expected, seen, *begun).beside(password));
        }
    }
    for name in ["SRP_B", "SECRET_BLOCK"] {
        if let Some((one, other)) = same(&answered, name) {
            let proof = Proof::from(one).and(other);
            let seen = format!("the same {name} in two logins");
            return Ok(Finding::broken("random values of each login", seen, proof));
        }
    }
    let right = served(
        view,
        Operation::ProveSrp,
        &Variation::Documented,
        "tokens for the right proof",
    )?;
    let mut proof = Proof::from(right);
    for further in view.evidence.exchanges_for(Operation::ProveSrp) {
        let Variation::Proof(change) = further.variation else {
            continue;
        };
        if let Some(next) = change.next_challenge() {
            leads_on(view, &further, (*change, next))?;
            proof = proof.and(further);
        }
    }
    let words = format!("{} logins by SRP were begun and ended", answered.len());
    Ok(Finding::met(words, proof).beside(password))
}

/// The account's next challenge stands between its right proof and the tokens.
fn leads_on(
    view: &View<'_>,
    proof: &Exchange<'_>,
    (change, next): (ProofVariation, &str),
) -> Step<()> {
    if proof.json()["AuthenticationResult"].is_object() {
        let seen = format!("{}: tokens", proof.sentence());
        let expected = format!("the challenge {next} and no token");
        return Err(Box::new(Finding::broken(expected, seen, proof)));
    }
    if let Some(gone) = gone(proof) {
        return Err(Box::new(gone));
    }
    // The account may have been changed since it was supplied: that of a temporary password is.
    if proof.json()["ChallengeName"] != next {
        let what = format!("{}: no {next}, {}", proof.sentence(), change.phrase());
        return Err(Box::new(unobserved(view, &what).seen_in(proof)));
    }
    Ok(())
}

/// What is wrong with a challenge, by the form of its parameters.
fn fault_of(begun: &Exchange<'_>) -> Option<String> {
    let body = begun.json();
    if body["ChallengeName"] != "PASSWORD_VERIFIER" {
        return Some(format!("the challenge {}", body["ChallengeName"]));
    }
    let text = |name: &str| body["ChallengeParameters"][name].as_str();
    let absent = PARAMETERS
        .iter()
        .filter(|name| text(name).is_none_or(str::is_empty));
    let absent: Vec<&str> = absent.copied().collect();
    if !absent.is_empty() {
        return Some(format!("no {}", absent.join(" and no ")));
    }
    let is_number = |name: &str| {
        let mut digits = text(name).unwrap_or_default().bytes();
        digits.all(|digit| digit.is_ascii_hexdigit())
    };
    if let Some(name) = ["SALT", "SRP_B"].iter().find(|name| !is_number(name)) {
        return Some(format!("{name} is not hexadecimal"));
    }
    let is_zero = |name: &str| text(name).unwrap_or_default().bytes().all(|it| it == b'0');
    // RFC 5054 §2.5.3: "The client MUST abort […] if B % N is zero."
    is_zero("SRP_B").then(|| "SRP_B is zero".to_owned())
}

/// Two logins whose challenges have the same parameter `name`.
fn same<'e, 'a>(
    begun: &[&'e Exchange<'a>],
    name: &str,
) -> Option<(&'e Exchange<'a>, &'e Exchange<'a>)> {
    let value = |one: &Exchange<'_>| one.json()["ChallengeParameters"][name].clone();
    begun.iter().enumerate().find_map(|(at, one)| {
        let mut later = begun[at + 1..].iter();
        let other = later.find(|other| value(other) == value(one))?;
        Some((*one, *other))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const OTHER: &str = "with another password";

    fn parameters(number: u8) -> Value {
        json!({"SALT": "a0", "SRP_B": format!("b{number}"), "SECRET_BLOCK": format!("eA{number}="),
            "USERNAME": "u", "USER_ID_FOR_SRP": "u"})
    }

    fn begun(log: Log, parameters: &Value) -> Log {
        let body = json!({"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters});
        log.exchange("start srp", "", 200, &body.to_string())
    }

    fn start() -> Log {
        Log::of_a_user_pool().exchange("sign-in", "", 200, TOKENS)
    }

    fn log(phrase: &str, status: u16, body: &str) -> Log {
        let log = begun(start(), &parameters(1)).exchange("prove srp", "", 200, TOKENS);
        begun(log, &parameters(2)).exchange("prove srp", phrase, status, body)
    }

    #[test]
    fn the_right_proof_alone_gives_tokens() {
        check(&log(OTHER, 400, DENIED), "COG-30", Grade::Met);
        check(&log(OTHER, 200, TOKENS), "COG-30", Grade::Broken);
        check(&log(OTHER, 500, "{}"), "COG-30", Grade::Broken);
        let right = |status, body: &str| {
            let log = begun(start(), &parameters(1)).exchange("prove srp", OTHER, 400, DENIED);
            begun(log, &parameters(2)).exchange("prove srp", "", status, body)
        };
        check(&right(200, TOKENS), "COG-30", Grade::Met);
        check(&right(400, DENIED), "COG-30", Grade::Broken);
        check(&right(200, "{}"), "COG-30", Grade::Broken);
    }

    #[test]
    fn a_challenge_that_nobody_can_answer_is_broken() {
        for name in [
            "SALT",
            "SECRET_BLOCK",
            "SRP_B",
            "USERNAME",
            "USER_ID_FOR_SRP",
        ] {
            let mut lacking = parameters(1);
            lacking[name] = Value::Null;
            check(&begun(start(), &lacking), "COG-30", Grade::Broken);
        }
        let with = |name: &str, value: &str| {
            let mut odd = parameters(1);
            odd[name] = value.into();
            begun(start(), &odd)
        };
        check(&with("SALT", "no digits"), "COG-30", Grade::Broken);
        check(&with("SRP_B", "00"), "COG-30", Grade::Broken);
        let twice = begun(begun(start(), &parameters(1)), &parameters(1));
        check(&twice, "COG-30", Grade::Broken);
        let none = start().exchange("start srp", "", 200, "{}");
        check(&none, "COG-30", Grade::Broken);
        let other = r#"{"ChallengeName":"CUSTOM_CHALLENGE","ChallengeParameters":{}}"#;
        let other = start().exchange("start srp", "", 200, other);
        check(&other, "COG-30", Grade::Broken);
    }

    #[test]
    fn a_further_challenge_is_not_passed_over() {
        let phrase = "as a user with a second factor";
        let next = r#"{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"s"}"#;
        let log = |body: &str| {
            let log = log(OTHER, 400, DENIED);
            begun(log, &parameters(3)).exchange("prove srp", phrase, 200, body)
        };
        check(&log(next), "COG-30", Grade::Met);
        check(&log(TOKENS), "COG-30", Grade::Broken);
        check(&log("{}"), "COG-30", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_refusal() {
        for failure in FAILURES {
            let log = begun(start(), &parameters(1)).exchange("prove srp", "", 200, TOKENS);
            let log = log.failed("prove srp", OTHER, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "COG-30", grade);
        }
    }
}
