//! One value that lives for a while, fetched once for all who wait for it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::behaviour::{Behaviour, Sharing};
use crate::clock::{Moment, ShiftableClock, millis};
use crate::failure::{Failure, Kind, Lasting};
use crate::random::Random;

/// How long refused credentials are not tried again.
const REFUSAL_MEMORY_MS: i64 = 60_000;
/// The first pause after a token endpoint that is down; it doubles with each failure.
const FIRST_PAUSE_MS: i64 = 1000;
/// A longer pause is cut to this.
const MAX_PAUSE_MS: i64 = 30_000;
/// Margins are at most this share of the lifetime.
const MAX_MARGIN_SHARE: f64 = 0.2;
/// A lifetime below this is short.
const SHORT_MS: i64 = 60_000;

/// What a fetch brought.
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    /// When the request was sent.
    pub(crate) sent: Moment,
    /// When the reply was read.
    pub(crate) received: Moment,
    /// None: without end.
    pub(crate) lifetime_ms: Option<i64>,
}

/// A cached value.
pub(crate) struct Entry<T> {
    pub(crate) fetched: Fetched<T>,
    pub(crate) generation: u64,
    uses: AtomicU32,
    used: AtomicBool,
    /// What chance adds to its margin.
    jitter_ms: i64,
}

impl<T> Entry<T> {
    pub(crate) fn value(&self) -> &T {
        &self.fetched.value
    }

    /// Whether nobody asked this before.
    pub(crate) fn is_first_use(&self) -> bool {
        !self.used.swap(true, Ordering::SeqCst)
    }
}

type Outcome<T> = Result<Arc<Entry<T>>, Failure>;

/// What a caller has to do.
enum Step<T> {
    Done(Outcome<T>),
    /// Wait for a fetch; the second is good if it fails.
    Wait(watch::Receiver<Option<Outcome<T>>>, Option<Arc<Entry<T>>>),
    Fetch(Start<T>),
}

/// A fetch that begins.
struct Start<T> {
    /// What it replaces.
    entry: Option<Arc<Entry<T>>>,
    /// What is good if it fails.
    good: Option<Arc<Entry<T>>>,
    sender: watch::Sender<Option<Outcome<T>>>,
    epoch: u64,
    shared: bool,
}

/// The cache of one kind of value.
pub(crate) struct Cache<T> {
    behaviour: Arc<Behaviour>,
    clock: Arc<ShiftableClock>,
    random: Arc<Random>,
    /// Before the end.
    margin: Duration,
    state: Mutex<State<T>>,
}

struct State<T> {
    entry: Option<Arc<Entry<T>>>,
    flight: Option<watch::Receiver<Option<Outcome<T>>>>,
    /// The last entry was refused.
    after_refusal: bool,
    generation: u64,
    /// Counts replacements of the credentials; a fetch that began before one is not kept.
    epoch: u64,
    /// No fetch before that moment.
    blocked: Option<(Moment, i64, Failure)>,
    failures: u32,
}

impl<T: Send + Sync + 'static> Cache<T> {
    pub(crate) fn new(
        behaviour: &Arc<Behaviour>,
        clock: &Arc<ShiftableClock>,
        random: &Arc<Random>,
        margin: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            behaviour: behaviour.clone(),
            clock: clock.clone(),
            random: random.clone(),
            margin,
            state: Mutex::new(State {
                entry: None,
                flight: None,
                after_refusal: false,
                generation: 0,
                epoch: 0,
                blocked: None,
                failures: 0,
            }),
        })
    }

    /// The cached value, or what `fetch` brings; `fetch` is given the entry that it replaces.
    pub(crate) async fn get<F, R>(self: &Arc<Self>, fetch: F) -> Outcome<T>
    where
        F: FnOnce(Option<Arc<Entry<T>>>) -> R + Send + 'static,
        R: Future<Output = Result<Fetched<T>, Failure>> + Send + 'static,
    {
        match self.join_or_start() {
            Step::Done(outcome) => outcome,
            Step::Wait(mut flight, good) => {
                let outcome = match flight.wait_for(Option::is_some).await {
                    Ok(outcome) => outcome.clone().expect("it was waited for"),
                    Err(_) => Err(gone()),
                };
                outcome.or_else(|failure| self.or_good(good, failure))
            }
            Step::Fetch(start) => {
                let (cache, good) = (self.clone(), start.good.clone());
                let stale = self.stale(start.entry.as_ref());
                let fetch = async move {
                    let outcome = cache.keep(fetch(start.entry).await, start.epoch, start.shared);
                    if outcome.is_err() && cache.behaviour.flight.failure_strands_waiters {
                        // Whoever waits is left waiting; the one who began is answered.
                        std::mem::forget(start.sender);
                    } else {
                        let _ = start.sender.send(Some(outcome.clone()));
                    }
                    outcome
                };
                if let Some(stale) = stale {
                    tokio::spawn(fetch);
                    return Ok(stale);
                }
                let outcome = if self.behaviour.flight.dies_with_leader {
                    let _landing = Landing(self.clone());
                    fetch.await
                } else {
                    // The fetch outlives the caller who began it.
                    tokio::spawn(fetch).await.unwrap_or_else(|_| Err(gone()))
                };
                outcome.or_else(|failure| self.or_good(good, failure))
            }
        }
    }

    fn join_or_start(&self) -> Step<T> {
        let now = self.clock.now();
        let mut state = self.lock();
        let entry = state.entry.clone();
        if let Some(entry) = &entry
            && self.serves(entry, now)
        {
            return Step::Done(Ok(entry.clone()));
        }
        let good = entry.clone().filter(|entry| self.is_good(entry, now));
        if let Some((since, pause, failure)) = &state.blocked
            && (0..*pause).contains(&now.monotonic_since(*since))
        {
            let failure = failure.clone();
            drop(state);
            return Step::Done(self.or_good(good, failure));
        }
        let shared = match self.behaviour.flight.sharing {
            Sharing::Always => true,
            Sharing::Never => false,
            Sharing::NotAfterRefusal => !state.after_refusal,
            Sharing::NotAtEnd => entry.is_none(),
        };
        if shared && let Some(flight) = state.flight.clone() {
            return match self.stale(entry.as_ref()) {
                Some(stale) => Step::Done(Ok(stale)),
                None => Step::Wait(flight, good),
            };
        }
        let (sender, receiver) = watch::channel(None);
        if shared {
            state.flight = Some(receiver);
        }
        Step::Fetch(Start {
            entry,
            good,
            sender,
            epoch: state.epoch,
            shared,
        })
    }

    /// What serves a call while it is renewed, whatever its age.
    fn stale(&self, entry: Option<&Arc<Entry<T>>>) -> Option<Arc<Entry<T>>> {
        entry
            .filter(|_| self.behaviour.cache.stale_while_renewing)
            .cloned()
    }

    /// What there is, whatever its age.
    pub(crate) fn peek(&self) -> Option<Arc<Entry<T>>> {
        self.lock().entry.clone()
    }

    /// Puts a value in place.
    pub(crate) fn put(&self, fetched: Fetched<T>) {
        let epoch = self.lock().epoch;
        let _ = self.keep(Ok(fetched), epoch, false);
    }

    /// Drops the entry of that generation because it was refused; a newer one stays.
    pub(crate) fn refuse(&self, generation: u64) {
        let behaviour = &self.behaviour.cache;
        let mut state = self.lock();
        let same = state
            .entry
            .as_ref()
            .is_some_and(|entry| entry.generation == generation);
        if (same || behaviour.any_refusal_drops) && !behaviour.keeps_refused {
            state.entry = None;
            state.after_refusal = true;
        }
    }

    /// Forgets the value; what is remembered of failures stays.
    pub(crate) fn drop_entry(&self) {
        self.lock().entry = None;
    }

    /// Forgets all: the credentials have changed.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.entry = None;
        state.flight = None;
        state.epoch += 1;
        state.blocked = None;
        state.failures = 0;
    }

    /// Forgets failures: the secret has changed.
    pub(crate) fn unblock(&self) {
        let mut state = self.lock();
        state.blocked = None;
        state.failures = 0;
    }

    fn or_good(&self, good: Option<Arc<Entry<T>>>, failure: Failure) -> Outcome<T> {
        if self.behaviour.cache.dropped_on_failed_renewal {
            self.drop_entry();
            return Err(failure);
        }
        if self.behaviour.refresh.refusal_is_final && failure.kind == Kind::Auth {
            return Err(failure);
        }
        good.ok_or(failure)
    }

    fn keep(&self, fetched: Result<Fetched<T>, Failure>, epoch: u64, shared: bool) -> Outcome<T> {
        let now = self.clock.now();
        let mut state = self.lock();
        if shared && state.epoch == epoch {
            state.flight = None;
        }
        match fetched {
            Ok(fetched) => {
                state.generation += 1;
                let entry = Arc::new(Entry {
                    fetched,
                    generation: state.generation,
                    uses: AtomicU32::new(1),
                    used: AtomicBool::new(false),
                    jitter_ms: millis(self.behaviour.style.margin_jitter_s * self.random.unit()),
                });
                if state.epoch == epoch {
                    state.entry = Some(entry.clone());
                    state.after_refusal = false;
                    state.blocked = None;
                    state.failures = 0;
                }
                Ok(entry)
            }
            Err(failure) => {
                let retry = &self.behaviour.retry;
                let pause = match failure.lasting {
                    Lasting::Refused if retry.remembers_refusal => REFUSAL_MEMORY_MS,
                    Lasting::Outage if !retry.each_call_asks_in_outage => {
                        let doubled = FIRST_PAUSE_MS << state.failures.min(6);
                        doubled.min(MAX_PAUSE_MS)
                    }
                    _ => 0,
                };
                if pause > 0 && state.epoch == epoch {
                    state.failures += 1;
                    state.blocked = Some((now, pause, failure.clone()));
                }
                Err(failure)
            }
        }
    }

    /// Whether the entry serves one more call.
    fn serves(&self, entry: &Entry<T>, now: Moment) -> bool {
        if !self.behaviour.cache.reuses {
            return false;
        }
        let lifetime = entry.fetched.lifetime_ms;
        let short = lifetime.is_some_and(|lifetime| lifetime < SHORT_MS);
        if let Some(calls) = self.behaviour.cache.calls_of_short_token
            && short
            && entry.uses.fetch_add(1, Ordering::SeqCst) >= calls
        {
            return false;
        }
        let lifetime = entry.fetched.lifetime_ms;
        let age = self
            .age(&entry.fetched, now)
            .saturating_add(entry.jitter_ms);
        lifetime.is_none_or(|lifetime| age.saturating_add(self.margin_ms(lifetime)) < lifetime)
    }

    /// Whether it is time to fetch the next value, though nobody asks for one.
    pub(crate) fn wants_next(&self) -> bool {
        let entry = self.peek();
        entry.is_some_and(|entry| !self.in_time(&entry.fetched, self.clock.now()))
    }

    /// Whether it is not yet time for another.
    pub(crate) fn in_time(&self, fetched: &Fetched<T>, now: Moment) -> bool {
        fetched.lifetime_ms.is_none_or(|lifetime| {
            self.age(fetched, now)
                .saturating_add(self.margin_ms(lifetime))
                < lifetime
        })
    }

    /// Whether the entry has not ended yet.
    fn is_good(&self, entry: &Entry<T>, now: Moment) -> bool {
        let lifetime = entry.fetched.lifetime_ms;
        self.behaviour.cache.reuses
            && lifetime.is_none_or(|lifetime| self.age(&entry.fetched, now) < lifetime)
    }

    fn age(&self, fetched: &Fetched<T>, now: Moment) -> i64 {
        let expiry = &self.behaviour.expiry;
        if expiry.clock_back_ends_tokens && self.clock.went_back(now) {
            return i64::MAX;
        }
        if expiry.delay_added_margin_s.is_some() {
            return now.since(fetched.received) - fetched.received.since(fetched.sent);
        }
        let start = match expiry.from_receipt_margin_s {
            Some(_) => fetched.received,
            None => fetched.sent,
        };
        if expiry.monotonic_only {
            now.monotonic_since(start)
        } else {
            now.since(start)
        }
    }

    fn margin_ms(&self, lifetime_ms: i64) -> i64 {
        let expiry = &self.behaviour.expiry;
        let margin = expiry.from_receipt_margin_s.or(expiry.delay_added_margin_s);
        if let Some(margin) = margin.or(expiry.margin_s) {
            return millis(margin);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share needs no more precision"
        )]
        let share = millis(lifetime_ms as f64 / 1000.0 * MAX_MARGIN_SHARE);
        share.min(millis(self.margin.as_secs_f64()))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a flight whose leader was given up.
struct Landing<T: Send + Sync + 'static>(Arc<Cache<T>>);

impl<T: Send + Sync + 'static> Drop for Landing<T> {
    fn drop(&mut self) {
        self.0.lock().flight = None;
    }
}

fn gone() -> Failure {
    Failure::other("the shared token request was given up")
}

#[cfg(test)]
mod tests;
