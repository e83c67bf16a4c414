//! How Keycloak reads the form of a request; in places it is not what the RFCs say.

use locum_core::{Denial, DenialKind};
use locum_server::{Form as Raw, Mock, Request};

/// Characters of a value that a grant reads; a longer one counts as absent. Measured on Keycloak,
/// which has no page for it.
const MAX_GRANT_VALUE_CHARS: usize = 4000;

/// Bytes of a name or value in a form; measured on Keycloak, the default of its HTTP server.
const MAX_NAME_OR_VALUE: usize = 131_072;

/// Names in a form; likewise.
const MAX_NAMES: usize = 1000;

/// Character sets that escapes are decoded by; others make Keycloak fail where there is an escape.
const CHARSETS: [&str; 3] = ["utf-8", "iso-8859-1", "us-ascii"];

/// The decoded form of a request, names and values as text, repetitions kept.
#[derive(Debug, Default)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    /// How far the client of the form can be told.
    pub(super) client: ClientIn,
}

/// Whether client authentication can read the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ClientIn {
    /// It can.
    #[default]
    Form,
    /// A multipart body: the grant is read from it, the client is not.
    Nowhere,
    /// Two media types in one header: it fails.
    Unreadable,
}

/// The refusal of a `Content-Type` that is no media type.
pub(super) fn unparsable(mock: &Mock, header: &str) -> Denial {
    Denial::new(DenialKind::Malformed, "unparsable_media_type")
        .expected("Content-Type: application/x-www-form-urlencoded")
        .got(header)
        .param("error_id", mock.uuid())
}

/// Each `&` with nothing before it is a parameter without name and value.
fn nameless(body: &[u8]) -> impl Iterator<Item = (String, String)> {
    let pieces = body.split(|byte| *byte == b'&');
    let ends_empty = body.is_empty() || body.ends_with(b"&");
    let empty = pieces.filter(|piece| piece.is_empty()).count();
    let empty = empty - usize::from(ends_empty);
    std::iter::repeat_n((String::new(), String::new()), empty)
}

impl Form {
    /// Reads the body of `request` by its media type.
    ///
    /// # Errors
    /// `broken_form` for a broken escape or broken parts or too many names, `body_too_large` for one value too
    /// long, `unparsable_media_type` for a `Content-Type` that is not a media type.
    pub(super) async fn read(mock: &Mock, request: &Request) -> Result<Self, Denial> {
        // Of two headers the first counts.
        let Some(header) = request.headers.get(http::header::CONTENT_TYPE) else {
            return Ok(Self::default());
        };
        let header = String::from_utf8_lossy(header.as_bytes()).into_owned();
        let mut parts = header.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let is_word = |word: &str| !word.is_empty() && !word.contains([' ', '/']);
        if !media_type.split_once('/').is_some_and(|(kind, of)| {
            is_word(kind) && is_word(of.split(',').next().unwrap_or_default())
        }) {
            return Err(unparsable(mock, &header));
        }
        let (first, second) = media_type.split_once(',').unwrap_or((media_type, ""));
        let mut form = match first {
            // In lower case only: media types are case-insensitive by RFC 9110 §8.3.1, but not here.
            "application/x-www-form-urlencoded" => {
                let charset = parts.find_map(|part| part.strip_prefix("charset="));
                let charset = charset.unwrap_or("utf-8").to_ascii_lowercase();
                let escaped = request.body.iter().any(|byte| matches!(byte, b'%' | b'+'));
                if escaped && !CHARSETS.contains(&charset.as_str()) {
                    return Err(Denial::new(DenialKind::Unsupported, "broken_form")
                        .expected("charset=utf-8, or none")
                        .got(charset));
                }
                let mut form = Self::decoded(&request.form(), charset == "iso-8859-1")?;
                form.pairs.extend(nameless(&request.body));
                form
            }
            "multipart/form-data" => Self::of_parts(&header, request).await?,
            _ => Self::default(),
        };
        if !second.is_empty() {
            form.client = ClientIn::Unreadable;
        }
        Ok(form)
    }

    fn decoded(raw: &Raw, latin: bool) -> Result<Self, Denial> {
        if raw.broken_escape {
            return Err(Denial::new(DenialKind::Malformed, "broken_form")
                .expected("%, and two hexadecimal digits"));
        }
        let names: std::collections::BTreeSet<_> = raw.pairs.iter().map(|(name, _)| name).collect();
        if names.len() > MAX_NAMES {
            return Err(Denial::new(DenialKind::Limit, "broken_form")
                .expected(format!("at most {MAX_NAMES} names")));
        }
        let is_long = |(name, value): &(Vec<u8>, Vec<u8>)| {
            name.len() > MAX_NAME_OR_VALUE || value.len() > MAX_NAME_OR_VALUE
        };
        if raw.pairs.iter().any(is_long) {
            return Err(
                Denial::new(DenialKind::Limit, "realm_body_too_large").expected(format!(
                    "names and values of at most {MAX_NAME_OR_VALUE} bytes"
                )),
            );
        }
        let text = |bytes: &[u8]| {
            if latin {
                bytes.iter().map(|&byte| char::from(byte)).collect()
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        let pairs = raw
            .pairs
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        Ok(Self {
            pairs,
            client: ClientIn::Form,
        })
    }

    async fn of_parts(header: &str, request: &Request) -> Result<Self, Denial> {
        let broken = |error: multer::Error| {
            Denial::new(DenialKind::Malformed, "broken_form")
                .expected("parts between boundaries")
                .got(error.to_string())
        };
        let boundary = multer::parse_boundary(header).map_err(broken)?;
        let body = request.body.clone();
        let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut pairs = Vec::new();
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            pairs.push((name, field.text().await.map_err(broken)?));
        }
        Ok(Self {
            pairs,
            client: ClientIn::Nowhere,
        })
    }

    /// The first value of `name`, even an empty one, whatever its length.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of `name` as a grant reads it: one that is too long counts as absent.
    pub(super) fn read_by_grant(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| {
            value.chars().take(MAX_GRANT_VALUE_CHARS + 1).count() <= MAX_GRANT_VALUE_CHARS
        })
    }

    /// Names and values in order.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether `name` occurs twice.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(have, _)| have == name).count() > 1
    }

    /// Whether a name occurs twice; names are compared as they are, letter case included.
    ///
    /// # Errors
    /// `repeated_parameter` with the first such name.
    pub(super) fn refuse_repeated(&self) -> Result<(), Denial> {
        let mut seen = std::collections::BTreeSet::new();
        match self.pairs.iter().find(|(name, _)| !seen.insert(name)) {
            Some((name, _)) => Err(Denial::new(DenialKind::Repeated, "repeated_parameter")
                .expected("each parameter once")
                .got(name)),
            None => Ok(()),
        }
    }
}
