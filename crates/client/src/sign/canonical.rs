//! The canonical request: the form in which both sides hash a request.
//!
//! Source: AWS, "Create a signed AWS API request", for services other than S3.

use std::fmt::Write as _;

/// How a path is brought into its canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRules {
    /// Whether dot segments and empty segments are removed.
    pub normalize: bool,
    /// Whether an encoded path is encoded again, as for every service but S3.
    pub double_encode: bool,
}

/// Writes the canonical form of `path`: normalised by the `rules`, then all but unreserved
/// characters and `/` percent-encoded.
pub fn path(out: &mut String, path: &str, rules: PathRules) {
    let write = |out: &mut String, part: &str| {
        if rules.double_encode {
            encode(out, part.as_bytes(), true);
        } else {
            recode(out, part, true);
        }
    };
    if !path.starts_with('/') {
        out.push('/');
    }
    if !rules.normalize || !(path.contains("/.") || path.contains("//")) {
        return write(out, path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    for segment in &kept {
        out.push('/');
        write(out, segment);
    }
    let ends_open = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if ends_open || kept.is_empty() {
        out.push('/');
    }
}

/// Writes the canonical form of `query`: each name and value decoded (a `+` means a space) and
/// encoded anew, sorted by name and then by value; a name without a value gets `=`.
pub fn query(out: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut encoded = String::with_capacity(query.len() + 16);
    let mut pairs: Vec<(usize, usize, usize)> = Vec::with_capacity(8);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let start = encoded.len();
        recode(&mut encoded, name, false);
        let middle = encoded.len();
        recode(&mut encoded, value, false);
        pairs.push((start, middle, encoded.len()));
    }
    let key = |&(start, middle, end): &(usize, usize, usize)| {
        (&encoded[start..middle], &encoded[middle..end])
    };
    pairs.sort_by(|a, b| key(a).cmp(&key(b)));
    for (n, pair) in pairs.iter().enumerate() {
        let (name, value) = key(pair);
        if n > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

/// Writes header lines, sorted by name, values trimmed and their runs of spaces squeezed, values
/// of one name joined with commas in their order. The names must be in lower case.
pub fn headers(out: &mut String, headers: &mut [(&str, &str)]) {
    headers.sort_by(|a, b| a.0.cmp(b.0));
    let mut last = "";
    for (name, value) in &*headers {
        if *name == last {
            out.truncate(out.len() - 1);
            out.push(',');
        } else {
            out.push_str(name);
            out.push(':');
        }
        squeeze(out, value);
        out.push('\n');
        last = name;
    }
}

/// Writes the names of sorted `headers` with `;` between, each once.
pub fn signed_headers(out: &mut String, headers: &[(&str, &str)]) {
    let mut last = "";
    for (name, _) in headers {
        if *name == last {
            continue;
        }
        if !last.is_empty() {
            out.push(';');
        }
        out.push_str(name);
        last = name;
    }
}

/// Writes `bytes` in lower-case hexadecimal.
pub fn hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)].into());
        out.push(DIGITS[usize::from(byte & 15)].into());
    }
}

fn squeeze(out: &mut String, value: &str) {
    let value = value.trim_matches([' ', '\t']);
    if !value.contains("  ") {
        return out.push_str(value);
    }
    for (n, part) in value.split(' ').filter(|part| !part.is_empty()).enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(part);
    }
}

const fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        {
            table[byte] = unreserved(byte as u8);
        }
        byte += 1;
    }
    table
};

/// Percent-encodes `bytes` (RFC 3986 §2.1), with `/` kept where a path wants it.
fn encode(out: &mut String, bytes: &[u8], keep_slash: bool) {
    for &byte in bytes {
        if UNRESERVED[usize::from(byte)] || (keep_slash && byte == b'/') {
            out.push(byte.into());
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
}

/// Decodes `part` and encodes it anew; outside of paths a `+` means a space.
fn recode(out: &mut String, part: &str, in_path: bool) {
    let bytes = part.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let decoded = match byte {
            b'+' if !in_path => b' ',
            b'%' => match (
                bytes.get(at).copied().and_then(nibble),
                bytes.get(at + 1).copied().and_then(nibble),
            ) {
                (Some(high), Some(low)) => {
                    at += 2;
                    high << 4 | low
                }
                // Not an escape: a literal percent sign.
                _ => byte,
            },
            byte => byte,
        };
        encode(out, &[decoded], in_path);
    }
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut String), expected: &str) {
        let mut out = String::new();
        write(&mut out);
        assert_eq!(out, expected);
    }

    fn check_path(given: &str, normalize: bool, expected: &str) {
        let rules = PathRules {
            normalize,
            double_encode: true,
        };
        check(|out| path(out, given, rules), expected);
    }

    #[test]
    fn a_path_is_normalised_and_encoded_once_more() {
        check_path("", true, "/");
        check_path("/", true, "/");
        check_path("/a/../b/./c//d/", true, "/b/c/d/");
        check_path("/a/..", true, "/");
        check_path("/../../a/.", true, "/a/");
        check_path("/a//b", false, "/a//b");
        check_path("/v1/tasks/a%20b", true, "/v1/tasks/a%2520b");
        check_path("/ሴ", true, "/%E1%88%B4");
    }

    #[test]
    fn a_query_is_decoded_encoded_and_sorted() {
        check(|out| query(out, ""), "");
        check(|out| query(out, "b=2&a=1&&a"), "a=&a=1&b=2");
        check(|out| query(out, "q=a+b%20c"), "q=a%20b%20c");
        check(|out| query(out, "q=%zz%e"), "q=%25zz%25e");
        check(|out| query(out, "jobids=a;b&t=x=y"), "jobids=a%3Bb&t=x%3Dy");
        check(|out| query(out, "a=%C3%B6~"), "a=%C3%B6~");
    }

    #[test]
    fn headers_are_sorted_squeezed_and_joined() {
        let mut list = [("b", " 1  2 "), ("a", "x"), ("b", "3")];
        let mut out = String::new();
        headers(&mut out, &mut list);
        assert_eq!(out, "a:x\nb:1 2,3\n");
        check(|out| signed_headers(out, &list), "a;b");
    }
}
