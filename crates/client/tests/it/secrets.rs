use http::HeaderMap;
use locum_client::{ApiOperation, Error};
use locum_core::Secret;

use super::vendor::{CannedReply, Vendor, client_credentials, plain};

#[tokio::test]
async fn a_vendor_that_repeats_the_secret_is_not_repeated() {
    let vendor = Vendor::new(|_, seen| {
        let body = format!(
            r#"{{"error":"{}","error_description":"{}"}}"#,
            seen.body, seen.body
        );
        CannedReply::new(400, body)
    })
    .await;
    let client = vendor.client(&plain());
    let error = client
        .call(ApiOperation::get("/x"))
        .await
        .expect_err("refused");
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{client:?}"),
    ] {
        assert!(!text.contains("cret"), "{text}");
    }
}

#[tokio::test]
async fn an_unreachable_host_is_named_without_its_url() {
    let vendor = Vendor::new(|_, _| CannedReply::new(200, "")).await;
    let client = vendor.client(&plain());
    let url = "http://127.0.0.1:1/file?X-Amz-Signature=canary";
    let sent = client.upload(
        http::Method::GET,
        url,
        HeaderMap::new(),
        bytes::Bytes::new(),
    );
    let error = sent.await.expect_err("nobody listens there");
    assert!(matches!(error, Error::Network(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

#[tokio::test]
async fn configuration_and_tokens_print_no_secret() {
    let vendor = Vendor::new(|_, _| {
        CannedReply::new(200, r#"{"access_token":"canary","refresh_token":"canary"}"#)
    })
    .await;
    let client = vendor.client(&plain());
    let token = client.token().await.expect("a token");
    assert!(token.access_token == Secret::new("canary"));
    let reply = client.call(ApiOperation::get("/x")).await.expect("a reply");
    let printed = format!(
        "{token:?} {reply:?} {client:?} {:?}",
        vendor.config(client_credentials())
    );
    assert!(
        !printed.contains("canary") && !printed.contains("s:e cret"),
        "{printed}"
    );
}

#[tokio::test]
async fn credentials_do_not_travel_in_clear_text() {
    let vendor = Vendor::new(|_, _| CannedReply::new(200, "")).await;
    let mut config = vendor.config(client_credentials());
    config.token_url = "http://login.example.invalid/token".into();
    let outcome = vendor
        .client_with(&plain(), config)
        .call(ApiOperation::get("/x"))
        .await;
    assert!(matches!(outcome, Err(Error::Refused(_))));
}

#[tokio::test]
async fn https_towards_a_plain_port_is_a_tls_error() {
    let vendor = Vendor::new(|_, _| CannedReply::new(200, "")).await;
    let mut config = vendor.config(client_credentials());
    config.token_url = config.token_url.replace("http:", "https:");
    // The vendor reads the greeting as a request head that never ends; a real port answers it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    config.token_url = format!(
        "https://{}/token",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let outcome = vendor
        .client_with(&plain(), config)
        .call(ApiOperation::get("/x"))
        .await;
    assert!(matches!(outcome, Err(Error::Tls(_))), "{outcome:?}");
}

#[test]
fn an_operation_prints_neither_query_nor_headers() {
    let mut operation = ApiOperation::get("/x?token=canary");
    let value = http::HeaderValue::from_static("canary");
    operation.headers.insert("x-api-key", value);
    let printed = format!("{operation:?}");
    assert!(
        printed.contains("/x") && !printed.contains("canary"),
        "{printed}"
    );
}

#[tokio::test]
async fn an_address_holds_no_credentials() {
    let vendor = Vendor::new(|_, _| CannedReply::new(200, "")).await;
    for base in [
        "http://user:canary@127.0.0.1:1/",
        "http://127.0.0.1:1/?key=canary",
        "http://127.0.0.1:1/#a",
    ] {
        let mut config = vendor.config(client_credentials());
        config.api_url = base.into();
        let clock = std::sync::Arc::new(locum_core::SystemClock::new());
        let outcome = locum_client::Client::new(&plain(), config, clock, 1);
        let error = outcome.expect_err(base);
        assert!(matches!(error, Error::Config(_)), "{error:?}");
    }
}
