//! The journal of a stage: each exchange, written at its arrival and completed with its reply.

use std::sync::{Mutex, MutexGuard};

use locum_core::{Entry, EntryId, Filter, Journal};

use super::Stage;

/// How many entries and bytes a stage keeps.
const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

/// The journal behind its lock.
#[derive(Debug)]
pub(super) struct Exchanges(Mutex<Journal>);

impl Default for Exchanges {
    fn default() -> Self {
        Self(Mutex::new(Journal::bounded(MAX_ENTRIES, MAX_BYTES)))
    }
}

impl Exchanges {
    fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0
            .lock()
            .expect("no code panics while it holds the journal")
    }
}

impl Stage {
    /// Writes an entry at its arrival.
    pub fn arrive(&self, entry: Entry) -> EntryId {
        let id = self.exchanges.lock().arrive(entry);
        self.written.notify_waiters();
        id
    }

    /// Completes an entry, and returns it as it stands then.
    pub fn complete(&self, id: EntryId, fill: impl FnOnce(&mut Entry)) -> Option<Entry> {
        let entry = {
            let mut journal = self.exchanges.lock();
            journal.complete(id, fill);
            journal.get(id).cloned()
        };
        self.written.notify_waiters();
        entry
    }

    /// Looks at the journal.
    pub fn with_journal<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.exchanges.lock())
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        self.exchanges.lock().clear();
    }

    /// The entries that fit.
    pub fn find(&self, filter: &Filter) -> Vec<Entry> {
        self.exchanges.lock().find(filter).cloned().collect()
    }
}
