//! What a fault does to a websocket, in raw bytes.

use super::*;

async fn with_fault(then: &str) -> App {
    let running = start().await;
    let fault = format!(r#"{{"then": {then}}}"#);
    let line = "POST /_locum/faults";
    let address = running.stages.address.to_string();
    let bytes = locum_testkit::http::request(&address, line, "", fault.as_bytes());
    let answer = locum_testkit::http::send(&address, &bytes).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    running
}

/// What comes back for two texts and a close.
async fn answered(then: &str) -> Vec<String> {
    let running = with_fault(then).await;
    let mut stream = open(&running).await;
    let sent = [
        frame(0x81, b"hello"),
        frame(0x81, b"again"),
        frame(0x88, &1000u16.to_be_bytes()),
    ];
    stream
        .write_all(&sent.concat())
        .await
        .expect("it takes bytes");
    frames(&mut stream).await
}

#[tokio::test]
async fn messages_come_in_fragments() {
    assert_eq!(
        answered(r#"{"fragments": 2}"#).await,
        ["1:he", "0:ll", "0:o", "1:ag", "0:ai", "0:n", "8:1000"]
    );
}

#[tokio::test]
async fn a_bad_frame_takes_the_place_of_a_message() {
    assert_eq!(
        answered(r#"{"bad_frame": "unknown_opcode"}"#).await,
        ["3:x", "1:again", "8:1000"]
    );
    assert_eq!(
        answered(r#"{"bad_frame": "continuation", "after_messages": 1}"#).await,
        ["1:hello", "0:x", "8:1000"]
    );
}

#[tokio::test]
async fn a_socket_is_closed_with_any_code() {
    assert_eq!(
        answered(r#"{"close_ws": 1011, "after_messages": 1}"#).await,
        ["1:hello", "8:1011"]
    );
    assert_eq!(answered(r#"{"close_ws": 1005}"#).await, ["8:1005"]);
}

#[tokio::test]
async fn a_message_comes_in_three_frames_with_a_ping_between() {
    assert_eq!(
        answered(r#"{"interleave": true}"#).await[..4],
        ["1:he", "0:", "9:locum-02", "0:llo"]
    );
}

#[tokio::test]
async fn a_connection_is_dropped_without_a_close_frame() {
    assert!(answered(r#"{"drop_ws": true}"#).await.is_empty());
    let after = r#"{"drop_ws": true, "after_messages": 1}"#;
    assert_eq!(answered(after).await, ["1:hello"]);
}

/// A fault that waits for no message of the client.
#[tokio::test]
async fn a_fault_comes_unprompted() {
    let unasked = async |then: &str| {
        let running = with_fault(then).await;
        let mut stream = open(&running).await;
        frames(&mut stream).await
    };
    let at_once = r#"{"drop_ws": true, "unprompted": true}"#;
    assert!(unasked(at_once).await.is_empty());
    let at_once = r#"{"close_ws": 1012, "unprompted": true}"#;
    assert_eq!(unasked(at_once).await, ["8:1012"]);
    let frame =
        r#"{"bad_frame": "unknown_opcode", "body": "{}", "after_messages": 1, "unprompted": true}"#;
    assert_eq!(
        answered(frame).await,
        ["1:hello", "3:{}", "1:again", "8:1000"]
    );
}

/// A client that reads late answers the ping when the mock has closed already: its pong was taken for
/// the close frame.
#[tokio::test]
async fn what_comes_before_the_clients_close_is_itself() {
    let running = start().await;
    let mut stream = open(&running).await;
    let sent = [
        frame(0x81, b"close"),
        frame(0x8a, b"late"),
        frame(0x81, b"later"),
        frame(0x88, &4001u16.to_be_bytes()),
    ];
    stream
        .write_all(&sent.concat())
        .await
        .expect("it takes bytes");
    frames(&mut stream).await;
    let seen: Vec<String> = ended_entry(&running)
        .await
        .frames
        .iter()
        .map(|frame| {
            let text = frame.text.as_deref().unwrap_or_default();
            format!("{} {} {text}", frame.from, frame.opcode)
        })
        .collect();
    let expected = [
        "client text close",
        "mock close 4001 told so",
        "client pong late",
        "client text later",
        "client close 4001",
    ];
    assert_eq!(seen, expected);
}

/// The entry of the one socket, once it is over.
async fn ended_entry(running: &App) -> locum_core::Entry {
    let stage = running.stages.stage("default").expect("it is there");
    loop {
        let written = stage.written.notified();
        let entry = stage.find(&locum_core::Filter::default()).pop();
        match entry.filter(|entry| entry.closed.is_some()) {
            Some(entry) => return entry,
            None => written.await,
        }
    }
}

/// What a judge of clients looks at.
#[tokio::test]
async fn the_journal_says_how_each_frame_came_and_when_it_was_over() {
    let running = with_fault(r#"{"interleave": true}"#).await;
    let mut unmasked = frame(0x81, b"hi");
    unmasked[1] &= 0x7f;
    unmasked.drain(2..6);
    let mut stream = open(&running).await;
    let sent = [
        frame(0x01, b"h"),
        frame(0x8a, b"locum-02"),
        frame(0x80, b"i"),
        unmasked,
    ];
    stream
        .write_all(&sent.concat())
        .await
        .expect("it takes bytes");
    frames(&mut stream).await;
    let entry = ended_entry(&running).await;
    let seen: Vec<_> = entry
        .frames
        .iter()
        .map(|frame| {
            let text = frame.text.as_deref().unwrap_or_default();
            (frame.opcode.as_str(), text, frame.masked, frame.goes_on)
        })
        .collect();
    let expected = [
        ("text", "", Some(true), true),
        ("pong", "locum-02", Some(true), false),
        ("continuation", "hi", Some(true), false),
        ("text", "hi", None, false),
        ("ping", "locum-02", None, false),
        ("text", "", Some(false), false),
        ("close", "1002", None, false),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_answer_to_a_handshake_is_twisted() {
    let head = async |answer: &str| {
        let running = with_fault(&format!(r#"{{"answer": "{answer}"}}"#)).await;
        let (_, head) = knock(&running, "GET /echo/echo HTTP/1.1", GOOD).await;
        let journal = running.stages.stage("default").expect("it is there");
        let entries = journal.find(&locum_core::Filter::default());
        assert!(entries[0].fault.is_some(), "{answer}");
        head.to_ascii_lowercase()
    };
    let accept = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=";
    let good = head("extension").await;
    assert!(good.contains("101") && good.contains(accept), "{good}");
    assert!(good.contains("sec-websocket-extensions: nobody-offered-this"));
    let wrong = head("wrong_accept").await;
    assert!(wrong.contains("sec-websocket-accept:") && !wrong.contains(accept));
    assert!(!head("no_accept").await.contains("sec-websocket-accept"));
    assert!(!head("no_upgrade").await.contains("upgrade: websocket"));
    let other = head("wrong_upgrade").await;
    assert!(other.starts_with("http/1.1 101") && other.contains("upgrade: h2c"));
    assert!(!head("no_connection").await.contains("connection:"));
    let other = head("wrong_connection").await;
    assert!(!other.contains("connection: upgrade"), "{other}");
    let protocol = head("protocol").await;
    assert!(protocol.contains("sec-websocket-protocol: nobody-offered-this"));
    let plain = head("status200").await;
    assert!(plain.starts_with("http/1.1 200"), "{plain}");
}

#[tokio::test]
async fn a_handshake_is_redirected() {
    let running = with_fault(r#"{"redirect": "ws://elsewhere.invalid/"}"#).await;
    let (_, head) = knock(&running, "GET /echo/echo HTTP/1.1", GOOD).await;
    assert!(head.starts_with("HTTP/1.1 307"), "{head}");
    assert!(head.contains("location: ws://elsewhere.invalid/"), "{head}");
}

#[test]
fn each_bad_frame_is_bad_in_its_way() {
    use crate::inject::socket::bad_frame;
    use locum_core::fault::BadFrame;
    let first = |kind| bad_frame(kind, "x").0[..2].to_vec();
    assert_eq!(first(BadFrame::ReservedBit), [0xC1, 1]);
    assert_eq!(first(BadFrame::Masked), [0x81, 0x81]);
    assert_eq!(first(BadFrame::LongPing), [0x89, 126]);
    assert_eq!(first(BadFrame::BadUtf8), [0x81, 3]);
    let text = r#"{"type":"usage","note":""}"#;
    assert_eq!(
        bad_frame(BadFrame::Masked, text).0[..6],
        [0x81, 0x80 + 26, 0, 0, 0, 0]
    );
    let broken = bad_frame(BadFrame::BadUtf8, text).0;
    assert_eq!(broken[2..].len(), text.len() + 2);
    let read = String::from_utf8_lossy(&broken[2..]);
    assert_eq!(read, "{\"type\":\"usage\",\"note\":\"\u{fffd}(\"}");
}
