//! A token request that shows one client and names another (RFC 6749 §2.3).

use super::basic::is_basic_login;
use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, LoginVariation, Operation, Other, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("TOK-28", |view| {
    concluded(token_is_of_the_client_that_proved_itself(view))
})];

/// Whose token it is, by its claims.
fn client_of<'a>(view: &View<'a>, login: &Exchange<'_>) -> Option<&'a str> {
    let (_, claims) = view.evidence.jwt_of(login.seq)?;
    let mut names = ["azp", "client_id", "sub"].iter();
    names.find_map(|name| claims[*name].as_str())
}

/// The request is refused, or its token is that of the client in the Basic header; beside a token
/// that each of the two got with a Basic header of its own.
fn token_is_of_the_client_that_proved_itself(view: &View<'_>) -> Step<Finding> {
    let mixed = Variation::Login(LoginVariation::OtherClientInForm);
    let Some(mixed) = view.evidence.first(Operation::Login, &mixed) else {
        return unseen(view, "no request with two clients was made");
    };
    let logins = view.evidence.exchanges_for(Operation::Login);
    let own = logins
        .into_iter()
        .find(|login| is_basic_login(view, login) && login.is_served());
    let by_other = Variation::By(Other::Client);
    let other = view.evidence.first(Operation::OtherLogin, &by_other);
    let other = other.filter(Exchange::is_served);
    let (Some(own), Some(other)) = (own, other) else {
        return unseen(
            view,
            "the two clients did not each get a token of their own",
        );
    };
    let controls = Proof::from(own).and(other);
    if !mixed.got_something() {
        return match mixed.reaction() {
            Reaction::Refused => Ok(Finding::met(mixed.sentence(), mixed).beside(controls)),
            reaction => {
                let what = format!("not graded: {} ({})", mixed.sentence(), reaction.words());
                let absent = || unobserved(view, &what).seen_in(mixed);
                Ok(gone(&mixed).unwrap_or_else(absent))
            }
        };
    }
    let whose = (
        client_of(view, &mixed),
        client_of(view, &own),
        client_of(view, &other),
    );
    let (Some(whose), Some(own), Some(other)) = whose else {
        let what = "a token was given, and no claim of it tells of which client";
        return Ok(Finding::fact(what, mixed).beside(controls));
    };
    if whose == own && own != other {
        return Ok(
            Finding::met("the token is of the client in the Basic header", mixed).beside(controls),
        );
    }
    if own == other {
        let what = "the claims of the two clients' tokens are the same";
        return Err(Box::new(unobserved(view, what).seen_in(mixed)));
    }
    let expected = "no token, or one of the client in the Basic header";
    let seen = format!("{}: a token of `{whose}`", mixed.sentence());
    Ok(Finding::broken(expected, seen, mixed).beside(controls))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const MIXED: &str = "with Basic of one client and the id of another";
    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    fn both() -> Log {
        Log::with_basic()
            .exchange("login", "", 200, TOKEN)
            .holds_jwt("access_token", &json!({"sub": "me"}))
            .exchange("other login", "as another client", 200, TOKEN)
            .holds_jwt("access_token", &json!({"sub": "them"}))
    }

    fn mixed(claims: &serde_json::Value) -> Log {
        let log = both().exchange("login", MIXED, 200, TOKEN);
        log.holds_jwt("access_token", claims)
    }

    #[test]
    fn a_token_is_of_the_client_that_proved_itself_or_not() {
        check(
            &both().exchange("login", MIXED, 401, "{}"),
            "TOK-28",
            Grade::Met,
        );
        check(&mixed(&json!({"sub": "me"})), "TOK-28", Grade::Met);
        check(&mixed(&json!({"sub": "them"})), "TOK-28", Grade::Broken);
        check(
            &mixed(&json!({"azp": "them", "sub": "me"})),
            "TOK-28",
            Grade::Broken,
        );
        check(&mixed(&json!({})), "TOK-28", Grade::Fact);
        let opaque = both().exchange("login", MIXED, 200, TOKEN);
        check(&opaque, "TOK-28", Grade::Fact);
        check(&both(), "TOK-28", Grade::Unobserved);
        let alone = Log::with_basic()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", MIXED, 401, "{}");
        check(&alone, "TOK-28", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&both().failed("login", MIXED, failure), "TOK-28", grade);
        }
    }
}
