//! Evil twins: each turns the rows of its line and no others. The lines are those of the
//! requirement catalogue's table of mutants.

use super::{checked, rows};

/// Checks the twin's vendor; the rows that FAIL have to be `expected`, and nothing else may be bad.
fn check(vendor: &str, twin: &str, expected: &[&str]) {
    let (code, results) = checked(
        &format!("twin-{vendor}-{twin}"),
        &[vendor, "--twin", &format!("{vendor}/{twin}")],
    );
    let mut failed: Vec<String> = expected
        .iter()
        .map(|id| format!("{id}@{vendor} FAIL"))
        .collect();
    failed.sort();
    assert_eq!(
        (code, rows(&results, &["FAIL", "ERROR", "HARNESS"])),
        (1, failed),
        "{vendor}/{twin}"
    );
    let (_, honest) = checked(&format!("honest-{vendor}-{twin}"), &[vendor]);
    assert_eq!(
        rows(&results, &["WARN"]),
        rows(&honest, &["WARN"]),
        "{vendor}/{twin} turns a WARN"
    );
}

macro_rules! twins {
    ($($name:ident: $vendor:literal $twin:literal $ids:expr;)*) => {
        $(#[test] fn $name() { check($vendor, $twin, &$ids); })*
    };
}

twins! {
    pattern_seconds_not_ms: "pattern" "seconds-not-ms" ["VEN-26"];
    pattern_never_expires: "pattern" "never-expires" ["VEN-09", "VEN-26"];
    pattern_any_secret: "pattern" "any-secret" ["VEN-17", "ERR-04"];
}
