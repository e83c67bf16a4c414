//! What is not documented, by setting.

use locum_core::Timestamp;
use serde_json::{Value, json};

use super::*;

async fn ask(server: &TestServer, body: &str) -> Answer {
    server.request(TOKEN, FORM, body).await
}

#[tokio::test]
async fn the_older_fastapi_differs_in_four_places() {
    let server = server().await;
    server.set("fastapi_profile", "0.115");
    let form = form(&server, 0);
    let name = format!("username={}", account(&server, 0).0);
    let mismatch = |input: &str| {
        format!(
            r#"{{"detail":[{{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern 'password'","input":"{input}","ctx":{{"pattern":"password"}}}}]}}"#
        )
    };
    let answer = ask(&server, &format!("{form}&grant_type=")).await;
    assert_eq!((answer.status, answer.text()), (422, mismatch("")));
    let answer = ask(&server, &format!("{form}&grant_type=implicit")).await;
    assert_eq!((answer.status, answer.text()), (422, mismatch("implicit")));
    assert_eq!(
        ask(&server, &format!("{form}&grant_type=xpasswordx"))
            .await
            .status,
        200
    );
    let answer = ask(&server, &format!("{name}&password=")).await;
    assert_eq!((answer.status, answer.text().as_str()), (401, WRONG));
    let token = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    let two_spaces = get(&server, "/scribe/12345", &format!(" {token}")).await;
    assert_eq!(
        (two_spaces.status, two_spaces.text().as_str()),
        (401, NOT_VALIDATED)
    );
}

#[tokio::test]
async fn extra_spaces_may_differ_from_the_profile() {
    let server = server().await;
    let token = login(&server).await;
    for (profile, spaces, status) in [
        ("0.165", "profile", 200),
        ("0.165", "refuse", 401),
        ("0.115", "profile", 401),
        ("0.115", "accept", 200),
    ] {
        server.set("fastapi_profile", profile);
        server.set("extra_spaces", spaces);
        let answer = get(&server, "/scribe/12345", &format!(" {token}")).await;
        assert_eq!(answer.status, status, "{profile} {spaces}");
    }
}

#[tokio::test]
async fn a_missing_token_may_be_403() {
    let server = server().await;
    server.set("missing_token_status", 403);
    for (headers, status, body) in [
        ("", 403, NOT_AUTHENTICATED),
        (
            "Authorization: Basic YTpi\r\n",
            403,
            r#"{"detail":"Invalid authentication credentials"}"#,
        ),
        ("Authorization: Bearer bad\r\n", 401, NOT_VALIDATED),
    ] {
        let answer = server
            .request("GET /v1/ambient/api/scribe/12345", headers, "")
            .await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (status, body),
            "{headers}"
        );
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            status == 401,
            "{headers}"
        );
    }
}

#[tokio::test]
async fn errors_may_look_as_in_rfc_6749() {
    let server = server().await;
    server.set("error_shape", "rfc6749");
    let form = form(&server, 0);
    let name = format!("username={}", account(&server, 0).0);
    for (body, error) in [
        (format!("{name}&password=wrong"), "invalid_grant"),
        ("username=nobody&password=x".to_owned(), "invalid_grant"),
        (super::form(&server, 2), "invalid_grant"),
        (name, "invalid_request"),
        (
            format!("{form}&grant_type=implicit"),
            "unsupported_grant_type",
        ),
    ] {
        let answer = ask(&server, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"error": error})),
            "{body}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{body}");
    }
}

#[tokio::test]
async fn the_token_reply_follows_its_settings() {
    let server = server().await;
    let reply = async || ask(&server, &form(&server, 0)).await;
    server.set("cache_headers", "rfc");
    let answer = reply().await;
    assert_eq!(
        (answer.header("cache-control"), answer.header("pragma")),
        (Some("no-store"), Some("no-cache"))
    );
    for (setting, expected) in [
        ("3600", json!(3600)),
        ("\"3600\"", json!("3600")),
        ("null", Value::Null),
        ("-1", json!(-1)),
        ("soon", json!("soon")),
    ] {
        server.set("expires_in", setting);
        let answer = reply().await.json();
        assert_eq!(answer.get("expires_in"), Some(&expected), "{setting}");
    }
    server.set("token_padding", 8192);
    let long = login(&server).await;
    assert!(long.len() > 8192);
    assert_eq!(get(&server, "/scribe/12345", &long).await.status, 200);
    server.set("repeated_param", "400");
    let twice = ask(&server, &format!("username=a&{}", form(&server, 0))).await;
    assert_eq!(twice.status, 400);
}

#[tokio::test]
async fn tokens_of_other_forms_live_and_die_as_well() {
    let server = server().await;
    for (format, segments) in [("jwt", 3), ("jwt_no_exp", 3), ("opaque", 1)] {
        server.set("token_format", format);
        let token = login(&server).await;
        assert_eq!(token.split('.').count(), segments, "{format}");
        assert_eq!(
            get(&server, "/scribe/12345", &token).await.status,
            200,
            "{format}"
        );
        server.advance(172_801.0);
        assert_eq!(
            get(&server, "/scribe/12345", &token).await.status,
            401,
            "{format}"
        );
    }
}

/// With FastAPI's own two claims two logins inside a second give one text.
#[tokio::test]
async fn claims_are_those_of_the_setting() {
    let server = server().await;
    server.set("claims", json!(["sub", "exp"]));
    let token = login(&server).await;
    assert_eq!(token, login(&server).await);
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    server.set("claims", json!(["sub", "exp", "aud", "nbf", "jti"]));
    let token = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    server.set("claims", json!(["sub", "exp"]));
    assert_eq!(
        get(&server, "/scribe/12345", &token).await.status,
        401,
        "an audience nobody configured"
    );
    server.set("claims", json!(["sub", "jti"]));
    let eternal = login(&server).await;
    assert_eq!(
        get(&server, "/scribe/12345", &eternal).await.status,
        401,
        "no exp"
    );
    server.set("require_exp", false);
    assert_eq!(get(&server, "/scribe/12345", &eternal).await.status, 200);
}

#[tokio::test]
async fn a_token_from_the_future_is_refused() {
    let server = server().await;
    let token = login(&server).await;
    server.advance(-2.0);
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 401);
}

#[tokio::test]
async fn lifetimes_follow_their_settings() {
    let server = server().await;
    server.set("token_ttl_s", 5);
    let short = login(&server).await;
    server.set("enforce_expiry", false);
    let lenient = login(&server).await;
    server.advance(6.0);
    assert_eq!(get(&server, "/scribe/12345", &lenient).await.status, 200);
    server.set("enforce_expiry", true);
    assert_eq!(get(&server, "/scribe/12345", &short).await.status, 401);
}

#[tokio::test]
async fn an_older_token_may_end_with_a_new_login() {
    let server = server().await;
    server.set("concurrent_tokens", false);
    let (first, second) = (login(&server).await, login(&server).await);
    assert_eq!(get(&server, "/scribe/12345", &first).await.status, 401);
    assert_eq!(get(&server, "/scribe/12345", &second).await.status, 200);
}

#[tokio::test]
async fn a_deactivated_accounts_token_follows_its_setting() {
    let server = server().await;
    let token = login(&server).await;
    let mut principals = server.document().principals;
    principals["users"][0]["state"] = "inactive".into();
    server.change_principals(principals).expect("principals");
    assert_eq!(ask(&server, &form(&server, 0)).await.status, 401);
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    server.set("deactivate_kills_tokens", true);
    let dead = get(&server, "/scribe/12345", &token).await;
    assert_eq!((dead.status, dead.text().as_str()), (401, NOT_VALIDATED));
}

/// "Configure appropriate permissions and rate limits": each account has its own.
#[tokio::test]
async fn rate_limits() {
    let server = server().await;
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(Timestamp::from_seconds(
            1_795_514_400,
        )));
    server.set("rate_limit", 2);
    let token = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    server.advance(20.0);
    for (headers, retry_after) in [
        ("none", None),
        ("retry_after_s", Some("40")),
        ("retry_after_date", Some("Tue, 24 Nov 2026 10:01:00 GMT")),
    ] {
        server.set("rate_limit_headers", headers);
        for answer in [
            get(&server, "/scribe/12345", &token).await,
            ask(&server, &form(&server, 0)).await,
        ] {
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (429, r#"{"details":"Too many requests"}"#),
                "{headers}"
            );
            assert_eq!(answer.header("retry-after"), retry_after, "{headers}");
        }
    }
    assert_eq!(ask(&server, &form(&server, 1)).await.status, 200);
    server.advance(40.0);
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
}

#[tokio::test]
async fn jobs_and_uploads_follow_their_settings() {
    let server = server().await;
    let token = login(&server).await;
    let ids = ("template_ids", None, "1042");
    server.set("require_content", false);
    assert_eq!(post(&server, "/scribe", &token, &[ids]).await.status, 202);
    for status in [400, 422] {
        server.set("template_forbidden_status", status);
        let other = post(&server, "/scribe", &token, &[("template_ids", None, "9")]).await;
        assert_eq!(
            (u64::from(other.status), other.text().as_str()),
            (
                status,
                r#"{"detail":"You do not have access to these template_ids [9]"}"#
            )
        );
    }
    server.set("max_upload_mb", 1);
    let fits = "x".repeat(1_000_000);
    assert_eq!(
        post(
            &server,
            "/transcribe",
            &token,
            &[("audio_file", Some("a"), &fits)]
        )
        .await
        .status,
        202
    );
    let large = "x".repeat(1_000_001);
    assert_eq!(
        post(
            &server,
            "/transcribe",
            &token,
            &[("audio_file", Some("a"), &large)]
        )
        .await
        .status,
        413
    );
    server.set("trailing_slash", "404");
    assert_eq!(get(&server, "/scribe/12345/", &token).await.status, 404);
}

#[tokio::test]
async fn jobs_end_as_the_setting_says() {
    let server = server().await;
    server.set("job_step_s", 0);
    let token = login(&server).await;
    for (at, end, scribe, transcription, error) in [
        (0, "failed", "FAILED", "STT_ERROR", true),
        (1, "incomplete", "FAILED", "STT_INCOMPLETE", false),
        (2, "completed", "COMPLETED", "STT_COMPLETED", false),
    ] {
        server.set("job_end", end);
        post(
            &server,
            "/scribe",
            &token,
            &[("template_ids", None, "1042"), ("transcripts", None, "a")],
        )
        .await;
        post(
            &server,
            "/transcribe",
            &token,
            &[("audio_file", Some("a"), "x")],
        )
        .await;
        let answer = get(&server, &format!("/scribe/{}", 12346 + 2 * at), &token).await;
        assert_eq!(answer.json()["status"], scribe, "{end}");
        let answer = get(&server, &format!("/transcribe/{}", 12347 + 2 * at), &token)
            .await
            .json();
        assert_eq!(answer["task_status"], transcription, "{end}");
        assert_eq!(answer["error_message"].is_string(), error, "{end}");
    }
}

/// Quirk 17: an unknown word must not stop a client.
#[tokio::test]
async fn a_script_of_states_is_read_word_by_word() {
    let server = server().await;
    server.set("job_states", json!(["IN_PROGRESS", "PONDERING", "FAILED"]));
    let token = login(&server).await;
    let created = post(
        &server,
        "/scribe",
        &token,
        &[("template_ids", None, "1042"), ("transcripts", None, "a")],
    )
    .await;
    assert_eq!(created.json()["status"], "IN_PROGRESS");
    for state in ["IN_PROGRESS", "PONDERING", "FAILED", "FAILED"] {
        assert_eq!(
            get(&server, "/scribe/12346", &token).await.json()["status"],
            state
        );
    }
}
