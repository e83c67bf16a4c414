//! A vendor made of a profile alone: one TOML file whose grant is client credentials.

use std::sync::Arc;

use locum_core::profile::{Grant, SecretIn};
use locum_core::{Denial, Profile};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::grant::client_credentials::{self, Client, Policy};
use crate::guard::bearer::{self, BearerPolicy};
use crate::principal::PrincipalStore;
use crate::vendor::VendorState;
use crate::{Admitted, Document, Mock, Reply, Request, Routes, StageInit, Vendor, principal};

/// A vendor that its profile describes completely: the endpoint called `token` grants, every other
/// endpoint answers `{}` to a bearer token.
#[derive(Debug)]
pub(crate) struct PlainVendor {
    profile: Profile,
}

impl PlainVendor {
    /// Takes a profile.
    ///
    /// # Errors
    /// A sentence for the caller when the profile needs code that no file can bring.
    pub(crate) fn new(profile: Profile) -> Result<Self, String> {
        if profile.token.grant != Grant::ClientCredentials {
            return Err(format!(
                "a vendor made of a file alone can grant client_credentials, not {:?}",
                profile.token.grant
            ));
        }
        if !profile.endpoints.contains_key("token") {
            return Err(
                "a vendor made of a file alone needs an endpoint called `token`".to_owned(),
            );
        }
        Ok(Self { profile })
    }
}

/// The principals of a plain vendor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Principals {
    #[serde(default)]
    clients: Vec<PlainClient>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainClient {
    client_id: String,
    #[serde(serialize_with = "principal::expose")]
    client_secret: locum_core::Secret,
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

type State = PrincipalStore<Principals>;

impl Vendor for PlainVendor {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn routes(&self) -> Routes {
        let others = self
            .profile
            .endpoints
            .keys()
            .filter(|name| *name != "token");
        others.fold(Routes::new().public("token", token), |routes, name| {
            routes.guarded(name, |mock, request| Box::pin(guard(mock, request)), api)
        })
    }

    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        Ok(Arc::new(State::read(init.principals.clone())?))
    }

    fn document(&self, mock: &Mock) -> Document {
        let principals = mock.state::<State>().get();
        let mut credentials = Map::new();
        if let Some(first) = principals.clients.first() {
            credentials.insert("client_id".into(), first.client_id.clone().into());
            credentials.insert("client_secret".into(), first.client_secret.expose().into());
        }
        let principals = serde_json::to_value(&*principals).expect("principals are JSON");
        Document {
            credentials,
            principals,
            params: Map::new(),
        }
    }

    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        mock.state::<State>().change(principals)
    }
}

async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let facts = &mock.profile().token;
    let policy = Policy {
        secret_in: facts.secret_in,
        either_place: false,
        basic_raw: true,
        basic_form: facts.secret_in == SecretIn::Basic,
        refuse_repeated: true,
        lifetime: facts.lifetime(),
        expires_in: facts.expires_in.to_wire(facts.lifetime()).map(Value::from),
    };
    let principals = mock.state::<State>().get();
    client_credentials::grant(&mock, &request, &policy, |id| {
        let client = principals
            .clients
            .iter()
            .find(|client| client.client_id == id)?;
        Some(Client {
            id: client.client_id.clone(),
            secret: client.client_secret.clone(),
            enabled: client.enabled,
            allowed: true,
        })
    })
    .await
}

async fn guard(mock: &Mock, request: &Request) -> Result<Admitted, Denial> {
    bearer::admit(
        mock,
        request,
        BearerPolicy {
            extra_spaces: true,
            ..BearerPolicy::default()
        },
        |_| Ok(()),
    )
    .await
}

async fn api(_mock: Mock, _request: Request, _admitted: Admitted) -> Result<Reply, Denial> {
    Ok(Reply::json(200, &json!({})))
}
