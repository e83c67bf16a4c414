//! The demo client, reached in other ways than by starting it: the same verdicts.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{command, folder, read_results, rows};

/// A row that the honest client passes, and the rows that go with it.
const SELECTED: [&str; 2] = ["--id", "CLI-29,CACHE-01"];

/// The demo client as a process of the test's own.
fn client() -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = command(&["client"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let input = child.stdin.take().expect("it is piped");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    (child, input, output)
}

fn drive(name: &str, arguments: &[&str]) -> (Command, PathBuf) {
    let folder = folder(name);
    let path = folder.to_str().expect("UTF-8");
    let all = [
        &["drive", "pattern", "--seed", "7", "--report", path],
        &SELECTED[..],
        arguments,
    ];
    (command(&all.concat()), folder)
}

/// Both rows pass, at `level`.
fn passes(code: i32, results: &Value, level: &str) {
    let all = rows(results, &["PASS"]);
    for id in ["CLI-29@pattern PASS", "CACHE-01@pattern PASS"] {
        assert!(all.iter().any(|row| row == id), "{id}: {results:#}");
    }
    assert_eq!((code, &results["run"]["level"]), (0, &level.into()));
    assert_eq!(results["subject"]["kind"], "client");
}

#[test]
fn a_program_is_started() {
    let locum = env!("CARGO_BIN_EXE_locum");
    let (mut command, folder) = drive("reached-stdio", &["--", locum, "client"]);
    let output = command.output().expect("it runs");
    let (code, results) = read_results(&folder, &output);
    passes(code, &results, "stdio");
}

/// Each line as soon as it is there; the system's own copying may wait for more. Returns the lines.
fn pass_on(mut from: impl std::io::BufRead, to: &mut impl std::io::Write) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    while from.read_line(&mut line).is_ok_and(|length| length > 0) {
        // Whoever read there may have gone: then nothing more is sent here, either.
        let _ = to.write_all(line.as_bytes());
        lines.push(std::mem::take(&mut line));
    }
    lines
}

/// Drives the demo client behind a bridge with these `arguments`; returns the exit code, the results
/// and the requests that passed.
fn bridged(name: &str, arguments: &[&str]) -> (i32, Value, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let (mut child, mut input, mut output) = client();
    let bridge = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let requests = stream.try_clone().expect("a second handle");
        let forth = std::thread::spawn(move || pass_on(BufReader::new(requests), &mut input));
        pass_on(&mut output, &mut stream);
        forth.join().expect("it ends")
    });
    let arguments = [&["--attach", &address], arguments].concat();
    let (mut command, folder) = drive(name, &arguments);
    let output = command.output().expect("it runs");
    let (code, results) = read_results(&folder, &output);
    let requests = bridge.join().expect("it ends with the connection");
    assert!(child.wait().expect("it ends").success());
    (code, results, requests)
}

#[test]
fn a_client_that_listens_is_attached_to() {
    let (code, results, _) = bridged("reached-attach", &[]);
    passes(code, &results, "stdio");
}

/// A client with one clock for all of its instances was judged two days ahead from then on.
#[test]
fn a_clock_that_was_turned_is_set_right_for_the_next_scenario() {
    let (_, _, requests) = bridged("reached-clock", &["--id", "CLI-22"]);
    let mut offsets: BTreeMap<String, f64> = BTreeMap::new();
    let mut turned = 0;
    for line in &requests {
        let request: Value = serde_json::from_str(line).expect("a request");
        if request["op"] == "clock" {
            let offset = request["offset_s"].as_f64().expect("a number");
            turned += usize::from(offset != 0.0);
            let client = request["client"].as_str().expect("a handle").to_owned();
            offsets.insert(client, offset);
        }
    }
    assert!(turned > 0, "no clock was turned");
    assert!(offsets.values().all(|offset| *offset == 0.0), "{offsets:?}");
}

#[test]
fn nobody_to_attach_to_is_told() {
    let freed = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
    let address = freed.expect("loopback").to_string();
    let (mut command, _) = drive("reached-nobody", &["--attach", &address]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains(&address) && said.contains("hint"), "{said}");
}

/// One exchange on a connection of its own: status, head, body.
fn http(url: &str, method: &str, path: &str, body: &str) -> (u16, String, String) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, base) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(
        stream,
        "{method} /{base}{path} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://page.example\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it is read");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it is UTF-8");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    (
        status.expect("a status"),
        head.to_ascii_lowercase(),
        body.to_owned(),
    )
}

#[test]
fn a_client_fetches_its_requests() {
    let (mut command, folder) = drive("reached-pull", &["--by", "pull"]);
    let mut driver = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = BufReader::new(driver.stderr.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it tells its address");
    let url = line.trim().strip_prefix("LOCUM_CONTROL_URL=");
    let url = url.unwrap_or_else(|| panic!("{line}")).to_owned();

    // Any page may ask, but it has to know the path.
    let (status, head, _) = http(&url, "OPTIONS", "/result", "");
    assert_eq!(status, 204);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    let (elsewhere, _) = url.rsplit_once('/').expect("a path");
    assert_eq!(
        http(&format!("{elsewhere}/0000"), "GET", "/next", "").0,
        404
    );
    assert_eq!(http(&url, "DELETE", "/next", "").0, 405);

    let (mut child, mut input, mut output) = client();
    loop {
        let (status, _, request) = http(&url, "GET", "/next?agent=page", "");
        match status {
            200 => {}
            204 => continue,
            other => break assert_eq!(other, 410),
        }
        writeln!(input, "{request}").expect("it reads");
        let mut reply = String::new();
        output.read_line(&mut reply).expect("it answers");
        assert_eq!(http(&url, "POST", "/result", &reply).0, 204);
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
    let code = driver.wait().expect("it ends").code();
    let text = std::fs::read_to_string(folder.join("results.json")).expect("a report");
    let results = serde_json::from_str(&text).expect("JSON");
    passes(code.unwrap_or_default(), &results, "pull");
}
