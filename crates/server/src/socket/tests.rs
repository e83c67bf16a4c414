//! Raw frames against a vendor that echoes: what the library gets wrong by default is put right.

mod faults;
mod redaction;

use std::sync::Arc;

use locum_core::Profile;
use locum_core::journal::Mask;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use locum_testkit::websocket::{frame, frames};

use super::{Incoming, Socket, SocketHandler, accept};
use crate::vendor::VendorState;
use crate::{App, Document, Mock, Routes, ServerConfig, StageInit, Vendor};

const PROFILE: &str = r#"
vendor = "echo"
title = "Echo"
[urls]
token = "/token"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 60
[socket]
token_parameter = "token"
token_prefix = ""
max_frame = 1000
[endpoints.echo]
methods = ["GET"]
path = "/echo"
[denials.default]
status = 400
[denials.not_an_upgrade]
status = 426
headers = { "upgrade" = "websocket", "connection" = "Upgrade" }
[denials.bad_socket_version]
status = 426
headers = { "upgrade" = "websocket", "connection" = "Upgrade", "sec-websocket-version" = "13" }
[denials.wrong_method]
status = 405
"#;

/// What a handler sees when it sends and reads after the end.
type AfterEnd = (bool, Incoming);

/// Echoes texts, tells lengths of sound, closes with 4001 when told `close`.
struct Echo {
    profile: Profile,
    ends: UnboundedSender<AfterEnd>,
}

impl Vendor for Echo {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        let ends = self.ends.clone();
        Routes::new().public("echo", move |mock, request| {
            let ends = ends.clone();
            async move {
                let select = request.raw_query() == "select";
                let handler = SocketHandler::new(move |socket| echo(socket, ends));
                accept(&mock, &request, handler, select)
            }
        })
    }

    fn new_state(&self, _: &StageInit<'_>) -> Result<VendorState, String> {
        Ok(Arc::new(()))
    }

    fn document(&self, _: &Mock) -> Document {
        Document::default()
    }

    fn change_principals(&self, _: &Mock, _: serde_json::Value) -> Result<(), String> {
        Ok(())
    }
}

async fn echo(mut socket: Socket, ends: UnboundedSender<AfterEnd>) {
    loop {
        let said = match socket.next().await {
            Incoming::Text(text) if text == "close" => {
                socket.close(4001, "told so").await;
                continue;
            }
            Incoming::Text(text) => text,
            Incoming::Binary(bytes) => bytes.len().to_string(),
            Incoming::Closed => break,
        };
        socket.send(said).await;
    }
    let sent = socket.send("too late").await;
    let _ = ends.send((sent, socket.next().await));
}

const GOOD: &str = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn start() -> App {
    start_with_ends().await.0
}

async fn start_with_ends() -> (App, UnboundedReceiver<AfterEnd>) {
    let profile = Profile::parse("echo.toml", PROFILE).expect("a profile");
    let (ends, seen) = unbounded_channel();
    let running = App::start(
        ServerConfig::loopback(),
        vec![Arc::new(Echo { profile, ends })],
    )
    .await
    .expect("it starts");
    (running, seen)
}

/// Sends an upgrade; the connection and the head of the answer.
async fn knock(running: &App, line: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(running.stages.address)
        .await
        .expect("it listens");
    let head = format!("{line}\r\n{headers}\r\n");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("it takes bytes");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    (stream, String::from_utf8(answer).expect("a head is text"))
}

async fn open(running: &App) -> TcpStream {
    let (stream, head) = knock(running, "GET /echo/echo HTTP/1.1", GOOD).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// Sends `bytes` on an open socket and compares what comes back until the end.
async fn check(running: &App, name: &str, bytes: &[Vec<u8>], expected: &[&str]) {
    let mut stream = open(running).await;
    // In one piece: what comes after the fault lies unread, which must not become a reset.
    stream
        .write_all(&bytes.concat())
        .await
        .expect("it takes bytes");
    assert_eq!(frames(&mut stream).await, expected, "{name}");
}

/// A name, the frames that are sent, and what comes back.
type Case<'a> = (&'a str, Vec<Vec<u8>>, &'a [&'a str]);

#[tokio::test]
async fn a_broken_protocol_is_told_by_its_close_code() {
    let running = start().await;
    let bye = || frame(0x88, &1000u16.to_be_bytes());
    let good = || frame(0x81, b"hi");
    let mut unmasked = frame(0x81, b"hi");
    unmasked[1] &= 0x7f;
    unmasked.drain(2..6);
    let cases: &[Case<'_>] = &[
        ("text and close", vec![good(), bye()], &["1:hi", "8:1000"]),
        ("unmasked", vec![unmasked, good()], &["8:1002"]),
        (
            "a reserved bit",
            vec![frame(0xc1, b"hi"), good()],
            &["8:1002"],
        ),
        ("a reserved opcode", vec![frame(0x83, b"hi")], &["8:1002"]),
        (
            "a reserved control opcode",
            vec![frame(0x8b, b"")],
            &["8:1002"],
        ),
        (
            "bad UTF-8",
            vec![good(), frame(0x81, b"\xff"), good()],
            &["1:hi", "8:1007"],
        ),
        ("half a character", vec![frame(0x81, b"\xc3")], &["8:1007"]),
        ("an orphan", vec![frame(0x80, b"hi")], &["8:1002"]),
        (
            "a text inside a text",
            vec![frame(0x01, b"h"), frame(0x81, b"i")],
            &["8:1002"],
        ),
        ("a long ping", vec![frame(0x89, &[b'x'; 126])], &["8:1002"]),
        ("a ping in pieces", vec![frame(0x09, b"x")], &["8:1002"]),
        ("a close of one byte", vec![frame(0x88, b"x")], &["8:1002"]),
        ("an empty close", vec![frame(0x88, b"")], &["8:1005"]),
        (
            "an own close code",
            vec![frame(0x88, &4401u16.to_be_bytes())],
            &["8:4401"],
        ),
        (
            "a forbidden close code",
            vec![frame(0x88, &1005u16.to_be_bytes())],
            &["8:1002"],
        ),
        ("data after close", vec![bye(), good()], &["8:1000"]),
        (
            "as long as may be",
            vec![frame(0x82, &[0; 1000]), bye()],
            &["1:1000", "8:1000"],
        ),
        (
            "too long",
            vec![frame(0x82, &[0; 1001]), good()],
            &["8:1009"],
        ),
        (
            "much too long",
            vec![frame(0x82, &[0; 65_535]), good()],
            &["8:1009"],
        ),
        (
            "long in pieces",
            vec![frame(0x02, &[0; 900]), frame(0x80, &[0; 900]), bye()],
            &["1:1800", "8:1000"],
        ),
        (
            "a ping between pieces",
            vec![
                frame(0x01, b"h"),
                frame(0x89, b"p"),
                frame(0x80, b"i"),
                bye(),
            ],
            &["10:p", "1:hi", "8:1000"],
        ),
        (
            "an unasked pong",
            vec![frame(0x8a, b"x"), good(), bye()],
            &["1:hi", "8:1000"],
        ),
        (
            "the vendor closes",
            vec![frame(0x81, b"close"), good(), bye()],
            &["8:4001"],
        ),
    ];
    for (name, bytes, expected) in cases {
        check(&running, name, bytes, expected).await;
    }
}

/// What came in pieces, one byte a time, is the same.
#[tokio::test]
async fn frames_may_come_byte_by_byte() {
    let running = start().await;
    let mut stream = open(&running).await;
    for byte in [frame(0x81, b"hi"), frame(0x88, &1000u16.to_be_bytes())].concat() {
        stream.write_all(&[byte]).await.expect("it takes bytes");
        stream.flush().await.expect("it takes bytes");
    }
    assert_eq!(frames(&mut stream).await, ["1:hi", "8:1000"]);
}

#[tokio::test]
async fn after_the_end_nothing_is_sent_and_nothing_comes() {
    let (running, mut ends) = start_with_ends().await;
    let told = [frame(0x81, b"close"), frame(0x88, b"")].concat();
    for last in [frame(0x88, b""), told, frame(0xc1, b"")] {
        let mut stream = open(&running).await;
        stream.write_all(&last).await.expect("it takes bytes");
        assert_eq!(frames(&mut stream).await.len(), 1, "the close frame alone");
        drop(stream);
        assert_eq!(ends.recv().await, Some((false, Incoming::Closed)));
    }
}

#[tokio::test]
async fn a_socket_is_told_when_its_stage_or_the_server_goes() {
    let (running, mut ends) = start_with_ends().await;
    // Answers the close frame, as a client does, and reads to the end.
    let told = async |mut stream: TcpStream| {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await.expect("a close frame");
        let close = frame(0x88, &head[2..]);
        stream.write_all(&close).await.expect("it takes bytes");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.expect("a clean end");
        (head[0], u16::from_be_bytes([head[2], head[3]]))
    };
    let spec = serde_json::from_str(r#"{"name": "own"}"#).expect("a spec");
    running.stages.add(spec).await.expect("a stage");
    let (stream, head) = knock(&running, "GET /s/own/echo/echo HTTP/1.1", GOOD).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(running.stages.remove("own"));
    assert_eq!(told(stream).await, (0x88, 1001));
    assert_eq!(ends.recv().await, Some((false, Incoming::Closed)));
    let stream = open(&running).await;
    let ((), seen) = tokio::join!(running.stop(), told(stream));
    assert_eq!(seen, (0x88, 1001));
    assert_eq!(ends.recv().await, Some((false, Incoming::Closed)));
}

#[tokio::test]
async fn the_journal_keeps_frames_and_how_it_ended() {
    let running = start().await;
    let stage = running.stages.stage("default").expect("the stage");
    check(
        &running,
        "good",
        &[frame(0x81, b"hi"), frame(0x88, &1000u16.to_be_bytes())],
        &["1:hi", "8:1000"],
    )
    .await;
    check(&running, "bad", &[frame(0xc1, b"hi")], &["8:1002"]).await;
    // The library tells of this code as 1002, and answers so.
    let forbidden = frame(0x88, b"\x03\xeelost");
    check(&running, "forbidden", &[forbidden], &["8:1002"]).await;
    drop(open(&running).await);
    let wanted = [
        vec!["client text hi", "mock text hi", "client close 1000"],
        vec!["client text ", "mock close 1002"],
        vec!["client close 1006 lost"],
        vec!["client close 1006"],
    ];
    loop {
        // The last connection ends when the server notices; each frame wakes us.
        let written = stage.written.notified();
        let entries = stage.find(&locum_core::Filter::default());
        let seen: Vec<Vec<String>> = entries
            .iter()
            .map(|entry| {
                let line = |frame: &locum_core::journal::EntryFrame| {
                    format!(
                        "{} {} {}",
                        frame.from,
                        frame.opcode,
                        frame.text.as_deref().unwrap_or_default()
                    )
                };
                entry.frames.iter().map(line).collect()
            })
            .collect();
        if seen.len() == 4 && !seen[3].is_empty() {
            assert_eq!(seen, wanted);
            let frames = entries.iter().flat_map(|entry| &entry.frames);
            let masks: Vec<_> = frames.map(|frame| frame.mask).collect();
            let key = Some(Mask([1, 2, 3, 4]));
            assert_eq!(masks, [key, None, key, key, None, key, None]);
            return;
        }
        written.await;
    }
}

#[tokio::test]
async fn an_upgrade_is_refused_part_by_part() {
    let running = start().await;
    let without = |name: &str| {
        let lines = GOOD.split_inclusive("\r\n");
        lines
            .filter(|line| !line.starts_with(name))
            .collect::<String>()
    };
    let key = |key: &str| {
        format!(
            "{}Sec-WebSocket-Key: {key}\r\n",
            without("Sec-WebSocket-Key")
        )
    };
    let cases: &[(&str, String, u16)] = &[
        ("GET /echo/echo HTTP/1.1", GOOD.to_owned(), 101),
        (
            "GET /echo/echo HTTP/1.1",
            GOOD.replace("websocket", "WebSocket"),
            101,
        ),
        (
            "GET /echo/echo HTTP/1.1",
            GOOD.replace("Connection: Upgrade", "Connection: keep-alive, upgrade"),
            101,
        ),
        (
            "GET /echo/echo HTTP/1.1",
            format!(
                "{GOOD}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            ),
            101,
        ),
        ("GET /echo/echo HTTP/1.1", without("Host"), 400),
        ("GET /echo/echo HTTP/1.1", format!("{GOOD}Host: y\r\n"), 400),
        ("GET /echo/echo HTTP/1.1", without("Upgrade"), 426),
        ("GET /echo/echo HTTP/1.1", without("Connection"), 426),
        (
            "GET /echo/echo HTTP/1.1",
            without("Sec-WebSocket-Version"),
            426,
        ),
        (
            "GET /echo/echo HTTP/1.1",
            GOOD.replace("Version: 13", "Version: 8"),
            426,
        ),
        ("GET /echo/echo HTTP/1.1", without("Sec-WebSocket-Key"), 400),
        ("GET /echo/echo HTTP/1.1", key(""), 400),
        ("GET /echo/echo HTTP/1.1", key("c2hvcnQ="), 400),
        (
            "GET /echo/echo HTTP/1.1",
            key("dGhlIHNhbXBsZSBub25jZQ"),
            400,
        ),
        (
            "GET /echo/echo HTTP/1.1",
            key("MTIzNDU2Nzg5MDEyMzQ1Njc="),
            400,
        ),
        (
            "GET /echo/echo HTTP/1.1",
            format!("{GOOD}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            400,
        ),
        ("POST /echo/echo HTTP/1.1", GOOD.to_owned(), 405),
        ("GET /echo/echo HTTP/1.0", GOOD.to_owned(), 426),
    ];
    for (line, headers, status) in cases {
        let (_, head) = knock(&running, line, headers).await;
        let got: u16 = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        assert_eq!(got, *status, "{line} {headers}");
        let has = |name: &str| head.to_ascii_lowercase().contains(&format!("\r\n{name}: "));
        assert_eq!(has("upgrade"), [101, 426].contains(status), "{head}");
        assert!(
            !has("sec-websocket-extensions"),
            "no extension is agreed: {head}"
        );
        let version_asked = *status == 426 && !headers.contains("Version: 13");
        assert!(!version_asked || has("sec-websocket-version"), "{head}");
    }
}

#[tokio::test]
async fn a_subprotocol_is_selected_only_when_told_to_and_offered() {
    let running = start().await;
    let offer = format!("{GOOD}Sec-WebSocket-Protocol: a, b\r\n");
    for (target, headers, selected) in [
        ("/echo/echo?select", offer.as_str(), Some("a")),
        ("/echo/echo", offer.as_str(), None),
        ("/echo/echo?select", GOOD, None),
    ] {
        let (_, head) = knock(&running, &format!("GET {target} HTTP/1.1"), headers).await;
        let lines = head.to_ascii_lowercase();
        let got = lines
            .split("\r\n")
            .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(got, selected, "{target}");
    }
}
