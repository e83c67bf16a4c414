//! Secrets are replaced by names when a text is written, never later.
//!
//! Nothing is guessed: every secret of a run is known exactly, so its spellings can be listed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// A value shorter than this is no secret: hiding it would blot out ordinary text.
const MIN_SECRET: usize = 4;

/// The secrets of one scenario, in all the spellings in which they may turn up.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Spelling and name, longest spelling first, so that a part never blots the whole.
    spellings: Vec<(String, String)>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} spellings)", self.spellings.len())
    }
}

impl Redactor {
    /// From now on `value` is written as `«name»`.
    pub fn hide(&mut self, value: &str, name: &str) {
        if value.len() < MIN_SECRET {
            return;
        }
        for spelling in spellings(value) {
            self.add(spelling, name);
        }
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
                self.add(spelling, name);
            }
        }
    }

    /// `text` with names in place of secrets.
    pub fn redact(&self, text: &str) -> String {
        self.spellings
            .iter()
            .fold(text.to_owned(), |text, (spelling, name)| {
                if text.contains(spelling.as_str()) {
                    text.replace(spelling.as_str(), &format!("«{name}»"))
                } else {
                    text
                }
            })
    }

    /// Whether `text` holds any secret in any spelling.
    pub fn leaks(&self, text: &str) -> bool {
        self.spellings
            .iter()
            .any(|(spelling, _)| text.contains(spelling.as_str()))
    }

    fn add(&mut self, spelling: String, name: &str) {
        if self.spellings.iter().any(|(known, _)| *known == spelling) {
            return;
        }
        let at = self
            .spellings
            .partition_point(|(known, _)| known.len() >= spelling.len());
        self.spellings.insert(at, (spelling, name.to_owned()));
    }
}

fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let mut all = vec![
        value.to_owned(),
        percent(value, false),
        percent(value, true),
        form(value),
        json[1..json.len() - 1].to_owned(),
    ];
    all.extend(base64s(value));
    all
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

    #[test]
    fn the_whole_goes_before_its_part_and_short_values_stay() {
        check("s3c: x abc", "«beginning»x abc");
        check("nothing here", "nothing here");
    }
}
