//! One instance: addresses, credentials, and the tokens obtained with them.

mod call;
mod create;
mod list;
mod proof;
mod revoke;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use locum_core::SystemClock;
use serde_json::{Map, Value};

pub(crate) use call::{ApiRequest, refusal};

use crate::behaviour::{Behaviour, TokenFrom};
use crate::cache::{Cache, Entry};
use crate::clock::ShiftableClock;
use crate::config::Config;
use crate::failure::Failure;
use crate::http::Http;
use crate::login;
use crate::random::Random;
use crate::signing::Credentials;
use crate::storage::{self, Store};
use crate::tokens::Tokens;
use crate::vendor::Vendor;

/// What all instances of the process share.
pub(crate) struct Shared {
    pub(crate) behaviour: Arc<Behaviour>,
    pub(crate) clock: SystemClock,
    pub(crate) random: Arc<Random>,
    /// Caches by token URL, where a mutant shares them.
    pub(crate) caches: Mutex<Vec<(String, Arc<Cache<Tokens>>)>>,
    /// Where tokens are kept for the next process.
    pub(crate) store: Option<Arc<Store>>,
}

/// One instance.
pub(crate) struct Client {
    pub(crate) vendor: &'static Vendor,
    pub(crate) behaviour: Arc<Behaviour>,
    pub(crate) clock: Arc<ShiftableClock>,
    pub(crate) random: Arc<Random>,
    pub(crate) http: Http,
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) tokens: Arc<Cache<Tokens>>,
    /// Scribe: what the API is signed with.
    pub(crate) credentials: Arc<Cache<Credentials>>,
    /// Scribe: the vendor's clock minus ours, in milliseconds.
    pub(crate) skew_ms: AtomicI64,
    /// Where callers wait for one another.
    gate: tokio::sync::Mutex<()>,
    config: RwLock<(Arc<Config>, Map<String, Value>)>,
    session: Mutex<Session>,
}

/// What outlives a token.
#[derive(Default)]
struct Session {
    refresh_token: Option<String>,
    /// The client is past using: a mutant met what it cannot read.
    broken: bool,
    /// A reply of the token endpoint was cut off.
    lost_reply: bool,
    /// Scribe: the session of an open challenge.
    challenge: Option<String>,
    /// Scribe: the identity of the pool.
    identity: Option<String>,
    /// The key that tokens are verified with, where a mutant does that.
    verifying_key: Option<Value>,
    /// The access token that was obtained last.
    last_access: Option<String>,
    /// An API request was made.
    called: bool,
}

impl Client {
    pub(crate) fn new(
        shared: &Shared,
        vendor: &'static Vendor,
        members: &Map<String, Value>,
    ) -> Result<Arc<Self>, Failure> {
        let behaviour = shared.behaviour.clone();
        let (config, members) = Config::read(&Map::new(), members, &behaviour)?;
        let clock = Arc::new(ShiftableClock::new(shared.clock));
        let new_cache = || Cache::new(&behaviour, &clock, &shared.random, vendor.margin);
        let tokens = if behaviour.cache.shared_by_instances {
            let mut caches = shared.caches.lock().unwrap_or_else(PoisonError::into_inner);
            let known = caches.iter().find(|(url, _)| *url == config.token_url);
            let cache = known.map_or_else(new_cache, |(_, cache)| cache.clone());
            caches.push((config.token_url.clone(), cache.clone()));
            cache
        } else {
            new_cache()
        };
        let margin = match behaviour.cognito.credentials_to_the_last {
            true => Duration::ZERO,
            false => vendor.margin,
        };
        let credentials = Cache::new(&behaviour, &clock, &shared.random, margin);
        let client = Arc::new(Self {
            vendor,
            store: shared.store.clone(),
            http: Http::new(&behaviour, config.ca_file.as_deref())?,
            session: Mutex::new(Session {
                refresh_token: config.refresh_token.clone(),
                ..Session::default()
            }),
            config: RwLock::new((Arc::new(config), members)),
            random: shared.random.clone(),
            behaviour,
            clock,
            tokens,
            credentials,
            skew_ms: AtomicI64::new(0),
            gate: tokio::sync::Mutex::new(()),
        });
        if client.behaviour.style.renews_in_background {
            tokio::spawn(renew(Arc::downgrade(&client)));
        }
        Ok(client)
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.0.clone()
    }

    /// Gives the instance new credentials. Those of another caller make its tokens useless; a new
    /// secret leaves them good until they are refused.
    pub(crate) fn set_credentials(&self, changes: &Map<String, Value>) -> Result<(), Failure> {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let (after, members) = Config::read(&config.1, changes, &self.behaviour)?;
        let other_caller = after.principal() != config.0.principal();
        let given = changes.contains_key("refresh_token");
        if other_caller || given {
            *self.session() = Session {
                refresh_token: after.refresh_token.clone().filter(|_| given),
                ..Session::default()
            };
            self.tokens.clear();
            self.credentials.clear();
        } else {
            self.tokens.unblock();
            self.credentials.unblock();
        }
        *config = (Arc::new(after), members);
        Ok(())
    }

    /// A token that is good, as far as the client knows.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<Entry<Tokens>>, Failure> {
        if self.behaviour.cache.lost_with_connection && self.http.take_lost() {
            self.tokens.drop_entry();
        }
        let _alone = match self.behaviour.style.waits_by_lock {
            true => Some(self.gate.lock().await),
            false => None,
        };
        let client = self.clone();
        let fetch = move |ended: Option<Arc<Entry<Tokens>>>| async move {
            match client.store.clone() {
                Some(store) => storage::obtain(store, client, ended.is_some()).await,
                None => login::obtain(client, ended.is_some()).await,
            }
        };
        self.tokens.get(fetch).await
    }

    pub(crate) fn refresh_token(&self) -> Option<String> {
        self.session().refresh_token.clone()
    }

    pub(crate) fn set_refresh_token(&self, token: Option<String>) {
        self.session().refresh_token = token;
    }

    /// Takes over the refresh token of a reply; a reply without one leaves the old one in use.
    pub(crate) fn adopt_refresh_token(&self, token: Option<&str>) {
        let switches = &self.behaviour.refresh;
        let mut session = self.session();
        match token {
            Some(_) if switches.rotation_ignored && session.refresh_token.is_some() => {}
            Some(token) => session.refresh_token = Some(token.to_owned()),
            None if switches.cleared_when_absent => session.refresh_token = None,
            None => {}
        }
    }

    pub(crate) fn verifying_key(&self) -> Option<Value> {
        self.session().verifying_key.clone()
    }

    pub(crate) fn set_verifying_key(&self, key: Value) {
        self.session().verifying_key = Some(key);
    }

    pub(crate) fn last_access(&self) -> Option<String> {
        self.session().last_access.clone()
    }

    pub(crate) fn set_last_access(&self, token: &str) {
        self.session().last_access = Some(token.to_owned());
    }

    pub(crate) fn mark_lost_reply(&self) {
        self.session().lost_reply = true;
    }

    pub(crate) fn lost_a_reply(&self) -> bool {
        self.session().lost_reply
    }

    pub(crate) fn challenge(&self) -> Option<String> {
        self.session().challenge.clone()
    }

    pub(crate) fn set_challenge(&self, session: Option<String>) {
        self.session().challenge = session;
    }

    pub(crate) fn identity(&self) -> Option<String> {
        self.session().identity.clone()
    }

    pub(crate) fn set_identity(&self, identity: &str) {
        self.session().identity = Some(identity.to_owned());
    }

    /// The password from now on.
    pub(crate) fn set_password(&self, password: &str) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = (*config.0).clone();
        changed.password = Some(password.to_owned());
        config.0 = Arc::new(changed);
        config.1.insert("password".to_owned(), password.into());
    }

    pub(crate) fn reads_raw_text(&self) -> bool {
        self.behaviour.reply.token_from == TokenFrom::RawText
    }

    /// Fails each later call.
    pub(crate) fn fail_from_now_on(&self) {
        self.session().broken = true;
    }

    fn session(&self) -> std::sync::MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often a client that renews by itself looks at its token.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// It waits this long after each token, however short that lives.
const RENEW_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// Fetches the next token when it is time, as long as the instance is there.
async fn renew(client: Weak<Client>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(client) = client.upgrade() else {
            return;
        };
        if client.tokens.wants_next() {
            // Whoever calls next meets the failure again.
            let _ = client.token().await;
            drop(client);
            tokio::time::sleep(RENEW_AT_MOST_EVERY).await;
        }
    }
}
