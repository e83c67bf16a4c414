//! Requests that have to be answered alike.

use super::refusal::login_of;
use crate::evidence::{
    Exchange, FieldChange, LoginVariation, Operation, Reaction, SignInVariation, Variation,
};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BAS-10", tells_no_account),
    Rule::vendor("TOK-14", reads_an_empty_value_as_none),
];

/// What a client can tell two answers apart by: status, error code and message.
fn answer(exchange: &Exchange<'_>) -> (u16, String, String) {
    let body = exchange.json();
    let text = |names: &[&str]| {
        let mut values = names.iter().map(|name| &body[*name]);
        let value = values.find(|value| !value.is_null());
        value.map(ToString::to_string).unwrap_or_default()
    };
    (
        exchange.status(),
        text(&["error", "__type", "code"]),
        text(&["error_description", "message", "detail", "details"]),
    )
}

fn difference(
    one: &Exchange<'_>,
    other: &Exchange<'_>,
    look: fn(&Exchange<'_>) -> (u16, String, String),
) -> Option<String> {
    let (a, b) = (answer(one), answer(other));
    if look(one) == look(other) {
        return None;
    }
    let words = |(status, error, message): &(u16, String, String)| {
        [status.to_string(), error.clone(), message.clone()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    Some(format!(
        "{}: {}; {}: {}",
        one.words(),
        words(&a),
        other.words(),
        words(&b)
    ))
}

/// The status and the error code alone: the words may tell an empty value from none.
fn outcome(exchange: &Exchange<'_>) -> (u16, String, String) {
    let (status, error, _) = answer(exchange);
    (status, error, String::new())
}

/// Two answers that have to be alike, of which neither may have failed.
fn alike(
    view: &View<'_>,
    pairs: &[(Exchange<'_>, Exchange<'_>)],
    look: fn(&Exchange<'_>) -> (u16, String, String),
    none: &str,
) -> Finding {
    let mut documented = view.evidence.documented(login_of(view));
    let Some(control) = documented.find(Exchange::is_served) else {
        return unobserved(view, "no documented login was served");
    };
    let compared = pairs
        .iter()
        .filter_map(|(one, other)| compared(view, one, other, look));
    if let Some(worst) = compared.max_by_key(Finding::grade) {
        return worst.beside(control);
    }
    match Proof::all(pairs.iter().flat_map(|(one, other)| [one, other])) {
        Some(proof) => {
            let seen = format!("{} answered alike", pairs.len());
            Finding::met(seen, proof).beside(control)
        }
        None => unobserved(view, none),
    }
}

/// What is to be said of two answers; `None` when they are alike.
fn compared(
    view: &View<'_>,
    one: &Exchange<'_>,
    other: &Exchange<'_>,
    look: fn(&Exchange<'_>) -> (u16, String, String),
) -> Option<Finding> {
    for exchange in [one, other] {
        if let Some(gone) = gone(exchange) {
            return Some(gone);
        }
        // A gateway that found nobody was asked for nothing else.
        if exchange.reaction() == Reaction::Throttled || exchange.status() > 500 {
            return Some(unobserved(view, &exchange.sentence()).seen_in(exchange));
        }
    }
    let both = Proof::from(one).and(other);
    let failed = |exchange: &Exchange<'_>| matches!(exchange.reaction(), Reaction::Failed(_));
    if failed(one) && failed(other) {
        return Some(unobserved(view, &one.sentence()).seen_in(both));
    }
    let seen = difference(one, other, look)?;
    let opens = one.got_something() && !other.got_something();
    let grade = match view.expected.deviation_tolerated {
        _ if opens => Grade::Severe,
        _ if view.expected.documented_statuses.contains(&other.status()) => Grade::Fact,
        true => Grade::Tolerated,
        false => Grade::Broken,
    };
    Some(Finding::deviation(grade, "the same answer", seen, both))
}

/// An account that does not exist is refused as a wrong secret is.
fn tells_no_account(view: &View<'_>) -> Finding {
    let varied: Vec<Exchange<'_>> = view
        .evidence
        .varied(login_of(view))
        .filter(Exchange::is_refused)
        .collect();
    let other = |names: &[&str], sign_in: SignInVariation| {
        varied
            .iter()
            .copied()
            .find(|exchange| match exchange.variation {
                Variation::Login(
                    LoginVariation::Field(FieldChange::Other, name)
                    | LoginVariation::FieldInBasic(FieldChange::Other, name),
                ) => names.contains(&name.as_str()),
                Variation::SignIn(variation) => *variation == sign_in,
                _ => false,
            })
    };
    let account = other(&["client_id", "username"], SignInVariation::UnknownUser);
    let secret = other(
        &["client_secret", "password"],
        SignInVariation::AnotherPassword,
    );
    let by_srp = other(&[], SignInVariation::SrpUnknownUser).or_else(|| begun_for_nobody(view));
    let without_proof = other(&[], SignInVariation::SrpWithoutProof);
    let pairs = [account.zip(secret), by_srp.zip(without_proof)];
    let pairs: Vec<_> = pairs.into_iter().flatten().collect();
    let none = "an unknown account and a wrong secret were not both refused";
    alike(view, &pairs, answer, none)
}

/// A login by SRP that was refused at its beginning, because there is nobody of that name.
fn begun_for_nobody<'a>(view: &View<'a>) -> Option<Exchange<'a>> {
    let nobody = Variation::SignIn(SignInVariation::SrpUnknownUser);
    let begun = view.evidence.first(Operation::StartSrp, &nobody);
    begun.filter(Exchange::is_refused)
}

/// A parameter without a value is answered as if it were absent.
fn reads_an_empty_value_as_none(view: &View<'_>) -> Finding {
    let varied: Vec<Exchange<'_>> = view.evidence.varied(login_of(view)).collect();
    let empty = |exchange: &Exchange<'_>| match exchange.variation {
        Variation::Login(LoginVariation::Field(FieldChange::Empty, name)) => Some(name.clone()),
        _ => None,
    };
    let absent = |exchange: &Exchange<'_>, wanted: &str| match exchange.variation {
        Variation::Login(
            LoginVariation::Field(FieldChange::Missing, name) | LoginVariation::Without(name),
        ) => name == wanted,
        _ => false,
    };
    let pairs: Vec<_> = varied
        .iter()
        .filter_map(|one| {
            let name = empty(one)?;
            // Where the page's own request has no grant type, that is the one without it.
            let is_absent = name == "grant_type" && !view.profile.token.sends_grant_type;
            let documented = view.evidence.documented(login_of(view)).next();
            let other = match is_absent {
                true => documented?,
                false => *varied.iter().find(|other| absent(other, &name))?,
            };
            Some((*one, other))
        })
        .collect();
    alike(
        view,
        &pairs,
        outcome,
        "no empty parameter was sent beside none",
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    fn two(first: (&str, u16, &str), second: (&str, u16, &str)) -> Log {
        let start = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
        [first, second]
            .iter()
            .fold(start, |log, (phrase, status, body)| {
                log.exchange("login", phrase, *status, body)
            })
    }

    #[test]
    fn an_unknown_account_is_told_or_not() {
        let log = |id: &str, secret: &str| {
            two(
                ("with another client id", 401, id),
                ("with another client secret", 401, secret),
            )
        };
        let (one, other) = (r#"{"error":"invalid_client"}"#, r#"{"error":"nobody"}"#);
        check(&log(one, one), "BAS-10", Grade::Met);
        check(&log(one, other), "BAS-10", Grade::Broken);
        check(&log(one, other), "BAS-10@corti", Grade::Fact);
        check(&Log::new(), "BAS-10", Grade::Unobserved);
        let half = Log::new().exchange("login", "with another client id", 401, one);
        check(&half, "BAS-10", Grade::Unobserved);
        let failed = two(
            ("with another client id", 500, one),
            ("with another client secret", 401, one),
        );
        check(&failed, "BAS-10", Grade::Unobserved);
    }

    /// A login by SRP tells of nobody at its beginning or at its end, or not at all.
    #[test]
    fn an_unknown_account_is_told_by_srp_or_not() {
        let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
        let challenge = r#"{"ChallengeName":"PASSWORD_VERIFIER"}"#;
        let denied = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
        let nobody = r#"{"__type":"UserNotFoundException","message":"m"}"#;
        let unknown = "by SRP with an unknown user name";
        let known = || {
            Log::of_a_user_pool()
                .exchange("sign-in", "", 200, tokens)
                .exchange("start srp", "", 200, challenge)
                .exchange("sign-in", "by SRP without a proof", 400, denied)
        };
        let at_end = |reply| {
            known()
                .exchange("start srp", unknown, 200, challenge)
                .exchange("sign-in", unknown, 400, reply)
        };
        check(&at_end(denied), "BAS-10@scribe", Grade::Met);
        check(&at_end(nobody), "BAS-10@scribe", Grade::Broken);
        let at_beginning = |reply| known().exchange("start srp", unknown, 400, reply);
        check(&at_beginning(denied), "BAS-10@scribe", Grade::Met);
        check(&at_beginning(nobody), "BAS-10@scribe", Grade::Broken);
        check(&known(), "BAS-10@scribe", Grade::Unobserved);
    }

    #[test]
    fn an_empty_parameter_is_none_or_not() {
        let log = |status| {
            two(
                ("with an empty grant type", status, "{}"),
                ("without grant_type", 400, "{}"),
            )
        };
        check(&log(400), "TOK-14", Grade::Met);
        check(&log(200), "TOK-14@pattern", Grade::Broken);
        check(&log(200), "TOK-14@athelas", Grade::Tolerated);
        // The words may differ where the code does not.
        let worded = |code: &str| {
            two(
                (
                    "with an empty grant type",
                    400,
                    r#"{"error":"invalid_request","error_description":"it is empty"}"#,
                ),
                (
                    "without grant_type",
                    400,
                    &format!(r#"{{"error":"{code}","error_description":"it is missing"}}"#),
                ),
            )
        };
        let password = |status, body: &str| {
            two(
                ("with an empty password", status, body),
                ("without the password", 422, "{}"),
            )
        };
        check(&password(401, "{}"), "TOK-14@athelas", Grade::Tolerated);
        let token = r#"{"access_token":"t-0123"}"#;
        check(&password(200, token), "TOK-14@athelas", Grade::Severe);
        // A gateway's answer tells nothing of the parameter, and hides nothing.
        check(&log(503), "TOK-14@pattern", Grade::Unobserved);
        check(&log(500), "TOK-14@pattern", Grade::Broken);
        let open = log(503)
            .exchange("login", "with an empty scope", 400, r#"{"error":"a"}"#)
            .exchange("login", "without scope", 400, r#"{"error":"b"}"#);
        check(&open, "TOK-14@pattern", Grade::Broken);
        check(&worded("invalid_request"), "TOK-14", Grade::Met);
        check(&worded("invalid_client"), "TOK-14@pattern", Grade::Broken);
        check(&Log::new(), "TOK-14", Grade::Unobserved);
    }
}
