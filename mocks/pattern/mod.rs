//! Pattern Health: client credentials with Basic, `expires_in` in milliseconds, paging.

mod api;
mod data;
mod mint;
mod page;
#[cfg(test)]
mod tests;
mod token;
mod twins;

use std::sync::{Arc, Mutex, OnceLock};

use locum_core::{Profile, Secret, Timestamp};
use locum_server::memory::Account;
use locum_server::mint::{MintError, MintRequest, Minted};
use locum_server::principal::PrincipalStore;
use locum_server::rate::Arrivals;
use locum_server::stage::rng_for;
use locum_server::vendor::VendorState;
use locum_server::{Document, Mock, Routes, StageInit, Twin, Vendor, principal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The vendor.
pub fn vendor() -> Pattern {
    Pattern {
        profile: Profile::parse("mocks/pattern/vendor.toml", include_str!("vendor.toml"))
            .expect("its own test parses it"),
    }
}

/// Pattern Health.
#[derive(Debug)]
pub struct Pattern {
    profile: Profile,
}

/// What the data's generator draws for.
const DATA: &str = "pattern data";

/// Draws the subgroup's UUID.
const SUBGROUP: &str = "pattern subgroup";

/// What it keeps of a stage.
struct State {
    principals: PrincipalStore<Principals>,
    /// The group's UUID: the first that the data's generator draws.
    group: String,
    /// The UUID of the one group below it.
    subgroup: String,
    /// Made when the first request asks for it.
    data: OnceLock<Mutex<data::Data>>,
    seed: u64,
    made: Timestamp,
    memory: Arc<Account>,
    arrivals: Arrivals,
    /// Wrong secrets, by client.
    failures: Arrivals,
}

/// Who may log in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Principals {
    clients: Vec<Client>,
}

/// "API credentials include a client ID and client secret."
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    client_id: String,
    #[serde(serialize_with = "principal::expose")]
    client_secret: Secret,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default = "client_credentials")]
    grants: Vec<String>,
    /// The groups it may read; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
}

const fn yes() -> bool {
    true
}

fn client_credentials() -> Vec<String> {
    vec!["client_credentials".to_owned()]
}

impl State {
    fn with_client<T>(&self, id: &str, look: impl FnOnce(&Client) -> T) -> Option<T> {
        let principals = self.principals.get();
        let mut clients = principals.clients.iter();
        clients.find(|client| client.client_id == id).map(look)
    }

    fn data(&self) -> std::sync::MutexGuard<'_, data::Data> {
        let data = self.data.get_or_init(|| {
            let mut rng = rng_for(self.seed, DATA);
            Mutex::new(data::Data::seeded(
                &mut rng,
                &self.subgroup,
                self.made,
                &self.memory,
            ))
        });
        data.lock().expect("no code panics while it holds the data")
    }
}

impl Vendor for Pattern {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        Routes::new()
            .public("token", token::token)
            .guarded("members", |m, r| Box::pin(api::guard(m, r)), api::members)
            .guarded("register", |m, r| Box::pin(api::guard(m, r)), api::register)
            .guarded("member", |m, r| Box::pin(api::guard(m, r)), api::member)
            .guarded("tasks", |m, r| Box::pin(api::guard(m, r)), api::tasks)
            .guarded("task", |m, r| Box::pin(api::guard(m, r)), api::task)
            .guarded(
                "measurements",
                |m, r| Box::pin(api::guard(m, r)),
                api::measurements,
            )
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        Ok(Arc::new(State {
            principals: PrincipalStore::read(init.principals.clone())?,
            group: principal::uuid(&mut init.rng(DATA)),
            subgroup: principal::uuid(&mut init.rng(SUBGROUP)),
            data: OnceLock::new(),
            seed: init.seed,
            made: init.now,
            memory: Arc::clone(init.memory),
            arrivals: Arrivals::default(),
            failures: Arrivals::default(),
        }))
    }

    fn document(&self, mock: &Mock) -> Document {
        let state = mock.state::<State>();
        let principals = state.principals.get();
        let mut credentials = Map::new();
        if let Some(first) = principals.clients.first() {
            credentials.insert("client_id".into(), first.client_id.clone().into());
            credentials.insert("client_secret".into(), first.client_secret.expose().into());
        }
        let mut params = Map::new();
        params.insert("group".into(), state.group.clone().into());
        params.insert("subgroup".into(), state.subgroup.clone().into());
        Document {
            credentials,
            principals: serde_json::to_value(&*principals).expect("principals are JSON"),
            params,
        }
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        mock.state::<State>().principals.change(principals)
    }

    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        mint::mint(mock, request)
    }

    fn twins(&self) -> &'static [Twin] {
        &twins::ALL
    }
}
