//! Foreign clients of every kind of badness: each gets its verdict, and none is left running.

mod exec;
mod reached;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::{command, folder, locum, read_results};

/// What each shim begins with: its process is written down, and it can find the id of a request.
const PRELUDE: &str = r#"
echo $$ >> "$0.pids"
take() { IFS= read -r line || exit 0; id=${line#*\"id\":}; id=${id%%,*}; id=${id%%\}*}; }
greet() {
    take
    echo '{"id":'"$id"',"ok":true,"name":"odd","version":"0","language":"sh","proto":"locum/1","ops":["new","call","drop"],"caps":[]}'
}
serve() { while take; do echo '{"id":'"$id"',"ok":false,"error":"network"}'; done; }
"#;

/// A shim of this test's own.
fn shim(name: &str, script: &str) -> PathBuf {
    let path = folder(&format!("drive-{name}")).join("shim.sh");
    std::fs::write(&path, format!("{PRELUDE}{script}\n")).expect("it is written");
    path
}

/// Drives it through the scenario of one row; returns what the command came to.
fn drive(shim: &Path) -> Output {
    let shim = shim.to_str().expect("UTF-8");
    let out = format!("{shim}.out");
    locum(&[
        "drive", "pattern", "--seed", "7", "--id", "CLI-29", "--report", &out, "--", "sh", shim,
    ])
}

/// Whether the process is there and no zombie.
fn is_running(process: &str) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", process])
        .output()
        .expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !(state.is_empty() || state.starts_with('Z'))
}

/// The processes that the shims wrote down, none of which is running any more.
fn nothing_is_left_of(shim: &Path) -> usize {
    let pids = format!("{}.pids", shim.display());
    let pids = std::fs::read_to_string(pids).expect("a shim ran");
    for process in pids.lines() {
        // A killed process needs a moment to end.
        let gone = (0..500).any(|_| !is_running(process));
        assert!(gone, "{process} is still running: {}", shim.display());
    }
    pids.lines().count()
}

fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(text, "{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The verdict of the one row, its reason, and the exit code.
fn verdict(shim: &Path, output: &Output) -> (String, String, i32) {
    let out = format!("{}.out", shim.display());
    let (code, results) = read_results(Path::new(&out), output);
    let rows = results["verdicts"].as_array().expect("a list");
    let row = rows
        .iter()
        .find(|row| row["id"] == "CLI-29")
        .expect("it was selected");
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"), code)
}

fn check(name: &str, script: &str, expected: (&str, i32), reasons: &[&str]) {
    let shim = shim(name, script);
    let output = drive(&shim);
    let (verdict, reason, code) = verdict(&shim, &output);
    assert_eq!((verdict.as_str(), code), expected, "{name}: {reason}");
    for part in reasons {
        assert!(reason.contains(part), "{name}: `{part}` is not in {reason}");
    }
    nothing_is_left_of(&shim);
}

#[test]
fn what_is_no_protocol_is_shown_and_is_the_shims_fault() {
    check(
        "garbage",
        "greet; while take; do echo 'Loading module…'; echo '{\"id\":'$id',\"ok\":false}'; done",
        ("HARNESS", 3),
        &["shim fault: line is not JSON: Loading module…"],
    );
    check(
        "banner",
        "echo 'Welcome!'; greet; serve",
        ("HARNESS", 3),
        &["shim fault: line is not JSON: Welcome!"],
    );
    check(
        "long",
        "greet; take; head -c 2097152 /dev/zero | tr '\\0' x; echo; serve",
        ("HARNESS", 3),
        &["shim fault: line is longer than 1 MiB: xxx"],
    );
    check(
        "stranger",
        "greet; while take; do echo '{\"id\":77777,\"ok\":true}'; echo '{\"id\":'$id',\"ok\":false}'; done",
        ("HARNESS", 3),
        &["reply to a request that was not made"],
    );
}

#[test]
fn a_client_that_dies_is_an_error_with_its_last_words() {
    check(
        "dies",
        "greet; take; echo 'no luck today' >&2; exit 3",
        ("ERROR", 4),
        &["the client crashed", "exit status: 3", "no luck today"],
    );
    check(
        "half",
        "greet; take; printf '{\"id\":'$id',\"ok\":tr'; kill -9 $$",
        ("ERROR", 4),
        &["the client crashed", "signal: 9"],
    );
    check(
        "closes",
        "greet; take; exec >&-; sleep 1000 & echo $! >> \"$0.pids\"; wait",
        ("ERROR", 4),
        &["the client hung up", "closed its standard output"],
    );
}

#[test]
fn a_client_that_only_says_that_it_calls_is_not_believed() {
    check(
        "talks",
        "greet; while take; do echo '{\"id\":'$id',\"ok\":true,\"status\":200}'; done",
        ("HARNESS", 3),
        &["no request reached the vendor", "`config`"],
    );
}

/// All of this means what a careful shim would have said: it is no fault of the shim.
#[test]
fn what_can_mean_only_one_thing_is_understood() {
    let script = r#"
take; printf '\357\273\277{"id":"%s","ok":"true","ops":["new","call","drop"],"more":{}}\r\n\n' "$id"
while take; do printf '\n{"extra":[1],"ok":true,"status":"503","id":"%s"}\r\n' "$id"; done"#;
    let shim = shim("sloppy", script);
    let output = drive(&shim);
    let (verdict, reason, _) = verdict(&shim, &output);
    assert!(
        !["HARNESS", "ERROR"].contains(&verdict.as_str()),
        "{reason}"
    );
    nothing_is_left_of(&shim);
}

#[test]
fn a_flood_on_standard_error_is_bounded_and_blocks_nobody() {
    let script = "greet; take; yes 'this is noise' | head -c 5000000 >&2; \
        echo '{\"id\":'$id',\"ok\":true}'; serve";
    let shim = shim("flood", script);
    let output = drive(&shim);
    let (verdict, reason, _) = verdict(&shim, &output);
    assert!(
        !["HARNESS", "ERROR"].contains(&verdict.as_str()),
        "{reason}"
    );
    let events = std::fs::read_to_string(format!("{}.out/events.ndjson", shim.display()));
    let events = events.expect("it is written");
    let noise = events.matches("this is noise").count();
    assert!((1..=200).contains(&noise), "{noise}");
    assert!(events.contains("more lines were not kept"));
    nothing_is_left_of(&shim);
}

/// It ends neither by the end of its input nor by SIGTERM, and neither does what it started.
#[test]
fn a_client_that_will_not_end_is_ended_with_its_children() {
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1000; done' & \
        echo $! >> \"$0.pids\"; greet; ( serve ); while :; do sleep 1000; done";
    let shim = shim("stubborn", script);
    drive(&shim);
    assert!(nothing_is_left_of(&shim) >= 2);
}

/// A child that outlives the program which started it.
#[test]
fn nothing_outlives_a_client_that_ends_by_itself() {
    let script = "sh -c 'while :; do sleep 1000; done' & echo $! >> \"$0.pids\"; greet; serve";
    let shim = shim("parent", script);
    drive(&shim);
    assert!(nothing_is_left_of(&shim) >= 2);
}

/// The first signal ends the run in order, while the client holds its answer back.
#[test]
fn an_interrupt_ends_the_client_too() {
    let shim = shim(
        "interrupted",
        "greet; take; echo >> \"$0.asked\"; sleep 1000",
    );
    let path = shim.to_str().expect("UTF-8");
    let out = format!("{path}.out");
    let mut child = command(&[
        "drive", "pattern", "--id", "CLI-29", "--report", &out, "--", "sh", path,
    ])
    .stdout(std::process::Stdio::null())
    .spawn()
    .expect("it starts");
    let asked = PathBuf::from(format!("{path}.asked"));
    while !asked.exists() {
        std::thread::yield_now();
    }
    let kill = format!("kill -INT {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status();
    assert!(killed.expect("a shell").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    nothing_is_left_of(&shim);
    let results = std::fs::read_to_string(format!("{out}/results.json")).expect("a report");
    let results: Value = serde_json::from_str(&results).expect("JSON");
    assert_eq!(results["exit_code"], 130);
}

/// The exit code, and what stands on standard error.
fn refused(name: &str, script: &str, code: i32, parts: &[&str]) {
    let shim = shim(name, script);
    let output = drive(&shim);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{name}: {text}");
    for part in parts {
        assert!(text.contains(part), "{name}: `{part}` is not in {text}");
    }
    nothing_is_left_of(&shim);
}

#[test]
fn a_client_that_cannot_be_judged_is_told_why() {
    refused(
        "ends",
        "echo 'ModuleNotFoundError: acme' >&2; exit 1",
        4,
        &[
            "exit status: 1",
            "ModuleNotFoundError: acme",
            "hint",
            "hello",
        ],
    );
    refused(
        "version",
        "take; echo '{\"id\":'$id',\"ok\":true,\"proto\":\"locum/9\",\"ops\":[\"new\",\"call\"]}'; take",
        2,
        &["`locum/9`", "`locum/1`"],
    );
    refused(
        "no-ops",
        "take; echo '{\"id\":'$id',\"ok\":true,\"proto\":\"locum/1\"}'; take",
        3,
        &["shim fault", "ops"],
    );
    refused(
        "refuses",
        "take; echo '{\"id\":'$id',\"ok\":false,\"error\":\"other\",\"message\":\"not today\"}'; take",
        4,
        &["refused to say hello", "not today"],
    );
}

#[test]
fn the_client_is_known_in_the_report() {
    let shim = shim("known", "greet; serve");
    let output = drive(&shim);
    let (_, results) = read_results(Path::new(&format!("{}.out", shim.display())), &output);
    assert_eq!(results["run"]["command"], "drive");
    assert_eq!(results["run"]["level"], "stdio");
    let subject = &results["subject"];
    assert_eq!(subject["kind"], "client");
    assert_eq!(subject["name"], "odd");
    assert_eq!(subject["ops"], serde_json::json!(["new", "call", "drop"]));
}

/// Scenarios that look at several instances see nothing at the first one's stage.
#[test]
fn a_client_that_is_seen_at_stages_beside_has_reached_the_vendor() {
    let output = locum(&["drive", "pattern", "--reference", "--id", "RET-13"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn bad_arguments_are_told_before_anything_starts() {
    for (arguments, code, part) in [
        (
            &["drive", "patern", "--", "sh"][..],
            2,
            "did you mean `pattern`?",
        ),
        (
            &["drive", "pattern"],
            2,
            "locum drive pattern -- python3 shim.py",
        ),
        (
            &["drive", "pattern", "--", "no-such-program-here", "--x"],
            4,
            "cannot start `no-such-program-here --x`",
        ),
        (
            &[
                "drive",
                "pattern",
                "--id",
                "CLI-999",
                "--",
                "no-such-program-here",
            ],
            2,
            "CLI-999",
        ),
    ] {
        let output = locum(arguments);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(part), "{text}");
    }
}
