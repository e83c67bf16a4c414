//! New passwords that a user pool may not take.

use super::effect::{Step, all_refused, concluded, control, every, settled, unseen};
use crate::evidence::{Exchange, Operation, Variation, WeakPassword};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("COG-27", |view| {
    concluded(weak_passwords_are_refused(view))
})];

/// A password that is shorter than any pool's policy allows is refused, and one beside it is set.
/// Whether a digit is asked for says the pool's own policy.
fn weak_passwords_are_refused(view: &View<'_>) -> Step<Finding> {
    let tried = |weak| {
        let operations = [Operation::AnswerChallenge, Operation::ChangePassword];
        let tried = operations.map(|operation| every(view, operation, &Variation::Weak(weak)));
        tried.concat()
    };
    let short: Vec<Exchange<'_>> = tried(WeakPassword::TooShort);
    let proof = all_refused(view, &short)?;
    let controls = short
        .iter()
        .map(|refused| control(view, refused.operation, &Variation::Documented))
        .collect::<Step<Vec<_>>>()?;
    let digitless: Vec<Exchange<'_>> = tried(WeakPassword::WithoutADigit);
    let taken = digitless.iter().filter(|change| change.got_something());
    if let Some(taken) = Proof::all(taken) {
        let seen = "a password without a digit is taken: the policy is not the default one";
        return Ok(Finding::fact(seen, taken.and(proof)));
    }
    settled(view, &digitless)?;
    match Proof::all(&controls) {
        Some(control) => {
            let refused = short.len() + digitless.len();
            let proof = Proof::all(&digitless).map_or(proof.clone(), |more| proof.and(more));
            Ok(Finding::met(format!("{refused} refused"), proof).beside(control))
        }
        None => unseen(view, "no password was changed"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const MFA: &str = r#"{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"s"}"#;
    const WEAK: &str = r#"{"__type":"InvalidPasswordException","message":"m"}"#;
    const SHORT: &str = "to a password of five characters";
    const DIGITLESS: &str = "to a password without a digit";

    fn changed(short: (u16, &str), digitless: (u16, &str), right: (u16, &str)) -> Log {
        Log::of_a_user_pool()
            .exchange("change", SHORT, short.0, short.1)
            .exchange("change", DIGITLESS, digitless.0, digitless.1)
            .exchange("change", "", right.0, right.1)
    }

    #[test]
    fn a_change_to_a_short_password_is_refused() {
        let (set, weak) = ((200, "{}"), (400, WEAK));
        check(&changed(weak, weak, set), "COG-27", Grade::Met);
        check(&changed(set, weak, set), "COG-27", Grade::Broken);
        check(&changed(set, set, set), "COG-27", Grade::Broken);
        // Its pool may ask for no digit.
        check(&changed(weak, set, set), "COG-27", Grade::Fact);
        // The old protocol has a refusal under 200.
        check(&changed((200, WEAK), weak, set), "COG-27", Grade::Met);
        check(&changed(weak, weak, weak), "COG-27", Grade::Unobserved);
        let failed = (500, "{}");
        check(&changed(failed, weak, set), "COG-27", Grade::Unobserved);
        check(&changed(weak, failed, set), "COG-27", Grade::Unobserved);
        check(&Log::of_a_user_pool(), "COG-27", Grade::Unobserved);
    }

    #[test]
    fn an_answer_with_a_short_password_is_refused() {
        let log = |short: (u16, &str), right: (u16, &str)| {
            Log::of_a_user_pool()
                .exchange("challenge", SHORT, short.0, short.1)
                .exchange("challenge", "", right.0, right.1)
        };
        let tokens = (200, TOKENS);
        check(&log((400, WEAK), tokens), "COG-27", Grade::Met);
        check(&log(tokens, (400, WEAK)), "COG-27", Grade::Broken);
        check(&log((200, MFA), tokens), "COG-27", Grade::Broken);
        check(&log((400, WEAK), (400, WEAK)), "COG-27", Grade::Unobserved);
        // It is no wrong Session, and says nothing of these.
        check(&log((400, WEAK), tokens), "REF-11", Grade::Unobserved);
        check(&log(tokens, tokens), "REF-11", Grade::Unobserved);
    }

    #[test]
    fn a_failure_refuses_no_password() {
        for failure in FAILURES {
            let log = Log::of_a_user_pool()
                .failed("change", SHORT, failure)
                .exchange("change", "", 200, "{}");
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "COG-27", grade);
        }
    }
}
