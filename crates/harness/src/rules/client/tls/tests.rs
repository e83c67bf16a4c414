//! Each certificate, and what a client can do about it.

use locum_core::{Handshake, HandshakeResult, Outcome};
use serde_json::{Value, json};

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("TLS-01", |log| refused(log, "expired")),
    ("TLS-02", |log| refused(log, "wrong_host")),
    ("TLS-03", |log| refused(log, "self_signed")),
    ("TLS-04", |log| served(log, "good")),
    ("TLS-05", |log| refused(log, "expired")),
    ("TLS-06", |log| {
        let log = plan(log, &json!({"max_version": "1.1"}));
        ended(
            log.fails_with("no TLS", |log| log),
            "good",
            HandshakeResult::Refused,
            0,
        )
    }),
    ("TOK-17", |log| served(log, "good")),
];

fn plan(log: Log, plan: &Value) -> Log {
    log.control("handshakes", plan)
}

fn shows(log: Log, certificate: &str) -> Log {
    plan(log, &json!({"certificate": certificate}))
}

/// What became of one attempt.
fn ended(mut log: Log, certificate: &str, result: HandshakeResult, requests: u64) -> Log {
    log.log.handshake(&Handshake {
        id: 1,
        ended: locum_core::Timestamp::default(),
        certificate: certificate.to_owned(),
        server_name: None,
        result,
        detail: Some("UnknownCA".to_owned()),
        requests,
    });
    log
}

/// A login and a call over a connection with this certificate.
fn requests(log: Log) -> Log {
    log.over_tls("good").grant(1).api(1, Outcome::Admitted)
}

fn served(log: Log, certificate: &str) -> Log {
    let log = shows(log, certificate).call(200, requests);
    ended(log, certificate, HandshakeResult::Ok, 2)
}

fn refused(log: Log, certificate: &str) -> Log {
    let log = shows(log, certificate).fails_with("no TLS", |log| log);
    ended(log, certificate, HandshakeResult::Refused, 0)
}

const BAD: [(&str, &str); 5] = [
    ("TLS-01", "expired"),
    ("TLS-01", "not_yet_valid"),
    ("TLS-02", "wrong_host"),
    ("TLS-03", "self_signed"),
    ("TLS-03", "untrusted"),
];

#[test]
fn a_bad_certificate_carries_no_request() {
    for (id, certificate) in BAD {
        check(&refused(Log::new(), certificate), id, Grade::Met);
        check(&served(Log::new(), certificate), id, Grade::Broken);
        // Some libraries look at the certificate when the handshake is over, some say no word.
        for result in [
            HandshakeResult::Ok,
            HandshakeResult::Closed,
            HandshakeResult::Failed,
        ] {
            let log = shows(Log::new(), certificate).fails_with("no TLS", |log| log);
            check(&ended(log, certificate, result, 0), id, Grade::Met);
        }
        let log = || shows(Log::new(), certificate).fails_with("no TLS", |log| log);
        check(&log(), id, Grade::Unobserved);
        let late = ended(log(), certificate, HandshakeResult::Timeout, 0);
        check(&late, id, Grade::Unobserved);
        check(
            &refused(Log::new(), certificate).client_gone(),
            id,
            Grade::Gone,
        );
        check(&refused(Log::new(), "good"), id, Grade::Unobserved);
    }
}

/// A call that is reported as done without a request is no refusal.
#[test]
fn a_success_without_a_request_says_nothing() {
    let log = shows(Log::new(), "expired").call(200, |log| log);
    let log = ended(log, "expired", HandshakeResult::Refused, 0);
    check(&log, "TLS-01", Grade::Unobserved);
}

#[test]
fn a_good_certificate_is_worked_with() {
    check(&served(Log::new(), "good"), "TLS-04", Grade::Met);
    let plain = || {
        let log = shows(Log::new(), "good").failed_call(Log::refused_login);
        ended(log, "good", HandshakeResult::Plain, 0)
    };
    check(&plain(), "TLS-04", Grade::Broken);
    check(&plain(), "TOK-17", Grade::Broken);
    let turned_away =
        shows(Log::new(), "good").failed_call(|log| log.over_tls("good").refused_login());
    let turned_away = ended(turned_away, "good", HandshakeResult::Ok, 1);
    check(&turned_away, "TLS-04", Grade::Broken);
    check(&turned_away, "TOK-17", Grade::Met);
    // A client to which the authority was not passed on refuses rightly.
    check(&refused(Log::new(), "good"), "TLS-04", Grade::Unobserved);
    check(&refused(Log::new(), "good"), "TOK-17", Grade::Unobserved);
    let silent = shows(Log::new(), "good").fails_with("no https", |log| log);
    check(&silent, "TLS-04", Grade::Unobserved);
    check(&silent, "TOK-17", Grade::Unobserved);
    check(&requests(Log::new()), "TOK-17", Grade::Unobserved);
}

#[test]
fn plain_text_after_a_failure_is_seen_in_whatever_form() {
    let broken_off = |log: Log| {
        let log = plan(log, &json!({"break_off": true})).fails_with("no TLS", |log| log);
        ended(log, "good", HandshakeResult::BrokenOff, 0)
    };
    for log in [refused(Log::new(), "expired"), broken_off(Log::new())] {
        check(&log, "TLS-05", Grade::Met);
    }
    let bytes = ended(broken_off(Log::new()), "good", HandshakeResult::Plain, 0);
    check(&bytes, "TLS-05", Grade::Broken);
    let request = refused(Log::new(), "expired").refused_login();
    check(&request, "TLS-05", Grade::Broken);
    // What it accepted, it did not fail on.
    check(&served(Log::new(), "expired"), "TLS-05", Grade::Unobserved);
    check(&refused(Log::new(), "good"), "TLS-05", Grade::Unobserved);
    check(&shows(Log::new(), "expired"), "TLS-05", Grade::Unobserved);
}

#[test]
fn an_old_version_is_reported() {
    let old = || plan(Log::new(), &json!({"max_version": "1.1"})).fails_with("no TLS", |log| log);
    for result in [
        HandshakeResult::Refused,
        HandshakeResult::Closed,
        HandshakeResult::WentOn,
    ] {
        check(&ended(old(), "good", result, 0), "TLS-06", Grade::Fact);
    }
    check(
        &ended(old(), "good", HandshakeResult::Failed, 0),
        "TLS-06",
        Grade::Unobserved,
    );
    check(&old(), "TLS-06", Grade::Unobserved);
    check(&refused(Log::new(), "good"), "TLS-06", Grade::Unobserved);
}

#[test]
fn a_refused_certificate_is_no_wrong_password() {
    let told = |kind| {
        let log = shows(Log::new(), "expired").fails_at("a", kind, |log| log);
        ended(log, "expired", HandshakeResult::Refused, 0)
    };
    check(&told("tls"), "ERR-18", Grade::Met);
    check(&told("other"), "ERR-18", Grade::Met);
    check(&told("auth"), "ERR-18", Grade::Broken);
    let served = served(Log::new(), "expired");
    check(&served, "ERR-18", Grade::Unobserved);
}
