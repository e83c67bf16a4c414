//! The canonical request and the string to sign (AWS, "Create a signed AWS API request").

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use locum_core::Secret;

use super::claim::{ALGORITHM, Claim};
use super::{Signed, Spelling};

/// SHA-256 of `bytes` as 64 hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .map(char::from)
        .collect()
}

/// Percent-encodes all but RFC 3986's unreserved characters and those in `kept`.
pub(super) fn encode(bytes: &[u8], kept: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) || kept.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    text
}

/// Undoes percent-encoding; what is no escape stays as it is.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Vec<u8> {
    let spaced = if plus_is_space {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_encoding::percent_decode_str(&spaced).collect()
}

/// The canonical path: resolved, then encoded once more, each where the service does that.
pub(super) fn path(path: &str, spelling: Spelling) -> String {
    let path = if spelling.normalize {
        resolved(path)
    } else {
        path.to_owned()
    };
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        path
    };
    if spelling.double_encode {
        encode(path.as_bytes(), b"/")
    } else {
        encode(&decode(&path, false), b"/")
    }
}

/// The path without empty and dot segments (RFC 3986 §5.2.4, and no `//`).
fn resolved(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    match kept.is_empty() {
        true => "/".to_owned(),
        false if is_folder => format!("/{}/", kept.join("/")),
        false => format!("/{}", kept.join("/")),
    }
}

/// The canonical query: decoded, encoded anew, sorted by name and value, without the parameters
/// whose names are in `without`.
pub(super) fn query(query: &str, plus_is_space: bool, without: &[&str]) -> String {
    let again = |part: &str| encode(&decode(part, plus_is_space), b"");
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (again(name), again(value)))
        .filter(|(name, _)| !without.contains(&name.as_str()))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The value of a header that occurs once or several times: trimmed, runs of blanks made one,
/// repetitions joined with commas. `None` when it does not occur.
pub(super) fn header(lines: &[(String, String)], name: &str) -> Option<String> {
    let values: Vec<String> = lines
        .iter()
        .filter(|(have, _)| have.eq_ignore_ascii_case(name))
        .map(|(_, value)| squeezed(value))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Trims, unfolds, and makes each run of spaces one.
fn squeezed(value: &str) -> String {
    let unfolded = value.replace(['\r', '\n'], " ");
    let words: Vec<&str> = unfolded
        .trim()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// What is signed, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names in the order of the signed list, with their values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) payload: String,
}

impl Parts {
    /// The parts of `request` as `claim` signs them; `without` are parameters that no query-mode
    /// signature covers.
    pub(super) fn of(
        request: &Signed<'_>,
        claim: &Claim,
        spelling: Spelling,
        payload: String,
        without: &[&str],
    ) -> Self {
        let headers = claim.signed_headers.iter();
        let headers = headers.map(|name| {
            (
                name.clone(),
                header(request.lines, name).unwrap_or_default(),
            )
        });
        Self {
            method: request.method.to_owned(),
            path: path(request.path(), spelling),
            query: query(request.query(), spelling.plus_is_space, without),
            headers: headers.collect(),
            payload,
        }
    }

    /// The canonical request.
    pub(super) fn canonical(&self) -> String {
        let lines: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{}",
            self.method, self.path, self.query, self.payload
        )
    }
}

/// The string to sign.
pub(super) fn string_to_sign(canonical: &str, claim: &Claim) -> String {
    format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        claim.date,
        claim.scope(),
        sha256_hex(canonical.as_bytes())
    )
}

/// The signature: a chain of HMACs over day, region, service and terminator, then the string.
pub(super) fn signature(secret: &Secret, claim: &Claim, string_to_sign: &str) -> String {
    let start = Secret::new(format!("AWS4{}", secret.expose()));
    let mac = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
    };
    let scope = [&claim.day, &claim.region, &claim.service, &claim.terminator];
    let mut key = mac(start.expose().as_bytes(), scope[0]);
    for part in &scope[1..] {
        key = mac(key.as_ref(), part);
    }
    hex(mac(key.as_ref(), string_to_sign).as_ref())
}
