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

#[cfg(test)]
mod tests {
    use locum_core::{TokenKind, TokenState};
    use proptest::prelude::*;

    use super::*;

    /// One step of a history: what happens to which token, or to time.
    #[derive(Clone, Debug)]
    enum Step {
        Issue(u64),
        Refresh(usize, u64),
        Revoke(usize),
        RevokeLogin(usize),
        Expire(usize),
        Spend(usize),
        Pass(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1u64..100).prop_map(Step::Issue),
            (0usize..8, 1u64..100).prop_map(|(at, life)| Step::Refresh(at, life)),
            (0usize..8).prop_map(Step::Revoke),
            (0usize..8).prop_map(Step::RevokeLogin),
            (0usize..8).prop_map(Step::Expire),
            (0usize..8).prop_map(Step::Spend),
            (1u64..60).prop_map(Step::Pass),
        ];
        proptest::collection::vec(step, 0..40)
    }

    fn token(login: u64, parent: Option<TokenId>, now: Timestamp, life: u64) -> Token {
        Token {
            id: TokenId(0),
            kind: TokenKind::Access,
            vendor: "v".into(),
            tenant: None,
            client: None,
            principal: "p".into(),
            login,
            parent,
            entry: None,
            scope: String::new(),
            issued: now,
            expires: Some(now.plus(std::time::Duration::from_secs(life))),
            revoked: false,
            spent: false,
            uses: 0,
            last_used: None,
            extra: serde_json::Map::new(),
        }
    }

    /// The model: what each token should be, kept as plainly as can be.
    struct Model {
        login: u64,
        ends: Timestamp,
        revoked: bool,
        spent: bool,
    }

    impl Model {
        fn state(&self, now: Timestamp) -> TokenState {
            match self {
                Self { revoked: true, .. } => TokenState::Revoked,
                Self { spent: true, .. } => TokenState::Spent,
                Self { ends, .. } if now >= *ends => TokenState::Expired,
                _ => TokenState::Live,
            }
        }
    }

    async fn play(history: Vec<Step>) -> Result<(), TestCaseError> {
        let store = MemoryStore::bounded(1000);
        let (mut now, mut models): (_, Vec<Model>) = (Timestamp::from_seconds(1000), Vec::new());
        for step in history {
            let known = models.len();
            let id = |at: usize| TokenId(at as u64 + 1);
            match step {
                Step::Issue(life) => {
                    store
                        .insert(
                            digest_of(&format!("t{known}")),
                            token(known as u64, None, now, life),
                        )
                        .await;
                    let ends = now.plus(std::time::Duration::from_secs(life));
                    models.push(Model {
                        login: known as u64,
                        ends,
                        revoked: false,
                        spent: false,
                    });
                }
                Step::Refresh(at, life)
                    if at < known && models[at].state(now) == TokenState::Live =>
                {
                    let login = models[at].login;
                    store
                        .insert(
                            digest_of(&format!("t{known}")),
                            token(login, Some(id(at)), now, life),
                        )
                        .await;
                    let ends = now.plus(std::time::Duration::from_secs(life));
                    models.push(Model {
                        login,
                        ends,
                        revoked: false,
                        spent: false,
                    });
                }
                Step::Revoke(at) if at < known => {
                    store.change(id(at), Change::Revoke).await;
                    models[at].revoked = true;
                }
                Step::RevokeLogin(at) if at < known => {
                    let login = models[at].login;
                    for token in store.list(&|token| token.login == login).await {
                        store.change(token.id, Change::Revoke).await;
                    }
                    models
                        .iter_mut()
                        .filter(|model| model.login == login)
                        .for_each(|model| model.revoked = true);
                }
                Step::Expire(at) if at < known => {
                    store.change(id(at), Change::Expire(now)).await;
                    models[at].ends = now;
                }
                Step::Spend(at) if at < known => {
                    let before = store
                        .change(id(at), Change::Spend)
                        .await
                        .expect("it is known");
                    prop_assert_eq!(
                        before.spent,
                        models[at].spent,
                        "one of two spenders sees it unspent"
                    );
                    models[at].spent = true;
                }
                Step::Pass(seconds) => now = now.plus(std::time::Duration::from_secs(seconds)),
                _ => {}
            }
            for (at, model) in models.iter().enumerate() {
                let found = store
                    .find(digest_of(&format!("t{at}")))
                    .await
                    .expect("it is known");
                prop_assert_eq!((found.id, found.state(now)), (id(at), model.state(now)));
            }
        }
        prop_assert_eq!(store.len(), models.len());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_history_keeps_the_model(history in steps()) {
            futures_util::FutureExt::now_or_never(play(history)).expect("a store in memory never waits")?;
        }
    }

    #[test]
    fn the_oldest_token_falls_out_first() {
        let store = MemoryStore::bounded(2);
        for at in 0..3 {
            // The memory store acts at once; its future only hands the token back.
            drop(store.insert(
                digest_of(&at.to_string()),
                token(0, None, Timestamp::default(), 1),
            ));
        }
        let known = |at: u64| {
            futures_util::FutureExt::now_or_never(store.get(TokenId(at)))
                .flatten()
                .is_some()
        };
        assert_eq!(
            (store.len(), known(1), known(2), known(3)),
            (2, false, true, true)
        );
    }
}
