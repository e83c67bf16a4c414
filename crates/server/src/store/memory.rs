//! The store of a single process.
//!
//! Records stand in segments of [`SEGMENT`] in order of issue; an index leads from a value's digest
//! to its record.
//!
//! **Ended tokens are forgotten.** A token that is expired, revoked or used up is kept as long as no
//! more than [`KEPT_ENDED`] others ended after it: long enough that its next use is refused as
//! *expired* or *revoked* rather than as unknown, that a replayed code or refresh token is
//! recognised and its family revoked, and that the control API can show its lineage. The measure is
//! a number and not a time, because the stage's clock may jump by years. **A live token** is only
//! forgotten when [`shed`](super::Store::shed) finds nothing ended; that is counted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::ready;
use locum_core::{EntryId, Timestamp, Token, TokenId};

use super::record::{Holder, Key, KeyHasher, Record, digest_with, key_of};
use super::{Answer, Change, Digest, Store, StoreFactory, StoreStats, TokenQuery};
use crate::memory::{Account, Charge};

/// How many ended tokens a stage remembers.
pub(super) const KEPT_ENDED: usize = 4096;

/// How many ids a segment covers.
const SEGMENT: u64 = 64;

/// Makes stores in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryStores;

impl StoreFactory for MemoryStores {
    fn open<'a>(&'a self, _: &'a str, account: &'a Arc<Account>) -> Answer<'a, Arc<dyn Store>> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(account));
        Box::pin(ready(Ok(store)))
    }
}

/// Tokens in memory, counted on an account.
#[derive(Debug)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    index: HashMap<Key, TokenId, BuildHasherDefault<KeyHasher>>,
    segments: BTreeMap<u64, Vec<Record>>,
    holders: HashSet<Arc<Holder>>,
    /// The holder of the token that was issued last: of most of the next ones too.
    latest: Option<Arc<Holder>>,
    issued: u64,
    tokens: usize,
    /// Room for records in all segments.
    room: usize,
    heap: usize,
    holder_bytes: usize,
    /// At so many tokens those that have ended are looked for.
    sweep_at: usize,
    forgotten: u64,
    charge: Charge,
}

impl MemoryStore {
    /// An empty store whose bytes count on `account`.
    pub fn new(account: &Arc<Account>) -> Self {
        Self(Mutex::new(Inner {
            index: HashMap::default(),
            segments: BTreeMap::new(),
            holders: HashSet::new(),
            latest: None,
            issued: 0,
            tokens: 0,
            room: 0,
            heap: 0,
            holder_bytes: 0,
            sweep_at: 2 * KEPT_ENDED,
            forgotten: 0,
            charge: Charge::on(account),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0
            .lock()
            .expect("no code panics while it holds the store")
    }
}

impl Store for MemoryStore {
    fn insert<'a>(&'a self, digest: Digest, token: &'a mut Token) -> Answer<'a, ()> {
        self.lock().insert(key_of(&digest), token);
        Box::pin(ready(Ok(())))
    }

    fn find(&self, digest: Digest) -> Answer<'_, Option<Token>> {
        let inner = self.lock();
        let id = inner.index.get(&key_of(&digest));
        let token = id.and_then(|id| inner.record(*id)).map(Record::token);
        Box::pin(ready(Ok(token)))
    }

    fn name(&self, digest: Digest) -> Answer<'_, Option<String>> {
        let inner = self.lock();
        let id = inner.index.get(&key_of(&digest));
        let name = id.and_then(|id| inner.record(*id)).map(Record::name);
        Box::pin(ready(Ok(name)))
    }

    fn note_use(&self, id: TokenId, entry: EntryId, now: Timestamp) -> Answer<'_, ()> {
        // It takes no more memory than before.
        if let Some(record) = self.lock().record_mut(id) {
            record.apply(Change::Use(entry), now);
        }
        Box::pin(ready(Ok(())))
    }

    fn get(&self, id: TokenId) -> Answer<'_, Option<Token>> {
        Box::pin(ready(Ok(self.lock().record(id).map(Record::token))))
    }

    fn change(&self, id: TokenId, change: Change, now: Timestamp) -> Answer<'_, Option<Token>> {
        Box::pin(ready(Ok(self.lock().change(id, change, now))))
    }

    fn list(&self, query: TokenQuery) -> Answer<'_, Vec<Token>> {
        let inner = self.lock();
        let from = query.after.map_or(0, |after| after.0 / SEGMENT);
        let tokens = inner
            .segments
            .range(from..)
            .flat_map(|(_, segment)| segment)
            .filter(|record| query.takes(&record.facts()))
            .take(query.limit.unwrap_or(usize::MAX))
            .map(Record::token)
            .collect();
        Box::pin(ready(Ok(tokens)))
    }

    fn dump(&self) -> Answer<'_, Vec<(Digest, Token)>> {
        let inner = self.lock();
        let all = inner.segments.values().flatten();
        let tokens = all.map(|record| (digest_with(&record.key), record.token()));
        Box::pin(ready(Ok(tokens.collect())))
    }

    fn stats(&self) -> Answer<'_, StoreStats> {
        let inner = self.lock();
        let stats = StoreStats {
            tokens: inner.tokens,
            newest: inner.issued,
            bytes: inner.bytes(),
            forgotten: inner.forgotten,
        };
        Box::pin(ready(Ok(stats)))
    }

    fn clear(&self) -> Answer<'_, ()> {
        let mut inner = self.lock();
        inner.index = HashMap::default();
        inner.segments.clear();
        inner.holders = HashSet::new();
        inner.latest = None;
        inner.issued = 0;
        inner.tokens = 0;
        inner.room = 0;
        inner.heap = 0;
        inner.holder_bytes = 0;
        inner.sweep_at = 2 * KEPT_ENDED;
        inner.forgotten = 0;
        inner.count();
        Box::pin(ready(Ok(())))
    }

    fn shed(&self, bytes: usize, now: Timestamp) -> usize {
        self.lock().shed(bytes, now)
    }
}

impl Inner {
    fn record(&self, id: TokenId) -> Option<&Record> {
        let segment = self.segments.get(&(id.0 / SEGMENT))?;
        let at = segment.binary_search_by_key(&id, |record| record.id).ok()?;
        segment.get(at)
    }

    fn insert(&mut self, key: Key, token: &mut Token) {
        if self.tokens >= self.sweep_at {
            self.forget_ended(token.issued, KEPT_ENDED);
            self.sweep_at = (self.tokens + self.tokens / 4).max(self.tokens + KEPT_ENDED);
        }
        self.issued = self.issued.saturating_add(1).max(token.id.0);
        token.id = TokenId(self.issued);
        let holder = self.holder(token);
        let record = Record::new(key, token, holder);
        self.heap += record.heap();
        self.index.insert(key, token.id);
        let segment = self.segments.entry(token.id.0 / SEGMENT).or_default();
        let before = segment.capacity();
        segment.push(record);
        self.room += segment.capacity() - before;
        self.tokens += 1;
        self.count();
    }

    fn holder(&mut self, token: &Token) -> Arc<Holder> {
        if let Some(latest) = self.latest.as_ref().filter(|holder| holder.is_of(token)) {
            return Arc::clone(latest);
        }
        let holder = Holder::of(token);
        let holder = if let Some(have) = self.holders.get(&holder) {
            Arc::clone(have)
        } else {
            self.holder_bytes += holder.weight();
            let holder = Arc::new(holder);
            self.holders.insert(Arc::clone(&holder));
            holder
        };
        self.latest = Some(Arc::clone(&holder));
        holder
    }

    fn record_mut(&mut self, id: TokenId) -> Option<&mut Record> {
        let segment = self.segments.get_mut(&(id.0 / SEGMENT))?;
        let at = segment.binary_search_by_key(&id, |record| record.id).ok()?;
        segment.get_mut(at)
    }

    fn change(&mut self, id: TokenId, change: Change, now: Timestamp) -> Option<Token> {
        let record = self.record_mut(id)?;
        let (before, heap) = (record.token(), record.heap());
        record.apply(change, now);
        let after = record.heap();
        self.heap = self.heap - heap + after;
        self.count();
        Some(before)
    }

    /// Forgets tokens that have ended at `now`, all but the `keep` that ended last.
    fn forget_ended(&mut self, now: Timestamp, keep: usize) {
        let ended = |record: &Record| record.end() <= now;
        let mut ends: Vec<(Timestamp, TokenId)> = self
            .segments
            .values()
            .flatten()
            .filter(|record| ended(record))
            .map(|record| (record.end(), record.id))
            .collect();
        let Some(last) = ends.len().checked_sub(keep + 1) else {
            return;
        };
        let (_, bound, _) = ends.select_nth_unstable(last);
        let bound = *bound;
        self.forget(|record| ended(record) && (record.end(), record.id) <= bound);
    }

    /// Forgets the records that `goes` names.
    fn forget(&mut self, mut goes: impl FnMut(&Record) -> bool) {
        self.latest = None;
        let (mut tokens, mut room, mut heap) = (0, 0, 0);
        self.segments.retain(|_, segment| {
            segment.retain(|record| {
                let goes = goes(record);
                if goes && self.index.get(&record.key) == Some(&record.id) {
                    self.index.remove(&record.key);
                }
                !goes
            });
            if segment.len() <= segment.capacity() / 2 {
                segment.shrink_to_fit();
            }
            tokens += segment.len();
            room += segment.capacity();
            heap += segment.iter().map(Record::heap).sum::<usize>();
            !segment.is_empty()
        });
        (self.tokens, self.room, self.heap) = (tokens, room, heap);
        if self.index.capacity() > 4 * tokens {
            self.index.shrink_to(2 * tokens);
        }
        self.holders.retain(|holder| Arc::strong_count(holder) > 1);
        self.holder_bytes = self.holders.iter().map(|holder| holder.weight()).sum();
        self.count();
    }

    fn shed(&mut self, bytes: usize, now: Timestamp) -> usize {
        let before = self.bytes();
        self.forget_ended(now, 0);
        let mut left = bytes.saturating_sub(before - self.bytes().min(before));
        if left > 0 {
            let mut live = 0;
            self.forget(|record| {
                let goes = left > 0;
                if goes {
                    left = left.saturating_sub(size_of::<Record>() + record.heap());
                    live += 1;
                }
                goes
            });
            self.forgotten += live;
        }
        before.saturating_sub(self.bytes())
    }

    fn bytes(&self) -> usize {
        /// Beside a vector in a tree that is at least half full: its key, twice.
        const NODE: usize = 2 * (size_of::<u64>() + size_of::<Vec<Record>>());
        // A hash table keeps an eighth of its places free, and a byte a place.
        let slots = self.index.capacity() * 8 / 7;
        self.room * size_of::<Record>()
            + self.segments.len() * NODE
            + self.heap
            + slots * (size_of::<(Key, TokenId)>() + 1)
            + self.holder_bytes
    }

    fn count(&mut self) {
        let bytes = self.bytes();
        self.charge.set(bytes);
    }
}
