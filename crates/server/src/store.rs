//! What a stage remembers of the tokens it issued, behind one narrow trait, so that a fleet of
//! replicas may share it one day.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::{BoxFuture, ready};
use locum_core::{EntryId, Timestamp, Token, TokenId};

/// SHA-256 of a token's value: the store never keeps the value itself.
pub type Digest = [u8; 32];

/// The digest under which `value` is kept.
pub fn digest_of(value: &str) -> Digest {
    digest(&SHA256, value.as_bytes())
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}

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

/// Where issued tokens are remembered.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Remembers `token` under the digest of its value; the id is given here.
    fn insert(&self, digest: Digest, token: Token) -> BoxFuture<'_, Token>;

    /// The token with this value, in whatever state it is.
    fn find(&self, digest: Digest) -> BoxFuture<'_, Option<Token>>;

    /// The token of this name.
    fn get(&self, id: TokenId) -> BoxFuture<'_, Option<Token>>;

    /// Changes a token and returns it as it was *before*, so that of two callers who spend one
    /// token only one sees it unspent.
    fn change(&self, id: TokenId, change: Change) -> BoxFuture<'_, Option<Token>>;

    /// All tokens that `pick` takes, in order of issue.
    fn list(&self, pick: &dyn Fn(&Token) -> bool) -> BoxFuture<'_, Vec<Token>>;

    /// How many it remembers.
    fn len(&self) -> usize;

    /// Whether it remembers none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all; ids start anew.
    fn clear(&self);
}

/// The store of a single process: in memory, bounded; the oldest tokens fall out first.
#[derive(Debug)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
    max: usize,
}

#[derive(Debug, Default)]
struct Inner {
    by_digest: HashMap<Digest, TokenId>,
    tokens: std::collections::BTreeMap<TokenId, (Digest, Token)>,
    issued: u64,
}

impl MemoryStore {
    /// A store that remembers at most `max` tokens.
    pub fn bounded(max: usize) -> Self {
        Self {
            inner: Mutex::default(),
            max,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("no code panics while it holds the store")
    }
}

impl Store for MemoryStore {
    fn insert(&self, digest: Digest, mut token: Token) -> BoxFuture<'_, Token> {
        let mut inner = self.lock();
        inner.issued += 1;
        token.id = TokenId(inner.issued);
        inner.by_digest.insert(digest, token.id);
        inner.tokens.insert(token.id, (digest, token.clone()));
        while inner.tokens.len() > self.max {
            if let Some((id, (digest, _))) = inner.tokens.pop_first()
                && inner.by_digest.get(&digest) == Some(&id)
            {
                inner.by_digest.remove(&digest);
            }
        }
        Box::pin(ready(token))
    }

    fn find(&self, digest: Digest) -> BoxFuture<'_, Option<Token>> {
        let inner = self.lock();
        let token = inner
            .by_digest
            .get(&digest)
            .and_then(|id| inner.tokens.get(id));
        Box::pin(ready(token.map(|(_, token)| token.clone())))
    }

    fn get(&self, id: TokenId) -> BoxFuture<'_, Option<Token>> {
        Box::pin(ready(
            self.lock().tokens.get(&id).map(|(_, token)| token.clone()),
        ))
    }

    fn change(&self, id: TokenId, change: Change) -> BoxFuture<'_, Option<Token>> {
        let mut inner = self.lock();
        let before = inner.tokens.get_mut(&id).map(|(_, token)| {
            let before = token.clone();
            apply(token, change);
            before
        });
        Box::pin(ready(before))
    }

    fn list(&self, pick: &dyn Fn(&Token) -> bool) -> BoxFuture<'_, Vec<Token>> {
        let inner = self.lock();
        let list = inner
            .tokens
            .values()
            .map(|(_, token)| token)
            .filter(|token| pick(token))
            .cloned()
            .collect();
        Box::pin(ready(list))
    }

    fn len(&self) -> usize {
        self.lock().tokens.len()
    }

    fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

fn apply(token: &mut Token, change: Change) {
    match change {
        Change::Expire(at) => token.expires = Some(at),
        Change::Revoke => token.revoked = true,
        Change::Spend => token.spent = true,
        Change::Use(entry) => {
            token.uses += 1;
            token.last_used = Some(entry);
        }
        Change::Extra(name, value) => {
            token.extra.insert(name, value);
        }
    }
}
