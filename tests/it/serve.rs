//! `locum serve` beside programs that do not read what it prints, and that wait for its port.
#![cfg(unix)]

use std::io::{BufRead, Read};

use serde_json::Value;

use super::served::Served;

/// How many lines the health call says were dropped.
fn dropped(served: &Served) -> u64 {
    let (status, body) = served.connect().call("GET /_locum/health", "");
    assert_eq!(status, 200, "{body}");
    let health: Value = serde_json::from_str(&body).expect("JSON");
    health["dropped"]["lines"].as_u64().expect("a count")
}

#[test]
fn output_that_nobody_reads_stops_nothing() {
    let mut served = Served::start(&[]);
    let mut connection = served.connect();
    for _ in 0..6000 {
        assert_eq!(connection.call("GET /pattern/nothing", "").0, 404);
    }
    let count = dropped(&served);
    assert!(count > 0, "a pipe does not hold 6000 lines");

    // Somebody reads again: what is missing is said where it is missing.
    let mut output = served.output.take().expect("not closed yet");
    let said = format!("... {count} lines dropped: the reader is slow\n");
    let mut lines = 0;
    let mut line = String::new();
    while line != said {
        lines += u64::from(line.starts_with("404 "));
        line.clear();
        assert!(
            output.read_line(&mut line).expect("text") > 0,
            "{said:?} was not said"
        );
    }
    assert_eq!(lines + count, 6000);
    connection.call("GET /pattern/nothing", "");
    line.clear();
    output.read_line(&mut line).expect("text");
    assert!(line.starts_with("404 pattern"), "{line:?}");
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn a_stuck_reader_does_not_hold_up_the_end() {
    let served = Served::start(&[]);
    let mut connection = served.connect();
    let long = format!("GET /pattern/{}", "x".repeat(10_000));
    for _ in 0..50 {
        assert_eq!(connection.call(&long, "").0, 404);
    }
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn output_that_is_closed_stops_nothing() {
    let mut served = Served::start(&[]);
    served.output = None;
    let mut connection = served.connect();
    for _ in 0..20 {
        assert_eq!(connection.call("GET /pattern/nothing", "").0, 404);
    }
    assert_eq!(dropped(&served), 0);
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn lines_that_wait_are_printed_before_the_end() {
    let mut served = Served::start(&[]);
    let mut output = served.output.take().expect("a pipe");
    let mut connection = served.connect();
    for _ in 0..100 {
        connection.call("GET /pattern/nothing", "");
    }
    assert_eq!(served.terminate().code(), Some(0));
    let mut text = String::new();
    output.read_to_string(&mut text).expect("text");
    assert_eq!(text.matches("404 pattern").count(), 100);
}

#[test]
fn the_port_file_is_there_while_the_server_is() {
    let path = super::folder("port-file").join("port");
    std::fs::write(&path, "1\n").expect("an old port");
    let served = Served::start(&["--port-file", path.to_str().expect("UTF-8")]);
    let text = std::fs::read_to_string(&path).expect("it is there");
    let port = served.address.rsplit(':').next().expect("a port");
    assert_eq!(text, format!("{port}\n"));
    let folder = path.parent().expect("a folder");
    let names: Vec<_> = std::fs::read_dir(folder).expect("a folder").collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(served.terminate().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn the_server_ends_with_the_program_that_started_it() {
    let path = super::folder("exit-with-stdin").join("port");
    let port_file = path.to_str().expect("UTF-8");
    let served = Served::start_with_stdin(&["--exit-with-stdin", "--port-file", port_file]);
    assert_eq!(served.connect().call("GET /_locum/health", "").0, 200);
    assert!(path.exists());
    assert_eq!(served.close_stdin().code(), Some(0));
    assert!(!path.exists(), "it did not end in order");
}

#[test]
fn the_page_is_named_at_the_start_over_tls_where_that_is_spoken() {
    let page = |arguments: &[&str]| {
        let mut served = Served::start(arguments);
        let mut output = served.output.take().expect("not read yet");
        let (mut line, mut found) = (String::new(), None);
        while found.is_none() && output.read_line(&mut line).expect("text") > 0 {
            found = line
                .strip_prefix("PAGE ")
                .map(|rest| rest.trim().to_owned());
            line.clear();
        }
        (found.expect("a line with the page"), served)
    };
    let (plain, served) = page(&[]);
    assert_eq!(plain, format!("http://{}/", served.address));
    let answer = super::served::send(&served.address, "GET /", "Accept: text/html\r\n", "");
    assert!(answer.contains("<title>locum</title>"), "{answer}");
    let (secure, served) = page(&["--tls", "--tls-port", "0"]);
    assert!(secure.starts_with("https://127.0.0.1:"), "{secure}");
    assert!(!secure.contains(&served.address), "{secure}");
    let (public, _served) = page(&[
        "--tls",
        "--tls-port",
        "0",
        "--public-url",
        "https://auth.test/m",
    ]);
    assert_eq!(public, "https://auth.test/m/");
    let (all, served) = page(&["--host", "0.0.0.0"]);
    let port = served.address.rsplit(':').next().expect("a port");
    assert_eq!(all, format!("http://127.0.0.1:{port}/"));
}

#[test]
fn a_language_model_is_told_what_the_documentation_says() {
    let served = Served::start(&[]);
    let answer = super::served::send(&served.address, "GET /llms.txt", "", "");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.contains("content-type: text/plain; charset=utf-8"),
        "{head}"
    );
    let path = super::registry::root().join("docs/src/llms.txt");
    assert_eq!(body, std::fs::read_to_string(path).expect("it is there"));
    let answer = super::served::send(&served.address, "POST /llms.txt", "", "");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn a_server_that_waits_for_its_standard_input_still_takes_signals() {
    let served = Served::start_with_stdin(&["--exit-with-stdin"]);
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn held_requests_leave_the_control_api_its_place() {
    let served = Served::start_short_of_descriptors();
    let most = rlimit::increase_nofile_limit(4096).expect("a limit");
    let count = 3000.min(usize::try_from(most).expect("a small number") - 256);
    assert!(
        count > 256,
        "this machine lets a process have too few descriptors"
    );
    let mut control = served.connect();
    let fault = r#"{"when": {"always": true}, "then": {"hold": {"name": "gate"}}}"#;
    assert_eq!(control.call("POST /_locum/faults", fault).0, 201);
    // Nobody reads this one.
    let mut stream = served.connect();
    stream.send("GET /_locum/journal/stream", "");
    let mut held: Vec<_> = (0..count).map(|_| served.connect()).collect();
    for connection in &mut held {
        connection.send("GET /pattern/nothing", "");
    }
    let wait = format!("GET /_locum/journal/wait?count={count}&timeout=120");
    let (status, body) = control.call(&wait, "");
    assert_eq!(status, 200, "{}", &body[..body.len().min(200)]);
    for path in ["health", "clock", "barriers", "stages"] {
        let line = format!("GET /_locum/{path}");
        assert_eq!(served.connect().call(&line, "").0, 200, "{path}");
    }
    assert_eq!(served.terminate().code(), Some(0));
}
