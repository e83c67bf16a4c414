//! Who may call.

use locum_testkit::http::send_until_end;

use super::bench::{Answer, Bench, exchange};
use crate::ServerConfig;

#[tokio::test]
async fn where_a_token_is_set_it_is_demanded_everywhere_but_for_health() {
    let bench = Bench::with_token(Some("canary-control")).await;
    let check = async |line: &str, headers: &str, expected: u16| {
        let answer = bench.raw(line, headers, "").await;
        assert_eq!(answer.status, expected, "{line} {headers}: {}", answer.body);
        assert!(!answer.body.contains("canary-control"));
        answer
    };
    check("GET /_locum/health", "", 200).await;
    let refused = check("GET /_locum/clock", "", 401).await;
    assert!(refused.head.contains("www-authenticate: bearer"));
    assert!(
        refused.json()["hint"]
            .as_str()
            .is_some_and(|hint| !hint.is_empty())
    );
    check("GET /_locum/ready", "", 401).await;
    check("GET /_locum/nothing", "", 401).await;
    check("PUT /_locum/clock", "", 401).await;
    check("GET /_locum/openapi.json", "", 401).await;
    let with = |value: &str| format!("authorization: {value}\r\n");
    check("GET /_locum/clock", &with("Bearer canary-contro"), 401).await;
    check("GET /_locum/clock", &with("Basic canary-control"), 401).await;
    check("GET /_locum/clock", &with("Bearer"), 401).await;
    let good = with("Bearer canary-control");
    check("GET /_locum/clock", &good.repeat(2), 401).await;
    check("GET /_locum/clock", &good, 200).await;
    check("GET /_locum/clock", &with("bearer canary-control"), 200).await;
    check("GET /_locum/nothing", &good, 404).await;
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_call() {
    let bench = Bench::start().await;
    let check = async |origin: &str, expected: u16| {
        let header = format!("origin: {origin}\r\n");
        let answer = bench.raw("GET /_locum/clock", &header, "").await;
        assert_eq!(answer.status, expected, "{origin}");
        assert!(!answer.head.contains("access-control"));
    };
    check(&format!("http://{}", bench.host()), 200).await;
    check("https://example.com", 403).await;
    check("null", 403).await;
}

#[tokio::test]
async fn a_name_that_was_not_allowed_may_not_call() {
    let mut config = ServerConfig::loopback();
    config.allowed_hosts = vec!["mocks.test".to_owned()];
    let bench = Bench::with_config(config).await;
    let check = async |host: &str, line: &str, expected: u16| {
        let bytes = exchange(&bench.host(), host, line, "", "").await;
        let answer = Answer::read(&bytes.expect("an answer"));
        assert_eq!(answer.status, expected, "{host} {line}: {}", answer.body);
        answer
    };
    for host in [
        "evil.example",
        "evil.example:4700",
        "localhost.evil.example",
    ] {
        for line in [
            "GET /_locum/stages/default",
            "POST /_locum/clock",
            "GET /_locum/nothing",
        ] {
            let refused = check(host, line, 403).await.json();
            let text = |name: &str| refused[name].as_str().unwrap_or_default().to_owned();
            assert!(text("error").contains(host), "{refused}");
            assert!(text("hint").contains("--allow-host"), "{refused}");
        }
        check(host, "GET /_locum/health", 200).await;
        // The vendors answer whoever asks: names are pointed at them on purpose.
        check(host, "GET /acme/api/thing", 401).await;
    }
    for host in [
        "localhost",
        "127.0.0.1:1",
        "[::1]",
        "10.1.2.3",
        "MOCKS.test:80",
    ] {
        let document = check(host, "GET /_locum/stages/default", 200).await.json();
        let base = document["vendors"]["acme"]["base"].as_str();
        assert_eq!(base, Some(format!("http://{host}/acme").as_str()));
    }
    let long = "x".repeat(60_000);
    assert!(check(&long, "GET /_locum/clock", 403).await.body.len() < 1000);
}

#[tokio::test]
async fn a_request_has_one_host() {
    let bench = Bench::start().await;
    let check = async |head: &str, expected: u16| {
        let bytes = send_until_end(&bench.host(), format!("{head}\r\n\r\n").as_bytes()).await;
        let answer = Answer::read(&bytes.expect("an answer"));
        assert_eq!(answer.status, expected, "{head}: {}", answer.body);
        assert!(answer.json()["error"].is_string(), "{}", answer.body);
    };
    check("GET /_locum/clock HTTP/1.1\r\nconnection: close", 400).await;
    check("GET /_locum/clock HTTP/1.0", 400).await;
    check(
        "GET /_locum/clock HTTP/1.1\r\nhost: localhost\r\nhost: localhost",
        400,
    )
    .await;
}

#[tokio::test]
async fn what_is_not_http_gets_no_page() {
    let bench = Bench::start().await;
    let check = async |bytes: &str, expected: u16| {
        let answer = send_until_end(&bench.host(), bytes.as_bytes()).await;
        let answer = Answer::read(&answer.expect("an answer"));
        assert_eq!(answer.status, expected, "{bytes:?}: {}", answer.body);
        if expected != 200 {
            assert!(answer.json()["error"].is_string(), "{}", answer.body);
            assert!(answer.json()["hint"].is_string(), "{}", answer.body);
        }
    };
    check(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        200,
    )
    .await;
    check("GARBAGE\r\n\r\n", 400).await;
    check("GET / HTTP/1.1\r\n\r\n", 400).await;
    check("GET / HTTP/2.0\r\nhost: a\r\n\r\n", 400).await;
    check("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400).await;
    check("GET /s HTTP/1.1\r\nhost : a\r\n\r\n", 400).await;
    check("GET /nobody HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", 400).await;
    check("G@T / HTTP/1.1\r\nhost: a\r\n\r\n", 400).await;
    check("\u{16}\u{3}\u{1}\u{2}", 400).await;
    let lines = "a: b\r\n".repeat(101);
    check(&format!("GET / HTTP/1.1\r\nhost: a\r\n{lines}\r\n"), 431).await;
    let encoding = "transfer-encoding: gzip";
    check(
        &format!("POST / HTTP/1.1\r\nhost: a\r\n{encoding}\r\n\r\n"),
        501,
    )
    .await;
}

#[tokio::test]
async fn ports_of_a_stage_are_named_as_the_caller_came() {
    let bench = Bench::start().await;
    let spec = r#"{"name": "own", "listen": true}"#;
    let check = async |host: &str, line: &str, body: &str, prefix: &str| {
        let bytes = exchange(&bench.host(), host, line, "", body).await;
        let document = Answer::read(&bytes.expect("an answer")).json();
        let base = document["vendors"]["acme"]["base"].as_str();
        let port = base.and_then(|base| base.strip_prefix(prefix));
        let port = port.unwrap_or_else(|| panic!("{document}"));
        let own = bench.running.stages.stage("own").expect("it was made");
        let address = own.address("acme").expect("it listens");
        assert_eq!(port, address.port().to_string());
        assert_eq!(address.ip(), bench.running.stages.address.ip());
        let token = document["vendors"]["acme"]["urls"]["token"].as_str();
        let expected = format!("{prefix}{port}/oauth/token");
        assert_eq!(token, Some(expected.as_str()));
    };
    let read = "GET /_locum/stages/own";
    check(
        "localhost:4700",
        "POST /_locum/stages",
        spec,
        "http://localhost:",
    )
    .await;
    check("127.0.0.1", read, "", "http://127.0.0.1:").await;
    check("[::1]:4700", read, "", "http://[::1]:").await;
    check("[::1]", read, "", "http://[::1]:").await;
}
