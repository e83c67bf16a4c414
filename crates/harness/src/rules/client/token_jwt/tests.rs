use locum_core::Outcome;
use locum_core::profile::TokenFormat;
use serde_json::json;

use crate::measurement::Unit;
use crate::rules::client::testing::{check, measurement};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("JWT-21", |log| {
        far(log, Unit::S).grant(2).api(2, Outcome::Admitted)
    }),
    ("JWT-23", |log| {
        keys(log)
            .call(200, served)
            .control("keys/rotate", &json!({}))
            .call(200, |log| log.grant(2).api(2, Outcome::Admitted))
    }),
];

fn served(log: Log) -> Log {
    log.grant(1).api(1, Outcome::Admitted)
}

/// A client that was measured, holds a token with an exp far ahead, and whose clock was turned past
/// the documented hour.
fn far(mut log: Log, unit: Unit) -> Log {
    log.profile.token.format = TokenFormat::Jwt;
    log.profile.token.lifetime_settings = vec!["ttl_s".to_owned()];
    log.measured(&measurement(unit, 0, 0))
        .control("settings", &json!({"acme.ttl_s": 315_360_000}))
        .call(200, served)
        .client_clock(3601.0)
        .asked_for_a_call()
}

#[test]
fn an_exp_far_ahead_is_a_hint() {
    let renewed = |log: Log| log.grant(2).api(2, Outcome::Admitted);
    let old = |log: Log| log.api(1, Outcome::Admitted);
    check(&renewed(far(Log::new(), Unit::S)), "JWT-21", Grade::Met);
    check(&old(far(Log::new(), Unit::S)), "JWT-21", Grade::Broken);
    check(&far(Log::new(), Unit::S), "JWT-21", Grade::Unobserved);
    // A client that waits for the 401 takes no time from the claim.
    check(
        &old(far(Log::new(), Unit::None)),
        "JWT-21",
        Grade::Unobserved,
    );
    let failed = far(Log::new(), Unit::S).failed_login(503);
    check(&old(failed), "JWT-21", Grade::Unobserved);
}

fn keys(log: Log) -> Log {
    log.arrival("jwks", "/keys", &[], "")
}

#[test]
fn the_key_is_picked_by_its_name() {
    let rotated = |log: Log| log.call(200, served).control("keys/rotate", &json!({}));
    let next = |log: Log| log.grant(2).api(2, Outcome::Admitted);
    check(
        &rotated(keys(Log::new())).call(200, next),
        "JWT-23",
        Grade::Met,
    );
    let stuck = rotated(keys(Log::new())).failed_call(|log| log.grant(2));
    check(&stuck, "JWT-23", Grade::Broken);
    let first = keys(Log::new())
        .failed_call(|log| log.grant(1))
        .control("keys/rotate", &json!({}))
        .failed_call(|log| log.grant(2));
    check(&first, "JWT-23", Grade::Broken);
    // A client that verifies nothing.
    check(
        &rotated(Log::new()).call(200, next),
        "JWT-23",
        Grade::NotApplicable,
    );
    check(&rotated(keys(Log::new())), "JWT-23", Grade::Unobserved);
    check(
        &keys(Log::new()).call(200, served),
        "JWT-23",
        Grade::Unobserved,
    );
}
