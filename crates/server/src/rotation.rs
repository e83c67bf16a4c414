//! Rotation of signing keys: which key signs, which are still taken, and which no more.
//!
//! A vendor's keys are numbered by *generation*: 0 signs from the start, each rotation makes the
//! next. What was retired stands in the key set and is taken until its grace ends, by the stage's
//! clock (OpenID Connect Core §10.1.1: a key set is to "retain recently decommissioned signing keys
//! for a reasonable period of time to facilitate a smooth transition").

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many retired keys are remembered; a token of an older one is of an unknown key.
const MAX_RETIRED: usize = 32;

/// The latest generation of a snapshot: rotations after it still have numbers.
const MAX_GENERATION: u32 = 1 << 30;

/// A key that signs no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetiredKey {
    /// Its generation.
    pub generation: u32,
    /// When it was retired.
    pub retired: Timestamp,
    /// Until when its tokens are taken.
    pub until: Timestamp,
}

/// What a snapshot keeps of the rotations of a vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationSnapshot {
    /// The generation that signs.
    pub current: u32,
    /// Those that were retired, the oldest first.
    pub retired: Vec<RetiredKey>,
}

impl RotationSnapshot {
    /// Whether rotations can have led there.
    ///
    /// # Errors
    /// A sentence that names the member.
    pub fn check(&self) -> Result<(), String> {
        let Self { current, retired } = self;
        if *current > MAX_GENERATION {
            return Err(format!(
                "`current` is at most {MAX_GENERATION}, not `{current}`"
            ));
        }
        if retired.len() > MAX_RETIRED {
            return Err(format!(
                "`retired` has at most {MAX_RETIRED} keys, not {}",
                retired.len()
            ));
        }
        if let Some(key) = retired.iter().find(|key| key.generation >= *current) {
            return Err(format!(
                "`retired` has generations before `current`, which is {current}, not `{}`",
                key.generation
            ));
        }
        match retired
            .windows(2)
            .find(|two| two[0].generation >= two[1].generation)
        {
            Some(two) => Err(format!(
                "`retired` has each generation once, the oldest first, not `{}` after `{}`",
                two[1].generation, two[0].generation
            )),
            None => Ok(()),
        }
    }
}

/// The rotations of a vendor's keys on a stage.
#[derive(Debug, Default)]
pub struct KeyRotations {
    current: AtomicU32,
    retired: Mutex<VecDeque<RetiredKey>>,
}

impl KeyRotations {
    /// The generation that signs.
    pub fn current(&self) -> u32 {
        self.current.load(Ordering::SeqCst)
    }

    /// Makes the next generation sign; the one before is taken for `grace` more. Returns the new
    /// generation.
    pub fn rotate(&self, now: Timestamp, grace: Duration) -> u32 {
        let mut retired = self.lock();
        let generation = self.current();
        retired.push_back(RetiredKey {
            generation,
            retired: now,
            until: now.plus(grace),
        });
        if retired.len() > MAX_RETIRED {
            retired.pop_front();
        }
        let next = generation.saturating_add(1);
        self.current.store(next, Ordering::SeqCst);
        next
    }

    /// The generations of the key set at `now`: the one that signs, then those within their grace,
    /// the latest first.
    pub fn published(&self, now: Timestamp) -> Vec<u32> {
        let current = self.current();
        let mut published = vec![current];
        if current > 0 {
            let retired = self.lock();
            let within = retired.iter().rev().filter(|key| now < key.until);
            published.extend(within.map(|key| key.generation));
        }
        published
    }

    /// The retired keys that are remembered, the oldest first.
    pub fn retired(&self) -> Vec<RetiredKey> {
        self.lock().iter().copied().collect()
    }

    /// The generation whose key signed a token, found by `signed`; of a retired key only within its
    /// grace. `None` when no key that is remembered signed it.
    ///
    /// # Errors
    /// `bad_signature` that tells when the key was retired.
    pub fn find(
        &self,
        now: Timestamp,
        signed: impl Fn(u32) -> bool,
    ) -> Result<Option<u32>, Denial> {
        let current = self.current();
        if signed(current) {
            return Ok(Some(current));
        }
        if current == 0 {
            return Ok(None);
        }
        let retired = self.retired();
        match retired.iter().rev().find(|key| signed(key.generation)) {
            None => Ok(None),
            Some(key) if now < key.until => Ok(Some(key.generation)),
            Some(key) => Err(Denial::new(DenialKind::BadSignature, "bad_signature")
                .expected("a signature by a key of the key set")
                .got(format!(
                    "one by a key that was retired at {}, whose grace ended at {}",
                    key.retired, key.until
                ))),
        }
    }

    /// As it stands, for a snapshot.
    pub fn snapshot(&self) -> RotationSnapshot {
        RotationSnapshot {
            current: self.current(),
            retired: self.retired(),
        }
    }

    /// As it stood when the snapshot was taken.
    pub fn restore(&self, snapshot: &RotationSnapshot) {
        let mut retired = self.lock();
        self.current.store(snapshot.current, Ordering::SeqCst);
        *retired = snapshot.retired.iter().copied().collect();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<RetiredKey>> {
        self.retired
            .lock()
            .expect("no code panics while it holds the rotations")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_key_is_taken_until_its_grace_ends_and_told_apart_afterwards() {
        let rotations = KeyRotations::default();
        let at = Timestamp::from_seconds;
        assert_eq!(rotations.published(at(0)), [0]);
        assert_eq!(rotations.rotate(at(10), Duration::from_secs(5)), 1);
        assert_eq!(rotations.rotate(at(12), Duration::ZERO), 2);
        assert_eq!(rotations.published(at(14)), [2, 0]);
        assert_eq!(rotations.published(at(15)), [2]);
        let find = |generation, now| rotations.find(at(now), |have| have == generation);
        assert_eq!(find(2, 99), Ok(Some(2)));
        assert_eq!(find(0, 14), Ok(Some(0)));
        let denial = find(0, 15).expect_err("its grace is over");
        assert_eq!(denial.kind, DenialKind::BadSignature);
        assert!(find(1, 12).is_err(), "it had no grace");
        assert_eq!(find(7, 14), Ok(None));
        let restored = KeyRotations::default();
        restored.restore(&rotations.snapshot());
        assert_eq!(restored.published(at(14)), [2, 0]);
    }

    #[test]
    fn generations_stand_still_at_their_end() {
        let rotations = KeyRotations::default();
        rotations.restore(&RotationSnapshot {
            current: u32::MAX,
            retired: Vec::new(),
        });
        let now = Timestamp::from_seconds(0);
        assert_eq!(rotations.rotate(now, Duration::ZERO), u32::MAX);
        assert_eq!(rotations.current(), u32::MAX);
    }
}
