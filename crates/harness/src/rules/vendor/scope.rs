//! What a token reply says of the scope that was granted (RFC 6749 §3.3).

use std::collections::BTreeSet;

use super::deviation::Deviations;
use super::token_head::grants;
use crate::evidence::{Exchange, LoginVariation, Operation, Reaction, Variation};
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("ERR-08", grants_no_unknown_scope),
    Rule::vendor("RSP-16", names_the_granted_scope).everywhere(),
];

fn words(text: &str) -> BTreeSet<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

/// The scope that the form of a login asks for; `None` when it asks for none.
fn asked(login: &Exchange<'_>) -> Option<String> {
    let mut pairs = login.request.body.split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix("scope="))?;
    Some(value.replace(['+'], " ").replace("%20", " "))
}

/// The `scope` claim of the access token.
fn claimed<'a>(view: &View<'a>, login: &Exchange<'_>) -> Option<&'a str> {
    let (_, claims) = view.evidence.jwt_of(login.seq)?;
    claims["scope"].as_str()
}

/// The reply names the scope where it is not the one that was asked for: as a set of words, and the
/// same as the token itself tells.
fn names_the_granted_scope(view: &View<'_>) -> Finding {
    let mut wrong = Deviations::default();
    let mut right = Vec::new();
    let mut untold = None;
    let documented = grants(view).into_iter();
    for (login, reply) in documented.filter(|(login, _)| login.is_documented()) {
        let Some(asked) = asked(&login) else {
            continue;
        };
        let body = reply.json();
        let (told, claimed) = (body["scope"].as_str(), claimed(view, &login));
        let granted = claimed.map(words);
        match (told.map(words), granted) {
            (Some(told), Some(granted)) if told != granted => wrong.add(
                "the scope that the token itself tells",
                format!("{}: scope names others", login.sentence()),
                login,
            ),
            (None, Some(granted)) if granted != words(&asked) => wrong.add(
                "a scope member",
                format!(
                    "{}: no scope, though `{}` was granted for `{asked}`",
                    login.sentence(),
                    claimed.unwrap_or_default()
                ),
                login,
            ),
            (None, None) => untold = untold.or(Some(login)),
            _ => right.push(login),
        }
    }
    if let Some(finding) = wrong.broken() {
        return finding;
    }
    match (Proof::all(&right), untold) {
        (Some(proof), _) => Finding::met("the granted scope is told", proof),
        (None, Some(login)) => {
            unobserved(view, "neither the reply nor the token tells a scope").seen_in(login)
        }
        (None, None) => unobserved(
            view,
            "no token reply to a request with a scope was received",
        ),
    }
}

/// The words of a varied scope that the vendor's page does not have.
fn unknown_words<'a>(view: &View<'a>, login: &Exchange<'a>) -> Vec<&'a str> {
    let known = view.profile.token.scope.as_deref().unwrap_or_default();
    match login.variation {
        Variation::Login(LoginVariation::With(name, value)) if name == "scope" => {
            words(value).difference(&words(known)).copied().collect()
        }
        _ => Vec::new(),
    }
}

/// An unknown scope is refused by name, or left out of what is granted and told.
fn grants_no_unknown_scope(view: &View<'_>) -> Finding {
    let mut logins = view.evidence.varied(Operation::Login);
    let login = logins.find(|login| !unknown_words(view, login).is_empty());
    let Some(login) = login else {
        return unobserved(view, "no unknown scope was asked for");
    };
    let unknown = unknown_words(view, &login);
    let expected = "400 invalid_scope, or a token with the granted scope named";
    let body = login.json();
    let has_unknown = |scope: &str| unknown.iter().any(|word| words(scope).contains(word));
    let told = body["scope"].as_str();
    let in_token = claimed(view, &login);
    let control = view.evidence.documented(Operation::Login);
    let control = control.into_iter().find(Exchange::is_served);
    let finding = match login.reaction() {
        _ if login.got_something() => match told {
            _ if [told, in_token].into_iter().flatten().any(has_unknown) => Finding::broken(
                expected,
                format!("{}: granted as it was asked for", login.sentence()),
                login,
            ),
            Some(_) => Finding::met("granted without the unknown word", login),
            None => Finding::deviation(
                Grade::Tolerated,
                expected,
                format!("{} without a scope", login.sentence()),
                login,
            ),
        },
        Reaction::Refused => {
            let error = login.reply.and_then(crate::evidence::Message::error);
            match (login.status(), error.as_deref()) {
                (400, Some("invalid_scope")) => Finding::met(login.sentence(), login),
                (_, error) => Finding::broken(
                    expected,
                    format!("{} {}", login.sentence(), error.unwrap_or("and no error")),
                    login,
                ),
            }
        }
        _ => return not_served(&login, expected),
    };
    match control {
        Some(control) => finding.beside(control),
        None if finding.grade() == Grade::Met => {
            unobserved(view, "no documented login was served beside it").seen_in(login)
        }
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    /// A login for this scope, whose token and reply tell these.
    fn granted(asked: &str, claimed: &str, told: Option<&str>) -> Log {
        let more = told.map_or_else(|| json!({}), |told| json!({"scope": told}));
        Log::new().logs_in_by(
            &format!("grant_type=client_credentials&scope={asked}"),
            &json!({"scope": claimed}),
            &more,
        )
    }

    #[test]
    fn a_scope_that_was_not_asked_for_is_named_or_not() {
        let (more, all) = ("openid email", Some("email openid"));
        check(&granted("openid", more, all), "RSP-16", Grade::Met);
        check(&granted("openid", more, None), "RSP-16", Grade::Broken);
        let less = Some("openid");
        check(&granted("openid", more, less), "RSP-16", Grade::Broken);
        check(&granted("openid", "openid", None), "RSP-16", Grade::Met);
        check(&granted("openid+email", more, None), "RSP-16", Grade::Met);
        let opaque = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
        check(&opaque, "RSP-16", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            check(&log, "RSP-16", Grade::Unobserved);
        }
    }

    const UNKNOWN: &str = "with scope openid locum-unknown";
    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    fn asked(status: u16, body: &str) -> Log {
        let log = Log::with_scope("openid").exchange("login", "", 200, TOKEN);
        log.exchange("login", UNKNOWN, status, body)
    }

    #[test]
    fn an_unknown_scope_is_refused_left_out_or_pretended() {
        let named = r#"{"error":"invalid_scope"}"#;
        check(&asked(400, named), "ERR-08", Grade::Met);
        let alone = Log::with_scope("openid").exchange("login", UNKNOWN, 400, named);
        check(&alone, "ERR-08", Grade::Unobserved);
        let other = r#"{"error":"invalid_request"}"#;
        check(&asked(400, other), "ERR-08", Grade::Broken);
        let less = r#"{"access_token":"t-0123","scope":"openid"}"#;
        check(&asked(200, less), "ERR-08", Grade::Met);
        let pretended = r#"{"access_token":"t-0123","scope":"openid locum-unknown"}"#;
        check(&asked(200, pretended), "ERR-08", Grade::Broken);
        check(&asked(200, TOKEN), "ERR-08", Grade::Tolerated);
        check(&asked(429, "{}"), "ERR-08", Grade::Unobserved);
        let none = Log::with_scope("openid").exchange("login", "", 200, TOKEN);
        check(&none, "ERR-08", Grade::Unobserved);
    }
}
