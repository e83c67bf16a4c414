//! Passwords are changed by the account's access token alone, and reset by the code that was sent.

use super::effect::{Step, all_refused, concluded, every, unseen};
use super::refusal::refused_beside;
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("COG-31", changes_take_an_access_token),
    Rule::vendor("COG-32", |view| concluded(resets_take_the_code(view))),
];

/// What says that it was the code that was looked at.
const OF_THE_CODE: [&str; 2] = ["CodeMismatchException", "ExpiredCodeException"];

fn has_another_proof(exchange: &Exchange<'_>) -> bool {
    matches!(exchange.variation, Variation::Change(_))
}

/// No other token, and none, stands in the place of the account's access token.
fn changes_take_an_access_token(view: &View<'_>) -> Finding {
    let operation = Operation::ChangePassword;
    let is_good = |exchange: &Exchange<'_>| exchange.is_documented();
    refused_beside(view, operation, has_another_proof, is_good)
}

/// No other code resets a password. Where no right one is at hand to stand beside it, the kind of the
/// refusal has to say that it was for the code.
fn resets_take_the_code(view: &View<'_>) -> Step<Finding> {
    let resets = view.evidence.exchanges_for(Operation::ResetPassword);
    let wrong: Vec<Exchange<'_>> = resets.filter(has_another_proof).collect();
    let proof = all_refused(view, &wrong)?;
    let seen = format!("{} refused", wrong.len());
    let right = every(view, Operation::ResetPassword, &Variation::Documented);
    if let Some(right) = right.iter().find(|right| right.is_served()) {
        return Ok(Finding::met(seen, proof).beside(right));
    }
    let is_of_the_code = |refused: &Exchange<'_>| {
        let kind = refused.json()["__type"].clone();
        let kind = kind.as_str().unwrap_or_default();
        OF_THE_CODE.iter().any(|known| kind.ends_with(known))
    };
    match wrong.iter().all(is_of_the_code) {
        true => Ok(Finding::met(format!("{seen} for the code"), proof)),
        false => unseen(view, "refused, and not said to be for the code"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const MISMATCH: &str = r#"{"__type":"CodeMismatchException","message":"m"}"#;
    const NO_TOKEN: &str = "without an access token";
    const UNSENT: &str = "with a code that was never sent";

    fn failed(failure: BadReply, else_: Grade) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => else_,
        }
    }

    #[test]
    fn a_change_without_its_token_is_refused() {
        let log = |bad: u16, good: u16| {
            let body = |status| if status == 200 { "{}" } else { DENIED };
            Log::of_a_user_pool()
                .exchange("change", NO_TOKEN, bad, body(bad))
                .exchange("change", "", good, body(good))
        };
        check(&log(400, 200), "COG-31", Grade::Met);
        check(&log(200, 200), "COG-31", Grade::Broken);
        check(&log(200, 400), "COG-31", Grade::Broken);
        check(&log(400, 400), "COG-31", Grade::Unobserved);
        check(&log(500, 200), "COG-31", Grade::Broken);
        let good = || Log::of_a_user_pool().exchange("change", "", 200, "{}");
        check(&good(), "COG-31", Grade::Unobserved);
        for failure in FAILURES {
            let log = good().failed("change", NO_TOKEN, failure);
            check(&log, "COG-31", failed(failure, Grade::Broken));
        }
    }

    #[test]
    fn a_reset_by_another_code_is_refused() {
        let log = |status, body| Log::of_a_user_pool().exchange("reset", UNSENT, status, body);
        check(&log(400, MISMATCH), "COG-32", Grade::Met);
        check(&log(200, "{}"), "COG-32", Grade::Broken);
        check(&log(400, DENIED), "COG-32", Grade::Unobserved);
        let beside = log(400, DENIED).exchange("reset", "", 200, "{}");
        check(&beside, "COG-32", Grade::Met);
        let refused = log(400, DENIED).exchange("reset", "", 400, DENIED);
        check(&refused, "COG-32", Grade::Unobserved);
        check(&Log::of_a_user_pool(), "COG-32", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::of_a_user_pool()
                .failed("reset", UNSENT, failure)
                .exchange("reset", "", 200, "{}");
            check(&log, "COG-32", failed(failure, Grade::Unobserved));
        }
    }
}
