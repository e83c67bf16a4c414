//! Token requests that are granted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// api/authentication: the sample request (its e-mail address restored, which the page's
/// obfuscation has eaten) and the sample reply with the token's end replaced.
#[tokio::test]
async fn the_documents_sample_passes_as_printed() {
    let server = server().await;
    let answer = server.request(TOKEN, FORM, form(&server, 0)).await;
    let token = answer.json()["access_token"]
        .as_str()
        .expect("text")
        .to_owned();
    let first = token.split('.').next().expect("a segment").to_owned();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text().replace(&token[first.len() + 1..], ".."),
        r#"{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...","token_type":"bearer"}"#
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("server"), Some("uvicorn"));
    assert_eq!(answer.header("cache-control"), None);
    assert_eq!(answer.header("pragma"), None);
    let scribe = get(&server, "/scribe/12345", &token).await;
    assert_eq!(scribe.status, 200);
    assert_eq!(scribe.json()["status"], "COMPLETED");
}

/// "Tokens have a default expiration time of 172,800 seconds (48 hours)."
#[tokio::test]
async fn a_token_lives_48_hours_to_the_second() {
    let server = server().await;
    let now = 1_795_514_400;
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(Timestamp::from_seconds(now)));
    let token = login(&server).await;
    let claims = claims(&token);
    assert_eq!(claims["exp"], now + 172_800);
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["sub"], "svc+locum@example.com");
    server.advance(172_799.0);
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    server.advance(1.0);
    let dead = get(&server, "/scribe/12345", &token).await;
    assert_eq!((dead.status, dead.text().as_str()), (401, NOT_VALIDATED));
    assert_eq!(dead.header("www-authenticate"), Some("Bearer"));
    let new = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &new).await.status, 200);
}

#[tokio::test]
async fn two_logins_at_one_time_give_two_tokens_that_both_work() {
    let server = server().await;
    let (first, second) = (login(&server).await, login(&server).await);
    assert_ne!(first, second);
    assert_eq!(get(&server, "/scribe/12345", &first).await.status, 200);
    assert_eq!(get(&server, "/scribe/12345", &second).await.status, 200);
}

/// What the model takes beside the sample.
#[tokio::test]
async fn good_token_requests() {
    let server = server().await;
    let form = form(&server, 0);
    let (username, password) = account(&server, 0);
    let (raw_name, raw_password) = (server.credential("username"), server.credential("password"));
    let part = "Content-Type: multipart/form-data; boundary=B\r\n";
    let parts = multipart(&[
        ("username", None, &raw_name),
        ("password", None, &raw_password),
    ]);
    for (headers, body) in [
        (FORM, format!("grant_type=password&{form}")),
        (FORM, format!("grant_type=&{form}")),
        (FORM, format!("username=somebody&{form}")),
        (FORM, format!("{form}&scope=x&client_id=y&unknown=z")),
        (
            FORM,
            format!("username={username}&password=wrong&password={password}"),
        ),
        (
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n",
            form.clone(),
        ),
        (
            "content-type: APPLICATION/X-WWW-FORM-URLENCODED\r\n",
            form.clone(),
        ),
        (part, parts),
    ] {
        let answer = server.request(TOKEN, headers, &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
}

/// "Rotate passwords regularly for service accounts".
#[tokio::test]
async fn a_rotated_password_takes_effect_at_once() {
    let server = server().await;
    let (old, token) = (form(&server, 0), login(&server).await);
    let users =
        json!({"users": [{"username": "svc+locum@example.com", "password": "new & better=1%"}]});
    server.change_principals(users).expect("principals");
    assert_eq!(server.request(TOKEN, FORM, old).await.status, 401);
    assert_eq!(
        server.request(TOKEN, FORM, form(&server, 0)).await.status,
        200
    );
    assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
    let stray = server.change_principals(json!({"users": [{"name": "x"}]}));
    assert!(stray.is_err_and(|fault| fault.contains("unknown field `name`")));
}

/// FastAPI reads a form's bytes as Latin-1 before it decodes the escapes.
#[tokio::test]
async fn a_name_outside_ascii_has_to_be_encoded() {
    let server = server().await;
    let users = json!({"users": [{"username": "müller", "password": "x"}]});
    server.change_principals(users).expect("principals");
    for (body, status) in [
        ("username=m%C3%BCller&password=x", 200),
        ("username=müller&password=x", 401),
    ] {
        assert_eq!(
            server.request(TOKEN, FORM, body).await.status,
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn the_journal_names_account_and_token_and_keeps_no_secret() {
    let server = server().await;
    let token = login(&server).await;
    get(&server, "/scribe/12345", &token).await;
    let journal = journal(&server);
    assert!(
        journal.contains("«access token 1 of svc+locum@example.com»"),
        "{journal}"
    );
    assert!(!journal.contains(&token));
    assert!(!journal.contains(&server.credential("password")));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let (one, two) = (server().await, server().await);
    let at = Timestamp::from_seconds(1_795_514_400);
    one.stage.clock.adjust(locum_server::ClockChange::set(at));
    two.stage.clock.adjust(locum_server::ClockChange::set(at));
    assert_eq!(one.credential("password"), two.credential("password"));
    assert_eq!(login(&one).await, login(&two).await);
}

#[tokio::test]
async fn a_token_without_jti_dies_with_a_reset() {
    let server = server().await;
    let set_up = || {
        let now = Timestamp::from_seconds(1_795_514_400);
        server.set("claims", json!(["sub", "exp"]));
        let clock = &server.stage.clock;
        clock.adjust(locum_server::ClockChange::set(now));
    };
    set_up();
    let old = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &old).await.status, 200);
    let reset = server.running.stages.reset(&server.stage).await;
    reset.expect("it is as it was");
    set_up();
    let new = login(&server).await;
    assert_eq!(get(&server, "/scribe/12345", &new).await.status, 200);
    assert_eq!(get(&server, "/scribe/12345", &old).await.status, 401);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Quirk 11: whatever an account is called survives the form's encoding.
    #[test]
    fn any_name_and_password_log_in(username in ".{1,20}", password in ".{1,20}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let status = runtime.block_on(async {
            let server = server().await;
            let users = json!({"users": [{"username": username, "password": password}]});
            server.change_principals(users).expect("principals");
            server.request(TOKEN, FORM, form(&server, 0)).await.status
        });
        prop_assert_eq!(status, 200);
    }
}
