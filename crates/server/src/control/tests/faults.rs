//! Faults by client and path, and how a body leaves.

use std::io::Read;

use serde_json::Value;

use super::bench::{Bench, FORM, SECRET, exchange};

async fn put(bench: &Bench, fault: &str) -> Value {
    bench.done("POST /faults", fault, 201).await
}

async fn hits(bench: &Bench) -> u64 {
    let faults = bench.done("GET /faults", "", 200).await;
    faults["faults"][0]["hits"].as_u64().expect("a number")
}

const UNAVAILABLE: &str = r#""then": {"status": 503}"#;

#[tokio::test]
async fn a_client_is_matched_by_what_it_names_and_by_its_tokens() {
    let bench = Bench::start().await;
    let token = bench.token("/acme").await;
    put(
        &bench,
        &format!(r#"{{"match": {{"client": "client-a"}}, {UNAVAILABLE}}}"#),
    )
    .await;
    let form = |id: &str| format!("grant_type=client_credentials&client_id={id}&client_secret=x");
    let of = async |headers: &str, body: &str| {
        let line = "POST /acme/oauth/token";
        bench.raw(line, headers, body).await.status
    };
    assert_eq!(of(FORM, &form("client-a")).await, 503);
    assert_ne!(of(FORM, &form("client-b")).await, 503);
    let basic = |pair: &str| {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        format!("{FORM}authorization: Basic {pair}\r\n")
    };
    assert_eq!(of(&basic("client-a:x"), "grant_type=x").await, 503);
    assert_ne!(of(&basic("client-b:x"), "grant_type=x").await, 503);
    let json = "content-type: application/json\r\n";
    assert_eq!(of(json, r#"{"a": {"ClientId": "client-a"}}"#).await, 503);
    assert_ne!(of(json, r#"{"ClientId": ["client-a"]}"#).await, 503);
    assert_eq!(bench.thing("/acme", &token).await.status, 503);
    assert_eq!(bench.thing("/acme", "somebody").await.status, 401);
    assert_eq!(hits(&bench).await, 4);
}

#[tokio::test]
async fn a_path_is_matched_with_stars() {
    let bench = Bench::start().await;
    let fault = format!(r#"{{"match": {{"path": "/api/*"}}, {UNAVAILABLE}}}"#);
    put(&bench, &fault).await;
    assert_eq!(bench.thing("/acme", "x").await.status, 503);
    assert_eq!(bench.login("/acme", SECRET).await.status, 200);
    assert_eq!(hits(&bench).await, 1);
}

/// A login under a fault with this action: head and body as they came.
async fn login_with(then: &str, headers: &str) -> (String, Vec<u8>) {
    let bench = Bench::start().await;
    put(&bench, &format!(r#"{{"then": {then}}}"#)).await;
    let form = format!("grant_type=client_credentials&client_id=client-a&client_secret={SECRET}");
    let host = bench.host();
    let headers = format!("{FORM}{headers}");
    let bytes = exchange(&host, &host, "POST /acme/oauth/token", &headers, &form).await;
    let bytes = bytes.expect("an answer");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("a head") + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let entry = bench.done("GET /journal/1", "", 200).await;
    assert_eq!(entry["fault"], 1, "{then}: the journal names the fault");
    let shown = entry["reply"]["body"].as_str().expect("a body");
    assert!(shown.contains("access token 1"), "{then}: {shown}");
    (head, bytes[end..].to_vec())
}

/// The sizes of the chunks, and what they hold.
fn chunks(mut body: &[u8]) -> (Vec<usize>, Vec<u8>) {
    let (mut sizes, mut whole) = (Vec::new(), Vec::new());
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n");
        let end = end.expect("a size");
        let text = std::str::from_utf8(&body[..end]).expect("text");
        let size = usize::from_str_radix(text, 16).expect("a size");
        if size == 0 {
            return (sizes, whole);
        }
        sizes.push(size);
        whole.extend(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
}

#[tokio::test]
async fn a_body_comes_in_chunks() {
    let (head, body) = login_with(r#"{"framing": "chunked"}"#, "").await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    let (sizes, whole) = chunks(&body);
    assert!(sizes.len() > 2 && sizes[0] == 16, "{sizes:?}");
    serde_json::from_slice::<Value>(&whole).expect("JSON");
    let (head, body) = login_with(r#"{"framing": "byte_by_byte"}"#, "").await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let (sizes, whole) = chunks(&body);
    assert!(sizes.iter().all(|size| *size == 1), "{sizes:?}");
    serde_json::from_slice::<Value>(&whole).expect("JSON");
}

#[tokio::test]
async fn a_body_is_packed_for_who_takes_it() {
    let packed = async |accepted: &str| {
        let header = format!("accept-encoding: {accepted}\r\n");
        login_with(r#"{"coding": "gzip"}"#, &header).await
    };
    for accepted in ["gzip", "br, GZIP;q=0.5", "*", "gzip ; q=1"] {
        let (head, body) = packed(accepted).await;
        assert!(
            head.contains("content-encoding: gzip"),
            "{accepted}: {head}"
        );
        let length = format!("content-length: {}", body.len());
        assert!(head.contains(&length), "{accepted}: {head}");
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&body[..]);
        decoder.read_to_string(&mut text).expect("gzip");
        serde_json::from_str::<Value>(&text).expect("JSON");
    }
    for refused in ["identity", "gzip;q=0", "br", "*;q=0", "gzip;q=0, *"] {
        let (head, body) = packed(refused).await;
        assert!(!head.contains("content-encoding"), "{refused}: {head}");
        serde_json::from_slice::<Value>(&body).expect("JSON");
    }
}

#[tokio::test]
async fn a_slow_body_waits_for_the_stages_clock() {
    let bench = Bench::start().await;
    bench
        .done("POST /clock", r#"{"mode": "frozen"}"#, 200)
        .await;
    put(&bench, r#"{"then": {"slow_body": 100, "clock": "stage"}}"#).await;
    let login = bench.login("/acme", SECRET);
    tokio::pin!(login);
    let mut seconds = 0;
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut login => break answer,
            () = std::future::ready(()) => {}
        }
        bench
            .done("POST /clock", r#"{"advance_s": 0.1}"#, 200)
            .await;
        seconds += 1;
    };
    assert_eq!(answer.status, 200);
    let pieces = answer.body.len().div_ceil(10);
    assert!(seconds >= pieces - 1, "{seconds} steps for {pieces} pieces");
    assert!(answer.head.contains("content-length"), "{}", answer.head);
}

#[tokio::test]
async fn a_redirect_takes_the_vendors_place() {
    let bench = Bench::start().await;
    put(&bench, r#"{"then": {"redirect": "/elsewhere"}}"#).await;
    let answer = bench.login("/acme", SECRET).await;
    assert_eq!(answer.status, 307);
    assert!(
        answer.head.contains("location: /elsewhere"),
        "{}",
        answer.head
    );
    let entry = bench.done("GET /journal/1", "", 200).await;
    assert_eq!(entry["outcome"], "faulted");
}

#[tokio::test]
async fn actions_that_make_no_sense_are_refused() {
    let bench = Bench::start().await;
    for (then, error) in [
        (r#"{"slow_body": 0}"#, "`slow_body` 0 would never end"),
        (r#"{"fragments": 0}"#, "`fragments` 0 would never end"),
        (
            r#"{"empty": true, "clock": "stage"}"#,
            "`clock` belongs to a `delay_ms` or `slow_body`",
        ),
        (
            r#"{"after_messages": 1}"#,
            "`after_messages` and `unprompted` belong to a `bad_frame`, `close_ws` or `drop_ws`",
        ),
        (
            r#"{"close": true, "unprompted": true}"#,
            "`after_messages` and `unprompted` belong to a `bad_frame`, `close_ws` or `drop_ws`",
        ),
        (
            r#"{"redirect": "/x", "status": 200}"#,
            "a `redirect` has a `status` from 300 to 399",
        ),
        (
            r#"{"redirect": "a\r\nb"}"#,
            "`location` with this value is not a valid header",
        ),
        (r#"{"edit": {}}"#, "`edit` is empty"),
        (
            r#"{"edit": {"reverse": true}, "status": 200}"#,
            "`edit` changes the vendor's own reply, and a `status` takes its place",
        ),
        (
            r#"{"edit": {"headers": {"x": "a\r\nb"}}}"#,
            "`x` with this value is not a valid header",
        ),
        (
            r#"{"coding": "br"}"#,
            r#"`coding` takes `"gzip"`, not `"br"`"#,
        ),
    ] {
        let body = format!(r#"{{"then": {then}}}"#);
        let refused = bench.done("POST /faults", &body, 400).await;
        assert_eq!(refused["error"], error);
        assert_ne!(refused["hint"], "", "{then}");
    }
}

#[tokio::test]
async fn a_fault_does_not_write_the_headers_that_frame_the_body() {
    let bench = Bench::start().await;
    for name in ["Content-Length", "transfer-encoding"] {
        let fault = format!(r#"{{"then": {{"status": 503, "headers": {{"{name}": "5"}}}}}}"#);
        let refused = bench.done("POST /faults", &fault, 400).await.to_string();
        for word in [name, "truncate", "framing"] {
            assert!(refused.contains(word), "{refused}");
        }
    }
}
