//! The boundary and the fields of a multipart body (RFC 7578).

use locum_core::spelling::{FieldContent, FieldSpelling, MultipartSpelling};

use crate::Request;

/// Most fields that are noted.
const MAX_FIELDS: usize = 64;

/// What the body of `request`, whose media type is multipart, is made of.
pub(super) fn read(request: &Request) -> MultipartSpelling {
    let content_type = request.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    let content_type = String::from_utf8_lossy(content_type);
    let named = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_boundary = name.trim().eq_ignore_ascii_case("boundary");
        is_boundary.then(|| value.trim().trim_matches('"').to_owned())
    });
    let named = named.filter(|boundary| !boundary.is_empty());
    let uses = |boundary: &String| {
        let delimiter = format!("--{boundary}");
        memchr::memmem::find(&request.body, delimiter.as_bytes()).is_some()
    };
    // What the body begins with tells its fields even where no boundary is named.
    let begins = || {
        let line = request.body.split(|byte| *byte == b'\r').next()?;
        let line = std::str::from_utf8(line).ok()?;
        line.strip_prefix("--").map(str::to_owned)
    };
    let boundary = named.clone().filter(uses).or_else(begins);
    MultipartSpelling {
        has_boundary: named.is_some(),
        is_used: named.as_ref().is_some_and(uses),
        fields: boundary.map_or_else(Vec::new, |boundary| fields(&request.body, &boundary)),
    }
}

fn fields(body: &[u8], boundary: &str) -> Vec<FieldSpelling> {
    let delimiter = format!("--{boundary}");
    let mut starts: Vec<usize> = memchr::memmem::find_iter(body, delimiter.as_bytes()).collect();
    starts.push(body.len());
    let parts = starts
        .windows(2)
        .map(|pair| &body[pair[0] + delimiter.len()..pair[1]]);
    parts.filter_map(field).take(MAX_FIELDS).collect()
}

fn field(part: &[u8]) -> Option<FieldSpelling> {
    let at = memchr::memmem::find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..at]);
    let value = &part[at + 4..];
    let value = value.strip_suffix(b"\r\n").unwrap_or(value);
    let (_, rest) = head.split_once("name=")?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', '\r', ' ']).next()?,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-[]".contains(&byte);
    let name = match name.len() <= 64 && name.bytes().all(is_plain) {
        true => name,
        false => "another field",
    };
    Some(FieldSpelling {
        name: name.to_owned(),
        content: match value {
            [_, ..] if value.iter().all(u8::is_ascii_digit) => FieldContent::Integer,
            _ if value.contains(&b',') => FieldContent::List,
            _ => FieldContent::Other,
        },
    })
}
