//! Who may call.

use super::bench::Bench;

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
