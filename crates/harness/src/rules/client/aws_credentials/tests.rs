//! AWS credentials that are kept, renewed and torn.

use serde_json::json;

use crate::rules::client::testing::{check, password, tokens};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("COG-07", |log| row(issued(log, 1, 3600.0), 1, 10)),
    ("SIG-06", |log| {
        refused(ended(row(issued(log, 1, 3600.0), 1, 1)), |log| {
            call(issued(log, 2, 3600.0), 2)
        })
    }),
    ("SIG-07", |log| {
        burst(log, |log| many(issued(log, 2, 3600.0), 2, 2))
    }),
];

/// When the entries of a test log arrive.
const NOW: f64 = 1_795_514_400.0;

fn issued(log: Log, n: u64, lives_s: f64) -> Log {
    let reply = json!({"Credentials": {"AccessKeyId": format!("KEY{n}"),
        "SessionToken": format!("«aws credentials {n} of u»"),
        "Expiration": NOW + lives_s}});
    log.operation("InitiateAuth", &password(), &tokens(1))
        .operation("GetCredentialsForIdentity", &json!({}), &reply)
}

fn headers(key: u64, token: u64) -> [(String, String); 3] {
    let scope = "20261124/r/s/aws4_request, SignedHeaders=host, Signature=x";
    let authorization = format!("AWS4-HMAC-SHA256 Credential=KEY{key}/{scope}");
    [
        ("authorization".to_owned(), authorization),
        ("x-amz-date".to_owned(), "20261124T100000Z".to_owned()),
        (
            "x-amz-security-token".to_owned(),
            format!("«aws credentials {token} of u»"),
        ),
    ]
}

fn sign(log: Log, key: u64, token: u64, refused: Option<&str>) -> Log {
    let headers = headers(key, token);
    let headers: Vec<_> = headers
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    log.signed("GET", &headers, refused)
}

fn call(log: Log, n: u64) -> Log {
    sign(log, n, n, None)
}

fn many(log: Log, key: u64, token: u64) -> Log {
    (0..20).fold(log, |log, _| sign(log, key, token, None))
}

fn row(log: Log, n: u64, calls: usize) -> Log {
    (0..calls).fold(log, |log, _| log.call(200, |log| call(log, n)))
}

fn ended(log: Log) -> Log {
    log.control("tokens/expire", &json!({"vendor": "v", "kind": "aws"}))
}

fn refused(log: Log, then: fn(Log) -> Log) -> Log {
    log.call(200, |log| then(sign(log, 1, 1, Some("ended_credentials"))))
}

fn burst(log: Log, seen: fn(Log) -> Log) -> Log {
    call(issued(log, 1, 2.0), 1).calls_at_once(20, seen)
}

/// Credentials that were used until they ended passed as well as others.
#[test]
fn credentials_are_left_before_their_end() {
    let second = |date: &str, number| {
        let log = issued(Log::new().asked_for_a_call(), 1, 1800.0);
        let log = issued(log.client_clock(1798.0), 2, 3600.0);
        let mut headers = headers(number, number);
        date.clone_into(&mut headers[1].1);
        let headers = headers.each_ref().map(|(a, b)| (a.as_str(), b.as_str()));
        log.signed("GET", &headers, None)
    };
    check(&second("20261124T102959Z", 2), "COG-07", Grade::Met);
    check(&second("20261124T102959Z", 1), "COG-07", Grade::Broken);
    check(&second("20261124T102957Z", 1), "COG-07", Grade::Broken);
    check(
        &second("20261124T102900Z", 1),
        "COG-07",
        Grade::NotApplicable,
    );
    check(
        &second("20261124T103001Z", 1),
        "COG-07",
        Grade::NotApplicable,
    );
}

#[test]
fn credentials_serve_for_their_hour() {
    let per_call = |log| {
        (0..10).fold(log, |log: Log, n| {
            log.call(200, |log| call(issued(log, n, 3600.0), n))
        })
    };
    check(&per_call(Log::new()), "COG-07", Grade::Broken);
    check(
        &row(issued(Log::new(), 1, 3600.0), 1, 2),
        "COG-07",
        Grade::Unobserved,
    );
}

#[test]
fn credentials_are_left_at_their_end() {
    let short = |n| issued(Log::new(), n, -3.0);
    check(&call(short(1), 1), "COG-07", Grade::Broken);
    let renewed = |log| call(issued(log, 2, 3600.0), 2);
    check(&renewed(short(1)), "COG-07", Grade::Met);
    check(&short(1), "COG-07", Grade::Unobserved);
    check(&issued(Log::new(), 1, 2.0), "COG-07", Grade::Unobserved);
}

#[test]
fn ended_credentials_lead_to_others_and_one_repeat() {
    let first = || ended(row(issued(Log::new(), 1, 3600.0), 1, 1));
    let seen = |then| refused(first(), then);
    check(&seen(|log| log), "SIG-06", Grade::Broken);
    check(&seen(|log| call(log, 1)), "SIG-06", Grade::Broken);
    check(
        &seen(|log| call(issued(log, 2, 9e3), 1)),
        "SIG-06",
        Grade::Broken,
    );
    let twice = |log| call(call(issued(log, 2, 9e3), 2), 2);
    check(&seen(twice), "SIG-06", Grade::Broken);
    check(&first(), "SIG-06", Grade::Unobserved);
    check(&row(first(), 1, 1), "SIG-06", Grade::Unobserved);
}

#[test]
fn a_request_is_not_signed_with_parts_of_two_issues() {
    let torn = |log| {
        sign(
            many(issued(log, 2, 9e3), 2, 2),
            2,
            1,
            Some("wrong_session_token"),
        )
    };
    check(&burst(Log::new(), torn), "SIG-07", Grade::Broken);
    let mixed = |log| {
        sign(
            many(issued(log, 2, 9e3), 2, 2),
            2,
            2,
            Some("wrong_signature"),
        )
    };
    check(&burst(Log::new(), mixed), "SIG-07", Grade::Broken);
    let few = |log| call(issued(log, 2, 9e3), 2);
    check(&burst(Log::new(), few), "SIG-07", Grade::Unobserved);
    let none = |log| many(log, 1, 1);
    check(&burst(Log::new(), none), "SIG-07", Grade::Unobserved);
}
