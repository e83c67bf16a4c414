//! `locum serve --tls`: what it says at the start, and what it refuses to start with.

use std::fs;
use std::io::BufRead as _;

use serde_json::Value;

use super::served::Served;
use super::{folder, locum};

#[test]
fn the_second_line_names_the_port_for_tls() {
    let mut served = Served::start(&["--tls", "--tls-port", "0"]);
    let mut line = String::new();
    let output = served.output.as_mut().expect("a pipe");
    output.read_line(&mut line).expect("a line");
    let (_, document) = served.connect().call("GET /_locum/stages/default", "");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let base = document["tls"]["base"].as_str().expect("it speaks TLS");
    assert_eq!(line, format!("TLS {base}\n"));
    let (status, ca) = served.connect().call("GET /_locum/ca.pem", "");
    assert_eq!(status, 200);
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"), "{ca}");
}

#[test]
fn a_kept_authority_is_there_when_the_server_is_and_stays() {
    let kept = folder("ca-dir").join("ca");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let kept = kept.to_str().expect("text");
        let served = Served::start(&["--tls", "--tls-port", "0", "--ca-dir", kept]);
        let file = fs::read_to_string(format!("{kept}/ca.pem")).expect("it is kept");
        let (_, served) = served.connect().call("GET /_locum/ca.pem", "");
        assert_eq!(served, file);
        seen.push(file);
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn what_cannot_be_used_is_a_usage_error_that_names_file_and_cure() {
    let folder = folder("tls-files");
    let broken = folder.join("broken.pem");
    fs::write(&broken, "nothing").expect("written");
    let broken = broken.to_str().expect("text");
    let kept = folder.join("kept");
    fs::create_dir(&kept).expect("a folder");
    fs::write(kept.join("ca-key.pem"), "nothing").expect("written");
    let kept = kept.to_str().expect("text");
    let check = |arguments: &[&str], parts: &[&str]| {
        let mut all = vec!["serve", "--port", "0"];
        all.extend(arguments);
        let output = locum(&all);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    };
    let own = [
        "--tls",
        "--tls-port",
        "0",
        "--tls-cert",
        broken,
        "--tls-key",
        broken,
    ];
    check(&own, &[broken, "hint:", "--tls-cert"]);
    check(&own[..5], &["--tls-key"]);
    check(&own[3..], &["add --tls"]);
    let dir = ["--tls", "--tls-port", "0", "--ca-dir", kept];
    check(&dir, &["ca-key.pem", "hint: remove ca.pem and ca-key.pem"]);
    check(&dir[3..], &["add --tls"]);
    check(&["--tls-bad"], &["add --tls"]);
    check(
        &["--public-url", "auth.example.test"],
        &["--public-url", "https://auth.example.test"],
    );
    check(
        &["--trust-proxy", "nginx"],
        &["--trust-proxy", "172.16.0.0/12"],
    );
}
