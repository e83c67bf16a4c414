//! Assertions that were used: each may be shown once while it holds (RFC 7523 §3, `jti`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use locum_core::Timestamp;

use crate::memory::{Account, Charge};
use crate::store::{Digest, digest_of};

/// The most names that a stage remembers.
const MAX_USED: usize = 10_000;

/// Names of used assertions, each until the assertion ends; counted on the stage's memory.
#[derive(Debug)]
pub struct UsedAssertions(Mutex<Used>);

#[derive(Debug)]
struct Used {
    until: BTreeMap<Digest, Timestamp>,
    charge: Charge,
}

impl UsedAssertions {
    /// None was used yet; what is remembered counts on `memory`.
    pub fn new(memory: &Arc<Account>) -> Self {
        Self(Mutex::new(Used {
            until: BTreeMap::new(),
            charge: Charge::on(memory),
        }))
    }

    /// Whether `name` is used for the first time at `now`; it is remembered until `until`.
    pub fn use_once(&self, name: &str, until: Timestamp, now: Timestamp) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.until.retain(|_, until| *until > now);
        let fresh = used.until.insert(digest_of(name), until).is_none();
        while used.until.len() > MAX_USED {
            let soonest = used.until.iter().min_by_key(|(_, until)| **until);
            let Some(name) = soonest.map(|(name, _)| *name) else {
                break;
            };
            used.until.remove(&name);
        }
        let bytes = used.until.len() * 2 * size_of::<(Digest, Timestamp)>();
        used.charge.set(bytes);
        fresh
    }
}
