//! The journal of a stage: each exchange, written at its arrival and completed with its reply.

use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::{Entry, EntryId, Filter, Journal};

use super::Stage;
use crate::memory::{Account, Charge};

/// How many entries a stage keeps.
const MAX_ENTRIES: usize = 10_000;

/// The journal's share of the stage's memory limit.
const SHARE: usize = 3;

/// The journal behind its lock.
#[derive(Debug)]
pub(super) struct Exchanges(Mutex<(Journal, Charge)>);

impl Exchanges {
    pub(super) fn new(account: &Arc<Account>) -> Self {
        let journal = Journal::bounded(MAX_ENTRIES, account.limit() / SHARE);
        Self(Mutex::new((journal, Charge::on(account))))
    }

    /// Bytes of all entries.
    pub(super) fn bytes(&self) -> usize {
        self.lock().0.bytes()
    }

    /// Drops the oldest entries; returns how many bytes that freed.
    pub(super) fn shed(&self, bytes: usize) -> usize {
        self.change(|journal| journal.shed(bytes))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Journal) -> T) -> T {
        let (journal, charge) = &mut *self.lock();
        let result = change(journal);
        charge.set(journal.bytes());
        result
    }

    fn lock(&self) -> MutexGuard<'_, (Journal, Charge)> {
        self.0
            .lock()
            .expect("no code panics while it holds the journal")
    }
}

impl Stage {
    /// Writes an entry at its arrival.
    pub fn arrive(&self, entry: Entry) -> EntryId {
        let id = self.exchanges.change(|journal| journal.arrive(entry));
        self.written.notify_waiters();
        id
    }

    /// Completes an entry, and returns it as it stands then.
    pub fn complete(&self, id: EntryId, fill: impl FnOnce(&mut Entry)) -> Option<Arc<Entry>> {
        let entry = self.exchanges.change(|journal| {
            journal.complete(id, fill);
            journal.get(id).cloned()
        });
        self.written.notify_waiters();
        entry
    }

    /// Looks at the journal.
    pub fn with_journal<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.exchanges.lock().0)
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        self.exchanges.change(Journal::clear);
    }

    /// The entries that fit.
    pub fn find(&self, filter: &Filter) -> Vec<Entry> {
        let found: Vec<Arc<Entry>> =
            self.with_journal(|journal| journal.find(filter).cloned().collect());
        found.into_iter().map(Arc::unwrap_or_clone).collect()
    }
}
