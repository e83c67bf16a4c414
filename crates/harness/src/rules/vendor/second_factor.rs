//! A second factor of a user pool: what stands between the password and the tokens.

use super::effect::{Step, all_refused, both, concluded, every, made, unseen};
use super::refusal::each_is_refused;
use crate::catalogue::Supplied;
use crate::evidence::{Exchange, Operation, Reaction, SignInVariation, Variation};
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("COG-29", |view| {
    let refused = each_is_refused(view, Operation::ShowCode);
    both(concluded(a_code_opens_the_login(view)), refused)
})];

const SECOND_FACTOR: Variation = Variation::SignIn(SignInVariation::SecondFactor);

const WRONG_PASSWORD: Variation = Variation::SignIn(SignInVariation::SecondFactorWrongPassword);

/// Challenges that say that the account is not as the user of the harness says.
const OF_ANOTHER_ACCOUNT: [&str; 3] = ["MFA_SETUP", "SELECT_MFA_TYPE", "NEW_PASSWORD_REQUIRED"];

/// The password gives the challenge and no token, the code gives the tokens, and a wrong password
/// gives neither.
fn a_code_opens_the_login(view: &View<'_>) -> Step<Finding> {
    let login = made(view, Operation::SignIn, &SECOND_FACTOR)?;
    asks_for_a_code(view, &login)?;
    let wrong = every(view, Operation::SignIn, &WRONG_PASSWORD);
    let proof = match wrong.is_empty() {
        true => Proof::from(login),
        false => all_refused(view, &wrong)?.and(login),
    };
    let shown = every(view, Operation::ShowCode, &Variation::Documented);
    if let Some(taken) = shown.iter().find(|shown| shown.is_served()) {
        let words = "the password asks for a code, and the right one gives tokens";
        return Ok(Finding::met(words, proof.and(taken)).beside(taken));
    }
    let Some(last) = shown.last() else {
        return unseen(view, "no right code was shown");
    };
    // The secret that a person supplied may be another one.
    if last.is_refused() && view.evidence.account_variables().is_some() {
        return doubtful(view, last);
    }
    Err(Box::new(not_served(last, "tokens for the right code")))
}

/// What a supplied account came to that may be wrong.
fn doubtful<T>(view: &View<'_>, exchange: &Exchange<'_>) -> Step<T> {
    let names = Supplied::SecondFactor.variable_names();
    let what = format!("{}: check {names}", exchange.sentence());
    Err(Box::new(unobserved(view, &what).seen_in(exchange)))
}

/// The sign-in was answered with the expected challenge, its Session and no token.
fn asks_for_a_code(view: &View<'_>, login: &Exchange<'_>) -> Step<()> {
    let expected = view.expected.challenge.as_deref().unwrap_or_default();
    let body = login.json();
    let wanted = format!("the challenge {expected} with a Session, without a token");
    let broken = |seen: &str| {
        let seen = format!("{}: {seen}", login.sentence());
        Err(Box::new(Finding::broken(wanted.clone(), seen, login)))
    };
    if body["AuthenticationResult"].is_object() {
        return broken("tokens");
    }
    let is_answer = login.reply.is_some_and(|reply| reply.is_class(2));
    match (login.reaction(), body["ChallengeName"].as_str()) {
        (Reaction::Refused, Some(name)) if is_answer && name == expected => {
            match body["Session"].as_str().unwrap_or_default() {
                "" => broken("no Session"),
                _ => Ok(()),
            }
        }
        (Reaction::Refused, Some(name)) if OF_ANOTHER_ACCOUNT.contains(&name) => {
            doubtful(view, login)
        }
        (Reaction::Refused, Some(name)) if is_answer => broken(&format!("the challenge {name}")),
        (Reaction::Refused, None) if !is_answer && view.evidence.account_variables().is_some() => {
            doubtful(view, login)
        }
        _ => Err(Box::new(not_served(login, &wanted))),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const CHALLENGE: &str =
        r#"{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"s-0123456789abcdefghij"}"#;
    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const MISMATCH: &str = r#"{"__type":"CodeMismatchException","message":"m"}"#;
    const EXPIRED: &str = r#"{"__type":"ExpiredCodeException","message":"m"}"#;
    const USER: &str = "as a user with a second factor";
    const DIGIT: &str = "altered in its last digit";

    fn asked(status: u16, body: &str) -> Log {
        Log::of_a_user_pool().exchange("sign-in", USER, status, body)
    }

    fn log(phrase: &str, status: u16, body: &str) -> Log {
        asked(200, CHALLENGE)
            .exchange("code", phrase, status, body)
            .exchange("code", "", 200, TOKENS)
    }

    #[test]
    fn a_code_opens_what_a_password_does_not() {
        check(&log(DIGIT, 400, MISMATCH), "COG-29", Grade::Met);
        check(&log(DIGIT, 200, TOKENS), "COG-29", Grade::Broken);
        check(&log(DIGIT, 400, DENIED), "COG-29", Grade::Broken);
        check(&log(DIGIT, 500, "{}"), "COG-29", Grade::Broken);
        let used = "that was used before";
        check(&log(used, 400, EXPIRED), "COG-29", Grade::Met);
        check(&log(used, 400, MISMATCH), "COG-29", Grade::Met);
        check(&log(used, 200, TOKENS), "COG-29", Grade::Broken);
        let session = "with a forged Session";
        check(&log(session, 400, DENIED), "COG-29", Grade::Met);
        check(&log(session, 200, TOKENS), "COG-29", Grade::Broken);
        let patience = r#"{"__type":"TooManyRequestsException"}"#;
        check(&log(DIGIT, 400, patience), "COG-29", Grade::Unobserved);
    }

    #[test]
    fn the_password_alone_gives_the_challenge() {
        let log = |status, body: &str| {
            asked(status, body)
                .exchange("code", DIGIT, 400, MISMATCH)
                .exchange("code", "", 200, TOKENS)
        };
        check(&log(200, TOKENS), "COG-29", Grade::Broken);
        let no_session = r#"{"ChallengeName":"SOFTWARE_TOKEN_MFA"}"#;
        check(&log(200, no_session), "COG-29", Grade::Broken);
        let other = r#"{"ChallengeName":"SMS_MFA","Session":"s-0123456789abcdefghij"}"#;
        check(&log(200, other), "COG-29", Grade::Broken);
        let both = r#"{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"s-0123456789abcdefghij",
            "AuthenticationResult":{"AccessToken":"a"}}"#;
        check(&log(200, both), "COG-29", Grade::Broken);
        check(&log(400, DENIED), "COG-29", Grade::Broken);
        let unset = r#"{"ChallengeName":"MFA_SETUP","Session":"s-0123456789abcdefghij"}"#;
        check(&log(200, unset), "COG-29", Grade::Unobserved);
        let own = log(400, DENIED).supplied(&["LOCUM_USERNAME"]);
        check(&own, "COG-29", Grade::Unobserved);
        let wrong = "with another password of the account with a second factor";
        let opened = asked(200, CHALLENGE)
            .exchange("sign-in", wrong, 200, CHALLENGE)
            .exchange("code", DIGIT, 400, MISMATCH)
            .exchange("code", "", 200, TOKENS);
        check(&opened, "COG-29", Grade::Broken);
    }

    #[test]
    fn a_right_code_that_is_refused_is_wrong_unless_it_was_supplied() {
        let log = || {
            asked(200, CHALLENGE)
                .exchange("code", DIGIT, 400, MISMATCH)
                .exchange("code", "", 400, MISMATCH)
        };
        check(&log(), "COG-29", Grade::Broken);
        let own = log().supplied(&["LOCUM_USERNAME"]);
        check(&own, "COG-29", Grade::Unobserved);
        // One that follows a used one.
        let next = log().exchange("code", "", 200, TOKENS);
        check(&next, "COG-29", Grade::Met);
        check(&asked(200, CHALLENGE), "COG-29", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_refusal() {
        for failure in FAILURES {
            let log = asked(200, CHALLENGE)
                .failed("code", DIGIT, failure)
                .exchange("code", "", 200, TOKENS);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "COG-29", grade);
        }
    }
}
