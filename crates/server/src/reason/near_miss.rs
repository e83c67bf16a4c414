//! A secret, password, name, code or token that would be right but for its wrapping: a newline from
//! a file, a quote from a shell, an encoding too many or too few.
//!
//! Only how it differs is told, never the value. What compares secrets compares them in constant
//! time ([`Secret::matches`]); how many spellings were tried does depend on the value, after the
//! refusal and beside it.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE_NO_PAD};
use locum_core::{Denial, Secret};
use percent_encoding::percent_decode;

/// Longer values are compared as they stand alone.
const MAX_LENGTH: usize = 16 << 10;

/// Says how `presented` differs from `secret`, where it is one of the usual slips.
#[must_use]
pub fn of_secret(denial: Denial, secret: &Secret, presented: &[u8]) -> Denial {
    of_form_decoded(denial, secret, presented, presented)
}

/// The same for a value that was form-decoded from `raw`.
#[must_use]
pub fn of_form_decoded(denial: Denial, secret: &Secret, presented: &[u8], raw: &[u8]) -> Denial {
    let denial = sized(denial, presented);
    let difference = raw_difference(secret, presented, raw)
        .or_else(|| difference(presented, |value| secret.matches(value)))
        .or_else(|| of_the_secret(secret, presented));
    with(denial, difference)
}

/// Says how a name differs from one that `known` knows.
#[must_use]
pub fn of_name(denial: Denial, presented: &[u8], known: impl Fn(&[u8]) -> bool) -> Denial {
    with(denial, difference(presented, known))
}

fn with(mut denial: Denial, difference: Option<String>) -> Denial {
    denial.difference = denial.difference.or(difference);
    denial
}

/// Says what was presented by its length alone.
fn sized(mut denial: Denial, presented: &[u8]) -> Denial {
    denial.got.get_or_insert_with(|| match presented.len() {
        0 => "an empty value".to_owned(),
        1 => "another value of one byte".to_owned(),
        length => format!("another value of {length} bytes"),
    });
    denial
}

/// The value fits as it stood before it was form-decoded.
fn raw_difference(secret: &Secret, presented: &[u8], raw: &[u8]) -> Option<String> {
    if raw == presented || raw.len() > MAX_LENGTH || !secret.matches(raw) {
        return None;
    }
    let sign = match raw.iter().find(|byte| matches!(byte, b'+' | b'%')) {
        Some(b'+') => "`+` reads as a space, send %2B",
        _ => "`%` begins an escape, send %25",
    };
    Some(format!(
        "right as it stands, but Basic is form-decoded here: {sign}"
    ))
}

/// What is wrong is wrapped around the stage's own secret: a newline that came from its document.
fn of_the_secret(secret: &Secret, presented: &[u8]) -> Option<String> {
    let whole = secret.expose().as_bytes();
    let trimmed = whole.trim_ascii();
    let differs = trimmed.len() < whole.len() && !trimmed.is_empty();
    (differs && Secret::new(String::from_utf8_lossy(trimmed)).matches(presented))
        .then(|| "the stage's own value has blanks around it, this one has none".to_owned())
}

/// How `presented` differs from what `fits` takes, as a phrase; `None` when no slip is known.
pub(super) fn difference(presented: &[u8], fits: impl Fn(&[u8]) -> bool) -> Option<String> {
    slips(presented)
        .into_iter()
        .find(|(value, _)| fits(value))
        .map(|(_, words)| words)
}

/// The values that `presented` may have been meant to be, the likeliest first, each with how it
/// differs from that.
pub(crate) fn slips(presented: &[u8]) -> Vec<(Vec<u8>, String)> {
    if presented.is_empty() || presented.len() > MAX_LENGTH {
        return Vec::new();
    }
    let mut slips = Vec::new();
    let mut add = |value: Option<Vec<u8>>, words: &str| {
        if let Some(value) = value.filter(|value| !value.is_empty() && value != presented) {
            slips.push((value, words.to_owned()));
        }
    };
    for (value, words) in unwrapped(presented) {
        add(value.map(<[u8]>::to_vec), words);
    }
    let unescaped = percent_decode(presented).collect::<Vec<u8>>();
    add(Some(unescaped), "percent-encoded once too often");
    add(
        Some(swapped(presented, b' ', b'+')),
        "a `+` that was not sent as %2B reads as a space",
    );
    add(
        Some(swapped(presented, b'+', b' ')),
        "a `+` stands where a space belongs",
    );
    let form = swapped(presented, b'+', b' ');
    add(
        Some(percent_decode(&form).collect()),
        "form-encoded once too often",
    );
    for engine in [&STANDARD, &URL_SAFE_NO_PAD] as [&GeneralPurpose; 2] {
        add(engine.decode(presented).ok(), "base64 of the right value");
    }
    for engine in [&STANDARD, &URL_SAFE_NO_PAD] as [&GeneralPurpose; 2] {
        add(
            Some(engine.encode(presented).into_bytes()),
            "base64-decoded once too often",
        );
    }
    let escaped: String = form_urlencoded::byte_serialize(presented).collect();
    add(
        Some(escaped.replace('+', "%20").into_bytes()),
        "percent-decoded once too often",
    );
    add(Some(escaped.into_bytes()), "form-decoded once too often");
    add(
        Some(presented.to_ascii_lowercase()),
        "right but for its letter case",
    );
    add(
        Some(presented.to_ascii_uppercase()),
        "right but for its letter case",
    );
    add(
        Some(swapped_case(presented)),
        "right but for its letter case",
    );
    add(
        as_latin1(presented),
        "UTF-8 that was read as Latin-1 and encoded again",
    );
    let widened: String = presented.iter().copied().map(char::from).collect();
    add(
        Some(widened.into_bytes()),
        "Latin-1 bytes where UTF-8 belongs",
    );
    slips
}

/// `presented` without what commonly surrounds a value.
fn unwrapped(presented: &[u8]) -> Vec<(Option<&[u8]>, &'static str)> {
    let whole = presented;
    let bom = "\u{feff}".as_bytes();
    let quoted = |quote: u8| match whole {
        [first, inner @ .., last] if *first == quote && *last == quote => Some(inner),
        _ => None,
    };
    let scheme = |word: &str| {
        let (head, rest) = whole.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
    };
    let bare = trimmed(whole);
    vec![
        (
            whole.strip_suffix(b"\r\n"),
            "a carriage return and a newline at the end",
        ),
        (whole.strip_suffix(b"\n"), "a newline at the end"),
        (whole.strip_suffix(b"\r"), "a carriage return at the end"),
        (
            whole.strip_suffix(b"\\n"),
            "the two characters `\\n` at the end",
        ),
        (Some(whole.trim_ascii_end()), "blanks at the end"),
        (Some(whole.trim_ascii_start()), "blanks at the beginning"),
        (Some(whole.trim_ascii()), "blanks around it"),
        (
            whole.strip_prefix(bom),
            "a byte order mark at the beginning",
        ),
        (whole.strip_suffix(b"\0"), "a NUL at the end"),
        (quoted(b'"'), "quotes around it"),
        (quoted(b'\''), "quotes around it"),
        (quoted(b'`'), "quotes around it"),
        (scheme("Bearer "), "`Bearer ` in front of it"),
        (scheme("Basic "), "`Basic ` in front of it"),
        (scheme("="), "a `=` in front of it"),
        (
            Some(bare),
            "characters around it that do not belong to it (blanks, quotes, a byte order mark)",
        ),
    ]
}

/// Without blanks, quotes and byte order marks at both ends.
fn trimmed(mut value: &[u8]) -> &[u8] {
    let bom = "\u{feff}".as_bytes();
    loop {
        let before = value.len();
        value = value.trim_ascii();
        value = value.strip_prefix(bom).unwrap_or(value);
        if let [b'"' | b'\'', ..] = value {
            value = &value[1..];
        }
        if let [.., b'"' | b'\'' | 0] = value {
            value = &value[..value.len() - 1];
        }
        if value.len() == before {
            return value;
        }
    }
}

fn swapped(value: &[u8], from: u8, to: u8) -> Vec<u8> {
    value
        .iter()
        .map(|byte| if *byte == from { to } else { *byte })
        .collect()
}

fn swapped_case(value: &[u8]) -> Vec<u8> {
    value
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' => byte.to_ascii_uppercase(),
            _ => byte.to_ascii_lowercase(),
        })
        .collect()
}

/// The bytes whose Latin-1 reading is this UTF-8 text.
fn as_latin1(value: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    text.chars()
        .map(|letter| u8::try_from(letter).ok())
        .collect()
}
