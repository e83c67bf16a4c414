//! About how many bytes of memory a value takes beside its own size: what bounds count.

use serde_json::{Map, Value};

/// What the allocator adds to an allocation, about.
pub const ALLOCATION: usize = 16;

/// What a member of a JSON object takes beside its name's and value's own heap: both headers, the
/// hash, and the place in the index.
const MEMBER: usize = size_of::<String>() + size_of::<Value>() + 2 * size_of::<usize>();

/// Heap bytes of a text.
pub fn text(text: &str) -> usize {
    if text.is_empty() {
        0
    } else {
        text.len() + ALLOCATION
    }
}

/// Heap bytes of a text that may be absent.
pub fn optional(text: Option<&String>) -> usize {
    text.map_or(0, |have| self::text(have))
}

/// Heap bytes of pairs of texts, such as header lines.
pub fn pairs(list: &[(String, String)]) -> usize {
    list.iter()
        .map(|(name, value)| 2 * size_of::<String>() + text(name) + text(value))
        .sum()
}

/// Heap bytes of a JSON value.
pub fn json(value: &Value) -> usize {
    match value {
        Value::String(have) => text(have),
        Value::Array(list) => {
            ALLOCATION
                + list
                    .iter()
                    .map(|item| size_of::<Value>() + json(item))
                    .sum::<usize>()
        }
        Value::Object(members) => object(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Heap bytes of a JSON object.
pub fn object(members: &Map<String, Value>) -> usize {
    if members.is_empty() {
        return 0;
    }
    2 * ALLOCATION
        + members
            .iter()
            .map(|(name, value)| MEMBER + text(name) + json(value))
            .sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn what_is_longer_weighs_more() {
        assert_eq!(json(&value!(1)), 0);
        assert_eq!(json(&value!("abcd")), 4 + ALLOCATION);
        assert!(json(&value!({"a": "b"})) > json(&value!("b")));
        assert!(json(&value!([[1], [2]])) > json(&value!([1, 2])));
        let long = "x".repeat(1000);
        assert!(pairs(&[("name".to_owned(), long)]) > 1000);
    }
}
