//! Accounts whose near misses are right ones: a secret that is the account's name or has no letters,
//! a password that two users share. A vendor that takes them is not to be blamed.

use serde_json::{Value, json};

use super::served::Served;
use super::{checked_as, rows};

/// The rows of `id` that are bad where `vendor` has these principals and the account these variables.
fn bad(vendor: &str, id: &str, principals: &Value, account: &[(&str, &str)]) -> Vec<String> {
    let served = Served::start(&[vendor]);
    let body = json!({ vendor: principals }).to_string();
    let line = "PATCH /_locum/stages/default/principals";
    let (status, said) = served.connect().call(line, &body);
    assert_eq!(status, 200, "{said}");
    let document = served.document();
    let url = format!("http://{}/{vendor}", served.address);
    let own = account
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let account = super::tls::account(&document, vendor)
        .into_iter()
        .chain(own);
    let arguments = [vendor, "--url", &url, "--id", id, "--allow-writes"];
    let results = checked_as(&format!("account-{vendor}"), account, &arguments).results;
    let passed = rows(&results, &["PASS"]);
    assert!(passed.contains(&format!("{id}@{vendor} PASS")), "{results}");
    rows(&results, &["FAIL", "WARN", "ERROR", "HARNESS"])
}

#[test]
fn a_client_whose_secret_is_its_name() {
    let client =
        json!({"clients": [{"client_id": "pattern-client", "client_secret": "pattern-client"}]});
    let account = [
        ("LOCUM_CLIENT_SECRET", "pattern-client"),
        ("LOCUM_SECOND_CLIENT_ID", "pattern-second-client"),
        ("LOCUM_SECOND_CLIENT_SECRET", "pattern-client"),
    ];
    assert_eq!(bad("pattern", "VEN-17", &client, &account), [""; 0]);
}

#[test]
fn a_user_with_the_password_of_another() {
    let name = "svc+locum@example.com";
    let user = json!({"users": [{"username": name, "password": name}]});
    let account = [
        ("LOCUM_PASSWORD", name),
        ("LOCUM_INACTIVE_USERNAME", "svc-inactive@example.com"),
        ("LOCUM_INACTIVE_PASSWORD", name),
    ];
    assert_eq!(bad("athelas", "VEN-04", &user, &account), [""; 0]);
}

#[test]
fn two_users_with_one_password_of_digits() {
    let users = json!({"users": [
        {"username": "scribe-user", "password": "1234567890"},
        {"username": "1234567890", "password": "1234567890", "state": "confirmed"},
    ]});
    let account = [
        ("LOCUM_PASSWORD", "1234567890"),
        ("LOCUM_SECOND_USERNAME", "1234567890"),
        ("LOCUM_SECOND_PASSWORD", "1234567890"),
    ];
    assert_eq!(bad("scribe", "VEN-04", &users, &account), [""; 0]);
}

#[test]
fn a_person_with_a_password_of_digits() {
    let realm = json!({"realms": [{
        "name": "copiloteu",
        "users": [{"username": "ada", "password": "1234567890"}],
    }]});
    let account = [("LOCUM_USERNAME", "ada"), ("LOCUM_PASSWORD", "1234567890")];
    assert_eq!(bad("corti", "ERR-07", &realm, &account), [""; 0]);
}
