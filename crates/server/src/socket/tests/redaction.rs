//! What the journal keeps of frames.

use super::*;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.bm8tc2lnbmF0dXJl";

#[tokio::test]
async fn no_frame_brings_a_secret_into_the_journal() {
    let running = start().await;
    let headers = format!("{GOOD}Authorization: Bearer hunter-canary\r\n");
    let (mut stream, head) = knock(&running, "GET /echo/echo HTTP/1.1", &headers).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let texts = [
        "{\"type\":\"config\",\"access_token\":\"canary-1x\"}",
        "{\"access_token\":\"canary-2x\"",
        "{'password':'canary-3x'}",
        "{\"a\":{\"token\":[\"canary-4x\"]}}",
        "password=canary-5x&a=b",
        "Bearer canary-6x",
        "as before: hunter-canary",
        JWT,
    ];
    let mut bytes: Vec<u8> = texts
        .iter()
        .flat_map(|text| frame(0x81, text.as_bytes()))
        .collect();
    let reason = format!("token: {}", &JWT[..60]);
    bytes.extend(frame(
        0x88,
        &[&4401u16.to_be_bytes(), reason.as_bytes()].concat(),
    ));
    stream.write_all(&bytes).await.expect("it takes bytes");
    let mut echoed = Vec::new();
    stream.read_to_end(&mut echoed).await.expect("a clean end");
    assert!(
        String::from_utf8_lossy(&echoed).contains("canary-6x"),
        "the client is answered as ever"
    );
    let stage = running.stages.stage("default").expect("it is there");
    let entry = stage
        .find(&locum_core::Filter::default())
        .pop()
        .expect("an entry");
    assert!(entry.frames.len() > 2 * texts.len(), "{entry:?}");
    let journal = serde_json::to_string(&entry).expect("JSON");
    for secret in ["canary", "eyJ"] {
        assert!(!journal.contains(secret), "{secret}: {journal}");
    }
    let first = entry.frames[0].text.as_deref();
    assert_eq!(
        first,
        Some("{\"type\":\"config\",\"access_token\":\"«unknown, 9 bytes»\"}")
    );
}
