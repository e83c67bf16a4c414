//! What `check` says of a document that nobody served, and of an end that nobody waited for.

use serde_json::Value;

use super::checked_as;
use super::manners::row;
use super::served::Served;

/// Judges `id` of Corti's mock with an account of a person; the verdict, and the endpoints that were
/// asked.
fn judged(served: &Served, id: &str) -> ((String, String), Vec<String>) {
    let document = served.document();
    let mut account = super::tls::account(&document, "corti");
    account.extend(super::tls::person(&document, "corti"));
    let url = format!("http://{}/corti", served.address);
    let arguments = ["corti", "--url", &url, "--id", id, "--allow-writes"];
    let name = format!("unseen-{id}");
    let results = checked_as(&name, account, &arguments).results;
    let (_, journal) = served
        .connect()
        .call("GET /_locum/journal?vendor=corti", "");
    let journal: Value = serde_json::from_str(&journal).expect("JSON");
    let entries = journal["entries"].as_array().expect("a list").iter();
    let endpoints = entries.filter_map(|entry| entry["endpoint"].as_str().map(str::to_owned));
    (row(&results, id), endpoints.collect())
}

#[test]
fn metadata_that_is_not_served_promises_nothing_and_denies_nothing() {
    let served = Served::start(&["corti"]);
    let ((verdict, _), _) = judged(&served, "BCP-16");
    assert_eq!(verdict, "PASS");
    for status in [503, 404] {
        // A fault of before would go on, and come first.
        let served = Served::start(&["corti"]);
        let fault = format!(
            r#"{{"match": {{"vendor": "corti", "endpoint": "discovery"}}, "then": {{"status": {status}}}}}"#
        );
        let line = "POST /_locum/stages/default/faults";
        assert_eq!(served.connect().call(line, &fault).0, 201);
        let ((verdict, reason), _) = judged(&served, "BCP-16");
        assert_eq!(verdict, "INCONCLUSIVE", "{status}: {reason}");
    }
}

/// A person would be logged in for nothing.
#[test]
fn no_code_is_drawn_whose_end_is_not_waited_for() {
    let served = Served::start(&["corti"]);
    let ((verdict, reason), endpoints) = judged(&served, "BCP-14");
    assert_eq!(verdict, "N/A", "{reason}");
    assert!(reason.contains("--wait 11m"), "{reason}");
    let count = |name: &str| endpoints.iter().filter(|known| *known == name).count();
    // The one code is for the documented exchange.
    assert_eq!(
        (count("authorize"), count("login")),
        (1, 1),
        "{endpoints:?}"
    );
}
