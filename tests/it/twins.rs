//! Evil twins: each turns the rows of its line and no others. The lines are those of the
//! requirement catalogue's table of mutants.

use std::collections::BTreeMap;
use std::sync::Mutex;

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
    assert_eq!(
        warnings(&results),
        honest(vendor),
        "{vendor}/{twin} turns a WARN"
    );
}

/// The rows at which the honest vendor itself is WARN.
fn honest(vendor: &str) -> Vec<String> {
    static KNOWN: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN
        .lock()
        .expect("no test panics while it holds the table");
    let rows = known.entry(vendor.to_owned());
    rows.or_insert_with(|| rows_of_honest(vendor)).clone()
}

fn rows_of_honest(vendor: &str) -> Vec<String> {
    warnings(&checked(&format!("honest-{vendor}"), &[vendor]).1)
}

/// The ids of the rows that are WARN.
fn warnings(results: &serde_json::Value) -> Vec<String> {
    super::rows(results, &["WARN"])
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
    athelas_accept_expired_token: "athelas" "accept-expired-token" ["VEN-09", "JWT-07"];
    athelas_any_password: "athelas" "any-password" ["VEN-04", "ERR-07"];
    athelas_password_optional: "athelas" "password-optional" ["TOK-18"];
    scribe_revoke_noop: "scribe" "revoke-noop" ["REV-04", "REV-11"];
    scribe_revoke_refresh_only: "scribe" "revoke-refresh-only" ["REV-04"];
    scribe_unsigned_ok: "scribe" "unsigned-ok" ["SIG-09"];
    scribe_body_not_covered: "scribe" "body-not-covered" ["SIG-10"];
    corti_any_tenant: "corti" "any-tenant" ["VEN-31"];
    corti_lifetime_in_ms: "corti" "lifetime-in-ms" ["VEN-12", "RSP-08"];
    corti_revoke_foreign: "corti" "revoke-foreign" ["REV-07"];
    corti_shared_interactions: "corti" "shared-interactions" ["VEN-32"];
}
