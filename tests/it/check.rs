//! The main job: `locum check`, and the reference client, with nothing but the binary.

use super::{checked, driven, locum, rows};

/// What the reference client gives no occasion for: it uses Basic where the vendor's page has Basic
/// alone and shows no credential in the form there, creates nothing, fetches no key set, gets no
/// refresh token from Keycloak, receives no webhooks, and opens no dropped socket anew by itself.
const NOT_SHOWN: [&str; 14] = [
    "BAS-02@corti",
    "BAS-09@corti",
    "BAS-11@corti",
    "BRR-07@athelas",
    "CLI-23@athelas",
    "CLI-24@athelas",
    "CLI-26@pattern",
    "JWT-23@corti",
    "JWT-23@scribe",
    "REF-01@corti",
    "RSP-23@scribe",
    "TOK-24@pattern",
    "WS-03@corti",
    "WS-11@corti",
];

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

/// Drives the reference client at `vendor`: nothing is wrong, and only what is known to be not shown
/// is open.
fn the_reference_client_passes(vendor: &str) {
    let (code, results) = driven(&format!("reference-{vendor}"), vendor);
    let bad = rows(&results, &["FAIL", "WARN", "ERROR", "HARNESS"]);
    assert_eq!((code, bad), (0, Vec::new()));
    let open = NOT_SHOWN.iter().filter(|row| row.ends_with(vendor));
    let open: Vec<String> = open.map(|row| format!("{row} INCONCLUSIVE")).collect();
    assert_eq!(rows(&results, &["INCONCLUSIVE"]), open);
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
