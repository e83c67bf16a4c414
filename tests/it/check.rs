//! The main job: `locum check`, and the reference client, with nothing but the binary.

use super::{checked, driven, locum, rows};

#[test]
fn honest_mocks_pass() {
    let (code, results) = checked("honest", &[]);
    let bad = rows(&results, &["FAIL", "ERROR", "HARNESS", "INCONCLUSIVE"]);
    assert_eq!((code, bad), (0, Vec::new()));
    let passed = rows(&results, &["PASS"]);
    for word in locum::mocks::SLUGS {
        let login = format!("VEN-16@{word} PASS");
        assert!(
            passed.contains(&login),
            "{login} is missing among {} rows",
            passed.len()
        );
    }
    assert_eq!(results["schema_version"], 1);
    assert_eq!(results["exit_code"], 0);
    assert_eq!(results["run"]["seed"], 7);
}

/// Drives the reference client at `vendor`: nothing is wrong, and nothing is open.
fn the_reference_client_passes(vendor: &str) {
    let (code, results) = driven(&format!("reference-{vendor}"), vendor);
    let bad = [
        "FAIL",
        "WARN",
        "ERROR",
        "HARNESS",
        "INCONCLUSIVE",
        "NOT_RUN",
    ];
    assert_eq!((code, rows(&results, &bad)), (0, Vec::new()));
    let passed = rows(&results, &["PASS"]);
    assert!(
        passed.contains(&format!("CACHE-01@{vendor} PASS")),
        "{passed:?}"
    );
}

#[test]
fn the_reference_client_passes_at_athelas() {
    the_reference_client_passes("athelas");
}

#[test]
fn the_reference_client_passes_at_pattern() {
    the_reference_client_passes("pattern");
}

#[test]
fn the_reference_client_passes_at_scribe() {
    the_reference_client_passes("scribe");
}

#[test]
fn the_reference_client_passes_at_corti() {
    the_reference_client_passes("corti");
}

#[test]
fn each_verdict_says_what_proves_it() {
    let (_, results) = checked("evidence", &["pattern"]);
    for row in results["verdicts"].as_array().expect("a list") {
        let empty = row["evidence"].as_array().is_none_or(Vec::is_empty);
        let silent = ["N/A", "NOT_RUN"]
            .iter()
            .any(|word| row["verdict"] == *word);
        assert!(!empty || silent, "{row}");
    }
}

/// `pattern-client:` in base64: what follows it in a Basic header would be the secret.
#[test]
fn no_report_holds_a_secret() {
    let folder = super::folder("secrets");
    let path = folder.to_str().expect("a path in UTF-8");
    let output = locum(&["check", "pattern", "--seed", "7", "--report", path]);
    assert_eq!(output.status.code(), Some(0));
    for file in [
        "results.json",
        "events.ndjson",
        "junit.xml",
        "results.tap",
        "results.sarif",
        "summary.md",
        "report.html",
    ] {
        let text = std::fs::read_to_string(folder.join(file)).expect("it is written");
        let mut shown = text.split("cGF0dGVybi1jbGllbnQ6").skip(1);
        assert!(text.len() > 500, "{file}");
        assert!(
            shown.all(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric())),
            "{file}"
        );
    }
}

/// A token with one letter changed is nearly the token.
#[test]
fn no_report_holds_a_jwt() {
    for vendor in ["athelas", "scribe", "corti"] {
        let folder = super::folder(&format!("tokens-{vendor}"));
        let path = folder.to_str().expect("a path in UTF-8");
        let output = locum(&["check", vendor, "--seed", "7", "--report", path]);
        assert_eq!(output.status.code(), Some(0));
        let events = std::fs::read_to_string(folder.join("events.ndjson")).expect("it is written");
        for (at, _) in events.match_indices("eyJ") {
            let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            let token = events[at..].split(|c| !is_of_token(c)).next();
            let parts: Vec<&str> = token.unwrap_or_default().split('.').collect();
            let is_whole = parts.len() == 3 && parts.iter().all(|part| part.len() > 20);
            assert!(!is_whole, "{vendor}: {}", parts.join("."));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_verdicts() {
    let once = rows(
        &checked("seed-1", &["pattern"]).1,
        &["PASS", "INFO", "WARN"],
    );
    let again = rows(
        &checked("seed-2", &["pattern"]).1,
        &["PASS", "INFO", "WARN"],
    );
    assert_eq!(once, again);
    assert!(!once.is_empty());
}
