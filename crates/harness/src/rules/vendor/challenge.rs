//! What a refusal says in its challenge.

use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::challenge::challenge_of;
use crate::evidence::{Exchange, Message, Operation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-20", |view| {
    concluded(says_invalid_token(view))
})];

/// Each call with a bad token is refused with 401, `error=invalid_token` in `WWW-Authenticate`
/// (RFC 6750 §3) and no body.
fn says_invalid_token(view: &View<'_>) -> Step<Finding> {
    let calls: Vec<Exchange<'_>> = view.evidence.varied(Operation::Call).collect();
    let faults: Vec<(&Exchange<'_>, &str)> = calls
        .iter()
        .filter_map(|call| Some((call, fault_of(call)?)))
        .collect();
    if let Some(proof) = Proof::all(faults.iter().map(|(call, _)| *call)) {
        let seen: Vec<String> = faults
            .iter()
            .map(|(call, fault)| format!("{}, with {fault}", call.sentence()))
            .collect();
        let expected = "401, error=\"invalid_token\", no body";
        return Ok(Finding::broken(expected, seen.join("; "), proof));
    }
    if let Some(gone) = calls.iter().find_map(gone) {
        return Ok(gone);
    }
    if let Some(call) = calls.iter().find(|call| !call.is_refused()) {
        return Err(Box::new(unobserved(view, &call.sentence()).seen_in(call)));
    }
    let Some(proof) = Proof::all(&calls) else {
        return unseen(view, "no bad token was shown");
    };
    let control = precondition(view, Operation::Call, &Variation::Documented)?;
    Ok(Finding::met(format!("{} refused", calls.len()), proof).beside(control))
}

/// What is wrong with a reply; `None` when it is as wanted, or there is none to look at.
fn fault_of(call: &Exchange<'_>) -> Option<&'static str> {
    let reply = call.reply?;
    match reply.status {
        401 if !names_invalid_token(reply) => Some("no error=\"invalid_token\" in its challenge"),
        401 if !reply.body.is_empty() => Some("a body"),
        401 | 429 => None,
        _ => Some("another status"),
    }
}

fn names_invalid_token(reply: &Message) -> bool {
    challenge_of(reply, "bearer")
        .is_some_and(|challenge| challenge.parameter("error") == Some("invalid_token"))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const SAYS: &str = r#"Bearer realm="r", error="invalid_token", error_description="x""#;
    const BAD: &str = "with an unknown token";

    fn bad(status: u16, challenge: &str, body: &str, expected: Grade) {
        let log = Log::new()
            .exchange("call", "", 200, "[]")
            .replied("call", BAD, status, challenge, body);
        check(&log, "VEN-20", expected);
    }

    #[test]
    fn the_challenge_speaks_and_the_body_is_silent() {
        bad(401, SAYS, "", Grade::Met);
        bad(401, "Bearer error=invalid_token", "", Grade::Met);
        bad(401, SAYS, "{}", Grade::Broken);
        bad(401, "Bearer realm=\"r\"", "", Grade::Broken);
        bad(403, SAYS, "", Grade::Broken);
        bad(200, SAYS, "", Grade::Broken);
        bad(429, SAYS, "", Grade::Unobserved);
        let alone = Log::new().replied("call", BAD, 401, SAYS, "");
        check(&alone, "VEN-20", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_challenge() {
        for failure in FAILURES {
            let log = Log::new()
                .exchange("call", "", 200, "[]")
                .failed("call", BAD, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "VEN-20", grade);
        }
    }
}
