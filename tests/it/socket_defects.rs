//! A vendor with one thing wrong about websockets: a server of somebody else's between the harness and
//! the mock, which reads upgrades and frames byte by byte.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;

use super::served::Served;
use super::{checked_as, listener, verdicts};

/// One frame of a client (RFC 6455 §5.2).
struct Frame {
    /// The first byte: whether it is final, reserved bits, opcode.
    first: u8,
    mask: Option<[u8; 4]>,
    payload: Vec<u8>,
}

impl Frame {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut head = [0; 2];
        stream.read_exact(&mut head).ok()?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                stream.read_exact(&mut length).ok()?;
                usize::from(u16::from_be_bytes(length))
            }
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        let is_masked = head[1] & 0x80 != 0;
        if is_masked {
            stream.read_exact(&mut mask).ok()?;
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).ok()?;
        Some(Self {
            first: head[0],
            mask: is_masked.then_some(mask),
            payload,
        })
    }

    /// What it says, without its mask.
    fn text(&self) -> String {
        let mask = self.mask.unwrap_or_default();
        let bytes = self.payload.iter().zip(mask.iter().cycle());
        let bytes: Vec<u8> = bytes.map(|(byte, mask)| byte ^ mask).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Says this instead.
    fn say(&mut self, text: &str) {
        let mask = self.mask.unwrap_or_default();
        let bytes = text.bytes().zip(mask.iter().cycle());
        self.payload = bytes.map(|(byte, mask)| byte ^ mask).collect();
    }

    fn is_close(&self, code: u16) -> bool {
        self.first == CLOSE && self.payload.starts_with(&code.to_be_bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let bit = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        let length = u16::try_from(self.payload.len()).expect("short");
        match u8::try_from(length) {
            Ok(short) if short < 126 => bytes.push(bit | short),
            _ => {
                bytes.push(bit | 0x7e);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend(self.mask.iter().flatten());
        bytes.extend(&self.payload);
        bytes
    }
}

/// A whole text, the first fragment of one, a pong, a close: the first byte of a frame.
const TEXT: u8 = 0x81;
const FRAGMENT: u8 = 0x01;
const PONG: u8 = 0x8a;
const CLOSE: u8 = 0x88;

/// What is wrong.
#[derive(Clone, Copy)]
struct Defect {
    /// An answer of its own to a request, by its head in small letters.
    answers: fn(&str) -> Option<&'static str>,
    /// Changes the head of an answer to an upgrade.
    changes: fn(String) -> String,
    /// Changes a frame before the vendor reads it.
    reads: fn(&mut Frame),
    /// The bytes of a frame of the vendor as they reach the client.
    writes: fn(Frame) -> Vec<u8>,
}

const NOTHING: Defect = Defect {
    answers: |_| None,
    changes: |head| head,
    reads: |_| (),
    writes: |frame| frame.bytes(),
};

const OPENED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn is_upgrade(head: &str) -> bool {
    head.contains("/transcribe") || head.contains("/streams")
}

/// Row, verdict and what is wrong.
const DEFECTS: &[(&str, &str, Defect)] = &[
    (
        "WSS-01",
        "FAIL",
        Defect {
            answers: |head| {
                let sloppy = is_upgrade(head) && !head.contains("\r\nconnection: ");
                sloppy.then_some(OPENED)
            },
            ..NOTHING
        },
    ),
    (
        "WSS-02",
        "WARN",
        Defect {
            answers: |head| head.contains("key: dgvuigj5dgvziq==").then_some(OPENED),
            ..NOTHING
        },
    ),
    (
        "WSS-03",
        "WARN",
        Defect {
            answers: |head| head.contains("version: 12\r\n").then_some(REFUSED),
            ..NOTHING
        },
    ),
    (
        "WSS-06",
        "FAIL",
        Defect {
            answers: |head| head.contains("/x-locum?").then_some(OPENED),
            ..NOTHING
        },
    ),
    (
        "WSS-12",
        "FAIL",
        Defect {
            changes: |mut head| {
                let name = "sec-websocket-accept: ";
                let line = head.to_ascii_lowercase().find(name);
                let at = line.expect("it answers the key") + name.len();
                let is_a = head[at..].starts_with('A');
                head.replace_range(at..=at, if is_a { "B" } else { "A" });
                head
            },
            ..NOTHING
        },
    ),
    (
        "WSS-13",
        "FAIL",
        Defect {
            reads: |frame| {
                frame.mask.get_or_insert([0; 4]);
            },
            ..NOTHING
        },
    ),
    (
        "WSS-14",
        "FAIL",
        Defect {
            changes: |head| head.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
            ..NOTHING
        },
    ),
    (
        "WSS-17",
        "FAIL",
        Defect {
            answers: |head| {
                let list = head.contains("connection: keep-alive, upgrade");
                list.then_some(REFUSED)
            },
            ..NOTHING
        },
    ),
    (
        "WSS-18",
        "FAIL",
        Defect {
            changes: |head| {
                let deflate = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
                head.replace("\r\n\r\n", deflate)
            },
            ..NOTHING
        },
    ),
    (
        "WSS-19",
        "FAIL",
        Defect {
            reads: |frame| frame.first &= 0x8f,
            ..NOTHING
        },
    ),
    (
        "WSS-23",
        "FAIL",
        Defect {
            // A word behind its own close.
            writes: |frame| match frame.is_close(1000) {
                true => [&frame.bytes()[..], &[TEXT, 2, b'h', b'i']].concat(),
                false => frame.bytes(),
            },
            ..NOTHING
        },
    ),
    (
        "WSS-24",
        "FAIL",
        Defect {
            writes: |mut frame| {
                if frame.is_close(1000) {
                    frame.payload = 1005_u16.to_be_bytes().to_vec();
                }
                frame.bytes()
            },
            ..NOTHING
        },
    ),
    (
        "WSS-25",
        "FAIL",
        Defect {
            // The first fragment for the whole message.
            reads: |frame| {
                if frame.first == FRAGMENT {
                    frame.first = TEXT;
                }
            },
            ..NOTHING
        },
    ),
    (
        "WSS-26",
        "FAIL",
        Defect {
            writes: |mut frame| {
                if frame.first == PONG {
                    frame.payload.truncate(124);
                }
                frame.bytes()
            },
            ..NOTHING
        },
    ),
    (
        "WSS-27",
        "FAIL",
        Defect {
            writes: |mut frame| {
                frame.mask = (frame.first == PONG).then_some([0; 4]);
                frame.bytes()
            },
            ..NOTHING
        },
    ),
    (
        "WSS-28",
        "WARN",
        Defect {
            writes: |mut frame| {
                if frame.is_close(1007) {
                    frame.payload = 1000_u16.to_be_bytes().to_vec();
                }
                frame.bytes()
            },
            ..NOTHING
        },
    ),
    (
        "WSS-29",
        "FAIL",
        Defect {
            reads: |frame| {
                if frame.text() == r#"{"type":"config","configuration":{}}"# {
                    let config = r#"{"type":"config","configuration":{"primaryLanguage":"en"}}"#;
                    frame.say(config);
                }
            },
            ..NOTHING
        },
    ),
    (
        "WSS-30",
        "FAIL",
        Defect {
            reads: |frame| {
                if frame.text() == r#"{"type":"end"}"# {
                    frame.say(r#"{"type":"flush"}"#);
                }
            },
            ..NOTHING
        },
    ),
];

/// The rows that they turn.
pub(super) fn rows() -> Vec<&'static str> {
    DEFECTS.iter().map(|(id, ..)| *id).collect()
}

fn pass(mut client: TcpStream, upstream: &str, defect: Defect) -> Option<()> {
    let head = listener::head(&mut client)?;
    let told = head.to_ascii_lowercase();
    if let Some(answer) = (defect.answers)(&told) {
        return client.write_all(answer.as_bytes()).ok();
    }
    let mut server = TcpStream::connect(upstream).ok()?;
    server.write_all(head.as_bytes()).ok()?;
    let opens = is_upgrade(&told);
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        if opens {
            while let Some(mut frame) = Frame::read(&mut from) {
                (defect.reads)(&mut frame);
                if to.write_all(&frame.bytes()).is_err() {
                    break;
                }
            }
        } else {
            let _ = std::io::copy(&mut from, &mut to);
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    if opens {
        let answer = listener::head(&mut server)?;
        let changed = match answer.starts_with("HTTP/1.1 101") {
            true => (defect.changes)(answer),
            false => answer,
        };
        let is_open = changed.starts_with("HTTP/1.1 101");
        client.write_all(changed.as_bytes()).ok()?;
        while is_open && let Some(frame) = Frame::read(&mut server) {
            if client.write_all(&(defect.writes)(frame)).is_err() {
                break;
            }
        }
    }
    let _ = std::io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Both).ok()
}

/// The verdict of each row of `ids` behind this defect.
fn judged(
    served: &Served,
    document: &Value,
    (name, ids): (&str, &str),
    defect: Defect,
) -> BTreeMap<String, String> {
    let upstream = served.address.clone();
    let proxy = listener::listen(move |client| pass(client, &upstream, defect));
    let url = format!("http://{proxy}/corti");
    let account = super::tls::account(document, "corti");
    let arguments = ["corti", "--url", &url, "--id", ids];
    verdicts(&checked_as(&format!("socket-defect-{name}"), account, &arguments).results)
}

#[test]
fn each_row_of_websockets_is_turned_by_one_defect() {
    let served = Served::start(&[]);
    let document = served.document();
    let ids = rows();
    let all = ids.join(",");
    let honest = judged(&served, &document, ("none", &all), NOTHING);
    let mut wrong = Vec::new();
    for id in &ids {
        let verdict = honest.get(*id).expect(id);
        if verdict != "PASS" {
            wrong.push(format!("{id} without a defect: {verdict}"));
        }
    }
    for (id, expected, defect) in DEFECTS {
        for (known, seen) in judged(&served, &document, (id, &all), *defect) {
            // A wrong answer to the key leaves open what else is wrong.
            let follows = *id == "WSS-12" && seen == "INCONCLUSIVE";
            let wanted = if known == *id { *expected } else { "PASS" };
            if ids.contains(&known.as_str()) && seen != wanted && !follows {
                wrong.push(format!("{known} behind the defect of {id}: {seen}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
