use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use locum_client::{ApiOperation, Body, Error, ErrorKind, Reply};

use super::vendor::{CannedReply, RecordedRequest, Vendor, plain, token};

async fn vendor(
    api: impl Fn(usize, &RecordedRequest) -> CannedReply + Send + Sync + 'static,
) -> Vendor {
    Vendor::new(move |n, seen| match seen.target.as_str() {
        "/token" => token(n),
        _ => api(n, seen),
    })
    .await
}

fn post(body: Body) -> ApiOperation {
    ApiOperation {
        body,
        ..ApiOperation::new(Method::POST, "/x")
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_made_again() {
    let vendor = vendor(|n, _| CannedReply::new(if n == 1 { 401 } else { 200 }, "")).await;
    let call = post(Body::Bytes(Bytes::from_static(b"{\"a\":1}")));
    let reply = vendor.client(&plain()).call(call).await.expect("a reply");
    assert_eq!(reply.status, StatusCode::OK);
    let called = vendor.to("/api/x");
    assert_eq!(called[0].header("authorization"), "Bearer tok1");
    assert_eq!(called[1].header("authorization"), "Bearer tok2");
    assert_eq!(called[0].body, called[1].body);
    assert_eq!((called.len(), vendor.count("/token")), (2, 2));
}

#[tokio::test]
async fn the_second_refusal_surfaces() {
    let vendor = vendor(|_, _| CannedReply::new(401, "<html>")).await;
    let outcome = vendor.client(&plain()).call(ApiOperation::get("/x")).await;
    let error = outcome.expect_err("refused");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(401)));
    assert_eq!((vendor.count("/api/x"), vendor.count("/token")), (2, 2));
}

#[tokio::test]
async fn a_stream_is_sent_once() {
    let vendor = vendor(|_, _| CannedReply::new(401, "")).await;
    let client = vendor.client(&plain());
    let parts = [Ok(Bytes::from_static(b"a")), Ok(Bytes::from_static(b"b"))];
    let body = Body::Stream(Box::pin(futures_util::stream::iter(parts)));
    let error = client.call(post(body)).await.expect_err("refused");
    assert_eq!(error, Error::NotReplayable { status: 401 });
    assert_eq!((vendor.count("/api/x"), error.kind()), (1, ErrorKind::Auth));
    // The token is gone all the same.
    let _ = client.call(ApiOperation::get("/y")).await;
    assert_eq!(
        vendor.to("/api/y")[0].header("authorization"),
        "Bearer tok2"
    );
}

async fn kept(status: u16) {
    let vendor = vendor(move |_, _| CannedReply::new(status, "")).await;
    let client = vendor.client(&plain());
    for _ in 0..2 {
        let reply = client.call(post(Body::None)).await.expect("a reply");
        assert_eq!(reply.status.as_u16(), status);
    }
    assert_eq!((vendor.count("/api/x"), vendor.count("/token")), (2, 1));
}

#[tokio::test]
async fn other_refusals_say_nothing_of_the_token() {
    for status in [403, 404, 422, 500, 302] {
        kept(status).await;
    }
}

async fn throttled(
    call: ApiOperation,
    answer: fn() -> CannedReply,
    times: usize,
) -> (Result<Reply, Error>, Duration) {
    let vendor = vendor(move |_, _| answer()).await;
    let client = vendor.client(&plain());
    let began = tokio::time::Instant::now();
    let outcome = client.call(call).await;
    assert_eq!(vendor.count("/api/x"), times);
    (outcome, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_is_tried_four_times_with_growing_pauses() {
    let (outcome, took) = throttled(ApiOperation::get("/x"), || CannedReply::new(503, ""), 4).await;
    assert_eq!(outcome.expect_err("throttled").kind(), ErrorKind::Throttled);
    assert!(took >= Duration::from_secs(7), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_repeated_after_a_429_and_not_after_a_503() {
    let (outcome, _) = throttled(post(Body::None), || CannedReply::new(503, ""), 1).await;
    assert_eq!(outcome.expect_err("throttled").status(), Some(503));
    let (outcome, _) = throttled(post(Body::None), || CannedReply::new(429, ""), 4).await;
    assert_eq!(outcome.expect_err("throttled").status(), Some(429));
}

#[tokio::test(start_paused = true)]
async fn a_named_time_is_kept_and_an_absurd_one_is_handed_on() {
    let two = || CannedReply::new(429, "").with("retry-after", "2");
    let (_, took) = throttled(ApiOperation::get("/x"), two, 4).await;
    assert!(took >= Duration::from_secs(2 + 2 + 4), "{took:?}");
    let date = || {
        CannedReply::new(429, "")
            .with("date", "Tue, 24 Nov 2026 10:00:00 GMT")
            .with("retry-after", "Tue, 24 Nov 2026 10:00:03 GMT")
    };
    let (_, took) = throttled(ApiOperation::get("/x"), date, 4).await;
    assert!(took >= Duration::from_secs(3 + 3 + 4), "{took:?}");
    let day = || CannedReply::new(429, "").with("retry-after", "86400");
    let (outcome, _) = throttled(ApiOperation::get("/x"), day, 1).await;
    let error = outcome.expect_err("throttled");
    assert_eq!(error.wait(), Some(Duration::from_hours(24)));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_outlasts_the_callers_limit_is_not_begun() {
    let call = ApiOperation {
        timeout: Some(Duration::from_secs(5)),
        ..ApiOperation::get("/x")
    };
    let slow = || CannedReply::new(429, "").with("retry-after", "30");
    let (outcome, took) = throttled(call, slow, 1).await;
    // The vendor's own number, without our jitter.
    let wait = Some(Duration::from_secs(30));
    assert_eq!(
        outcome.map(|reply| reply.status),
        Err(Error::Throttled { status: 429, wait })
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_presigned_url_sees_no_credentials() {
    let vendor = vendor(|_, _| CannedReply::new(200, "")).await;
    let client = vendor.client(&plain());
    client.token().await.expect("a token");
    let url = format!("{}/bucket/file?X-Amz-Signature=abc", vendor.base);
    let body = Bytes::from_static(b"pdf");
    let sent = client.upload(Method::PUT, &url, http::HeaderMap::new(), body);
    assert_eq!(sent.await.expect("a reply").status, StatusCode::OK);
    let seen = &vendor.to("/bucket/file")[0];
    assert_eq!((seen.method.as_str(), seen.body.as_str()), ("PUT", "pdf"));
    let forbidden = [
        "authorization",
        "x-amz-date",
        "x-amz-security-token",
        "cookie",
        "tenant-name",
    ];
    assert!(forbidden.iter().all(|name| seen.header(name).is_empty()));
}

#[tokio::test]
async fn a_path_cannot_lead_to_another_host() {
    let vendor = vendor(|_, _| CannedReply::new(200, "")).await;
    let client = vendor.client(&plain());
    for path in ["@127.0.0.2/", ".evil.example/", "x"] {
        let outcome = client.call(ApiOperation::get(path)).await;
        assert!(matches!(outcome, Err(Error::Refused(_))), "{path}");
    }
    assert_eq!(vendor.seen.lock().expect("whole").len(), 0);
}

#[tokio::test]
async fn no_wait_is_reported_that_the_vendor_did_not_ask_for() {
    let part = Ok(Bytes::from_static(b"a"));
    let stream = Body::Stream(Box::pin(futures_util::stream::iter([part])));
    let (outcome, _) = throttled(post(stream), || CannedReply::new(429, ""), 1).await;
    let wait = None;
    assert_eq!(
        outcome.map(|reply| reply.status),
        Err(Error::Throttled { status: 429, wait })
    );
}

#[tokio::test]
async fn the_longest_timeout_is_no_limit() {
    let vendor = vendor(|_, _| CannedReply::new(200, "")).await;
    let operation = ApiOperation {
        timeout: Some(Duration::MAX),
        ..ApiOperation::get("/x")
    };
    let reply = vendor.client(&plain()).call(operation).await;
    assert_eq!(reply.expect("a reply").status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_of_the_caller_is_sent() {
    let vendor = vendor(|_, _| CannedReply::new(200, "")).await;
    let mut operation = ApiOperation::get("/x");
    let cookie = http::HeaderValue::from_static("a=b");
    operation.headers.insert(http::header::COOKIE, cookie);
    vendor
        .client(&plain())
        .call(operation)
        .await
        .expect("a reply");
    assert_eq!(vendor.to("/api/x")[0].header("cookie"), "a=b");
}

#[tokio::test]
async fn names_below_localhost_are_this_machine() {
    let vendor = vendor(|_, _| CannedReply::new(200, "")).await;
    let mut config = vendor.config(super::vendor::client_credentials());
    config.api_url = config.api_url.replace("127.0.0.1", "api.acme.localhost");
    let client = vendor.client_with(&plain(), config);
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    assert!(
        vendor.to("/api/x")[0]
            .header("host")
            .starts_with("api.acme.localhost:")
    );
}
