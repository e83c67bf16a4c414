//! What ends with a refresh token of a user pool.

use super::effect::{Step, all_refused, concluded, made, precondition, served, unseen};
use crate::evidence::{Exchange, Moment, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-04", |view| {
        concluded(tokens_rejected_after_revocation(view))
    }),
    Rule::vendor("REV-11", |view| {
        concluded(only_a_password_helps_after_revocation(view))
    }),
];

/// The tokens of a login and of its refresh, each of which worked, are refused once the refresh
/// token is revoked.
fn tokens_rejected_after_revocation(view: &View<'_>) -> Step<Finding> {
    let revocation = revoked(view)?;
    let mut after = Vec::new();
    for operation in [Operation::UseAccessToken, Operation::UseIdToken] {
        let used: Vec<Exchange<'_>> = uses(view, operation, Moment::After).collect();
        if used.len() < 2 {
            let what = format!("no {operation} of a login and of its refresh was made afterwards");
            return unseen(view, &what);
        }
        after.extend(used);
    }
    let is_alive =
        |used: &&Exchange<'_>| used.operation == Operation::UseIdToken && used.is_served();
    if let Some(alive) = after.iter().find(is_alive) {
        let of_access = after
            .iter()
            .filter(|used| used.operation != Operation::UseIdToken);
        all_refused(view, &of_access.copied().collect::<Vec<_>>())?;
        let seen = format!("{} ({SERVER_SIDE_TOKEN_CHECK})", alive.sentence());
        return Ok(Finding::tolerated("a refusal", seen, *alive).beside(revocation));
    }
    let proof = all_refused(view, &after)?;
    let mut controls = Vec::new();
    for exchange in &after {
        let Variation::Token(number, _) = exchange.variation else {
            continue;
        };
        let before = Variation::Token(*number, Moment::Before);
        controls.push(precondition(view, exchange.operation, &before)?);
    }
    match Proof::all(&controls) {
        Some(control) => Ok(Finding::met(
            format!("{} tokens refused that worked before", after.len()),
            proof.and(revocation),
        )
        .beside(control)),
        None => unseen(view, "no token was used before"),
    }
}

/// Why an identity pool goes on (Amazon Cognito, SetIdentityPoolConfiguration).
const SERVER_SIDE_TOKEN_CHECK: &str =
    "an identity pool looks at revocations where its ServerSideTokenCheck is on";

fn uses<'a>(
    view: &View<'a>,
    operation: Operation,
    moment: Moment,
) -> impl Iterator<Item = Exchange<'a>> {
    view.evidence.exchanges_for(operation).filter(
        move |exchange| matches!(exchange.variation, Variation::Token(_, when) if *when == moment),
    )
}

/// The revocation. One that fails is the finding itself: what follows says nothing.
fn revoked<'a>(view: &View<'a>) -> Step<Exchange<'a>> {
    served(
        view,
        Operation::RevokeRefreshToken,
        &Variation::Documented,
        "the refresh token is revoked",
    )
}

/// A refresh token that worked gives nothing once it is revoked; the password gives a new one.
fn only_a_password_helps_after_revocation(view: &View<'_>) -> Step<Finding> {
    let control = precondition(view, Operation::Refresh, &Variation::Documented)?;
    let revocation = revoked(view)?;
    let after = made(view, Operation::Refresh, &Variation::AfterRevocation)?;
    let proof = all_refused(view, &[after])?;
    let expected = "the password gives a refresh token";
    let login = served(view, Operation::SignIn, &Variation::Again, expected)?;
    let refresh = &login.json()["AuthenticationResult"]["RefreshToken"];
    if refresh.as_str().is_none_or(str::is_empty) {
        let seen = format!("{} without a refresh token", login.sentence());
        return Ok(Finding::broken(expected, seen, login));
    }
    let proof = proof.and(revocation).and(login);
    Ok(Finding::met("only the password gave tokens", proof).beside(control))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const FRESH: &str = r#"{"AuthenticationResult":{"AccessToken":"b","IdToken":"j"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const USER: &str = r#"{"Username":"u"}"#;
    const IDENTITY: &str = r#"{"IdentityId":"x"}"#;
    const ALL: [(&str, usize); 4] = [
        ("use access", 1),
        ("use id", 1),
        ("use access", 2),
        ("use id", 2),
    ];

    fn reply(word: &str, works: bool) -> (u16, &'static str) {
        match (works, word) {
            (false, _) => (400, DENIED),
            (true, "use id") => (200, IDENTITY),
            (true, _) => (200, USER),
        }
    }

    fn tried(log: Log, moment: &str, works: impl Fn((&str, usize)) -> bool) -> Log {
        ALL.into_iter().fold(log, |log, (word, number)| {
            let (status, body) = reply(word, works((word, number)));
            let phrase = format!("token {number} {moment}");
            log.exchange(word, &phrase, status, body)
        })
    }

    fn revoke(log: Log) -> Log {
        log.exchange("revoke refresh", "", 200, "")
    }

    #[test]
    fn tokens_end_with_their_refresh_token() {
        let before = || revoke(tried(Log::new(), "before", |_| true));
        check(&tried(before(), "after", |_| false), "REV-04", Grade::Met);
        for alive in ALL {
            let log = tried(before(), "after", |token| token == alive);
            let expected = match alive.0 {
                // As identity pools are by default.
                "use id" => Grade::Tolerated,
                _ => Grade::Broken,
            };
            check(&log, "REV-04", expected);
        }
        check(&before(), "REV-04", Grade::Unobserved);
    }

    /// One use of any kind served as the control of all.
    #[test]
    fn each_token_of_each_kind_has_worked_before() {
        for dead in ALL {
            let log = revoke(tried(Log::new(), "before", |token| token != dead));
            let log = tried(log, "after", |_| false);
            check(&log, "REV-04", Grade::Unobserved);
        }
        let of_the_login_alone = revoke(tried(Log::new(), "before", |_| true))
            .exchange("use access", "token 1 after", 400, DENIED)
            .exchange("use id", "token 1 after", 400, DENIED);
        check(&of_the_login_alone, "REV-04", Grade::Unobserved);
    }

    /// Cognito hung up after RevokeToken, and REV-04 said PASS.
    #[test]
    fn a_vendor_that_hangs_up_has_refused_no_token() {
        for failure in FAILURES {
            let log = revoke(tried(Log::new(), "before", |_| true));
            let log = ALL.into_iter().fold(log, |log, (word, number)| {
                log.failed(word, &format!("token {number} after"), failure)
            });
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "REV-04", grade);
        }
    }

    /// RevokeToken answered with 500 was blamed on the calls after it.
    #[test]
    fn a_revocation_that_fails_is_the_finding_itself() {
        for failure in FAILURES {
            let log = tried(Log::new(), "before", |_| true).failed("revoke refresh", "", failure);
            let log = tried(log, "after", |_| true);
            let rule = crate::rules::find("REV-04", locum_core::requirement::Judge::Vendor);
            let finding = log.judge(rule.expect("a rule"));
            assert!(
                matches!(finding.grade(), Grade::Broken | Grade::Gone),
                "{failure:?}: {finding:?}"
            );
            assert!(finding.reason().starts_with("revocation of the refresh"));
        }
    }

    fn log(refresh: u16, after: u16, login: &str) -> Log {
        let body = |status| if status == 200 { FRESH } else { DENIED };
        revoke(Log::new().exchange("refresh", "", refresh, body(refresh)))
            .exchange("refresh", "after the revocation", after, body(after))
            .exchange("sign-in", "again", 200, login)
    }

    #[test]
    fn a_revoked_refresh_token_gives_nothing_and_the_password_does() {
        check(&log(200, 400, TOKENS), "REV-11", Grade::Met);
        check(&log(200, 200, TOKENS), "REV-11", Grade::Broken);
        check(&log(400, 400, TOKENS), "REV-11", Grade::Unobserved);
        check(&log(200, 500, TOKENS), "REV-11", Grade::Unobserved);
        check(&log(200, 400, FRESH), "REV-11", Grade::Broken);
        check(&log(200, 400, DENIED), "REV-11", Grade::Broken);
        let failed =
            Log::new()
                .exchange("refresh", "", 200, FRESH)
                .exchange("revoke refresh", "", 500, "");
        check(&failed, "REV-11", Grade::Broken);
    }
}
