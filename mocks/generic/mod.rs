//! A vendor made of one TOML file: OAuth 2.0 and OpenID Connect as the RFCs say it, with the paths,
//! lifetimes, resources and people of the file. No line of Rust is needed for such a vendor.
//!
//! # Layout
//!
//! - `file`: its tables; `file/schema` and `file/check` name all that is wrong with one
//! - `profile`: from the file to the facts that every vendor has
//! - `principals`, `login`: who may log in, and what a login leaves with its tokens
//! - `token`, `grant`, `issue`, `keys`: the token endpoint; `mint`: tokens without it
//! - `authorize`, `page`: the authorization endpoint
//! - `introspection`, `openid`: its neighbours
//! - `guard`, `resource`, `template`: what stands behind a token
//! - `starter`: the file that `locum new` writes

mod authorize;
mod file;
mod grant;
mod guard;
mod introspection;
mod issue;
mod keys;
mod login;
mod mint;
mod openid;
mod page;
mod principals;
mod profile;
mod resource;
pub mod starter;
mod template;
#[cfg(test)]
mod tests;
mod token;
mod twins;

use std::future::Future;
use std::sync::Arc;

use locum_core::profile::ProfileError;
use locum_core::{Denial, Profile, Secret, Timestamp};
use locum_server::grant::UsedAssertions;
use locum_server::grant::assertion::Assertion;
use locum_server::grant::client_auth::ClientAuth;
use locum_server::keys::{FIRST_KEYS, RsaKeyring};
use locum_server::mint::{MintError, MintRequest, Minted};
use locum_server::principal::PrincipalStore;
use locum_server::rotation::KeyRotations;
use locum_server::vendor::VendorState;
use locum_server::{Document, Mock, Reply, Request, Routes, StageInit, Twin, Vendor};
use serde_json::{Map, Value};

use file::VendorFile;
use principals::Principals;

/// A vendor made of one file.
#[derive(Debug)]
pub struct Generic {
    profile: Profile,
    facts: Arc<Facts>,
}

impl Generic {
    /// Reads a file; `name` is named in errors only.
    ///
    /// # Errors
    /// Everything that is wrong with it, each fault with its line and cure.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let (file, profile) = file::check::read(name, text)?;
        Ok(Self {
            profile,
            facts: Arc::new(Facts { file }),
        })
    }
}

/// What the handlers know.
#[derive(Debug)]
struct Facts {
    file: VendorFile,
}

impl Facts {
    /// The value of `iss`.
    fn issuer(&self, mock: &Mock) -> String {
        locum_core::template::fill_from(&self.file.token.issuer, &[("base", &mock.base)])
    }

    /// What a client's assertion may be addressed to: the issuer or the token endpoint.
    fn audiences(&self, mock: &Mock) -> Vec<String> {
        let token = self.file.token_path().map(|path| mock.url(path));
        std::iter::once(self.issuer(mock)).chain(token).collect()
    }

    /// The ways in which clients prove themselves, `none` where a client is public.
    fn ways(&self) -> Vec<ClientAuth> {
        let mut ways = self.file.client_auth();
        let clients = &self.file.principals.clients;
        ways.extend(clients.iter().filter_map(|client| client.auth));
        ways.extend(
            clients
                .iter()
                .any(|client| client.public)
                .then_some(ClientAuth::None),
        );
        ways.sort_unstable();
        ways.dedup();
        ways
    }
}

/// What it keeps of a stage.
struct State {
    principals: PrincipalStore<Principals>,
    seed: u64,
    rsa: RsaKeyring,
    rotations: Arc<KeyRotations>,
    used: UsedAssertions,
}

impl State {
    /// Whether `client` uses this assertion for the first time.
    fn use_once(&self, client: &str, assertion: &Assertion, now: Timestamp) -> bool {
        let name = format!("{}:{client} {}", client.len(), assertion.id);
        self.used.use_once(&name, assertion.expires, now)
    }
}

impl Vendor for Generic {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        let mut routes = Routes::new();
        for name in self.profile.endpoints.keys() {
            routes = match name.as_str() {
                "token" => self.public(routes, name, token::token),
                "authorize" => self.public(routes, name, authorize::authorize),
                "introspect" => self.public(routes, name, introspection::introspect),
                "revoke" => self.public(routes, name, introspection::revoke),
                "openid_configuration" | "oauth_metadata" => {
                    self.public(routes, name, openid::metadata)
                }
                "jwks" => self.public(routes, name, openid::jwks),
                "userinfo" => self.guarded(routes, name, Some("openid"), openid::userinfo),
                resource => match self.facts.file.resources.get(resource) {
                    Some(open) if open.public => self.public(routes, name, resource::public),
                    found => {
                        let scope = found.and_then(|resource| resource.scope.as_deref());
                        self.guarded(routes, name, scope, resource::guarded)
                    }
                },
            };
        }
        routes
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        let principals = PrincipalStore::<Principals>::read(init.principals.clone())?;
        principals.get().check()?;
        Ok(Arc::new(State {
            principals,
            seed: init.seed,
            rsa: RsaKeyring::new(init.seed % FIRST_KEYS),
            rotations: Arc::clone(init.rotations),
            used: UsedAssertions::new(init.memory),
        }))
    }

    fn document(&self, mock: &Mock) -> Document {
        let principals = mock.state::<State>().principals.get();
        let mut credentials = Map::new();
        if let Some(client) = principals.clients.first() {
            credentials.insert("client_id".into(), client.client_id.clone().into());
            let registered = client.registered(&self.facts.file);
            if let Some(secret) = &registered.secret {
                credentials.insert("client_secret".into(), secret.expose().into());
            }
            if let Some(uri) = client.redirect_uris.first() {
                credentials.insert("redirect_uri".into(), uri.clone().into());
            }
        }
        if let Some(user) = principals.users.first() {
            credentials.insert("username".into(), user.username.clone().into());
            let password = user.password.as_ref();
            credentials.insert("password".into(), password.map(Secret::expose).into());
        }
        Document {
            credentials,
            principals: serde_json::to_value(&*principals).expect("principals are JSON"),
            params: Map::new(),
        }
    }

    fn named_urls(&self, mock: &Mock) -> Map<String, Value> {
        let issuer = self.facts.issuer(mock);
        Map::from_iter([("issuer".to_owned(), issuer.into())])
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        let read = PrincipalStore::<Principals>::read(principals.clone())?;
        read.get().check()?;
        mock.state::<State>().principals.change(principals)
    }

    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        mint::mint(&self.facts, mock, request)
    }

    fn has_signing_key(&self, mock: &Mock) -> bool {
        self.facts.file.openid.is_some() || !mock.setting_is("token_format", "opaque")
    }

    fn twins(&self) -> &'static [Twin] {
        twins::TWINS
    }
}

impl Generic {
    fn public<F, Fut>(&self, routes: Routes, name: &str, handler: F) -> Routes
    where
        F: Fn(Arc<Facts>, Mock, Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Denial>> + Send + 'static,
    {
        let facts = Arc::clone(&self.facts);
        routes.public(name, move |mock, request| {
            handler(Arc::clone(&facts), mock, request)
        })
    }

    fn guarded<F, Fut>(&self, routes: Routes, name: &str, scope: Option<&str>, handler: F) -> Routes
    where
        F: Fn(Arc<Facts>, Mock, Request, locum_server::Admitted) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Denial>> + Send + 'static,
    {
        let (mine, scope) = (Arc::clone(&self.facts), scope.map(str::to_owned));
        let facts = Arc::clone(&self.facts);
        routes.guarded(
            name,
            move |mock, request| {
                let (facts, scope) = (Arc::clone(&mine), scope.clone());
                Box::pin(async move { guard::admit(&facts, mock, request, scope.as_deref()).await })
            },
            move |mock, request, admitted| handler(Arc::clone(&facts), mock, request, admitted),
        )
    }
}
