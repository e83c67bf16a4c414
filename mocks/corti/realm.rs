//! Realms with their clients and users: the principals of the vendor.

use std::ops::Deref;
use std::sync::Arc;

use jsonwebtoken::jwk::Jwk;
use locum_core::Secret;
use locum_server::principal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who may log in, realm by realm.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    pub(super) realms: Vec<Realm>,
}

impl Principals {
    /// Gives shared clients the secret that the first realm has for them.
    pub(super) fn share(&mut self) {
        let Some((first, others)) = self.realms.split_first_mut() else {
            return;
        };
        let shared = others.iter_mut().flat_map(|realm| &mut realm.clients);
        for client in shared.filter(|client| client.shared) {
            if let Some(same) = first.client(&client.client_id) {
                client.client_secret.clone_from(&same.client_secret);
            }
        }
    }
}

/// A namespace of its own: Corti's tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Realm {
    /// The tenant's name.
    pub(super) name: String,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// Tokens issued before this second are stale.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) not_before: i64,
    /// Who has to come over TLS.
    #[serde(default, skip_serializing_if = "SslRequired::is_default")]
    pub(super) ssl_required: SslRequired,
    /// Seconds that its access tokens live, in place of the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access_ttl_s: Option<u64>,
    /// Seconds that its refresh tokens live, in place of the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_ttl_s: Option<u64>,
    /// Whether its refresh tokens rotate, in place of the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rotate_refresh: Option<bool>,
    /// How often a rotated refresh token works again, in place of the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_max_reuse: Option<u64>,
    #[serde(default)]
    pub(super) clients: Vec<Client>,
    #[serde(default)]
    pub(super) users: Vec<User>,
}

/// Whose requests a realm refuses without TLS; all that a mock hears come from this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SslRequired {
    /// Everybody's.
    All,
    /// Those from other networks: nobody's on loopback.
    #[default]
    External,
    /// Nobody's.
    None,
}

impl SslRequired {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a confidential client proves itself: Keycloak's client authenticator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientAuth {
    /// By its secret, in the form or as Basic.
    #[default]
    ClientSecret,
    /// By a JWT that one of its keys signed.
    PrivateKeyJwt,
    /// By a JWT that its secret signed.
    ClientSecretJwt,
}

impl ClientAuth {
    /// Its name in the registry of RFC 7591 §2.
    pub(super) const fn registered(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret_basic or client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::ClientSecretJwt => "client_secret_jwt",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// "By default, you will receive a client-id and client-secret to authenticate via grant type:
/// client credentials."
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) client_id: String,
    #[serde(
        default,
        serialize_with = "principal::expose_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) client_secret: Option<Secret>,
    /// How it proves itself; a public client does not.
    #[serde(default, skip_serializing_if = "ClientAuth::is_default")]
    pub(super) auth: ClientAuth,
    /// Its public keys, each a JWK (RFC 7517), for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) jwks: Vec<Value>,
    /// Whether it only takes tokens and never asks for one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) bearer_only: bool,
    /// Whether it is the first realm's client of that id and takes its secret from there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) shared: bool,
    /// Whether it has no secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) public: bool,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// Whether it may use client_credentials.
    #[serde(default = "yes")]
    pub(super) service_account: bool,
    /// Whether the user behind its service account is enabled.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(super) service_user_enabled: bool,
    /// Whether it may use the password grant.
    #[serde(default)]
    pub(super) direct_access: bool,
    /// Whether it may use the authorization code flow.
    #[serde(default)]
    pub(super) standard_flow: bool,
    /// Whether users have to consent, which the password grant cannot ask for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) consent_required: bool,
    #[serde(default)]
    pub(super) redirect_uris: Vec<String>,
    /// Origins that browsers may call from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) web_origins: Vec<String>,
    /// "However, a refresh token can be enabled if needed."
    #[serde(default)]
    pub(super) refresh_for_client_credentials: bool,
    /// Clients that an audience mapper puts into the audience of its access tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audience: Vec<String>,
    /// The method of PKCE (RFC 7636) that it has to use, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pkce: Option<String>,
    /// Seconds that its access tokens live, in place of the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access_ttl_s: Option<u64>,
    /// Seconds that its refresh tokens live, in place of the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_ttl_s: Option<u64>,
    /// Its tokens issued before this second are stale.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) not_before: i64,
}

/// A person: "to authenticate individual users of your application".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) username: String,
    #[serde(serialize_with = "principal::expose")]
    pub(super) password: Secret,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// What the user has to do before the account works, such as `UPDATE_PASSWORD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) required_action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<String>,
    /// When an administrator last logged the user out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) not_before: i64,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_true(on: &bool) -> bool {
    *on
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(on: &bool) -> bool {
    !*on
}

impl Realm {
    /// The client of that id; letter case counts.
    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == id)
    }

    /// The user who logs in as `name`: "Usernames in any case and e-mail addresses log in."
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.username.eq_ignore_ascii_case(name))
            .or_else(|| {
                self.users
                    .iter()
                    .find(|user| !name.is_empty() && user.email().eq_ignore_ascii_case(name))
            })
    }
}

impl Client {
    /// Whether it has nothing to prove itself by.
    pub(super) fn is_public(&self) -> bool {
        self.public || self.client_secret.is_none() && self.auth != ClientAuth::PrivateKeyJwt
    }

    /// Its keys that a signature can be checked with.
    pub(super) fn keys(&self) -> Vec<Jwk> {
        let read = |value: &Value| serde_json::from_value(value.clone()).ok();
        self.jwks.iter().filter_map(read).collect()
    }

    /// Whether it is confidential and may use client_credentials.
    pub(super) fn has_service_account(&self) -> bool {
        self.service_account && !self.is_public()
    }

    /// The user behind its service account.
    pub(super) fn service_user(&self) -> String {
        format!("service-account-{}", self.client_id.to_lowercase())
    }
}

impl User {
    /// The e-mail address; made from the username when nobody gave one.
    pub(super) fn email(&self) -> String {
        match &self.email {
            Some(email) => email.clone(),
            None if self.username.contains('@') => self.username.clone(),
            None => format!("{}@example.org", self.username),
        }
    }

    /// First and last name; made from the username when nobody gave them.
    pub(super) fn names(&self) -> (String, String) {
        let plain = self.username.split('@').next().unwrap_or_default();
        (
            self.first_name.clone().unwrap_or_else(|| plain.to_owned()),
            self.last_name.clone().unwrap_or_else(|| "Locum".to_owned()),
        )
    }

    /// Whether something is still asked of the user: a required action, or an e-mail address or
    /// name that was taken away.
    pub(super) fn is_pending(&self) -> bool {
        let emptied = [&self.email, &self.first_name, &self.last_name];
        self.required_action.is_some()
            || emptied.into_iter().any(|text| text.as_deref() == Some(""))
    }
}

/// One realm of the principals as they stood when a request came.
#[derive(Clone, Debug)]
pub(super) struct RealmRef {
    principals: Arc<Principals>,
    at: usize,
}

impl RealmRef {
    /// The realm of that name; letter case counts.
    pub(super) fn named(principals: &Arc<Principals>, name: &str) -> Option<Self> {
        let at = principals
            .realms
            .iter()
            .position(|realm| realm.name == name)?;
        Some(Self {
            principals: Arc::clone(principals),
            at,
        })
    }

    /// Whether it is the first realm.
    pub(super) const fn is_first(&self) -> bool {
        self.at == 0
    }

    /// The first realm.
    pub(super) fn first(principals: &Arc<Principals>) -> Option<Self> {
        (!principals.realms.is_empty()).then(|| Self {
            principals: Arc::clone(principals),
            at: 0,
        })
    }
}

impl Deref for RealmRef {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.principals.realms[self.at]
    }
}
