//! Secrets are replaced by names when a text is written, never later.
//!
//! Nothing is guessed: every secret of a run is known exactly, so its spellings can be listed.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// A value shorter than this is no secret: hiding it would blot out ordinary text.
const MIN_SECRET: usize = 4;

/// So many spellings are looked for one by one before all are looked for in one pass.
const MOST_BY_ONE: usize = 64;

/// The secrets of one scenario, in all the spellings in which they may turn up, and their names as
/// they are written.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<Needle>,
    known: HashSet<Arc<str>>,
    /// Finds the first needles, as many as it has patterns, in one pass.
    index: Option<AhoCorasick>,
}

/// What is looked for.
#[derive(Clone)]
struct Needle {
    text: Arc<str>,
    name: Arc<str>,
    kind: Kind,
}

/// What kind of text is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    /// A few digits, which stand in numbers and random ids by chance.
    Code,
    /// A name as it is written, and no secret.
    Mark,
}

/// Where a secret stands in a text, or the name of one.
struct Place<'a> {
    range: Range<usize>,
    name: &'a str,
    /// Of a mark, the name stands there already.
    kind: Kind,
}

impl<'a> Place<'a> {
    fn of(needle: &'a Needle, start: usize) -> Self {
        Self {
            range: start..start + needle.text.len(),
            name: &needle.name,
            kind: needle.kind,
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} spellings)", self.needles.len())
    }
}

impl Redactor {
    /// The secrets of all of `redactors`.
    pub fn merged<'a>(redactors: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for needle in redactors.into_iter().flat_map(|one| &one.needles) {
            if all.known.insert(Arc::clone(&needle.text)) {
                all.needles.push(needle.clone());
            }
        }
        all.index();
        all
    }

    /// From now on `value` is written as `«name»`.
    pub fn hide(&mut self, value: &str, name: &str) {
        if value.len() < MIN_SECRET {
            return;
        }
        for spelling in spellings(value) {
            self.add(spelling, name, Kind::Secret);
        }
    }

    /// From now on the one-time code `value` is written as `«name»`, where it stands alone.
    pub fn hide_code(&mut self, value: &str, name: &str) {
        self.add(value.to_owned(), name, Kind::Code);
    }

    /// From now on the base64 of `id:secret`, and of their form-encoded halves, is written as
    /// `«name»`.
    pub fn hide_pair(&mut self, id: &str, secret: &str, name: &str) {
        // The base64 of an empty pair, `Og==`, ends every sixteenth WebSocket key.
        if secret.len() < MIN_SECRET {
            return;
        }
        for pair in [
            format!("{id}:{secret}"),
            format!("{}:{}", form(id), form(secret)),
        ] {
            for spelling in base64s(&pair) {
                self.add(spelling, name, Kind::Secret);
            }
        }
    }

    /// `text` with names in place of secrets. Names that it wrote before stay, so that redacting
    /// again changes nothing.
    pub fn redact(&self, text: &str) -> String {
        let places = self.places(text);
        let mut redacted = String::with_capacity(text.len());
        let mut done = 0;
        for place in &places {
            if let Some(between) = text.get(done..place.range.start) {
                redacted.push_str(between);
            }
            redacted.push('«');
            redacted.push_str(place.name);
            redacted.push('»');
            done = place.range.end;
        }
        redacted.push_str(&text[done..]);
        redacted
    }

    /// Whether `text` holds any secret in any spelling.
    pub fn leaks(&self, text: &str) -> bool {
        self.places(text)
            .iter()
            .any(|place| place.kind != Kind::Mark)
    }

    /// Where secrets and names of secrets stand, in order, those within others left out. Two that
    /// overlap are both there: neither shows what the other leaves over.
    fn places(&self, text: &str) -> Vec<Place<'_>> {
        let indexed = self.index.as_ref().map_or(0, AhoCorasick::patterns_len);
        let mut places: Vec<Place<'_>> = Vec::new();
        if let Some(index) = &self.index {
            let found = index.find_overlapping_iter(text);
            places.extend(
                found.map(|found| Place::of(&self.needles[found.pattern()], found.start())),
            );
        }
        for needle in &self.needles[indexed..] {
            let found = text.match_indices(&*needle.text);
            places.extend(found.map(|(start, _)| Place::of(needle, start)));
        }
        places.retain(|place| place.kind != Kind::Code || stands_alone(text, &place.range));
        places.sort_by_key(|place| {
            (
                place.range.start,
                Reverse(place.range.end),
                place.kind != Kind::Mark,
            )
        });
        let mut end = 0;
        places.retain(|place| {
            let is_outermost = place.range.end > end;
            end = end.max(place.range.end);
            is_outermost
        });
        places
    }

    fn add(&mut self, spelling: String, name: &str, kind: Kind) {
        let name: Arc<str> = name.into();
        self.push(spelling.into(), &name, kind);
        self.push(format!("«{name}»").into(), &name, Kind::Mark);
    }

    fn push(&mut self, text: Arc<str>, name: &Arc<str>, kind: Kind) {
        if !self.known.insert(Arc::clone(&text)) {
            return;
        }
        self.needles.push(Needle {
            text,
            name: Arc::clone(name),
            kind,
        });
        let indexed = self.index.as_ref().map_or(0, AhoCorasick::patterns_len);
        if self.needles.len() > 2 * indexed.max(MOST_BY_ONE) {
            self.index();
        }
    }

    fn index(&mut self) {
        let texts = self.needles.iter().map(|needle| &*needle.text);
        // One that grows too large is none: then each is looked for by itself.
        self.index = AhoCorasick::new(texts).ok();
    }
}

/// Whether neither a letter nor a digit touches what stands there, but for the digits of an escape in front.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let (before, behind) = (
        &text.as_bytes()[..range.start],
        &text.as_bytes()[range.end..],
    );
    let is_escape =
        matches!(before, [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (is_escape || !touches(before.last())) && !touches(behind.first())
}

fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let json = &json[1..json.len() - 1];
    let mut all = vec![
        value.to_owned(),
        percent(value, false),
        percent(value, true),
        percent_component(value, false),
        percent_component(value, true),
        percent(value, false).replace("%2F", "/"),
        form(value),
        percent(value, true)
            .replace("%20", "+")
            .replace('~', "%7e")
            .replace("%2a", "*"),
        json.to_owned(),
    ];
    for json in [json.to_owned(), json.replace('/', "\\/")] {
        all.extend([ascii_json(&json, false), ascii_json(&json, true)]);
        all.push(json);
    }
    if !value.is_ascii() {
        all.extend(in_latin1(value));
    }
    all.extend(base64s(value));
    all
}

/// The text of JSON with all beyond ASCII as `\uXXXX` (RFC 8259 §7), as Python and PHP write it.
fn ascii_json(json: &str, lower: bool) -> String {
    let mut units = [0; 2];
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            text += &match lower {
                true => format!("\\u{unit:04x}"),
                false => format!("\\u{unit:04X}"),
            };
        }
    }
    text
}

/// As `encodeURIComponent` of ECMAScript writes it: `!`, `'`, `(`, `)` and `*` stay.
fn percent_component(value: &str, lower: bool) -> String {
    value
        .split_inclusive(['!', '\'', '(', ')', '*'])
        .map(|part| match part.char_indices().next_back() {
            Some((at, last)) if "!'()*".contains(last) => {
                format!("{}{last}", percent(&part[..at], lower))
            }
            _ => percent(part, lower),
        })
        .collect()
}

fn base64s(value: &str) -> [String; 4] {
    [
        STANDARD.encode(value),
        URL_SAFE.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ]
}

/// RFC 3986 §2.1 over all but unreserved characters, with hexadecimal digits of either case.
pub(crate) fn percent(value: &str, lower: bool) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                char::from(byte).to_string()
            }
            _ if lower => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The form encoding of RFC 6749 appendix B.
pub(crate) fn form(value: &str) -> String {
    percent(value, false)
        .replace("%20", "+")
        .replace('~', "%7E")
        .replace("%2A", "*")
}

/// What comes of a value where ISO 8859-1 and UTF-8 are taken for one another, as sent and as shown.
fn in_latin1(value: &str) -> [String; 4] {
    let form = latin1_form(value);
    let lower = form.replace("%C", "%c").replace("%D", "%d");
    let lower = lower.replace("%E", "%e").replace("%F", "%f");
    let unreadable = |letter: char| match letter {
        '\u{80}'..='\u{ff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    let misread = value.bytes().map(char::from).collect();
    [
        form,
        lower,
        value.chars().map(unreadable).collect(),
        misread,
    ]
}

/// The form encoding in ISO 8859-1, as pages of that encoding send it; what it has no letter for stays
/// UTF-8.
pub(crate) fn latin1_form(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut buffer = [0; 4];
    for letter in value.chars() {
        match u8::try_from(letter) {
            Ok(byte) if !byte.is_ascii() => text += &format!("%{byte:02X}"),
            _ => text += &form(letter.encode_utf8(&mut buffer)),
        }
    }
    text
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3c: @+&=%2B%/ é\"=";

    fn check(text: &str, expected: &str) {
        let mut redactor = Redactor::default();
        redactor.hide(SECRET, "client secret");
        redactor.hide("s3c: ", "beginning");
        redactor.hide("abc", "too short");
        redactor.hide_pair("id", SECRET, "id and secret");
        assert_eq!(redactor.redact(text), expected);
        assert_eq!(redactor.leaks(text), text != expected);
    }

    #[test]
    fn each_spelling_is_replaced_by_the_name() {
        check(&format!("a {SECRET} b"), "a «client secret» b");
        check(
            &format!("x={}", percent(SECRET, false)),
            "x=«client secret»",
        );
        check(&format!("x={}", percent(SECRET, true)), "x=«client secret»");
        check(&format!("x={}", form(SECRET)), "x=«client secret»");
        check(
            &serde_json::json!({"error": SECRET}).to_string(),
            "{\"error\":\"«client secret»\"}",
        );
        check(&STANDARD.encode(SECRET), "«client secret»");
        check(&URL_SAFE_NO_PAD.encode(SECRET), "«client secret»");
    }

    #[test]
    fn a_pair_is_replaced_raw_and_form_encoded() {
        check(
            &format!("Basic {}", STANDARD.encode(format!("id:{SECRET}"))),
            "Basic «id and secret»",
        );
        check(
            &format!("Basic {}", STANDARD.encode(format!("id:{}", form(SECRET)))),
            "Basic «id and secret»",
        );
    }

    /// Eight of ninety runs ended as our fault: `Og==`, the base64 of an empty pair, was taken for a
    /// secret, and each sixteenth key of a websocket ends like that.
    #[test]
    fn a_pair_without_a_secret_is_no_secret() {
        let mut redactor = Redactor::default();
        redactor.hide_pair("", "", "client id and client secret");
        redactor.hide_pair("an-id", "", "client id and client secret");
        assert!(!redactor.leaks("Sec-WebSocket-Key: Tsim7/IHR3zccFz0KwrfOg=="));
    }

    /// A secret that is a word of a name must not blot that name, which rules compare.
    #[test]
    fn a_name_is_written_once_even_when_a_secret_is_a_word_of_it() {
        let mut redactor = Redactor::default();
        redactor.hide("correct horse battery", "client secret");
        redactor.hide("secret", "password");
        let once = redactor.redact("a correct horse battery, a secret");
        assert_eq!(once, "a «client secret», a «password»");
        assert_eq!(redactor.redact(&once), once);
        assert!(!redactor.leaks(&once));
    }

    #[test]
    fn of_two_secrets_that_overlap_nothing_is_left_over() {
        let mut redactor = Redactor::default();
        redactor.hide("alphabeta-1", "first");
        redactor.hide("beta-1gamma-and-more", "second");
        let redacted = redactor.redact("x alphabeta-1gamma-and-more y");
        assert_eq!(redacted, "x «first»«second» y");
    }

    #[test]
    fn other_writers_spell_otherwise() {
        let python = SECRET.replace('é', "\\u00e9").replace('"', "\\\"");
        check(&python, "«client secret»");
        let php = python.replace('/', "\\/").replace("00e9", "00E9");
        check(&php, "«client secret»");
        check(
            "x=s3c%3a+%40%2b%26%3d%252B%25%2f+%c3%a9%22%3d",
            "x=«client secret»",
        );
    }

    #[test]
    fn the_whole_goes_before_its_part_and_short_values_stay() {
        check("s3c: x abc", "«beginning»x abc");
        check("nothing here", "nothing here");
    }

    /// A challenge of SRP, a time or an id in which a code stood by chance, told it.
    #[test]
    fn a_code_is_looked_for_where_it_stands_alone() {
        let mut redactor = Redactor::default();
        redactor.hide_code("123456", "one-time code");
        for number in [
            "a1123456ff",
            "{\"iat\":1712345600}",
            "a2cc-63b123456d41",
            "123456f",
        ] {
            assert_eq!(redactor.redact(number), number);
        }
        for (text, expected) in [
            ("code=123456", "code=«one-time code»"),
            ("%22123456%22", "%22«one-time code»%22"),
            ("\"123456\"", "\"«one-time code»\""),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
    }
}
