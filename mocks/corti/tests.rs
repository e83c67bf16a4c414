//! The wire: the vendor's documents and Keycloak's transcripts, verbatim.

mod addresses;
mod authorize;
mod documents;
mod grants;
mod minted;
mod path;
mod properties;
mod sessions;
mod token;
mod twins;

use serde_json::Value;

use super::vendor;
use crate::wire::{Answer, Bench};

/// What every form is sent with.
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Below the realm of the trial.
const OIDC: &str = "/realms/copiloteu/protocol/openid-connect";

/// `name` of the client or user that calls itself `who` in the first realm.
fn secret_of(bench: &Bench, list: &str, key: &str, who: &str, name: &str) -> String {
    let principals = bench.document().principals;
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

fn client_secret(bench: &Bench, id: &str) -> String {
    secret_of(bench, "clients", "client_id", id, "client_secret")
}

fn password(bench: &Bench, username: &str) -> String {
    secret_of(bench, "users", "username", username, "password")
}

/// `body` with `<id>` for a confidential client's two members, `<ada>` and the like for a user's.
fn filled(bench: &Bench, body: &str) -> String {
    let mut filled = body.to_owned();
    for id in [
        "locum-client",
        "locum-second",
        "locum-disabled",
        "locum-no-service-account",
        "locum-audience",
    ] {
        if filled.contains(&format!("<{id}>")) {
            let shown = format!("client_id={id}&client_secret={}", client_secret(bench, id));
            filled = filled.replace(&format!("<{id}>"), &shown);
        }
    }
    for name in ["ada", "eve", "new"] {
        if filled.contains(&format!("<{name}>")) {
            let shown = format!("username={name}&password={}", password(bench, name));
            filled = filled.replace(&format!("<{name}>"), &shown);
        }
    }
    filled
}

/// POSTs a form to an endpoint of the first realm.
async fn post(bench: &Bench, endpoint: &str, body: &str) -> Answer {
    bench
        .request(
            &format!("POST {OIDC}/{endpoint}"),
            FORM,
            filled(bench, body),
        )
        .await
}

/// A token reply, which has to be good.
async fn tokens(bench: &Bench, body: &str) -> Value {
    let answer = post(bench, "token", body).await;
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

/// Asks userinfo with `token`: status and challenge without its realm.
async fn userinfo(bench: &Bench, token: &str) -> (u16, String) {
    let header = format!("Authorization: Bearer {token}\r\n");
    let answer = bench
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
fn change(bench: &Bench, change: Value) {
    let vendor = bench.running.stages.vendor("corti").expect("it is there");
    let mock = bench.running.stages.mock(vendor, &bench.stage);
    let mut principals = vendor.document(&mock).principals;
    locum_server::principal::merge(&mut principals, change);
    vendor
        .change_principals(&mock, principals)
        .expect("good principals");
}

/// Changes a member of a client, user or of the first realm.
fn set_client(bench: &Bench, id: &str, name: &str, value: impl Into<Value>) {
    change(
        bench,
        serde_json::json!({"realms": [{"name": "copiloteu", "clients": [{"client_id": id, name: value.into()}]}]}),
    );
}

fn set_user(bench: &Bench, username: &str, name: &str, value: impl Into<Value>) {
    change(
        bench,
        serde_json::json!({"realms": [{"name": "copiloteu", "users": [{"username": username, name: value.into()}]}]}),
    );
}

fn set_realm(bench: &Bench, name: &str, value: impl Into<Value>) {
    change(
        bench,
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
