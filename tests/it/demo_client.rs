//! `locum client` speaks `locum/1` and nothing else on standard output.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

/// What the client answers to `lines` before its input ends.
fn answers(arguments: &[&str], lines: &[&str]) -> Vec<Value> {
    let mut child = super::command(&[&["client"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("it is piped");
    for line in lines {
        writeln!(input, "{line}").expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let parsed = text.lines().map(serde_json::from_str);
    parsed.collect::<Result<_, _>>().expect("JSON lines alone")
}

#[test]
fn each_line_gets_one_of_three_replies_and_the_end_of_input_ends_the_client() {
    let replies = answers(
        &[],
        &[
            r#"{"id":1,"op":"hello","proto":"locum/1","vendor":"corti","later":true}"#,
            r#"{"id":2,"op":"teleport"}"#,
            r#"{"id":3,"op":"call","client":"a","method":"GET","path":"/"}"#,
            r#"{"id":4,"op":"cancel","target":3}"#,
            "not a request",
        ],
    );
    assert_eq!(replies.len(), 4, "{replies:?}");
    assert_eq!(replies[0]["proto"], "locum/1");
    let ops = replies[0]["ops"].as_array().expect("a list");
    assert!(ops.contains(&"call".into()), "{ops:?}");
    assert_eq!(replies[1]["unsupported"], "teleport");
    assert_eq!(replies[2]["error"], "other");
    assert_eq!(replies[3]["ok"], false);
}

#[test]
fn mutants_are_listed_and_a_misspelt_one_is_named() {
    let output = super::locum(&["client", "--list"]);
    let list = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = list.lines().count();
    assert!(lines > 164, "{lines}");
    assert!(list.contains("margin-300"), "{list}");
    assert!(list.contains("CACHE-01 FAIL"), "{list}");
    let output = super::locum(&["client", "--mutant", "no-cash"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("did you mean `no-cache`?"), "{error}");
}
