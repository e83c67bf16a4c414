use std::time::Duration;

use locum_core::Outcome;
use serde_json::{Value, json};

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::subject::{ClientCommand, ClockSelection};
use crate::verdict::Grade;

/// What the mock saw during a call.
type Seen = fn(Log) -> Log;

const NO_TOKEN: &str = r#"{"token_type":"bearer"}"#;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("RSP-21", |log| {
        unusable(log, &removed()).failed_call(|log| log.bent_grant(1, 1, NO_TOKEN))
    }),
    ("RSP-22", |log| {
        let log = unusable(log, &html()).failed_call(|log| log.page("token", 1));
        honest(log)
    }),
];

fn removed() -> Value {
    json!({"edit": {"remove": ["access_token"]}})
}

fn html() -> Value {
    json!({"status": 200, "body": "<html>busy</html>"})
}

fn unusable(log: Log, then: &Value) -> Log {
    log.fault(1, then)
}

/// From now on the vendor is honest, and a call is served.
fn honest(log: Log) -> Log {
    log.control("faults/clear", &Value::Null)
        .call(200, |log| log.grant(2).api(2, Outcome::Admitted))
}

#[test]
fn nothing_goes_out_without_a_token() {
    for then in [
        removed(),
        json!({"edit": {"remove": ["access_token"], "set": {"error": "e"}}}),
        json!({"edit": {"set": {"access_token": null}}}),
        json!({"edit": {"set": {"access_token": ""}}}),
        json!({"edit": {"set": {"access_token": 12345}}}),
        json!({"edit": {"remove": ["AuthenticationResult"]}}),
        json!({"edit": {"set": {"AuthenticationResult": null}}}),
        json!({"edit": {"within": "AuthenticationResult", "set": {"IdToken": ""}}}),
    ] {
        let log = || unusable(Log::new(), &then);
        let refused = |log: Log| log.bent_grant(1, 1, NO_TOKEN);
        check(&log().failed_call(refused), "RSP-21", Grade::Met);
        check(&log().call(200, refused), "RSP-21", Grade::Broken);
        let header = &[("authorization", "Bearer undefined")];
        let sent = |log: Log| refused(log).api_with(9, header, Outcome::Denied);
        check(&log().failed_call(sent), "RSP-21", Grade::Broken);
        check(&refused(log()), "RSP-21", Grade::Unobserved);
        check(&log(), "RSP-21", Grade::Unobserved);
        let crash = refused(log().asked_for_a_call()).client_gone();
        check(&crash, "RSP-21", Grade::Gone);
    }
    // The reply has its token.
    let sound = unusable(Log::new(), &json!({"edit": {"set": {"access_token": "t"}}}));
    let sound = sound.failed_call(|log| log.bent_grant(1, 1, NO_TOKEN));
    check(&sound, "RSP-21", Grade::Unobserved);
}

/// What the client sends once the vendor is honest again is not held against it.
#[test]
fn a_later_call_may_be_served() {
    let log = unusable(Log::new(), &removed()).failed_call(|log| log.bent_grant(1, 1, NO_TOKEN));
    check(&honest(log), "RSP-21", Grade::Met);
}

#[test]
fn a_page_or_a_piece_is_an_error() {
    let cut = json!({"edit": {"cut": 60}});
    let page = |log: Log| log.page("token", 1);
    let piece = |log: Log| {
        log.bent_grant(
            1,
            1,
            "«60 bytes of application/json that could not be parsed»",
        )
    };
    let plans: [(Value, Seen); 2] = [(html(), page), (cut, piece)];
    for (then, refused) in plans {
        let log = || unusable(Log::new(), &then);
        check(&honest(log().failed_call(refused)), "RSP-22", Grade::Met);
        check(&honest(log().call(200, refused)), "RSP-22", Grade::Broken);
        let half = |log: Log| refused(log).api(9, Outcome::Denied);
        check(&honest(log().failed_call(half)), "RSP-22", Grade::Broken);
        let crash = refused(log().asked_for_a_call()).client_gone();
        check(&crash, "RSP-22", Grade::Broken);
        // Whether it still answers is not known.
        check(&log().failed_call(refused), "RSP-22", Grade::Unobserved);
        check(&honest(log()), "RSP-22", Grade::Unobserved);
    }
}

#[test]
fn half_a_reply_of_the_api_is_none() {
    let half = || {
        let then = json!({"truncate": 1});
        unusable(Log::new(), &then).grant(1)
    };
    let seen = |log: Log| log.bent_api(1, 1);
    check(&honest(half().failed_call(seen)), "RSP-22", Grade::Met);
    check(&honest(half().call(200, seen)), "RSP-22", Grade::Tolerated);
    check(&half().failed_call(seen), "RSP-22", Grade::Unobserved);
}

/// One broken reply is no reason to fail for ever; the vendor may be left alone for a while.
#[test]
fn the_client_is_not_put_out_of_action() {
    let broken = || {
        let log = unusable(Log::new(), &html()).failed_call(|log| log.page("token", 1));
        log.control("faults/clear", &Value::Null)
    };
    let fails = |log: Log| log.failed_call(|log| log);
    let turned = |log: Log, by_s: f64| {
        let clock = ClientCommand::Clock {
            client: "a".to_owned(),
            offset_s: by_s,
            which: ClockSelection::Both,
        };
        fails(fails(log).asked(&clock))
    };
    let waits = |log: Log, seconds: u64| fails(fails(log).wait(Duration::from_secs(seconds)));
    check(&waits(broken(), 65), "RSP-22", Grade::Broken);
    check(&waits(broken(), 5), "RSP-22", Grade::Met);
    // Its pause may follow a clock that is not turned.
    check(&turned(broken(), 65.0), "RSP-22", Grade::Met);
    let both = waits(turned(broken(), 65.0), 65);
    check(&both, "RSP-22", Grade::Broken);
    check(&fails(broken()), "RSP-22", Grade::Met);
    // It asks for a token, and is not well for another reason.
    let asks = broken().failed_call(|log| log.page("token", 1));
    check(&waits(asks, 65), "RSP-22", Grade::Met);
    let served = waits(broken(), 65).call(200, |log| log.grant(2).api(2, Outcome::Admitted));
    check(&served, "RSP-22", Grade::Met);
}

#[test]
fn of_a_repeated_member_either_value_will_do() {
    const TWICE: &str = r#"{"access_token":"«t»","access_token":"«t»"}"#;
    let repeat = json!({"edit": {"repeat": ["access_token"]}});
    let log = || unusable(Log::new(), &repeat);
    let refused = |log: Log| log.bent_grant(1, 1, TWICE);
    let used = |log: Log| refused(log).api(1, Outcome::Admitted);
    let other = |log: Log| refused(log).api(9, Outcome::Denied);
    check(&honest(log().call(200, used)), "RSP-22", Grade::Met);
    check(&honest(log().failed_call(refused)), "RSP-22", Grade::Met);
    check(&honest(log().call(200, refused)), "RSP-22", Grade::Broken);
    check(&honest(log().failed_call(other)), "RSP-22", Grade::Broken);
}

#[test]
fn a_page_of_the_api_may_be_anything() {
    let log = || unusable(Log::new().grant(1), &html());
    let page = |log: Log| log.page("things", 1);
    check(&honest(log().call(200, page)), "RSP-22", Grade::Met);
    check(&honest(log().failed_call(page)), "RSP-22", Grade::Met);
    check(&log().call(200, page), "RSP-22", Grade::Unobserved);
    let crash = page(log().asked_for_a_call()).client_gone();
    check(&crash, "RSP-22", Grade::Broken);
}
