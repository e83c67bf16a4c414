//! Barriers: where faults keep replies until somebody, or enough of them, release them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use super::Stage;

/// The barriers of a stage, by name.
#[derive(Debug, Default)]
pub(super) struct Barriers(Mutex<HashMap<String, Arc<Barrier>>>);

impl Barriers {
    /// Forgets all barriers and lets go all that wait there.
    pub(super) fn release_all(&self) {
        for barrier in std::mem::take(&mut *self.lock()).values() {
            barrier.release();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Barrier>>> {
        self.0
            .lock()
            .expect("no code panics while it holds the barriers")
    }
}

/// Where held replies wait.
#[derive(Debug, Default)]
pub struct Barrier {
    came: AtomicU64,
    released: AtomicBool,
    wake: Notify,
}

impl Barrier {
    /// Waits until `enough` requests have come or somebody releases it.
    pub async fn wait(&self, enough: Option<u64>) {
        let woken = self.wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let came = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        if enough.is_some_and(|enough| came >= enough) {
            self.release();
        }
        if !self.is_released() {
            woken.await;
        }
    }

    /// Lets all go, now and later.
    pub fn release(&self) {
        self.released.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
    }

    /// Whether it lets all go.
    pub fn is_released(&self) -> bool {
        self.released.load(Ordering::SeqCst)
    }

    /// How many requests came to it.
    pub fn came(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }
}

impl Stage {
    /// The barrier called `name`.
    pub fn barrier(&self, name: &str) -> Arc<Barrier> {
        Arc::clone(self.barriers.lock().entry(name.to_owned()).or_default())
    }

    /// The barriers that requests came to or that were released, by name.
    pub fn barriers(&self) -> BTreeMap<String, Arc<Barrier>> {
        let barriers = self.barriers.lock();
        barriers
            .iter()
            .map(|(name, barrier)| (name.clone(), Arc::clone(barrier)))
            .collect()
    }
}
