//! The API: who is let in, what is refused, and how jobs go on.

use locum_core::{Clock, Timestamp, TokenKind};
use locum_server::store::{Change, TokenQuery};

use super::*;

const SCRIBE: &str = "GET /v1/ambient/api/scribe/12345";

#[tokio::test]
async fn ways_of_showing_the_token() {
    let server = server().await;
    let token = login(&server).await;
    let (head, rest) = token.split_once('.').expect("segments");
    let (payload, signature) = rest.split_once('.').expect("segments");
    let forged = format!(
        "{head}.{payload}.{}",
        signature.chars().rev().collect::<String>()
    );
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
    let served = "COMPLETED";
    let show = |value: String| format!("Authorization: {value}\r\n");
    let cases: Vec<(String, u16, &str)> = vec![
        (show(format!("Bearer {token}")), 200, served),
        (show(format!("bearer {token}")), 200, served),
        (show(format!("BEARER {token}")), 200, served),
        (show(format!("Bearer  {token}")), 200, served),
        (show(format!("Bearer {token}  ")), 200, served),
        (String::new(), 401, NOT_AUTHENTICATED),
        (show(String::new()), 401, NOT_AUTHENTICATED),
        (show("Basic YTpi".to_owned()), 401, NOT_AUTHENTICATED),
        (show(format!("Token {token}")), 401, NOT_AUTHENTICATED),
        (show(format!("Bearer: {token}")), 401, NOT_AUTHENTICATED),
        (show(token.clone()), 401, NOT_AUTHENTICATED),
        (show(format!("Bearer\t{token}")), 401, NOT_AUTHENTICATED),
        (show("Bearer".to_owned()), 401, NOT_VALIDATED),
        (show("Bearer ".to_owned()), 401, NOT_VALIDATED),
        (show(format!("Bearer \"{token}\"")), 401, NOT_VALIDATED),
        (show("Bearer garbage".to_owned()), 401, NOT_VALIDATED),
        (show(format!("Bearer {head}.{payload}")), 401, NOT_VALIDATED),
        (show(format!("Bearer {forged}")), 401, NOT_VALIDATED),
        (show(format!("Bearer {unsigned}")), 401, NOT_VALIDATED),
        (
            show(format!("Bearer {}", token.to_uppercase())),
            401,
            NOT_VALIDATED,
        ),
        (
            format!(
                "{}{}",
                show("Bearer bad".to_owned()),
                show(format!("Bearer {token}"))
            ),
            401,
            NOT_VALIDATED,
        ),
        (
            format!(
                "{}{}",
                show(format!("Bearer {token}")),
                show("Bearer bad".to_owned())
            ),
            200, // measured: the first of the two is read
            served,
        ),
    ];
    for (headers, status, expected) in &cases {
        let answer = server.request(SCRIBE, headers, "").await;
        assert_eq!(answer.status, *status, "{headers}");
        assert!(
            answer.text().contains(expected),
            "{headers}: {}",
            answer.text()
        );
        let challenge = (*status == 401).then_some("Bearer");
        assert_eq!(answer.header("www-authenticate"), challenge, "{headers}");
    }
    assert!(!journal(&server).contains(&token));
}

#[tokio::test]
async fn a_token_elsewhere_is_no_token() {
    let server = server().await;
    let token = login(&server).await;
    let query = format!("{SCRIBE}?access_token={token}");
    let answer = server.request(&query, "", "").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, NOT_AUTHENTICATED)
    );
    let body = format!("access_token={token}&template_ids=1042&transcripts=a");
    let answer = server
        .request("POST /v1/ambient/api/scribe", FORM, body)
        .await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, NOT_AUTHENTICATED)
    );
}

/// The token comes before path and body (401 before 404 and 422), the method before the token.
#[tokio::test]
async fn the_order_of_checks() {
    let server = server().await;
    let token = login(&server).await;
    let bad_id = r#"{"detail":[{"type":"int_parsing","loc":["path","scribe_id"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"abc"}]}"#;
    let bad_transcription = bad_id.replace("scribe_id", "transcription_id");
    let no_audio = r#"{"detail":[{"type":"missing","loc":["body","audio_files"],"msg":"Field required","input":null}]}"#;
    let no_file = no_audio.replace("audio_files", "audio_file");
    let no_templates = no_audio.replace("audio_files", "template_ids");
    for (line, status, expected) in [
        ("GET /v1/ambient/api/scribe/abc", 422, bad_id),
        (
            "GET /v1/ambient/api/scribe/999",
            404,
            r#"{"detail":"Scribe not found"}"#,
        ),
        (
            "GET /v1/ambient/api/scribe/99999999999999999999999",
            404,
            r#"{"detail":"Scribe not found"}"#,
        ),
        (
            "GET /v1/ambient/api/transcribe/abc",
            422,
            bad_transcription.as_str(),
        ),
        (
            "GET /v1/ambient/api/transcribe/999",
            404,
            r#"{"detail":"Transcription not found"}"#,
        ),
        ("POST /v1/ambient/api/scribe", 422, no_templates.as_str()),
        ("POST /v1/ambient/api/transcribe", 422, no_file.as_str()),
        (
            "POST /v1/ambient/api/scribe/999/regenerate/audio",
            422,
            no_audio,
        ),
    ] {
        let answer = server.request(line, "", "").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (401, NOT_AUTHENTICATED),
            "{line}"
        );
        let answer = server.request(line, &bearer(&token), "").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (status, expected),
            "{line}"
        );
    }
    for (line, allow) in [
        ("GET /v1/ambient/api/scribe", "POST"),
        ("POST /v1/ambient/api/scribe/12345", "GET"),
        ("HEAD /v1/ambient/api/scribe/12345", "GET"),
        ("DELETE /v1/ambient/api/transcribe/1", "GET"),
    ] {
        let answer = server.request(line, "Connection: close\r\n", "").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allow)),
            "{line}"
        );
    }
}

/// Bodies of a create request, each beside what it answers.
#[tokio::test]
async fn bodies_of_a_create_request() {
    let server = server().await;
    let token = login(&server).await;
    let element = |at: usize, input: &str| {
        format!(
            r#"{{"detail":[{{"type":"int_parsing","loc":["body","template_ids",{at}],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"{input}"}}]}}"#
        )
    };
    let missing = r#"{"detail":[{"type":"missing","loc":["body","template_ids"],"msg":"Field required","input":null}]}"#;
    let forbidden = r#"{"detail":"You do not have access to these template_ids [234234]"}"#;
    let text = ("transcripts", None, "Hello.");
    let audio = ("audio_files", Some("a.wav"), "RIFF");
    let id = |value: &'static str| ("template_ids", None, value);
    for (parts, status, expected) in [
        (vec![id("1042"), text], 202, String::new()),
        (vec![id("1042"), id("2056"), audio, audio], 202, String::new()),
        (vec![id("1042"), text, ("patient_name", None, "A"), ("date_of_service", None, "2023-11-07T05:31:56Z"), ("additional_context", None, "{'age':72,'gender':'M'}")], 202, String::new()),
        (vec![text], 422, missing.to_owned()),
        (vec![("template_ids[]", None, "1042"), text], 422, missing.to_owned()),
        (vec![id("1042,2056"), text], 422, element(0, "1042,2056")),
        (vec![id("1042"), id("x"), text], 422, element(1, "x")),
        (vec![id("1042"), id("234234"), text], 403, forbidden.to_owned()),
        (vec![id("3077"), id("234234"), text], 403, forbidden.replace("234234", "3077, 234234")),
        (vec![id("1042")], 422, r#"{"detail":"Either audio_files or transcripts is required"}"#.to_owned()),
        (vec![id("1042"), text, ("date_of_service", None, "soon")], 422, r#"{"detail":[{"type":"datetime_from_date_parsing","loc":["body","date_of_service"],"msg":"Input should be a valid datetime or date, input is too short","input":"soon","ctx":{"error":"input is too short"}}]}"#.to_owned()),
    ] {
        let answer = post(&server, "/scribe", &token, &parts).await;
        assert_eq!(answer.status, status, "{parts:?}: {}", answer.text());
        if status != 202 {
            assert_eq!(answer.text(), expected, "{parts:?}");
        }
    }
    let bare = format!("Content-Type: multipart/form-data\r\n{}", bearer(&token));
    let answer = server
        .request("POST /v1/ambient/api/scribe", &bare, multipart(&[text]))
        .await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (400, r#"{"detail":"Missing boundary in multipart."}"#)
    );
    let headers = format!("{FORM}{}", bearer(&token));
    let answer = server
        .request(
            "POST /v1/ambient/api/scribe",
            &headers,
            "template_ids=1042&template_ids=2056&transcripts=a",
        )
        .await;
    assert_eq!(answer.status, 202);
}

/// api-reference: create, then poll to the end; then regenerate.
#[tokio::test]
async fn a_scribe_goes_from_state_to_state() {
    let server = server().await;
    server.set("job_step_s", 10);
    let token = login(&server).await;
    let at = Timestamp::parse_rfc3339("2023-11-07T05:31:56Z");
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(at.expect("a date")));
    let token_2023 = login(&server).await;
    assert_ne!(token, token_2023);
    let parts = [
        ("template_ids", None, "1042"),
        ("transcripts", None, "Hello."),
    ];
    let created = post(&server, "/scribe", &token_2023, &parts).await;
    assert_eq!(created.status, 202);
    assert_eq!(
        created.text(),
        r#"{"scribe_id":12346,"status":"IN_PROGRESS","submitted_at":"2023-11-07T05:31:56Z"}"#
    );
    let status = async || {
        let answer = get(&server, "/scribe/12346", &token_2023).await;
        answer.json()["status"].as_str().expect("text").to_owned()
    };
    assert_eq!(status().await, "IN_PROGRESS");
    server.advance(9.999);
    assert_eq!(status().await, "IN_PROGRESS");
    server.advance(0.001);
    assert_eq!(status().await, "COMPLETED");
    let audio = [("audio_files", Some("a.mp3"), "ID3")];
    let again = post(
        &server,
        "/scribe/12346/regenerate/audio",
        &token_2023,
        &audio,
    )
    .await;
    assert_eq!(
        (again.status, again.text().as_str()),
        (202, r#"{"scribe_id":12346,"status":"IN_PROGRESS"}"#)
    );
    assert_eq!(status().await, "IN_PROGRESS");
    server.advance(10.0);
    assert_eq!(status().await, "COMPLETED");
    let unknown = post(&server, "/scribe/1/regenerate/audio", &token_2023, &audio).await;
    assert_eq!(
        (unknown.status, unknown.text().as_str()),
        (404, r#"{"detail":"Scribe not found"}"#)
    );
}

#[tokio::test]
async fn a_transcription_goes_from_state_to_state() {
    let server = server().await;
    server.set("job_step_s", 10);
    let at = Timestamp::parse_rfc3339("2023-11-07T05:31:56Z");
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(at.expect("a date")));
    let token = login(&server).await;
    let audio = [
        ("audio_file", Some("a.webm"), "x"),
        ("patient_name", None, "A"),
    ];
    let created = post(&server, "/transcribe", &token, &audio).await;
    assert_eq!(
        (created.status, created.text().as_str()),
        (
            202,
            r#"{"transcription_id":12346,"submitted_at":"2023-11-07T05:31:56Z"}"#
        )
    );
    for (state, text, updated) in [
        ("DETECTED_FILE", "null", "56"),
        ("STT_PROCESSING", "null", "06"),
        ("STT_COMPLETED", "\"Patient", "16"),
        ("STT_COMPLETED", "\"Patient", "16"),
    ] {
        let answer = get(&server, "/transcribe/12346", &token).await;
        let expected = format!(r#"{{"id":12346,"task_status":"{state}","raw_text":{text}"#);
        assert!(answer.text().starts_with(&expected), "{}", answer.text());
        assert!(
            answer.json()["updated_at"]
                .as_str()
                .is_some_and(|at| at.ends_with(&format!("{updated}Z"))),
            "{}",
            answer.text()
        );
        server.advance(10.0);
    }
    let as_text = [("audio_file", None, "x")];
    let refused = post(&server, "/transcribe", &token, &as_text).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("Expected UploadFile"),
        "{}",
        refused.text()
    );
}

/// The control API's way of ending a token.
#[tokio::test]
async fn a_revoked_and_an_ended_token_look_alike() {
    let server = server().await;
    for change in [Change::Revoke, Change::Expire(Timestamp::default())] {
        let token = login(&server).await;
        assert_eq!(get(&server, "/scribe/12345", &token).await.status, 200);
        let live = server
            .stage
            .store
            .list(TokenQuery {
                kinds: Some(vec![TokenKind::Access]),
                ..TokenQuery::default()
            })
            .await
            .expect("it answers");
        let last = live.last().expect("a token").id;
        let changed = server
            .stage
            .store
            .change(last, change, server.stage.clock.now());
        changed.await.expect("it answers");
        let answer = get(&server, "/scribe/12345", &token).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (401, NOT_VALIDATED)
        );
    }
}
