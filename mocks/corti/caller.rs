//! A caller for the tests: tokens, and requests with them.

use serde_json::{Value, json};

use crate::wire::{Answer, Bench};

/// The stage's first tenant.
pub(super) const TENANT: &str = "copiloteu";

/// An access token of the first tenant's client number `client`; more scope than `openid` after it.
pub(super) async fn token(bench: &Bench, client: usize, scope: &str) -> String {
    token_of(bench, 0, client, scope).await
}

/// The same for realm number `realm`.
pub(super) async fn token_of(bench: &Bench, realm: usize, client: usize, scope: &str) -> String {
    let principals = bench.document().principals;
    let realm = &principals["realms"][realm];
    let client = &realm["clients"][client];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let body = format!(
        "grant_type=client_credentials&scope=openid{scope}&client_id={}&client_secret={}",
        text(&client["client_id"]),
        text(&client["client_secret"]),
    );
    let line = format!(
        "POST /realms/{}/protocol/openid-connect/token",
        text(&realm["name"])
    );
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = bench.request(&line, form, body).await;
    text(&answer.json()["access_token"])
}

/// Adds a second tenant with one client.
pub(super) fn add_tenant(bench: &Bench) {
    let mut principals = bench.document().principals;
    let realms = principals["realms"].as_array_mut().expect("realms");
    realms.truncate(1);
    realms.push(json!({"name": "base", "clients": [{"client_id": "other", "client_secret": "s"}]}));
    let vendor = bench
        .running
        .stages
        .vendor(&bench.vendor)
        .expect("it is there");
    let mock = bench.running.stages.mock(vendor, &bench.stage);
    vendor
        .change_principals(&mock, principals)
        .expect("principals");
}

/// Sends a request with a token and the first tenant's name.
pub(super) async fn call(bench: &Bench, line: &str, token: &str, body: &str) -> Answer {
    let headers = format!("Authorization: Bearer {token}\r\nTenant-Name: {TENANT}\r\n");
    bench.request(line, &headers, body).await
}

/// A body that makes an interaction.
pub(super) fn encounter(status: &str, patient: &str) -> String {
    json!({
        "encounter": {"identifier": "e-1", "status": status, "type": "consultation"},
        "patient": {"identifier": patient},
    })
    .to_string()
}

/// Makes an interaction; its id.
pub(super) async fn create(bench: &Bench, token: &str, status: &str, patient: &str) -> String {
    let answer = call(
        bench,
        "POST /v2/interactions/",
        token,
        &encounter(status, patient),
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["interactionId"]
        .as_str()
        .expect("an id")
        .to_owned()
}
