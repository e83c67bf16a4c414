//! Wrong credentials, one after the other (RFC 6749 §2.3.1).

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Event, Exchange, Operation, Reaction, told};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("TOK-19", |view| {
    concluded(wrong_credentials_are_slowed_down(view))
})];

/// A delay is one from so many milliseconds on, and when it is so many times what it was at first.
const DELAY_MS: u64 = 1000;
const GROWTH: u64 = 4;

/// Whether an attempt was let in, at a token endpoint or at a user pool.
fn let_in(attempt: &Exchange<'_>) -> bool {
    let body = attempt.json();
    let tokens = ["/access_token", "/AuthenticationResult/AccessToken"];
    let mut tokens = tokens.iter().filter_map(|pointer| body.pointer(pointer));
    tokens.any(serde_json::Value::is_string)
}

fn answer(attempt: &Exchange<'_>) -> (u16, Vec<String>) {
    told(attempt.status(), &attempt.json())
}

/// How long the vendor took to answer, in milliseconds.
fn took_ms(view: &View<'_>, attempt: &Exchange<'_>) -> Option<u64> {
    let records = view.evidence.records();
    let asked = records.iter().find(|record| record.seq == attempt.seq)?;
    let answered = records.iter().find(
        |record| matches!(&record.event, Event::Reply { request, .. } if *request == attempt.seq),
    )?;
    Some(answered.t_ms.saturating_sub(asked.t_ms))
}

/// Repeated wrong credentials meet a 429, another answer than the first, a growing delay, or a right
/// login that is refused afterwards; beside a right login before, which was answered at once.
fn wrong_credentials_are_slowed_down(view: &View<'_>) -> Step<Finding> {
    let right = view.evidence.documented(Operation::Attempt);
    let mut right = right.into_iter();
    let Some(control) = right.next() else {
        return unseen(view, "no attempt was made");
    };
    if !let_in(&control) {
        let what = format!("the right login was not let in: {}", control.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(control)));
    }
    let wrong: Vec<Exchange<'_>> = view.evidence.varied(Operation::Attempt).collect();
    let (Some(first), Some(last)) = (wrong.first(), wrong.last()) else {
        return unseen(view, "no wrong credentials were tried");
    };
    let proof = Proof::all(&wrong).unwrap_or_else(|| (*last).into());
    let met = |words: String| Ok(Finding::met(words, proof.clone()).beside(control));
    let is_answer = |attempt: &&Exchange<'_>| {
        matches!(attempt.reaction(), Reaction::Refused | Reaction::Throttled)
    };
    if let Some(odd) = wrong
        .iter()
        .find(|attempt| let_in(attempt) || !is_answer(attempt))
    {
        let what = format!("not graded: {}", odd.sentence());
        let absent = || unobserved(view, &what).seen_in(odd);
        return Err(Box::new(gone(odd).unwrap_or_else(absent)));
    }
    let other =
        |attempt: &&Exchange<'_>| attempt.status() == 429 || answer(attempt) != answer(first);
    if let Some(at) = wrong.iter().position(|attempt| other(&attempt)) {
        let number = at + 1;
        return met(format!(
            "attempt {number} was answered with {}",
            wrong[at].status()
        ));
    }
    let times = took_ms(view, first).zip(took_ms(view, last));
    if let Some((early, late)) = times
        && late >= DELAY_MS
        && late >= early.saturating_mul(GROWTH)
    {
        return met(format!(
            "the last attempt took {late} ms, the first {early} ms"
        ));
    }
    let afterwards = right.find(|attempt| attempt.seq > last.seq);
    if let Some(locked) = afterwards.filter(|attempt| is_answer(&attempt) && !let_in(attempt)) {
        return met(format!(
            "afterwards the right login was answered with {}",
            locked.status()
        ));
    }
    let expected = "429, a lockout or a growing delay";
    let seen = format!(
        "{} wrong attempts in a row were answered alike and at once",
        wrong.len()
    );
    Ok(Finding::broken(expected, seen, proof).beside(control))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const WRONG: &str = "with another client secret";
    const NO: &str = r#"{"error":"invalid_client"}"#;

    fn start() -> Log {
        Log::new().exchange("attempt", "", 200, TOKEN)
    }

    fn tried(answers: &[(u16, &str)]) -> Log {
        answers.iter().fold(start(), |log, (status, body)| {
            log.exchange("attempt", WRONG, *status, body)
        })
    }

    #[test]
    fn repeated_wrong_credentials_meet_a_brake_or_not() {
        check(&tried(&[(401, NO), (401, NO)]), "TOK-19", Grade::Broken);
        check(&tried(&[(401, NO), (429, "{}")]), "TOK-19", Grade::Met);
        check(&tried(&[(401, NO), (403, NO)]), "TOK-19", Grade::Met);
        let locked = r#"{"error":"locked"}"#;
        check(&tried(&[(401, NO), (401, locked)]), "TOK-19", Grade::Met);
        let end =
            |status, body| tried(&[(401, NO), (401, NO)]).exchange("attempt", "", status, body);
        check(&end(401, NO), "TOK-19", Grade::Met);
        check(&end(200, TOKEN), "TOK-19", Grade::Broken);
        let pool = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
        let of_pool = Log::new()
            .exchange("attempt", "", 200, pool)
            .exchange("attempt", WRONG, 400, NO);
        check(&of_pool, "TOK-19", Grade::Broken);
        check(&start(), "TOK-19", Grade::Unobserved);
        // What is another in each reply tells nothing.
        let timed = |time: u8| format!(r#"{{"error":"invalid_client","timestamp":{time}}}"#);
        let (one, two) = (timed(1), timed(2));
        check(&tried(&[(401, &one), (401, &two)]), "TOK-19", Grade::Broken);
        check(
            &tried(&[(401, NO), (200, TOKEN)]),
            "TOK-19",
            Grade::Unobserved,
        );
        let refused = Log::new()
            .exchange("attempt", "", 401, NO)
            .exchange("attempt", WRONG, 401, NO);
        check(&refused, "TOK-19", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = tried(&[(401, NO)]).failed("attempt", WRONG, failure);
            check(&log, "TOK-19", grade);
        }
    }
}
