//! What is changed in a reply that the vendor gave.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::weight;

/// What is changed in a success of the vendor, which has acted: members of its JSON object, header
/// lines, the length of its body. Members that are not named stay as they are, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplyEdit {
    /// The member that holds the object; the body is the object without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Members that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Members that have these values; new ones stand at the end.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Members whose values are written as they stand here: numbers that JSON libraries cannot hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub raw: BTreeMap<String, String>,
    /// Whether the members stand in the opposite order.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reverse: bool,
    /// Members that stand there once more, at the end (RFC 8259 §4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeat: Vec<String>,
    /// Header lines that replace those of the same name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body ends after this many bytes, and the reply says no other length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<u64>,
}

impl ReplyEdit {
    /// Whether the edit says nothing at all.
    pub fn is_empty(&self) -> bool {
        !self.has_members() && self.headers.is_empty() && self.cut.is_none()
    }

    /// Whether it changes members of a JSON object.
    pub fn has_members(&self) -> bool {
        let named = [
            self.remove.len(),
            self.set.len(),
            self.raw.len(),
            self.repeat.len(),
        ];
        self.reverse || named.into_iter().any(|count| count > 0)
    }

    /// About how many bytes it takes beside its own size.
    pub(super) fn weight(&self) -> usize {
        let names = self.remove.iter().chain(&self.repeat);
        let headers = self.headers.iter().chain(&self.raw);
        weight::optional(self.within.as_ref())
            + names
                .map(|name| size_of::<String>() + weight::text(name))
                .sum::<usize>()
            + weight::object(&self.set)
            + headers
                .map(|(name, value)| {
                    2 * size_of::<String>() + weight::text(name) + weight::text(value)
                })
                .sum::<usize>()
    }
}
