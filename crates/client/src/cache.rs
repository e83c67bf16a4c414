//! One credential, fetched once and shared: a lock-free read, a single flight, margins in
//! proportion to the lifetime.
//!
//! The life of a credential: *fresh* (served, nothing happens), then *soft* (served, and renewed
//! in the background), then *hard* (callers wait for the renewal, and are served the old one when
//! it fails), then over. The fetch runs in a task of its own: a caller that goes away takes
//! nothing with it, and a source that panics leaves an error, not a hang.

mod flight;
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

/// What a source brings.
#[derive(Clone, Debug)]
pub struct Fresh<T> {
    /// The credential.
    pub value: T,
    /// When its request was sent: its life is counted from here, on the safe side of the vendor.
    pub sent: Moment,
    /// How long it lives; zero when it serves the call it was fetched for and none after.
    pub lifetime: Duration,
}

/// A credential as the cache holds it.
#[derive(Debug)]
pub struct Held<T> {
    /// The credential.
    pub value: T,
    /// Counts the credentials of this cache from 1.
    pub generation: u64,
    /// When a renewal in the background begins.
    pub soft: Moment,
    /// When callers begin to wait for it.
    pub hard: Moment,
    /// When its life is over.
    pub end: Moment,
}

/// A borrowed credential: no allocation, no lock.
pub struct Borrowed<T>(Guard<Option<Arc<Held<T>>>>);

impl<T> std::ops::Deref for Borrowed<T> {
    type Target = Held<T>;

    fn deref(&self) -> &Held<T> {
        self.0
            .as_deref()
            .expect("a guard is borrowed only when it holds something")
    }
}

impl<T> fmt::Debug for Borrowed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Borrowed")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// The outcome of one flight, as all who wait for it see it.
type Landing<T> = Result<Arc<Held<T>>, Error>;

/// One credential of one principal. Another principal gets another cache.
pub struct Cache<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    slot: ArcSwapOption<Held<T>>,
    state: Mutex<State<T>>,
    clock: Arc<dyn Clock>,
}

struct State<T> {
    flight: Option<watch::Receiver<Option<Landing<T>>>>,
    failure: Option<flight::Failure>,
    generation: u64,
    chance: StdRng,
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
    /// An empty cache; `seed` feeds the jitter of margins and backoffs.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                slot: ArcSwapOption::empty(),
                state: Mutex::new(State {
                    flight: None,
                    failure: None,
                    generation: 0,
                    chance: StdRng::seed_from_u64(seed),
                }),
                clock,
            }),
        }
    }

    /// The credential, when it is fresh at `now`: lock-free, without await and allocation.
    #[inline]
    pub fn try_get(&self, now: Moment) -> Option<Borrowed<T>> {
        let guard = self.shared.slot.load();
        match &*guard {
            Some(held) if !held.soft.passed(now) => Some(Borrowed(guard)),
            _ => None,
        }
    }

    /// Drops the credential of `generation`, which the vendor refused. A newer one stays: a late
    /// 401 to an old token says nothing about it.
    pub fn invalidate(&self, generation: u64) {
        let _state = self.shared.lock();
        let held = self.shared.slot.load();
        if held
            .as_ref()
            .is_some_and(|held| held.generation == generation)
        {
            self.shared.slot.store(None);
        }
    }

    /// Takes a credential that came another way than by a fetch, such as the answer to a challenge.
    pub fn put(&self, fresh: Fresh<T>) -> Arc<Held<T>> {
        self.shared.keep(&mut self.shared.lock(), fresh)
    }

    /// The credential that is held and not over, if any; starts nothing.
    pub fn peek(&self) -> Option<Arc<Held<T>>> {
        let now = Moment::read(&*self.shared.clock);
        self.shared
            .slot
            .load_full()
            .filter(|held| !held.end.passed(now))
    }
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// The credential, from the cache or from `source`, which is asked at most once at a time
    /// whoever calls.
    ///
    /// # Errors
    /// What the source said, when no credential is left that still lives. A failure is remembered
    /// for a while: callers in that time get the same answer without another request.
    pub async fn get<F>(&self, source: impl FnOnce() -> F) -> Result<Arc<Held<T>>, Error>
    where
        F: Future<Output = Result<Fresh<T>, Error>> + Send + 'static,
    {
        let now = Moment::read(&*self.shared.clock);
        let held = self.shared.slot.load_full();
        match held {
            Some(held) if !held.soft.passed(now) => Ok(held),
            Some(held) if !held.hard.passed(now) => {
                // The flight goes on by itself; its failure is nobody's error yet.
                let _ = self.board(now, source);
                Ok(held)
            }
            Some(held) if !held.end.passed(now) => match self.wait(now, source).await {
                Ok(new) => Ok(new),
                Err(_) if !held.end.passed(Moment::read(&*self.shared.clock)) => Ok(held),
                Err(error) => Err(error),
            },
            _ => self.wait(now, source).await,
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        // No code panics while it holds the lock; were it to, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, state: &mut State<T>, fresh: Fresh<T>) -> Arc<Held<T>> {
        state.generation += 1;
        state.failure = None;
        let margin = margin::of(fresh.lifetime, &mut state.chance);
        let held = Arc::new(Held {
            value: fresh.value,
            generation: state.generation,
            soft: fresh.sent.plus(fresh.lifetime.saturating_sub(margin.soft)),
            hard: fresh.sent.plus(fresh.lifetime.saturating_sub(margin.hard)),
            end: fresh.sent.plus(fresh.lifetime),
        });
        self.slot.store(Some(Arc::clone(&held)));
        held
    }
}

#[cfg(test)]
mod tests;
