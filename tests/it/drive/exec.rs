//! Programs that make calls and end: one life for each scenario.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Output;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::{command, folder, read_results, rows};

/// Drives this test binary as a program, `kind` of it, through the scenarios of these rows.
fn drive(kind: &str, ids: &str) -> (i32, Value, String) {
    let folder = folder(&format!("exec-{kind}"));
    let path = folder.to_str().expect("UTF-8");
    let this = std::env::current_exe().expect("this binary");
    let this = this.to_str().expect("UTF-8");
    let output: Output = command(&[
        "drive",
        "pattern",
        "--by",
        "exec",
        "--seed",
        "7",
        "--id",
        ids,
        "--report",
        path,
        "--",
        this,
        "--exact",
        "drive::exec::program",
        "--nocapture",
    ])
    .env("EXEC_KIND", kind)
    .output()
    .expect("it runs");
    let (code, results) = read_results(&folder, &output);
    (
        code,
        results,
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn a_good_program_passes() {
    let ids = "CLI-29,CACHE-01,SF-01,CLI-05,RET-01,LOG-01,EXP-03";
    let (code, results, said) = drive("good", ids);
    for id in ["CLI-29", "CACHE-01", "SF-01", "CLI-05", "RET-01", "LOG-01"] {
        let row = format!("{id}@pattern PASS");
        assert!(rows(&results, &["PASS"]).contains(&row), "{row}: {said}");
    }
    let too_low = rows(&results, &["N/A"]);
    assert_eq!(too_low, ["EXP-03@pattern N/A"], "{said}");
    assert!(
        said.contains("adoption level too low: needs stdio"),
        "{said}"
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(results["run"]["level"], "exec");
}

#[test]
fn a_program_that_makes_one_call_is_judged_by_that() {
    let (code, results, said) = drive("one", "CLI-29,CACHE-01");
    assert_eq!(rows(&results, &["PASS"]), ["CLI-29@pattern PASS"], "{said}");
    let unseen = rows(&results, &["INCONCLUSIVE"]);
    assert_eq!(unseen, ["CACHE-01@pattern INCONCLUSIVE"], "{said}");
    assert_eq!(code, 0, "{said}");
}

/// The verdict of the control row, the exit code, and a part of the reason.
fn check(kind: &str, verdict: &str, code: i32, reason: &str) {
    let (got, results, said) = drive(kind, "CLI-29");
    let row = format!("CLI-29@pattern {verdict}");
    assert_eq!(rows(&results, &[verdict]), [row], "{kind}: {said}");
    assert_eq!(got, code, "{kind}: {said}");
    assert!(said.contains(reason), "{kind}: {said}");
}

#[test]
fn the_exit_status_is_the_programs_word() {
    check("talks", "HARNESS", 3, "the vendor answered no call");
    check("cannot", "N/A", 6, "the client has no call");
    check(
        "crashes",
        "ERROR",
        4,
        "exit status: 7; the last of its output: out of luck",
    );
}

/// It logs its token, but only where it is to log all that it can.
#[test]
fn a_token_in_a_log_is_found_and_not_repeated() {
    let (code, results, said) = drive("leaks", "LOG-01");
    assert_eq!(rows(&results, &["FAIL"]), ["LOG-01@pattern FAIL"], "{said}");
    assert_eq!(code, 1, "{said}");
    let events = std::fs::read_to_string(
        crate::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("exec-leaks/events.ndjson"),
    );
    let events = events.expect("it was written");
    assert!(events.contains("the token is «"), "{events}");
    assert!(!events.contains("the token is ey"), "{events}");
}

/// The program under test, when `locum` starts it; nothing in an ordinary run of the tests.
#[test]
fn program() {
    let (Ok(kind), true) = (
        std::env::var("EXEC_KIND"),
        std::env::var("LOCUM_DO").is_ok(),
    ) else {
        return;
    };
    std::process::exit(match kind.as_str() {
        "good" | "leaks" => calls(number("LOCUM_CALLS")),
        "one" => calls(1),
        "talks" => 0,
        "cannot" => 89,
        _ => {
            eprintln!("out of luck");
            7
        }
    });
}

fn text(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn number(name: &str) -> usize {
    text(name).parse().expect("a number")
}

/// Makes so many calls, as many at once as it is told; returns the exit status.
fn calls(calls: usize) -> i32 {
    assert_eq!(text("LOCUM_DO"), "call");
    assert_eq!(text("LOCUM_TOKEN_URL"), text("LOCUM_PATTERN_TOKEN_URL"));
    let (token, pause) = (Mutex::new(None), number("LOCUM_INTERVAL_MS"));
    let at_once = number("LOCUM_CONCURRENCY").min(calls);
    let failures = std::thread::scope(|scope| {
        let lane = |_| {
            scope.spawn(|| {
                (0..calls / at_once)
                    .map(|at| {
                        if at > 0 {
                            std::thread::park_timeout(Duration::from_millis(pause as u64));
                        }
                        call(&token) >= 400
                    })
                    .filter(|failed| *failed)
                    .count()
            })
        };
        let lanes: Vec<_> = (0..at_once).map(lane).collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().expect("it ends"))
            .sum::<usize>()
    });
    if failures > 0 {
        eprintln!("{failures} calls failed");
    }
    i32::from(failures > 0)
}

/// One call, sent again with a new token where the old one is refused.
fn call(token: &Mutex<Option<String>>) -> u16 {
    let url = format!("{}{}", text("LOCUM_API_URL"), text("LOCUM_PATH"));
    let mut refused = None;
    loop {
        let shown = {
            let mut token = token.lock().expect("nobody panics");
            if token.is_none() || *token == refused {
                *token = Some(login());
            }
            token.clone().expect("it was just fetched")
        };
        let (status, _) = http("GET", &url, &format!("Bearer {shown}"), "");
        if status != 401 || refused.is_some() {
            return status;
        }
        refused = Some(shown);
    }
}

fn login() -> String {
    let pair = format!(
        "{}:{}",
        text("LOCUM_CLIENT_ID"),
        text("LOCUM_CLIENT_SECRET")
    );
    let basic = format!("Basic {}", STANDARD.encode(pair));
    let url = text("LOCUM_TOKEN_URL");
    let (_, body) = http("POST", &url, &basic, "grant_type=client_credentials");
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let token = body["access_token"].as_str().unwrap_or("none").to_owned();
    let is_told = |name: &str, word: &str| std::env::var(name).is_ok_and(|value| value == word);
    if is_told("EXEC_KIND", "leaks") && is_told("LOCUM_LOG", "debug") {
        eprintln!("the token is {token}");
    }
    token
}

fn http(method: &str, url: &str, authorization: &str, body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let at = rest.find('/').expect("a path");
    let (host, path) = rest.split_at(at);
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it is read");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it is UTF-8");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    (status.expect("a status"), body.to_owned())
}
