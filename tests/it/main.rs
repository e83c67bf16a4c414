//! The house as a whole: what the tree promises, and what the command does.

mod check;
mod command;
mod fact_names;
mod file_vendor;
mod redaction;
mod registry;
mod serve;
mod served;
mod twins;

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
    command.args(arguments);
    command
}

/// A folder of this test's own under the build folder.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs `check` with a report; returns the exit code and `results.json`.
fn checked(name: &str, arguments: &[&str]) -> (i32, Value) {
    let folder = folder(name);
    let path = folder.to_str().expect("a path in UTF-8");
    let output = locum(&[&["check", "--seed", "7", "--report", path], arguments].concat());
    let text = std::fs::read_to_string(folder.join("results.json"))
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (
        output.status.code().expect("it ends by itself"),
        serde_json::from_str(&text).expect("JSON"),
    )
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
