//! The lines of `locum/1`: requests as they are written, replies as they are understood.
//!
//! A shim is written by hand in a hurry. What can mean only one thing is taken: an id or a status
//! that is text, a byte order mark, a carriage return, members that nobody asked for. What can not
//! is a fault of the shim.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{ClientCommand, ClientHello, ClientReply};

/// The longest line, in bytes.
pub(super) const MAX_LINE: usize = 1 << 20;

/// How much of a line is shown.
const SHOWN: usize = 400;

/// One request as a line of ASCII, without its line feed: whatever charset a program reads its input
/// in, it reads the same.
pub(super) fn request(id: u64, command: &ClientCommand) -> String {
    let mut members = Map::new();
    members.insert("id".to_owned(), id.into());
    if let Ok(Value::Object(command)) = serde_json::to_value(command) {
        members.extend(command);
    }
    let line = Value::Object(members).to_string();
    let mut ascii = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            // RFC 8259 §7: what is not ASCII stands within strings alone.
            write!(ascii, "\\u{unit:04x}").expect("a string takes all");
        }
    }
    ascii
}

/// The id of a reply and its members; `None` for a blank line.
///
/// # Errors
/// What is wrong with the line, with the line itself.
pub(super) fn reply(line: &[u8]) -> Option<Result<(u64, Value), String>> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let Ok(text) = std::str::from_utf8(line) else {
        return Some(Err(fault("line is not UTF-8", line)));
    };
    if text.trim().is_empty() {
        return None;
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Some(Err(fault("line is not JSON", line)));
    };
    if !value.is_object() {
        return Some(Err(fault("line is not a JSON object", line)));
    }
    let Some(id) = number(&value["id"]) else {
        return Some(Err(fault("reply has no id", line)));
    };
    Some(Ok((id, value)))
}

/// The words for a fault of the shim, with as much of the line as is worth showing.
pub(super) fn fault(what: &str, line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::new();
    for character in text.trim_end().chars().take(SHOWN) {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    let rest = text.trim_end().chars().count().saturating_sub(SHOWN);
    let more = if rest > 0 { "…" } else { "" };
    format!("shim fault: {what}: {shown}{more}")
}

/// What a reply says, as far as it can be understood.
pub(super) fn understood(reply: &Value) -> ClientReply {
    ClientReply {
        ok: flag(&reply["ok"]),
        status: number(&reply["status"])
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (100..1000).contains(status)),
        error: text(&reply["error"]),
        message: text(&reply["message"]),
        ws: text(&reply["ws"]),
        unsupported: match &reply["unsupported"] {
            Value::Bool(false) => None,
            said => text(said),
        },
    }
}

/// What a client says of itself. One that names no version speaks the one it was offered.
pub(super) fn hello(reply: &Value) -> ClientHello {
    let list = |name: &str| {
        let items = reply[name].as_array().into_iter().flatten();
        items.filter_map(text).collect()
    };
    let said = |name: &str| text(&reply[name]).unwrap_or_default();
    ClientHello {
        name: said("name"),
        version: said("version"),
        language: said("language"),
        proto: text(&reply["proto"]).unwrap_or_else(|| super::PROTOCOL.to_owned()),
        ops: list("ops"),
        caps: list("caps"),
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, positive and small"
)]
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64()?;
            (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then_some(number as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_has_its_id_first() {
        let command = ClientCommand::get("a", "/x");
        assert_eq!(
            request(3, &command),
            r#"{"id":3,"op":"call","client":"a","method":"GET","path":"/x"}"#
        );
    }

    fn check(line: &str, expected: Result<(u64, ClientReply), &str>) {
        let read = reply(line.as_bytes()).expect("it is not blank");
        match (read, expected) {
            (Ok((id, value)), Ok(expected)) => assert_eq!((id, understood(&value)), expected),
            (Err(fault), Err(expected)) => assert_eq!(fault, expected),
            (read, _) => panic!("{line}: {read:?}"),
        }
    }

    #[test]
    fn what_can_mean_only_one_thing_is_taken() {
        let done = |status| Ok((3, ClientReply::done(status)));
        check(r#"{"id":3,"ok":true}"#, done(None));
        check("\u{feff}{\"id\":3,\"ok\":true}\r", done(None));
        check(r#"{"id":"3","ok":"true","status":"204"}"#, done(Some(204)));
        check(
            r#"{"id":3.0,"ok":true,"status":204.0,"more":[]}"#,
            done(Some(204)),
        );
        check(
            r#"{"id":3,"ok":true,"status":null,"error":null}"#,
            done(None),
        );
        check(r#"{"id":3,"ok":true,"status":0}"#, done(None));
        check(r#"{"id":3}"#, Ok((3, ClientReply::default())));
        let failed = ClientReply::failed("auth", Some(401), r#"{"code":1}"#);
        check(
            r#"{"id":3,"ok":false,"error":"auth","status":401,"message":{"code":1}}"#,
            Ok((3, failed)),
        );
        let unsupported = ClientReply::unsupported("ws_open");
        check(r#"{"id":3,"unsupported":"ws_open"}"#, Ok((3, unsupported)));
    }

    #[test]
    fn what_is_no_reply_is_shown_as_it_is() {
        check("Loading…", Err("shim fault: line is not JSON: Loading…"));
        check("[1]", Err("shim fault: line is not a JSON object: [1]"));
        check(
            r#"{"ok":true}"#,
            Err(r#"shim fault: reply has no id: {"ok":true}"#),
        );
        check("\u{1b}[2J", Err("shim fault: line is not JSON: \\u{1b}[2J"));
        assert!(reply(b" \r").is_none());
        let latin = reply(b"caf\xe9").expect("it is not blank");
        assert!(latin.is_err_and(|fault| fault.starts_with("shim fault: line is not UTF-8")));
        assert!(fault("x", &[b'a'; 500]).ends_with("aaa…"));
    }

    #[test]
    fn a_hello_may_be_short() {
        let short = hello(&json!({"id": 1, "ok": true, "ops": ["new", 7], "version": 3}));
        assert_eq!(short.proto, super::super::PROTOCOL);
        assert_eq!(short.version, "3");
        assert_eq!(short.ops, ["new", "7"]);
        assert_eq!(hello(&json!({"proto": "locum/9"})).proto, "locum/9");
    }
}
