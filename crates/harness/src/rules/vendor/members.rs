//! Members of a JSON object and the kinds of their values, as the expectations name them.

use std::collections::{BTreeMap, BTreeSet};

use locum_core::Timestamp;
use serde_json::Value;

/// What is wrong with the members of `object`: what was expected and what they are; `None` when
/// all are of the kinds that `members` names.
pub(super) fn fault(
    object: &Value,
    members: &BTreeMap<String, String>,
) -> Option<(String, String)> {
    let wrong = members
        .iter()
        .filter(|(name, kind)| !is_of_kind(&object[name.as_str()], kind));
    let (expected, observed): (Vec<String>, Vec<String>) = wrong
        .map(|(name, kind)| {
            let observed = match object.get(name) {
                Some(value) => format!("{name} is {value}"),
                None => format!("{name} is missing"),
            };
            (format!("{name} as {kind}"), observed)
        })
        .unzip();
    (!expected.is_empty()).then(|| (expected.join(", "), observed.join(", ")))
}

/// What is wrong with the members of `object` that `members` names by pointers, one by one: values are
/// those of people, and told by their types alone.
pub(super) fn faults_at(
    object: &Value,
    members: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let value = |pointer: &str| object.pointer(pointer);
    let wrong = members.iter().filter(|(pointer, kind)| {
        let value = value(pointer).unwrap_or(&Value::Null);
        !is_of_kind(value, kind)
    });
    wrong
        .map(|(pointer, kind)| {
            let observed = match value(pointer) {
                Some(value) => format!("{pointer} is {}", type_of(value)),
                None => format!("{pointer} is missing"),
            };
            (format!("{pointer} as {kind}"), observed)
        })
        .collect()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text that is none",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether `value` is of this kind: `text`, `integer`, `number`, `boolean`, `list`, `date`
/// (yyyy-MM-dd), `time` (RFC 3339), `the words …` in whatever order, `one of …` in this spelling, or
/// one of several literals with ` or ` between; of `perhaps …` also when it is null, and of
/// `perhaps text` when it is empty.
pub(super) fn is_of_kind(value: &Value, kind: &str) -> bool {
    let text = || value.as_str().unwrap_or_default();
    if let Some(kind) = kind.strip_prefix("perhaps ") {
        // What may be missing may be empty, too.
        let is_empty = kind == "text" && value == "";
        return value.is_null() || is_empty || is_of_kind(value, kind);
    }
    if let Some(words) = kind.strip_prefix("one of ") {
        return words.split(' ').any(|word| word == text());
    }
    match kind {
        "boolean" => value.is_boolean(),
        "date" => is_date(text()),
        "time" => Timestamp::parse_rfc3339(text()).is_some(),
        "text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "list" => value.is_array(),
        _ => match kind.strip_prefix("the words ") {
            Some(words) => value.as_str().is_some_and(|text| set(text) == set(words)),
            None => kind.split(" or ").any(|literal| is_literal(value, literal)),
        },
    }
}

/// yyyy-MM-dd.
fn is_date(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some()
}

fn set(words: &str) -> BTreeSet<&str> {
    words.split(' ').collect()
}

fn is_literal(value: &Value, literal: &str) -> bool {
    let same_text = value
        .as_str()
        .is_some_and(|text| text.eq_ignore_ascii_case(literal));
    let same_number = serde_json::from_str(literal)
        .is_ok_and(|literal: Value| literal.is_number() && literal == *value);
    same_text || same_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, kind: &str, expected: bool) {
        let value = serde_json::from_str(value).expect("JSON");
        assert_eq!(is_of_kind(&value, kind), expected, "{value} as {kind}");
    }

    #[test]
    fn a_value_is_of_a_kind_or_not() {
        check("\"a\"", "text", true);
        check("\"\"", "text", false);
        check("null", "text", false);
        check("3600000", "integer", true);
        check("\"300\"", "integer", false);
        check("3600.5", "integer", false);
        check("0.5", "number", true);
        check("[]", "list", true);
        check("\"Bearer\"", "bearer", true);
        check("\"mac\"", "bearer", false);
        check("300", "299 or 300", true);
        check("300000", "299 or 300", false);
        check("\"b a\"", "the words a b", true);
        check("\"a b c\"", "the words a b", false);
        check("\"a\"", "the words a b", false);
        check("false", "boolean", true);
        check("\"false\"", "boolean", false);
        check("\"2026-11-24\"", "date", true);
        check("\"2026-11-31\"", "date", false);
        check("\"24.11.2026\"", "date", false);
        check("\"2026-11-24T10:00:00.123Z\"", "time", true);
        check("\"2026-11-24T10:00:00+01:00\"", "time", true);
        check("\"2026-11-24 10:00\"", "time", false);
        check("1795514400", "time", false);
        check("\"a\"", "one of a b", true);
        check("\"A\"", "one of a b", false);
        check("\"\"", "one of a b", false);
        check("null", "perhaps date", true);
        check("\"\"", "perhaps text", true);
        check("\"\"", "perhaps date", false);
        check("1", "perhaps text", false);
        check("\"x\"", "perhaps date", false);
    }

    #[test]
    fn each_wrong_member_is_named() {
        let members = [("a", "text"), ("b", "integer"), ("c", "text")]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let object = serde_json::json!({"a": "x", "b": "1"});
        let (expected, observed) = fault(&object, &BTreeMap::from(members)).expect("two are wrong");
        assert_eq!(expected, "b as integer, c as text");
        assert_eq!(observed, "b is \"1\", c is missing");
    }
}
