//! When the tokens of a user pool end.

use super::deviation::Deviations;
use super::refusal::refused_beside;
use super::token_age::GRACE_S;
use crate::evidence::{Exchange, Operation, Reaction, ShownToken, Variation};
use crate::rules::{View, gone, unobserved};
use crate::verdict::{Finding, Grade};

/// Access and id tokens are used once more at their end and later, or one that was supplied and had
/// ended is.
pub(super) fn refused_from_its_exp(view: &View<'_>) -> Finding {
    let is_supplied =
        |exchange: &Exchange<'_>| *exchange.variation == Variation::Shown(ShownToken::Ended);
    let mut uses = view.evidence.exchanges_for(Operation::UseAccessToken);
    if uses.any(|exchange| is_supplied(&exchange)) {
        return refused_beside(view, Operation::UseAccessToken, is_supplied, |exchange| {
            exchange.is_documented()
        });
    }
    let mut ends = Vec::new();
    for (operation, member) in [
        (Operation::UseAccessToken, "AccessToken"),
        (Operation::UseIdToken, "IdToken"),
    ] {
        if let Some(finding) = refused_at(view, operation, member) {
            ends.push(finding);
        }
    }
    let worst = ends
        .into_iter()
        .reduce(|worst, next| match next.grade() > worst.grade() {
            true => next,
            false => worst,
        });
    worst.unwrap_or_else(|| unobserved(view, "no token with an exp was used"))
}

fn refused_at(view: &View<'_>, operation: Operation, member: &str) -> Option<Finding> {
    let login = view.evidence.documented(Operation::SignIn).next()?;
    let mut jwts = view.evidence.jwts_of(login.seq);
    let claims = jwts.find(|jwt| jwt.member == member)?.claims;
    let lifetime = claims["exp"].as_f64()? - claims["iat"].as_f64()?;
    let age = |used: &Exchange<'_>| view.evidence.seconds_between(login.seq, used.seq);
    let mut uses = view.evidence.exchanges_for(operation);
    let control = uses.find(|used| used.is_served() && age(used) < lifetime);
    let (mut late, mut leeway) = (Deviations::default(), Deviations::default());
    let (mut refused, mut unanswered) = (None, None);
    for used in view
        .evidence
        .exchanges_for(operation)
        .filter(|used| age(used) >= lifetime)
    {
        let words = format!("{} {} s after its issue", used.sentence(), age(&used));
        match used.reaction() {
            Reaction::Served if age(&used) >= lifetime + GRACE_S => {
                late.add("the token refused on and after its exp", words, used);
            }
            Reaction::Served => leeway.add("the token refused at its exp", words, used),
            Reaction::Refused => refused = Some((used, words)),
            Reaction::Gone(_) => unanswered = gone(&used),
            _ => unanswered = Some(unobserved(view, &words).seen_in(used)),
        }
    }
    if let Some(finding) = late.broken().or(unanswered) {
        return Some(finding);
    }
    let Some((refused, words)) = refused else {
        return Some(unobserved(view, "no expired token was at hand"));
    };
    let Some(control) = control else {
        let what = "the token was never accepted before its exp";
        return Some(unobserved(view, what).seen_in(refused));
    };
    let met = Finding::met(words, refused);
    Some(leeway.finding(Grade::Fact).unwrap_or(met).beside(control))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    /// Both kinds of a pool's tokens end.
    #[test]
    fn a_pools_tokens_end_at_their_exp() {
        let tokens = r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i"}}"#;
        let claims = serde_json::json!({"iat": 1000, "exp": 2800});
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let log = |access: [u16; 2], id: [u16; 2]| {
            let used = |log: Log, phrase, [access, id]: [u16; 2]| {
                let body = |status, good| if status == 200 { good } else { refused };
                let user = body(access, r#"{"Username":"u"}"#);
                let identity = body(id, r#"{"IdentityId":"i"}"#);
                log.exchange("use access", phrase, access, user)
                    .exchange("use id", phrase, id, identity)
            };
            let log = Log::of_a_user_pool()
                .exchange("sign-in", "", 200, tokens)
                .holds_jwt("AccessToken", &claims)
                .holds_jwt("IdToken", &claims);
            let log = used(log, "", [200, 200]).advance(1800.0);
            let log = used(log, "again", [access[0], id[0]]).advance(300.0);
            used(log, "again", [access[1], id[1]])
        };
        check(&log([400, 400], [400, 400]), "JWT-07", Grade::Met);
        check(&log([400, 400], [200, 400]), "JWT-07", Grade::Fact);
        check(&log([200, 200], [400, 400]), "JWT-07", Grade::Broken);
        check(&log([400, 400], [200, 200]), "JWT-07", Grade::Broken);
        check(&log([500, 500], [400, 400]), "JWT-07", Grade::Unobserved);
        check(&Log::of_a_user_pool(), "JWT-07", Grade::Unobserved);
    }

    /// At a real pool the time passes by itself.
    #[test]
    fn a_pools_tokens_end_while_one_waits() {
        let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
        let claims = serde_json::json!({"iat": 1000, "exp": 1004});
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let user = r#"{"Username":"u"}"#;
        let signed_in = || {
            Log::of_a_user_pool()
                .exchange("sign-in", "", 200, tokens)
                .holds_jwt("AccessToken", &claims)
        };
        let waited = |log: Log, seconds, status, body: &str| {
            let log = log.advance(seconds);
            log.exchange("use access", "again", status, body)
        };
        let used = || signed_in().exchange("use access", "", 200, user);
        let row = "JWT-07@scribe";
        check(&waited(used(), 4.0, 400, refused), row, Grade::Met);
        check(&waited(used(), 400.0, 200, user), row, Grade::Broken);
        // Before its end a refusal is another row's, and what was never accepted is refused by chance.
        check(&waited(used(), 1.0, 400, refused), row, Grade::Unobserved);
        check(
            &waited(signed_in(), 4.0, 400, refused),
            row,
            Grade::Unobserved,
        );
    }

    #[test]
    fn a_supplied_token_that_has_ended_is_refused() {
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let user = r#"{"Username":"u"}"#;
        let log = |status, body: &str| {
            Log::of_a_user_pool()
                .exchange("use access", "", 200, user)
                .exchange("use access", "which has ended", status, body)
        };
        check(&log(400, refused), "JWT-07@scribe", Grade::Met);
        check(&log(200, user), "JWT-07@scribe", Grade::Broken);
        let alone = Log::of_a_user_pool().exchange("use access", "which has ended", 400, refused);
        check(&alone, "JWT-07@scribe", Grade::Unobserved);
    }
}
