//! An owned request: what the client sent, before anybody interprets it.
//!
//! Forms, queries and Basic are parsed here and strictly, since a framework's extractors answer in
//! their own words, keep the last of two values, and forget how a space was spelled.

use std::ops::Deref;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use locum_core::{Denial, DenialKind, EntryId};
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use crate::routes::Params;

/// One request to a vendor; copies share it.
#[derive(Clone, Debug)]
pub struct Request(Arc<RequestParts>);

/// What a request consists of.
#[derive(Clone, Debug)]
pub struct RequestParts {
    /// The method.
    pub method: String,
    /// The target below the vendor's root, as the client spelled it, query included.
    pub target: String,
    /// The target as it stands in the client's request line, before a trusted proxy took a prefix
    /// off: what a signature covers.
    pub signed_target: String,
    /// Parsed headers, names in lower case.
    pub headers: HeaderMap,
    /// The header lines as sent: letter case, order, repetitions.
    pub lines: Vec<(String, String)>,
    /// Path parameters of the route, percent-decoded.
    pub params: Params,
    /// The body.
    pub body: Bytes,
    /// Its entry in the journal.
    pub entry: EntryId,
    /// The endpoint's name in the profile.
    pub endpoint: String,
}

impl From<RequestParts> for Request {
    fn from(parts: RequestParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Request {
    type Target = RequestParts;

    fn deref(&self) -> &RequestParts {
        &self.0
    }
}

impl Request {
    /// The same request with something changed.
    #[must_use]
    pub fn changed(self, change: impl FnOnce(&mut RequestParts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }

    /// The same request with its entry in the journal.
    #[must_use]
    pub(crate) fn of_entry(mut self, entry: EntryId) -> Self {
        match Arc::get_mut(&mut self.0) {
            Some(parts) => {
                parts.entry = entry;
                self
            }
            None => self.changed(|parts| parts.entry = entry),
        }
    }

    /// The path below the vendor's root, as spelled.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The operation that `X-Amz-Target` names, without its service; empty where there is none.
    pub fn operation(&self) -> &str {
        let target = self.headers.get("x-amz-target");
        let target = target.and_then(|value| value.to_str().ok());
        target.map_or("", |target| {
            target.rsplit_once('.').map_or(target, |(_, name)| name)
        })
    }

    /// The query as spelled, without the question mark.
    pub fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The query's pairs, decoded by form rules (`+` is a space), repetitions kept.
    pub fn query(&self) -> Form {
        Form::parse(self.raw_query().as_bytes())
    }

    /// A path parameter; empty when the route has none of that name.
    pub fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(have, _)| have == name)
            .map_or("", |(_, value)| value)
    }

    /// The only value of header `name`.
    ///
    /// # Errors
    /// `repeated_header` when it occurs twice, `malformed_header` when it is no visible ASCII.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Denial> {
        let mut values = self.headers.get_all(name).iter();
        let Some(first) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Denial::new(DenialKind::Repeated, "repeated_header")
                .expected(format!("one {name} header"))
                .got("several"));
        }
        first.to_str().map(Some).map_err(|_| malformed_header(name))
    }

    /// The first value of header `name`.
    ///
    /// # Errors
    /// `malformed_header` when it is no visible ASCII.
    pub fn first_header(&self, name: &str) -> Result<Option<&str>, Denial> {
        let value = self.headers.get(name).map(http::HeaderValue::to_str);
        value.transpose().map_err(|_| malformed_header(name))
    }

    /// The media type without parameters, in lower case; empty when there is none.
    pub fn media_type(&self) -> String {
        self.spelled_media_type().to_ascii_lowercase()
    }

    fn spelled_media_type(&self) -> &str {
        let value = self
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        value.split(';').next().unwrap_or("").trim()
    }

    /// Whether the body says that it is a form.
    pub fn is_form(&self) -> bool {
        self.spelled_media_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// The body as a form, whatever its media type says.
    pub fn form(&self) -> Form {
        Form::parse(&self.body)
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// `malformed_json` with the place where it stops being one.
    pub fn json(&self) -> Result<Map<String, Value>, Denial> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => {
                Err(Denial::new(DenialKind::Malformed, "malformed_json").expected("a JSON object"))
            }
            Err(error) => Err(Denial::new(DenialKind::Malformed, "malformed_json")
                .expected("a JSON object")
                .difference(format!("line {} column {}", error.line(), error.column()))),
        }
    }
}

/// Decoded pairs in order, repetitions kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Names and values as bytes: a secret may be no UTF-8.
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether an escape such as `%zz` could not be decoded (it is kept as it stands).
    pub broken_escape: bool,
}

impl Form {
    /// Reads the form grammar of the URL standard; never fails: what is broken stays as it is.
    pub fn parse(input: &[u8]) -> Self {
        let mut form = Self::default();
        for part in input
            .split(|byte| *byte == b'&')
            .filter(|part| !part.is_empty())
        {
            let at = part
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(part.len());
            let (name, value) = (&part[..at], part.get(at + 1..).unwrap_or_default());
            form.broken_escape |= has_broken_escape(name) || has_broken_escape(value);
            form.pairs.push((decode(name), decode(value)));
        }
        form
    }

    /// The first value of `name`, even an empty one.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.pairs
            .iter()
            .find(|(have, _)| have == name.as_bytes())
            .map(|(_, value)| value.as_slice())
    }

    /// The last value of `name`, even an empty one.
    pub fn last(&self, name: &str) -> Option<&[u8]> {
        self.pairs
            .iter()
            .rev()
            .find(|(have, _)| have == name.as_bytes())
            .map(|(_, value)| value.as_slice())
    }

    /// The first value of `name` as text; an empty one counts as absent, since RFC 6749 §3.1 says
    /// "Parameters sent without a value MUST be treated as if they were omitted from the request".
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name)
            .filter(|value| !value.is_empty())
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.pairs
            .iter()
            .filter(move |(have, _)| have == name.as_bytes())
            .map(|(_, value)| value.as_slice())
    }

    /// The first name that occurs twice.
    pub fn repeated(&self) -> Option<String> {
        self.pairs
            .iter()
            .enumerate()
            .find(|(at, (name, _))| self.pairs[..*at].iter().any(|(have, _)| have == name))
            .map(|(_, (name, _))| String::from_utf8_lossy(name).into_owned())
    }
}

fn malformed_header(name: &str) -> Denial {
    Denial::new(DenialKind::Malformed, "malformed_header")
        .expected("visible ASCII in the header")
        .got(format!("{name} has bytes outside ASCII"))
}

fn decode(part: &[u8]) -> Vec<u8> {
    if memchr::memchr2(b'+', b'%', part).is_none() {
        return part.to_vec();
    }
    let spaced: Vec<u8> = part
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced).collect()
}

fn has_broken_escape(part: &[u8]) -> bool {
    memchr::memchr_iter(b'%', part).any(|at| {
        !part
            .get(at + 1..at + 3)
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    })
}

/// A client's name and secret from `Authorization: Basic` (RFC 7617 §2).
#[derive(Clone, PartialEq, Eq)]
pub struct Basic {
    /// What stands before the first colon.
    pub id: Vec<u8>,
    /// What stands after it.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for Basic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Basic")
            .field("id", &String::from_utf8_lossy(&self.id))
            .finish_non_exhaustive()
    }
}

impl Basic {
    /// Both halves decoded by form rules, as RFC 6749 §2.3.1 spells them before base64.
    #[must_use]
    pub fn form_decoded(&self) -> Self {
        Self {
            id: decode(&self.id),
            secret: decode(&self.secret),
        }
    }
}

/// Reads the value of an `Authorization` header as Basic, the scheme in any letter case.
///
/// `Ok(None)` means another scheme.
///
/// # Errors
/// `malformed_basic` when the value is no padded base64 or has no colon.
pub fn basic(authorization: &str) -> Result<Option<Basic>, Denial> {
    let (scheme, value) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let malformed = |got: &str| {
        Denial::new(DenialKind::Malformed, "malformed_basic")
            .expected("base64 of `id:secret`")
            .got(got)
    };
    let bytes = STANDARD
        .decode(value.trim_start_matches(' '))
        .map_err(|_| malformed("no base64"))?;
    let at = bytes
        .iter()
        .position(|byte| *byte == b':')
        .ok_or_else(|| malformed("no colon"))?;
    Ok(Some(Basic {
        id: bytes[..at].to_vec(),
        secret: bytes[at + 1..].to_vec(),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(input: &str) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Form::parse(input.as_bytes())
            .pairs
            .into_iter()
            .map(|(n, v)| (text(n), text(v)))
            .collect()
    }

    #[test]
    fn forms_keep_order_repetitions_and_what_is_broken() {
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(pairs("a=1&a=2"), [pair("a", "1"), pair("a", "2")]);
        assert_eq!(
            pairs("&&a=b=c&d&=e"),
            [pair("a", "b=c"), pair("d", ""), pair("", "e")]
        );
        assert_eq!(pairs("p=a%2Bb+c%zz"), [pair("p", "a+b c%zz")]);
        assert!(Form::parse(b"p=%zz").broken_escape);
        assert!(!Form::parse(b"p=%41").broken_escape);
        assert_eq!(Form::parse(b"a=&a=1").text("a"), None);
        assert_eq!(
            Form::parse(b"a=1&b=2&%61=3").repeated().as_deref(),
            Some("a")
        );
    }

    #[test]
    fn basic_splits_at_the_first_colon() {
        let read =
            |value: &str| basic(value).map(|basic| basic.map(|basic| (basic.id, basic.secret)));
        assert_eq!(
            read("basic YTpiOmM="),
            Ok(Some((b"a".to_vec(), b"b:c".to_vec())))
        );
        assert_eq!(read("Bearer x"), Ok(None));
        assert!(read("Basic !!").is_err());
        assert!(read("Basic YWJj").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_parser_panic(input in proptest::collection::vec(any::<u8>(), 0..200)) {
            let form = Form::parse(&input);
            let _ = (form.repeated(), form.text("a"));
            let _ = basic(&String::from_utf8_lossy(&input));
        }

        #[test]
        fn what_is_encoded_comes_back(pairs in proptest::collection::vec((".*", ".*"), 0..5)) {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let form = Form::parse(text.as_bytes());
            let back: Vec<(Vec<u8>, Vec<u8>)> =
                pairs.iter().map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes())).collect();
            prop_assert_eq!(form.pairs, back);
        }
    }
}
