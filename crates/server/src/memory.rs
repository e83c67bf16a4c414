//! Memory bounded by bytes: accounts that count what is held, and the bounds on them.
//!
//! The process has one [`Account`], each stage one below it. Whatever grows with use holds a
//! [`Charge`] on its stage's account: the store, the journal, faults, settings, principals, the
//! vendors' own data. A charge ends with what it was for, so that a deleted stage counts nothing.
//!
//! Three things keep the sum below its limits:
//!
//! 1. What a call of the control API would add beyond a limit is refused (507).
//! 2. What requests add is never refused; [`Stages::reclaim`](crate::Stages::reclaim) then takes the
//!    oldest ended things away, from the largest stage first, and live tokens only when nothing else
//!    is left. Those are counted as `forgotten_tokens`.
//! 3. A vendor's own data stands in a [`Bounded`] collection, whose oldest items fall out.
//!
//! Not counted: connections, and requests under way.

mod bounded;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use bounded::Bounded;

/// How many bytes may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// By all stages together.
    pub process: usize,
    /// By one stage.
    pub stage: usize,
}

impl Default for MemoryLimits {
    /// 40 MiB for the process, 32 MiB for a stage.
    fn default() -> Self {
        Self {
            process: 40 << 20,
            stage: 32 << 20,
        }
    }
}

/// Something would take more memory than its limit leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} bytes more are over the memory limit of {limit} bytes, of which {used} are in use"
)]
pub struct OverLimit {
    /// What was asked for, in bytes.
    pub wanted: usize,
    /// What is in use, in bytes.
    pub used: usize,
    /// The limit, in bytes.
    pub limit: usize,
}

/// Counts the bytes that are held under it.
#[derive(Debug)]
pub struct Account {
    parent: Option<Arc<Account>>,
    limit: usize,
    used: AtomicUsize,
}

impl Account {
    /// An account with nothing on it, of `limit` bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            parent: None,
            limit,
            used: AtomicUsize::new(0),
        })
    }

    /// An account of its own whose bytes count on this one too.
    pub fn child(self: &Arc<Self>, limit: usize) -> Arc<Self> {
        Arc::new(Self {
            parent: Some(Arc::clone(self)),
            limit,
            used: AtomicUsize::new(0),
        })
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that may be in use.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many bytes are in use beyond the limit, here or above.
    pub fn excess(&self) -> usize {
        let own = self.used().saturating_sub(self.limit);
        let above = self.parent.as_ref().map_or(0, |parent| parent.excess());
        own.max(above)
    }

    /// Whether `wanted` bytes more fit.
    ///
    /// # Errors
    /// The nearest limit that they do not fit.
    pub fn check(&self, wanted: usize) -> Result<(), OverLimit> {
        let used = self.used();
        if used.saturating_add(wanted) > self.limit {
            return Err(OverLimit {
                wanted,
                used,
                limit: self.limit,
            });
        }
        self.parent
            .as_ref()
            .map_or(Ok(()), |parent| parent.check(wanted))
    }

    fn move_by(&self, from: usize, to: usize) {
        if to >= from {
            self.used.fetch_add(to - from, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(from - to, Ordering::Relaxed);
        }
        if let Some(parent) = &self.parent {
            parent.move_by(from, to);
        }
    }
}

/// Bytes on an account, for as long as this lives.
#[derive(Debug)]
pub struct Charge {
    account: Arc<Account>,
    bytes: usize,
}

impl Charge {
    /// Nothing yet.
    pub fn on(account: &Arc<Account>) -> Self {
        Self {
            account: Arc::clone(account),
            bytes: 0,
        }
    }

    /// Counts `bytes` from now on, whatever the limits are.
    pub fn set(&mut self, bytes: usize) {
        if bytes != self.bytes {
            self.account.move_by(self.bytes, bytes);
            self.bytes = bytes;
        }
    }

    /// Counts `bytes` from now on, if they fit.
    ///
    /// # Errors
    /// When they do not; then the charge stays as it was.
    pub fn try_set(&mut self, bytes: usize) -> Result<(), OverLimit> {
        if let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) {
            self.account.check(more)?;
        }
        self.set(bytes);
        Ok(())
    }

    /// The bytes that it counts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_counts_on_both_accounts_until_it_ends() {
        let process = Account::new(100);
        let stage = process.child(50);
        let mut charge = Charge::on(&stage);
        charge.set(40);
        assert_eq!((process.used(), stage.used(), stage.excess()), (40, 40, 0));
        let refused = charge.try_set(60).expect_err("50 is the limit");
        assert_eq!((refused.limit, charge.bytes()), (50, 40));
        charge.set(60);
        assert_eq!((stage.excess(), process.excess()), (10, 0));
        drop(charge);
        assert_eq!((process.used(), stage.used()), (0, 0));
    }

    #[test]
    fn the_limit_of_the_process_binds_each_stage() {
        let process = Account::new(100);
        let (one, two) = (process.child(80), process.child(80));
        let mut first = Charge::on(&one);
        first.set(70);
        let refused = Charge::on(&two).try_set(40).expect_err("100 is the limit");
        assert_eq!((refused.limit, refused.used), (100, 70));
        first.set(0);
        assert_eq!(Charge::on(&two).try_set(40), Ok(()));
    }
}
