//! A caller for the tests: tokens, and requests with them.

use serde_json::{Value, json};

use locum_testkit::{Answer, TestServer};

/// The stage's first tenant.
pub(super) const TENANT: &str = "copiloteu";

/// An access token of the first tenant's client number `client`; more scope than `openid` after it.
pub(super) async fn token(server: &TestServer, client: usize, scope: &str) -> String {
    token_of(server, 0, client, scope).await
}

/// The same for realm number `realm`.
pub(super) async fn token_of(
    server: &TestServer,
    realm: usize,
    client: usize,
    scope: &str,
) -> String {
    let principals = server.document().principals;
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
    let answer = server.request(&line, form, body).await;
    text(&answer.json()["access_token"])
}

/// Adds a second tenant with one client.
pub(super) fn add_tenant(server: &TestServer) {
    let mut principals = server.document().principals;
    let realms = principals["realms"].as_array_mut().expect("realms");
    realms.truncate(1);
    realms.push(json!({"name": "base", "clients": [{"client_id": "other", "client_secret": "s"}]}));
    let vendor = server
        .running
        .stages
        .vendor(&server.vendor)
        .expect("it is there");
    let mock = server.running.stages.mock(vendor, &server.stage);
    vendor
        .change_principals(&mock, principals)
        .expect("principals");
}

/// Sends a request with a token and the first tenant's name.
pub(super) async fn call(server: &TestServer, line: &str, token: &str, body: &str) -> Answer {
    let headers = format!("Authorization: Bearer {token}\r\nTenant-Name: {TENANT}\r\n");
    server.request(line, &headers, body).await
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
pub(super) async fn create(
    server: &TestServer,
    token: &str,
    status: &str,
    patient: &str,
) -> String {
    let answer = call(
        server,
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
