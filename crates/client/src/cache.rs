//! One credential, fetched once and shared: lock-free reads, single flight, and renewal margins in
//! proportion to the lifetime.
//!
//! A credential is served without further ado until [`renew_at`](CacheEntry::renew_at), served
//! and renewed in the background until [`wait_at`](CacheEntry::wait_at), then served only if the
//! renewal fails, and after [`expires_at`](CacheEntry::expires_at) not at all. The fetch runs in a
//! task of its own: cancelling a caller does not cancel it, and a source that panics gives its
//! callers an error.

mod fetch;
mod margin;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use locum_core::Clock;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use crate::error::Error;
use crate::moment::Moment;

/// A credential as a source returns it.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// The credential.
    pub value: T,
    /// When its request was sent. The lifetime is counted from here, so that the credential
    /// expires here no later than at the vendor.
    pub requested_at: Moment,
    /// Zero when it serves the calls that waited for it and none after.
    pub lifetime: Duration,
}

/// A credential in the cache.
#[derive(Debug)]
pub struct CacheEntry<T> {
    /// The credential.
    pub value: T,
    /// The number of the credential in this cache, from 1.
    pub generation: u64,
    /// From here on it is renewed in the background.
    pub renew_at: Moment,
    /// From here on callers wait for the renewal.
    pub wait_at: Moment,
    /// From here on it is not served.
    pub expires_at: Moment,
}

/// A borrowed [`CacheEntry`]: no allocation, no lock.
pub struct EntryGuard<T>(Guard<Option<Arc<CacheEntry<T>>>>);

impl<T> std::ops::Deref for EntryGuard<T> {
    type Target = CacheEntry<T>;

    fn deref(&self) -> &CacheEntry<T> {
        self.0
            .as_deref()
            .expect("made only from a guard that holds an entry")
    }
}

impl<T> fmt::Debug for EntryGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryGuard")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// The result of one fetch, shared by all callers that wait for it.
type FetchResult<T> = Result<Arc<CacheEntry<T>>, Error>;

/// One credential of one principal; another principal needs another cache.
pub struct Cache<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    slot: ArcSwapOption<CacheEntry<T>>,
    state: Mutex<State<T>>,
    clock: Arc<dyn Clock>,
}

struct State<T> {
    fetch: Option<watch::Receiver<Option<FetchResult<T>>>>,
    failure: Option<fetch::Failure>,
    generation: u64,
    rng: StdRng,
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl<T> Cache<T> {
    /// An empty cache; `seed` makes the jitter of margins and backoffs.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                slot: ArcSwapOption::empty(),
                state: Mutex::new(State {
                    fetch: None,
                    failure: None,
                    generation: 0,
                    rng: StdRng::seed_from_u64(seed),
                }),
                clock,
            }),
        }
    }

    /// The credential, if it needs no renewal at `now`: lock-free, without await and allocation.
    #[inline]
    pub fn try_get(&self, now: Moment) -> Option<EntryGuard<T>> {
        let guard = self.shared.slot.load();
        match &*guard {
            Some(entry) if !entry.renew_at.passed(now) => Some(EntryGuard(guard)),
            _ => None,
        }
    }

    /// Removes the credential of `generation`, which the vendor refused. A newer one stays: a late
    /// 401 to an old token says nothing about it.
    pub fn invalidate(&self, generation: u64) {
        let _state = self.shared.lock();
        let entry = self.shared.slot.load();
        if entry
            .as_ref()
            .is_some_and(|entry| entry.generation == generation)
        {
            self.shared.slot.store(None);
        }
    }

    /// Stores a credential that was not fetched by this cache, such as the answer to a challenge.
    pub fn put(&self, fetched: Fetched<T>) -> Arc<CacheEntry<T>> {
        self.shared.store(&mut self.shared.lock(), fetched)
    }

    /// The stored credential, unless it has expired; starts no fetch.
    pub fn peek(&self) -> Option<Arc<CacheEntry<T>>> {
        let now = Moment::read(&*self.shared.clock);
        self.shared
            .slot
            .load_full()
            .filter(|entry| !entry.expires_at.passed(now))
    }
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// The credential, from the cache or from `source`, which runs at most once at a time however
    /// many callers there are.
    ///
    /// # Errors
    /// The source's, if no unexpired credential is left. It is remembered for a while, at most a
    /// day: callers in that time get the same error without another request.
    pub async fn get<F>(&self, source: impl FnOnce() -> F) -> Result<Arc<CacheEntry<T>>, Error>
    where
        F: Future<Output = Result<Fetched<T>, Error>> + Send + 'static,
    {
        let now = Moment::read(&*self.shared.clock);
        let entry = self.shared.slot.load_full();
        match entry {
            Some(entry) if !entry.renew_at.passed(now) => Ok(entry),
            Some(entry) if !entry.wait_at.passed(now) => {
                // The fetch runs by itself; its failure is no error of this caller.
                let _ = self.join_or_start(now, source);
                Ok(entry)
            }
            Some(entry) if !entry.expires_at.passed(now) => match self.fetch(now, source).await {
                Ok(new) => Ok(new),
                // Not `entry`: it may have been invalidated while this caller waited.
                Err(error) => self.peek().ok_or(error),
            },
            _ => self.fetch(now, source).await,
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        // No code panics while it holds the lock; if it did, the state would still be consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, state: &mut State<T>, fetched: Fetched<T>) -> Arc<CacheEntry<T>> {
        state.generation += 1;
        state.failure = None;
        let margin = margin::margins(fetched.lifetime, &mut state.rng);
        let entry = Arc::new(CacheEntry {
            value: fetched.value,
            generation: state.generation,
            renew_at: fetched
                .requested_at
                .plus(fetched.lifetime.saturating_sub(margin.renew)),
            wait_at: fetched
                .requested_at
                .plus(fetched.lifetime.saturating_sub(margin.wait)),
            expires_at: fetched.requested_at.plus(fetched.lifetime),
        });
        self.slot.store(Some(Arc::clone(&entry)));
        entry
    }
}

#[cfg(test)]
mod tests;
