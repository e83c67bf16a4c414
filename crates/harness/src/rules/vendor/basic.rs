//! HTTP Basic authentication of a client at the token endpoint (RFC 6749 §2.3.1).

use locum_core::profile::SecretIn;

use super::refusal::refused_beside;
use crate::evidence::{Exchange, LoginVariation, Operation, Reaction, Variation};
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BAS-01", basic_is_accepted),
    Rule::vendor("ERR-04", failed_basic_is_refused),
];

/// A login with the right credentials in a Basic header: the documented one where the vendor's page
/// has them there.
fn is_basic_login(view: &View<'_>, login: &Exchange<'_>) -> bool {
    match (view.profile.token.secret_in, login.variation) {
        (SecretIn::Basic, variation) => variation.is_documented(),
        (_, Variation::Login(LoginVariation::SecretIn(places))) => {
            places.as_slice() == [SecretIn::Basic]
        }
        _ => false,
    }
}

/// Whether a login shows wrong credentials in a Basic header.
fn is_bad_basic(view: &View<'_>, login: &Exchange<'_>) -> bool {
    match view.profile.token.secret_in {
        SecretIn::Basic => !login.is_documented(),
        SecretIn::Body => matches!(
            login.variation,
            Variation::Login(LoginVariation::FieldInBasic(..))
        ),
    }
}

/// Credentials in a Basic header give a token. Where the vendor's page has them elsewhere, Basic is
/// an assumption, and its refusal a fact.
fn basic_is_accepted(view: &View<'_>) -> Finding {
    let documented = view.profile.token.secret_in == SecretIn::Basic;
    let login = view
        .evidence
        .exchanges_for(Operation::Login)
        .find(|login| is_basic_login(view, login));
    let Some(login) = login else {
        return unobserved(view, "no login with a Basic header was made");
    };
    let expected = "a token for a login with a Basic header";
    match login.reaction() {
        Reaction::Served => Finding::met(login.sentence(), login),
        Reaction::Refused if !documented => {
            Finding::deviation(Grade::Fact, expected, login.sentence(), login)
        }
        Reaction::Refused if view.evidence.account_variables().is_some() => {
            Finding::unobserved(login.sentence()).seen_in(login)
        }
        _ => not_served(&login, expected),
    }
}

/// Wrong credentials in a Basic header are refused, beside right ones in a Basic header.
fn failed_basic_is_refused(view: &View<'_>) -> Finding {
    refused_beside(
        view,
        Operation::Login,
        |login| is_bad_basic(view, login),
        |login| is_basic_login(view, login),
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const BASIC: &str = "with the credentials in a Basic header";
    const BAD: &str = "with another client secret in a Basic header";

    #[test]
    fn a_documented_basic_login_is_the_control_where_it_is_documented() {
        let log = |status, body: &str| {
            Log::with_basic()
                .exchange("login", "", 200, TOKEN)
                .exchange("login", "with another client secret", status, body)
        };
        check(&log(401, "{}"), "ERR-04", Grade::Met);
        check(&log(400, "{}"), "ERR-04", Grade::Broken);
        check(&log(500, "{}"), "ERR-04", Grade::Broken);
        check(&log(200, TOKEN), "ERR-04", Grade::Broken);
        check(&log(401, "{}"), "BAS-01", Grade::Met);
    }

    /// A vendor whose page has the credentials in the body had no scenario: a wrong secret was
    /// judged by SHOULD rows alone.
    #[test]
    fn elsewhere_the_control_is_a_basic_login_that_is_served() {
        let log = |basic: u16, bad: u16| {
            let reply = |status| if status == 200 { TOKEN } else { "{}" };
            Log::new()
                .exchange("login", "", 200, TOKEN)
                .exchange("login", BASIC, basic, reply(basic))
                .exchange("login", BAD, bad, reply(bad))
        };
        check(&log(200, 401), "ERR-04", Grade::Met);
        check(&log(200, 200), "ERR-04", Grade::Broken);
        check(&log(401, 401), "ERR-04", Grade::Unobserved);
        check(&log(200, 401), "BAS-01", Grade::Met);
        // The page of this vendor shows the body, so that Basic is an assumption.
        check(&log(401, 401), "BAS-01", Grade::Fact);
        let body_alone = Log::new().exchange("login", "", 200, TOKEN).exchange(
            "login",
            "with another client secret",
            200,
            TOKEN,
        );
        check(&body_alone, "ERR-04", Grade::Unobserved);
        check(&body_alone, "BAS-01", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_token() {
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&Log::new().failed("login", BASIC, failure), "BAS-01", grade);
            let log = Log::new()
                .exchange("login", BASIC, 200, TOKEN)
                .failed("login", BAD, failure);
            check(&log, "ERR-04", grade);
        }
    }
}
