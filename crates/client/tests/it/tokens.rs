use std::time::Duration;

use http::StatusCode;
use locum_client::{ApiOperation, Credentials, Error, ErrorKind};
use serde_json::json;

use super::vendor::{CannedReply, Vendor, account, client_credentials, plain, profile, token};

fn honest(n: usize, seen: &super::vendor::RecordedRequest) -> CannedReply {
    match seen.target.as_str() {
        "/token" => token(n),
        _ => CannedReply::new(200, "{}"),
    }
}

#[tokio::test]
async fn the_secret_travels_in_the_body_in_the_order_of_the_page() {
    let vendor = Vendor::new(honest).await;
    let facts = json!({
        "grant": "client_credentials", "expires_in": "seconds", "lifetime_s": 300,
        "scope": "openid",
    });
    let tenant = json!({"api": {"tenant_header": "Tenant-Name"}});
    let client = vendor.client(&profile(&facts, &tenant));
    for _ in 0..2 {
        client
            .call(ApiOperation::get("/interactions/"))
            .await
            .expect("a reply");
    }
    let asked = vendor.to("/token");
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&scope=openid&client_id=id&client_secret=s%3Ae+cret"
    );
    assert_eq!(
        asked[0].header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(asked[0].header("authorization"), "");
    let called = &vendor.to("/api/interactions/")[0];
    assert_eq!(called.header("authorization"), "Bearer tok1");
    assert_eq!(called.header("tenant-name"), "base");
}

#[tokio::test]
async fn the_secret_travels_as_basic_with_both_halves_as_they_are() {
    let vendor = Vendor::new(honest).await;
    let facts = json!({
        "grant": "client_credentials", "expires_in": "milliseconds", "lifetime_s": 3600,
        "secret_in": "basic", "accept": "application/json",
    });
    let client = vendor.client(&profile(&facts, &json!({})));
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    let asked = &vendor.to("/token")[0];
    assert_eq!(asked.body, "grant_type=client_credentials");
    assert_eq!(asked.header("authorization"), "Basic aWQ6czplIGNyZXQ=");
    assert_eq!(asked.header("accept"), "application/json");
    // 300 milliseconds, not seconds.
    vendor.clock.advance(Duration::from_millis(301));
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    assert_eq!(vendor.count("/token"), 2);
}

#[tokio::test]
async fn a_password_grant_without_a_name_sends_the_two_fields_alone() {
    let vendor = Vendor::new(|n, seen| match seen.target.as_str() {
        "/token" => CannedReply::json(
            200,
            &json!({"access_token": format!("t{n}"), "token_type": "bearer"}),
        ),
        _ => CannedReply::new(200, "{}"),
    })
    .await;
    let facts = json!({
        "grant": "password", "expires_in": "absent", "lifetime_s": 172_800,
        "sends_grant_type": false,
    });
    let client = vendor.client_with(&profile(&facts, &json!({})), vendor.config(account()));
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    vendor.clock.advance(Duration::from_secs(100_000));
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    let asked = vendor.to("/token");
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "username=svc%2Ba%40example.com&password=p%26w"
    );
    vendor.clock.advance(Duration::from_secs(72_801));
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    assert_eq!(vendor.count("/token"), 2);
}

#[tokio::test]
async fn no_value_of_expires_in_costs_more_than_a_request_a_call() {
    let values = [
        "null",
        "0",
        "-1",
        "1",
        "300",
        "\"3600\"",
        "3600.5",
        "3600000",
        "2147483648",
        "9007199254740992",
        "1e3",
        "1e400",
        "\"NaN\"",
        "\"soon\"",
        "{}",
        "[]",
        "true",
    ];
    for value in values {
        let body = format!(r#"{{"access_token":"t","token_type":"bearer","expires_in":{value}}}"#);
        let vendor = Vendor::new(move |_, seen| match seen.target.as_str() {
            "/token" => CannedReply::new(200, body.clone()),
            _ => CannedReply::new(200, "{}"),
        })
        .await;
        let client = vendor.client(&plain());
        for calls in 1..=3 {
            let reply = client.call(ApiOperation::get("/x")).await.expect(value);
            assert_eq!(reply.status, StatusCode::OK);
            assert!(vendor.count("/token") <= calls, "{value}");
        }
    }
}

async fn unusable(body: &'static str) {
    let vendor = Vendor::new(move |_, _| CannedReply::new(200, body)).await;
    let outcome = vendor.client(&plain()).call(ApiOperation::get("/x")).await;
    let error = outcome.expect_err(body);
    assert_eq!(error.kind(), ErrorKind::Malformed, "{body}");
    assert_eq!(vendor.count("/api/x"), 0, "{body}");
}

#[tokio::test]
async fn a_reply_without_a_usable_token_is_no_token() {
    unusable("<html>").await;
    unusable("{}").await;
    unusable("[]").await;
    unusable(r#"{"access_token":"#).await;
    unusable(r#"{"access_token":null}"#).await;
    unusable(r#"{"access_token":""}"#).await;
    unusable(r#"{"access_token":7}"#).await;
    unusable(r#"{"access_token":"a b"}"#).await;
    unusable(r#"{"access_token":"a\r\nx: y"}"#).await;
    unusable(r#"{"access_token":"t","token_type":"mac"}"#).await;
}

#[tokio::test]
async fn wrong_credentials_are_shown_once_and_other_ones_begin_anew() {
    let vendor = Vendor::new(|_, seen| match seen.target.as_str() {
        "/token" if seen.body.contains("right") => token(1),
        "/token" => CannedReply::new(401, r#"{"error":"invalid_client"}"#),
        _ => CannedReply::new(200, "{}"),
    })
    .await;
    let client = vendor.client(&plain());
    for _ in 0..50 {
        let error = client
            .call(ApiOperation::get("/x"))
            .await
            .expect_err("refused");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(401)));
    }
    assert_eq!(vendor.count("/token"), 1);
    client.set_credentials(Credentials::Client {
        client_id: "id".into(),
        client_secret: "right".into(),
    });
    client.call(ApiOperation::get("/x")).await.expect("a reply");
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_of_the_token_endpoint_is_waited_out() {
    let vendor = Vendor::new(|n, seen| match (seen.target.as_str(), n) {
        ("/token", 1 | 2) => CannedReply::new(503, ""),
        ("/token", n) => token(n),
        _ => CannedReply::new(200, "{}"),
    })
    .await;
    vendor
        .client(&plain())
        .call(ApiOperation::get("/x"))
        .await
        .expect("a reply");
    assert_eq!(vendor.count("/token"), 3);
}

#[tokio::test]
async fn a_redirected_token_request_is_not_followed() {
    let vendor = Vendor::new(|_, _| CannedReply::new(307, "").with("location", "/elsewhere")).await;
    let outcome = vendor.client(&plain()).call(ApiOperation::get("/x")).await;
    assert_eq!(outcome.expect_err("no token").status(), Some(307));
    assert_eq!(vendor.count("/elsewhere"), 0);
}

#[tokio::test]
async fn a_refresh_token_is_used_rotated_and_replaced_by_the_first_grant() {
    let vendor = Vendor::new(|n, seen| {
        let renewed = seen.body.contains("grant_type=refresh_token");
        match (seen.target.as_str(), n) {
            ("/token", 3) if renewed => CannedReply::new(400, r#"{"error":"invalid_grant"}"#),
            ("/token", n) => CannedReply::json(
                200,
                &json!({"access_token": format!("tok{n}"), "expires_in": 300,
                        "refresh_token": format!("ref{n}")}),
            ),
            _ => CannedReply::new(200, "{}"),
        }
    })
    .await;
    let client = vendor.client(&plain());
    for _ in 0..3 {
        client.call(ApiOperation::get("/x")).await.expect("a reply");
        vendor.clock.advance(Duration::from_secs(301));
    }
    let bodies: Vec<String> = vendor
        .to("/token")
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    assert!(bodies[1].starts_with("grant_type=refresh_token&refresh_token=ref1&client_id=id"));
    assert!(bodies[2].starts_with("grant_type=refresh_token&refresh_token=ref2&client_id=id"));
    assert!(bodies[3].starts_with("grant_type=client_credentials"));
    assert_eq!(bodies.len(), 4);
}

#[tokio::test]
async fn a_revocation_that_is_not_confirmed_leaves_the_token() {
    let vendor = Vendor::new(|n, seen| match (seen.target.as_str(), n) {
        ("/token", n) => token(n),
        ("/revoke", 1) => CannedReply::new(503, ""),
        _ => CannedReply::new(200, ""),
    })
    .await;
    let client = vendor.client(&plain());
    let nothing = client.revoke().await.expect_err("nothing to revoke");
    assert_eq!(nothing.kind(), ErrorKind::Other);
    let first = client.token().await.expect("a token");
    let error = client.revoke().await.expect_err("not confirmed");
    assert_eq!(error.status(), Some(503));
    assert_eq!(client.token().await, Ok(first.clone()));
    client.revoke().await.expect("confirmed");
    let asked = &vendor.to("/revoke")[1].body;
    assert!(asked.starts_with("token=tok1&token_type_hint=access_token&client_id=id"));
    assert_ne!(client.token().await, Ok(first));
}

#[tokio::test]
async fn a_refresh_token_alone_ends_with_its_revocation() {
    let vendor = Vendor::new(honest).await;
    let config = vendor.config(Credentials::RefreshToken("ref".into()));
    let client = vendor.client_with(&plain(), config);
    client.token().await.expect("a token");
    client.revoke().await.expect("confirmed");
    let error: Error = client.token().await.expect_err("signed out");
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(vendor.count("/token"), 1);
}

#[tokio::test]
async fn what_the_profile_wants_must_be_configured() {
    let vendor = Vendor::new(honest).await;
    let tenant = json!({"api": {"tenant_header": "Tenant-Name"}});
    let facts = json!({"grant": "client_credentials", "expires_in": "seconds", "lifetime_s": 1});
    let mut config = vendor.config(client_credentials());
    config.tenant = Some(String::new());
    let clock = std::sync::Arc::new(locum_core::SystemClock::new());
    let outcome = locum_client::Client::new(&profile(&facts, &tenant), config, clock, 1);
    assert!(matches!(outcome, Err(Error::Config(_))));
}

/// RFC 6749 §3.2: such a URL was refused altogether.
#[tokio::test]
async fn the_token_urls_query_is_kept_and_a_fragment_is_refused() {
    let answer = |n: usize, seen: &super::vendor::RecordedRequest| match seen.target.as_str() {
        "/token?api-version=2" => token(n),
        _ => CannedReply::new(200, "{}"),
    };
    let vendor = Vendor::new(answer).await;
    let mut config = vendor.config(client_credentials());
    config.token_url.push_str("?api-version=2");
    let client = vendor.client_with(&plain(), config.clone());
    client.call(ApiOperation::get("/x")).await.expect("a reply");
    assert_eq!(vendor.count("/token"), 1);
    config.token_url.push_str("#part");
    let clock: std::sync::Arc<dyn locum_core::Clock> = vendor.clock.clone();
    let error = locum_client::Client::new(&plain(), config, clock, 7).expect_err("a fragment");
    assert_eq!(
        error.to_string(),
        "configuration: an address must not have a fragment"
    );
}
