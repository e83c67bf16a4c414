//! Behind a proxy: which addresses are told, and who may still call.

use serde_json::Value;

use super::bench::{Answer, Bench, exchange};
use crate::ServerConfig;
use crate::origin::TrustedProxies;

/// What a proxy in front adds.
const FORWARDED: &str = "forwarded: for=192.0.2.1;proto=https;host=auth.example.test\r\n";
const X_FORWARDED: &str = "x-forwarded-proto: https\r\nx-forwarded-host: auth.example.test\r\nx-forwarded-prefix: /mocks\r\n";

async fn behind(public_url: Option<&str>, trusted: &str) -> Bench {
    let trusted = trusted
        .split_whitespace()
        .map(|one| one.parse().expect("a proxy"));
    Bench::with_config(ServerConfig {
        public_url: public_url.map(|url| url.parse().expect("a public URL")),
        trusted_proxies: TrustedProxies::of(trusted),
        allowed_hosts: vec!["auth.example.test".to_owned()],
        ..ServerConfig::loopback()
    })
    .await
}

async fn answer(bench: &Bench, host: &str, line: &str, headers: &str, body: &str) -> Answer {
    let bytes = exchange(&bench.host(), host, line, headers, body).await;
    Answer::read(&bytes.expect("an answer"))
}

/// All addresses of the stage document have this root.
fn check(document: &Value, root: &str) {
    let vendor = &document["vendors"]["acme"];
    assert_eq!(vendor["base"], format!("{root}/acme"), "{document}");
    assert_eq!(vendor["urls"]["token"], format!("{root}/acme/oauth/token"));
    let socket = root.replacen("http", "ws", 1);
    assert_eq!(vendor["urls"]["ws"], format!("{socket}/acme/socket"));
    let env = &vendor["env"];
    assert_eq!(env["LOCUM_TOKEN_URL"], vendor["urls"]["token"]);
    assert_eq!(env["LOCUM_WS_URL"], vendor["urls"]["ws"]);
    assert_eq!(
        env["LOCUM_CONTROL_URL"],
        format!("{root}/_locum/stages/default")
    );
}

const READ: &str = "GET /_locum/stages/default";

#[tokio::test]
async fn nobody_is_believed_unless_trusted() {
    for trusted in ["", "10.0.0.0/8"] {
        let bench = behind(None, trusted).await;
        let (host, root) = (bench.host(), format!("http://{}", bench.host()));
        for headers in ["", FORWARDED, X_FORWARDED] {
            check(
                &answer(&bench, &host, READ, headers, "").await.json(),
                &root,
            );
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_where_clients_are() {
    let bench = behind(None, "10.0.0.0/8 loopback").await;
    let host = bench.host();
    let told =
        async |host: &str, headers: &str| answer(&bench, host, READ, headers, "").await.json();
    check(&told(&host, FORWARDED).await, "https://auth.example.test");
    check(
        &told(&host, X_FORWARDED).await,
        "https://auth.example.test/mocks",
    );
    check(&told(&host, "").await, &format!("http://{host}"));
    // A proxy that keeps the Host need not repeat it.
    let proto = "X-Forwarded-Proto: https\r\n";
    check(
        &told("auth.example.test", proto).await,
        "https://auth.example.test",
    );
}

#[tokio::test]
async fn a_public_url_is_told_to_everybody() {
    let bench = behind(Some("https://auth.example.test/mocks"), "loopback").await;
    let root = "https://auth.example.test/mocks";
    for (host, headers) in [
        (bench.host().as_str(), ""),
        ("auth.example.test", ""),
        (bench.host().as_str(), "x-forwarded-host: localhost:1\r\n"),
    ] {
        check(&answer(&bench, host, READ, headers, "").await.json(), root);
    }
    // A port of a vendor's own is not behind the proxy.
    let spec = r#"{"name": "own", "listen": true}"#;
    let made = answer(&bench, "auth.example.test", "POST /_locum/stages", "", spec).await;
    let own = bench.running.stages.stage("own").expect("it was made");
    let port = own.address("acme").expect("it listens").port();
    let base = &made.json()["vendors"]["acme"]["base"];
    assert_eq!(*base, format!("http://auth.example.test:{port}"));
}

#[tokio::test]
async fn the_gate_holds_behind_a_proxy() {
    let bench = behind(Some("https://public.example.test"), "loopback").await;
    let check = async |host: &str, headers: &str, expected: u16| {
        let answer = answer(&bench, host, READ, headers, "").await;
        assert_eq!(answer.status, expected, "{host} {headers}: {}", answer.body);
    };
    let own = bench.host();
    check("public.example.test", "", 200).await;
    check("evil.example", "", 403).await;
    // A page whose name leads here, directly or through the proxy, can send what a proxy sends.
    check("evil.example", "x-forwarded-host: localhost\r\n", 403).await;
    check("evil.example", "forwarded: host=localhost\r\n", 403).await;
    check(&own, "x-forwarded-host: evil.example\r\n", 403).await;
    check(
        &own,
        "forwarded: host=localhost, host=evil.example\r\n",
        403,
    )
    .await;
    check(&own, FORWARDED, 200).await;
    let page = |origin: &str| format!("{FORWARDED}origin: {origin}\r\n");
    check(&own, &page("https://auth.example.test"), 200).await;
    check(&own, &page("https://evil.example"), 403).await;
    check(&own, &page(&format!("http://{own}")), 403).await;
}
