//! What a JWT says of itself. Nothing here is verified: the vendor's own key is not ours.

use locum_core::{Finding, Grade, Timestamp};

use crate::evidence::Exchange;
use crate::rules::vendor::login::is_issued;
use crate::rules::{View, unobserved};

/// How far a claim may be from what was said elsewhere.
const NEAR_S: f64 = 5.0;

/// The access token of every granted login is a JWT: three segments whose first decodes to a JSON
/// object with `alg`.
pub fn is_one(view: &View<'_>) -> Finding {
    let logins: Vec<_> = view.log.acts("login", "").filter(is_issued).collect();
    let Some(first) = logins.first() else {
        return unobserved(view, "no token reply was received");
    };
    let opaque = logins
        .iter()
        .find(|login| view.log.jwt_of(login.seq).is_none());
    if let Some(login) = opaque {
        return Finding::new(Grade::Broken, "the access token is no JWT")
            .because("three segments, the first with alg", "another text")
            .proved_by([login.seq]);
    }
    let header = view.log.jwt_of(first.seq).map(|(header, _)| header);
    let header = header.map(ToString::to_string).unwrap_or_default();
    Finding::new(Grade::Met, format!("a JWT with the header {header}"))
        .proved_by(logins.iter().map(|login| login.seq))
}

/// `exp` is `seconds` after the reply, within five.
pub fn ends_after(view: &View<'_>, seconds: f64) -> Finding {
    let mut logins = view.log.acts("login", "").filter(is_issued);
    let Some((login, span)) = logins.find_map(|login| Some((login, lifetime(view, &login)?)))
    else {
        return unobserved(view, "no token had an exp");
    };
    let seen = format!("exp {span} s after the reply");
    if (span - seconds).abs() <= NEAR_S {
        return Finding::new(Grade::Met, seen).proved_by([login.seq]);
    }
    Finding::new(Grade::Broken, seen.clone())
        .because(format!("{seconds} s"), seen)
        .proved_by([login.seq])
}

/// An `expires_in` equals `exp` minus `iat`, within five seconds.
pub fn agrees_with_the_reply(view: &View<'_>) -> Finding {
    let mut logins = view.log.acts("login", "").filter(is_issued);
    let Some(login) = logins.next() else {
        return unobserved(view, "no token reply was received");
    };
    let body = login.reply.map(crate::evidence::Message::json);
    let told = body.unwrap_or_default()["expires_in"].clone();
    if told.is_null() {
        return Finding::new(Grade::Met, "the reply has no expires_in").proved_by([login.seq]);
    }
    let claim = |name: &str| view.log.jwt_of(login.seq)?.1[name].as_f64();
    let (Some(exp), Some(iat)) = (claim("exp"), claim("iat")) else {
        return unobserved(
            view,
            "there is an expires_in, and no exp and iat to compare it with",
        );
    };
    let agrees = told
        .as_f64()
        .is_some_and(|told| (told - (exp - iat)).abs() <= NEAR_S);
    let seen = format!("expires_in {told}, exp minus iat {}", exp - iat);
    if agrees {
        return Finding::new(Grade::Met, seen).proved_by([login.seq]);
    }
    Finding::new(Grade::Broken, seen.clone())
        .because("expires_in equal to exp minus iat", seen)
        .proved_by([login.seq])
}

/// Seconds from the reply of `login` to its token's `exp`, by the vendor's own clock: the header
/// `Date`, or `iat` where there is none.
pub(super) fn lifetime(view: &View<'_>, login: &Exchange<'_>) -> Option<f64> {
    let (_, claims) = view.log.jwt_of(login.seq)?;
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

    use super::*;
    use crate::rules::testing::{Log, check};

    const DATE: &str = "Tue, 24 Nov 2026 10:00:00 GMT";

    fn log(date: &str, claims: &Value) -> Log {
        Log::new().jwt("", date, claims)
    }

    #[test]
    fn a_jwt_is_told_from_other_text() {
        check(&log(DATE, &json!({})), is_one, Grade::Met);
        let opaque = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
        check(&opaque, is_one, Grade::Broken);
        check(&Log::new(), is_one, Grade::Unobserved);
    }

    fn ends(date: &str, claims: &Value, expected: Grade) {
        check(
            &log(date, claims),
            |view| ends_after(view, 3600.0),
            expected,
        );
    }

    #[test]
    fn exp_counts_from_the_reply() {
        ends(DATE, &json!({"exp": 1_795_518_000}), Grade::Met);
        ends(DATE, &json!({"exp": 1_795_518_005}), Grade::Met);
        ends(DATE, &json!({"exp": 1_795_518_006}), Grade::Broken);
        ends(DATE, &json!({"exp": 1_795_518_000_000_u64}), Grade::Broken);
        ends(DATE, &json!({"iat": 1}), Grade::Unobserved);
        ends("", &json!({"iat": 1, "exp": 3601}), Grade::Met);
        ends("", &json!({"exp": 3601}), Grade::Unobserved);
    }

    #[test]
    fn a_reply_without_expires_in_contradicts_nothing() {
        let claims = json!({"iat": 1, "exp": 3601});
        check(&log(DATE, &claims), agrees_with_the_reply, Grade::Met);
        check(&Log::new(), agrees_with_the_reply, Grade::Unobserved);
    }
}
