//! How `check` treats a vendor's own endpoint: what it does not do there without being told to.

use serde_json::Value;

use super::served::Served;
use super::{command, folder, read_results, rows};

/// Judges the mock of `vendor` as if it were the vendor's own endpoint; what was said on standard
/// error, and `results.json`.
fn judged(name: &str, served: &Served, vendor: &str, more: &[&str]) -> (String, Value) {
    let (_, document) = served.connect().call("GET /_locum/stages/default", "");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let url = format!("http://{}/{vendor}", served.address);
    let folder = folder(name);
    let path = folder.to_str().expect("UTF-8");
    let arguments = [
        "check", vendor, "--url", &url, "--seed", "7", "--report", path,
    ];
    let output = command(&[&arguments, more].concat())
        .envs(super::tls::account(&document, vendor))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (said, read_results(&folder, &output).1)
}

/// Endpoint and status of each exchange that the mock of `vendor` has seen.
fn exchanges(served: &Served, vendor: &str) -> Vec<String> {
    let line = format!("GET /_locum/journal?vendor={vendor}");
    let (_, journal) = served.connect().call(&line, "");
    let journal: Value = serde_json::from_str(&journal).expect("JSON");
    let entries = journal["entries"].as_array().expect("a list");
    let words = |entry: &Value| {
        let endpoint = entry["endpoint"].as_str().unwrap_or_default();
        format!("{endpoint} {}", entry["reply"]["status"])
    };
    entries.iter().map(words).collect()
}

#[test]
fn nothing_is_created_without_leave_and_what_was_created_is_deleted() {
    let served = Served::start(&[]);
    let count = |word: &str| {
        let all = exchanges(&served, "corti");
        all.iter().filter(|exchange| *exchange == word).count()
    };
    let ids = "VEN-27,VEN-32,WSS-22";
    let (said, results) = judged("leave-none", &served, "corti", &["--id", ids]);
    let rows_of = |results: &Value| rows(results, &["PASS", "N/A", "FAIL", "HARNESS"]);
    let without = rows_of(&results);
    assert!(
        without.contains(&"VEN-27@corti N/A".to_owned()),
        "{without:?}"
    );
    assert!(
        without.contains(&"WSS-22@corti PASS".to_owned()),
        "{without:?}"
    );
    let text = results.to_string();
    assert!(text.contains("needs --allow-writes"), "{text}");
    assert_eq!((count("create_interaction 201"), said.as_str()), (0, ""));

    let arguments = ["--id", ids, "--allow-writes"];
    let (said, results) = judged("leave-given", &served, "corti", &arguments);
    let with = rows_of(&results);
    assert!(with.contains(&"VEN-27@corti PASS".to_owned()), "{with:?}");
    assert!(count("create_interaction 201") > 1);
    assert_eq!(
        count("create_interaction 201"),
        count("delete_interaction 204")
    );
    assert_eq!(said, "");
}

/// A vendor without a call that deletes keeps what was made there: the user is told.
#[test]
fn what_cannot_be_deleted_is_told() {
    let served = Served::start(&[]);
    let arguments = ["--id", "VEN-06", "--allow-writes"];
    let (said, results) = judged("leave-kept", &served, "athelas", &arguments);
    assert_eq!(
        rows(&results, &["PASS"]).last().map(String::as_str),
        Some("VEN-16@athelas PASS")
    );
    assert!(said.contains("created and not deleted"), "{said}");
}
