//! The body of a request as fields: a form or multipart, by its media type; anything else is read
//! as no fields at all, which is what FastAPI does with JSON where it wants a form.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use locum_core::{Denial, DenialKind, Timestamp};
use locum_server::{Form, Request};
use serde_json::json;

use super::faults::Faults;

/// Fields in order, repetitions kept.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Text fields.
    pub(super) texts: Form,
    /// Files: name of the field, length in bytes.
    pub(super) files: Vec<(String, usize)>,
}

impl Fields {
    /// Reads the body.
    ///
    /// # Errors
    /// `missing_boundary` or `malformed_multipart`.
    pub(super) async fn read(request: &Request) -> Result<Self, Denial> {
        match request.media_type().as_str() {
            // The two media types are HTML's own (RFC 7578, the URL standard).
            "application/x-www-form-urlencoded" => Ok(Self {
                texts: Form::parse(latin1(&request.body).as_bytes()),
                files: Vec::new(),
            }),
            "multipart/form-data" => multipart(request).await,
            _ => Ok(Self::default()),
        }
    }

    /// The last value of a text field; an empty one counts as absent if `empty_is_absent`.
    pub(super) fn text(&self, name: &str, empty_is_absent: bool) -> Option<&[u8]> {
        self.texts
            .last(name)
            .filter(|value| !(empty_is_absent && value.is_empty()))
    }

    /// A required list of whole numbers: the field repeated, once for each.
    pub(super) fn integers(&self, name: &str, faults: &mut Faults) -> Vec<i64> {
        let mut numbers = Vec::new();
        let mut count = 0;
        for value in self.texts.all(name) {
            let text = String::from_utf8_lossy(value);
            match integer(&text) {
                Some(number) => numbers.push(number),
                None => faults.no_integer(json!(["body", name, count]), &text),
            }
            count += 1;
        }
        if count == 0 {
            faults.missing(name);
        }
        numbers
    }

    /// An optional date and time.
    pub(super) fn date(&self, name: &str, faults: &mut Faults) {
        if let Some(value) = self.text(name, true) {
            let text = String::from_utf8_lossy(value);
            if !is_date(&text) {
                faults.no_date(name, &text);
            }
        }
    }

    /// A required file; with `listed` the field is a list of them.
    pub(super) fn file(&self, name: &str, listed: bool, faults: &mut Faults) {
        if self.has_file(name) {
            return;
        }
        match self.texts.last(name) {
            Some(value) => {
                let place = if listed {
                    json!(["body", name, 0])
                } else {
                    json!(["body", name])
                };
                faults.no_file(place, &String::from_utf8_lossy(value));
            }
            None => faults.missing(name),
        }
    }

    /// Whether there is a file under `name`.
    pub(super) fn has_file(&self, name: &str) -> bool {
        self.files.iter().any(|(have, _)| have == name)
    }
}

/// FastAPI reads a form's bytes as Latin-1 before it decodes the escapes, so that what was not
/// escaped and is not ASCII comes out as something else.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

async fn multipart(request: &Request) -> Result<Fields, Denial> {
    let content_type = request
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        Denial::new(DenialKind::Malformed, "missing_boundary")
            .expected("multipart/form-data with the boundary that the body uses")
    })?;
    let mut fields = Fields::default();
    if request.body.is_empty() {
        return Ok(fields);
    }
    let body = request.body.clone();
    let mut parts = multer::Multipart::new(stream::iter([Ok::<Bytes, Infallible>(body)]), boundary);
    let malformed = |error: multer::Error| {
        Denial::new(DenialKind::Malformed, "malformed_multipart").got(error.to_string())
    };
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let value = part.bytes().await.map_err(malformed)?;
        if is_file {
            fields.files.push((name, value.len()));
        } else {
            fields.texts.pairs.push((name.into_bytes(), value.to_vec()));
        }
    }
    Ok(fields)
}

/// A whole number as pydantic reads it from text: blanks around it, a sign, `_` between digits and
/// a fraction of zeros are taken. What is too large for the server's ids saturates.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return None,
        None => digits,
    };
    let groups_are_digits = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !groups_are_digits {
        return None;
    }
    let number = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
        });
    Some(if negative { -number } else { number })
}

/// A date and time as pydantic reads it: RFC 3339 with or without an offset, a date alone, or
/// seconds since 1970.
fn is_date(text: &str) -> bool {
    let text = text.trim();
    let spelled = text.replacen(' ', "T", 1);
    text.parse::<f64>().is_ok_and(f64::is_finite)
        || [
            spelled.clone(),
            format!("{spelled}Z"),
            format!("{spelled}T00:00:00Z"),
        ]
        .iter()
        .any(|candidate| Timestamp::parse_rfc3339(candidate).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("1042", Some(1042)),
            (" 7 ", Some(7)),
            ("+7", Some(7)),
            ("-7", Some(-7)),
            ("1_000", Some(1000)),
            ("7.0", Some(7)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("-", None),
            ("7.5", None),
            ("7.", None),
            ("1__0", None),
            ("_1", None),
            ("1042,2056", None),
            ("[1042]", None),
            ("0x10", None),
            ("٣", None),
        ] {
            assert_eq!(integer(text), expected, "{text:?}");
        }
    }

    #[test]
    fn dates() {
        for text in [
            "2023-11-07T05:31:56Z",
            "2023-11-07T05:31:56+01:00",
            "2023-11-07T05:31:56",
            "2023-11-07 05:31:56Z",
            "2023-11-07",
            "1699335116",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in ["", "yesterday", "2023-13-07", "07.11.2023", "NaN"] {
            assert!(!is_date(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_back(number in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(integer(&number.to_string()), Some(number));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = (integer(&text), is_date(&text));
        }
    }
}
