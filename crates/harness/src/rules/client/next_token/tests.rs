use locum_core::Outcome;
use serde_json::json;

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("RSP-12", |log| renewed(log, FIRST)),
    ("CLI-11", |log| {
        log.granted(1, ZERO).call(200, served).call(200, served)
    }),
    ("TOK-20", |log| renewed(log, "username=u&password=«p»")),
];

const FIRST: &str = "grant_type=client_credentials&client_id=c&client_secret=«s»";
const REFRESH: &str = "grant_type=refresh_token&refresh_token=«r»";
const ZERO: &str = r#"{"access_token":"«t»","refresh_expires_in":0}"#;

fn served(log: Log) -> Log {
    log.api(1, Outcome::Admitted)
}

fn asks(log: Log, form: &str) -> Log {
    log.arrival("token", "/token", &[], form)
}

fn ended(log: Log) -> Log {
    asks(log, FIRST)
        .call(200, served)
        .control("tokens/expire", &json!({"kind": "access"}))
}

fn renewed(log: Log, form: &str) -> Log {
    asks(log, form)
        .call(200, served)
        .control("tokens/expire", &json!({"kind": "access"}))
        .call(200, |log| served(asks(log, form)))
}

#[test]
fn the_first_grant_is_repeated() {
    check(&renewed(Log::new(), FIRST), "RSP-12", Grade::Met);
    let refresh = ended(Log::new()).call(200, |log| served(asks(asks(log, REFRESH), FIRST)));
    check(&refresh, "RSP-12", Grade::Broken);
    let none = ended(Log::new()).call(401, |log| log.api(1, Outcome::Denied));
    check(&none, "RSP-12", Grade::Broken);
    let other = ended(Log::new()).call(200, |log| served(asks(log, "grant_type=password")));
    check(&other, "RSP-12", Grade::Broken);
    // In the background, before the end at the vendor.
    let early = asks(asks(Log::new(), FIRST).call(200, served), FIRST)
        .control("tokens/expire", &json!({"kind": "access"}))
        .call(200, served);
    check(&early, "RSP-12", Grade::Met);
    check(&ended(Log::new()), "RSP-12", Grade::Unobserved);
    let alive = asks(Log::new(), FIRST).call(200, served).call(200, served);
    check(&alive, "RSP-12", Grade::Unobserved);
    let given = Log::new().granted(1, r#"{"access_token":"«t»","refresh_token":"«r»"}"#);
    check(&ended(given), "RSP-12", Grade::Unobserved);
}

#[test]
fn zero_neither_ends_the_token_nor_starts_a_refresh() {
    let calls = |log: Log| log.call(200, served).call(200, served);
    check(&calls(Log::new().granted(1, ZERO)), "CLI-11", Grade::Met);
    let twice = Log::new().granted(1, ZERO).granted(2, ZERO);
    check(&calls(twice), "CLI-11", Grade::Unobserved);
    // Without the member it uses a token again, so that the member is the reason.
    let beside = |log: Log, logins: u64| {
        let log = log.call_by("side-1", true, |log| {
            let log = (0..logins).fold(log.at("side-1"), |log, n| log.grant(5 + n));
            served(log).at("")
        });
        log.call_by("side-1", true, |log| served(log.at("side-1")).at(""))
    };
    let twice = || Log::new().granted(1, ZERO).granted(2, ZERO);
    check(&beside(calls(twice()), 1), "CLI-11", Grade::Broken);
    check(&beside(calls(twice()), 2), "CLI-11", Grade::Unobserved);
    let refresh = asks(Log::new().granted(1, ZERO), REFRESH);
    check(&calls(refresh), "CLI-11", Grade::Broken);
    check(&calls(Log::new().grant(1)), "CLI-11", Grade::Unobserved);
    let one = Log::new().granted(1, ZERO).call(200, served);
    check(&one, "CLI-11", Grade::Unobserved);
    let turned = calls(Log::new().granted(1, ZERO).granted(2, ZERO)).advance(90.0);
    check(&turned, "CLI-11", Grade::Unobserved);
}

#[test]
fn passwords_are_counted() {
    let form = "username=u&password=«p»";
    let finding = check(&renewed(Log::new(), form), "TOK-20", Grade::Fact);
    assert_eq!(finding.figures()["password_requests"], 2);
    check(&asks(Log::new(), form), "TOK-20", Grade::Unobserved);
}
