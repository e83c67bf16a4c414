//! The wire: the vendor's documents and Keycloak's transcripts, verbatim.

mod addresses;
mod administration;
mod assertions;
mod authorize;
mod beside_keycloak;
mod browsers;
mod documented;
mod documents;
mod grants;
mod minted;
mod path;
mod properties;
mod sessions;
mod socket;
mod token;
mod twins;

use serde_json::Value;

use super::vendor;
use locum_testkit::{Answer, TestServer};

/// What every form is sent with.
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Below the realm of the trial.
const OIDC: &str = "/realms/copiloteu/protocol/openid-connect";

/// The form of a client's own login.
const CLIENT_LOGIN: &str = "grant_type=client_credentials&<locum-client>&scope=openid";

/// `name` of the client or user that calls itself `who` in the first realm.
fn secret_of(server: &TestServer, list: &str, key: &str, who: &str, name: &str) -> String {
    let principals = server.document().principals;
    let items = principals["realms"][0][list]
        .as_array()
        .expect("a list")
        .clone();
    let item = items
        .into_iter()
        .find(|item| item[key] == *who)
        .expect("it is there");
    item[name].as_str().expect("text").to_owned()
}

fn client_secret(server: &TestServer, id: &str) -> String {
    secret_of(server, "clients", "client_id", id, "client_secret")
}

fn password(server: &TestServer, username: &str) -> String {
    secret_of(server, "users", "username", username, "password")
}

/// `body` with `<id>` for a confidential client's two members, `<ada>` and the like for a user's.
fn filled(server: &TestServer, body: &str) -> String {
    let mut filled = body.to_owned();
    for id in [
        "locum-client",
        "locum-second",
        "locum-disabled",
        "locum-no-service-account",
        "locum-audience",
    ] {
        if filled.contains(&format!("<{id}>")) {
            let shown = format!("client_id={id}&client_secret={}", client_secret(server, id));
            filled = filled.replace(&format!("<{id}>"), &shown);
        }
    }
    for name in ["ada", "eve", "new"] {
        if filled.contains(&format!("<{name}>")) {
            let shown = format!("username={name}&password={}", password(server, name));
            filled = filled.replace(&format!("<{name}>"), &shown);
        }
    }
    filled
}

/// POSTs a form to an endpoint of the first realm.
async fn post(server: &TestServer, endpoint: &str, body: &str) -> Answer {
    server
        .request(
            &format!("POST {OIDC}/{endpoint}"),
            FORM,
            filled(server, body),
        )
        .await
}

/// A token reply, which has to be good.
async fn tokens(server: &TestServer, body: &str) -> Value {
    let answer = post(server, "token", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A member of a reply.
fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

/// The names of an object's members in their order.
fn names(value: &Value) -> String {
    let members = value.as_object().expect("an object");
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.join(" ")
}

/// Asks userinfo with `token`: status and challenge without its realm.
async fn userinfo(server: &TestServer, token: &str) -> (u16, String) {
    let header = format!("Authorization: Bearer {token}\r\n");
    let answer = server
        .request(&format!("GET {OIDC}/userinfo"), &header, "")
        .await;
    let challenge = answer
        .header("www-authenticate")
        .unwrap_or_default()
        .to_owned();
    let challenge = challenge
        .trim_start_matches("Bearer realm=\"copiloteu\"")
        .trim_start_matches(", ");
    (answer.status, challenge.to_owned())
}

/// Changes the principals member by member, as `PATCH …/principals` does.
fn change(server: &TestServer, change: Value) {
    let mut principals = server.document().principals;
    locum_server::principal::merge(&mut principals, change);
    server
        .change_principals(principals)
        .expect("good principals");
}

/// Changes a member of a client, user or of the first realm.
fn set_client(server: &TestServer, id: &str, name: &str, value: impl Into<Value>) {
    change(
        server,
        serde_json::json!({"realms": [{"name": "copiloteu", "clients": [{"client_id": id, name: value.into()}]}]}),
    );
}

fn set_user(server: &TestServer, username: &str, name: &str, value: impl Into<Value>) {
    change(
        server,
        serde_json::json!({"realms": [{"name": "copiloteu", "users": [{"username": username, name: value.into()}]}]}),
    );
}

fn set_realm(server: &TestServer, name: &str, value: impl Into<Value>) {
    change(
        server,
        serde_json::json!({"realms": [{"name": "copiloteu", name: value.into()}]}),
    );
}

/// `{"error":…,"error_description":…}`
fn error(code: &str, description: &str) -> String {
    format!(r#"{{"error":"{code}","error_description":"{description}"}}"#)
}

/// The headers of an answer by name, `content-length` left out, as `name: value` lines.
fn lines(answer: &Answer) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
        .collect();
    lines.sort();
    lines
}

/// A header set of the transcripts, as [`lines`] gives it.
fn set(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a header line");
            format!("{}: {value}", name.to_ascii_lowercase())
        })
        .collect();
    lines.sort();
    lines
}

const H1: &str = "Cache-Control: no-store
    Pragma: no-cache
    Content-Type: application/json
    Referrer-Policy: no-referrer
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-Frame-Options: SAMEORIGIN
    X-Robots-Tag: none";

const H2: &str = "Content-Type: application/json
    Referrer-Policy: no-referrer
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-Frame-Options: SAMEORIGIN
    X-Robots-Tag: none";
