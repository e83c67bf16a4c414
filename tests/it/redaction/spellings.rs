//! What is hidden, and how it may be spelled.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A secret that must not be written down.
#[derive(Clone, Debug)]
pub(super) enum Canary {
    /// One of the stage's own.
    Known(String),
    /// A token of somebody else, by its form.
    Jwt(u64),
    /// A token of somebody else, by its letters.
    Random(u64),
    /// One that nobody can know but by its place.
    Plain(u64),
}

impl Canary {
    /// Its value.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Known(value) => value.clone(),
            Self::Jwt(number) => {
                let part = |text: String| URL_SAFE_NO_PAD.encode(text);
                format!(
                    "{}.{}.{}",
                    part("{\"alg\":\"HS256\"}".to_owned()),
                    part(format!("{{\"sub\":\"canary {number}\"}}")),
                    part(format!("no signature {number}"))
                )
            }
            Self::Random(number) => {
                const ALPHABET: &[u8] = b"aZ3kQ8mV1tXc7Rn5Lp2Wd9Hb4Js6Gf0yEu";
                let letter = |at: u64| {
                    let at = (at * 17 + number * 5 + at * at) % ALPHABET.len() as u64;
                    char::from(ALPHABET[usize::try_from(at).expect("it is small")])
                };
                (0..32).map(letter).collect()
            }
            Self::Plain(number) => format!("hunter-canary-{number}"),
        }
    }

    /// Whether it is found wherever it stands.
    pub(super) const fn is_found_anywhere(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

/// One way to spell a canary.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    /// What it is called.
    pub(super) name: &'static str,
    /// The text that is sent.
    pub(super) text: String,
    /// Whether what was spelled is the whole secret, not a pair with it.
    pub(super) is_token: bool,
}

fn percent(text: &str, which: impl Fn(usize) -> bool) -> String {
    let spell = |(at, byte): (usize, &u8)| match which(at) || !byte.is_ascii_alphanumeric() {
        true => format!("%{byte:02X}"),
        false => char::from(*byte).to_string(),
    };
    text.as_bytes().iter().enumerate().map(spell).collect()
}

fn json(text: &str, which: impl Fn(usize) -> bool) -> String {
    let spell = |(at, letter): (usize, char)| {
        let needs = !letter.is_ascii_alphanumeric();
        if which(at) || needs {
            letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect()
        } else {
            letter.to_string()
        }
    };
    text.chars().enumerate().map(spell).collect()
}

/// All ways to spell `canary`.
pub(super) fn spellings(canary: &Canary) -> Vec<Spelling> {
    let value = canary.value();
    let form: String = percent(&value, |_| false).replace("%20", "+");
    let all = [
        ("raw", value.clone(), true),
        ("percent", percent(&value, |_| true), true),
        ("percent in part", percent(&value, |at| at % 3 == 0), true),
        (
            "percent twice",
            percent(&percent(&value, |at| at % 4 == 1), |_| false),
            true,
        ),
        ("form", form, true),
        ("json", json(&value, |_| true), true),
        ("json in part", json(&value, |at| at % 3 == 1), true),
        (
            "json, then percent",
            percent(&json(&value, |at| at % 5 == 0), |_| false),
            true,
        ),
        ("base64", STANDARD.encode(&value), false),
        ("base64url", URL_SAFE_NO_PAD.encode(&value), false),
        (
            "base64 of id and secret",
            STANDARD.encode(format!("client-a:{value}")),
            false,
        ),
        (
            "base64 one further",
            STANDARD.encode(format!("x{value}yz")),
            false,
        ),
        (
            "base64 two further",
            URL_SAFE_NO_PAD.encode(format!("xy{value}z")),
            false,
        ),
    ];
    all.into_iter()
        .map(|(name, text, is_token)| Spelling {
            name,
            text,
            is_token,
        })
        .collect()
}
