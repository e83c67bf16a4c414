//! The forms of a report, baselines, and what CI servers are told.

use std::path::Path;
use std::process::Output;

use super::{command, folder, locum};

/// The mock that takes any secret, which breaks ERR-04 and VEN-17.
const BAD: [&str; 6] = ["check", "pattern", "--twin", "any-secret", "--seed", "7"];

const FILES: [&str; 8] = [
    "events.ndjson",
    "results.json",
    "junit.xml",
    "results.tap",
    "results.sarif",
    "summary.md",
    "report.html",
    "badge.json",
];

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn bad(arguments: &[&str]) -> Output {
    locum(&[&BAD[..], arguments].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_form_is_written_and_tells_what_is_broken() {
    let folder = folder("reports-forms");
    let output = bad(&["--report", text(&folder)]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for name in FILES {
        let file = std::fs::read_to_string(folder.join(name)).expect(name);
        assert!(
            file.contains("VEN-17") || file.contains("2 failing"),
            "{name}"
        );
    }
    let archives = std::fs::read_dir(folder.join("har")).expect("a folder");
    assert!(archives.count() > 20);
}

#[test]
fn a_form_may_go_to_standard_output() {
    let output = bad(&["--format", "junit"]);
    let printed = String::from_utf8(output.stdout.clone()).expect("text");
    assert!(printed.starts_with("<?xml"), "{printed}");
    assert!(
        said(&output).contains("FAIL         VEN-17"),
        "{}",
        said(&output)
    );
    let schema = locum(&["report", "schema"]);
    assert!(String::from_utf8_lossy(&schema.stdout).contains("\"schema_version\""));
}

#[test]
fn several_runs_stand_beside_one_another() {
    let folder = folder("reports-merged");
    let (one, two) = (folder.join("bad"), folder.join("good"));
    bad(&["--report", text(&one)]);
    locum(&["check", "pattern", "--seed", "7", "--report", text(&two)]);
    let out = folder.join("out");
    let arguments = [
        "report",
        "merge",
        text(&one),
        text(&two),
        "--out",
        text(&out),
    ];
    let output = locum(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("VEN-17@pattern        FAIL         PASS\n"),
        "{told}"
    );
    let page = std::fs::read_to_string(out.join("merged.html")).expect("a page");
    assert!(page.contains("\"name\":\"good\""));
}

/// What a baseline accepts does not fail, what is no longer so does, and an update keeps comments.
#[test]
fn a_baseline_is_written_kept_and_found_stale() {
    let folder = folder("reports-baseline");
    let path = folder.join("accepted.toml");
    let file = text(&path);
    let check = |arguments: &[&str], code: i32, part: &str| {
        let output = locum(arguments);
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(part), "{arguments:?}: {told}");
    };
    let kept = ["--baseline", file];
    let bad = |arguments: &[&'static str]| [&BAD[..], &kept, arguments].concat();
    check(&bad(&[]), 2, "--write-baseline writes one");
    check(&bad(&["--write-baseline"]), 0, "2 expected by");
    check(&bad(&["--write-baseline"]), 2, "is there already");
    check(&bad(&[]), 0, "2 expected by");
    let written = std::fs::read_to_string(file).expect("a file");
    std::fs::write(file, format!("# ours\n{written}")).expect("it is written");
    let good = ["check", "pattern", "--seed", "7", "--baseline", file];
    check(&good, 5, "VEN-17@pattern is PASS and no longer FAIL");
    check(
        &[&good[..], &["--update-baseline"]].concat(),
        0,
        "is written",
    );
    let updated = std::fs::read_to_string(file).expect("a file");
    assert!(
        updated.starts_with("# ours\n") && !updated.contains("VEN-17"),
        "{updated}"
    );
    check(&bad(&[]), 1, "FAIL         VEN-17");
    std::fs::write(file, "version = 1\n[[expect]]\nid = \"VEN-17\"\n").expect("it is written");
    check(&bad(&[]), 2, "verdict");
}

/// A second run of what was broken alone, and of its half.
#[test]
fn what_was_broken_is_run_again() {
    let folder = folder("reports-failed");
    let (first, second) = (folder.join("first"), folder.join("second"));
    bad(&["--report", text(&first)]);
    let output = bad(&["--only-failed", text(&first), "--report", text(&second)]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let results = std::fs::read(second.join("results.json")).expect("a file");
    let results: serde_json::Value = serde_json::from_slice(&results).expect("JSON");
    let asked = results["verdicts"].as_array().expect("a list").iter();
    let asked: Vec<_> = asked
        .filter(|row| row["needed_by"].is_null())
        .map(|row| row["id"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(asked, ["ERR-04", "VEN-17"]);
    assert_eq!(
        results["run"]["selection"],
        "ERR-04@pattern or VEN-17@pattern"
    );
    let good = folder.join("good");
    locum(&["check", "pattern", "-k", "ven-16", "--report", text(&good)]);
    let output = locum(&["check", "pattern", "--only-failed", text(&good)]);
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(
        said(&output).contains("nothing was broken"),
        "{}",
        said(&output)
    );
}

#[test]
fn github_actions_is_told_without_being_asked() {
    let folder = folder("reports-github");
    let summary = folder.join("summary.md");
    let mut command = command(&BAD);
    command.env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_STEP_SUMMARY", &summary);
    let output = command.output().expect("it runs");
    let told = said(&output);
    assert!(
        told.contains("::error title=FAIL VEN-17@pattern::"),
        "{told}"
    );
    let summary = std::fs::read_to_string(summary).expect("it is written");
    assert!(summary.contains("## locum check"), "{summary}");
}
