//! Sockets that are opened later, or anew.

use super::*;
use crate::measurement::Measurement;

/// The token comes to its end, and a socket is asked for; its first upgrade shows the ended token
/// where that is given.
pub(super) fn after_the_end(log: Log, ended: Option<u64>) -> Log {
    let log = log.grant(1).call(200, |log| log.api(1, Outcome::Admitted));
    let log = log.control("tokens/expire", &Value::Null);
    log.opens(true, |log| {
        let log = match ended {
            Some(token) => dead(log, token),
            None => log,
        };
        socket(log.grant(2), 2, 0, SESSION)
    })
}

#[test]
fn the_first_upgrade_after_the_end_shows_a_live_token() {
    let check = |log: Log, expected| grade(log, "WS-02", expected);
    check(after_the_end(Log::with_tenants(), None), Grade::Met);
    check(after_the_end(Log::with_tenants(), Some(1)), Grade::Broken);
    let knows_no_time = json!({"cached": true, "unit": "none", "lo": 0, "hi": 0, "longest": 1});
    let knows_no_time: Measurement = serde_json::from_value(knows_no_time).expect("it is read");
    let log = Log::with_tenants().measured(&knows_no_time);
    check(after_the_end(log, Some(1)), Grade::Fact);
    check(ordinary(Log::with_tenants()), Grade::Unobserved);
    // A timer had renewed it, and the client may take the new one for live.
    let renewed = Log::with_tenants()
        .grant(1)
        .call(200, |log| log.api(1, Outcome::Admitted))
        .grant(2)
        .control("tokens/expire", &Value::Null);
    check(dead(renewed, 2), Grade::Unobserved);
    let failed = Log::with_tenants()
        .grant(1)
        .call(200, |log| log.api(1, Outcome::Admitted));
    let failed = refused(failed.control("tokens/expire", &Value::Null), 2, 503);
    check(failed, Grade::Unobserved);
}

/// The token of a socket is revoked before the socket is dropped; the client comes back with a new
/// one or with the same.
pub(super) fn dropped(log: Log, renews: bool) -> Log {
    let log = without_return(log);
    match renews {
        true => socket(dead(log, 1).grant(2), 2, 0, SESSION),
        false => dead(dead(log, 1), 1),
    }
}

fn without_return(log: Log) -> Log {
    let log = fault(log.grant(1), 1, &json!({"drop_ws": true}));
    let log = log.opens(true, |log| {
        socket(log, 1, 1, &[CONFIG, ACCEPTED, AUDIO, FAULT])
    });
    log.control("tokens/revoke", &Value::Null)
}

#[test]
fn after_a_drop_the_session_comes_back_with_a_live_token() {
    let check = |log: Log, expected| grade(log, "WS-03", expected);
    check(dropped(Log::with_tenants(), true), Grade::Met);
    check(dropped(Log::with_tenants(), false), Grade::Broken);
    check(without_return(Log::with_tenants()), Grade::NotApplicable);
    check(
        refused(without_return(Log::with_tenants()), 1, 503),
        Grade::Unobserved,
    );
    check(ordinary(Log::with_tenants()), Grade::Unobserved);
}

/// So many upgrades, so many milliseconds apart, each dropped once it is accepted.
pub(super) fn storm(log: Log, upgrades: usize, gap_ms: i64) -> Log {
    let log = fault(
        log,
        1,
        &json!({"drop_ws": true, "unprompted": true, "after_messages": 1}),
    );
    let passed = &[CONFIG, ACCEPTED, FAULT];
    let log = log.opens(true, |log| socket(log, 1, 1, passed));
    (1..upgrades).fold(log, |log, _| socket(log.later(gap_ms), 1, 1, passed))
}

#[test]
fn reconnects_are_far_apart_and_few() {
    let check = |upgrades, gap_ms, expected| {
        grade(
            storm(Log::with_tenants(), upgrades, gap_ms),
            "WS-11",
            expected,
        );
    };
    check(4, 500, Grade::Met);
    check(10, 800, Grade::Met);
    check(11, 800, Grade::Broken);
    // What comes later than that is not counted.
    check(13, 900, Grade::Met);
    check(4, 499, Grade::Broken);
    check(5, 20, Grade::Broken);
    check(3, 20, Grade::Unobserved);
    check(1, 0, Grade::NotApplicable);
    let one_is_short = storm(Log::with_tenants(), 5, 2000);
    let one_is_short = socket(one_is_short.later(200), 1, 1, &[CONFIG, ACCEPTED, FAULT]);
    grade(one_is_short, "WS-11", Grade::Broken);
}
