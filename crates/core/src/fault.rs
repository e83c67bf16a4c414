//! Deliberate misbehaviour: which requests a fault matches, when it fires, and what it does.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::weight;

/// Names one fault of a stage; counts from 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct FaultId(pub u64);

/// Which requests a fault matches; an absent member matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultMatch {
    /// A vendor's word, such as `corti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// An endpoint's name in the profile, such as `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A path below the vendor's root; a `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl FaultMatch {
    /// Whether a request to `endpoint` of `vendor` fits.
    pub fn matches(&self, vendor: &str, endpoint: &str, method: &str, path: &str) -> bool {
        let is =
            |want: &Option<String>, have: &str| want.as_deref().is_none_or(|want| want == have);
        is(&self.vendor, vendor)
            && is(&self.endpoint, endpoint)
            && is(&self.method, method)
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| glob(pattern, path))
    }
}

/// When a fault fires, counted over the requests that it matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = as_one_object)]
pub enum FaultWhen {
    /// The first n.
    First(u64),
    /// All after the first n.
    After(u64),
    /// Every nth.
    Every(u64),
    /// The first one alone; `false` means never.
    Once(bool),
    /// With this probability, by the stage's seed.
    Probability(f64),
    /// Each one; `false` means never.
    Always(bool),
}

/// Describes an enum of objects with one member each as one object, of which one member is given:
/// readers find the members where they look for them.
fn as_one_object(schema: &mut Schema) {
    let Some(Value::Array(each)) = schema.remove("oneOf") else {
        return;
    };
    let mut members = Map::new();
    for mut one in each {
        let description = one["description"].take();
        let Some(own) = one["properties"].as_object_mut() else {
            continue;
        };
        for (name, mut member) in std::mem::take(own) {
            member["description"] = description.clone();
            members.insert(name, member);
        }
    }
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), members.into());
    schema.insert("additionalProperties".into(), false.into());
    schema.insert("minProperties".into(), 1.into());
    schema.insert("maxProperties".into(), 1.into());
}

/// Where a connection is reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetAt {
    /// Before the first byte of the reply.
    Before,
    /// After this many bytes of the reply's body.
    Byte(u64),
}

/// What a fault does; members add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultAction {
    /// The reply has this status; the vendor does not act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers of that reply.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Body of that reply; without it the body is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The reply leaves this many milliseconds late, on real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The connection is reset; the vendor does not act when that is before the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetAt>,
    /// The reply's body is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
    /// The reply's body ends after this many bytes, and the connection with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u64>,
    /// The reply's body is not valid JSON any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub malformed: bool,
    /// The vendor acts, the reply never leaves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lose_reply: bool,
    /// Replies are kept until `n` requests wait, or the barrier of this name is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

impl FaultAction {
    /// Whether the action says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A barrier that replies wait at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The barrier's name.
    pub name: String,
    /// How many waiting requests open it; without it only a call does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
}

/// A fault as a stage holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name; given by the stage.
    #[serde(default = "no_id")]
    pub id: FaultId,
    /// Which requests it matches.
    #[serde(default, rename = "match")]
    pub matcher: FaultMatch,
    /// When it fires.
    #[serde(default = "always")]
    pub when: FaultWhen,
    /// What it does.
    pub then: FaultAction,
    /// How many requests it has matched.
    #[serde(default, rename = "met")]
    pub matched: u64,
    /// How often it has fired.
    #[serde(default, rename = "hits")]
    pub fired: u64,
}

const fn no_id() -> FaultId {
    FaultId(0)
}

const fn always() -> FaultWhen {
    FaultWhen::Always(true)
}

impl Fault {
    /// About how many bytes it takes, with all that it holds.
    pub fn weight(&self) -> usize {
        let named = [
            &self.matcher.vendor,
            &self.matcher.endpoint,
            &self.matcher.method,
            &self.matcher.path,
            &self.then.body,
        ];
        let hold = self.then.hold.as_ref();
        size_of::<Self>()
            + named
                .into_iter()
                .map(|text| weight::optional(text.as_ref()))
                .sum::<usize>()
            + hold.map_or(0, |hold| weight::text(&hold.name))
            + self
                .then
                .headers
                .iter()
                .map(|(name, value)| {
                    2 * size_of::<String>() + weight::text(name) + weight::text(value)
                })
                .sum::<usize>()
    }

    /// Counts one request that the fault matches and says whether it fires; `draw` is a number
    /// from 0 to below 1 out of the stage's generator.
    pub fn fires(&mut self, draw: f64) -> bool {
        self.matched += 1;
        let fires = match self.when {
            FaultWhen::First(n) => self.matched <= n,
            FaultWhen::After(n) => self.matched > n,
            FaultWhen::Every(n) => n > 0 && self.matched.is_multiple_of(n),
            FaultWhen::Once(on) => on && self.matched == 1,
            FaultWhen::Probability(share) => draw < share,
            FaultWhen::Always(on) => on,
        };
        self.fired += u64::from(fires);
        fires
    }
}

/// Whether `text` fits `pattern`, where a `*` stands for any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.find(middle) {
                Some(at) => rest = &rest[at + middle.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firings(when: FaultWhen) -> Vec<bool> {
        let mut fault = Fault {
            id: FaultId(1),
            matcher: FaultMatch::default(),
            when,
            then: FaultAction::default(),
            matched: 0,
            fired: 0,
        };
        (0..4).map(|_| fault.fires(0.5)).collect()
    }

    #[test]
    fn each_schedule_fires_when_it_says() {
        assert_eq!(firings(FaultWhen::First(2)), [true, true, false, false]);
        assert_eq!(firings(FaultWhen::After(2)), [false, false, true, true]);
        assert_eq!(firings(FaultWhen::Every(2)), [false, true, false, true]);
        assert_eq!(firings(FaultWhen::Once(true)), [true, false, false, false]);
        assert_eq!(firings(FaultWhen::Probability(0.4)), [false; 4]);
        assert_eq!(firings(FaultWhen::Always(true)), [true; 4]);
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("/v2/*/streams", "/v2/interactions/1/streams"));
        assert!(glob("*", ""));
        assert!(glob("/a", "/a"));
        assert!(!glob("/a", "/ab"));
        assert!(!glob("/a*b", "/ac"));
    }
}
