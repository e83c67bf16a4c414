//! AWS Signature Version 4 of API requests.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use locum_core::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::behaviour::Signing;
use crate::http::{Body, Request};

/// All but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Temporary AWS credentials. They have no `Debug`: they are secrets.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) key_id: String,
    pub(crate) key: String,
    pub(crate) session_token: String,
}

/// Signs `request` as of `now`, by the vendor's clock.
pub(crate) fn sign(
    mut request: Request,
    credentials: &Credentials,
    region: &str,
    now: Timestamp,
    switches: &Signing,
) -> Request {
    let date = now.amz_date();
    let day = &date[..8];
    let body: &[u8] = match &request.body {
        Body::None => b"",
        Body::Bytes(body) | Body::Stream(body) => body,
    };
    let hash = hex(digest::digest(
        &digest::SHA256,
        if switches.empty_body_hash { b"" } else { body },
    ));
    request = request
        .header("x-amz-date", &*date)
        .header("x-amz-content-sha256", &*hash);
    if switches.session_token {
        request = request.header("x-amz-security-token", &credentials.session_token);
    }
    let (headers, names) = canonical_headers(&request);
    let (path, query) = request
        .url
        .target
        .split_once('?')
        .unwrap_or((&request.url.target, ""));
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{names}\n{hash}",
        request.method,
        canonical_path(path),
        canonical_query(query, switches.literal_query),
    );
    let scope = format!("{day}/{region}/{}/aws4_request", switches.service);
    let canonical_hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical_hash}");
    let mut key = format!("AWS4{}", credentials.key).into_bytes();
    for part in [day, region, &switches.service, "aws4_request", &to_sign] {
        key = mac(&key, part.as_bytes());
    }
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        credentials.key_id,
        hex(&key)
    );
    request.header("Authorization", value)
}

/// The signed headers and their names: host, the media type and all of `x-amz-`.
fn canonical_headers(request: &Request) -> (String, String) {
    let mut fields: Vec<(String, &str)> = vec![("host".to_owned(), &request.url.authority)];
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        if name == "content-type" || name.starts_with("x-amz-") {
            fields.push((name, value.trim()));
        }
    }
    fields.sort();
    let lines = fields.iter().map(|(name, value)| {
        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
        format!("{name}:{}\n", words.join(" "))
    });
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    (lines.collect(), names.join(";"))
}

/// Dot segments and empty segments go, and each segment is encoded once more.
fn canonical_path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut out = String::new();
    for segment in &kept {
        let _ = write!(out, "/{}", utf8_percent_encode(segment, RESERVED));
    }
    if kept.is_empty() || path.ends_with('/') {
        out.push('/');
    }
    out
}

/// Names and values decoded, where `+` means a space, encoded anew, and sorted.
fn canonical_query(query: &str, literal: bool) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if literal {
                (plain(name), plain(value))
            } else {
                (recode(name), recode(value))
            }
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn recode(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode_str(&text).collect();
    percent_encoding::percent_encode(&bytes, RESERVED).to_string()
}

/// As a signer writes it that takes `+` and `;` for characters like others.
fn plain(text: &str) -> String {
    text.replace("%2B", "+").replace("%3B", ";")
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text).as_ref().to_vec()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let mut out = String::new();
    for byte in bytes.as_ref() {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests;
