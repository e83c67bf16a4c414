//! The wire of vendors made of one file: the examples, each with what it refuses.

mod browser;
mod client_auth;
mod faults;
mod grants;
mod reasons;
mod resources;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use locum_testkit::{Answer, TestServer};
use serde_json::Value;

use super::Generic;

const MACHINE: &str = include_str!("../../examples/machine-api.toml");
const LOGIN: &str = include_str!("../../examples/login.toml");
const PASSWORD: &str = include_str!("../../examples/password-api.toml");

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A server with the vendor of `text`.
async fn start(text: &str) -> TestServer {
    let vendor = Generic::parse("mine.toml", text);
    TestServer::start(vendor.unwrap_or_else(|error| panic!("{error}"))).await
}

fn basic(id: &str, secret: &str) -> String {
    let pair = STANDARD.encode(format!("{id}:{secret}"));
    format!("Authorization: Basic {pair}\r\n")
}

/// A member of the client or user called `name`.
fn of(server: &TestServer, list: &str, name: &str, member: &str) -> String {
    let key = if list == "clients" {
        "client_id"
    } else {
        "username"
    };
    let principals = server.document().principals;
    let all = principals[list].as_array().expect("a list");
    let one = all
        .iter()
        .find(|one| one[key] == name)
        .expect("it is there");
    one[member].as_str().expect("text").to_owned()
}

fn secret(server: &TestServer, client: &str) -> String {
    of(server, "clients", client, "client_secret")
}

/// A form to `path` with Basic of `client`.
async fn post(server: &TestServer, path: &str, client: &str, body: &str) -> Answer {
    let headers = format!("{FORM}{}", basic(client, &secret(server, client)));
    server
        .request(&format!("POST {path}"), &headers, body)
        .await
}

/// A form to `path` without an Authorization header.
async fn post_plain(server: &TestServer, path: &str, body: &str) -> Answer {
    server.request(&format!("POST {path}"), FORM, body).await
}

async fn get(server: &TestServer, path: &str, token: &str) -> Answer {
    let header = format!("Authorization: Bearer {token}\r\n");
    server.request(&format!("GET {path}"), &header, "").await
}

fn member(answer: &Answer, name: &str) -> String {
    let json = answer.json();
    let text = json[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

/// The claims of a JWT, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Refused with that status and `error`.
fn refused(answer: &Answer, status: u16, error: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.json()["error"], error, "{text}");
    assert!(answer.json().get("access_token").is_none(), "{text}");
}
