//! Whatever the secret and however it is written, its name stands in its place.

use proptest::prelude::*;

use super::*;
use crate::testing::fixed;

/// Ways in which somebody may write a secret, each by its own means.
const WRITERS: [fn(&str) -> String; 14] = [
    str::to_owned,
    |value| percent_encoding::utf8_percent_encode(value, ALL_BUT_UNRESERVED).to_string(),
    |value| percent(value, true),
    form,
    |value| lower_escapes(&form(value)),
    |value| in_json(&serde_json::json!([value]).to_string()),
    |value| escaped(value, |unit| format!("\\u{unit:04x}")),
    |value| escaped(value, |unit| format!("\\u{unit:04X}")),
    |value| in_json(&serde_json::json!([value]).to_string().replace('/', "\\/")),
    |value| STANDARD.encode(value),
    |value| STANDARD_NO_PAD.encode(value),
    |value| URL_SAFE.encode(value),
    |value| URL_SAFE_NO_PAD.encode(value),
    |value| percent_encoding::utf8_percent_encode(value, COMPONENT).to_string(),
];

const ALL_BUT_UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const COMPONENT: &percent_encoding::AsciiSet = &ALL_BUT_UNRESERVED
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

fn in_json(list: &str) -> String {
    list[2..list.len() - 2].to_owned()
}

/// JSON in which all beyond ASCII is escaped, as `unit` writes it.
fn escaped(value: &str, unit: fn(u16) -> String) -> String {
    let json = in_json(&serde_json::json!([value]).to_string());
    let character = |character: char| match character.is_ascii() {
        true => character.to_string(),
        false => character
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|found| unit(*found))
            .collect(),
    };
    json.chars().map(character).collect()
}

fn lower_escapes(text: &str) -> String {
    let mut rest = text;
    let mut lower = String::new();
    while let Some(at) = rest.find('%') {
        lower += &rest[..at];
        lower += &rest[at..at + 3].to_ascii_lowercase();
        rest = &rest[at + 3..];
    }
    lower + rest
}

/// Any text long enough, but for the marks of names.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{4,24}",
        "[a-f]{4,6}",
        "[%+/=\"\\\\ é~*!]{4,9}"
    ]
    .prop_map(|text| text.replace(['«', '»'], ""))
    .prop_filter("long enough", |text| text.len() >= MIN_SECRET)
}

proptest! {
    #![proptest_config(fixed(512))]

    #[test]
    fn a_secret_in_any_spelling_is_replaced(secret in secret(), before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
        let mut redactor = Redactor::default();
        redactor.hide(&secret, "0");
        for (at, writer) in WRITERS.iter().enumerate() {
            let written = writer(&secret);
            prop_assert_eq!(redactor.redact(&written), "«0»", "writer {}: {}", at, &written);
            prop_assert!(redactor.leaks(&written));
            // What stands before may begin the secret itself, so that another part of it is found.
            let text = format!("{before}{written}{after}");
            prop_assert!(redactor.leaks(&text));
            let redacted = redactor.redact(&text);
            prop_assert!(!redactor.leaks(&redacted), "{}", redacted);
            prop_assert_eq!(redactor.redact(&redacted), redacted);
        }
    }

    #[test]
    fn a_pair_in_any_spelling_is_replaced(id in "[ -9;-~é]{0,12}", secret in secret()) {
        let mut redactor = Redactor::default();
        redactor.hide_pair(&id, &secret, "0");
        for pair in [format!("{id}:{secret}"), format!("{}:{}", form(&id), form(&secret))] {
            for written in base64s(&pair) {
                let text = format!("Basic {written}");
                prop_assert_eq!(redactor.redact(&text), "Basic «0»", "{}", text);
            }
        }
    }

    #[test]
    fn of_several_secrets_none_is_left(
        secrets in proptest::collection::vec(secret(), 1..5),
        order in proptest::collection::vec((0_usize..5, 0..WRITERS.len(), 0_usize..4), 1..6),
    ) {
        let mut redactor = Redactor::default();
        for (at, secret) in secrets.iter().enumerate() {
            redactor.hide(secret, &format!("secret {at}"));
        }
        let mut text = String::new();
        for (at, writer, overlap) in order {
            let written = WRITERS[writer](&secrets[at % secrets.len()]);
            // The end of one may be the beginning of the next.
            let shared = (0..=overlap.min(text.len()))
                .rev()
                .find(|n| {
                    let tail = text.get(text.len() - n..);
                    tail.is_some_and(|tail| written.starts_with(tail))
                })
                .unwrap_or_default();
            text += &written[shared..];
        }
        let redacted = redactor.redact(&text);
        prop_assert!(!redactor.leaks(&redacted), "{} of {}", redacted, text);
        prop_assert_eq!(redactor.redact(&redacted), redacted);
    }

    #[test]
    fn a_short_value_is_left(value in "[ -~]{0,3}", text in "[ -~]{0,40}") {
        let mut redactor = Redactor::default();
        redactor.hide(&value, "0");
        redactor.hide_pair("id", &value, "1");
        let text = format!("{text}{value}{}", STANDARD.encode(&value));
        prop_assert_eq!(redactor.redact(&text), text.as_str());
        prop_assert!(!redactor.leaks(&text));
    }
}
