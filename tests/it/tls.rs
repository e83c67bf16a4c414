//! `locum serve --tls`: what it says at the start, and what it refuses to start with.

use std::fs;
use std::io::BufRead as _;
use std::sync::Arc;

use locum_client::{Client, Config, Credentials};
use locum_core::{Secret, SystemClock};
use serde_json::Value;

use super::served::{Served, send};
use super::{folder, locum};

#[test]
fn the_second_line_names_the_port_for_tls() {
    let mut served = Served::start(&["--tls", "--tls-port", "0"]);
    let mut line = String::new();
    let output = served.output.as_mut().expect("a pipe");
    output.read_line(&mut line).expect("a line");
    let document = served.document();
    let base = document["tls"]["base"].as_str().expect("it speaks TLS");
    assert_eq!(line, format!("TLS {base}\n"));
    let (status, ca) = served.connect().call("GET /_locum/ca.pem", "");
    assert_eq!(status, 200);
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"), "{ca}");
}

#[test]
fn a_kept_authority_is_there_when_the_server_is_and_stays() {
    let kept = folder("ca-dir").join("ca");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let kept = kept.to_str().expect("text");
        let served = Served::start(&["--tls", "--tls-port", "0", "--ca-dir", kept]);
        let file = fs::read_to_string(format!("{kept}/ca.pem")).expect("it is kept");
        let (_, served) = served.connect().call("GET /_locum/ca.pem", "");
        assert_eq!(served, file);
        seen.push(file);
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn what_cannot_be_used_is_a_usage_error_that_names_file_and_cure() {
    let folder = folder("tls-files");
    let broken = folder.join("broken.pem");
    fs::write(&broken, "nothing").expect("written");
    let broken = broken.to_str().expect("text");
    let kept = folder.join("kept");
    fs::create_dir(&kept).expect("a folder");
    fs::write(kept.join("ca-key.pem"), "nothing").expect("written");
    let kept = kept.to_str().expect("text");
    let check = |arguments: &[&str], parts: &[&str]| {
        let mut all = vec!["serve", "--port", "0"];
        all.extend(arguments);
        let output = locum(&all);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    };
    let own = [
        "--tls",
        "--tls-port",
        "0",
        "--tls-cert",
        broken,
        "--tls-key",
        broken,
    ];
    check(&own, &[broken, "hint:", "--tls-cert"]);
    check(&own[..5], &["--tls-key"]);
    check(&own[3..], &["add --tls"]);
    let dir = ["--tls", "--tls-port", "0", "--ca-dir", kept];
    check(&dir, &["ca-key.pem", "hint: remove ca.pem and ca-key.pem"]);
    check(&dir[3..], &["add --tls"]);
    check(&["--tls-bad"], &["add --tls"]);
    check(
        &["--public-url", "auth.example.test"],
        &["--public-url", "https://auth.example.test"],
    );
    check(
        &["--trust-proxy", "nginx"],
        &["--trust-proxy", "172.16.0.0/12"],
    );
}

/// The reference client trusts the authority in the file that the stage document names, and that
/// one alone; its websocket, too.
#[tokio::test]
async fn the_reference_client_takes_an_authority() {
    let kept = folder("reference-client").join("ca");
    let kept = kept.to_str().expect("text");
    let served = Served::start(&["--tls", "--tls-port", "0", "--ca-dir", kept]);
    let (_, plain) = served.connect().call("GET /_locum/stages/default", "");
    let plain: Value = serde_json::from_str(&plain).expect("JSON");
    let tls = plain["tls"]["base"].as_str().expect("an address");
    assert_eq!(
        plain["vendors"]["corti"]["env"]["LOCUM_CA_FILE"],
        Value::Null
    );

    let vendors = locum_mocks::vendors();
    let corti = vendors
        .iter()
        .find(|vendor| vendor.profile().vendor == "corti");
    let profile = corti.expect("it is built in").profile().clone();
    let document = &plain["vendors"]["corti"];
    let text = |group: &str, name: &str| {
        let value = document[group][name].as_str();
        value
            .unwrap_or_else(|| panic!("no {group}.{name}"))
            .to_owned()
    };
    let client = |ca_pem: Vec<u8>| {
        let config = Config {
            token_url: text("tls_urls", "token"),
            api_url: text("tls_urls", "api"),
            ws_url: Some(text("tls_urls", "ws")),
            revoke_url: None,
            ca_pem: Some(ca_pem),
            tenant: Some(text("credentials", "tenant")),
            credentials: Credentials::Client {
                client_id: text("credentials", "client_id"),
                client_secret: Secret::new(text("credentials", "client_secret")),
            },
            cognito: None,
        };
        Client::new(&profile, config, Arc::new(SystemClock::new()), 7).expect("a client")
    };
    assert!(text("tls_urls", "token").starts_with(tls));
    let own = client(fs::read(format!("{kept}/ca.pem")).expect("it is kept"));
    own.token().await.expect("a token");
    let url = text("tls_urls", "ws") + "/transcribe?tenant-name=" + &text("credentials", "tenant");
    let configuration = serde_json::json!({"primaryLanguage": "en", "spokenPunctuation": true});
    let socket = own
        .open_socket(&url, configuration)
        .await
        .expect("a socket");
    socket.finish().await.expect("an orderly end");

    let other = folder("reference-client-other");
    let path = other.to_str().expect("text");
    drop(Served::start(&[
        "--tls",
        "--tls-port",
        "0",
        "--ca-dir",
        path,
    ]));
    let stranger = client(fs::read(other.join("ca.pem")).expect("it is kept"));
    stranger.token().await.expect_err("another authority");
}

/// The body of an answer, as JSON.
fn json(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{head}\n{body}"))
}

/// What the vendors themselves say of their addresses, through a proxy that takes `/mocks` off.
#[test]
fn what_vendors_say_of_themselves_follows_the_proxy() {
    let served = Served::start(&[
        "--trust-proxy",
        "loopback",
        "--allow-host",
        "auth.example.test",
    ]);
    let proxy = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: auth.example.test\r\nX-Forwarded-Prefix: /mocks\r\n";
    let call = |line: &str, headers: &str, body: &str| {
        let headers = format!("{proxy}{headers}");
        send(&served.address, line, &headers, body)
    };
    let document = json(&call("GET /_locum/stages/default", "", ""));
    let root = "https://auth.example.test/mocks/";
    let corti = &document["vendors"]["corti"];
    let below = |url: &str| {
        let path = url.strip_prefix("https://auth.example.test/mocks");
        path.unwrap_or_else(|| panic!("{url} is elsewhere"))
            .to_owned()
    };
    let path = |name: &str| below(corti["urls"][name].as_str().expect("an address"));

    let discovery = json(&call(&format!("GET {}", path("discovery")), "", ""));
    for member in ["token_endpoint", "jwks_uri", "authorization_endpoint"] {
        let url = discovery[member].as_str().expect("an address");
        assert!(url.starts_with(root), "{member}: {url}");
    }

    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let credentials = &corti["credentials"];
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let login = format!(
        "grant_type=client_credentials&scope=openid&client_id={}&client_secret={}",
        text(&credentials["client_id"]),
        text(&credentials["client_secret"])
    );
    let token = json(&call(&format!("POST {}", path("token")), form, &login));
    let headers = format!(
        "Authorization: Bearer {}\r\nTenant-Name: {}\r\nContent-Type: application/json\r\n",
        text(&token["access_token"]),
        text(&credentials["tenant"])
    );
    let body =
        r#"{"encounter": {"identifier": "e-1", "status": "planned", "type": "consultation"}}"#;
    let line = format!("POST {}/interactions/", path("api"));
    let made = json(&call(&line, &headers, body));
    let socket = text(&made["websocketUrl"]);
    let expected = "wss://auth.example.test/mocks/corti/";
    assert!(socket.starts_with(expected), "{socket}");

    // Nobody asked for a proxy to be believed: as before.
    let served = Served::start(&["--allow-host", "auth.example.test"]);
    let line = format!("GET {}", path("discovery"));
    let plain = json(&send(&served.address, &line, proxy, ""));
    let url = text(&plain["token_endpoint"]);
    assert!(
        url.starts_with(&format!("http://{}/", served.address)),
        "{url}"
    );
}

/// A client's account at the default stage, and where `check` finds the authority.
pub(super) fn account(document: &Value, vendor: &str) -> Vec<(String, String)> {
    let env = document["vendors"][vendor]["env"]
        .as_object()
        .expect("variables");
    let is_account = |name: &str| !name.ends_with("_URL");
    env.iter()
        .filter(|(name, _)| is_account(name))
        .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
        .collect()
}

/// What a person would give beside it: where the page leads back to, and who logs in there; nothing where
/// the vendor has no realms.
pub(super) fn person(document: &Value, vendor: &str) -> Vec<(String, String)> {
    of_realm(
        document,
        vendor,
        &[
            ("LOCUM_REDIRECT_URI", "/clients/0/redirect_uris/0"),
            ("LOCUM_USERNAME", "/users/0/username"),
            ("LOCUM_PASSWORD", "/users/0/password"),
        ],
    )
}

/// The other client of the first realm.
pub(super) fn second_client(document: &Value, vendor: &str) -> Vec<(String, String)> {
    of_realm(
        document,
        vendor,
        &[
            ("LOCUM_SECOND_CLIENT_ID", "/clients/1/client_id"),
            ("LOCUM_SECOND_CLIENT_SECRET", "/clients/1/client_secret"),
        ],
    )
}

/// Variables, and what stands at their places in the first realm.
fn of_realm(document: &Value, vendor: &str, places: &[(&str, &str)]) -> Vec<(String, String)> {
    let Some(realm) = document["vendors"][vendor]["principals"].pointer("/realms/0") else {
        return Vec::new();
    };
    let value = |place: &str| realm.pointer(place).and_then(Value::as_str).expect(place);
    let variables = places.iter();
    variables
        .map(|(name, place)| ((*name).to_owned(), value(place).to_owned()))
        .collect()
}

/// `ID VERDICT` of each row of a run against `url`.
fn judged(name: &str, vendor: &str, url: &str, ca: &str, document: &Value) -> Vec<String> {
    let arguments = [vendor, "--url", url, "--ca", ca];
    let results = super::checked_as(name, account(document, vendor), &arguments).results;
    let rows = results["verdicts"].as_array().expect("a list");
    let about_tls = |row: &&Value| super::vendor_tls::ROWS.iter().any(|id| row["id"] == *id);
    rows.iter()
        .filter(|row| !about_tls(row))
        .map(|row| format!("{} {}", row["id"], row["verdict"]))
        .collect()
}

#[test]
fn a_vendor_is_judged_over_tls_as_without() {
    let served = Served::start(&["--tls", "--tls-port", "0", "--tls-bad"]);
    let document = served.document();
    let ca = folder("check-tls").join("ca.pem");
    fs::write(&ca, served.connect().call("GET /_locum/ca.pem", "").1).expect("written");
    let ca = ca.to_str().expect("text");
    let tls = document["tls"]["base"].as_str().expect("an address");
    for vendor in ["pattern", "corti"] {
        let plain = format!("http://{}/{vendor}", served.address);
        let plain = judged(&format!("plain-{vendor}"), vendor, &plain, ca, &document);
        let tls = format!("{tls}/{vendor}");
        let tls = judged(&format!("tls-{vendor}"), vendor, &tls, ca, &document);
        assert!(
            plain.iter().filter(|row| row.contains("PASS")).count() > 10,
            "{plain:?}"
        );
        assert_eq!(plain, tls, "{vendor}");
    }

    // Nothing is sent where the certificate is not accepted.
    let entries = || served.connect().call("GET /_locum/journal", "").1;
    let before = entries();
    let bad = document["tls"]["bad"].as_object().expect("addresses");
    let refused = |url: &str, ca: &[&str]| {
        let arguments = [&["check", "pattern", "--url", url], ca].concat();
        let mut command = super::command(&arguments);
        let output = command
            .envs(account(&document, "pattern"))
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{url}: {said}");
        assert!(said.contains("certificate is not accepted"), "{said}");
        assert!(said.contains("--ca FILE"), "{said}");
    };
    for url in bad.values() {
        refused(
            &format!("{}/pattern", url.as_str().expect("text")),
            &["--ca", ca],
        );
    }
    refused(&format!("{tls}/pattern"), &[]);
    assert_eq!(entries(), before);
}

#[test]
fn a_file_without_an_authority_is_a_usage_error() {
    let file = folder("check-ca").join("empty.pem");
    fs::write(&file, "nothing").expect("written");
    let file = file.to_str().expect("text");
    for file in [file, "/nowhere/ca.pem"] {
        let arguments = [
            "check",
            "pattern",
            "--url",
            "https://127.0.0.1:1",
            "--ca",
            file,
        ];
        let mut command = super::command(&arguments);
        let output = command.envs(super::ACCOUNT).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(file) && said.contains("/_locum/ca.pem"),
            "{said}"
        );
    }
}
