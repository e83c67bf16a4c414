//! Single flight: one fetch at a time, in a task of its own, and a backoff after a failed one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::{Cache, FetchResult, Fetched, Shared, State};
use crate::error::Error;
use crate::moment::Moment;

/// A failed fetch: until `retry_at` callers get its error and no request is made.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    error: Error,
    retry_at: Moment,
    /// Failures since the last success, this one included.
    consecutive: u32,
}

/// Wrong credentials stay wrong; this long they are not shown to the vendor again, so that a
/// busy caller does not lock its account.
const REFUSAL_BACKOFF: Duration = Duration::from_secs(15);
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_mins(1);
/// A longer wait is cut, so that a nonsensical `Retry-After` cannot stop a client forever.
const MAX_VENDOR_WAIT: Duration = Duration::from_hours(24);

/// How a caller without a fresh credential gets its result.
pub(super) enum Join<T> {
    /// From the fetch in progress, which may just have been started.
    InProgress(watch::Receiver<Option<FetchResult<T>>>),
    /// At once: a fetch has just completed, or the failure of an earlier one is remembered.
    Done(FetchResult<T>),
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// Joins or starts a fetch and waits for its result.
    pub(super) async fn fetch<F>(&self, now: Moment, source: impl FnOnce() -> F) -> FetchResult<T>
    where
        F: Future<Output = Result<Fetched<T>, Error>> + Send + 'static,
    {
        let mut in_progress = match self.join_or_start(now, source) {
            Join::Done(result) => return result,
            Join::InProgress(receiver) => receiver,
        };
        match in_progress.wait_for(Option::is_some).await {
            Ok(result) => result.clone().expect("waited until it is Some"),
            // The runtime that ran the fetch was shut down.
            Err(_) => Err(Error::Stopped),
        }
    }

    /// Joins the fetch in progress, or starts one.
    pub(super) fn join_or_start<F>(&self, now: Moment, source: impl FnOnce() -> F) -> Join<T>
    where
        F: Future<Output = Result<Fetched<T>, Error>> + Send + 'static,
    {
        let mut state = self.shared.lock();
        // A fetch may have completed between the caller's read and the lock.
        if let Some(entry) = self.shared.slot.load_full()
            && !entry.renew_at.passed(now)
        {
            return Join::Done(Ok(entry));
        }
        if let Some(fetch) = &state.fetch
            && fetch.has_changed().is_ok()
        {
            return Join::InProgress(fetch.clone());
        }
        if let Some(failure) = &state.failure
            && !failure.retry_at.passed(now)
        {
            return Join::Done(Err(failure.error.clone()));
        }
        let (publish, receiver) = watch::channel(None);
        state.fetch = Some(receiver.clone());
        drop(state);
        let shared = Arc::clone(&self.shared);
        // The inner task may panic; the outer one publishes a result all the same.
        let fetch = tokio::spawn(source());
        tokio::spawn(async move {
            let outcome = fetch.await.unwrap_or(Err(Error::Stopped));
            publish.send_replace(Some(shared.complete(outcome)));
        });
        Join::InProgress(receiver)
    }
}

impl<T> Shared<T> {
    /// Ends the fetch in progress: stores what it fetched, or remembers its failure.
    fn complete(&self, outcome: Result<Fetched<T>, Error>) -> FetchResult<T> {
        let mut state = self.lock();
        state.fetch = None;
        match outcome {
            Ok(fetched) => Ok(self.store(&mut state, fetched)),
            Err(error) => {
                state.record_failure(error.clone(), Moment::read(&*self.clock));
                Err(error)
            }
        }
    }
}

impl<T> State<T> {
    fn record_failure(&mut self, error: Error, now: Moment) {
        let consecutive = self
            .failure
            .take()
            .map_or(1, |failure| failure.consecutive.saturating_add(1));
        let backoff = backoff(&error, consecutive, &mut self.rng);
        self.failure = Some(Failure {
            error,
            retry_at: now.plus(backoff),
            consecutive,
        });
    }
}

/// How long a failure is remembered: as long as the vendor asked for, or longer.
fn backoff(error: &Error, consecutive: u32, rng: &mut StdRng) -> Duration {
    if !error.is_transient() {
        return REFUSAL_BACKOFF;
    }
    let doubled = MIN_BACKOFF
        .saturating_mul(1 << (consecutive - 1).min(6))
        .min(MAX_BACKOFF)
        .mul_f64(rng.random_range(0.8..=1.0));
    doubled.max(error.wait().unwrap_or_default().min(MAX_VENDOR_WAIT))
}
