//! Barriers: where faults keep replies until somebody, or enough of them, release them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::weight;
use tokio::sync::Notify;

use super::Stage;
use crate::memory::{Account, Charge};

/// Most requests that are held on a stage at a time: each keeps a connection.
pub const MAX_HELD: usize = 4096;

/// The barriers of a stage, by name.
#[derive(Debug)]
pub(super) struct Barriers(Mutex<Named>);

#[derive(Debug)]
struct Named {
    barriers: HashMap<String, Arc<Barrier>>,
    /// Nobody is held any more.
    closed: bool,
    /// How many requests wait at any of them.
    held: usize,
    charge: Charge,
}

impl Barriers {
    pub(super) fn new(account: &Arc<Account>) -> Self {
        Self(Mutex::new(Named {
            barriers: HashMap::new(),
            closed: false,
            held: 0,
            charge: Charge::on(account),
        }))
    }

    /// Forgets all barriers and lets go all that wait there.
    pub(super) fn release_all(&self) {
        let mut named = self.lock();
        named.charge.set(0);
        for barrier in std::mem::take(&mut named.barriers).values() {
            barrier.release();
        }
    }

    /// The same, and holds nobody from then on.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.release_all();
    }

    fn enter(&self) -> bool {
        let mut named = self.lock();
        let has_room = named.held < MAX_HELD;
        named.held += usize::from(has_room);
        has_room
    }

    fn lock(&self) -> MutexGuard<'_, Named> {
        self.0
            .lock()
            .expect("no code panics while it holds the barriers")
    }
}

/// A held request: it leaves when it is answered, and when its client is gone.
struct Waiting<'a>(&'a Barriers);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().held -= 1;
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
        let mut named = self.barriers.lock();
        if named.closed {
            let open = Barrier::default();
            open.release();
            return Arc::new(open);
        }
        if let Some(have) = named.barriers.get(name) {
            return Arc::clone(have);
        }
        let bytes = named.charge.bytes() + 2 * size_of::<Barrier>() + 2 * weight::text(name);
        named.charge.set(bytes);
        let barrier = Arc::<Barrier>::default();
        named.barriers.insert(name.to_owned(), Arc::clone(&barrier));
        barrier
    }

    /// Waits at the barrier called `name` until `enough` requests have come there or somebody
    /// releases it. False, at once, when [`MAX_HELD`] requests wait on this stage already.
    pub async fn hold(&self, name: &str, enough: Option<u64>) -> bool {
        if !self.barriers.enter() {
            return false;
        }
        let _leaves = Waiting(&self.barriers);
        self.barrier(name).wait(enough).await;
        true
    }

    /// The barriers that requests came to or that were released, by name.
    pub fn barriers(&self) -> BTreeMap<String, Arc<Barrier>> {
        let named = self.barriers.lock();
        named
            .barriers
            .iter()
            .map(|(name, barrier)| (name.clone(), Arc::clone(barrier)))
            .collect()
    }
}
