//! The wire, as Athelas' documents print it.

mod api;
mod documented;
mod forged;
mod refused;
mod settings;
mod token;
mod twins;

use locum_core::{Filter, Profile};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::vendor;
use locum_testkit::{Answer, TestServer};

const TOKEN: &str = "POST /v1/ambient/api/auth/token";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const WRONG: &str = r#"{"detail":"Incorrect username or password"}"#;
const NOT_AUTHENTICATED: &str = r#"{"detail":"Not authenticated"}"#;
const NOT_VALIDATED: &str = r#"{"detail":"Could not validate credentials"}"#;

async fn server() -> TestServer {
    TestServer::start(vendor()).await
}

/// Name and password of the account at `at`, encoded for a form.
fn account(server: &TestServer, at: usize) -> (String, String) {
    let user = server.document().principals["users"][at].clone();
    let encoded = |name: &str| {
        utf8_percent_encode(user[name].as_str().expect("text"), NON_ALPHANUMERIC).to_string()
    };
    (encoded("username"), encoded("password"))
}

/// The form of the page's sample with the account at `at`.
fn form(server: &TestServer, at: usize) -> String {
    let (username, password) = account(server, at);
    format!("username={username}&password={password}")
}

async fn login(server: &TestServer) -> String {
    let answer = server.request(TOKEN, FORM, form(server, 0)).await;
    let token = answer.json()["access_token"].as_str().map(str::to_owned);
    token.unwrap_or_else(|| panic!("no token: {}", answer.text()))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

async fn get(server: &TestServer, path: &str, token: &str) -> Answer {
    let line = format!("GET /v1/ambient/api{path}");
    server.request(&line, &bearer(token), "").await
}

/// A multipart body with boundary `B`: names, file names and values.
fn multipart(parts: &[(&str, Option<&str>, &str)]) -> String {
    let part = |(name, file, value): &(&str, Option<&str>, &str)| {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--B--\r\n"
}

async fn post(
    server: &TestServer,
    path: &str,
    token: &str,
    parts: &[(&str, Option<&str>, &str)],
) -> Answer {
    let line = format!("POST /v1/ambient/api{path}");
    let headers = format!(
        "Content-Type: multipart/form-data; boundary=B\r\n{}",
        bearer(token)
    );
    server.request(&line, &headers, multipart(parts)).await
}

/// Everything that the journal holds, as text.
fn journal(server: &TestServer) -> String {
    let entries = server.stage.find(&Filter::default());
    serde_json::to_string(&entries).expect("entries are JSON")
}

#[test]
fn the_profile_parses() {
    Profile::parse("vendor.toml", include_str!("vendor.toml")).expect("it parses");
}
