//! JSON: a reader that knows where each value stands, and takes exactly what the grammar takes
//! (RFC 8259), so that no place of a broken body is mistaken for another.

use std::borrow::Cow;
use std::ops::Range;

use super::plan::Plan;
use super::vocabulary::{is_logins, is_public, is_sensitive};

/// Deepest nesting, as serde_json has it.
const MAX_DEPTH: usize = 127;

/// Numbers below it are statuses where their member is called `code`.
const STATUS: usize = 3;

/// Members that name what the value beside them is.
const NAMES: &[&str] = &["name", "key", "field", "param", "parameter", "header"];

/// Members that hold such a value.
const VALUES: &[&str] = &["value", "content", "text"];

/// Why reading ended early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is not valid JSON.
    Broken,
    /// What follows is not kept.
    Enough,
}

/// What the place of a value says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anything.
    Ordinary,
    /// A credential, whatever shape it has.
    Secret,
    /// A code: a credential, unless it is a short number.
    Code,
    /// Credentials by issuer.
    Logins,
    /// Part of what is masked as a whole.
    Within,
}

/// A string: where its content stands, and the content when it has no escapes.
struct Text {
    range: Range<usize>,
    has_escapes: bool,
}

/// Marks the credentials in the JSON that is `text` from byte `at` on; reading ends after `limit`
/// bytes. `content` is given the place of each ordinary string that may hold more than a word.
pub(super) fn mark(
    text: &str,
    at: usize,
    limit: usize,
    plan: &mut Plan,
    content: &mut dyn FnMut(Range<usize>, bool, &mut Plan),
) -> Result<(), Stop> {
    let mut reader = Reader {
        text,
        at,
        limit,
        plan,
        content,
    };
    let read = reader.value(Place::Ordinary, 0).and_then(|_| {
        reader.blanks();
        match reader.at == text.len() {
            true => Ok(()),
            false => Err(Stop::Broken),
        }
    });
    match read {
        Err(Stop::Enough) => Ok(()),
        other => other,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    limit: usize,
    plan: &'a mut Plan,
    content: &'a mut dyn FnMut(Range<usize>, bool, &mut Plan),
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), Stop> {
        self.blanks();
        if self.peek() != Some(byte) {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.take(byte).is_ok()
    }

    /// Reads a value; a string is given back.
    fn value(&mut self, place: Place, depth: usize) -> Result<Option<Text>, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Broken);
        }
        self.blanks();
        let start = self.at;
        match self.peek().ok_or(Stop::Broken)? {
            b'"' => {
                let text = self.string()?;
                self.mark_string(place, &text);
                return Ok(Some(text));
            }
            b'{' | b'[' => {
                let inner = match place {
                    Place::Secret | Place::Code | Place::Within => Place::Within,
                    other => other,
                };
                self.container(inner, depth)?;
                if matches!(place, Place::Secret | Place::Code) && !self.is_hollow(start) {
                    let value = self.text[start..self.at].to_owned();
                    self.plan.mask_quoted(start..self.at, &value);
                }
            }
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => {
                self.number()?;
                let number = start..self.at;
                let is_status = place == Place::Code && number.len() <= STATUS;
                if matches!(place, Place::Secret | Place::Code | Place::Logins) && !is_status {
                    let value = self.text[number.clone()].to_owned();
                    self.plan.mask_quoted(number, &value);
                }
            }
        }
        Ok(None)
    }

    /// Whether the container that began at `start` is empty.
    fn is_hollow(&self, start: usize) -> bool {
        self.text[start + 1..self.at - 1].trim().is_empty()
    }

    fn container(&mut self, place: Place, depth: usize) -> Result<(), Stop> {
        if self.peek() == Some(b'{') {
            self.object(place, depth)
        } else {
            self.array(place, depth)
        }
    }

    fn object(&mut self, place: Place, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        if self.takes(b'}') {
            return Ok(());
        }
        // A list of names and values, as in {"name": "password", "value": "x"}.
        let (mut announced, mut value) = (false, None);
        loop {
            if place != Place::Within && self.at > self.limit {
                return Err(Stop::Enough);
            }
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(Stop::Broken);
            }
            let name = self.string()?;
            let name = self.content_of(&name);
            self.take(b':')?;
            let inner = match place {
                Place::Ordinary => place_of(&name),
                other => other,
            };
            let text = self.value(inner, depth + 1)?;
            if inner == Place::Secret && text.is_some() {
                self.plan.named(&name);
            }
            if place == Place::Ordinary
                && let Some(text) = text
            {
                let is = |one: &&str| name.eq_ignore_ascii_case(one);
                if NAMES.iter().any(is) {
                    announced |= is_sensitive(&self.content_of(&text));
                } else if VALUES.iter().any(is) {
                    value = Some(text);
                } else if is_public(&name) {
                    self.plan.public.push(text.range);
                }
            }
            if self.takes(b'}') {
                break;
            }
            self.take(b',')?;
        }
        if let Some(value) = value.filter(|_| announced) {
            self.mask(&value);
        }
        Ok(())
    }

    fn array(&mut self, place: Place, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        if self.takes(b']') {
            return Ok(());
        }
        // A name and its value, as in ["password", "x"].
        let mut pair: Vec<Option<Text>> = Vec::new();
        let mut count = 0;
        loop {
            if place != Place::Within && self.at > self.limit {
                return Err(Stop::Enough);
            }
            let text = self.value(place, depth + 1)?;
            count += 1;
            if count <= 2 {
                pair.push(text);
            }
            if self.takes(b']') {
                break;
            }
            self.take(b',')?;
        }
        if place == Place::Ordinary
            && count == 2
            && let [Some(name), Some(value)] = &pair[..]
            && is_sensitive(&self.content_of(name))
            && !is_sensitive(&self.content_of(value))
        {
            self.mask(value);
        }
        Ok(())
    }

    fn mark_string(&mut self, place: Place, text: &Text) {
        match place {
            Place::Secret | Place::Code | Place::Logins => self.mask(text),
            Place::Within => {}
            Place::Ordinary => {
                let bytes = self.text[text.range.clone()].as_bytes();
                if text.has_escapes || memchr::memchr3(b'=', b':', b'>', bytes).is_some() {
                    (self.content)(text.range.clone(), text.has_escapes, self.plan);
                }
            }
        }
    }

    fn mask(&mut self, text: &Text) {
        let value = self.content_of(text);
        self.plan.mask(text.range.clone(), value);
    }

    /// What the string says.
    fn content_of(&self, text: &Text) -> Cow<'a, str> {
        let spelled = &self.text[text.range.clone()];
        if !text.has_escapes {
            return spelled.into();
        }
        let read = serde_json::from_str(&format!("\"{spelled}\""));
        read.map_or(Cow::Borrowed(spelled), Cow::Owned)
    }

    fn string(&mut self) -> Result<Text, Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let (mut at, mut has_escapes) = (start, false);
        loop {
            let next = memchr::memchr2(b'"', b'\\', &bytes[at..]).ok_or(Stop::Broken)?;
            if bytes[at..at + next].iter().any(|byte| *byte < b' ') {
                return Err(Stop::Broken);
            }
            at += next;
            if bytes[at] == b'"' {
                break;
            }
            has_escapes = true;
            at += match bytes.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                Some(b'u') => unicode(&bytes[at..]).ok_or(Stop::Broken)?,
                _ => return Err(Stop::Broken),
            };
        }
        self.at = at + 1;
        Ok(Text {
            range: start..at,
            has_escapes,
        })
    }

    fn word(&mut self, word: &str) -> Result<(), Stop> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Stop::Broken);
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<(), Stop> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.peek();
        match (first, self.digits()) {
            (_, 0) => return Err(Stop::Broken),
            (Some(b'0'), count) if count > 1 => return Err(Stop::Broken),
            _ => {}
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(Stop::Broken);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(Stop::Broken);
            }
        }
        Ok(())
    }
}

fn place_of(name: &str) -> Place {
    if name.starts_with("cognito-idp.") {
        Place::Logins
    } else if !is_sensitive(name) {
        Place::Ordinary
    } else if is_logins(name) {
        Place::Logins
    } else if name.eq_ignore_ascii_case("code") {
        Place::Code
    } else if name.to_ascii_lowercase().ends_with("credentials") {
        // An object of ids and keys, whose members say what they are.
        Place::Ordinary
    } else {
        Place::Secret
    }
}

/// The length of `\uXXXX`, or of the pair that it begins.
fn unicode(bytes: &[u8]) -> Option<usize> {
    let unit = |at: usize| {
        let hex = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(hex, 16).ok().filter(|_| is_hex)
    };
    match unit(2)? {
        0xD800..0xDC00 => {
            let low = unit(8).filter(|_| bytes[6..8] == *b"\\u")?;
            (0xDC00..0xE000).contains(&low).then_some(12)
        }
        0xDC00..0xE000 => None,
        _ => Some(6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        let mut plan = Plan::default();
        mark(text, 0, usize::MAX, &mut plan, &mut |_, _, _| {}).ok()?;
        let names: Vec<_> = plan.marks.iter().map(|_| Some("*".to_owned())).collect();
        Some(plan.render(text, &names, usize::MAX))
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn credentials_are_masked_whatever_shape_they_have() {
        check(
            r#"{"password": "x", "a": "y"}"#,
            r#"{"password": "*", "a": "y"}"#,
        );
        check(
            r#"{"password":["x",{"y":"z"}],"b":1}"#,
            r#"{"password":"*","b":1}"#,
        );
        check(r#"{"client_secret":{"x":"y"}}"#, r#"{"client_secret":"*"}"#);
        check(r#"{"pin":1234,"code":400}"#, r#"{"pin":"*","code":400}"#);
        check(
            r#"{"password":null,"token":[]}"#,
            r#"{"password":null,"token":[]}"#,
        );
        check(r#"{"\u0070assword":"x"}"#, r#"{"\u0070assword":"*"}"#);
        check(
            r#"{"Logins":{"accounts.google.com":"x"}}"#,
            r#"{"Logins":{"accounts.google.com":"*"}}"#,
        );
        check(
            r#"{"a":[{"Value":"x","Name":"password"}]}"#,
            r#"{"a":[{"Value":"*","Name":"password"}]}"#,
        );
        check(r#"["password","x"]"#, r#"["password","*"]"#);
        check(
            r#"["password","client_secret"]"#,
            r#"["password","client_secret"]"#,
        );
        check(
            r#"{"Credentials":{"AccessKeyId":"A","SecretKey":"s","SessionToken":"t"}}"#,
            r#"{"Credentials":{"AccessKeyId":"A","SecretKey":"*","SessionToken":"*"}}"#,
        );
    }

    /// Pieces of which both valid and broken JSON is made.
    fn jsonish() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\""),
            Just("\"a\""),
            Just("\"password\""),
            Just("\\u00e9"),
            Just("\\ud83d\\ude00"),
            Just("\\ud83d"),
            Just("\\x"),
            Just("1"),
            Just("-0.5e3 "),
            Just("01"),
            Just("1."),
            Just("true"),
            Just("nul"),
            Just(" "),
            Just("\n"),
            Just("'"),
            Just("\u{feff}"),
            Just("ä"),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn it_takes_what_serde_json_takes(text in jsonish()) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(shown(&text).is_some(), theirs, "{}", text);
        }

        #[test]
        fn what_is_masked_stays_json(value in "[a-z\"\\\\\\[\\]{}]{0,12}", inner in any::<u64>()) {
            let body = serde_json::json!({"a": value, "token": {"x": value, "y": inner}, "pin": inner});
            let text = shown(&body.to_string()).expect("it is JSON");
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}
