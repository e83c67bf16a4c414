//! Deliberate misbehaviour: which requests a fault matches, when it fires, and what it does.

mod edit;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use edit::ReplyEdit;

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
    /// A client or user that the request names, or whose token it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Operations of a service that takes them from `X-Amz-Target`, such as `InitiateAuth`: one of
    /// these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
}

/// What a fault looks at of a request.
#[derive(Clone, Copy, Debug)]
pub struct FaultSubject<'a> {
    /// The vendor's word.
    pub vendor: &'a str,
    /// The endpoint's name in the profile.
    pub endpoint: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path below the vendor's root.
    pub path: &'a str,
    /// Clients and users that the request names, or whose tokens it shows.
    pub clients: &'a [String],
    /// The operation in `X-Amz-Target`, without its service; empty where there is none.
    pub operation: &'a str,
}

impl FaultMatch {
    /// Whether a request fits.
    pub fn matches(&self, subject: &FaultSubject<'_>) -> bool {
        let is =
            |want: &Option<String>, have: &str| want.as_deref().is_none_or(|want| want == have);
        let client = self.client.as_ref();
        is(&self.vendor, subject.vendor)
            && is(&self.endpoint, subject.endpoint)
            && is(&self.method, subject.method)
            && (self.operations.is_empty()
                || self
                    .operations
                    .iter()
                    .any(|known| known == subject.operation))
            && client.is_none_or(|client| subject.clients.contains(client))
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| glob(pattern, subject.path))
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

/// By which clock a fault waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultClock {
    /// The machine's.
    #[default]
    Real,
    /// The stage's.
    Stage,
}

/// How a body is cut into chunks (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// In chunks, without a length in the head.
    Chunked,
    /// In chunks of one byte, each written by itself.
    ByteByByte,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// With gzip, where `Accept-Encoding` takes it (RFC 9110 §12.5.3).
    Gzip,
}

/// What is wrong with the answer to a websocket's handshake (RFC 6455 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocketAnswer {
    /// `Sec-WebSocket-Accept` belongs to another key.
    WrongAccept,
    /// There is no `Sec-WebSocket-Accept`.
    NoAccept,
    /// There is no `Upgrade`.
    NoUpgrade,
    /// `Upgrade` names another protocol.
    WrongUpgrade,
    /// There is no `Connection`.
    NoConnection,
    /// `Connection` does not name `Upgrade`.
    WrongConnection,
    /// `Sec-WebSocket-Extensions` names one that nobody offered.
    Extension,
    /// `Sec-WebSocket-Protocol` names one that nobody offered.
    Protocol,
    /// 200 instead of 101, and no socket.
    Status200,
}

/// A frame that no endpoint may send (RFC 6455 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadFrame {
    /// A reserved bit is set.
    ReservedBit,
    /// The opcode has no meaning.
    UnknownOpcode,
    /// It is masked, though a server sent it.
    Masked,
    /// A ping of more than 125 bytes.
    LongPing,
    /// A text that is not UTF-8.
    BadUtf8,
    /// A continuation of nothing.
    Continuation,
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
    /// Body of that reply; without it the body is empty. Of a `bad_frame` the text in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The reply leaves this many milliseconds late, by `clock`.
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
    /// The connection ends after the reply, which says so (RFC 9112 §9.6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub close: bool,
    /// What is changed in a success of the vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<ReplyEdit>,
    /// The vendor acts, the reply never leaves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lose_reply: bool,
    /// The reply's body leaves at so many bytes a second, by `clock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_body: Option<u64>,
    /// By which clock `delay_ms` and `slow_body` wait; the machine's without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<FaultClock>,
    /// How the reply's body is cut into chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<Framing>,
    /// How the reply's body is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding: Option<Coding>,
    /// The reply redirects to this URL or path, with 307 unless `status` says otherwise; the vendor
    /// does not act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// What is wrong with the answer to a websocket's handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<SocketAnswer>,
    /// Each message of the mock leaves in frames of at most so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragments: Option<u64>,
    /// The mock sends this frame in place of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_frame: Option<BadFrame>,
    /// Each message of the mock leaves in three frames, the second of them empty, with a ping
    /// before the third.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interleave: bool,
    /// The mock closes the websocket with this code in place of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_ws: Option<u16>,
    /// The websocket's connection ends without a close frame in place of a message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drop_ws: bool,
    /// So many messages of the mock go before `bad_frame`, `close_ws` and `drop_ws`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_messages: Option<u64>,
    /// `bad_frame`, `close_ws` and `drop_ws` come at once after those messages, in the place of none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unprompted: bool,
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
            &self.matcher.client,
            &self.then.body,
            &self.then.redirect,
        ];
        let hold = self.then.hold.as_ref();
        size_of::<Self>()
            + named
                .into_iter()
                .map(|text| weight::optional(text.as_ref()))
                .sum::<usize>()
            + self
                .matcher
                .operations
                .iter()
                .map(|name| weight::text(name))
                .sum::<usize>()
            + hold.map_or(0, |hold| weight::text(&hold.name))
            + self.then.edit.as_ref().map_or(0, ReplyEdit::weight)
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
        self.matched = self.matched.saturating_add(1);
        let fires = match self.when {
            FaultWhen::First(n) => self.matched <= n,
            FaultWhen::After(n) => self.matched > n,
            FaultWhen::Every(n) => n > 0 && self.matched.is_multiple_of(n),
            FaultWhen::Once(on) => on && self.matched == 1,
            FaultWhen::Probability(share) => draw < share,
            FaultWhen::Always(on) => on,
        };
        self.fired = self.fired.saturating_add(u64::from(fires));
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
    fn counts_stand_still_at_their_end() {
        let mut fault = Fault {
            id: FaultId(1),
            matcher: FaultMatch::default(),
            when: FaultWhen::Always(true),
            then: FaultAction::default(),
            matched: u64::MAX,
            fired: u64::MAX,
        };
        assert!(fault.fires(0.5));
        assert_eq!((fault.matched, fault.fired), (u64::MAX, u64::MAX));
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
