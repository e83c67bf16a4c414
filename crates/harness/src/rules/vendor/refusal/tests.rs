//! Refusals, well and badly made.

use crate::rules::testing::{FAILURES, Log, check};
use crate::verdict::Grade;

const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
const OTHER_SECRET: &str = "with another client secret";

fn login(status: u16, body: &str) -> Log {
    Log::new()
        .exchange("login", "", 200, TOKEN)
        .exchange("login", OTHER_SECRET, status, body)
}

#[test]
fn a_login_is_refused_or_not() {
    check(&login(401, "{}"), "VEN-17", Grade::Met);
    check(&login(400, TOKEN), "VEN-17", Grade::Broken);
    check(&login(200, TOKEN), "VEN-17", Grade::Broken);
    // By effect a 200 that gives nothing is a refusal.
    check(&login(200, "{}"), "VEN-17", Grade::Met);
    check(&login(429, "{}"), "VEN-17", Grade::Unobserved);
    check(&login(422, "{}"), "TOK-18", Grade::Met);
    check(&login(500, "{}"), "TOK-18", Grade::Broken);
    check(&login(200, r#"{"detail":[]}"#), "TOK-18", Grade::Broken);
}

#[test]
fn a_renewal_is_refused_or_not() {
    let renewal = |phrase: &str, status, body: &str| {
        Log::new()
            .exchange("renew", phrase, status, body)
            .exchange("renew", "", 200, TOKEN)
    };
    let garbage = "with refresh_token never-issued";
    let named = r#"{"error":"invalid_grant"}"#;
    check(&renewal(garbage, 400, named), "REF-02@generic", Grade::Met);
    check(&renewal(garbage, 401, "{}"), "REF-02@generic", Grade::Fact);
    check(
        &renewal(garbage, 400, TOKEN),
        "REF-02@generic",
        Grade::Broken,
    );
    check(&renewal(OTHER_SECRET, 401, "{}"), "REF-12", Grade::Met);
    check(&renewal(OTHER_SECRET, 200, TOKEN), "REF-12", Grade::Broken);
    let other = "by another client";
    check(&renewal(other, 400, named), "REF-13", Grade::Met);
    check(&renewal(other, 200, TOKEN), "REF-13", Grade::Broken);
    let alone = Log::new().exchange("renew", other, 400, named);
    check(&alone, "REF-13", Grade::Unobserved);
}

#[test]
fn a_failure_is_no_refusal() {
    for failure in FAILURES {
        let log =
            Log::new()
                .exchange("login", "", 200, TOKEN)
                .failed("login", OTHER_SECRET, failure);
        let rule = crate::rules::find("VEN-17", locum_core::requirement::Judge::Vendor);
        let finding = log.judge(rule.expect("a rule"));
        let none = matches!(finding.grade(), Grade::Unobserved | Grade::Gone);
        assert!(none, "{failure:?}: {finding:?}");
    }
}

#[test]
fn another_refusal_counts_as_is_said_of_it() {
    let log = |status, body| {
        Log::new().exchange("login", "", 200, TOKEN).exchange(
            "login",
            "with another password",
            status,
            body,
        )
    };
    let good = r#"{"error":"invalid_grant"}"#;
    check(&log(400, good), "ERR-07@athelas", Grade::Met);
    check(&log(401, ""), "ERR-07@athelas", Grade::Fact);
    check(&log(403, ""), "ERR-07@athelas", Grade::Broken);
    check(&log(401, TOKEN), "ERR-07@athelas", Grade::Broken);
    let of_person = |status, body| {
        Log::new().exchange("person", "", 200, TOKEN).exchange(
            "person",
            "with another password",
            status,
            body,
        )
    };
    check(&of_person(400, good), "ERR-07@corti", Grade::Met);
    check(&of_person(401, good), "ERR-07@corti", Grade::Tolerated);
    check(&of_person(400, "{}"), "ERR-07@corti", Grade::Broken);
    check(&of_person(200, TOKEN), "ERR-07@corti", Grade::Broken);
    check(&of_person(429, ""), "ERR-07@corti", Grade::Unobserved);
    check(&log(403, ""), "VEN-04@athelas", Grade::Tolerated);
    check(&log(500, ""), "VEN-04@athelas", Grade::Broken);
}

#[test]
fn each_field_has_its_own_error_code() {
    let log = |phrase, error: &str| {
        let body = format!(r#"{{"error":"{error}"}}"#);
        Log::new()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", phrase, 401, &body)
    };
    let id = "with another client id";
    check(&log(id, "invalid_client"), "VEN-22", Grade::Met);
    check(&log(id, "unauthorized_client"), "VEN-22", Grade::Broken);
    let any = Log::new().exchange("login", "", 200, TOKEN);
    let any = any.exchange("login", id, 200, TOKEN);
    check(&any, "VEN-22", Grade::Severe);
    check(
        &log(OTHER_SECRET, "unauthorized_client"),
        "VEN-22",
        Grade::Met,
    );
    check(
        &log(OTHER_SECRET, "invalid_client"),
        "VEN-22",
        Grade::Broken,
    );
}

#[test]
fn a_refusal_counts_beside_its_control_of_the_same_operation() {
    let refused = Log::new().exchange("call", "without a token", 401, "");
    check(&refused, "VEN-18", Grade::Unobserved);
    let served = Log::new().exchange("call", "without a token", 200, "[]");
    check(&served, "VEN-18", Grade::Broken);
    let other =
        Log::new()
            .exchange("login", "", 200, TOKEN)
            .exchange("call", "without a token", 401, "");
    check(&other, "VEN-18", Grade::Unobserved);
    let pair =
        Log::new()
            .exchange("call", "", 200, "[]")
            .exchange("call", "without a token", 401, "");
    check(&pair, "VEN-18", Grade::Met);
}

#[test]
fn what_is_accepted_beside_its_control_says_so() {
    let rule = crate::rules::find("VEN-18", locum_core::requirement::Judge::Vendor);
    let rule = rule.expect("a rule");
    let open = Log::new().exchange("call", "without a token", 200, "[]");
    assert!(open.judge(rule).control().is_empty());
    let beside =
        Log::new()
            .exchange("call", "", 200, "[]")
            .exchange("call", "without a token", 200, "[]");
    assert!(!beside.judge(rule).control().is_empty());
}

/// BRR-08 failed on a 403, and on what its row tolerates.
#[test]
fn a_token_in_the_query_may_be_refused_with_any_status() {
    let log = |status| {
        Log::new().exchange("call", "", 200, "[]").exchange(
            "call",
            "with the token in the query",
            status,
            "[]",
        )
    };
    check(&log(401), "BRR-08", Grade::Met);
    check(&log(403), "BRR-08", Grade::Met);
    check(&log(400), "BRR-08", Grade::Met);
    check(&log(200), "BRR-08", Grade::Tolerated);
    check(&log(500), "BRR-08", Grade::Unobserved);
}

#[test]
fn a_sign_in_is_refused_beside_one_that_is_not() {
    let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
    let log = |status, body: &str| {
        Log::of_a_user_pool()
            .exchange("sign-in", "", 200, tokens)
            .exchange("sign-in", "with another password", status, body)
    };
    let denied = r#"{"__type":"NotAuthorizedException"}"#;
    check(&log(400, denied), "VEN-04@scribe", Grade::Met);
    let other = r#"{"__type":"UserNotFoundException"}"#;
    check(&log(400, other), "VEN-04@scribe", Grade::Broken);
    let patience = r#"{"__type":"TooManyRequestsException"}"#;
    check(&log(400, patience), "VEN-04@scribe", Grade::Unobserved);
    let nobody = Log::of_a_user_pool()
        .exchange("sign-in", "", 200, tokens)
        .exchange("sign-in", "with an unknown user name", 400, other);
    check(&nobody, "VEN-04@scribe", Grade::Tolerated);
    let challenge = r#"{"ChallengeName":"SMS_MFA"}"#;
    check(&log(200, challenge), "VEN-04@scribe", Grade::Broken);
    check(&log(500, denied), "VEN-04@scribe", Grade::Broken);
    check(&log(500, "{}"), "VEN-33", Grade::Broken);
    check(&log(400, denied), "VEN-33", Grade::Met);
}

/// What no pool has as a password may be refused by its form, and another user's own login is
/// no near miss.
#[test]
fn near_misses_of_a_password_are_refused_beside_the_right_one() {
    let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
    let denied = r#"{"__type":"NotAuthorizedException"}"#;
    let invalid = r#"{"__type":"InvalidParameterException"}"#;
    let log = |phrase, status, body: &str| {
        Log::of_a_user_pool()
            .exchange("sign-in", "as another user", 200, tokens)
            .exchange("sign-in", phrase, status, body)
    };
    for phrase in [
        "with a blank behind the password",
        "without a password",
        "as another user with an empty password",
    ] {
        check(&log(phrase, 400, denied), "VEN-04@scribe", Grade::Met);
        check(&log(phrase, 400, invalid), "VEN-04@scribe", Grade::Met);
        check(&log(phrase, 200, tokens), "VEN-04@scribe", Grade::Broken);
        check(&log(phrase, 500, "{}"), "VEN-04@scribe", Grade::Unobserved);
    }
    for (phrase, other) in [
        (
            "as another user with the password altered in its first letter",
            Grade::Broken,
        ),
        (
            "as another user with the name as the password",
            Grade::Broken,
        ),
        ("by SRP with a multiple of N", Grade::Tolerated),
    ] {
        check(&log(phrase, 400, denied), "VEN-04@scribe", Grade::Met);
        check(&log(phrase, 400, invalid), "VEN-04@scribe", other);
        check(&log(phrase, 200, tokens), "VEN-04@scribe", Grade::Broken);
    }
    let alone = Log::of_a_user_pool().exchange("sign-in", "as another user", 200, tokens);
    check(&alone, "VEN-04@scribe", Grade::Unobserved);
}

#[test]
fn another_method_gives_no_token_whatever_it_is_answered_with() {
    check(&login_by("by GET", 404, "{}"), "TOK-02", Grade::Met);
    check(&login_by("by GET", 400, "{}"), "TOK-02", Grade::Met);
    check(&login_by("by GET", 200, TOKEN), "TOK-02", Grade::Broken);
    // It issued nothing, and refused nothing.
    check(&login_by("by PUT", 501, "{}"), "TOK-02", Grade::Unobserved);
    let both = login_by("by PUT", 501, "{}").exchange("login", "by GET", 405, "{}");
    check(&both, "TOK-02", Grade::Met);
    check(&login_by("by PUT", 302, ""), "TOK-02", Grade::Unobserved);
}

fn login_by(phrase: &str, status: u16, body: &str) -> Log {
    Log::new()
        .exchange("login", "", 200, TOKEN)
        .exchange("login", phrase, status, body)
}

#[test]
fn what_is_graded_depends_on_the_variation() {
    let text = "with the content type text/plain";
    check(&login_by(text, 415, ""), "TOK-04", Grade::Met);
    check(&login_by(text, 200, TOKEN), "TOK-04", Grade::Broken);
    check(&login_by("as JSON", 415, ""), "TOK-04", Grade::Fact);
    check(&login_by("as JSON", 422, ""), "TOK-04", Grade::Tolerated);
    let other = "with grant_type password";
    let named = r#"{"error":"unauthorized_client"}"#;
    check(&login_by(other, 400, named), "TOK-10", Grade::Met);
    check(&login_by(other, 200, TOKEN), "TOK-10", Grade::Broken);
    let call = |phrase: &str, status| {
        let log = Log::new().exchange("call", "", 200, "[]");
        let log = log.exchange("call", "without a token", 401, "");
        log.exchange("call", phrase, status, "")
    };
    let head = "by HEAD, and without a token";
    for fine in [401, 403, 404, 405, 501] {
        check(&call(head, fine), "VEN-18", Grade::Met);
    }
    check(&call(head, 200), "VEN-18", Grade::Broken);
    let nul = "with a NUL behind the client secret";
    let both = |status| {
        let log = login_by("with another client secret", 401, "{}");
        log.exchange("login", nul, status, "{}")
    };
    check(&both(500), "VEN-17", Grade::Met);
    check(&both(401), "VEN-17", Grade::Met);
    let taken = login_by(nul, 200, TOKEN);
    check(&taken, "VEN-17", Grade::Broken);
    let signed = |phrase: &str, status| {
        let log = Log::new().exchange("call", "", 200, "[]");
        let log = log.exchange("call", "with another path after signing", 403, "");
        log.exchange("call", phrase, status, "")
    };
    let host = "with another host after signing";
    for (status, grade) in [
        (403, Grade::Met),
        (503, Grade::Met),
        (301, Grade::Met),
        (200, Grade::Broken),
    ] {
        check(&signed(host, status), "SIG-10", grade);
    }
    let query = "with a query added after signing";
    check(&signed(query, 503), "SIG-10", Grade::Broken);
    let other = "at /v1/x, and without a token";
    check(&call(other, 422), "VEN-18", Grade::Tolerated);
    check(&call(other, 302), "VEN-18", Grade::Tolerated);
}

/// Each requirement that shares the rule can fail by its own data.
#[test]
fn an_unknown_grant_an_inactive_account_and_an_unknown_client_get_nothing() {
    let login = |phrase, status, body: &str| {
        Log::new()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", phrase, status, body)
    };
    let grant = "with grant_type locum";
    let named = r#"{"error":"unsupported_grant_type"}"#;
    check(&login(grant, 400, named), "TOK-10", Grade::Met);
    let other = r#"{"error":"invalid_request"}"#;
    check(&login(grant, 400, other), "TOK-10", Grade::Broken);
    check(&login(grant, 200, TOKEN), "TOK-10", Grade::Broken);
    let barred = "as the barred client";
    let named = r#"{"error":"unauthorized_client"}"#;
    check(&login(barred, 400, named), "TOK-11", Grade::Met);
    check(&login(barred, 401, named), "TOK-11", Grade::Broken);
    check(&login(barred, 401, named), "TOK-11@corti", Grade::Tolerated);
    check(&login(barred, 400, other), "TOK-11", Grade::Tolerated);
    check(&login(barred, 200, TOKEN), "TOK-11", Grade::Broken);
    let in_query = "with the credentials in the query";
    check(&login(in_query, 401, "{}"), "BAS-04", Grade::Met);
    check(&login(in_query, 200, TOKEN), "BAS-04", Grade::Broken);
    let bearer = "with a Bearer token for credentials";
    check(&login(bearer, 401, "{}"), "BAS-14", Grade::Met);
    check(&login(bearer, 200, TOKEN), "BAS-14", Grade::Broken);
    let two = "with the credentials in the body too";
    check(&login(two, 200, TOKEN), "BAS-06", Grade::Tolerated);
    check(&login(two, 200, TOKEN), "BAS-06@corti", Grade::Fact);
    let twice = |status| {
        let log = Log::new().exchange("call", "", 200, "{}");
        log.exchange(
            "call",
            "with a bad header behind the good one",
            status,
            "{}",
        )
    };
    check(&twice(401), "BRR-20", Grade::Met);
    check(&twice(200), "BRR-20", Grade::Tolerated);
    let inactive = "as the inactive account";
    check(&login(inactive, 401, "{}"), "VEN-19", Grade::Met);
    check(&login(inactive, 200, TOKEN), "VEN-19", Grade::Severe);
    let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
    let log = Log::of_a_user_pool()
        .exchange("sign-in", "", 200, tokens)
        .exchange("sign-in", "with an unknown client id", 200, tokens);
    check(&log, "VEN-33", Grade::Broken);
}
