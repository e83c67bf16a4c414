//! One fetch at a time, in a task of its own, and what its failure is worth.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::{Cache, Fresh, Landing, Shared, State};
use crate::error::Error;
use crate::moment::Moment;

/// A fetch that failed: until then nobody asks again.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    error: Error,
    until: Moment,
    in_a_row: u32,
}

/// Wrong credentials stay wrong; this long they are not shown to the vendor again, so that a
/// busy caller does not lock its account.
const REFUSED: Duration = Duration::from_secs(15);
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// What a caller without a fresh credential finds.
pub(super) enum Boarding<T> {
    /// A flight that is under way.
    Flight(watch::Receiver<Option<Landing<T>>>),
    /// The outcome of one that has just landed, or of one whose failure is remembered.
    Landed(Landing<T>),
}

impl<T: Send + Sync + 'static> Cache<T> {
    pub(super) async fn wait<F>(&self, now: Moment, source: impl FnOnce() -> F) -> Landing<T>
    where
        F: Future<Output = Result<Fresh<T>, Error>> + Send + 'static,
    {
        let mut flight = match self.board(now, source) {
            Boarding::Landed(landing) => return landing,
            Boarding::Flight(flight) => flight,
        };
        match flight.wait_for(Option::is_some).await {
            Ok(landing) => landing.clone().expect("waited for a landing"),
            // The runtime that carried the flight has gone.
            Err(_) => Err(Error::Stopped),
        }
    }

    /// Joins the flight under way, or starts one.
    pub(super) fn board<F>(&self, now: Moment, source: impl FnOnce() -> F) -> Boarding<T>
    where
        F: Future<Output = Result<Fresh<T>, Error>> + Send + 'static,
    {
        let mut state = self.shared.lock();
        // A flight may have landed between the look and the lock.
        if let Some(held) = self.shared.slot.load_full()
            && !held.soft.passed(now)
        {
            return Boarding::Landed(Ok(held));
        }
        if let Some(flight) = &state.flight
            && flight.has_changed().is_ok()
        {
            return Boarding::Flight(flight.clone());
        }
        if let Some(failure) = &state.failure
            && !failure.until.passed(now)
        {
            return Boarding::Landed(Err(failure.error.clone()));
        }
        let (land, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        drop(state);
        let shared = Arc::clone(&self.shared);
        // The inner task may panic; the outer one then still lands.
        let fetch = tokio::spawn(source());
        tokio::spawn(async move {
            let outcome = fetch.await.unwrap_or(Err(Error::Stopped));
            land.send_replace(Some(shared.land(outcome)));
        });
        Boarding::Flight(flight)
    }
}

impl<T> Shared<T> {
    fn land(&self, outcome: Result<Fresh<T>, Error>) -> Landing<T> {
        let mut state = self.lock();
        state.flight = None;
        match outcome {
            Ok(fresh) => Ok(self.keep(&mut state, fresh)),
            Err(error) => {
                state.remember(error.clone(), Moment::read(&*self.clock));
                Err(error)
            }
        }
    }
}

impl<T> State<T> {
    fn remember(&mut self, error: Error, now: Moment) {
        let in_a_row = self
            .failure
            .take()
            .map_or(1, |failure| failure.in_a_row + 1);
        let span = pause(&error, in_a_row, &mut self.chance);
        self.failure = Some(Failure {
            error,
            until: now.plus(span),
            in_a_row,
        });
    }
}

/// How long a failure is remembered: never less than the vendor asked for.
fn pause(error: &Error, in_a_row: u32, chance: &mut StdRng) -> Duration {
    if !error.is_transient() {
        return REFUSED;
    }
    let doubled = FIRST
        .saturating_mul(1 << (in_a_row - 1).min(6))
        .min(LONGEST)
        .mul_f64(chance.random_range(0.8..=1.0));
    doubled.max(error.wait().unwrap_or_default())
}
