//! Scribe Labs: a Cognito user pool, an identity pool, and an API behind Signature Version 4 (v1) or
//! the raw access token (v2).
//!
//! # Layout
//!
//! - `users`, `attributes`, `clients`: who may log in, and by what; `password`, `srp`, `totp`: how they prove it
//! - `administrators`: whose signature opens the pool's administration; `directory`: what they change
//! - `cognito`: the operations of both Cognito services, a file each
//! - `challenge`, `token`, `claims`, `refresh`: what a login leads to
//! - `token_checks`: how a token is looked at when it comes back
//! - `keys`: the pool's public documents; `oauth`: its token endpoint; `mint`: tokens on demand
//! - `aws`: temporary credentials; `guard`: both APIs' guards
//! - `api`, `task`: the tasks of both APIs; `storage`: what presigned URLs lead to
//! - `common_headers`: the headers that each reply carries

mod administrators;
mod api;
mod attributes;
mod aws;
mod challenge;
mod claims;
mod clients;
mod cognito;
mod common_headers;
mod directory;
mod guard;
mod keys;
mod mint;
mod oauth;
mod password;
mod refresh;
mod srp;
mod storage;
mod task;
#[cfg(test)]
mod tests;
mod token;
mod token_checks;
mod totp;
mod twins;
mod users;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use locum_core::{Denial, Profile, Timestamp};
use locum_server::keys::{RsaKey, RsaKeyring};
use locum_server::mint::{MintError, MintRequest, Minted};
use locum_server::principal::CanaryRules;
use locum_server::rotation::KeyRotations;
use locum_server::stage::rng_for;
use locum_server::vendor::VendorState;
use locum_server::{
    Document, Mock, Reply, Request, Routes, RoutingFailure, StageInit, Twin, Vendor, principal,
};
use serde_json::{Map, Value};

use self::api::Version;
use self::users::{Principals, User};

/// The vendor.
pub fn vendor() -> Scribe {
    let profile = Profile::parse("mocks/scribe/vendor.toml", include_str!("vendor.toml"));
    Scribe {
        profile: profile.expect("its own test parses it"),
    }
}

/// Scribe Labs.
#[derive(Debug)]
pub struct Scribe {
    profile: Profile,
}

/// What it keeps of a stage.
struct State {
    principals: RwLock<Principals>,
    /// What the pool remembers of a user besides, by username.
    marks: Mutex<HashMap<String, users::Marks>>,
    tasks: Mutex<task::Tasks>,
    /// The keys of the id tokens and those of the access tokens.
    keys: [RsaKeyring; 2],
    rotations: Arc<KeyRotations>,
    seed: u64,
    opened: Timestamp,
    region: String,
    user_pool_id: String,
    identity_pool_id: String,
}

impl State {
    /// The issuer of the pool's tokens: AWS's URL, wherever the pool is served.
    fn issuer(&self, mock: &Mock) -> String {
        let set = mock.setting_text("issuer");
        if set.is_empty() {
            format!("https://{}", self.provider())
        } else {
            set
        }
    }

    /// The name of the pool in `Logins`.
    fn provider(&self) -> String {
        format!(
            "cognito-idp.{}.amazonaws.com/{}",
            self.region, self.user_pool_id
        )
    }

    /// The id of the user pool without its region, which the hashes of SRP go over.
    fn pool_suffix(&self) -> &str {
        let suffix = self.user_pool_id.split_once('_');
        suffix.map_or(&self.user_pool_id, |(_, suffix)| suffix)
    }

    /// The key that signs id tokens, and the key that signs access tokens.
    fn keys(&self) -> [Arc<RsaKey>; 2] {
        self.keys_of(self.rotations.current())
    }

    fn keys_of(&self, generation: u32) -> [Arc<RsaKey>; 2] {
        self.keys.each_ref().map(|keys| keys.of(generation))
    }

    /// All keys of the key set at `now`.
    fn published_keys(&self, now: Timestamp) -> Vec<Arc<RsaKey>> {
        let generations = self.rotations.published(now).into_iter();
        generations.flat_map(|one| self.keys_of(one)).collect()
    }

    /// The two keys of the generation that has one called `kid`; those that sign where none has.
    ///
    /// # Errors
    /// `bad_signature` when the grace of that generation is over.
    fn keys_for(&self, kid: Option<&str>, now: Timestamp) -> Result<[Arc<RsaKey>; 2], Denial> {
        let is_named = |one| {
            let keys = self.keys_of(one);
            keys.iter().any(|key| kid == Some(&key.kid))
        };
        let found = self.rotations.find(now, is_named)?;
        Ok(found.map_or_else(|| self.keys(), |one| self.keys_of(one)))
    }

    /// A UUID that the seed and `of` repeat.
    fn stable_uuid(&self, of: &str) -> String {
        principal::uuid(&mut rng_for(self.seed, &format!("scribe {of}")))
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, task::Tasks> {
        self.tasks
            .lock()
            .expect("no code panics while it holds the tasks")
    }
}

impl Vendor for Scribe {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        let routes = Routes::new()
            .public("cognito", cognito::cognito)
            .public("cognito_slash", cognito::cognito)
            .public("cognito_root", cognito::cognito)
            .public("jwks", keys::jwks)
            .public("discovery", keys::discovery)
            .public("oauth_token", oauth::token)
            .public("upload", storage::upload)
            .public("model", storage::model);
        let routes = api::routes(
            routes,
            Version::V1,
            [
                "v1_tasks",
                "v1_submit",
                "v1_task",
                "v1_delete",
                "v1_portfolio",
            ],
        );
        api::routes(
            routes,
            Version::V2,
            [
                "v2_tasks",
                "v2_submit",
                "v2_task",
                "v2_delete",
                "v2_portfolio",
            ],
        )
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        let signature = self
            .profile
            .signature
            .as_ref()
            .ok_or("the profile names no region")?;
        let region = signature.region.clone();
        let mut rng = init.rng("scribe pools");
        Ok(Arc::new(State {
            principals: RwLock::new(Principals::read(init.principals.clone(), init.seed)?),
            marks: Mutex::default(),
            tasks: Mutex::new(task::Tasks::new(init.memory)),
            keys: [0, 1].map(|which| RsaKeyring::new(init.seed % 4 * 2 + which)),
            rotations: Arc::clone(init.rotations),
            seed: init.seed,
            opened: init.now,
            user_pool_id: format!("{region}_{}", principal::random_alphanumeric(&mut rng, 9)),
            identity_pool_id: format!("{region}:{}", principal::uuid(&mut rng)),
            region,
        }))
    }

    fn document(&self, mock: &Mock) -> Document {
        let state = mock.state::<State>();
        let principals = state.principals();
        let mut params = Map::new();
        params.insert("region".into(), state.region.clone().into());
        params.insert("user_pool_id".into(), state.user_pool_id.clone().into());
        params.insert(
            "identity_pool_id".into(),
            state.identity_pool_id.clone().into(),
        );
        let mut credentials = Map::new();
        if let Some(User {
            username, password, ..
        }) = principals.users.first()
        {
            credentials.insert("username".into(), username.clone().into());
            credentials.insert("password".into(), password.expose().into());
        }
        if let Some(client) = principals.clients.first() {
            credentials.insert("client_id".into(), client.client_id.clone().into());
            if let Some(secret) = &client.client_secret {
                credentials.insert("client_secret".into(), secret.expose().into());
            }
        }
        credentials.extend(params.clone());
        if let Some(first) = principals.administrators.first() {
            let secret = first.secret_access_key.expose();
            credentials.insert(
                "admin_access_key_id".into(),
                first.access_key_id.clone().into(),
            );
            credentials.insert("admin_secret_access_key".into(), secret.into());
        }
        Document {
            credentials,
            principals: serde_json::to_value(&principals).expect("principals are JSON"),
            params,
        }
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        let state = mock.state::<State>();
        let new = Principals::read(principals, state.seed)?;
        *state
            .principals
            .write()
            .expect("no code panics while it holds the principals") = new;
        Ok(())
    }

    fn routing_failure(&self, mock: &Mock, _request: &Request, failure: &RoutingFailure) -> Reply {
        let mut reply = Reply::denied(mock.profile(), failure.denial());
        if matches!(failure, RoutingFailure::Path | RoutingFailure::Method(_)) {
            reply = common_headers::with_status(reply, mock.setting_u64("unknown_route_status"));
        }
        common_headers::with_common_headers(mock, "frame_gateway", reply)
    }

    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        mint::mint(mock, request)
    }

    fn has_signing_key(&self, _mock: &Mock) -> bool {
        true
    }

    /// "you will first need a Scribe account and a client ID": a client has a secret only where the
    /// caller says so.
    fn draws_client_secrets(&self) -> bool {
        false
    }

    /// A password policy has no white space, and a client id is of letters and digits (Amazon
    /// Cognito, `InitiateAuth` and `ClientId`).
    fn canary_rules(&self) -> CanaryRules {
        CanaryRules {
            no_spaces: true,
            plain_ids: true,
            ascii: false,
        }
    }

    fn twins(&self) -> &'static [Twin] {
        &twins::ALL
    }
}
