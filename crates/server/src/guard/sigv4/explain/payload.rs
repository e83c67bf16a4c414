//! What else a client could have signed as the hash of the payload.

use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::super::canonical::sha256_hex;
use super::{Attempt, Mistake};

/// Each mistake with the hash that it gives.
pub(super) fn mistakes(attempt: &Attempt<'_>) -> Vec<Mistake<String>> {
    let body = attempt.request.body;
    let shown = attempt.request.header("x-amz-content-sha256");
    let mut all = vec![
        Mistake::new(
            "the payload hash: the client signed UNSIGNED-PAYLOAD",
            "UNSIGNED-PAYLOAD".to_owned(),
        ),
        Mistake::new(
            "the payload hash: the client signed its x-amz-content-sha256, and the body has another hash",
            shown.unwrap_or_default().to_owned(),
        ),
        Mistake::new(
            "the payload hash: the client signed an empty body",
            sha256_hex(b""),
        ),
        Mistake::new(
            "the payload hash: the client signed the hash of the body",
            sha256_hex(body),
        ),
        Mistake::new(
            "the payload hash: the client signed a streaming payload",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned(),
        ),
        Mistake::new(
            "the payload hash: the client wrote it in capitals",
            sha256_hex(body).to_ascii_uppercase(),
        ),
        Mistake::new("the payload hash: the client left it out", String::new()),
    ];
    for (how, other) in rewritten(body) {
        all.push(Mistake::new(
            format!("the payload hash: the body was written anew after signing: {how}"),
            sha256_hex(&other),
        ));
    }
    all
}

/// The bodies that may have become this one on the way.
fn rewritten(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(body);
    let mut all = vec![
        ("a line feed was cut off", format!("{text}\n").into_bytes()),
        (
            "a line feed was added",
            text.trim_end_matches(['\r', '\n']).into(),
        ),
        ("line ends became LF", text.replace('\n', "\r\n").into()),
        ("line ends became CRLF", text.replace("\r\n", "\n").into()),
        (
            "a byte order mark was cut off",
            format!("\u{feff}{text}").into_bytes(),
        ),
        ("ISO 8859-1 became UTF-8", latin1(&text)),
        ("spaces became `%20`", text.replace("%20", "+").into()),
        ("spaces became `+`", text.replace('+', "%20").into()),
    ];
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return all;
    };
    for (how, text) in [
        ("JSON, signed without blanks", value.to_string()),
        ("JSON, signed with blanks after `:` and `,`", spaced(&value)),
        ("JSON, signed over several lines", format!("{value:#}")),
        (
            "JSON, signed with sorted members",
            sorted(&value).to_string(),
        ),
        (
            "JSON, signed with sorted members and blanks",
            spaced(&sorted(&value)),
        ),
    ] {
        all.push((how, ascii(&text).into()));
        all.push((how, text.into()));
    }
    all
}

/// Each letter of ISO 8859-1 as its byte.
fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
        .collect()
}

/// Letters outside ASCII as `\u00f6`, as Python writes them.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// `{"a": 1, "b": 2}`, as Python's `json.dumps` writes it.
struct Blanks<'a>(PrettyFormatter<'a>);

impl Formatter for Blanks<'_> {
    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }
}

fn spaced(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = Blanks(PrettyFormatter::new());
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => String::new(),
    }
}
