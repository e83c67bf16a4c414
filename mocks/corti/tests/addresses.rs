//! The same realm at each of its addresses: what it says of itself, and what a browser keeps.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;

/// A request to `url`, over a connection to where it leads; `host` stands in its Host header.
async fn fetch_as(host: &str, method: &str, url: &str, headers: &str, body: &str) -> Answer {
    let rest = url.strip_prefix("http://").expect("an http URL");
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(authority).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    locum_testkit::http::read(&mut stream).await
}

async fn fetch(method: &str, url: &str, headers: &str, body: &str) -> Answer {
    let rest = url.strip_prefix("http://").expect("an http URL");
    let authority = rest.split('/').next().expect("an authority");
    fetch_as(authority, method, url, headers, body).await
}

/// The stage documents of the three ways to address a vendor below a host: by path on the stage
/// `default`, below another stage, on a port of its own.
async fn stages(server: &TestServer, host: &str) -> Vec<String> {
    let control = format!("http://{host}/_locum/stages");
    let made = fetch("POST", &control, "", r#"{"name": "plain"}"#).await;
    assert_eq!(made.status, 201, "{}", made.text());
    ["default", "plain", server.stage.name.as_str()]
        .map(|name| format!("{control}/{name}"))
        .into()
}

fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {document}"))
}

/// OpenID Connect Discovery 1.0 §4.3: "The issuer value returned MUST be identical to the Issuer
/// URL that was used as the prefix to /.well-known/openid-configuration", and to `iss`.
#[tokio::test]
async fn the_stage_document_names_the_issuer_that_tokens_carry() {
    let server = TestServer::start(vendor()).await;
    let port = server.running.stages.address.port();
    for stage in stages(&server, &format!("localhost:{port}")).await {
        for (setting, own) in [
            ("https://auth.{env}.corti.app/realms/{tenant}", false),
            ("{base}/realms/{tenant}", true),
        ] {
            let change = format!("{{\"corti.iss\": \"{setting}\"}}");
            let changed = fetch("PATCH", &format!("{stage}/settings"), "", &change).await;
            assert_eq!(changed.status, 200, "{}", changed.text());
            let document = fetch("GET", &stage, "", "").await.json()["vendors"]["corti"].take();
            let issuer = text(&document, "/urls/issuer");
            assert_eq!(issuer.starts_with("http://localhost:"), own, "{issuer}");
            assert!(issuer.ends_with("/realms/copiloteu"), "{issuer}");
            let discovery = fetch("GET", text(&document, "/urls/discovery"), "", "").await;
            assert_eq!(discovery.json()["issuer"], *issuer);
            let form = format!(
                "grant_type=client_credentials&scope=openid&client_id={}&client_secret={}",
                text(&document, "/credentials/client_id"),
                text(&document, "/credentials/client_secret"),
            );
            let token = fetch("POST", text(&document, "/urls/token"), FORM, &form).await;
            let token = token.json();
            let claims = text(&token, "/access_token").split('.').nth(1);
            let claims = URL_SAFE_NO_PAD.decode(claims.expect("a JWT"));
            let claims: Value =
                serde_json::from_slice(&claims.expect("base64url")).expect("claims");
            assert_eq!(claims["iss"], *issuer);
            if own {
                let known = text(&document, "/urls/discovery").strip_prefix(issuer);
                assert_eq!(known, Some("/.well-known/openid-configuration"));
            }
        }
    }
}

/// What a browser keeps: name, value and path (RFC 6265 §§5.2 to 5.4).
#[derive(Default)]
struct Jar(Vec<(String, String, String)>);

impl Jar {
    fn keep(&mut self, answer: &Answer) {
        let is_cookie = |name: &String| name.eq_ignore_ascii_case("set-cookie");
        for (_, line) in answer.headers.iter().filter(|(name, _)| is_cookie(name)) {
            let mut parts = line.split(';').map(str::trim);
            let pair = parts.next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a pair");
            let path = parts.find_map(|part| part.strip_prefix("Path="));
            let path = path.expect("a path").to_owned();
            self.0
                .retain(|have| (&have.0, &have.2) != (&name.to_owned(), &path));
            self.0.push((name.to_owned(), value.to_owned(), path));
        }
    }

    /// The `Cookie` line for a request to `url`: "The cookie-path is a prefix of the request-path,
    /// and the last character of the cookie-path is %x2F", as all paths here are (§5.1.4).
    fn line(&self, url: &str) -> String {
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = format!("/{}", path.split('?').next().unwrap_or_default());
        let sent = self.0.iter().filter(|(_, _, own)| {
            assert!(own.ends_with('/'), "{own}");
            path.starts_with(own.as_str())
        });
        let pairs: Vec<String> = sent
            .map(|(name, value, _)| format!("{name}={value}"))
            .collect();
        match pairs.is_empty() {
            true => String::new(),
            false => format!("Cookie: {}\r\n", pairs.join("; ")),
        }
    }
}

/// Logs in at `realm` as a browser does that asks for `host`; returns the path of the cookies.
async fn log_in(host: &str, realm: &str, document: &Value) -> String {
    let mut jar = Jar::default();
    let asked = "response_type=code&client_id=locum-app&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let auth = format!("{realm}/protocol/openid-connect/auth?{asked}");
    let page = fetch_as(host, "GET", &auth, "", "").await;
    jar.keep(&page);
    let page = page.text();
    let action = page
        .split("action=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let action = action.expect("a form").replace("&amp;", "&");
    let below = realm.split_once("/realms").expect("a realm").0;
    let here = action.split_once("/realms").expect("a realm").1;
    let there = format!("{below}/realms{here}");
    let users = "/principals/realms/0/users/0";
    let form = format!(
        "username={}&password={}",
        text(document, &format!("{users}/username")),
        text(document, &format!("{users}/password"))
    );
    let headers = format!("{FORM}{}", jar.line(&action));
    let answer = fetch_as(host, "POST", &there, &headers, &form).await;
    assert_eq!(answer.status, 302, "{action}: {}", answer.text());
    jar.keep(&answer);
    // Known now: no form is shown again.
    let again = fetch_as(host, "GET", &auth, &jar.line(&auth), "").await;
    assert_eq!(again.status, 302, "{}", again.text());
    let location = again.header("location").expect("a way back");
    assert!(location.contains("&code="), "{location}");
    jar.0.pop().expect("a cookie").2
}

#[tokio::test]
async fn a_cookie_jar_brings_the_cookies_back_at_each_address() {
    let server = TestServer::start(vendor()).await;
    let main = server.running.stages.address.to_string();
    let expected = ["/corti/realms/", "/s/plain/corti/realms/", "/realms/"];
    for (stage, expected) in stages(&server, &main).await.iter().zip(expected) {
        let document = fetch("GET", stage, "", "").await.json()["vendors"]["corti"].take();
        let base = text(&document, "/base");
        let host = base.split('/').nth(2).expect("an authority");
        let path = log_in(host, &format!("{base}/realms/copiloteu"), &document).await;
        assert_eq!(path, format!("{expected}copiloteu/"));
    }
    // By the vendor's own name, which DNS leads here, it answers at the root.
    let document = fetch("GET", &format!("http://{main}/_locum"), "", "").await;
    let document = document.json()["vendors"]["corti"].take();
    let root = format!("http://{main}/realms/copiloteu");
    let path = log_in("auth.beta-eu.corti.app", &root, &document).await;
    assert_eq!(path, "/realms/copiloteu/");
}

/// Every address of the stage document is what the wire says: discovery names the same ones, and
/// each answers.
#[tokio::test]
async fn each_address_of_the_stage_document_answers() {
    let server = TestServer::start(vendor()).await;
    let port = server.running.stages.address.port();
    for stage in stages(&server, &format!("localhost:{port}")).await {
        let document = fetch("GET", &stage, "", "").await.json()["vendors"]["corti"].take();
        let url = |name: &str| text(&document, &format!("/urls/{name}")).to_owned();
        let discovery = fetch("GET", &url("discovery"), "", "").await.json();
        for (member, name) in [
            ("issuer", "issuer"),
            ("token_endpoint", "token"),
            ("authorization_endpoint", "authorize"),
            ("jwks_uri", "jwks"),
            ("revocation_endpoint", "revoke"),
        ] {
            assert_eq!(discovery[member], *url(name), "{member}");
        }
        let token = format!("{}/copiloteu/protocol/openid-connect/token", url("login"));
        assert_eq!(token, url("token"));
        let jwks = fetch("GET", &url("jwks"), "", "").await;
        assert_eq!(jwks.json()["keys"].as_array().map(Vec::len), Some(2));
        let api = fetch("GET", &format!("{}/interactions/", url("api")), "", "").await;
        assert_eq!(api.status, 401, "{}", api.text());
        let ws = url("ws").replacen("ws://", "http://", 1);
        let ws = fetch("GET", &format!("{ws}/transcribe"), "", "").await;
        assert_eq!(ws.status, 401, "{}", ws.text());
        let known = [
            "api",
            "authorize",
            "discovery",
            "issuer",
            "jwks",
            "login",
            "revoke",
            "token",
            "ws",
        ];
        let mut names: Vec<_> = document["urls"].as_object().expect("urls").keys().collect();
        names.sort_unstable();
        assert_eq!(names, known);
    }
}
