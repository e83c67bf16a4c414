//! The file that makes a vendor: its tables and their keys. The sentences here are what a person is
//! told who writes one of them wrongly.

mod browser;
pub(super) mod check;
mod resource;
pub(super) mod schema;
mod token;

use std::collections::BTreeMap;

use locum_core::profile::{Endpoint, ErrorTemplate, SecretIn};
use locum_core::setting::Setting;
use locum_server::grant::client_auth::ClientAuth;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use browser::{At, Authorize, Discovery, LoginBy, Openid};
pub(super) use resource::{Api, Proof, Resource};
pub(super) use token::{Format, Grant, Refresh, Token};

use super::principals::Principals;

/// One file, one vendor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VendorFile {
    /// The vendor's slug: its first path segment, such as `acme`.
    pub(super) vendor: String,
    /// Its name for people.
    pub(super) title: String,
    /// The pages that the facts are from.
    #[serde(default)]
    pub(super) documents: Vec<String>,
    /// Host names under which the vendor answers at the root.
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    /// Headers of every reply.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Whether replies carry a `Date`.
    #[serde(default = "yes")]
    pub(super) date: bool,
    /// Addresses that a client is configured with, as paths; `token`, `api` and the like are there
    /// by themselves.
    #[serde(default)]
    pub(super) urls: BTreeMap<String, String>,
    /// How tokens are obtained and what they are.
    pub(super) token: Token,
    /// Refresh tokens, where `token.grants` has `refresh_token`.
    #[serde(default)]
    pub(super) refresh: Option<Refresh>,
    /// The authorization endpoint, where `token.grants` has `authorization_code`.
    #[serde(default)]
    pub(super) authorize: Option<Authorize>,
    /// OpenID Connect: id tokens and user info.
    #[serde(default)]
    pub(super) openid: Option<Openid>,
    /// Metadata documents (OpenID Connect Discovery, RFC 8414).
    #[serde(default)]
    pub(super) discovery: Option<Discovery>,
    /// Token introspection (RFC 7662).
    #[serde(default)]
    pub(super) introspection: Option<At>,
    /// Token revocation (RFC 7009).
    #[serde(default)]
    pub(super) revocation: Option<At>,
    /// How a token is shown to the resources.
    #[serde(default)]
    pub(super) api: Api,
    /// What stands behind a token, by name.
    #[serde(default)]
    pub(super) resources: BTreeMap<String, Resource>,
    /// Endpoints as a built-in vendor's profile writes them: `token`, and others that answer `{}`.
    #[serde(default)]
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    /// How refusals look, by reason or kind: these change the built-in table, or take its place
    /// where `default` is among them.
    #[serde(default)]
    pub(super) denials: BTreeMap<String, ErrorTemplate>,
    /// Other defaults of settings, such as `access_ttl_s`.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Setting>,
    /// Who may log in.
    #[serde(default)]
    pub(super) principals: Principals,
}

pub(super) const fn yes() -> bool {
    true
}

impl VendorFile {
    /// The grants of the token endpoint.
    pub(super) fn grants(&self) -> Vec<Grant> {
        match self.token.grant {
            Some(grant) if self.token.grants.is_empty() => vec![grant],
            _ => self.token.grants.clone(),
        }
    }

    /// Whether the token endpoint takes `grant`.
    pub(super) fn has(&self, grant: Grant) -> bool {
        self.grants().contains(&grant)
    }

    /// The ways in which clients prove themselves; Basic and the form unless the file says more.
    pub(super) fn client_auth(&self) -> Vec<ClientAuth> {
        match self.token.secret_in {
            _ if !self.token.client_auth.is_empty() => self.token.client_auth.clone(),
            Some(SecretIn::Basic) => vec![ClientAuth::Basic],
            Some(SecretIn::Body) => vec![ClientAuth::Body],
            None => vec![ClientAuth::Basic, ClientAuth::Body],
        }
    }

    /// Path of the token endpoint.
    pub(super) fn token_path(&self) -> Option<&str> {
        let endpoint = self.endpoints.get("token");
        self.token
            .path
            .as_deref()
            .or_else(|| endpoint.map(|endpoint| endpoint.path.as_str()))
    }

    /// What is said of refresh tokens.
    pub(super) fn refresh(&self) -> Refresh {
        let mut refresh = self.refresh.clone().unwrap_or_default();
        refresh.lifetime_s = refresh.lifetime_s.or(self.token.refresh_lifetime_s);
        refresh
    }

    /// The scopes that exist.
    pub(super) fn scopes(&self) -> Vec<&str> {
        let documented = self.token.scope.iter().flat_map(|scope| scope.split(' '));
        let mut scopes: Vec<&str> = self.token.scopes.iter().map(String::as_str).collect();
        scopes.extend(documented.filter(|scope| !self.token.scopes.iter().any(|one| one == scope)));
        if self.openid.is_some() && !scopes.contains(&"openid") {
            scopes.insert(0, "openid");
        }
        scopes
    }
}
