//! Upgrades and what the client makes of the answer.

use super::*;
use crate::run::elsewhere::ANOTHER_ORIGIN;

const URL: &str = "ws://127.0.0.1:1/elsewhere";

/// Each of these answers, and a client that takes none of them.
pub(super) fn answered(log: Log, answers: &[&str]) -> Log {
    answers.iter().fold(ordinary(log), |log, answer| {
        one_answer(log, answer, &[], false)
    })
}

fn one_answer(log: Log, answer: &str, passed: Passed<'_>, opens: bool) -> Log {
    // A fault of its own for each answer.
    let number = answer.len() as u64;
    let log = fault(log, number, &json!({"answer": answer}));
    log.opens(opens, |log| socket(log, 1, number, passed))
}

fn after_a_session(answer: &str, passed: Passed<'_>, opens: bool) -> Log {
    one_answer(ordinary(Log::with_tenants()), answer, passed, opens)
}

#[test]
fn a_wrong_101_opens_nothing() {
    for (id, answer) in [("WSS-12", "wrong_accept"), ("WSS-20", "wrong_connection")] {
        grade(after_a_session(answer, &[], false), id, Grade::Met);
        grade(after_a_session(answer, &[], true), id, Grade::Broken);
        grade(after_a_session(answer, &[CONFIG], false), id, Grade::Broken);
        // Nothing is said by closing.
        let closed = after_a_session(answer, &[("client close", "1002")], false);
        grade(closed, id, Grade::Met);
        // A client that opens nothing at all shows nothing by failing.
        let alone = one_answer(Log::with_tenants(), answer, &[], false);
        grade(alone, id, Grade::Unobserved);
        grade(ordinary(Log::with_tenants()), id, Grade::Unobserved);
    }
    grade(
        after_a_session("no_upgrade", &[], false),
        "WSS-12",
        Grade::Unobserved,
    );
    grade(
        after_a_session("wrong_accept", &[], false),
        "WSS-20",
        Grade::Unobserved,
    );
}

/// A client that takes the 101 for any other reply may go on with another request.
#[test]
fn what_is_no_frame_is_not_taken_for_one() {
    let request = &[("client bare opcode 7", "")];
    grade(
        after_a_session("no_upgrade", request, false),
        "WSS-20",
        Grade::Met,
    );
    grade(
        after_a_session("no_upgrade", request, false),
        "WSS-13",
        Grade::Met,
    );
}

/// A look at the URL without any wish for a websocket.
#[test]
fn a_plain_request_is_no_upgrade() {
    let log = Log::with_tenants().arrival("streams", "/s", &[("Host", "h")], "");
    grade(log, "WSS-01", Grade::Unobserved);
}

/// gorilla/websocket lets each name pass that nobody offered, tungstenite an extension's.
#[test]
fn a_name_that_nobody_offered_is_a_lesser_fault() {
    for answer in ["extension", "protocol"] {
        grade(
            after_a_session(answer, &[CONFIG], true),
            "WSS-20",
            Grade::Fact,
        );
    }
    let log = one_answer(
        after_a_session("protocol", &[CONFIG], true),
        "no_upgrade",
        &[],
        true,
    );
    grade(log, "WSS-20", Grade::Broken);
}

/// A client that comes back by itself once the vendor is well again took nothing for good.
#[test]
fn what_follows_a_wrong_101_is_another_socket() {
    let log = after_a_session("wrong_accept", &[], false);
    let log = socket(log.control("faults/clear", &Value::Null), 1, 0, SESSION);
    grade(log, "WSS-12", Grade::Met);
}

#[test]
fn an_upgrade_has_all_its_parts() {
    let with = |fill: &dyn Fn(&mut Entry)| {
        upgraded(Log::with_tenants(), 1, |entry| {
            entry.outcome = Some(Outcome::Opened);
            entry.reply = Some(reply(101, ""));
            fill(entry);
        })
    };
    let without = |name: &str| with(&|entry| entry.headers.retain(|(known, _)| known != name));
    let changed = |name: &str, value: &str| {
        with(&|entry| {
            let line = entry.headers.iter_mut().find(|(known, _)| known == name);
            value.clone_into(&mut line.expect("it is there").1);
        })
    };
    grade(with(&|_| ()), "WSS-01", Grade::Met);
    for name in [
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
    ] {
        grade(without(name), "WSS-01", Grade::Broken);
    }
    for (name, value) in [
        ("Upgrade", "WebSocket"),
        ("Connection", "upgrade"),
        ("Connection", "Keep-Alive, UPGRADE"),
    ] {
        grade(changed(name, value), "WSS-01", Grade::Met);
    }
    for (name, value) in [
        ("Upgrade", "h2c"),
        ("Connection", "close"),
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Version", "13, 8"),
        ("Sec-WebSocket-Key", "c2hvcnQ="),
        ("Sec-WebSocket-Key", "not base64"),
    ] {
        grade(changed(name, value), "WSS-01", Grade::Broken);
    }
    grade(
        with(&|entry| "POST".clone_into(&mut entry.method)),
        "WSS-01",
        Grade::Broken,
    );
    let old = with(&|entry| {
        let denial = Denial::new(DenialKind::Malformed, "not_an_upgrade");
        entry.denial = Some(denial.expected("HTTP/1.1"));
    });
    grade(old, "WSS-01", Grade::Broken);
}

#[test]
fn keys_differ_from_connection_to_connection() {
    let upgrade = |log: Log, key: u64, connection: u64| {
        upgraded(log, 1, |entry| {
            entry.headers = headers(key);
            entry.connection = connection;
            entry.outcome = Some(Outcome::Opened);
            entry.reply = Some(reply(101, ""));
        })
    };
    let two = |keys: [u64; 2], connections: [u64; 2]| {
        let log = upgrade(Log::with_tenants(), keys[0], connections[0]);
        upgrade(log, keys[1], connections[1])
    };
    grade(two([1, 2], [1, 2]), "WSS-16", Grade::Met);
    grade(two([1, 1], [1, 2]), "WSS-16", Grade::Broken);
    // The second try after a 401 on the same connection.
    grade(two([1, 1], [1, 1]), "WSS-16", Grade::Unobserved);
    grade(
        upgrade(Log::with_tenants(), 1, 1),
        "WSS-16",
        Grade::Unobserved,
    );
}

fn cached(log: Log) -> Log {
    log.grant(1).call(200, |log| log.api(1, Outcome::Admitted))
}

pub(super) fn tries_again(log: Log) -> Log {
    cached(log).opens(true, |log| {
        socket(refused(log, 1, 401).grant(2), 2, 0, SESSION)
    })
}

#[test]
fn a_401_leads_to_one_token_and_one_more_upgrade() {
    let after = |seen: &dyn Fn(Log) -> Log| {
        cached(Log::with_tenants()).opens(false, |log| seen(refused(log, 1, 401)))
    };
    grade(tries_again(Log::with_tenants()), "WSS-07", Grade::Met);
    grade(after(&|log| log), "WSS-07", Grade::Broken);
    grade(after(&|log| log.grant(2)), "WSS-07", Grade::Broken);
    grade(
        after(&|log| socket(log, 1, 0, SESSION)),
        "WSS-07",
        Grade::Broken,
    );
    let thrice = after(&|log| refused(refused(log.grant(2), 2, 401), 2, 401));
    grade(thrice, "WSS-07", Grade::Broken);
    // The new token is refused as well, and that is the end.
    let refused_again = after(&|log| refused(log.grant(2), 2, 401));
    grade(refused_again, "WSS-07", Grade::Met);
    let failed = after(&|log| refused(log.grant(2), 2, 503));
    grade(failed, "WSS-07", Grade::Unobserved);
    let same = after(&|log| socket(log.grant(2), 1, 0, SESSION));
    grade(same, "WSS-07", Grade::Broken);
    let no_cache = Log::with_tenants().opens(false, |log| refused(log.grant(1), 1, 401));
    grade(no_cache, "WSS-07", Grade::Unobserved);
    grade(
        cached(ordinary(Log::with_tenants())),
        "WSS-07",
        Grade::Unobserved,
    );
}

pub(super) fn redirected(log: Log) -> Log {
    let then = json!({"status": 307, "redirect": URL});
    fault(ordinary(log), 1, &then).opens(false, |log| {
        upgraded(log, 1, |entry| {
            entry.outcome = Some(Outcome::Faulted);
            let mut reply = reply(307, "");
            reply.headers = vec![("location".to_owned(), URL.to_owned())];
            entry.reply = Some(reply);
        })
    })
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let followed = |target: &str, headers: &[(&str, &str)]| {
        redirected(Log::with_tenants())
            .at(ANOTHER_ORIGIN)
            .arrival("", target, headers, "")
    };
    grade(redirected(Log::with_tenants()), "WSS-21", Grade::Met);
    // What a client sends besides its token is its own.
    let plain = followed(
        "/elsewhere",
        &[("Sec-WebSocket-Key", "«unknown, 24 bytes»")],
    );
    grade(plain, "WSS-21", Grade::Met);
    let leak = followed("/elsewhere?token=Bearer%20«access token 1 of a»", &[]);
    grade(leak, "WSS-21", Grade::Broken);
    let leak = followed(
        "/elsewhere",
        &[("Authorization", "Bearer «access token 1 of a»")],
    );
    grade(leak, "WSS-21", Grade::Broken);
    grade(ordinary(Log::with_tenants()), "WSS-21", Grade::Unobserved);
}
