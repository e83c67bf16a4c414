//! Odd lifetimes at stages of their own, and a token that ends before it was told to.

use locum_core::Outcome;
use serde_json::json;

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("EXP-06", |log| odd(log, 1)),
    ("EXP-09", |log| disagreeing(log, 1, true)),
];

fn told(log: Log, raw: &str) -> Log {
    log.control(
        "faults",
        &json!({"then": {"edit": {"raw": {"expires_in": raw}}}}),
    )
}

/// Two calls for each of two values, with so many logins for each call.
fn odd(log: Log, logins: u64) -> Log {
    let log = told(told(log, "3600.5"), "1e400");
    ["side-1", "side-2"].into_iter().fold(log, |log, place| {
        (0..2).fold(log, |log, _| {
            log.fails_at(place, "", |log| {
                let log = (0..logins).fold(log.at(place), Log::grant);
                log.api(1, Outcome::Admitted).at("")
            })
        })
    })
}

#[test]
fn odd_values_cause_neither_a_crash_nor_a_loop() {
    check(&odd(Log::new(), 1), "EXP-06", Grade::Met);
    check(&odd(Log::new(), 2), "EXP-06", Grade::Met);
    check(&odd(Log::new(), 3), "EXP-06", Grade::Broken);
    check(&Log::new(), "EXP-06", Grade::Unobserved);
    check(&told(Log::new(), "0"), "EXP-06", Grade::Unobserved);
    let once = told(Log::new(), "0").fails_at("side-1", "", |log| log.at("side-1").grant(1).at(""));
    check(&once, "EXP-06", Grade::Unobserved);
    // The one that it crashed on is known by the call that was not answered.
    let crashed =
        told(Log::new(), "3600.5").unanswered_at("side-1", |log| log.at("side-1").grant(1).at(""));
    check(&crashed.client_gone(), "EXP-06", Grade::Broken);
    check(&odd(Log::new(), 1).client_gone(), "EXP-06", Grade::Gone);
}

/// Ten calls after each of two values that tell no lifetime, with so many logins in all.
fn many(logins: u64) -> Log {
    let log = told(told(Log::new(), "null"), "\"\"");
    ["side-1", "side-2"].into_iter().fold(log, |log, place| {
        (0..10).fold(log, |log, at| {
            log.fails_at(place, "", |log| {
                let log = log.at(place);
                // Those beyond the tenth are second ones of the first calls.
                let its = u64::from(at < logins) + u64::from(at + 10 < logins);
                let log = (0..its).fold(log, |log, _| log.grant(at));
                log.api(at.min(logins - 1), Outcome::Admitted).at("")
            })
        })
    })
}

#[test]
fn a_login_for_each_call_is_no_way_to_read_nothing() {
    check(&many(1), "EXP-06", Grade::Met);
    check(&many(2), "EXP-06", Grade::Met);
    check(&many(3), "EXP-06", Grade::Tolerated);
    check(&many(10), "EXP-06", Grade::Tolerated);
    check(&many(14), "EXP-06", Grade::Tolerated);
    check(&many(15), "EXP-06", Grade::Broken);
}

/// A token that ended, then a call with so many logins.
fn disagreeing(log: Log, logins: u64, succeeds: bool) -> Log {
    let log = told(log, "3600")
        .grant(1)
        .call(200, |log| log.api(1, Outcome::Admitted));
    let log = log.control("tokens/expire", &json!({"kind": "access"}));
    let seen = |log: Log| {
        let log = (0..logins).fold(log.api(1, Outcome::Denied), |log, at| log.grant(2 + at));
        log.api(2, Outcome::Admitted)
    };
    match succeeds {
        true => log.call(200, seen),
        false => log.failed_call(seen),
    }
}

#[test]
fn the_earlier_end_counts() {
    check(&disagreeing(Log::new(), 1, true), "EXP-09", Grade::Met);
    check(&disagreeing(Log::new(), 0, true), "EXP-09", Grade::Met);
    check(&disagreeing(Log::new(), 2, true), "EXP-09", Grade::Broken);
    check(&disagreeing(Log::new(), 1, false), "EXP-09", Grade::Broken);
    let ended = Log::new().grant(1).control("tokens/expire", &json!({}));
    check(&ended, "EXP-09", Grade::Unobserved);
    check(&Log::new(), "EXP-09", Grade::Unobserved);
    check(
        &disagreeing(Log::new(), 1, true).client_gone(),
        "EXP-09",
        Grade::Gone,
    );
}
