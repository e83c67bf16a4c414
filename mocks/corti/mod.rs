//! Corti: a Keycloak realm, a REST API and two websockets.
//!
//! The realm follows what Keycloak 26.7.3 was measured to do; Corti's own version and settings are
//! unknown. Its way through this folder: `realm_lookup` checks path and realm, `form` reads the body,
//! `client` authenticates, `token` picks a `grant`, `issue` signs and answers; `token_state` says
//! whether a token lives, for the realm's own endpoints; `guard` admits to the API.

mod access;
mod api;
mod assertion;
mod authorize;
#[cfg(test)]
mod caller;
mod claims;
mod client;
mod cors;
mod documents;
mod extension;
mod form;
mod grant;
mod guard;
mod headers;
mod interactions;
mod introspect;
mod issue;
mod keys;
mod lifetimes;
mod listing;
mod login;
mod logout;
mod mint;
mod page;
mod principal_check;
mod problem;
mod realm;
mod realm_lookup;
mod revoke;
mod scope;
mod socket;
#[cfg(test)]
mod tests;
mod token;
mod token_state;
mod twins;
mod userinfo;
mod validation;
mod x509;

use std::sync::Arc;

use locum_core::Profile;
use locum_server::grant::UsedAssertions;
use locum_server::mint::{MintError, MintRequest, Minted};
use locum_server::principal::PrincipalStore;
use locum_server::vendor::VendorState;
use locum_server::{
    Document, Mock, Reply, Request, Routes, RoutingFailure, StageInit, Twin, Vendor,
};
use serde_json::{Map, Value};

use keys::KeyRing;
use realm::Principals;

/// The vendor.
pub fn vendor() -> Corti {
    Corti {
        profile: Profile::parse("mocks/corti/vendor.toml", include_str!("vendor.toml"))
            .expect("its own test parses it"),
    }
}

/// Corti.
#[derive(Debug)]
pub struct Corti {
    profile: Profile,
}

/// What it keeps of a stage. Sessions are in the store, with the tokens.
struct State {
    principals: PrincipalStore<Principals>,
    keys: KeyRing,
    interactions: interactions::Interactions,
    used: UsedAssertions,
    /// Held while a refresh token that may be used again is counted.
    reuses: futures_util::lock::Mutex<()>,
}

impl State {
    /// The principals as they stand now.
    fn principals(&self) -> Arc<Principals> {
        self.principals.get()
    }
}

/// Reads principals: at least one realm, no name twice.
fn read(principals: Value) -> Result<Principals, String> {
    let mut principals: Principals =
        serde_json::from_value(principals).map_err(|error| error.to_string())?;
    if principals.realms.is_empty() {
        return Err("there has to be a realm".to_owned());
    }
    let mut names: Vec<&str> = principals
        .realms
        .iter()
        .map(|realm| realm.name.as_str())
        .collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.array_windows().find(|[one, next]| one == next) {
        return Err(format!("realm `{twice}` occurs twice"));
    }
    principals.share();
    principal_check::check(&principals)?;
    Ok(principals)
}

impl Vendor for Corti {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        let realm = Routes::new()
            .public("token", headers::arranged(token::token))
            .public("introspect", headers::arranged(introspect::introspect))
            .public("revoke", headers::arranged(revoke::revoke))
            .public("logout", headers::arranged(logout::logout))
            .public("logout_confirm", headers::arranged(logout::confirm))
            .public("userinfo", headers::arranged(userinfo::userinfo))
            .public("authorize", headers::arranged(authorize::authorize))
            .public("pushed", headers::arranged(authorize::push))
            .public("device", headers::arranged(extension::device))
            .public("ciba", headers::arranged(extension::ciba))
            .public("registration", headers::arranged(extension::registration))
            .public("login", headers::arranged(authorize::authenticate))
            .public("discovery", headers::arranged(documents::discovery))
            .public("jwks", headers::arranged(documents::certs))
            .public("realm", headers::arranged(documents::realm));
        socket::routes(api::routes(realm))
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        let principals = read(init.principals.clone())?;
        let keys = KeyRing::new(init.seed, Arc::clone(init.rotations));
        for realm in &principals.realms {
            keys.of(&realm.name);
        }
        Ok(Arc::new(State {
            principals: PrincipalStore::new(principals),
            keys,
            interactions: interactions::Interactions::new(init.memory),
            used: UsedAssertions::new(init.memory),
            reuses: futures_util::lock::Mutex::new(()),
        }))
    }

    fn document(&self, mock: &Mock) -> Document {
        let principals = mock.state::<State>().principals();
        let mut credentials = Map::new();
        let mut params = Map::new();
        if let Some(realm) = principals.realms.first() {
            if let Some(client) = realm.clients.first() {
                credentials.insert("client_id".into(), client.client_id.clone().into());
                if let Some(secret) = &client.client_secret {
                    credentials.insert("client_secret".into(), secret.expose().into());
                }
            }
            credentials.insert("tenant".into(), realm.name.clone().into());
            credentials.insert("environment".into(), mock.setting("env"));
            params.insert("tenant".into(), realm.name.clone().into());
        }
        Document {
            credentials,
            principals: serde_json::to_value(&*principals).expect("principals are JSON"),
            params,
        }
    }

    /// The issuer is what tokens and discovery say, wherever the mock listens: clients compare it
    /// letter by letter (OpenID Connect Discovery 1.0 §4.3).
    fn named_urls(&self, mock: &Mock) -> Map<String, Value> {
        let principals = mock.state::<State>().principals();
        let realm = principals.realms.first();
        realm
            .map(|realm| ("issuer".to_owned(), issue::issuer(mock, &realm.name).into()))
            .into_iter()
            .collect()
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        mock.state::<State>().principals.set(read(principals)?);
        Ok(())
    }

    fn routing_failure(&self, mock: &Mock, request: &Request, failure: &RoutingFailure) -> Reply {
        api::routing_failure(mock, request, failure).unwrap_or_else(|| {
            let denial = realm_lookup::routing_failure(mock, request, failure);
            let reply = Reply::denied(mock.profile(), denial);
            headers::arrange(mock, &request.method, &request.media_type(), reply)
        })
    }

    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        mint::mint(mock, request)
    }

    fn has_signing_key(&self, _mock: &Mock) -> bool {
        true
    }

    fn twins(&self) -> &'static [Twin] {
        &twins::ALL
    }
}
