//! What a JWT says of itself. Nothing here is verified: the vendor's own key is not ours.

use locum_core::Timestamp;

use super::deviation::Deviations;
use super::login::issued;
use super::token_age::GRACE_S;
use crate::evidence::Exchange;
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-02", access_token_is_a_jwt),
    Rule::vendor("VEN-03", exp_is_the_documented_lifetime),
    Rule::vendor("VEN-65", header_is_the_documented_one),
];

/// How far a claim may be from what was said elsewhere.
const TOLERANCE_S: f64 = 5.0;

/// The access token of each served login is a JWT: three segments whose first decodes to a JSON
/// object with `alg`.
fn access_token_is_a_jwt(view: &View<'_>) -> Finding {
    let logins: Vec<_> = issued(view).collect();
    let mut wrong = Deviations::default();
    let mut headers = Vec::new();
    for login in &logins {
        match view.evidence.jwt_of(login.seq) {
            Some((header, _)) => headers.push(header.to_string()),
            None => wrong.add(
                "three segments, the first with alg",
                "the access token is not a JWT",
                login,
            ),
        }
    }
    headers.dedup();
    match (wrong.broken(), Proof::all(&logins)) {
        (Some(broken), _) => broken,
        (None, None) => unobserved(view, "no token reply was received"),
        (None, Some(proof)) => Finding::met(
            format!("a JWT with the header {}", headers.join(", ")),
            proof,
        ),
    }
}

/// The header of each issued JWT is the one that the page shows, member for member and in its order.
fn header_is_the_documented_one(view: &View<'_>) -> Finding {
    let shown = view.expected.token_header.as_deref().unwrap_or_default();
    let mut wrong = Deviations::default();
    let mut alike = Vec::new();
    for login in issued(view) {
        let Some((header, _)) = view.evidence.jwt_of(login.seq) else {
            continue;
        };
        let header = header.to_string();
        if header == shown {
            alike.push(login);
        } else {
            wrong.add(shown, header, login);
        }
    }
    match (wrong.broken(), Proof::all(&alike)) {
        (Some(broken), _) => broken,
        (None, Some(proof)) => Finding::met(format!("the header {shown}"), proof),
        (None, None) => unobserved(view, "no JWT was issued"),
    }
}

/// `exp` is the documented lifetime after the reply, within five seconds.
fn exp_is_the_documented_lifetime(view: &View<'_>) -> Finding {
    let documented = view.profile.token.lifetime().as_secs_f64();
    let mut wrong = Deviations::default();
    let (mut agreeing, mut endless, mut open) = (Vec::new(), Vec::new(), None);
    for login in issued(view) {
        let claims = view.evidence.jwt_of(login.seq).map(|(_, claims)| claims);
        if claims.is_some_and(|claims| claims["exp"].is_null()) {
            endless.push(login);
            continue;
        }
        let Some(span) = seconds_to_exp(view, &login) else {
            open = open.or(Some(login));
            continue;
        };
        // A clock that runs a little ahead shows in `iat`, too.
        let issued = view
            .evidence
            .jwt_of(login.seq)
            .and_then(|(_, claims)| Some(claims["exp"].as_f64()? - claims["iat"].as_f64()?));
        let span = match issued {
            Some(issued) if (issued - span).abs() <= GRACE_S => issued,
            _ => span,
        };
        if (span - documented).abs() <= TOLERANCE_S {
            agreeing.push(login);
        } else {
            let seen = format!("exp {span} s after the issue");
            wrong.add(format!("{documented} s"), seen, login);
        }
    }
    if let Some(broken) = wrong.broken() {
        return broken;
    }
    if let Some(proof) = Proof::all(&agreeing) {
        return Finding::met(
            format!("a token ends {documented} s after its issue"),
            proof,
        );
    }
    match (open, Proof::all(&endless)) {
        (Some(login), _) => unobserved(view, "no exp could be read beside a Date").seen_in(login),
        (None, Some(proof)) => Finding::fact("no token tells its end in an exp", proof),
        (None, None) => unobserved(view, "no token was issued"),
    }
}

/// What an `expires_in`, read as seconds, is beside the claims of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The reply has no `expires_in`.
    Nothing,
    /// The token has no `exp` and `iat` to compare it with.
    Incomparable,
    /// Equal to `exp` minus `iat`, within five seconds: both in words.
    Agrees(String),
    /// Anything else: both in words.
    Differs(String),
}

/// Compares the `expires_in` of a token reply with `exp` minus `iat` of its access token.
pub(super) fn told_lifetime(view: &View<'_>, login: &Exchange<'_>) -> Told {
    let told = login.json()["expires_in"].clone();
    if told.is_null() {
        return Told::Nothing;
    }
    let claim = |name: &str| view.evidence.jwt_of(login.seq)?.1[name].as_f64();
    let (Some(exp), Some(iat)) = (claim("exp"), claim("iat")) else {
        return Told::Incomparable;
    };
    let span = exp - iat;
    let mut words = format!("expires_in {told}, exp minus iat {span}");
    match told.as_f64() {
        Some(told) if (told - span).abs() <= TOLERANCE_S => Told::Agrees(words),
        Some(told) if (told / 1000.0 - span).abs() <= TOLERANCE_S => {
            words += " (a factor of 1000)";
            Told::Differs(words)
        }
        _ => Told::Differs(words),
    }
}

/// Seconds from the reply of `login` to its token's `exp`, by the vendor's own clock: the header
/// `Date`, or `iat` where there is none.
pub(super) fn seconds_to_exp(view: &View<'_>, login: &Exchange<'_>) -> Option<f64> {
    let (_, claims) = view.evidence.jwt_of(login.seq)?;
    let date = login
        .reply?
        .header("date")
        .and_then(Timestamp::parse_http_date);
    #[expect(clippy::cast_precision_loss, reason = "seconds of any date fit")]
    let date = date.map(|date| date.as_seconds() as f64);
    Some(claims["exp"].as_f64()? - date.or_else(|| claims["iat"].as_f64())?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const DATE: &str = "Tue, 24 Nov 2026 10:00:00 GMT";

    #[test]
    fn a_jwt_is_told_from_other_text() {
        let jwt = || Log::new().jwt("", DATE, &json!({}));
        check(&jwt(), "VEN-02", Grade::Met);
        let opaque = r#"{"access_token":"t-0123"}"#;
        let log = Log::new().exchange("login", "", 200, opaque);
        check(&log, "VEN-02", Grade::Broken);
        // One of several is enough.
        check(
            &jwt().exchange("login", "", 200, opaque),
            "VEN-02",
            Grade::Broken,
        );
    }

    fn ends(date: &str, claims: &Value, expected: Grade) {
        check(&Log::new().jwt("", date, claims), "VEN-03", expected);
    }

    /// The vendor of these logs documents an hour.
    #[test]
    fn exp_counts_from_the_reply() {
        ends(DATE, &json!({"exp": 1_795_518_000}), Grade::Met);
        ends(DATE, &json!({"exp": 1_795_518_005}), Grade::Met);
        ends(DATE, &json!({"exp": 1_795_518_006}), Grade::Broken);
        ends(DATE, &json!({"exp": 1_795_518_000_000_u64}), Grade::Broken);
        ends(DATE, &json!({"iat": 1}), Grade::Fact);
        ends("", &json!({"iat": 1, "exp": 3601}), Grade::Met);
        ends("", &json!({"exp": 3601}), Grade::Unobserved);
        ends(DATE, &json!({"exp": "1795518000"}), Grade::Unobserved);
    }

    #[test]
    fn a_failure_brings_no_token() {
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            check(&log, "VEN-02", Grade::Unobserved);
            check(&log, "VEN-03", Grade::Unobserved);
        }
    }

    /// A header in another order is another first part of the token.
    #[test]
    fn the_header_is_the_one_of_the_page() {
        use crate::catalogue::Expectation;
        assert_eq!(
            Expectation::of("VEN-65", "athelas").token_header.as_deref(),
            Some(r#"{"alg":"HS256","typ":"JWT"}"#)
        );
        check(
            &Log::new().jwt("", DATE, &json!({})),
            "VEN-65",
            Grade::Broken,
        );
        check(&Log::new(), "VEN-65", Grade::Unobserved);
        let opaque = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
        check(&opaque, "VEN-65", Grade::Unobserved);
        for failure in FAILURES {
            check(
                &Log::new().failed("login", "", failure),
                "VEN-65",
                Grade::Unobserved,
            );
        }
    }
}
