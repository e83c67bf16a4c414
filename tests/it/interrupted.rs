//! A run that is broken off tells what it saw so far.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use super::{ACCOUNT, command, folder, rows};

/// Sends a signal to a run while it waits for a vendor that takes its request and says nothing.
fn check(name: &str, signal: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let folder = folder(name);
    let path = folder.to_str().expect("a path in UTF-8");
    let arguments = ["check", "pattern", "--url", &url, "--report", path];
    let mut child = command(&arguments)
        .envs(ACCOUNT)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    // The first connection only asks whether anybody is there; the second brings a request.
    let held: Vec<_> = (0..2)
        .map(|_| listener.accept().expect("a connection"))
        .collect();
    let kill = format!("kill -{signal} {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status();
    assert!(killed.expect("a shell").success());
    let status = child.wait().expect("it ends");
    drop(held);
    assert_eq!(status.code(), Some(130), "{signal}");
    let text = std::fs::read_to_string(folder.join("results.json")).expect("a partial report");
    let results = serde_json::from_str(&text).expect("JSON");
    let judged = rows(&results, &["PASS", "FAIL", "WARN", "ERROR", "HARNESS"]);
    assert_eq!(judged, Vec::<String>::new());
    let unreached = rows(&results, &["NOT_RUN"]);
    assert!(
        unreached.contains(&"VEN-16@pattern NOT_RUN".to_owned()),
        "{unreached:?}"
    );
}

#[test]
fn an_interrupt_leaves_a_partial_report() {
    check("interrupt", "INT");
}

#[test]
fn a_termination_leaves_a_partial_report() {
    check("terminate", "TERM");
}
