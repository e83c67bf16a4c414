//! Fragments, and frames that break the protocol.

use super::*;

pub(super) fn fragments(log: Log, pongs: bool) -> Log {
    let log = fault(ordinary(log), 1, &json!({"interleave": true}));
    let mut passed = vec![CONFIG, ACCEPTED, PING, AUDIO];
    passed.extend(pongs.then_some(PONG));
    log.opens(true, |log| socket(log, 1, 1, &passed))
}

#[test]
fn fragments_are_put_together_and_the_ping_answered() {
    grade(fragments(Log::with_tenants(), true), "WS-12", Grade::Met);
    grade(
        fragments(Log::with_tenants(), false),
        "WS-12",
        Grade::Broken,
    );
    let bent = || {
        fault(
            ordinary(Log::with_tenants()),
            1,
            &json!({"interleave": true}),
        )
    };
    let passed = &[CONFIG, ACCEPTED, PING, PONG];
    let fails = bent().opens(false, |log| socket(log, 1, 1, passed));
    grade(fails, "WS-12", Grade::Broken);
    let hangs = socket(bent().asked_to_open("wss://h/s"), 1, 1, passed).client_hangs();
    grade(hangs, "WS-12", Grade::Broken);
    let silent = bent().opens(true, |log| socket(log, 1, 1, passed));
    grade(silent, "WS-12", Grade::Unobserved);
    let alone = fault(Log::with_tenants(), 1, &json!({"interleave": true}));
    let alone = alone.opens(false, |log| socket(log, 1, 1, passed));
    grade(alone, "WS-12", Grade::Unobserved);
    grade(ordinary(Log::with_tenants()), "WS-12", Grade::Unobserved);
}

pub(super) fn broken_frame(log: Log, passed: Passed<'_>, ends: bool) -> Log {
    one_frame(log, "reserved_bit", passed, ends)
}

fn one_frame(log: Log, kind: &str, passed: Passed<'_>, ends: bool) -> Log {
    let log = fault(ordinary(log), 1, &json!({"bad_frame": kind}));
    let log = log.opens(true, |log| socket(log, 1, 1, passed));
    log.ends_session(ends)
}

#[test]
fn a_frame_that_breaks_the_protocol_ends_the_connection() {
    let check = |passed: Passed<'_>, ends: bool, expected| {
        grade(
            broken_frame(Log::with_tenants(), passed, ends),
            "WS-13",
            expected,
        );
    };
    check(CLOSED, false, Grade::Met);
    check(CLOSED, true, Grade::Met);
    let dropped = &[CONFIG, ACCEPTED, FAULT, ("client close", "1006")];
    check(dropped, false, Grade::Met);
    let ordinary = &[CONFIG, ACCEPTED, FAULT, END, ENDED];
    check(ordinary, true, Grade::Broken);
    // It reads only now, and says so.
    check(ordinary, false, Grade::Met);
    // Its end had been asked for before the frame came.
    let late = |close| [CONFIG, ACCEPTED, END, FAULT, ENDED, ("client close", close)];
    check(&late("1002 protocol error"), true, Grade::Met);
    check(&late("1000"), true, Grade::Unobserved);
    check(&[CONFIG, ACCEPTED, FAULT], true, Grade::Unobserved);
    check(&[CONFIG, ACCEPTED], true, Grade::Unobserved);
    let alone = fault(Log::with_tenants(), 1, &json!({"bad_frame": "masked"}));
    let alone = alone.opens(false, |log| socket(log, 1, 1, CLOSED));
    grade(alone, "WS-13", Grade::Unobserved);
}

/// gorilla/websocket leaves it to its caller whether a text is UTF-8.
#[test]
fn a_text_that_is_not_utf_8_is_a_lesser_fault() {
    let ordinary = &[CONFIG, ACCEPTED, FAULT, END, ENDED];
    for (kind, expected) in [
        ("bad_utf8", Grade::Tolerated),
        ("masked", Grade::Tolerated),
        ("reserved_bit", Grade::Broken),
        ("unknown_opcode", Grade::Broken),
    ] {
        let log = one_frame(Log::with_tenants(), kind, ordinary, true);
        grade(log, "WS-13", expected);
    }
}
