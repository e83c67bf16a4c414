//! Who may log in: clients and users.

use jsonwebtoken::jwk::Jwk;
use locum_core::Secret;
use locum_server::grant::assertion;
use locum_server::grant::client_auth::{ClientAuth, RegisteredClient};
use locum_server::principal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::file::{Grant, VendorFile, yes};

/// Who may log in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    /// The clients.
    #[serde(default)]
    pub(super) clients: Vec<Client>,
    /// The users, for passwords and the login page.
    #[serde(default)]
    pub(super) users: Vec<User>,
}

/// A client.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    /// Its id.
    pub(super) client_id: String,
    /// Its secret; one is made when it is left out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "principal::expose_option"
    )]
    #[schemars(with = "Option<String>")]
    pub(super) client_secret: Option<Secret>,
    /// Whether it has no secret: an app or a page.
    #[serde(default)]
    pub(super) public: bool,
    /// Whether it may log in.
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// The grants it may use; all of the vendor's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grants: Option<Vec<Grant>>,
    /// The scopes it may ask for; all of the vendor's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scopes: Option<Vec<String>>,
    /// The addresses to which a code may be brought, compared letter by letter.
    #[serde(default)]
    pub(super) redirect_uris: Vec<String>,
    /// The one way in which it proves itself; all of the vendor's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<ClientAuth>,
    /// Its public keys, each a JWK (RFC 7517), for private_key_jwt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) jwks: Vec<Value>,
    /// What templates know of it: `{client:name}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) claims: Map<String, Value>,
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// The name to log in with.
    pub(super) username: String,
    /// The password; one is made when it is left out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "principal::expose_option"
    )]
    #[schemars(with = "Option<String>")]
    pub(super) password: Option<Secret>,
    /// Whether the user may log in.
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// The value of `sub`; the name when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    /// Claims of the user, such as `email`; templates know them as `{user:email}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) claims: Map<String, Value>,
}

impl Principals {
    /// The client of that id.
    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == id)
    }

    /// The user of that name.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == name)
    }

    /// Checks what a JSON shape cannot say: names are there once, keys can be used.
    ///
    /// # Errors
    /// A sentence for the caller.
    pub(super) fn check(&self) -> Result<(), String> {
        for (at, client) in self.clients.iter().enumerate() {
            let id = &client.client_id;
            if self.clients[..at]
                .iter()
                .any(|other| other.client_id == *id)
            {
                return Err(format!("client `{id}` is there twice"));
            }
            if client.keys().len() != client.jwks.len() {
                return Err(format!(
                    "client `{id}` has a key that is neither RSA nor on the curve P-256"
                ));
            }
        }
        for (at, user) in self.users.iter().enumerate() {
            let name = &user.username;
            if self.users[..at].iter().any(|other| other.username == *name) {
                return Err(format!("user `{name}` is there twice"));
            }
        }
        Ok(())
    }
}

impl Client {
    /// The keys that can be used.
    pub(super) fn keys(&self) -> Vec<Jwk> {
        let read = |value: &Value| serde_json::from_value::<Jwk>(value.clone()).ok();
        let keys = self.jwks.iter().filter_map(read);
        keys.filter(|key| assertion::is_usable(key, &assertion::PUBLIC))
            .collect()
    }

    /// Whether it may use `grant` of those that the file has.
    pub(super) fn may(&self, file: &VendorFile, grant: Grant) -> bool {
        file.has(grant)
            && match &self.grants {
                Some(own) => own.contains(&grant),
                // RFC 6749 §4.4: "MUST only be used by confidential clients".
                None => !(self.public && grant == Grant::ClientCredentials),
            }
    }

    /// The scopes it may ask for.
    pub(super) fn scopes<'a>(&'a self, file: &'a VendorFile) -> Vec<&'a str> {
        match &self.scopes {
            Some(own) => own.iter().map(String::as_str).collect(),
            None => file.scopes(),
        }
    }

    /// The ways in which it proves itself.
    pub(super) fn ways(&self, file: &VendorFile) -> Vec<ClientAuth> {
        if self.public {
            return vec![ClientAuth::None];
        }
        if let Some(way) = self.auth {
            return vec![way];
        }
        let mut ways = file.client_auth();
        ways.retain(|way| match way {
            ClientAuth::None => false,
            ClientAuth::PrivateKeyJwt => !self.jwks.is_empty(),
            _ => true,
        });
        ways
    }

    /// As authentication sees it.
    pub(super) fn registered(&self, file: &VendorFile) -> RegisteredClient {
        let keys_alone = self.auth == Some(ClientAuth::PrivateKeyJwt);
        let secret = self.client_secret.clone();
        RegisteredClient {
            id: self.client_id.clone(),
            secret: secret.filter(|_| !self.public && !keys_alone),
            keys: self.keys(),
            enabled: self.enabled,
            ways: self.ways(file),
        }
    }
}

impl User {
    /// The value of `sub`.
    pub(super) fn subject(&self) -> &str {
        self.sub.as_deref().unwrap_or(&self.username)
    }
}
