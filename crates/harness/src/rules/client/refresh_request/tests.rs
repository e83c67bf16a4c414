//! Refreshes as they should be, and otherwise; refused ones and lost ones.

use locum_core::Outcome;
use serde_json::json;

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("REF-08", |log| refresh(login(log), &[SECRET])),
    ("REF-09", |log| refused(log, 1, true)),
    ("REF-16", |log| {
        refresh(login(log), &[SECRET, "scope=openid"])
    }),
    ("REF-18", |log| refreshed(refreshed(log, 2, 3), 3, 4)),
    ("RET-17", |log| lost(log, 1, 1, true)),
];

/// A refresh with the refresh token `old` that gives `new`.
fn refreshed(log: Log, old: u64, new: u64) -> Log {
    let sent = format!("grant_type=refresh_token&refresh_token=«refresh token {old} of a»");
    let given = json!({"access_token": "«access token 1 of a»",
        "refresh_token": format!("«refresh token {new} of a»")});
    log.token_request(&sent, 200, &given.to_string())
}

#[test]
fn a_replaced_refresh_token_is_not_used_again() {
    let once = || refreshed(login(Log::new()), 2, 3);
    check(&refreshed(once(), 3, 4), "REF-18", Grade::Met);
    check(&refreshed(once(), 2, 4), "REF-18", Grade::Broken);
    check(&refreshed(once(), 9, 4), "REF-18", Grade::Unobserved);
    check(&login(once()), "REF-18", Grade::Unobserved);
    // A client that asks for no other token may keep away from the vendor for a while.
    let ended = || once().control("tokens/expire", &json!({}));
    let fails = |log: Log| log.failed_call(|log| log);
    check(&fails(ended()), "REF-18", Grade::Unobserved);
    check(&fails(fails(ended())), "REF-18", Grade::Unobserved);
    let late = fails(fails(ended()));
    check(&refreshed(late, 2, 4), "REF-18", Grade::Broken);
    check(&fails(fails(once())), "REF-18", Grade::Unobserved);
    let gives_up = fails(fails(login(ended())));
    check(&gives_up, "REF-18", Grade::Unobserved);
    // A vendor that gives the same token again replaces nothing.
    let same = refreshed(login(Log::new()), 2, 2);
    check(&refreshed(same, 2, 2), "REF-18", Grade::Unobserved);
}

/// The next token ends, too; a refused refresh token has no place in what follows.
#[test]
fn a_refused_refresh_token_does_not_come_again_later() {
    let later = |seen: fn(Log) -> Log| refused(Log::new(), 1, true).call(200, seen);
    check(&later(login), "REF-09", Grade::Met);
    let again = later(|log| login(refused_refresh(log)));
    check(&again, "REF-09", Grade::Broken);
}

const TOKEN: &str = "grant_type=refresh_token&refresh_token=«refresh token 2 of a»";
const SECRET: &str = "client_id=a&client_secret=«client secret»";
const TOKENS: &str = r#"{"access_token":"«access token 1 of a»","scope":"openid email",
    "refresh_token":"«refresh token 2 of a»"}"#;

fn login(log: Log) -> Log {
    log.token_request("grant_type=client_credentials&scope=openid", 200, TOKENS)
}

fn refresh(log: Log, more: &[&str]) -> Log {
    let body = more
        .iter()
        .fold(TOKEN.to_owned(), |body, more| format!("{body}&{more}"));
    log.token_request(&body, 200, TOKENS)
}

fn refused_refresh(log: Log) -> Log {
    log.token_request(TOKEN, 400, r#"{"error":"invalid_grant"}"#)
}

#[test]
fn a_refresh_shows_the_clients_secret() {
    let with = |more: &[&str]| refresh(login(Log::new()), more);
    check(&with(&[SECRET]), "REF-08", Grade::Met);
    check(
        &with(&["client_id=a&client_assertion=j.w.t"]),
        "REF-08",
        Grade::Met,
    );
    check(&with(&[]), "REF-08", Grade::Broken);
    check(
        &with(&["client_id=a&client_secret="]),
        "REF-08",
        Grade::Broken,
    );
    check(&login(Log::new()), "REF-08", Grade::Unobserved);
}

#[test]
fn a_refresh_asks_for_no_more() {
    let with = |more: &[&str]| refresh(login(Log::new()), more);
    for scope in [
        "",
        "scope=",
        "scope=openid",
        "scope=email+openid",
        "scope=openid%20email",
    ] {
        check(&with(&[scope]), "REF-16", Grade::Met);
    }
    check(
        &with(&["scope=openid+offline_access"]),
        "REF-16",
        Grade::Broken,
    );
    check(&login(Log::new()), "REF-16", Grade::Unobserved);
}

/// A refresh that is refused within a call, and so many logins.
fn refused(log: Log, logins: usize, succeeds: bool) -> Log {
    let seen = |log: Log| {
        let log = (0..logins).fold(refused_refresh(log), |log, _| login(log));
        log.api(1, Outcome::Admitted)
    };
    let log = log.call(200, |log| login(log).api(1, Outcome::Admitted));
    match succeeds {
        true => log.call(200, seen),
        false => log.failed_call(seen),
    }
}

#[test]
fn a_refused_refresh_leads_to_one_login() {
    check(&refused(Log::new(), 1, true), "REF-09", Grade::Met);
    check(&refused(Log::new(), 1, false), "REF-09", Grade::Broken);
    check(&refused(Log::new(), 0, false), "REF-09", Grade::Broken);
    // No call of this client succeeds, refused refresh or not.
    let never = login(Log::new()).failed_call(|log| login(refused_refresh(log)));
    check(&never, "REF-09", Grade::Unobserved);
    check(&refused(Log::new(), 2, true), "REF-09", Grade::Broken);
    let again = login(Log::new()).call(200, |log| login(refused_refresh(refused_refresh(log))));
    check(&again, "REF-09", Grade::Broken);
    check(
        &refresh(login(Log::new()), &[SECRET]),
        "REF-09",
        Grade::Unobserved,
    );
    check(
        &refused_refresh(login(Log::new())),
        "REF-09",
        Grade::Unobserved,
    );
    check(
        &refused(Log::new(), 1, true).client_gone(),
        "REF-09",
        Grade::Gone,
    );
}

/// A refresh whose reply is lost, then refused ones and logins within another call.
fn lost(log: Log, refused: usize, logins: usize, succeeds: bool) -> Log {
    let log = login(log).fault(1, &json!({"lose_reply": true}));
    let log = log.failed_call(|log| log.lost_token_request(1, TOKEN));
    let seen = |log: Log| {
        let log = (0..refused).fold(log, |log, _| refused_refresh(log));
        (0..logins).fold(log, |log, _| login(log))
    };
    match succeeds {
        true => log.call(200, seen),
        false => log.failed_call(seen),
    }
}

#[test]
fn a_lost_reply_is_survived_with_a_few_requests() {
    check(&lost(Log::new(), 1, 1, true), "RET-17", Grade::Met);
    check(&lost(Log::new(), 4, 2, true), "RET-17", Grade::Met);
    check(&lost(Log::new(), 5, 1, true), "RET-17", Grade::Broken);
    check(&lost(Log::new(), 1, 3, true), "RET-17", Grade::Broken);
    check(&lost(Log::new(), 1, 0, false), "RET-17", Grade::Broken);
    check(&lost(Log::new(), 1, 1, false), "RET-17", Grade::Unobserved);
    let served = Log::new().call(200, |log| login(log).api(1, Outcome::Admitted));
    check(&lost(served, 1, 1, false), "RET-17", Grade::Broken);
    check(&lost(Log::new(), 0, 0, true), "RET-17", Grade::Unobserved);
    check(&refused(Log::new(), 1, true), "RET-17", Grade::Unobserved);
    // The refusal goes to the caller, and the next call alone logs in.
    let passed_on = lost(Log::new(), 1, 0, false).call(200, login);
    check(&passed_on, "RET-17", Grade::Broken);
    let cut = lost(Log::new(), 0, 0, false).call(200, |log| login(refused_refresh(log)));
    check(&cut, "RET-17", Grade::Met);
    check(
        &lost(Log::new(), 1, 1, true).client_gone(),
        "RET-17",
        Grade::Gone,
    );
}
