//! Renewals by the lifetimes that were told.

use locum_core::Outcome;

use crate::measurement::{Measurement, Unit};
use crate::rules::client::testing::{check, measurement};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("EXP-07", |log| calls(log.advance(600.0), 1, 3)),
    ("EXP-08", |log| held(log, 2, 4000)),
    ("CLI-04", |log| calls(log, 1, 20)),
    ("CLI-14", |log| jumps(log, true, 1)),
    ("CLI-22", |log| survived(log, 200)),
];

const TOLD: &str = r#"{"access_token":"«t»","expires_in":3}"#;

fn served(log: Log) -> Log {
    log.api(1, Outcome::Admitted)
}

fn margin(hi: u64) -> Measurement {
    measurement(Unit::S, hi, hi)
}

fn calls(log: Log, logins: u64, calls: usize) -> Log {
    let log = log.measured(&margin(0));
    let log = (1..=logins).fold(log, |log, n| log.granted(n, TOLD));
    (0..calls).fold(log, |log, _| log.call(200, served))
}

/// A token reply that took two seconds, and a call so many milliseconds after its request.
fn held(log: Log, token: u64, at_ms: i64) -> Log {
    let log = log.measured(&margin(0)).granted_late(1, TOLD, 2000);
    log.grant(2).api_at(token, at_ms)
}

fn jumps(log: Log, renews: bool, back: u64) -> Log {
    let log = log.grant(1).call(200, served).client_wall_clock(18_000.0);
    let log = if renews { log.grant(2) } else { log };
    let log = log.call(200, served).client_wall_clock(-3600.0);
    (0..back)
        .fold(log, |log, n| log.grant(3 + n))
        .call(200, served)
}

fn survived(log: Log, status: u16) -> Log {
    let log = log.granted(1, r#"{"access_token":"«t»","expires_in":3600}"#);
    let log = log
        .call(200, served)
        .control("faults", &serde_json::json!({}));
    let log = log.failed_login(500);
    (0..3).fold(log, |log, _| log.call(status, served))
}

#[test]
fn a_clock_that_is_off_takes_no_more_tokens() {
    check(
        &calls(Log::new().advance(-600.0), 1, 3),
        "EXP-07",
        Grade::Met,
    );
    check(
        &calls(Log::new().advance(600.0), 3, 3),
        "EXP-07",
        Grade::Broken,
    );
    check(&calls(Log::new(), 1, 3), "EXP-07", Grade::Unobserved);
}

#[test]
fn a_lifetime_begins_with_the_request() {
    check(&held(Log::new(), 2, 3500), "EXP-08", Grade::Met);
    // Both anchors are in use: the sending of the request, and the receipt of the reply.
    let next = |log: Log| log.api_at(2, 5300);
    check(&next(held(Log::new(), 1, 3500)), "EXP-08", Grade::Fact);
    check(&next(held(Log::new(), 1, 5050)), "EXP-08", Grade::Fact);
    check(&next(held(Log::new(), 1, 5200)), "EXP-08", Grade::Broken);
    check(&held(Log::new(), 1, 3500), "EXP-08", Grade::Unobserved);
    check(&held(Log::new(), 1, 5200), "EXP-08", Grade::Broken);
    check(&held(Log::new(), 1, 2500), "EXP-08", Grade::Unobserved);
}

#[test]
fn short_lives_take_few_tokens() {
    check(&calls(Log::new(), 3, 20), "CLI-04", Grade::Met);
    check(&calls(Log::new(), 20, 20), "CLI-04", Grade::Broken);
    // Ten seconds for the calls, three lifetimes of three seconds: the machine was busy.
    let slow = |logins| served(calls(Log::new(), logins, 20).later(10_000));
    check(&slow(6), "CLI-04", Grade::Met);
    check(&slow(7), "CLI-04", Grade::Broken);
    check(&calls(Log::new(), 23, 20), "CLI-04", Grade::Severe);
    // A client that takes seconds for a call is asked for fewer.
    check(&calls(Log::new(), 1, 5), "CLI-04", Grade::Met);
    check(&calls(Log::new(), 5, 5), "CLI-04", Grade::Broken);
    check(&calls(Log::new(), 8, 5), "CLI-04", Grade::Severe);
    check(&calls(Log::new(), 1, 4), "CLI-04", Grade::Unobserved);
}

#[test]
fn a_jump_of_the_wall_clock_is_seen() {
    check(&jumps(Log::new(), true, 0), "CLI-14", Grade::Met);
    check(&jumps(Log::new(), false, 0), "CLI-14", Grade::Fact);
    check(&jumps(Log::new(), true, 2), "CLI-14", Grade::Broken);
    check(&Log::new().grant(1), "CLI-14", Grade::Unobserved);
}

#[test]
fn a_renewal_may_fail() {
    check(&survived(Log::new(), 200), "CLI-22", Grade::Met);
    check(&survived(Log::new(), 500), "CLI-22", Grade::Broken);
    check(&Log::new().grant(1), "CLI-22", Grade::Unobserved);
}
