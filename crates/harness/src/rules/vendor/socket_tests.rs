//! Each rule about sockets over each way in which one can be answered.

use crate::rules::testing::{BadReply, FAILURES, Log, check};
use crate::verdict::Grade;

const KEY: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);
const CHATTER: (&str, &str) = ("text", r#"{"type":"hello"}"#);
const CLOSED: (&str, &str) = ("close", "1008");
const LEFT: (&str, &str) = ("eof", "");
const SILENT: (&str, &str) = ("silence", "");
const CONFIG: (&str, &str) = ("sent", r#"{"type":"config","configuration":{"a":1}}"#);
const OTHER_CONFIG: (&str, &str) = ("sent", r#"{"type":"config","configuration":{"b":2}}"#);

fn open(log: Log, phrase: &str, status: u16, frames: &[(&'static str, &str)]) -> Log {
    log.opened(phrase, status, KEY, frames)
}

#[test]
fn the_answer_to_the_key_is_computed() {
    let log = |accept: &str, status| Log::new().opened("", status, accept, &[]);
    check(&log(KEY, 101), "WSS-12", Grade::Met);
    check(&log("AAAA", 101), "WSS-12", Grade::Broken);
    check(&log(KEY, 401), "WSS-12", Grade::Unobserved);
    check(&log(KEY, 200), "WSS-12", Grade::Broken);
    check(&log(KEY, 503), "WSS-12", Grade::Unobserved);
    for failure in FAILURES {
        let grade = match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Unobserved,
        };
        check(&Log::new().failed("open", "", failure), "WSS-12", grade);
    }
}

fn serve(status: u16, frames: &[(&'static str, &str)], expected: Grade) {
    check(&open(Log::new(), "", status, frames), "WSS-22", expected);
}

#[test]
fn a_good_token_is_served() {
    serve(101, &[ACCEPTED], Grade::Met);
    serve(101, &[CHATTER, ACCEPTED], Grade::Met);
    let respelled = ("text", r#"{"type":"config_accepted"}"#);
    serve(101, &[respelled], Grade::Tolerated);
    serve(101, &[DENIED, CLOSED], Grade::Tolerated);
    serve(101, &[CLOSED], Grade::Broken);
    serve(101, &[LEFT], Grade::Broken);
    serve(101, &[SILENT], Grade::Broken);
    serve(101, &[], Grade::Broken);
    serve(401, &[], Grade::Broken);
    for status in [403, 404] {
        serve(status, &[], Grade::Unobserved);
        let handed_out = Log::new().exchange("create", "", 201, r#"{"websocketUrl": "wss://h/"}"#);
        check(&open(handed_out, "", status, &[]), "WSS-22", Grade::Broken);
    }
    for failure in FAILURES {
        let grade = match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Broken,
        };
        check(&Log::new().failed("open", "", failure), "WSS-22", grade);
    }
    // One that was refused was hidden by an earlier one that got no answer.
    let unanswered = Log::new().failed("open", "", BadReply::Closed);
    let refused = unanswered.exchange("open", "", 401, "{}");
    check(&refused, "WSS-22", Grade::Broken);
}

fn bad(status: u16, frames: &[(&'static str, &str)], expected: Grade) {
    let log = open(Log::new(), "without a token", status, frames);
    let log = open(log, "", 101, &[CONFIG, ACCEPTED]);
    check(&log, "WSS-05", expected);
}

#[test]
fn a_bad_token_gets_no_service_in_whatever_way() {
    bad(401, &[], Grade::Met);
    bad(101, &[CONFIG, CLOSED], Grade::Met);
    bad(101, &[CONFIG, DENIED], Grade::Met);
    bad(101, &[CONFIG, CHATTER, ACCEPTED], Grade::Severe);
    bad(500, &[], Grade::Broken);
    bad(302, &[], Grade::Broken);
    bad(503, &[], Grade::Unobserved);
    // One whose socket never served a good token does not hide another.
    let elsewhere = Log::new().opened_at("/other", "without a token", 500, KEY, &[]);
    let elsewhere = open(elsewhere, "with an unknown token", 500, &[]);
    let elsewhere = open(elsewhere, "", 101, &[CONFIG, ACCEPTED]);
    check(&elsewhere, "WSS-05", Grade::Broken);
    let failed_alone = open(Log::new(), "without a token", 500, &[]);
    check(&failed_alone, "WSS-05", Grade::Unobserved);
    let alone = open(Log::new(), "without a token", 401, &[]);
    check(&alone, "WSS-05", Grade::Unobserved);
    let control = open(Log::new(), "", 101, &[CONFIG, ACCEPTED]);
    check(&control, "WSS-05", Grade::Unobserved);
}

/// A 500 before the upgrade, silence and a closed connection counted as no service. Beside a good
/// token that is served, a 500 and a redirect are the vendor's way to take a bad one: not as it should.
#[test]
fn a_failure_refuses_no_bad_token() {
    bad(101, &[CONFIG, SILENT], Grade::Gone);
    bad(101, &[CONFIG, LEFT], Grade::Gone);
    for failure in FAILURES {
        let log = open(Log::new(), "", 101, &[CONFIG, ACCEPTED]);
        let log = log.failed("open", "without a token", failure);
        let grade = match failure {
            BadReply::Closed => Grade::Gone,
            BadReply::ServerError | BadReply::Redirect => Grade::Broken,
            // An upgrade that is answered with a 200 of JSON opens nothing.
            _ => Grade::Unobserved,
        };
        check(&log, "WSS-05", grade);
    }
}

/// Any socket that was served was the control of any that was not.
#[test]
fn the_control_is_the_same_socket_with_the_same_configuration() {
    let denied = |config| open(Log::new(), "without a token", 101, &[config, DENIED]);
    let same = open(denied(CONFIG), "", 101, &[CONFIG, ACCEPTED]);
    check(&same, "WSS-05", Grade::Met);
    let other = open(denied(OTHER_CONFIG), "", 101, &[CONFIG, ACCEPTED]);
    check(&other, "WSS-05", Grade::Unobserved);
    let elsewhere = denied(CONFIG).opened_at("/other", "", 101, KEY, &[CONFIG, ACCEPTED]);
    check(&elsewhere, "WSS-05", Grade::Unobserved);
}

const TOKEN: &str = r#"{"access_token":"«access token 1»","expires_in":300}"#;
const SHOWN: &str = "/?token=Bearer%20«access token 1»";

/// It said WARN of a token that had not ended.
#[test]
fn a_token_that_has_not_ended_is_not_bad() {
    let log = |seconds, frame| {
        let log = Log::new()
            .exchange("login", "", 200, TOKEN)
            .opened_at(SHOWN, "", 101, KEY, &[CONFIG, ACCEPTED])
            .advance(seconds);
        log.opened_at(
            SHOWN,
            "with a token that has ended",
            101,
            KEY,
            &[CONFIG, frame],
        )
    };
    check(&log(301.0, CLOSED), "WSS-05", Grade::Met);
    check(&log(301.0, ACCEPTED), "WSS-05", Grade::Severe);
    check(&log(299.0, ACCEPTED), "WSS-05", Grade::Unobserved);
    check(&log(0.0, ACCEPTED), "WSS-05", Grade::Unobserved);
    let others = open(log(0.0, ACCEPTED), "without a token", 401, &[]);
    check(&others, "WSS-05", Grade::Met);
}
