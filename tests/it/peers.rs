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

/// Where the version stands that is installed of each peer, and what stands before it there.
const PINS: [(&str, &str, &str); 11] = [
    (
        "fastapi-0.115",
        "../parity/fastapi/requirements-0.115.txt",
        "fastapi==",
    ),
    (
        "fastapi-0.165",
        "../parity/fastapi/requirements-0.165.txt",
        "fastapi==",
    ),
    ("authlib", "python/requirements-wsgi.txt", "Authlib=="),
    (
        "django-oauth-toolkit",
        "python/requirements-wsgi.txt",
        "django-oauth-toolkit==",
    ),
    (
        "moto",
        "python/requirements-aws.txt",
        "moto[server,cognitoidp,cognitoidentity]==",
    ),
    ("ministack", "python/requirements-aws.txt", "ministack=="),
    (
        "oidc-provider",
        "node/package.json",
        "\"oidc-provider\": \"",
    ),
    (
        "node-oauth2-server",
        "node/package.json",
        "\"@node-oauth/oauth2-server\": \"",
    ),
    (
        "cognito-local",
        "node/package.json",
        "\"cognito-local\": \"",
    ),
    (
        "go-oauth2",
        "go/go.mod",
        "require github.com/go-oauth2/oauth2/v4 v",
    ),
    (
        "keycloak",
        "../parity/keycloak/install.sh",
        "keycloak_version=",
    ),
];

#[test]
fn each_verdict_that_was_read_is_about_a_row_of_that_vendor() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is there");
    let (table, page) = (read("peers.tsv"), read("README.md"));
    let pins = PINS.map(|(peer, file, pin)| (peer, read(file), pin));
    let mut rows_of = BTreeMap::new();
    let mut told = BTreeSet::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [peer, version, vendor, ids, verdict, reason, source] = cells[..] else {
            panic!("seven columns: {line}");
        };
        let mut of_peer = pins.iter().filter(|(name, ..)| peer.starts_with(name));
        let (_, file, pin) = of_peer.next().unwrap_or_else(|| panic!("no pin: {line}"));
        let pinned = file.lines().find_map(|one| one.trim().strip_prefix(pin));
        let pinned = pinned.map(|rest| rest.trim_end_matches(['"', ',']));
        assert_eq!(pinned, Some(version), "{line}");
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

/// The servers in the page's first table: as which vendor each was judged, and how many verdicts came
/// of it.
fn servers(page: &str) -> impl Iterator<Item = (&str, usize)> {
    page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, _, vendor, counts @ .., _] = cells.as_slice() else {
            return None;
        };
        let counts: Result<Vec<usize>, _> = counts.iter().map(|count| count.parse()).collect();
        Some((*vendor, counts.ok()?.iter().sum()))
    })
}

/// The page was of a run that had fewer rows.
#[test]
fn the_page_counts_each_row() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/README.md");
    let page = fs::read_to_string(page).expect("it is there");
    let mut judged_of = BTreeMap::new();
    for (vendor, verdicts) in servers(&page) {
        let rows = judged_of
            .entry(vendor)
            .or_insert_with(|| judged(vendor).len());
        assert_eq!(verdicts, *rows, "a server as {vendor}: run `just peers`");
    }
    assert_eq!(judged_of.len(), 4, "{judged_of:?}");
}
