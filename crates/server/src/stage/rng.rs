//! Random numbers that the seed repeats.

use std::sync::{Arc, Mutex};

use locum_core::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde_json::Value;

use super::Stage;
use crate::keys::HmacKey;
use crate::memory::Account;
use crate::rotation::KeyRotations;
use crate::store::digest_of;

/// What [`new_state`](crate::Vendor::new_state) is given.
#[derive(Debug)]
pub struct StageInit<'a> {
    /// The stage's seed.
    pub seed: u64,
    /// The vendor's principals, secrets filled in.
    pub principals: &'a Value,
    /// How often the seed was played before in this process; see [`hmac_key`](Self::hmac_key).
    pub incarnation: u64,
    /// The stage's time.
    pub now: Timestamp,
    /// Where the vendor counts what it keeps.
    pub memory: &'a Arc<Account>,
    /// Which of the vendor's keys signs now.
    pub rotations: &'a Arc<KeyRotations>,
}

impl StageInit<'_> {
    /// A generator for `purpose` that the seed repeats, whatever else was drawn.
    pub fn rng(&self, purpose: &str) -> ChaCha12Rng {
        rng_for(self.seed, purpose)
    }

    /// The key that signs tokens for `purpose`. It is another one each time the seed is played:
    /// tokens without any random part would be the same again.
    pub fn hmac_key(&self, purpose: &str) -> HmacKey {
        HmacKey::derive(self.seed, &per_incarnation(purpose, self.incarnation))
    }
}

/// `purpose` for one time of a seed; the first time it is the plain word.
fn per_incarnation(purpose: &str, incarnation: u64) -> String {
    match incarnation {
        0 => purpose.to_owned(),
        again => format!("{purpose} again {again}"),
    }
}

/// A generator for `purpose` on a stage of this seed.
pub fn rng_for(seed: u64, purpose: &str) -> ChaCha12Rng {
    // The text is part of what a seed means: another one would change all credentials.
    ChaCha12Rng::from_seed(digest_of(&format!("locum {seed} chance {purpose}")))
}

/// The generator of whatever a stage draws while it runs.
#[derive(Debug)]
pub(super) struct StageRng(Mutex<(ChaCha12Rng, u64)>);

impl StageRng {
    pub(super) fn new(seed: u64, incarnation: u64) -> Self {
        let purpose = per_incarnation("stage", incarnation);
        Self(Mutex::new((rng_for(seed, &purpose), incarnation)))
    }

    pub(super) fn restart(&self, seed: u64, incarnation: u64) {
        let purpose = per_incarnation("stage", incarnation);
        *self.lock() = (rng_for(seed, &purpose), incarnation);
    }

    /// Keys of `incarnation` again, and draws that nobody has seen yet.
    pub(super) fn restore(&self, seed: u64, incarnation: u64, fresh: u64) {
        let purpose = per_incarnation("stage restored", fresh);
        *self.lock() = (rng_for(seed, &purpose), incarnation);
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.lock().1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (ChaCha12Rng, u64)> {
        self.0
            .lock()
            .expect("no code panics while it holds the generator")
    }
}

impl Stage {
    /// The key that signs tokens for `purpose`, as [`StageInit::hmac_key`] makes it.
    pub fn hmac_key(&self, purpose: &str) -> HmacKey {
        HmacKey::derive(self.seed, &per_incarnation(purpose, self.rng.incarnation()))
    }

    /// Draws from the stage's generator.
    pub fn rng<T>(&self, draw: impl FnOnce(&mut dyn rand::Rng) -> T) -> T {
        draw(&mut self.rng.lock().0)
    }
}
