use locum_core::Outcome;

use crate::rules::client::testing::check;
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("RET-09", |log| logins(log, [&[500, 1000]; 3], true)),
    ("RET-13", |log| outage(log, [&[1000, 2000]; 3])),
    ("CLI-15@pattern", |log| throttled(log, &[1000, 2000])),
];

/// At each stage two failed logins and one that is served, with these gaps between them.
fn logins(log: Log, gaps: [&[i64]; 3], succeeds: bool) -> Log {
    apart(log, gaps, succeeds, login)
}

/// The attempt with this number: two fail, the others are served.
fn login(log: Log, at: usize) -> Log {
    match at {
        0 | 1 => log.failed_login(503),
        n => log.grant(n as u64),
    }
}

/// At each stage API requests that are answered with 503.
fn outage(log: Log, gaps: [&[i64]; 3]) -> Log {
    apart(log, gaps, false, |log, _| {
        log.api_status(1, Outcome::Faulted, 503)
    })
}

fn apart(log: Log, gaps: [&[i64]; 3], succeeds: bool, attempt: fn(Log, usize) -> Log) -> Log {
    apart_each(log, [0; 3], gaps, succeeds, attempt)
}

/// The same where each instance begins so much later than it was asked.
fn apart_each(
    log: Log,
    late_ms: [i64; 3],
    gaps: [&[i64]; 3],
    succeeds: bool,
    attempt: fn(Log, usize) -> Log,
) -> Log {
    let names = ["side-1", "side-2", "side-3"].into_iter().zip(late_ms);
    names
        .zip(gaps)
        .fold(log, |mut log, ((name, late_ms), gaps)| {
            log.later_ms = late_ms;
            log.call_by(name, succeeds, |log| {
                let log = attempt(log.at(name), 0);
                let log = (1..)
                    .zip(gaps)
                    .fold(log, |log, (at, gap)| attempt(log.later(*gap), at));
                log.at("")
            })
        })
}

const TOLD: &str = r#"{"access_token":"«t»"}"#;

fn throttled(log: Log, gaps: &[i64]) -> Log {
    log.call(429, |log| {
        let log = log.grant(1).api_status(1, Outcome::Faulted, 429);
        gaps.iter().fold(log, |log, gap| {
            log.later(*gap).api_status(1, Outcome::Faulted, 429)
        })
    })
}

#[test]
fn gaps_between_logins_grow_or_are_drawn_by_chance() {
    let check_gaps = |gaps, grade| {
        check(&logins(Log::new(), gaps, true), "RET-09", grade);
    };
    check_gaps([&[500, 1000]; 3], Grade::Met);
    check_gaps([&[1000, 1150]; 3], Grade::Met);
    check_gaps([&[1000, 1100]; 3], Grade::Broken);
    check_gaps([&[1000, 1000]; 3], Grade::Broken);
    check_gaps([&[100, 900], &[900, 100], &[500, 400]], Grade::Met);
    check_gaps([&[500, 1000, 2000, 3000]; 3], Grade::Met);
    // Two of the first attempts came late.
    check_gaps([&[330, 660], &[700, 650], &[690, 640]], Grade::Met);
    check_gaps([&[500, 1000, 2000, 3000, 4000]; 3], Grade::Broken);
}

/// Gaps of what each request takes of the client or the machine are no pauses, however they vary.
#[test]
fn the_time_of_a_request_is_no_pause() {
    let slow = |gaps: [&[i64]; 3]| {
        apart(Log::new(), gaps, true, |log, at| match at {
            0 | 1 => log.failed_login(503),
            n => log
                .granted_late(n as u64, TOLD, 1)
                .later(80)
                .api(2, Outcome::Admitted),
        })
    };
    check(
        &slow([&[100, 80], &[45, 130], &[100, 80]]),
        "RET-09",
        Grade::Broken,
    );
    check(&slow([&[90, 110]; 3]), "RET-09", Grade::Broken);
    check(&slow([&[180, 280]; 3]), "RET-09", Grade::Met);
    check(
        &slow([&[90, 170], &[190, 100], &[100, 260]]),
        "RET-09",
        Grade::Met,
    );
}

/// On a machine where a reply takes half a second the pauses behind it cannot be told.
#[test]
fn a_busy_machine_hides_the_gaps() {
    let busy = |ms| logins(Log::new().takes(ms), [&[1000, 1000]; 3], true);
    check(&busy(400), "RET-09", Grade::Unobserved);
    check(&busy(200), "RET-09", Grade::Broken);
    let grown = logins(Log::new().takes(400), [&[500, 1000]; 3], true);
    check(&grown, "RET-09", Grade::Met);
    let calls = outage(Log::new().takes(400), [&[1000, 1000]; 3]);
    check(&calls, "RET-13", Grade::Unobserved);
    // A later instance was held up when it began.
    let late = |late_ms, gaps| apart_each(Log::new(), [0, late_ms, 0], gaps, true, login);
    check(&late(400, [&[1000, 1000]; 3]), "RET-09", Grade::Unobserved);
    check(&late(200, [&[1000, 1000]; 3]), "RET-09", Grade::Broken);
    // An instance that begins very late says so as well, but for the one that began first.
    check(&late(700, [&[1000, 1000]; 3]), "RET-09", Grade::Unobserved);
    let first_late = apart_each(Log::new(), [700, 0, 0], [&[1000, 1000]; 3], true, login);
    check(&first_late, "RET-09", Grade::Broken);
    let drawn: [&[i64]; 3] = [&[400, 900], &[900, 400], &[500, 2100]];
    check(&late(0, drawn), "RET-09", Grade::Met);
    check(&late(60, drawn), "RET-09", Grade::Unobserved);
}

#[test]
fn a_client_may_leave_an_outage_to_its_caller() {
    check(&logins(Log::new(), [&[]; 3], false), "RET-09", Grade::Fact);
    check(
        &logins(Log::new(), [&[500]; 3], false),
        "RET-09",
        Grade::Fact,
    );
    let mixed = logins(Log::new(), [&[500, 1000]; 3], false);
    check(&mixed, "RET-09", Grade::Unobserved);
    check(&Log::new(), "RET-09", Grade::Unobserved);
    let gone = logins(Log::new(), [&[500, 1000]; 3], true).client_gone();
    check(&gone, "RET-09", Grade::Gone);
}

#[test]
fn gaps_between_calls_grow() {
    check(
        &outage(Log::new(), [&[1000, 2000]; 3]),
        "RET-13",
        Grade::Met,
    );
    check(
        &outage(Log::new(), [&[200, 200]; 3]),
        "RET-13",
        Grade::Broken,
    );
    check(
        &outage(Log::new(), [&[200, 210, 190]; 3]),
        "RET-13",
        Grade::Broken,
    );
    let recovered = apart(
        Log::new(),
        [&[500, 1000, 2000]; 3],
        true,
        |log, at| match at {
            0..3 => log.api_status(1, Outcome::Faulted, 503),
            _ => log.api(1, Outcome::Admitted),
        },
    );
    check(&recovered, "RET-13", Grade::Met);
    let some = outage(Log::new(), [&[200, 400], &[200], &[200, 400]]);
    check(&some, "RET-13", Grade::Fact);
    check(&outage(Log::new(), [&[]; 3]), "RET-13", Grade::Fact);
    check(&Log::new(), "RET-13", Grade::Unobserved);
    let served = Log::new().call_by("side-1", true, |log| {
        log.at("side-1").grant(1).api(1, Outcome::Admitted).at("")
    });
    check(&served, "RET-13", Grade::Unobserved);
}

#[test]
fn a_429_is_waited_for() {
    let id = "CLI-15@pattern";
    check(&throttled(Log::new(), &[950]), id, Grade::Met);
    check(&throttled(Log::new(), &[949]), id, Grade::Broken);
    check(&throttled(Log::new(), &[1000, 10, 10, 10]), id, Grade::Met);
    check(&throttled(Log::new(), &[1000; 5]), id, Grade::Broken);
    check(&throttled(Log::new(), &[]), id, Grade::Fact);
    check(&Log::new(), id, Grade::Unobserved);
    let told = Log::new().call(429, |log| log.grant(1).throttled("1").throttled("1"));
    check(&told, id, Grade::Unobserved);
    check(&throttled(Log::new(), &[]).client_gone(), id, Grade::Gone);
}

/// One gap of six that came late is neither growth nor none, also on a machine that was not busy
/// elsewhere: it once passed for chance.
#[test]
fn one_long_gap_decides_nothing() {
    for at in 0..6 {
        for ms in [1900, 2100, 9000] {
            let mut gaps = [[1000, 1000]; 3];
            gaps[at / 2][at % 2] = ms;
            let gaps = gaps.each_ref().map(<[i64; 2]>::as_slice);
            let expected = match (at % 2, ms) {
                (0, 1900) => Grade::Broken,
                _ => Grade::Unobserved,
            };
            check(&logins(Log::new(), gaps, true), "RET-09", expected);
        }
    }
}

/// A client that does one thing at a time begins with the second instance when it is done with the
/// first: that is no busy machine.
#[test]
fn one_instance_after_the_other_is_not_held_up() {
    let in_turn = |gaps| apart_each(Log::new(), [0, 2001, 4002], gaps, true, login);
    check(&in_turn([&[1000, 1000]; 3]), "RET-09", Grade::Broken);
    check(&in_turn([&[700, 1300]; 3]), "RET-09", Grade::Met);
}
