//! The house as a whole: what the tree promises, and what the command does.

mod accounts;
mod check;
mod clients;
mod command;
mod defects;
mod demo_client;
#[cfg(unix)]
mod drive;
mod fact_names;
mod fakes;
mod file_vendor;
mod interrupted;
mod listener;
mod manners;
mod mcp;
mod mutants;
mod new_shim;
mod parity;
mod peers;
mod plain_traffic;
mod redaction;
mod refused_logins;
mod registry;
mod reports;
mod resumed;
mod running;
mod sdks;
mod serve;
mod served;
mod socket_defects;
mod tls;
mod twins;
mod unseen;
mod vendor_tls;
mod watch;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// The command under test.
fn locum(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command runs")
}

/// The command, without what the environment of the tests may say to it.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locum"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOCUM_")) {
        command.env_remove(name);
    }
    let state = concat!(env!("CARGO_TARGET_TMPDIR"), "/state");
    command.env("LOCUM_STATE_DIR", state).args(arguments);
    command
}

/// A folder of this test's own under the build folder.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// What came of a `check` with a report.
struct Checked {
    /// The exit code.
    code: i32,
    /// `results.json`.
    results: Value,
    /// Standard output.
    told: String,
    /// Standard error.
    said: String,
}

/// Runs `check` with a report; returns the exit code and `results.json`.
fn checked(name: &str, arguments: &[&str]) -> (i32, Value) {
    let none: [(&str, &str); 0] = [];
    let checked = checked_as(name, none, arguments);
    (checked.code, checked.results)
}

/// The same with the variables of an account.
fn checked_as<K: AsRef<OsStr>, V: AsRef<OsStr>>(
    name: &str,
    account: impl IntoIterator<Item = (K, V)>,
    arguments: &[&str],
) -> Checked {
    let folder = folder(name);
    let path = folder.to_str().expect("a path in UTF-8");
    let arguments = [&["check", "--seed", "7", "--report", path], arguments].concat();
    let output = command(&arguments).envs(account).output();
    let output = output.expect("the command runs");
    let (code, results) = read_results(&folder, &output);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Checked {
        code,
        results,
        told: text(&output.stdout),
        said: text(&output.stderr),
    }
}

/// Drives the reference client at `vendor`, a name or a file, with a report; returns the exit code
/// and `results.json`.
fn driven(name: &str, vendor: &str) -> (i32, Value) {
    let folder = folder(name);
    let path = folder.to_str().expect("a path in UTF-8");
    let output = locum(&[
        "drive",
        vendor,
        "--reference",
        "--seed",
        "7",
        "--report",
        path,
    ]);
    read_results(&folder, &output)
}

fn read_results(folder: &std::path::Path, output: &Output) -> (i32, Value) {
    let text = std::fs::read_to_string(folder.join("results.json"))
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    let code = output.status.code().expect("it ends by itself");
    rendered_again(folder, code, &text);
    (code, serde_json::from_str(&text).expect("JSON"))
}

/// Each run that a test makes is judged again from its evidence alone: the same bytes, the same
/// exit code.
fn rendered_again(folder: &std::path::Path, code: i32, results: &str) {
    let path = folder.to_str().expect("a path in UTF-8");
    let again = folder.join("again");
    let out = again.to_str().expect("a path in UTF-8");
    let output = locum(&["report", "render", path, "--out", out]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    for (name, first) in [
        ("results.json", results.to_owned()),
        (
            "events.ndjson",
            std::fs::read_to_string(folder.join("events.ndjson")).expect("it was written"),
        ),
    ] {
        let second = std::fs::read_to_string(again.join(name)).expect("it is written");
        assert!(first == second, "{name} differs in {out}");
    }
}

/// An account as a person would give it: with every variable that some vendor asks for.
const ACCOUNT: [(&str, &str); 10] = [
    ("LOCUM_CLIENT_ID", "acme-client"),
    ("LOCUM_CLIENT_SECRET", "acme-Secret-0123456789"),
    ("LOCUM_USERNAME", "acme-user@example.com"),
    ("LOCUM_PASSWORD", "acme-Password-0123456789"),
    ("LOCUM_TENANT", "acme"),
    ("LOCUM_REGION", "us-east-1"),
    ("LOCUM_USER_POOL_ID", "us-east-1_Acme00000"),
    (
        "LOCUM_IDENTITY_POOL_ID",
        "us-east-1:00000000-0000-4000-8000-000000000000",
    ),
    ("LOCUM_GROUP_ID", "00000000-0000-4000-8000-000000000001"),
    ("LOCUM_TEMPLATE_ID", "1"),
];

/// Judges a vendor's endpoint at `url` with that account; returns the exit code and
/// `results.json`.
fn judge_endpoint(name: &str, vendor: &str, url: &str) -> (i32, Value) {
    let checked = checked_as(name, ACCOUNT, &[vendor, "--url", url]);
    (checked.code, checked.results)
}

/// The verdict of each row of a run at one vendor.
fn verdicts(results: &Value) -> BTreeMap<String, String> {
    let rows = results["verdicts"].as_array().expect("a list").iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(row, "id"), text(row, "verdict")))
        .collect()
}

/// `ID VERDICT` of each row that came to one of `words`.
fn rows(results: &Value, words: &[&str]) -> Vec<String> {
    let verdicts = results["verdicts"].as_array().expect("a list");
    let bad = verdicts
        .iter()
        .filter(|row| words.iter().any(|word| row["verdict"] == *word));
    let mut list: Vec<String> = bad
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            format!("{}@{} {}", text("id"), text("vendor"), text("verdict"))
        })
        .collect();
    list.sort();
    list
}
