//! Traffic of a client that no scenario asked for is judged from the mock's journal alone, by the
//! harness and by the server itself.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use locum::core::requirement::Judge;
use locum::core::{Entry, RequirementId, Verdict};
use locum::harness::catalogue;
use locum::harness::evidence::Evidence;
use locum::harness::selection::Selection;
use locum::harness::verdict::{Ending, Scenario, Scope, VerdictRow, judge};
use locum::mocks;
use serde_json::Value;

use crate::served::Served;

const VENDOR: &str = "corti";

/// What the plainest client does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// It keeps its credentials to itself.
    NoCredentials,
    /// It does not say whose data it wants.
    NoTenant,
    /// It asks for the data of another tenant.
    OtherTenant,
    /// Its token stands in the query, and nowhere else.
    TokenInQuery,
}

/// Says HTTP on a connection of its own; the body of the answer.
fn send(address: &str, line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).expect("it listens");
    let sent = stream.write_all(request.as_bytes());
    sent.expect("it takes bytes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// `host:port` and path of a URL.
fn parts(url: &Value) -> (String, String) {
    let url = url.as_str().expect("a URL");
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (address, path) = rest.split_once('/').expect("a path");
    (address.to_owned(), format!("/{path}"))
}

/// A client logs in and calls twice; what the journal of `stage` has of it.
fn traffic(control: &str, stage: &Value, fault: Fault) -> Vec<Entry> {
    let vendor = &stage["vendors"][VENDOR];
    let credential = |name: &str| vendor["credentials"][name].as_str().expect("text");
    let (address, path) = parts(&vendor["urls"]["token"]);
    let mut form = "grant_type=client_credentials&scope=openid".to_owned();
    if fault != Fault::NoCredentials {
        let (id, secret) = (credential("client_id"), credential("client_secret"));
        form += &format!("&client_id={id}&client_secret={secret}");
    }
    let content = "Content-Type: application/x-www-form-urlencoded\r\n";
    let reply = parsed(&send(&address, &format!("POST {path}"), content, &form));
    let token = reply["access_token"].as_str().unwrap_or_default();
    let (address, path) = parts(&vendor["urls"]["api"]);
    for _ in 0..2 {
        let tenant = match fault {
            Fault::NoTenant => String::new(),
            Fault::OtherTenant => "Tenant-Name: somebody-else\r\n".to_owned(),
            _ => format!("Tenant-Name: {}\r\n", credential("tenant")),
        };
        let (query, bearer) = match fault {
            Fault::TokenInQuery => (format!("?access_token={token}"), String::new()),
            _ => (String::new(), format!("Authorization: Bearer {token}\r\n")),
        };
        let line = format!("GET {path}/interactions/{query}");
        send(&address, &line, &format!("{tenant}{bearer}"), "");
    }
    let name = stage["name"].as_str().expect("a name");
    let line = format!("GET /_locum/stages/{name}/journal?vendor={VENDOR}");
    let journal = parsed(&send(control, &line, "", ""));
    assert!(!journal.to_string().contains(credential("client_secret")));
    serde_json::from_value(journal["entries"].clone()).expect("entries")
}

/// What the rows that need no scenario of their own say of the client.
fn verdicts(entries: Vec<Entry>) -> BTreeMap<String, Verdict> {
    let vendors = mocks::vendors();
    let mut profiles = vendors.iter().map(|vendor| vendor.profile().clone());
    let profile = profiles.find(|profile| profile.vendor == VENDOR);
    let ids = catalogue().rows().iter().map(|row| row.id.clone());
    let scenario = Scenario {
        key: "traffic".to_owned(),
        title: "traffic".to_owned(),
        vendor: VENDOR.to_owned(),
        judge: Judge::Client,
        ids: ids.collect::<Vec<RequirementId>>(),
        seed: 0,
        urls: BTreeMap::new(),
        ending: Ending::Ran,
        evidence: Evidence::from_journal(entries),
    };
    let scope = Scope {
        catalogue: catalogue(),
        vendors: &[VENDOR.to_owned()],
        judge: Judge::Client,
        selection: &Selection::default(),
    };
    let profile = profile.expect("a built-in vendor");
    let rows = judge(&scope, &[profile], &[scenario]);
    let row = |row: VerdictRow| (row.id.0, row.verdict);
    rows.into_iter().map(row).collect()
}

/// What the control API answers of the verdicts on `stage`.
fn served(control: &str, stage: &Value) -> Value {
    let name = stage["name"].as_str().expect("a name");
    let line = format!("GET /_locum/stages/{name}/verdicts?vendor={VENDOR}");
    parsed(&send(control, &line, "", ""))
}

/// The same by requirement.
fn served_verdicts(control: &str, stage: &Value) -> BTreeMap<String, Verdict> {
    let rows = served(control, stage)["verdicts"].clone();
    let row = |row: &Value| {
        let verdict = serde_json::from_value(row["verdict"].clone()).expect("a verdict");
        (row["id"].as_str().expect("an id").to_owned(), verdict)
    };
    rows.as_array().expect("a list").iter().map(row).collect()
}

/// The verdicts of a client with this fault, at the vendor's own port and below its path.
fn check(fault: Fault, expected: &[(&str, Verdict)]) {
    let served = Served::start(&["--seed", "7"]);
    let control = &served.address;
    let made = send(
        control,
        "POST /_locum/stages",
        "",
        r#"{"name":"own","listen":true}"#,
    );
    let default = send(control, "GET /_locum/stages/default", "", "");
    for (place, stage) in [("own port", parsed(&made)), ("mounted", parsed(&default))] {
        let found = verdicts(traffic(control, &stage, fault));
        let said = served_verdicts(control, &stage);
        assert!(said.contains_key("CLI-29"), "{said:?}");
        for (id, verdict) in said {
            assert_eq!(verdict, found[&id], "{id}, {fault:?}, {place}");
        }
        for (id, verdict) in expected {
            assert_eq!(found[*id], *verdict, "{id}, {fault:?}, {place}: {found:?}");
        }
        let fails = found.iter().filter(|(_, found)| **found == Verdict::Fail);
        let wanted = expected.iter().filter(|(_, found)| *found == Verdict::Fail);
        let fails: Vec<&str> = fails.map(|(id, _)| id.as_str()).collect();
        let mut wanted: Vec<&str> = wanted.map(|(id, _)| *id).collect();
        wanted.sort_unstable();
        assert_eq!(fails, wanted, "{fault:?}, {place}");
    }
}

#[test]
fn a_correct_client_passes_without_a_scenario() {
    let all = ["CLI-29", "REQ-06", "REQ-08"].map(|id| (id, Verdict::Pass));
    check(Fault::None, &all);
}

/// With the control no other row passes: what a client did wrong itself is still said.
#[test]
fn a_client_that_keeps_its_credentials_or_its_tenant_to_itself_fails() {
    let both = |id| [("CLI-29", Verdict::Fail), (id, Verdict::Fail)];
    check(Fault::NoCredentials, &both("REQ-06"));
    check(Fault::NoTenant, &both("REQ-08"));
    check(Fault::OtherTenant, &both("REQ-08"));
}

#[test]
fn a_client_with_its_token_in_the_query_fails() {
    let failed = ["BRR-01", "BRR-08", "CLI-29"].map(|id| (id, Verdict::Fail));
    check(Fault::TokenInQuery, &failed);
}

/// What the server says of a client names the entry where it went wrong, and no secret.
#[test]
fn the_server_proves_its_verdicts_with_entries() {
    let server = Served::start(&["--seed", "7"]);
    let control = &server.address;
    let stage = parsed(&send(control, "GET /_locum/stages/default", "", ""));
    traffic(control, &stage, Fault::None);
    let good = served(control, &stage);
    assert_eq!(good["summary"].get("FAIL"), None, "{good}");
    assert_eq!(good["summary"].get("HARNESS"), None, "{good}");
    let entries = traffic(control, &stage, Fault::NoTenant);
    let answer = served(control, &stage);
    let rows = answer["verdicts"].as_array().expect("a list");
    let fails: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "FAIL").collect();
    assert_eq!(answer["summary"]["FAIL"], 1, "{fails:?}");
    let row = fails[0];
    assert_eq!(row["id"], "REQ-08");
    let sentence = row["requirement"].as_str().unwrap_or_default();
    assert!(sentence.contains("Tenant-Name"), "{row}");
    let calls = entries.iter().filter(|entry| entry.method == "GET");
    let untold = |entry: &&Entry| !entry.headers.iter().any(|(name, _)| name == "Tenant-Name");
    let wrong: Vec<u64> = calls.filter(untold).map(|entry| entry.id.0).collect();
    let proof = row["evidence"].as_array().expect("ids").iter();
    let proof: Vec<u64> = proof.map(|id| id.as_u64().expect("a number")).collect();
    let proved = proof.iter().all(|id| wrong.contains(id));
    assert!(!proof.is_empty() && proved, "{row}, {wrong:?}");
    assert!(!row["why"].as_str().unwrap_or_default().is_empty(), "{row}");
    let secret = stage["vendors"][VENDOR]["credentials"]["client_secret"].as_str();
    assert!(!answer.to_string().contains(secret.expect("text")));
    // The verdicts are those of the client's own vendor alone.
    let all = parsed(&send(control, "GET /_locum/verdicts", "", ""));
    assert_eq!(all["verdicts"], answer["verdicts"]);
}
