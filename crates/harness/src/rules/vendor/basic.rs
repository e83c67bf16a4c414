//! HTTP Basic authentication of a client at the token endpoint (RFC 6749 §2.3.1).

use locum_core::profile::SecretIn;

use super::accepted::served_beside;
use super::refusal::refused_beside;
use crate::evidence::{BasicSpelling, Exchange, LoginVariation, Operation, Reaction, Variation};
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BAS-01", basic_is_accepted),
    Rule::vendor("BAS-02", spelling_of_basic),
    Rule::vendor("BAS-07", scheme_is_read_in_any_case),
    Rule::vendor("BAS-09", secret_may_have_a_colon),
    Rule::vendor("ERR-04", failed_basic_is_refused),
];

/// A login with the right credentials in a Basic header: the documented one where the vendor's page
/// has them there.
pub(super) fn is_basic_login(view: &View<'_>, login: &Exchange<'_>) -> bool {
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

/// The scheme's word in another letter case, beside a login with a Basic header as it is documented.
fn scheme_is_read_in_any_case(view: &View<'_>) -> Finding {
    let logins = view.evidence.exchanges_for(Operation::Login);
    let control = logins
        .into_iter()
        .find(|login| is_basic_login(view, login) && login.is_served());
    let is_varied = |login: &Exchange<'_>| {
        matches!(login.variation, Variation::Login(LoginVariation::Scheme(_)))
    };
    let varied = view.evidence.varied(Operation::Login).filter(is_varied);
    let varied: Vec<Exchange<'_>> = varied.collect();
    served_beside(view, Operation::Login, control, &varied)
}

/// Which spelling of id and secret is taken where the two differ: as they are, or form-encoded.
fn spelling_of_basic(view: &View<'_>) -> Finding {
    let tried: Vec<(Exchange<'_>, &str)> = [
        (BasicSpelling::Raw, "as they are"),
        (BasicSpelling::FormEncoded, "form-encoded"),
    ]
    .into_iter()
    .filter_map(|(spelling, words)| {
        let variation = Variation::Login(LoginVariation::BasicSpelling(spelling));
        Some((view.evidence.first(Operation::Login, &variation)?, words))
    })
    .collect();
    let [(raw, _), (encoded, _)] = tried.as_slice() else {
        return unobserved(view, "no two spellings of a Basic header were tried");
    };
    let proof = Proof::from(raw).and(encoded);
    let taken: Vec<&str> = tried
        .iter()
        .filter(|(login, _)| login.is_served())
        .map(|(_, words)| *words)
        .collect();
    if taken.is_empty() {
        return unobserved(view, "neither spelling of a Basic header was taken").seen_in(proof);
    }
    let seen = format!("id and secret are taken {}", taken.join(", and "));
    Finding::fact(seen, proof)
}

/// A secret with a colon logs in with a Basic header (RFC 7617 §2), beside a login that was served.
fn secret_may_have_a_colon(view: &View<'_>) -> Finding {
    let logins: Vec<Exchange<'_>> = view.evidence.exchanges_for(Operation::Login).collect();
    let last = logins.iter().rfind(|login| is_basic_login(view, login));
    let Some(last) = last else {
        return unobserved(view, "no login with a Basic header was made");
    };
    // Where no page has Basic, a body that is taken tells nothing of headers.
    let is_control = |login: &&Exchange<'_>| {
        let is_alike =
            view.profile.token.secret_in == SecretIn::Basic || is_basic_login(view, login);
        login.seq < last.seq && login.is_served() && is_alike
    };
    let control = match logins.iter().find(is_control) {
        Some(control) => control,
        None if last.is_served() => return Finding::met(last.sentence(), last),
        None => return unobserved(view, "no login was served beside it").seen_in(last),
    };
    let finding = match last.reaction() {
        Reaction::Served => Finding::met(last.sentence(), last),
        _ => not_served(last, "a token for a secret with a colon"),
    };
    finding.beside(control)
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
    fn the_scheme_is_read_in_any_case_or_not() {
        let log = |basic: u16, lower: u16| {
            let reply = |status| if status == 200 { TOKEN } else { "{}" };
            Log::new()
                .exchange("login", "", 200, TOKEN)
                .exchange("login", BASIC, basic, reply(basic))
                .exchange("login", "with the scheme basic", lower, reply(lower))
        };
        check(&log(200, 200), "BAS-07", Grade::Met);
        check(&log(200, 401), "BAS-07", Grade::Tolerated);
        // Where Basic is not read at all, its letters say nothing.
        check(&log(401, 401), "BAS-07", Grade::Unobserved);
        let documented = Log::with_basic()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", "with the scheme basic", 401, "{}");
        check(&documented, "BAS-07", Grade::Tolerated);
    }

    #[test]
    fn the_spelling_that_is_taken_is_told() {
        let log = |raw: u16, encoded: u16| {
            let reply = |status| if status == 200 { TOKEN } else { "{}" };
            Log::with_basic()
                .exchange("login", "with a raw Basic header", raw, reply(raw))
                .exchange(
                    "login",
                    "with a form-encoded Basic header",
                    encoded,
                    reply(encoded),
                )
        };
        check(&log(200, 401), "BAS-02", Grade::Fact);
        check(&log(200, 200), "BAS-02", Grade::Fact);
        check(&log(401, 401), "BAS-02", Grade::Unobserved);
        check(&Log::with_basic(), "BAS-02", Grade::Unobserved);
    }

    #[test]
    fn a_secret_with_a_colon_logs_in_or_not() {
        let log = |first: u16, colon: u16| {
            let reply = |status| if status == 200 { TOKEN } else { "{}" };
            Log::with_basic()
                .exchange("login", "", first, reply(first))
                .exchange("login", "", colon, reply(colon))
        };
        check(&log(200, 200), "BAS-09", Grade::Met);
        check(&log(200, 401), "BAS-09", Grade::Broken);
        check(&log(401, 401), "BAS-09", Grade::Unobserved);
        check(&log(200, 429), "BAS-09", Grade::Unobserved);
        let elsewhere = Log::new()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", BASIC, 401, "{}");
        check(&elsewhere, "BAS-09", Grade::Unobserved);
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
