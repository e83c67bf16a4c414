//! The two websockets on the wire, frame by frame.

use locum_testkit::websocket::frame;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::caller::{create, token};
use super::*;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const TRANSCRIBE: &str = "/audio-bridge/v2/transcribe?tenant-name=copiloteu";

/// A client's end of a socket.
struct Wire(TcpStream);

impl Wire {
    /// Asks for an upgrade of `target`; the status of the answer.
    async fn ask(server: &TestServer, target: &str) -> (u16, Self) {
        let mut stream = TcpStream::connect(server.host()).await.expect("it listens");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.host()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a head"));
        }
        let head = String::from_utf8(head).expect("ASCII");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        (status.expect("a status"), Self(stream))
    }

    async fn open(server: &TestServer, target: &str) -> Self {
        let (status, wire) = Self::ask(server, target).await;
        assert_eq!(status, 101, "{target}");
        wire
    }

    async fn say(&mut self, message: &Value) {
        let bytes = frame(TEXT, message.to_string().as_bytes());
        self.0.write_all(&bytes).await.expect("sent");
    }

    async fn play(&mut self, bytes: usize) {
        let bytes = frame(BINARY, &vec![0; bytes]);
        self.0.write_all(&bytes).await.expect("sent");
    }

    /// The next message, or the code of a close; pings are passed over.
    async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let first = self.0.read_u8().await.expect("a frame");
            let length = match self.0.read_u8().await.expect("a length") {
                126 => self.0.read_u16().await.expect("a length"),
                length => u16::from(length),
            };
            let mut payload = vec![0; usize::from(length)];
            self.0.read_exact(&mut payload).await.expect("a payload");
            match first & 0x0f {
                1 => return Ok(serde_json::from_slice(&payload).expect("JSON")),
                8 => {
                    return Err(payload
                        .first_chunk()
                        .map_or(1005, |code| u16::from_be_bytes(*code)));
                }
                _ => {}
            }
        }
    }

    /// What is heard until a message of that type, types in front.
    async fn until(&mut self, end: &str) -> Vec<(String, Value)> {
        let mut seen = Vec::new();
        loop {
            let message = self.hear().await.expect("no close yet");
            let name = text(&message, "type");
            seen.push((name.clone(), message));
            if name == end {
                return seen;
            }
        }
    }
}

fn types(seen: &[(String, Value)]) -> Vec<&str> {
    seen.iter().map(|(name, _)| name.as_str()).collect()
}

fn dictation() -> Value {
    json!({"type": "config", "configuration": {"primaryLanguage": "en"}})
}

fn consultation() -> Value {
    json!({"type": "config", "configuration": {
        "transcription": {"primaryLanguage": "en", "isDiarization": false, "isMultichannel": false,
            "participants": [{"channel": 0, "role": "multiple"}]},
        "mode": {"type": "facts", "outputLocale": "en"},
    }})
}

async fn transcribe(server: &TestServer) -> String {
    format!("{TRANSCRIBE}&token=Bearer%20{}", token(server, 0, "").await)
}

async fn streams(server: &TestServer) -> String {
    let token = token(server, 0, "").await;
    let id = create(server, &token, "planned", "p").await;
    format!(
        "/audio-bridge/v2/interactions/{id}/streams?tenant-name=copiloteu&token=Bearer%20{token}"
    )
}

#[tokio::test]
async fn a_dictation_goes_from_configuration_to_its_end() {
    let server = TestServer::start(vendor()).await;
    server.set("ws_bytes_per_transcript", 8000);
    let mut wire = Wire::open(&server, &transcribe(&server).await).await;
    wire.say(&dictation()).await;
    let accepted = wire.hear().await.expect("a message");
    assert_eq!(accepted["type"], "CONFIG_ACCEPTED");
    assert!(accepted["sessionId"].is_string());
    assert_eq!(accepted["configuration"], dictation()["configuration"]);
    for _ in 0..2 {
        wire.play(8000).await;
    }
    wire.say(&json!({"type": "flush"})).await;
    let seen = wire.until("flushed").await;
    assert_eq!(types(&seen), ["transcript", "transcript", "flushed"]);
    assert_eq!(
        names(&seen[0].1["data"]),
        "text rawTranscriptText start end isFinal"
    );
    wire.say(&json!({"type": "end"})).await;
    let seen = wire.until("ended").await;
    assert_eq!(types(&seen), ["usage", "ended"]);
    assert_eq!(seen[0].1["credits"], 0.1);
    assert_eq!(wire.hear().await, Err(1000));
}

#[tokio::test]
async fn a_consultation_brings_transcripts_and_facts() {
    let server = TestServer::start(vendor()).await;
    server.set("ws_bytes_per_transcript", 8000);
    for key in ["fact", "data"] {
        server.set("ws_facts_key", key);
        let mut wire = Wire::open(&server, &streams(&server).await).await;
        wire.say(&consultation()).await;
        let accepted = wire.hear().await.expect("a message");
        assert_eq!(accepted["type"], "CONFIG_ACCEPTED");
        assert_eq!(accepted.get("sessionId"), None);
        wire.say(&consultation()).await;
        let again = wire.hear().await.expect("a message");
        assert_eq!(again, json!({"type": "CONFIG_ALREADY_RECEIVED"}));
        wire.play(8000).await;
        wire.say(&json!({"type": "end"})).await;
        let seen = wire.until("ENDED").await;
        assert_eq!(types(&seen), ["transcript", "facts", "usage", "ENDED"]);
        let transcript = &seen[0].1["data"][0];
        assert_eq!(
            names(transcript),
            "id transcript final speakerId participant time"
        );
        assert_eq!(names(&transcript["time"]), "start end");
        assert!(transcript["participant"]["channel"].is_i64());
        let fact = &seen[1].1[key][0];
        for name in [
            "id",
            "text",
            "group",
            "groupId",
            "isDiscarded",
            "source",
            "createdAt",
        ] {
            assert!(fact.get(name).is_some(), "{name}: {}", seen[1].1);
        }
        assert_eq!(wire.hear().await, Err(1000));
    }
}

#[tokio::test]
async fn a_bad_configuration_is_denied_and_the_session_closed() {
    let server = TestServer::start(vendor()).await;
    let mut bad_format = dictation();
    bad_format["configuration"]["audioFormat"] = "nonsense".into();
    let no_language = json!({"type": "config", "configuration": {}});
    for (setting, config, expected) in [
        ("CONFIG_DENIED", &bad_format, "CONFIG_DENIED"),
        ("CONFIG_REJECTED", &bad_format, "CONFIG_REJECTED"),
        ("CONFIG_REJECTED", &no_language, "CONFIG_DENIED"),
    ] {
        server.set("ws_bad_audio_format", setting);
        let mut wire = Wire::open(&server, &transcribe(&server).await).await;
        wire.say(config).await;
        let denied = wire.hear().await.expect("a message");
        assert_eq!(denied["type"], expected);
        assert!(denied["reason"].is_string());
        assert_eq!(wire.hear().await, Err(1000));
    }
}

/// "within 10 seconds"; what the stream says then is told in two ways by two pages.
#[tokio::test]
async fn a_configuration_that_does_not_come_in_time_ends_the_session() {
    let server = TestServer::start(vendor()).await;
    let rows = [
        (
            transcribe(&server).await,
            "CONFIG_NOT_PROVIDED",
            "CONFIG_TIMEOUT",
        ),
        (
            streams(&server).await,
            "CONFIG_NOT_PROVIDED",
            "CONFIG_NOT_PROVIDED",
        ),
        (streams(&server).await, "CONFIG_TIMEOUT", "CONFIG_TIMEOUT"),
    ];
    for (target, setting, expected) in rows {
        server.set("ws_streams_timeout_type", setting);
        let mut wire = Wire::open(&server, &target).await;
        server.advance(9.9);
        wire.say(&json!({"type": "nonsense"})).await;
        assert_eq!(wire.hear().await.expect("a message")["type"], "error");
        server.advance(0.1);
        assert_eq!(wire.hear().await.expect("a message")["type"], expected);
        assert_eq!(wire.hear().await, Err(1000));
    }
}

#[tokio::test]
async fn an_audio_frame_has_64000_bytes_at_most() {
    let server = TestServer::start(vendor()).await;
    let mut wire = Wire::open(&server, &transcribe(&server).await).await;
    wire.say(&dictation()).await;
    wire.until("CONFIG_ACCEPTED").await;
    wire.play(64_000).await;
    wire.say(&json!({"type": "flush"})).await;
    wire.until("flushed").await;
    wire.play(64_001).await;
    assert_eq!(wire.hear().await, Err(1009));
}

/// A runtime error has an id, a title, a status and details, and the session goes on.
#[tokio::test]
async fn an_error_in_the_session_is_a_message() {
    let server = TestServer::start(vendor()).await;
    let mut wire = Wire::open(&server, &transcribe(&server).await).await;
    wire.say(&dictation()).await;
    wire.until("CONFIG_ACCEPTED").await;
    wire.say(&json!({"type": "dance"})).await;
    let told = wire.hear().await.expect("a message");
    assert_eq!(names(&told), "type error");
    assert_eq!(names(&told["error"]), "requestid title status details");
    wire.say(&json!({"type": "flush"})).await;
    wire.until("flushed").await;
}

/// Refusals come before the upgrade; `tenant-name` and `token` are both required.
#[tokio::test]
async fn what_is_wrong_at_the_upgrade_is_told_before_it() {
    let server = TestServer::start(vendor()).await;
    let good = token(&server, 0, "").await;
    let unknown = "/audio-bridge/v2/interactions/00000000-0000-4000-8000-000000000000/streams?tenant-name=copiloteu";
    let malformed = "/audio-bridge/v2/interactions/x/streams?tenant-name=copiloteu";
    for (target, status) in [
        (format!("{TRANSCRIBE}&token=Bearer%20{good}"), 101),
        (format!("{TRANSCRIBE}&token=Bearer+{good}"), 101),
        (TRANSCRIBE.to_owned(), 401),
        (format!("{TRANSCRIBE}&token={good}"), 401),
        (format!("{TRANSCRIBE}&token=Bearer%20x"), 401),
        (format!("{TRANSCRIBE}&token=Bearer {good}"), 400),
        (
            format!("/audio-bridge/v2/transcribe?token=Bearer%20{good}"),
            403,
        ),
        (format!("{unknown}&token=Bearer%20{good}"), 404),
        (format!("{malformed}&token=Bearer%20{good}"), 404),
    ] {
        assert_eq!(Wire::ask(&server, &target).await.0, status, "{target}");
    }
    server.advance(300.0);
    let target = format!("{TRANSCRIBE}&token=Bearer%20{good}");
    assert_eq!(Wire::ask(&server, &target).await.0, 401, "it has ended");
}

/// "at any time open the WebSocket again and resume by sending the configuration".
#[tokio::test]
async fn an_interaction_can_be_streamed_again() {
    let server = TestServer::start(vendor()).await;
    let target = streams(&server).await;
    for _ in 0..2 {
        let mut wire = Wire::open(&server, &target).await;
        wire.say(&consultation()).await;
        wire.until("CONFIG_ACCEPTED").await;
    }
}
