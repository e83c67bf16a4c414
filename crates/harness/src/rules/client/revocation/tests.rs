//! Revocations as they should be, and otherwise.

use serde_json::{Value, json};

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("REV-01", |log| {
        sent(log, "POST", FORM, "token=«access token 1 of a»")
    }),
    ("REV-06", |log| unavailable(log, &[], false)),
];

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

fn sent(log: Log, method: &str, media_type: &str, body: &str) -> Log {
    log.asked_to_revoke().revocation(method, media_type, body)
}

/// A 503, further attempts so many milliseconds after it, and what the caller was told.
fn unavailable(log: Log, attempts: &[i64], done: bool) -> Log {
    let token = json!({"ClientId": "c", "Token": "«refresh token 1 of u»"});
    log.revoke_answered(done, |log| {
        let log = log.failed_operation("RevokeToken", &token, 503);
        attempts.iter().fold(log, |log, at| {
            log.later(*at)
                .operation("RevokeToken", &token, &Value::Null)
        })
    })
}

#[test]
fn a_revocation_is_a_post_of_a_form() {
    let body = "token=«access token 1 of a»&token_type_hint=access_token";
    check(&sent(Log::new(), "POST", FORM, body), "REV-01", Grade::Met);
    check(&sent(Log::new(), "GET", "", ""), "REV-01", Grade::Broken);
    check(
        &sent(Log::new(), "POST", "application/json", "{}"),
        "REV-01",
        Grade::Broken,
    );
    check(
        &sent(Log::new(), "POST", FORM, "token="),
        "REV-01",
        Grade::Broken,
    );
    check(&Log::new().asked_to_revoke(), "REV-01", Grade::Unobserved);
}

#[test]
fn a_503_revokes_nothing() {
    check(&unavailable(Log::new(), &[], false), "REV-06", Grade::Met);
    check(
        &unavailable(Log::new(), &[1950], true),
        "REV-06",
        Grade::Met,
    );
    check(
        &unavailable(Log::new(), &[1900], true),
        "REV-06@corti",
        Grade::Tolerated,
    );
    check(
        &unavailable(Log::new(), &[1900], false),
        "REV-06@scribe",
        Grade::Fact,
    );
    check(&unavailable(Log::new(), &[], true), "REV-06", Grade::Broken);
    check(&Log::new().asked_to_revoke(), "REV-06", Grade::Unobserved);
    check(
        &unavailable(Log::new(), &[], false).client_gone(),
        "REV-06",
        Grade::Gone,
    );
}
