//! Tokens in a file, for the next process.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use locum_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cache::Fetched;
use crate::client::Client;
use crate::clock::Moment;
use crate::config::Config;
use crate::failure::Failure;
use crate::login;
use crate::tokens::Tokens;

/// The file; beside it lies its lock.
#[derive(Debug)]
pub(crate) struct Store(pub(crate) PathBuf);

/// One caller's tokens. It has no `Debug`: it holds secrets.
#[derive(Serialize, Deserialize)]
struct Stored {
    access: String,
    id: Option<String>,
    refresh: Option<String>,
    token_type: String,
    /// When the token was asked for, in milliseconds since the epoch: what is left of a life is
    /// counted from here.
    sent_ms: i64,
    lifetime_ms: Option<i64>,
}

/// Obtains tokens from the file or, where that has none that is good, from the vendor; only one
/// process at a time does the latter.
pub(crate) async fn obtain(
    store: Arc<Store>,
    client: Arc<Client>,
    at_end: bool,
) -> Result<Fetched<Tokens>, Failure> {
    let locks = !client.behaviour.cache.stored_without_lock;
    let lock = if locks {
        Some(lock(&store).await?)
    } else {
        None
    };
    let caller = caller(&client.config());
    if let Some(stored) = store.read(&caller) {
        let stale = client.last_access().as_deref() == Some(&stored.access);
        if stored.refresh.is_some() && client.refresh_token().is_none() || locks && !stale {
            client.set_refresh_token(stored.refresh.clone());
        }
        let fetched = stored.fetched(&client);
        if !stale && client.tokens.in_time(&fetched, client.clock.now()) {
            client.set_last_access(&fetched.value.access);
            return Ok(fetched);
        }
    }
    let fetched = login::obtain(client.clone(), at_end).await?;
    client.set_last_access(&fetched.value.access);
    store.write(&caller, &Stored::of(&client, &fetched));
    drop(lock);
    Ok(fetched)
}

/// Holds the lock until the file is dropped.
async fn lock(store: &Store) -> Result<File, Failure> {
    let path = store.0.with_extension("lock");
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        std::io::Result::Ok(file)
    });
    let locked = locked.await.map_err(|_| unusable())?;
    locked.map_err(|_| unusable())
}

fn unusable() -> Failure {
    Failure::other("the store cannot be locked")
}

/// Whose tokens they are, in a form that tells no secret.
fn caller(config: &Config) -> String {
    let parts = [
        Some(&config.token_url),
        config.username.as_ref(),
        config.password.as_ref(),
        config.client_id.as_ref(),
        config.client_secret.as_ref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    crate::signing::hex(digest(&SHA256, parts.join("\n").as_bytes()))
}

impl Store {
    fn all(&self) -> Map<String, Value> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn read(&self, caller: &str) -> Option<Stored> {
        Stored::deserialize(self.all().get(caller)?).ok()
    }

    /// A file that cannot be written costs a login, no more.
    fn write(&self, caller: &str, stored: &Stored) {
        let mut all = self.all();
        let stored = serde_json::to_value(stored).expect("plain data");
        all.insert(caller.to_owned(), stored);
        let fresh = self.0.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = Value::Object(all).to_string();
        let written = options
            .open(&fresh)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if written
            .and_then(|()| std::fs::rename(&fresh, &self.0))
            .is_err()
        {
            crate::log::debug(|| "the store cannot be written".to_owned());
        }
    }
}

impl Stored {
    fn of(client: &Client, fetched: &Fetched<Tokens>) -> Self {
        Self {
            access: fetched.value.access.clone(),
            id: fetched.value.id.clone(),
            refresh: client.refresh_token(),
            token_type: fetched.value.token_type.clone(),
            sent_ms: fetched.sent.wall.as_millis(),
            lifetime_ms: fetched.lifetime_ms,
        }
    }

    fn fetched(self, client: &Client) -> Fetched<Tokens> {
        let now = client.clock.now();
        let age = now.wall.as_millis() - self.sent_ms;
        let sent = if client.behaviour.cache.stored_life_starts_anew {
            now
        } else {
            Moment {
                wall: Timestamp::from_millis(self.sent_ms),
                monotonic_ms: now.monotonic_ms.saturating_sub(age.max(0)),
            }
        };
        Fetched {
            value: Tokens {
                access: self.access,
                id: self.id,
                token_type: self.token_type,
            },
            sent,
            received: sent,
            lifetime_ms: self.lifetime_ms,
        }
    }
}
