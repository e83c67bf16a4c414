//! How `check` treats a vendor's own endpoint: what it does not do there without being told to.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::served::Served;
use super::{ACCOUNT, checked_as, command, folder, listener, read_results, rows};

/// Judges the mock of `vendor` as if it were the vendor's own endpoint; what was said on standard
/// error, and `results.json`.
fn judged(name: &str, served: &Served, vendor: &str, more: &[&str]) -> (String, Value) {
    let document = served.document();
    let url = format!("http://{}/{vendor}", served.address);
    let account = super::tls::account(&document, vendor);
    let arguments = [&[vendor, "--url", &url], more].concat();
    let checked = checked_as(name, account, &arguments);
    (checked.said, checked.results)
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
    assert!(said.contains("created and not deleted: "), "{said}");
}

/// An empty creation that should be refused is one where nobody refuses it.
#[test]
fn an_empty_creation_needs_leave() {
    let served = Served::start(&[]);
    let made = || {
        let all = exchanges(&served, "athelas");
        let is_made = |exchange: &&String| exchange.starts_with("create ");
        all.iter().filter(is_made).count()
    };
    let (_, results) = judged(
        "leave-empty",
        &served,
        "athelas",
        &["--id", "VEN-44,BRR-21"],
    );
    for id in ["VEN-44", "BRR-21"] {
        let (verdict, reason) = row(&results, id);
        assert_eq!(verdict, "PASS", "{reason}");
        assert!(reason.contains("needs --allow-writes"), "{reason}");
    }
    assert_eq!(made(), 0);
    let arguments = ["--id", "VEN-44,BRR-21", "--allow-writes"];
    let (said, results) = judged("leave-empty-given", &served, "athelas", &arguments);
    assert_eq!(row(&results, "VEN-44").0, "PASS");
    assert!(made() > 0);
    assert_eq!(said, "");
}

/// The verdict of a row and its reason.
pub(super) fn row(results: &Value, id: &str) -> (String, String) {
    let verdicts = results["verdicts"].as_array().expect("a list");
    let row = verdicts.iter().find(|row| row["id"] == id).expect(id);
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"))
}

/// Tokens of the mock of pattern live so long, and are accepted afterwards or not.
fn set_lifetime(served: &Served, ttl_ms: u64, is_enforced: bool) {
    let settings =
        format!(r#"{{"pattern.token_ttl_ms": {ttl_ms}, "pattern.enforce_expiry": {is_enforced}}}"#);
    let line = "PATCH /_locum/stages/default/settings";
    assert_eq!(served.connect().call(line, &settings).0, 200);
}

/// A token that is announced for a fifth of a second and works after it: whoever sends seconds for
/// milliseconds does that.
#[test]
fn the_end_of_a_token_is_waited_for_where_it_is_near() {
    let served = Served::start(&[]);
    set_lifetime(&served, 200, false);
    let (_, results) = judged("wait-near", &served, "pattern", &["--id", "VEN-26"]);
    let (verdict, reason) = row(&results, "VEN-26");
    assert_eq!(verdict, "FAIL", "{reason}");
    assert!(reason.contains("with a lifetime of 0.2 s"), "{reason}");

    set_lifetime(&served, 200, true);
    let (_, results) = judged("wait-kept", &served, "pattern", &["--id", "VEN-26"]);
    assert_ne!(row(&results, "VEN-26").0, "FAIL", "{results}");
}

#[test]
fn an_end_that_is_too_far_away_is_pending_and_no_failure() {
    let served = Served::start(&[]);
    let ids = "VEN-26,VEN-09";
    let (_, results) = judged("wait-far", &served, "pattern", &["--id", ids]);
    for id in ["VEN-26", "VEN-09"] {
        let (verdict, reason) = row(&results, id);
        assert_eq!(verdict, "PENDING", "{reason}");
        assert!(reason.contains("--wait "), "{reason}");
    }
    assert_eq!(results["exit_code"], 0);
    let arguments = ["--id", ids, "--wait", "1ms"];
    set_lifetime(&served, 200, true);
    let (_, results) = judged("wait-none", &served, "pattern", &arguments);
    assert_eq!(row(&results, "VEN-26").0, "PENDING");
}

#[test]
fn no_more_requests_are_made_than_allowed() {
    let served = Served::start(&[]);
    let (_, results) = judged("most", &served, "pattern", &["--max-requests", "7"]);
    assert_eq!(exchanges(&served, "pattern").len(), 7);
    let left = rows(&results, &["NOT_RUN"]);
    assert!(left.len() > 30, "{left:?}");
    let said = results.to_string();
    assert!(
        said.contains("left out: --max-requests 7 was reached"),
        "{said}"
    );
}

/// A server that deals with each request in this way, and counts them.
pub(super) fn serve(deal: fn(TcpStream)) -> (String, Arc<AtomicUsize>) {
    let count: Arc<AtomicUsize> = Arc::default();
    let seen = Arc::clone(&count);
    let address = listener::listen(move |mut stream| {
        // Whoever says nothing only looks whether anybody is there.
        if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
            seen.fetch_add(1, Ordering::SeqCst);
            deal(stream);
        }
    });
    (format!("http://{address}"), count)
}

/// Judges a vendor at `url`: the exit code, and `results.json`.
fn judged_at(name: &str, url: &str) -> (i32, Value) {
    let arguments = ["pattern", "--url", url, "--reply-timeout", "100ms"];
    let checked = checked_as(name, ACCOUNT, &arguments);
    (checked.code, checked.results)
}

/// Reads on until the other side has gone.
pub(super) fn drain(mut stream: TcpStream) {
    let mut piece = [0; 4096];
    while matches!(stream.read(&mut piece), Ok(n) if n > 0) {}
}

fn gives_up(name: &str, deal: fn(TcpStream)) {
    let (url, count) = serve(deal);
    let (code, results) = judged_at(name, &url);
    assert_eq!(code, 4, "{name}");
    assert_eq!(count.load(Ordering::SeqCst), 2, "{name}");
    assert_eq!(
        rows(&results, &["PASS", "FAIL", "HARNESS"]),
        Vec::<String>::new()
    );
    let said = results.to_string();
    assert!(said.contains("was given up"), "{name}: {said}");
}

#[test]
fn a_vendor_that_hangs_is_given_up() {
    gives_up("hangs", drain);
}

#[test]
fn a_vendor_that_drips_is_given_up() {
    gives_up("drips", |mut stream| {
        let pause = Some(Duration::from_millis(5));
        stream.set_read_timeout(pause).expect("it is long enough");
        let head = b"HTTP/1.1 200 OK\r\nX-Drip: ";
        for byte in head.iter().chain(std::iter::repeat(&b'a')) {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            // Nothing comes: the time-out is the pause.
            let _ = stream.read(&mut [0]);
        }
    });
}

/// A body without end is read as far as a mebibyte.
#[test]
fn an_endless_body_is_not_read() {
    let (url, count) = serve(|mut stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        let _ = stream.write_all(head);
        while stream.write_all(&[b' '; 8192]).is_ok() {}
    });
    let folder = folder("endless");
    let path = folder.to_str().expect("UTF-8");
    let arguments = ["check", "pattern", "--url", &url, "--report", path];
    let arguments = [&arguments[..], &["--id", "VEN-16,TOK-10"]].concat();
    let output = command(&arguments).envs(ACCOUNT).output().expect("it runs");
    let (code, results) = read_results(&folder, &output);
    let said = results.to_string();
    assert!(said.contains("the body is larger than 1 MiB"), "{said}");
    assert_eq!(rows(&results, &["PASS"]), Vec::<String>::new());
    assert_ne!(code, 0);
    assert!(count.load(Ordering::SeqCst) > 1);
}

/// What `check --plan` says of the mock of pattern at `url`.
fn plan(url: &str, served: &Served) -> String {
    let document = served.document();
    let output = command(&["check", "pattern", "--url", url, "--plan"])
        .envs(super::tls::account(&document, "pattern"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_plan_is_told_and_nothing_is_sent() {
    let served = Served::start(&[]);
    let url = format!("http://{}/pattern", served.address);
    let told = plan(&url, &served);
    assert_eq!(exchanges(&served, "pattern"), [""; 0]);
    for part in [
        format!("POST {url}/api/auth/token\n"),
        "showing client id and client secret".to_owned(),
        "its end is far away: it takes --wait".to_owned(),
        "set LOCUM_BARRED_CLIENT_ID".to_owned(),
        "needs --allow-writes".to_owned(),
    ] {
        assert!(told.contains(&part), "{part}: {told}");
    }
    // What is told is what is sent.
    let planned = told
        .split_once(" requests would be sent")
        .expect("a number")
        .0;
    let planned: usize = planned.parse().expect("a number");
    drop(judged("planned", &served, "pattern", &[]));
    assert_eq!(planned, exchanges(&served, "pattern").len());
}

/// A host that does not exist can be planned for: nothing leaves the machine.
#[test]
fn a_plan_needs_neither_a_network_nor_an_account() {
    for vendor in locum::mocks::SLUGS {
        let arguments = ["check", vendor, "--url", "https://vendor.invalid", "--plan"];
        let output = command(&arguments)
            .env("LOCUM_SAMPLE_PATH", "/our/own")
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("POST https://vendor.invalid/"), "{told}");
        assert!(!told.contains("127.0.0.1"), "{told}");
        assert!(told.contains("/our/own\n"), "{vendor}: {told}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("not set, and needed for the run"), "{said}");
    }
}

/// The token endpoint fails once, so that the first repeat is not like the others.
#[test]
fn a_row_that_is_not_the_same_each_time_is_flaky() {
    let served = Served::start(&[]);
    let fault = r#"{"match": {"vendor": "pattern", "endpoint": "token"}, "when": {"first": 1}, "then": {"status": 503}}"#;
    let line = "POST /_locum/stages/default/faults";
    assert_eq!(served.connect().call(line, fault).0, 201);
    let arguments = ["--id", "VEN-16", "--repeat", "3", "--jobs", "1"];
    let (_, results) = judged("repeated", &served, "pattern", &arguments);
    let verdicts = results["verdicts"].as_array().expect("a list");
    let flaky = verdicts
        .iter()
        .find(|row| row["id"] == "VEN-16")
        .expect("a row");
    assert_eq!(
        (&flaky["verdict"], &flaky["overlay"]),
        (&"FAIL".into(), &"FLAKY".into())
    );
    assert_eq!(
        flaky["figures"]["repeats"],
        serde_json::json!({"PASS": 2, "FAIL": 1})
    );
    assert_eq!(
        (&results["run"]["repeats"], &results["exit_code"]),
        (&3.into(), &1.into())
    );

    let (_, results) = judged(
        "steady",
        &served,
        "pattern",
        &["--id", "VEN-16", "--repeat", "2"],
    );
    assert_eq!(row(&results, "VEN-16").0, "PASS");
    assert_eq!(results["summary"].get("FLAKY"), None);
}

/// A temporary password that one repeat changed made the next one differ.
#[test]
fn what_changes_the_vendor_is_not_repeated() {
    let url = "http://127.0.0.1:9";
    let arguments = [
        "check",
        "scribe",
        "--url",
        url,
        "--allow-writes",
        "--repeat",
        "2",
    ];
    let output = command(&arguments).envs(ACCOUNT).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("do not go together"), "{said}");
}

#[test]
fn the_bound_of_requests_holds_for_all_repeats_together() {
    let served = Served::start(&[]);
    let count = || exchanges(&served, "pattern").len();
    let arguments = ["--id", "VEN-16"];
    drop(judged("bound-one", &served, "pattern", &arguments));
    let one = count();
    let bound = (3 * one - 1).to_string();
    let arguments = [&arguments[..], &["--repeat", "9", "--max-requests", &bound]];
    let (said, results) = judged("bound-all", &served, "pattern", &arguments.concat());
    assert_eq!(count() - one, 2 * one);
    assert_eq!(results["run"]["repeats"], 2);
    assert!(
        said.contains("it was run 2 times instead of 9 times"),
        "{said}"
    );
    assert_eq!(row(&results, "VEN-16").0, "PASS");
}

/// The new password is told by how its owner finds it, and stands in no report.
#[test]
fn a_changed_password_can_be_found_by_its_owner() {
    let served = Served::start(&[]);
    let document = served.document();
    let users = document["vendors"]["scribe"]["principals"]["users"].as_array();
    let mut users = users.expect("a list").iter();
    let user = users
        .find(|user| user["state"] == "temporary")
        .expect("one");
    let url = format!("http://{}/scribe", served.address);
    let text = |name: &str| user[name].as_str().expect("text").to_owned();
    let temporary = [
        ("LOCUM_TEMP_USERNAME".to_owned(), text("username")),
        ("LOCUM_TEMP_PASSWORD".to_owned(), text("password")),
    ];
    let account = super::tls::account(&document, "scribe")
        .into_iter()
        .chain(temporary);
    let arguments = ["scribe", "--url", &url, "--id", "VEN-29", "--allow-writes"];
    let checked = checked_as("password", account, &arguments);
    let (results, said) = (checked.results, checked.said);
    assert_eq!(row(&results, "VEN-29").0, "PASS", "{results}");
    let told = "the password of LOCUM_TEMP_USERNAME was changed: it is now that of LOCUM_TEMP_PASSWORD with -Lo9 behind it";
    assert!(said.contains(told), "{said}");
}
