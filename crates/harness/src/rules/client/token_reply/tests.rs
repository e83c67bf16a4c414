use locum_core::Outcome;
use serde_json::{Value, json};

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

const BEARER: &[(&str, &str)] = &[("Authorization", "Bearer «token 1»")];
const REPLY: &str = r#"{"access_token":"«token 1»","token_type":"bearer"}"#;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("RSP-04", |log| typed(log, "bearer", BEARER)),
    ("RSP-05", |log| {
        planned(log, &of_type("mac")).failed_call(|log| log.bent_grant(1, 1, REPLY))
    }),
    ("RSP-11", |log| used(log, &unknown_members())),
    ("RSP-17", |log| {
        set(log, "token_padding", &json!(8149)).call(200, sent)
    }),
    ("RSP-19", |log| {
        used(log, &json!({"edit": {"reverse": true}}))
    }),
    ("RSP-25", |log| used(log, &json!({"framing": "chunked"}))),
    ("EXP-05", |log| {
        set(log, "token_format", &json!("opaque")).call(200, sent)
    }),
    ("JWT-22", |log| {
        set(log, "access_aud", &json!(["account"])).call(200, sent)
    }),
];

fn of_type(word: &str) -> Value {
    json!({"edit": {"set": {"token_type": word}}})
}

fn unknown_members() -> Value {
    json!({"edit": {"set": {"not-before-policy": 1, "x": null}}})
}

fn planned(log: Log, then: &Value) -> Log {
    log.fault(1, then)
}

fn set(log: Log, name: &str, value: &Value) -> Log {
    log.control("settings", &json!({format!("acme.{name}"): value}))
}

/// A token request, and an API request with its token.
fn sent(log: Log) -> Log {
    log.grant(1).api_with(1, BEARER, Outcome::Admitted)
}

/// A reply that met the fault, and an API request with its token.
fn used(log: Log, then: &Value) -> Log {
    planned(log, then).call(200, |log| {
        log.bent_grant(1, 1, REPLY)
            .api_with(1, BEARER, Outcome::Admitted)
    })
}

fn typed(log: Log, word: &str, headers: &[(&str, &str)]) -> Log {
    planned(log, &of_type(word)).call(200, |log| {
        log.bent_grant(1, 1, REPLY)
            .api_with(1, headers, Outcome::Admitted)
    })
}

/// A reply that met the fault, and nothing after it.
fn stopped(then: &Value) -> Log {
    planned(Log::new(), then).failed_call(|log| log.bent_grant(1, 1, REPLY))
}

#[test]
fn the_scheme_is_written_as_bearer() {
    let scheme = |value: &str| typed(Log::new(), "bearer", &[("authorization", value)]);
    check(&scheme("Bearer «token 1»"), "RSP-04", Grade::Met);
    check(&scheme("bearer «token 1»"), "RSP-04", Grade::Broken);
    check(&scheme("BEARER «token 1»"), "RSP-04", Grade::Broken);
    check(&scheme("Bearer:«token 1»"), "RSP-04", Grade::Broken);
    // One space too many is another row's.
    check(&scheme("Bearer  «token 1»"), "RSP-04", Grade::Met);
    check(&stopped(&of_type("Bearer")), "RSP-04", Grade::Broken);
    // The vendor said something else.
    let mac = typed(Log::new(), "mac", BEARER);
    check(&mac, "RSP-04", Grade::Unobserved);
    check(&sent(Log::new()), "RSP-04", Grade::Unobserved);
}

#[test]
fn a_token_of_an_unknown_type_stays_at_home() {
    check(&stopped(&of_type("mac")), "RSP-05", Grade::Met);
    let used = typed(Log::new(), "mac", BEARER);
    check(&used, "RSP-05", Grade::Broken);
    // Also under another scheme, where the vendor does not know it.
    let mac = planned(Log::new(), &of_type("mac")).failed_call(|log| {
        let headers = &[("authorization", "MAC «token 1»")];
        log.bent_grant(1, 1, REPLY)
            .api_with(9, headers, Outcome::Denied)
    });
    check(&mac, "RSP-05", Grade::Broken);
    check(&stopped(&of_type("bearer")), "RSP-05", Grade::Unobserved);
    let nobody = planned(Log::new(), &of_type("mac")).bent_grant(1, 1, REPLY);
    check(&nobody, "RSP-05", Grade::Unobserved);
}

#[test]
fn a_sound_reply_is_used() {
    for (id, then) in [
        ("RSP-11", unknown_members()),
        ("RSP-19", json!({"edit": {"reverse": true}})),
        ("RSP-25", json!({"coding": "gzip"})),
        (
            "RSP-25",
            json!({"edit": {"headers": {"Content-Type": "application/json; charset=utf-8"}}}),
        ),
    ] {
        check(&used(Log::new(), &then), id, Grade::Met);
        check(&stopped(&then), id, Grade::Broken);
        // Another token than that of the reply, or half of it.
        let cut = planned(Log::new(), &then).call(200, |log| {
            log.bent_grant(1, 1, REPLY).api(9, Outcome::Denied)
        });
        check(&cut, id, Grade::Broken);
        // Nobody asked for a call, or the fault met nothing.
        let nobody = planned(Log::new(), &then).bent_grant(1, 1, REPLY);
        check(&nobody, id, Grade::Unobserved);
        let missed = sent(planned(Log::new(), &then));
        check(&missed, id, Grade::Unobserved);
        check(
            &used(Log::new(), &json!({"delay_ms": 1})),
            id,
            Grade::Unobserved,
        );
    }
}

#[test]
fn a_token_of_any_form_is_used() {
    for (id, name, value) in [
        ("RSP-17", "token_padding", json!(5700)),
        ("EXP-05@pattern", "token_format", json!("opaque")),
        ("JWT-22", "access_aud", json!(["a", "b"])),
    ] {
        let planned = || set(Log::new(), name, &value);
        check(&planned().call(200, sent), id, Grade::Met);
        check(
            &planned().failed_call(|log| log.grant(1)),
            id,
            Grade::Broken,
        );
        let cut = |log: Log| log.grant(1).api(9, Outcome::Denied);
        check(&planned().failed_call(cut), id, Grade::Broken);
        check(&planned(), id, Grade::Unobserved);
        // The token is older than the setting.
        let late = set(Log::new().grant(1), name, &value);
        let late = late.call(200, |log| log.api(1, Outcome::Admitted));
        check(&late, id, Grade::Unobserved);
    }
    let small = set(Log::new(), "token_padding", &json!(10)).call(200, sent);
    check(&small, "RSP-17", Grade::Unobserved);
}

/// Where the row forbids a crash, one that follows such a reply is the client's fault.
#[test]
fn a_crash_breaks_the_rows_that_forbid_it() {
    let crash = |then: &Value| {
        let log = planned(Log::new(), then).asked_for_a_call();
        log.bent_grant(1, 1, REPLY).client_gone()
    };
    check(&crash(&unknown_members()), "RSP-11", Grade::Broken);
    check(
        &crash(&json!({"framing": "chunked"})),
        "RSP-25",
        Grade::Broken,
    );
    check(
        &crash(&json!({"edit": {"reverse": true}})),
        "RSP-19",
        Grade::Gone,
    );
    check(&crash(&of_type("bearer")), "RSP-04", Grade::Gone);
    check(&crash(&of_type("mac")), "RSP-05", Grade::Gone);
    let opaque = set(Log::new(), "token_format", &json!("opaque"));
    let crashed = opaque.asked_for_a_call().grant(1).client_gone();
    check(&crashed, "EXP-05@pattern", Grade::Broken);
    // Where the page promises a JWT.
    check(&crashed, "EXP-05@athelas", Grade::Tolerated);
}

/// How a client shows the vendor's tokens is not judged where the scenario bends the token reply.
#[test]
fn what_is_shown_of_a_bent_reply_is_judged_here_alone() {
    let edited = json!({"id": 1, "match": {"endpoint": "token"}, "then": of_type("bearer")});
    let shown = |log: Log| {
        let headers = &[("Authorization", "undefined")];
        log.call(401, |log| {
            log.grant(1).api_with(9, headers, Outcome::Denied)
        })
    };
    let bent = shown(Log::new().control("faults", &edited));
    check(&bent, "BRR-01", Grade::Unobserved);
    let half = json!({"id": 2, "match": {"endpoint": "token"}, "then": {"reset": {"byte": 40}}});
    let half = shown(Log::new().control("faults", &half));
    check(&half, "BRR-01", Grade::Unobserved);
    check(&shown(Log::new()), "BRR-01", Grade::Broken);
}
