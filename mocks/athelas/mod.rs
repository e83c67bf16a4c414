//! Athelas / Commure Ambient AI Scribe: password grant, HS256 tokens of 48 hours, jobs to poll.

mod account;
mod api;
mod claims;
mod faults;
mod fields;
mod guard;
mod jobs;
mod mint;
mod model;
mod multipart;
mod rate;
mod scalars;
#[cfg(test)]
mod tests;
mod token;
mod trailing_slash;
mod twins;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::Profile;
use locum_server::keys::HmacKey;
use locum_server::mint::{MintError, MintRequest, Minted};
use locum_server::principal::PrincipalStore;
use locum_server::rate::Arrivals;
use locum_server::rotation::KeyRotations;
use locum_server::vendor::VendorState;
use locum_server::{
    Document, Mock, Reply, Request, Routes, RoutingFailure, StageInit, Twin, Vendor,
};
use serde_json::{Map, Value};

use account::{Principals, User};
use guard::guard;
use jobs::Jobs;

/// The vendor.
pub fn vendor() -> Athelas {
    let profile = Profile::parse("mocks/athelas/vendor.toml", include_str!("vendor.toml"));
    Athelas {
        profile: profile.expect("its own test parses it"),
    }
}

/// Athelas.
#[derive(Debug)]
pub struct Athelas {
    profile: Profile,
}

/// What it keeps of a stage.
struct State {
    principals: PrincipalStore<Principals>,
    /// Signs until the first rotation.
    key: HmacKey,
    rotations: Arc<KeyRotations>,
    jobs: Mutex<Jobs>,
    arrivals: Arrivals,
    /// The first token of each account, where a login gives no new one.
    first_tokens: Mutex<BTreeMap<String, String>>,
}

impl State {
    /// The account of this name.
    fn user(&self, username: &[u8]) -> Option<User> {
        let principals = self.principals.get();
        principals.user(username).cloned()
    }

    /// Looks at the key of a generation.
    fn with_key<T>(&self, mock: &Mock, generation: u32, look: impl FnOnce(&HmacKey) -> T) -> T {
        match generation {
            0 => look(&self.key),
            later => {
                let purpose = format!("{} rotation {later}", mock.profile().vendor);
                look(&mock.stage.hmac_key(&purpose))
            }
        }
    }

    fn first_token(&self, username: &str) -> Option<String> {
        let tokens = self.first_tokens.lock();
        let tokens = tokens.expect("no code panics while it holds the tokens");
        tokens.get(username).cloned()
    }

    fn keep_first_token(&self, username: &str, token: &str) {
        let tokens = self.first_tokens.lock();
        let mut tokens = tokens.expect("no code panics while it holds the tokens");
        tokens
            .entry(username.to_owned())
            .or_insert_with(|| token.to_owned());
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs
            .lock()
            .expect("no code panics while it holds the jobs")
    }
}

impl Vendor for Athelas {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        Routes::new()
            .public("token", token::token)
            .guarded("create", |m, r| Box::pin(guard(m, r)), api::create)
            .guarded("scribe", |m, r| Box::pin(guard(m, r)), api::scribe)
            .guarded("regenerate", |m, r| Box::pin(guard(m, r)), api::regenerate)
            .guarded("transcribe", |m, r| Box::pin(guard(m, r)), api::transcribe)
            .guarded(
                "transcription",
                |m, r| Box::pin(guard(m, r)),
                api::transcription,
            )
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        Ok(Arc::new(State {
            principals: PrincipalStore::read(init.principals.clone())?,
            key: init.hmac_key(&self.profile.vendor),
            rotations: Arc::clone(init.rotations),
            jobs: Mutex::new(Jobs::new(init.now, init.memory)),
            arrivals: Arrivals::default(),
            first_tokens: Mutex::default(),
        }))
    }

    fn document(&self, mock: &Mock) -> Document {
        let state = mock.state::<State>();
        let principals = state.principals.get();
        let mut credentials = Map::new();
        if let Some(first) = principals.users.first() {
            credentials.insert("username".into(), first.username.clone().into());
            credentials.insert("password".into(), first.password.expose().into());
        }
        Document {
            credentials,
            principals: serde_json::to_value(&*principals).expect("principals are JSON"),
            params: Map::new(),
        }
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        mock.state::<State>().principals.change(principals)
    }

    /// uvicorn hands on a decoded path, so that `%2F` is a slash before anything is routed.
    fn routed_path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if !path.contains('%') {
            return Cow::Borrowed(path);
        }
        Cow::Owned(trailing_slash::decoded(path).replace('%', "%25"))
    }

    fn routing_failure(&self, mock: &Mock, request: &Request, failure: &RoutingFailure) -> Reply {
        let redirect = match failure {
            RoutingFailure::Path => trailing_slash::redirect(mock, request),
            _ => None,
        };
        Reply::denied(mock.profile(), redirect.unwrap_or_else(|| failure.denial()))
    }

    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        mint::mint(mock, request)
    }

    fn has_signing_key(&self, mock: &Mock) -> bool {
        !mock.setting_is("token_format", "opaque")
    }

    fn twins(&self) -> &'static [Twin] {
        &twins::ALL
    }
}
