//! Other people's servers that `just peers` judges: what their table tells is about rows that judge
//! that vendor, and stands on their page.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The ids of the rows that judge a vendor.
fn judged(vendor: &str) -> BTreeSet<String> {
    let listed = super::locum(&["list", vendor, "--json"]);
    let text = String::from_utf8(listed.stdout).expect("text");
    let rows = text
        .lines()
        .filter(|line| line.contains("\"vendor\""))
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    rows.filter_map(|row| row["id"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn each_verdict_that_was_read_is_about_a_row_of_that_vendor() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is there");
    let (table, page) = (read("peers.tsv"), read("README.md"));
    // Where the versions stand that are installed.
    let pins = [
        "../parity/fastapi/requirements-0.115.txt",
        "../parity/fastapi/requirements-0.165.txt",
        "../parity/keycloak/install.sh",
        "go/go.mod",
        "node/package.json",
        "python/requirements-aws.txt",
        "python/requirements-wsgi.txt",
    ];
    let pins = pins.map(read).concat();
    let mut rows_of = BTreeMap::new();
    let mut told = BTreeSet::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [peer, version, vendor, ids, verdict, reason, source] = cells[..] else {
            panic!("seven columns: {line}");
        };
        assert!(pins.contains(version), "{line}");
        let verdicts = ["FAIL", "WARN", "ERROR", "INCONCLUSIVE", "NOT_RUN"];
        assert!(verdicts.contains(&verdict), "{line}");
        assert!(source.starts_with("https://"), "{line}");
        assert!(!reason.is_empty() && page.contains(reason), "{line}");
        let rows = rows_of
            .entry(vendor.to_owned())
            .or_insert_with(|| judged(vendor));
        for id in ids.split(' ') {
            assert!(rows.contains(id), "{id}: {line}");
            assert!(told.insert((peer.to_owned(), id.to_owned())), "{line}");
        }
    }
    assert!(told.len() > 100, "{} verdicts", told.len());
}
