//! Random numbers that the seed repeats.

use std::sync::{Arc, Mutex};

use locum_core::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde_json::Value;

use super::Stage;
use crate::memory::Account;
use crate::store::digest_of;

/// What [`new_state`](crate::Vendor::new_state) is given.
#[derive(Debug)]
pub struct StageInit<'a> {
    /// The stage's seed.
    pub seed: u64,
    /// The vendor's principals, secrets filled in.
    pub principals: &'a Value,
    /// The stage's time.
    pub now: Timestamp,
    /// Where the vendor counts what it keeps.
    pub memory: &'a Arc<Account>,
}

impl StageInit<'_> {
    /// A generator for `purpose` that the seed repeats, whatever else was drawn.
    pub fn rng(&self, purpose: &str) -> ChaCha12Rng {
        rng_for(self.seed, purpose)
    }
}

/// A generator for `purpose` on a stage of this seed.
pub fn rng_for(seed: u64, purpose: &str) -> ChaCha12Rng {
    // The text is part of what a seed means: another one would change all credentials.
    ChaCha12Rng::from_seed(digest_of(&format!("locum {seed} chance {purpose}")))
}

/// The generator of whatever a stage draws while it runs.
#[derive(Debug)]
pub(super) struct StageRng(Mutex<ChaCha12Rng>);

impl StageRng {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(rng_for(seed, "stage")))
    }

    pub(super) fn restart(&self, seed: u64) {
        *self.lock() = rng_for(seed, "stage");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ChaCha12Rng> {
        self.0
            .lock()
            .expect("no code panics while it holds the generator")
    }
}

impl Stage {
    /// Draws from the stage's generator.
    pub fn rng<T>(&self, draw: impl FnOnce(&mut dyn rand::Rng) -> T) -> T {
        draw(&mut *self.rng.lock())
    }
}
