//! `config` of `new` and `set_credentials`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::behaviour::Behaviour;
use crate::failure::Failure;

/// Addresses and credentials of an instance. It has no `Debug`: it holds secrets.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) token_url: String,
    pub(crate) api_url: String,
    pub(crate) ca_file: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) region: String,
    pub(crate) user_pool_id: String,
    pub(crate) identity_pool_id: String,
    pub(crate) tenant: Option<String>,
}

impl Config {
    /// Reads the members; those that are missing in `changes` keep their value of `before`.
    pub(crate) fn read(
        before: &Map<String, Value>,
        changes: &Map<String, Value>,
        behaviour: &Behaviour,
    ) -> Result<(Self, Map<String, Value>), Failure> {
        let mut merged = before.clone();
        for (name, value) in changes {
            let is_secret = matches!(&**name, "password" | "client_secret");
            if is_secret && behaviour.cache.old_secret_sticks && merged.contains_key(name) {
                continue;
            }
            merged.insert(name.clone(), value.clone());
        }
        let mut config: Self = serde_json::from_value(Value::Object(merged.clone()))
            .map_err(|_| Failure::other("config has a member of the wrong type"))?;
        if config.token_url.is_empty() || config.api_url.is_empty() {
            return Err(Failure::other("config lacks token_url or api_url"));
        }
        if behaviour.login.built_in_credentials {
            let built_in = |had: &Option<String>, text: &str| had.as_ref().map(|_| text.to_owned());
            config.username = built_in(&config.username, "service@clinic.example");
            config.password = built_in(&config.password, "Clinic-2026");
            config.client_id = built_in(&config.client_id, "clinic-client");
            config.client_secret = built_in(&config.client_secret, "clinic-secret");
        }
        Ok((config, merged))
    }

    /// Who logs in: a change of it makes another caller's tokens useless.
    pub(crate) fn principal(&self) -> [&Option<String>; 3] {
        [&self.username, &self.client_id, &self.tenant]
    }

    pub(crate) fn client_id(&self) -> &str {
        self.client_id.as_deref().unwrap_or_default()
    }

    pub(crate) fn client_secret(&self) -> &str {
        self.client_secret.as_deref().unwrap_or_default()
    }
}
