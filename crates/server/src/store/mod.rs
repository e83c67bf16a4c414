//! What a stage remembers of the tokens it issued, behind one narrow trait: async, fallible, asked
//! by data, made by the factory of the server's configuration. A fleet of replicas can share it.
//!
//! # What stays local to a process
//!
//! Only tokens (with sessions, codes and temporary credentials) are behind this seam. Replicas that
//! share a store still have each its own:
//!
//! - journal (`stage/exchanges`): what passed through this process; ids count per process
//! - faults and barriers (`stage/faults`, `stage/barriers`): where a request is held or bent
//! - settings and evil twin (`stage/settings`, `stage/defect`)
//! - clock (`stage/clock`): running clocks agree as far as the machines do, others do not
//! - principals and vendors' data (`Vendor::new_state`): the same at the start for the same seed
//! - the generator and the count of logins (`stage/rng`), rotations of keys ([`rotation`](crate::rotation))
//! - rate limits ([`rate`](crate::rate)) and memory accounts ([`memory`](crate::memory))

mod memory;
mod query;
mod record;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::BoxFuture;
use locum_core::{EntryId, Timestamp, Token, TokenId};

pub use memory::{MemoryStore, MemoryStores};
pub use query::TokenQuery;

use crate::memory::Account;

/// SHA-256 of a token's value: a store never keeps the value itself.
pub type Digest = [u8; 32];

/// The digest under which `value` is kept.
pub fn digest_of(value: &str) -> Digest {
    digest_of_bytes(value.as_bytes())
}

/// The same of a value that may be no text.
pub(crate) fn digest_of_bytes(value: &[u8]) -> Digest {
    digest(&SHA256, value)
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}

/// Why a store did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It did not answer; the text says why.
    #[error("the token store does not answer: {0}")]
    Unavailable(String),
}

/// What a store's futures give.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// One change of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It ends at this time.
    Expire(Timestamp),
    /// It is revoked.
    Revoke,
    /// It is used up.
    Spend,
    /// A request presented it.
    Use(EntryId),
    /// The vendor remembers something else of it.
    Extra(String, serde_json::Value),
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Tokens that it remembers, ended ones included.
    pub tokens: usize,
    /// The number of the id that was given last, also when its token is forgotten; 0 before the first.
    pub newest: u64,
    /// About how many bytes they take in this process.
    pub bytes: usize,
    /// Tokens that were forgotten before their end, because memory ran out.
    pub forgotten: u64,
}

/// Where issued tokens are remembered.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Remembers `token` under the digest of its value, and gives it its id: the one that it has,
    /// where that is later than all that were given, otherwise the next.
    fn insert<'a>(&'a self, digest: Digest, token: &'a mut Token) -> Answer<'a, ()>;

    /// The token with this value, in whatever state it is.
    fn find(&self, digest: Digest) -> Answer<'_, Option<Token>>;

    /// What the token with this value is called, if there is one.
    fn name(&self, digest: Digest) -> Answer<'_, Option<String>> {
        Box::pin(async move { Ok(self.find(digest).await?.map(|token| token.name())) })
    }

    /// The token of this name.
    fn get(&self, id: TokenId) -> Answer<'_, Option<Token>>;

    /// Changes a token at `now` and returns it as it was *before*, so that of two callers who spend
    /// one token only one sees it unspent.
    fn change(&self, id: TokenId, change: Change, now: Timestamp) -> Answer<'_, Option<Token>>;

    /// [`Change::Use`] for who does not ask how the token was before.
    fn note_use(&self, id: TokenId, entry: EntryId, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(async move { self.change(id, Change::Use(entry), now).await.map(drop) })
    }

    /// The tokens that `query` asks for, in order of issue.
    fn list(&self, query: TokenQuery) -> Answer<'_, Vec<Token>>;

    /// All tokens in order of issue, each with the digest of its value as far as the store keeps it;
    /// what is missing behind it is zeros.
    fn dump(&self) -> Answer<'_, Vec<(Digest, Token)>>;

    /// What it holds.
    fn stats(&self) -> Answer<'_, StoreStats>;

    /// Forgets all; ids start anew.
    fn clear(&self) -> Answer<'_, ()>;

    /// Frees about so many bytes of this process: tokens that have ended at `now` first, then the
    /// oldest. Returns how many it freed; a store elsewhere frees none.
    fn shed(&self, bytes: usize, now: Timestamp) -> usize {
        let _ = (bytes, now);
        0
    }
}

/// Makes the stores of stages.
pub trait StoreFactory: Send + Sync + std::fmt::Debug {
    /// A store for the stage called `stage`, whose bytes count on `account`.
    fn open<'a>(&'a self, stage: &'a str, account: &'a Arc<Account>) -> Answer<'a, Arc<dyn Store>>;
}
