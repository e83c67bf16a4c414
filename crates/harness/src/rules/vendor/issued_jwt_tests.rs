use serde_json::{Value, json};

use crate::rules::testing::{FAILURES, Log, check};
use crate::verdict::Grade;

/// A login whose token has these claims, and what was seen of the token's text.
fn examined(claims: &Value, member: &str, mut facts: Value) -> Log {
    let log = Log::new().jwt("client_id=a&client_secret=b", "", claims);
    let log = log.holds_jwt("id_token", claims);
    facts["member"] = member.into();
    let request = log.last_request();
    facts["request"] = request.into();
    log.control("examined token", &facts)
}

#[test]
fn a_documented_jwt_has_three_parts() {
    let log = |member: &str, is_jwt: bool| examined(&json!({}), member, json!({"is_jwt": is_jwt}));
    check(&log("access_token", true), "JWT-01", Grade::Met);
    check(&log("access_token", false), "JWT-01", Grade::Broken);
    check(&log("id_token", false), "JWT-01@corti", Grade::Broken);
    // No page of that vendor's says what an access token is.
    check(
        &log("access_token", false),
        "JWT-01@corti",
        Grade::Unobserved,
    );
    check(&Log::new(), "JWT-01", Grade::Unobserved);
}

#[test]
fn times_are_seconds_or_not() {
    let log = |claims: Value| Log::new().jwt("", "", &claims);
    check(
        &log(json!({"exp": 1_795_518_000, "iat": 1.5})),
        "JWT-11",
        Grade::Met,
    );
    check(
        &log(json!({"exp": 1_795_518_000_000_u64})),
        "JWT-11",
        Grade::Broken,
    );
    check(
        &log(json!({"exp": 1, "nbf": 1_795_518_000_000_u64})),
        "JWT-11",
        Grade::Broken,
    );
    check(&log(json!({"sub": "a"})), "JWT-11", Grade::Unobserved);
    for failure in FAILURES {
        check(
            &Log::new().failed("login", "", failure),
            "JWT-11",
            Grade::Unobserved,
        );
    }
}

#[test]
fn each_token_has_an_id_of_its_own() {
    let login = |log: Log, claims: Value| log.issues_jwt("", &claims, &json!({}));
    let two = |a: Value, b: Value| login(login(Log::new(), a), b);
    let claims = |jti: &str, iat: u64| json!({"jti": jti, "iat": iat});
    check(&two(claims("a", 1), claims("b", 2)), "JWT-29", Grade::Met);
    check(
        &two(claims("a", 1), claims("a", 2)),
        "JWT-29",
        Grade::Broken,
    );
    // The same token once more is no second token.
    check(
        &two(claims("a", 1), claims("a", 1)),
        "JWT-29",
        Grade::Unobserved,
    );
    check(
        &two(json!({"iat": 1}), json!({"iat": 2})),
        "JWT-29",
        Grade::Unobserved,
    );
    check(
        &login(Log::new(), claims("a", 1)),
        "JWT-29",
        Grade::Unobserved,
    );
    let shared = two(claims("a", 1), claims("b", 2)).holds_jwt("id_token", &claims("b", 2));
    check(&shared, "JWT-29", Grade::Tolerated);
}

#[test]
fn an_id_token_has_its_claims() {
    let good = json!({"iss": "i", "sub": "s", "exp": 2, "iat": 1, "aud": "a", "at_hash": "h"});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        examined(&claims, "id_token", json!({"is_jwt": true, "at_hash": "h"}))
    };
    check(&with("sub", json!("s")), "JWT-27", Grade::Met);
    check(&with("aud", json!(["b", "a"])), "JWT-27", Grade::Met);
    check(&with("at_hash", Value::Null), "JWT-27", Grade::Met);
    for (name, value) in [
        ("iss", Value::Null),
        ("sub", json!(7)),
        ("exp", json!("2")),
        ("exp", json!(1)),
        ("iat", Value::Null),
        ("aud", json!("b")),
        ("aud", Value::Null),
        ("at_hash", json!("other")),
    ] {
        check(&with(name, value), "JWT-27", Grade::Broken);
    }
    let pool = examined(&good, "id_token", json!({"is_jwt": true, "issuer": "j"}));
    check(&pool, "JWT-27", Grade::Broken);
    let none = examined(&good, "access_token", json!({"is_jwt": true}));
    check(&none, "JWT-27", Grade::Unobserved);
}

/// The vendor of these logs documents an hour.
#[test]
fn a_lifetime_is_an_hour_or_longer() {
    let reply = |body: &str| Log::new().exchange("login", "", 200, body);
    let told = |seconds: u32| {
        reply(&format!(
            r#"{{"access_token":"t-0123","expires_in":{seconds}}}"#
        ))
    };
    check(&told(3600), "BRR-17", Grade::Met);
    check(&told(3601), "BRR-17", Grade::Broken);
    check(&reply(r#"{"access_token":"t-0123"}"#), "BRR-17", Grade::Met);
    let jwt = |claims: Value| Log::new().jwt("", "", &claims);
    check(&jwt(json!({"iat": 1, "exp": 3601})), "BRR-17", Grade::Met);
    check(
        &jwt(json!({"iat": 1, "exp": 9000})),
        "BRR-17",
        Grade::Broken,
    );
    for failure in FAILURES {
        check(
            &Log::new().failed("login", "", failure),
            "BRR-17",
            Grade::Unobserved,
        );
    }
}

#[test]
fn an_access_token_names_an_audience_or_a_scope() {
    let log = |claims: Value| Log::new().jwt("", "", &claims);
    check(&log(json!({"aud": "a"})), "BRR-18@corti", Grade::Met);
    check(&log(json!({"scope": "a"})), "BRR-18@corti", Grade::Met);
    check(&log(json!({"sub": "a"})), "BRR-18@corti", Grade::Broken);
    check(&log(json!({"sub": "a"})), "BRR-18@athelas", Grade::Fact);
    let opaque = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
    check(&opaque, "BRR-18@corti", Grade::Unobserved);
}

#[test]
fn a_bound_token_is_met_and_another_is_a_fact() {
    let log = |claims: Value| Log::new().jwt("", "", &claims);
    check(&log(json!({"cnf": {"jkt": "x"}})), "BCP-03", Grade::Met);
    check(&log(json!({"sub": "a"})), "BCP-03", Grade::Fact);
    let offered = r#"{"dpop_signing_alg_values_supported":["ES256"]}"#;
    let metadata = Log::new().exchange("metadata", "", 200, offered);
    check(&metadata, "BCP-03", Grade::Met);
    check(
        &Log::new().exchange("metadata", "", 200, "{}"),
        "BCP-03",
        Grade::Fact,
    );
    check(
        &Log::new().exchange("metadata", "", 404, "{}"),
        "BCP-03",
        Grade::Unobserved,
    );
}
