//! What passed on the wire, and what the mock made of it.
//!
//! The journal is append-only: an entry is written when its request arrives and completed before
//! the reply leaves. Secrets and tokens stand in it as names; whoever writes an entry has replaced
//! their values before.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::denial::Denial;
use crate::fault::{FaultId, glob};
use crate::spelling::Spelling;
use crate::token::TokenId;
use crate::weight;

/// Names one exchange of a stage. It counts from 1 in the order in which the journal took them: a
/// request is taken with its body where that came along with its head, else before its body, so that
/// of requests that arrive together a later one may count lower.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct EntryId(pub u64);

/// What the mock made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A token was issued.
    Granted,
    /// A guarded endpoint served.
    Admitted,
    /// An open endpoint served (metadata, keys, a challenge).
    Served,
    /// The request was refused.
    Denied,
    /// A token was revoked.
    Revoked,
    /// A websocket was opened.
    Opened,
    /// A fault took the place of the vendor.
    Faulted,
    /// Nothing of the vendor's is there.
    Unrouted,
}

/// The reply of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryReply {
    /// The status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body as text, bounded, with names for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// One websocket frame of an opened entry; what a fault sent stands as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryFrame {
    /// When it passed.
    pub at: Timestamp,
    /// `client` or `mock`.
    pub from: String,
    /// `text`, `binary`, `continuation`, `ping`, `pong` or `close`; `fault` for what a fault did.
    pub opcode: String,
    /// Length of the payload in bytes.
    pub length: u64,
    /// Whether the payload was masked (RFC 6455 §5.3); absent for what the mock sent, and for a
    /// connection that ended without a close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<bool>,
    /// The masking key of a masked frame (RFC 6455 §5.3), as eight hexadecimal digits. It is no secret:
    /// it hides nothing from who reads the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub mask: Option<Mask>,
    /// Whether a further fragment of the message follows (RFC 6455 §5.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
    /// The text, bounded: of a message with its last frame, of a ping or pong its payload where that is
    /// text; close frames have `code reason` as they were sent, with 1006 where there was no close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A masking key (RFC 6455 §5.3), as eight hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mask(pub [u8; 4]);

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl From<Mask> for String {
    fn from(mask: Mask) -> Self {
        mask.to_string()
    }
}

impl FromStr for Mask {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_whole = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = Some(text).filter(|_| is_whole);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or("a mask is eight hexadecimal digits")?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl TryFrom<String> for Mask {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// One exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its name.
    pub id: EntryId,
    /// The connection it came on.
    pub connection: u64,
    /// The vendor.
    pub vendor: String,
    /// Name of the endpoint in the vendor's profile; empty when nothing is there.
    #[serde(default)]
    pub endpoint: String,
    /// When the head had arrived, by the stage's clock.
    pub arrived: Timestamp,
    /// When the reply was made, by the stage's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<Timestamp>,
    /// The method.
    pub method: String,
    /// The request target below the vendor's root as the client spelled it.
    pub target: String,
    /// The header lines as sent: letter case, order, repetitions.
    pub headers: Vec<(String, String)>,
    /// The body as text, bounded; absent when there was none or it is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Length of the body in bytes.
    #[serde(default)]
    pub body_length: u64,
    /// The reply; absent until it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<EntryReply>,
    /// What the mock made of it; absent until it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// The fault that fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultId>,
    /// Who it was, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The token that the request presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presented: Option<TokenId>,
    /// The tokens that the reply issued.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issued: Vec<TokenId>,
    /// The frames of an opened websocket, the first and the last of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<EntryFrame>,
    /// How it spelled the credentials that it carried, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    // generators stumble over its unions
    pub spelling: Option<Box<Spelling>>,
    /// How many frames between them were not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub frames_dropped: u64,
    /// When an opened websocket's connection had ended, by the stage's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// What is worth knowing besides: `grant`, `signed_headers`, …
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub notes: serde_json::Map<String, serde_json::Value>,
}

/// How many frames are kept from a websocket's beginning, and as many as half of that from its end.
const FIRST_FRAMES: usize = 200;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Entry {
    /// Adds a frame; of many, those in the middle are dropped.
    pub fn add_frame(&mut self, frame: EntryFrame) {
        if self.frames.len() >= FIRST_FRAMES + FIRST_FRAMES / 2 {
            self.frames.remove(FIRST_FRAMES);
            self.frames_dropped += 1;
        }
        self.frames.push(frame);
    }

    /// About how many bytes it takes, with all that it holds.
    pub fn weight(&self) -> usize {
        size_of::<Self>()
            + 2 * weight::ALLOCATION
            + [&self.vendor, &self.endpoint, &self.method, &self.target]
                .into_iter()
                .map(|text| weight::text(text))
                .sum::<usize>()
            + weight::pairs(&self.headers)
            + weight::optional(self.body.as_ref())
            + self.reply.as_ref().map_or(0, EntryReply::weight)
            + self.denial.as_ref().map_or(0, Denial::weight)
            + weight::optional(self.principal.as_ref())
            + self.issued.len() * size_of::<TokenId>()
            + self.frames.iter().map(EntryFrame::weight).sum::<usize>()
            + self
                .spelling
                .as_ref()
                .map_or(0, |spelling| spelling.weight())
            + weight::object(&self.notes)
    }
}

impl EntryReply {
    fn weight(&self) -> usize {
        weight::pairs(&self.headers) + weight::optional(self.body.as_ref())
    }
}

impl EntryFrame {
    fn weight(&self) -> usize {
        size_of::<Self>()
            + weight::text(&self.from)
            + weight::text(&self.opcode)
            + weight::optional(self.text.as_ref())
    }
}

/// Which entries are asked for; an absent member fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Only entries after this one.
    pub after: Option<EntryId>,
    /// At most this many.
    pub limit: Option<usize>,
    /// Of this vendor.
    pub vendor: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// At this endpoint.
    pub endpoint: Option<String>,
    /// With this method.
    pub method: Option<String>,
    /// With a target that fits, where a `*` stands for anything.
    pub path: Option<String>,
    /// With this header: `name`, or `name: value`.
    pub header: Option<String>,
    /// That presented or issued this token.
    pub token: Option<TokenId>,
    /// Refused for this reason or kind.
    pub denial: Option<String>,
}

impl Filter {
    /// Whether `entry` fits.
    pub fn fits(&self, entry: &Entry) -> bool {
        let is =
            |want: &Option<String>, have: &str| want.as_deref().is_none_or(|want| want == have);
        self.after.is_none_or(|after| entry.id > after)
            && is(&self.vendor, &entry.vendor)
            && self
                .outcome
                .is_none_or(|outcome| entry.outcome == Some(outcome))
            && is(&self.endpoint, &entry.endpoint)
            && is(&self.method, &entry.method)
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| glob(pattern, &entry.target))
            && self
                .header
                .as_deref()
                .is_none_or(|header| has_header(entry, header))
            && self
                .token
                .is_none_or(|token| entry.presented == Some(token) || entry.issued.contains(&token))
            && self
                .denial
                .as_deref()
                .is_none_or(|reason| is_denied(entry, reason))
    }
}

fn has_header(entry: &Entry, header: &str) -> bool {
    let (name, value) = header
        .split_once(':')
        .map_or((header, None), |(name, value)| (name, Some(value.trim())));
    entry
        .headers
        .iter()
        .any(|(n, v)| n.eq_ignore_ascii_case(name.trim()) && value.is_none_or(|value| value == v))
}

fn is_denied(entry: &Entry, reason: &str) -> bool {
    entry
        .denial
        .as_ref()
        .is_some_and(|denial| denial.reason == reason || denial.kind.as_str() == reason)
}

/// A bounded, append-only list of entries.
///
/// Each entry is shared with whoever reads it, so that no reader keeps the journal locked for longer
/// than it takes to count a reference.
#[derive(Clone, Debug)]
pub struct Journal {
    entries: VecDeque<Kept>,
    next: u64,
    bytes: usize,
    dropped: u64,
    max_entries: usize,
    max_bytes: usize,
}

/// An entry, with its weight when it was last changed.
#[derive(Clone, Debug)]
struct Kept {
    entry: Arc<Entry>,
    weight: usize,
}

impl Journal {
    /// An empty journal that keeps at most `max_entries` entries and about `max_bytes` bytes.
    pub fn bounded(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            next: 1,
            bytes: 0,
            dropped: 0,
            max_entries,
            max_bytes,
        }
    }

    /// Writes an entry at its arrival; its id is given here.
    pub fn arrive(&mut self, mut entry: Entry) -> EntryId {
        let id = EntryId(self.next);
        self.next += 1;
        entry.id = id;
        let weight = entry.weight();
        let entry = Arc::new(entry);
        self.bytes += weight;
        self.entries.push_back(Kept { entry, weight });
        self.trim();
        id
    }

    /// Completes entry `id`; nothing happens when it has fallen out.
    pub fn complete(&mut self, id: EntryId, fill: impl FnOnce(&mut Entry)) {
        let Some(at) = self.index(id) else { return };
        let kept = &mut self.entries[at];
        let entry = Arc::make_mut(&mut kept.entry);
        fill(entry);
        let before = std::mem::replace(&mut kept.weight, entry.weight());
        self.bytes = (self.bytes + kept.weight).saturating_sub(before);
        self.trim();
    }

    /// Entry `id`, unless it has fallen out.
    pub fn get(&self, id: EntryId) -> Option<&Arc<Entry>> {
        self.index(id).map(|at| &self.entries[at].entry)
    }

    /// The entries that fit, in order of arrival.
    pub fn find(&self, filter: &Filter) -> impl Iterator<Item = &Arc<Entry>> {
        let filter = filter.clone();
        let limit = filter.limit.unwrap_or(usize::MAX);
        self.entries
            .iter()
            .map(|kept| &kept.entry)
            .filter(move |entry| filter.fits(entry))
            .take(limit)
    }

    /// The id of the entry that arrived last, also when it has fallen out; 0 before the first.
    pub const fn newest(&self) -> EntryId {
        EntryId(self.next - 1)
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.bytes + self.entries.capacity() * size_of::<Kept>()
    }

    /// How many entries fell out.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Forgets all entries; ids go on counting.
    pub fn clear(&mut self) {
        self.entries = VecDeque::new();
        self.bytes = 0;
        self.dropped = 0;
    }

    /// Drops the oldest entries until about `bytes` are free or one is left; returns how many bytes
    /// that freed.
    pub fn shed(&mut self, bytes: usize) -> usize {
        let before = self.bytes;
        while before - self.bytes < bytes && self.entries.len() > 1 {
            self.drop_oldest();
        }
        before - self.bytes
    }

    fn index(&self, id: EntryId) -> Option<usize> {
        let first = self.entries.front()?.entry.id.0;
        let at = usize::try_from(id.0.checked_sub(first)?).ok()?;
        (at < self.entries.len()).then_some(at)
    }

    fn trim(&mut self) {
        while self.entries.len() > self.max_entries
            || (self.bytes > self.max_bytes && self.entries.len() > 1)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(kept) = self.entries.pop_front() {
            self.bytes = self.bytes.saturating_sub(kept.weight);
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::denial::DenialKind;

    fn entry() -> Entry {
        serde_json::from_value(json!({
            "id": 0, "connection": 1, "vendor": "v", "arrived": "2026-11-24T10:00:00Z",
            "method": "GET", "target": "/", "headers": [],
        }))
        .expect("an entry")
    }

    /// Whatever an entry is given, the journal counts it.
    fn check(fill: impl FnOnce(&mut Entry, String)) {
        let mut journal = Journal::bounded(10, usize::MAX);
        let id = journal.arrive(entry());
        let before = journal.bytes();
        journal.complete(id, |entry| fill(entry, "x".repeat(1000)));
        assert!(journal.bytes() > before + 990);
    }

    #[test]
    fn all_that_an_entry_holds_is_counted() {
        check(|entry, long| entry.target = long);
        check(|entry, long| entry.headers.push(("name".into(), long)));
        check(|entry, long| entry.body = Some(long));
        check(|entry, long| entry.principal = Some(long));
        check(|entry, long| {
            entry.notes.insert("note".into(), json!({"deep": [long]}));
        });
        check(|entry, long| entry.denial = Some(Denial::new(DenialKind::Missing, "x").got(long)));
        check(|entry, long| {
            entry.reply = Some(EntryReply {
                status: 200,
                headers: Vec::new(),
                body: Some(long),
            });
        });
        check(|entry, long| {
            entry.frames.push(EntryFrame {
                at: entry.arrived,
                from: "mock".into(),
                opcode: "text".into(),
                length: 1,
                masked: None,
                mask: None,
                goes_on: false,
                text: Some(long),
            });
        });
    }

    /// A long session used to lose its end, so that nobody saw whether the client had said `end`.
    #[test]
    fn of_many_frames_the_first_and_the_last_are_kept() {
        let mut entry = entry();
        for length in 0..1000 {
            entry.add_frame(EntryFrame {
                at: entry.arrived,
                from: "client".into(),
                opcode: "binary".into(),
                length,
                masked: Some(true),
                mask: Some(Mask([1, 2, 3, 4])),
                goes_on: false,
                text: None,
            });
        }
        assert_eq!((entry.frames.len(), entry.frames_dropped), (300, 700));
        let lengths: Vec<u64> = entry.frames.iter().map(|frame| frame.length).collect();
        assert_eq!((lengths[199], lengths[200], lengths[299]), (199, 900, 999));
    }

    #[test]
    fn a_mask_is_eight_digits() {
        let mask = Mask([0, 0x1a, 2, 0xff]);
        assert_eq!(json!(mask), json!("001a02ff"));
        assert_eq!(serde_json::from_value(json!("001A02ff")).ok(), Some(mask));
        for text in ["", "1a02ff", "+01a02ff", "001a02fg", "001a02ff0"] {
            assert!(text.parse::<Mask>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_oldest_entries_fall_out_first_and_are_counted() {
        let mut journal = Journal::bounded(100, 4 * entry().weight());
        for _ in 0..10 {
            journal.arrive(entry());
        }
        assert_eq!(
            (journal.len(), journal.dropped()),
            (4, 6),
            "four have room in bytes"
        );
        assert!(journal.shed(entry().weight() + 1) > entry().weight());
        assert_eq!((journal.len(), journal.dropped()), (2, 8));
        journal.shed(usize::MAX);
        assert_eq!(journal.len(), 1, "the newest stays");
        journal.clear();
        assert_eq!(journal.newest(), EntryId(10), "ids go on counting");
    }
}
