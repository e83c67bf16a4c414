//! Rotated keys: both in the key set while the grace lasts, the old one refused with a reason after.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

async fn rotate(server: &TestServer, grace_s: u64) -> Value {
    let body = json!({"vendor": server.vendor, "grace_s": grace_s});
    let answer = control(server, "POST /keys/rotate", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn minted(server: &TestServer) -> String {
    let body = json!({"vendor": server.vendor, "lifetime_s": 86400});
    let answer = control(server, "POST /tokens", &body).await;
    answer.json()["value"].as_str().expect("a value").to_owned()
}

async fn kids(server: &TestServer, path: &str) -> BTreeSet<String> {
    let answer = server.request(&format!("GET {path}"), "", "").await;
    let keys = answer.json()["keys"].clone();
    let keys = keys.as_array().expect("keys").iter();
    let signing = keys.filter(|key| key["use"] == "sig");
    let kids = signing.map(|key| key["kid"].as_str().expect("a kid").to_owned());
    kids.collect()
}

fn kid(token: &str) -> Option<String> {
    let parts = locum_server::jwt::parse(token).expect("a JWT");
    parts.header["kid"].as_str().map(str::to_owned)
}

/// The old token until the grace ends, the new one from the rotation on.
async fn check(server: &TestServer, api: &Api, refused: &str) {
    let is_admitted = async |token: &str| {
        let status = api.show(server, token).await.status;
        status < 400 || status == 404
    };
    let old = minted(server).await;
    assert!(is_admitted(&old).await);
    let keys = rotate(server, 300).await;
    assert_eq!(keys["keys"][0]["state"], "active");
    assert_eq!(keys["keys"][1]["state"], "passive");
    let new = minted(server).await;
    assert!(is_admitted(&new).await && is_admitted(&old).await);
    server.advance(299.0);
    assert!(is_admitted(&old).await, "its grace lasts");
    server.advance(1.0);
    assert!(!is_admitted(&old).await, "its grace is over");
    let denial = last_denial(server).await;
    assert_eq!(denial["reason"], refused, "{denial}");
    let got = denial["got"].as_str().expect("what was received");
    assert!(got.contains("a key that was retired at"), "{denial}");
    assert!(is_admitted(&new).await);
    let keys = control(server, "GET /keys", &Value::Null).await.json();
    assert_eq!(keys["keys"][1]["state"], "retired");
}

#[tokio::test]
async fn corti_keeps_both_keys_in_the_set_while_the_grace_lasts() {
    let server = start(crate::corti::vendor()).await;
    let path = "/realms/copiloteu/protocol/openid-connect/certs";
    let old = minted(&server).await;
    let before = kids(&server, path).await;
    check(&server, &corti(), "bad_signature").await;
    let after = kids(&server, path).await;
    assert_eq!((before.len(), after.len()), (1, 1));
    assert!(before.is_disjoint(&after), "the old key left the set");
    rotate(&server, 60).await;
    let both = kids(&server, path).await;
    assert_eq!(both.len(), 2, "one signs, one is passive");
    assert!(both.is_superset(&after));
    let new = minted(&server).await;
    assert!(both.contains(&kid(&new).expect("a kid")));
    assert_ne!(kid(&old), kid(&new));
}

#[tokio::test]
async fn scribe_keeps_both_pairs_in_the_set_while_the_grace_lasts() {
    let server = start(crate::scribe::vendor()).await;
    let pool = server.credential("user_pool_id");
    let path = format!("/{pool}/.well-known/jwks.json");
    let before = kids(&server, &path).await;
    check(&server, &scribe(), "v2_bad_signature").await;
    let after = kids(&server, &path).await;
    assert_eq!((before.len(), after.len()), (2, 2));
    assert!(before.is_disjoint(&after));
    rotate(&server, 60).await;
    assert_eq!(kids(&server, &path).await.len(), 4);
}

#[tokio::test]
async fn a_user_pool_takes_no_token_of_a_retired_key() {
    let server = start(crate::scribe::vendor()).await;
    let token = minted(&server).await;
    let get_user = async || {
        let headers = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\n";
        let body = json!({"AccessToken": token}).to_string();
        server.request("POST /", headers, body).await.status
    };
    assert_eq!(get_user().await, 200);
    rotate(&server, 10).await;
    assert_eq!(get_user().await, 200);
    server.advance(10.0);
    assert_eq!(get_user().await, 400);
}

#[tokio::test]
async fn athelas_takes_tokens_of_the_old_secret_while_the_grace_lasts() {
    let server = start(crate::athelas::vendor()).await;
    check(&server, &athelas(), "bad_signature").await;
}

/// The pool of keys comes round, the names do not.
#[tokio::test]
async fn no_key_comes_back_under_its_name() {
    let server = start(crate::corti::vendor()).await;
    let first = minted(&server).await;
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        assert!(seen.insert(kid(&minted(&server).await)));
        rotate(&server, 0).await;
    }
    assert_eq!(corti().show(&server, &first).await.status, 401);
    control(&server, "POST /reset", &Value::Null).await;
    assert!(!seen.insert(kid(&minted(&server).await)), "as when made");
}

#[tokio::test]
async fn where_no_key_signs_none_can_be_rotated() {
    let server = start(crate::pattern::vendor()).await;
    let body = json!({"vendor": "pattern"});
    let refused = control(&server, "POST /keys/rotate", &body).await;
    assert_eq!(refused.status, 400);
    let error = refused.json()["error"].clone();
    assert_eq!(error, "no key signs the tokens of `pattern`");
    let keys = control(&server, "GET /keys", &Value::Null).await.json();
    assert_eq!(keys, json!({"keys": []}));
}
