//! Sentences of the vendor's pages and Keycloak's measured answers that no other test holds.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::caller;
use super::*;

/// Sends bytes to `address` and reads to the end of the connection.
async fn raw(address: impl tokio::net::ToSocketAddrs, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("a clean end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// "auth.{environment}.corti.app", "api.{environment}.corti.app": under these names the main port
/// answers at its root.
#[tokio::test]
async fn the_documented_hosts_answer_at_the_root() {
    let server = TestServer::start(vendor()).await;
    let main = server.running.stages.address;
    let path = format!("{OIDC}/token");
    for (host, line, expected) in [
        ("auth.beta-eu.corti.app", format!("POST {path}"), "400"),
        ("auth.eu.corti.app", format!("POST {path}"), "400"),
        ("auth.us.corti.app", format!("POST {path}"), "400"),
        ("elsewhere.example.com", format!("POST {path}"), "404"),
        (
            "api.beta-eu.corti.app",
            "GET /v2/interactions/".to_owned(),
            "401",
        ),
        (
            "elsewhere.example.com",
            "GET /v2/interactions/".to_owned(),
            "404",
        ),
    ] {
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{FORM}Content-Length: 0\r\n\r\n"
        );
        let answer = raw(main, request.as_bytes()).await;
        let status = answer.split(' ').nth(1);
        assert_eq!(status, Some(expected), "{host} {line}: {answer}");
    }
}

/// JSON, which the token endpoint does not read, elsewhere.
#[tokio::test]
async fn json_is_no_form_anywhere() {
    let server = TestServer::start(vendor()).await;
    let secret = client_secret(&server, "locum-client");
    let body = format!(r#"{{"client_id":"locum-client","client_secret":"{secret}","token":"x"}}"#);
    for headers in ["Content-Type: application/json\r\n", ""] {
        for endpoint in ["token/introspect", "revoke"] {
            let line = format!("POST {OIDC}/{endpoint}");
            let answer = server.request(&line, headers, &body).await;
            let error = text(&answer.json(), "error");
            assert_eq!(
                (answer.status, error.as_str()),
                (401, "invalid_client"),
                "{endpoint}"
            );
        }
        let answer = server
            .request(&format!("POST {OIDC}/logout"), headers, &body)
            .await;
        assert!(
            answer.status == 200 && answer.text().contains("Logging out"),
            "{}",
            answer.text()
        );
    }
}

/// Bytes that are no UTF-8, a null, line breaks and markup are characters like others.
#[tokio::test]
async fn odd_bytes_are_read_as_characters() {
    let server = TestServer::start(vendor()).await;
    let good = filled(&server, "grant_type=client_credentials&<locum-client>");
    let line = format!("POST {OIDC}/token");
    for odd in [
        &b"%ff%fe"[..],
        b"%c0%af",
        b"\xff",
        b"%00",
        b"a%0d%0ab",
        b"%3Cscript%3E",
    ] {
        let with = |name: &str| [good.as_bytes(), name.as_bytes(), odd].concat();
        let answer = server.request(&line, FORM, with("&unknown=")).await;
        assert_eq!(answer.status, 200, "{odd:?}: {}", answer.text());
        let wrong = [
            b"grant_type=client_credentials&client_id=locum-client&client_secret=",
            odd,
        ]
        .concat();
        let answer = server.request(&line, FORM, wrong).await;
        assert_eq!(answer.status, 401, "{odd:?}: {}", answer.text());
    }
}

/// HTTP/1.0, chunks, Expect, an absolute target and an empty Host.
#[tokio::test]
async fn a_request_may_be_framed_in_several_ways() {
    let server = TestServer::start(vendor()).await;
    let body = filled(&server, "grant_type=client_credentials&<locum-client>");
    let (host, length) = (server.host(), body.len());
    let path = format!("{OIDC}/token");
    let end = format!("Connection: close\r\n{FORM}");
    let chunk = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    for request in [
        format!(
            "POST {path} HTTP/1.0\r\nHost: {host}\r\n{end}Content-Length: {length}\r\n\r\n{body}"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{end}Transfer-Encoding: chunked\r\n\r\n{chunk}"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{end}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        format!(
            "POST http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n{end}Content-Length: {length}\r\n\r\n{body}"
        ),
        format!("POST {path} HTTP/1.1\r\nHost:\r\n{end}Content-Length: {length}\r\n\r\n{body}"),
    ] {
        let answer = raw(host, request.as_bytes()).await;
        assert!(answer.contains("access_token"), "{request}: {answer}");
    }
}

/// The SDK's authorizeURL has neither.
#[tokio::test]
async fn an_authorization_request_may_lack_state_and_nonce() {
    let server = TestServer::start(vendor()).await;
    let query = "response_type=code&scope=openid+profile&client_id=locum-app&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let answer = server
        .request(&format!("GET {OIDC}/auth?{query}"), "", "")
        .await;
    assert!(
        answer.status == 200 && answer.text().contains("<form"),
        "{}",
        answer.text()
    );
}

/// What the SDKs from 1.0 on send beside the URL: the token in a header, an extension that is not
/// taken, their analytics; from a browser everything as subprotocols, of which one is selected.
#[tokio::test]
async fn an_upgrade_may_carry_what_the_sdks_send() {
    let server = TestServer::start(vendor()).await;
    let token = caller::token(&server, 0, "").await;
    let analytics = "%7B%22sdk_version%22%3A%225.0.0%22%7D";
    let path = "/audio-bridge/v2/transcribe";
    let query = format!("?tenant-name=copiloteu&token=Bearer%20{token}");
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let extension = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let protocols = format!(
        "Sec-WebSocket-Protocol: x-fern-language, JavaScript, tenant-name, copiloteu, authorization, Bearer%20{token}\r\n"
    );
    for (target, headers, selected) in [
        (
            format!("{path}{query}"),
            format!("authorization: Bearer {token}\r\n{extension}"),
            None,
        ),
        (
            format!("{path}{query}&x-corti-analytics={analytics}"),
            "x-corti-analytics: {\"sdk_version\":\"5.0.0\"}\r\n".to_owned(),
            None,
        ),
        (path.to_owned(), protocols, Some("x-fern-language")),
    ] {
        let mut stream = TcpStream::connect(server.host()).await.expect("it listens");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\n{upgrade}{headers}\r\n",
            server.host()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a head"));
        }
        let head = String::from_utf8(head).expect("ASCII").to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101"), "{target}: {head}");
        assert!(!head.contains("sec-websocket-extensions"), "{head}");
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(line, selected, "{head}");
    }
}

/// Refresh tokens have a key of their own: they outlive the realm's signing key.
#[tokio::test]
async fn a_refresh_token_outlives_a_disabled_signing_key() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(
        &server,
        "grant_type=password&client_id=locum-app&<ada>&scope=openid",
    )
    .await;
    let access = text(&reply, "access_token");
    let body = r#"{"vendor": "corti", "grace_s": 0}"#;
    let main = server.running.stages.address;
    let request = format!(
        "POST /_locum/stages/{}/keys/rotate HTTP/1.1\r\nHost: {main}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        server.stage.name,
        body.len()
    );
    let rotated = raw(main, request.as_bytes()).await;
    assert!(rotated.starts_with("HTTP/1.1 200"), "{rotated}");
    let failed = r#"error="invalid_token", error_description="Token verification failed""#;
    assert_eq!(userinfo(&server, &access).await, (401, failed.to_owned()));
    let body = format!(
        "grant_type=refresh_token&client_id=locum-app&refresh_token={}",
        text(&reply, "refresh_token")
    );
    let renewed = text(&tokens(&server, &body).await, "access_token");
    assert_eq!(userinfo(&server, &renewed).await.0, 200);
}

/// "`openid` first, the rest fixed inside one realm, different in another realm of the same server".
#[tokio::test]
async fn the_words_of_scope_have_an_order_of_their_realm() {
    let server = TestServer::start(vendor()).await;
    let body = filled(&server, CLIENT_LOGIN);
    let words = async |realm: &str| {
        let line = format!("POST /realms/{realm}/protocol/openid-connect/token");
        text(&server.request(&line, FORM, &body).await.json(), "scope")
    };
    for _ in 0..2 {
        assert_eq!(words("copiloteu").await, "openid email profile");
        assert_eq!(words("base").await, "openid profile email");
    }
    server.set("scope_order", "shuffled");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        seen.insert(words("copiloteu").await);
    }
    let both = ["openid email profile", "openid profile email"].map(str::to_owned);
    assert_eq!(seen, both.into());
}

/// "Each refresh moves the refresh token's exp and makes a new jti".
#[tokio::test]
async fn a_refresh_moves_the_end_of_the_refresh_token() {
    let server = TestServer::start(vendor()).await;
    let login = "grant_type=password&client_id=locum-app&<ada>";
    let first = text(&tokens(&server, login).await, "refresh_token");
    let refresh =
        |token: &str| format!("grant_type=refresh_token&client_id=locum-app&refresh_token={token}");
    server.advance(1000.0);
    let renewed = tokens(&server, &refresh(&first)).await;
    assert_eq!(renewed["refresh_expires_in"], 1800);
    let second = text(&renewed, "refresh_token");
    assert_ne!(first, second);
    server.advance(1000.0);
    let old = post(&server, "token", &refresh(&first)).await.text();
    assert_eq!(old, error("invalid_grant", "Token is not active"));
    tokens(&server, &refresh(&second)).await;
}
