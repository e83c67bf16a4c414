//! A token as the store in memory keeps it: what tokens of one principal have in common stands once,
//! the rest in as few bytes as will do.

use std::hash::Hasher;
use std::sync::Arc;

use locum_core::{EntryId, Timestamp, Token, TokenId, TokenKind, weight};
use serde_json::{Map, Value};

use super::query::Facts;
use super::{Change, Digest};

/// Half of a digest: among 2^64 tokens two would be likely to agree.
pub(super) type Key = [u8; 16];

/// The key of a digest.
pub(super) fn key_of(digest: &Digest) -> Key {
    let (key, _) = digest.split_at(16);
    key.try_into().expect("a digest has 32 bytes")
}

/// Hashes keys, which are random already: their first bytes will do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of a key, always the same.
    fn write_usize(&mut self, _: usize) {}
}

/// A digest that begins with `key`.
pub(super) fn digest_with(key: &Key) -> Digest {
    let mut digest = Digest::default();
    digest[..key.len()].copy_from_slice(key);
    digest
}

/// Whom tokens are for, and what for: shared by all tokens that say the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    vendor: Box<str>,
    tenant: Option<Box<str>>,
    client: Option<Box<str>>,
    principal: Box<str>,
    scope: Box<str>,
}

impl Holder {
    pub(super) fn of(token: &Token) -> Self {
        let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
        Self {
            vendor: token.vendor.as_str().into(),
            tenant: boxed(&token.tenant),
            client: boxed(&token.client),
            principal: token.principal.as_str().into(),
            scope: token.scope.as_str().into(),
        }
    }

    /// Whether `token` says the same.
    pub(super) fn is_of(&self, token: &Token) -> bool {
        *self.principal == *token.principal
            && self.client.as_deref() == token.client.as_deref()
            && *self.scope == *token.scope
            && self.tenant.as_deref() == token.tenant.as_deref()
            && *self.vendor == *token.vendor
    }

    /// About how many bytes it takes, with its place in the set.
    pub(super) fn weight(&self) -> usize {
        let optional = |text: &Option<Box<str>>| text.as_deref().map_or(0, weight::text);
        size_of::<Self>()
            + 4 * weight::ALLOCATION
            + [&self.vendor, &self.principal, &self.scope]
                .into_iter()
                .map(|text| weight::text(text))
                .sum::<usize>()
            + optional(&self.tenant)
            + optional(&self.client)
    }
}

/// One token.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: TokenId,
    pub(super) key: Key,
    holder: Arc<Holder>,
    login: u64,
    /// 0 when it was made from no token.
    parent: u64,
    /// [`NO_ENTRY`] when it was issued outside of any exchange.
    entry: u64,
    issued: Timestamp,
    /// [`NEVER`] when it has no end.
    expires: Timestamp,
    /// When it was revoked or used up; [`NEVER`] when it was not.
    ended: Timestamp,
    uses: u32,
    kind: TokenKind,
    revoked: bool,
    spent: bool,
    last_used: EntryId,
    /// What else the vendor remembers, as JSON text; empty when nothing.
    extra: Box<str>,
}

const NO_ENTRY: u64 = u64::MAX;
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl Record {
    pub(super) fn new(key: Key, token: &Token, holder: Arc<Holder>) -> Self {
        Self {
            id: token.id,
            key,
            holder,
            login: token.login,
            parent: token.parent.map_or(0, |parent| parent.0),
            entry: token.entry.map_or(NO_ENTRY, |entry| entry.0),
            issued: token.issued,
            expires: token.expires.unwrap_or(NEVER),
            ended: NEVER,
            uses: u32::try_from(token.uses).unwrap_or(u32::MAX),
            kind: token.kind,
            revoked: token.revoked,
            spent: token.spent,
            last_used: token.last_used.unwrap_or(EntryId(0)),
            extra: written(&token.extra),
        }
    }

    /// Bytes beside the record itself.
    pub(super) fn heap(&self) -> usize {
        weight::text(&self.extra)
    }

    /// When it ended or will end.
    pub(super) fn end(&self) -> Timestamp {
        self.expires.min(self.ended)
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            id: self.id,
            kind: self.kind,
            vendor: &self.holder.vendor,
            client: self.holder.client.as_deref(),
            principal: &self.holder.principal,
            login: self.login,
            parent: self.parent(),
            expires: self.expires(),
            revoked: self.revoked,
            spent: self.spent,
        }
    }

    pub(super) fn name(&self) -> String {
        self.id.name(self.kind, &self.holder.principal)
    }

    pub(super) fn token(&self) -> Token {
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Token {
            id: self.id,
            kind: self.kind,
            vendor: self.holder.vendor.clone().into(),
            tenant: owned(&self.holder.tenant),
            client: owned(&self.holder.client),
            principal: self.holder.principal.clone().into(),
            login: self.login,
            parent: self.parent(),
            entry: (self.entry != NO_ENTRY).then_some(EntryId(self.entry)),
            scope: self.holder.scope.clone().into(),
            issued: self.issued,
            expires: self.expires(),
            revoked: self.revoked,
            spent: self.spent,
            uses: u64::from(self.uses),
            last_used: (self.uses > 0).then_some(self.last_used),
            extra: read(&self.extra),
        }
    }

    pub(super) fn apply(&mut self, change: Change, now: Timestamp) {
        match change {
            Change::Expire(at) => self.expires = at,
            Change::Revoke => {
                self.revoked = true;
                self.ended = self.ended.min(now);
            }
            Change::Spend => {
                self.spent = true;
                self.ended = self.ended.min(now);
            }
            Change::Use(entry) => {
                self.uses = self.uses.saturating_add(1);
                self.last_used = entry;
            }
            Change::Extra(name, value) => {
                let mut extra = read(&self.extra);
                extra.insert(name, value);
                self.extra = written(&extra);
            }
        }
    }

    fn parent(&self) -> Option<TokenId> {
        (self.parent != 0).then_some(TokenId(self.parent))
    }

    fn expires(&self) -> Option<Timestamp> {
        (self.expires != NEVER).then_some(self.expires)
    }
}

fn written(extra: &Map<String, Value>) -> Box<str> {
    if extra.is_empty() {
        return Box::default();
    }
    let text = serde_json::to_string(extra).expect("a map of JSON values is JSON");
    text.into_boxed_str()
}

fn read(text: &str) -> Map<String, Value> {
    if text.is_empty() {
        return Map::new();
    }
    serde_json::from_str(text).expect("it was written from a map")
}
