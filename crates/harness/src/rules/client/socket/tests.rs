//! Websockets of a client in a few words.

use std::sync::atomic::{AtomicU32, Ordering};

use locum_core::journal::{EntryFrame, Mask};
use locum_core::{Denial, DenialKind, Entry, FaultId, Outcome, TokenId};
use serde_json::{Value, json};

use crate::rules::client::testing::{check, reply};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

/// The tests of each topic.
mod frames;
mod handshake;
mod reconnect;
mod refusal;
mod session;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("WSS-01", ordinary),
    ("WSS-07", handshake::tries_again),
    ("WSS-12", |log| handshake::answered(log, &["wrong_accept"])),
    ("WSS-13", ordinary),
    ("WSS-16", |log| ordinary(ordinary(log))),
    ("WSS-31", ordinary),
    ("WSS-32", ordinary),
    ("WSS-20", |log| {
        handshake::answered(log, &["no_upgrade", "protocol"])
    }),
    ("WSS-21", handshake::redirected),
    ("WS-02", |log| reconnect::after_the_end(log, None)),
    ("WS-03", |log| reconnect::dropped(log, true)),
    ("WS-04", refusal::refused),
    ("WS-06", ordinary),
    ("WS-07", ordinary),
    ("WS-08", ordinary),
    ("WS-09", ordinary),
    ("WS-10", refusal::refused),
    ("WS-11", |log| reconnect::storm(log, 4, 1000)),
    ("WS-12", |log| frames::fragments(log, true)),
    ("WS-13", |log| frames::broken_frame(log, CLOSED, false)),
];

/// What passes on a socket: from whom and which opcode, and the text.
pub(super) type Passed<'a> = &'a [(&'a str, &'a str)];

pub(super) const CONFIG: (&str, &str) = ("client text", r#"{"type":"config"}"#);
pub(super) const ACCEPTED: (&str, &str) = ("mock text", r#"{"type":"ACCEPTED"}"#);
pub(super) const AUDIO: (&str, &str) = ("client binary", "");
pub(super) const PING: (&str, &str) = ("mock ping", "12345678");
pub(super) const PONG: (&str, &str) = ("client pong", "12345678");
pub(super) const END: (&str, &str) = ("client text", r#"{"type":"end"}"#);
pub(super) const ENDED: (&str, &str) = ("mock text", r#"{"type":"ENDED"}"#);
pub(super) const FAULT: (&str, &str) = ("mock fault", "something");

/// A session as it goes.
pub(super) const SESSION: Passed<'_> = &[
    CONFIG,
    ACCEPTED,
    AUDIO,
    PING,
    PONG,
    END,
    ENDED,
    ("mock close", "1000"),
    ("client close", "1000"),
];

/// What a client does that fails the connection.
pub(super) const CLOSED: Passed<'_> = &[CONFIG, ACCEPTED, FAULT, ("client close", "1002")];

/// A frame of this session; those of a client have a key of their own.
fn frame(entry: &Entry, (what, text): (&str, &str)) -> EntryFrame {
    static KEYS: AtomicU32 = AtomicU32::new(1);
    let (from, opcode) = what.split_once(' ').expect("two words");
    let is_frame = from == "client" && text != "1006";
    let is_masked = !opcode.starts_with("bare ");
    EntryFrame {
        at: entry.arrived,
        from: from.to_owned(),
        opcode: opcode.trim_start_matches("bare ").to_owned(),
        length: 50,
        masked: is_frame.then_some(is_masked),
        mask: (is_frame && is_masked)
            .then(|| Mask(KEYS.fetch_add(1, Ordering::Relaxed).to_be_bytes())),
        goes_on: false,
        text: (!text.is_empty()).then(|| text.to_owned()),
    }
}

/// The headers of an upgrade with the key of this number.
pub(super) fn headers(key: u64) -> Vec<(String, String)> {
    use base64::Engine as _;
    let bytes = u128::from(key).to_be_bytes();
    let key = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines = [
        ("Host", "h"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", &key),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    lines.into_iter().map(owned).collect()
}

/// An upgrade with token `token`, on a connection of its own; `fill` says what it came to.
pub(super) fn upgraded(log: Log, token: u64, fill: impl FnOnce(&mut Entry)) -> Log {
    log.entered("streams", |entry| {
        entry.connection = entry.id.0;
        entry.headers = headers(entry.id.0);
        entry.presented = Some(TokenId(token));
        entry.target = format!("/s?tenant-name=t&token=Bearer%20«access token {token} of a»");
        fill(entry);
    })
}

/// A socket that was opened with token `token`, met the fault of this number unless that is 0, and
/// on which this passed until its end.
pub(super) fn socket(log: Log, token: u64, fault: u64, passed: Passed<'_>) -> Log {
    upgraded(log, token, |entry| {
        entry.outcome = Some(Outcome::Opened);
        entry.reply = Some(reply(101, ""));
        entry.fault = (fault > 0).then_some(FaultId(fault));
        entry.frames = passed.iter().map(|one| frame(entry, *one)).collect();
        entry.completed = Some(entry.arrived);
        entry.closed = Some(entry.arrived);
    })
}

/// An upgrade that a fault answers with this status.
pub(super) fn refused(log: Log, token: u64, status: u16) -> Log {
    upgraded(log, token, |entry| {
        entry.outcome = Some(Outcome::Faulted);
        entry.fault = Some(FaultId(9));
        entry.reply = Some(reply(status, ""));
    })
}

/// An upgrade that is refused for its dead token.
pub(super) fn dead(log: Log, token: u64) -> Log {
    upgraded(log, token, |entry| {
        entry.outcome = Some(Outcome::Denied);
        entry.denial = Some(Denial::new(DenialKind::Revoked, "revoked_token"));
        entry.reply = Some(reply(401, ""));
    })
}

/// A whole session that the client was asked for.
pub(super) fn ordinary(log: Log) -> Log {
    let log = log.opens(true, |log| socket(log, 1, 0, SESSION));
    log.ends_session(true)
}

/// The vendor does this on purpose: the fault of this number.
pub(super) fn fault(log: Log, number: u64, then: &Value) -> Log {
    log.control("faults", &json!({"id": number, "then": then}))
}

pub(super) fn grade(log: impl Into<Box<Log>>, id: &str, expected: Grade) {
    check(&log.into(), id, expected);
}
