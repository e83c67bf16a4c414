//! Sentences of the vendor's pages that no other test holds.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;

/// "curl -X POST https://rcm-api.athelas.com/v1/ambient/api/auth/token": under that name the main
/// port answers at its root.
#[tokio::test]
async fn the_documented_host_answers_at_the_root() {
    let server = server().await;
    let main = server.running.stages.address;
    for (host, status) in [
        ("rcm-api.athelas.com", 422),
        ("RCM-API.athelas.com:443", 422),
        ("elsewhere.example.com", 404),
    ] {
        let mut stream = TcpStream::connect(main).await.expect("it listens");
        let request = format!(
            "{TOKEN} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{FORM}Content-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let answer = locum_testkit::http::read(&mut stream).await;
        assert_eq!(answer.status, status, "{host}: {}", answer.text());
    }
}

/// api-reference: seven kinds of audio; "maximum file size in the web interface is 5MB, larger via
/// curl".
#[tokio::test]
async fn each_kind_of_audio_is_taken_and_more_than_5_mb() {
    let server = server().await;
    let token = login(&server).await;
    for end in ["mp3", "mp4", "mpeg", "mpga", "m4a", "wav", "webm"] {
        let name = format!("visit.{end}");
        let parts = [("audio_file", Some(name.as_str()), "sound")];
        let answer = post(&server, "/transcribe", &token, &parts).await;
        assert_eq!(answer.status, 202, "{end}: {}", answer.text());
    }
    let large = "x".repeat(6_000_000);
    let parts = [("audio_file", Some("visit.wav"), large.as_str())];
    let answer = post(&server, "/transcribe", &token, &parts).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}

/// get-transcription-details: seven members, of which `id` and `task_status` alone are never null.
#[tokio::test]
async fn a_transcription_has_its_seven_members() {
    let server = server().await;
    server.set("job_step_s", 10);
    let token = login(&server).await;
    let parts = [("audio_file", Some("visit.wav"), "sound")];
    let id = post(&server, "/transcribe", &token, &parts).await.json()["transcription_id"].clone();
    let body = get(&server, &format!("/transcribe/{id}"), &token)
        .await
        .json();
    let mut names: Vec<&str> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    let documented = [
        "created_at",
        "error_message",
        "id",
        "raw_text",
        "task_status",
        "updated_at",
        "workflow_id",
    ];
    assert_eq!(names, documented);
    assert!(body["id"].is_u64() && body["task_status"].is_string());
    assert!(body["raw_text"].is_null(), "{body}");
}
