//! The file that makes a vendor: its tables and their keys. The sentences here are what a person is
//! told who writes one of them wrongly.

pub(super) mod check;
pub(super) mod schema;

use std::collections::BTreeMap;

use locum_core::profile::{Endpoint, ErrorTemplate, ExpiresIn, SecretIn};
use locum_core::setting::Setting;
use locum_server::grant::client_auth::ClientAuth;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// How tokens are obtained and what they are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// Path of the token endpoint, such as `/oauth/token`.
    #[serde(default)]
    pub(super) path: Option<String>,
    /// The grants it takes, such as `["client_credentials"]`.
    #[serde(default)]
    pub(super) grants: Vec<Grant>,
    /// The one grant it takes; `grants` is for several.
    #[serde(default)]
    pub(super) grant: Option<Grant>,
    /// How clients prove themselves: any of basic, body, private_key_jwt, client_secret_jwt, none.
    #[serde(default)]
    pub(super) client_auth: Vec<ClientAuth>,
    /// Where the secret travels; `client_auth` is for several ways.
    #[serde(default)]
    pub(super) secret_in: Option<SecretIn>,
    /// Whether the documented request names `grant_type`.
    #[serde(default = "yes")]
    pub(super) sends_grant_type: bool,
    /// The scope that the documented request asks for.
    #[serde(default)]
    pub(super) scope: Option<String>,
    /// The scopes that exist; others are refused with invalid_scope.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// The `Accept` header that the vendor's page lists.
    #[serde(default)]
    pub(super) accept: Option<String>,
    /// The unit of `expires_in`: seconds, milliseconds or absent.
    pub(super) expires_in: ExpiresIn,
    /// How long an access token lives, in seconds.
    pub(super) lifetime_s: u64,
    /// How long a refresh token lives, in seconds; `refresh.lifetime_s` is the same.
    #[serde(default)]
    pub(super) refresh_lifetime_s: Option<u64>,
    /// The value of `token_type` in the reply.
    #[serde(default = "bearer")]
    pub(super) token_type: String,
    /// What an access token is: opaque, hs256 or rs256.
    #[serde(default)]
    pub(super) format: Format,
    /// The value of `iss`; `{base}` is the vendor's root.
    #[serde(default = "base")]
    pub(super) issuer: String,
    /// `typ` of the header of an access token that is a JWT, such as `at+jwt`.
    #[serde(default = "jwt")]
    pub(super) typ: String,
    /// Claims of an access token that is a JWT; texts are templates.
    #[serde(default)]
    pub(super) claims: Map<String, Value>,
    /// Further members of the token reply; texts are templates.
    #[serde(default)]
    pub(super) reply: Map<String, Value>,
    /// Headers of a token reply; `Cache-Control: no-store` is there by itself.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

fn bearer() -> String {
    "Bearer".to_owned()
}

fn base() -> String {
    "{base}".to_owned()
}

fn jwt() -> String {
    "JWT".to_owned()
}

/// A grant.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum Grant {
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.3.
    Password,
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
}

impl Grant {
    /// Each of them.
    pub(super) const ALL: [Self; 4] = [
        Self::ClientCredentials,
        Self::Password,
        Self::AuthorizationCode,
        Self::RefreshToken,
    ];

    /// The value of `grant_type`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// What an access token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Random text.
    #[default]
    Opaque,
    /// A JWT signed with a key that nobody else has: hs256 by another name.
    Jwt,
    /// A JWT signed with a key that nobody else has.
    Hs256,
    /// A JWT signed with a key whose public half stands in the key set.
    Rs256,
}

impl Format {
    /// Its value as a setting.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt | Self::Hs256 => "hs256",
            Self::Rs256 => "rs256",
        }
    }
}

/// Refresh tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// How long a refresh token lives, in seconds; for ever when it is left out.
    #[serde(default)]
    pub(super) lifetime_s: Option<u64>,
    /// Whether each use gives a new refresh token and ends the old one.
    #[serde(default = "yes")]
    pub(super) rotate: bool,
    /// Whether a refresh token that comes again after its rotation ends all tokens of its login
    /// (RFC 9700 §4.14.2).
    #[serde(default = "yes")]
    pub(super) reuse_ends_login: bool,
    /// Whether client credentials give a refresh token too.
    #[serde(default)]
    pub(super) for_client_credentials: bool,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            lifetime_s: None,
            rotate: true,
            reuse_ends_login: true,
            for_client_credentials: false,
        }
    }
}

/// The authorization endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorize {
    /// Path of the authorization endpoint, such as `/oauth/authorize`.
    pub(super) path: String,
    /// Who logs in: `page` shows a form, `auto` takes the user of `login_hint`, or the first one.
    #[serde(default)]
    pub(super) login: LoginBy,
    /// Whether the page asks the user to agree to the scope.
    #[serde(default)]
    pub(super) consent: bool,
    /// How long a code lives, in seconds.
    #[serde(default = "a_minute")]
    pub(super) code_lifetime_s: u64,
    /// Whether PKCE is required of every client; a public client needs it anyway.
    #[serde(default = "yes")]
    pub(super) pkce_required: bool,
    /// Whether `code_challenge_method=plain` is taken beside S256.
    #[serde(default)]
    pub(super) pkce_plain: bool,
}

const fn a_minute() -> u64 {
    60
}

/// Who logs in at the authorization endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LoginBy {
    /// A page with a form.
    #[default]
    Page,
    /// Nobody is asked.
    Auto,
}

/// OpenID Connect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Openid {
    /// Path of the user info endpoint.
    #[serde(default)]
    pub(super) userinfo: Option<String>,
    /// Further claims of id tokens; texts are templates.
    #[serde(default)]
    pub(super) claims: Map<String, Value>,
}

/// Metadata documents and the key set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Discovery {
    /// Path of the OpenID Connect document; empty for none.
    #[serde(default = "openid_configuration")]
    pub(super) openid: String,
    /// Path of the document of RFC 8414; empty for none.
    #[serde(default = "oauth_metadata")]
    pub(super) oauth: String,
    /// Path of the key set.
    #[serde(default = "jwks")]
    pub(super) jwks: String,
}

fn openid_configuration() -> String {
    "/.well-known/openid-configuration".to_owned()
}

fn oauth_metadata() -> String {
    "/.well-known/oauth-authorization-server".to_owned()
}

fn jwks() -> String {
    "/.well-known/jwks.json".to_owned()
}

/// An endpoint that has a path and nothing to choose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    /// Its path.
    pub(super) path: String,
}

/// How a token is shown to the resources.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    /// How a token is shown: bearer, raw (`Authorization` holds it alone), header or query.
    #[serde(default)]
    pub(super) proof: Proof,
    /// The header that holds the token, where `proof` is `header`, such as `X-Api-Token`.
    #[serde(default)]
    pub(super) header: Option<String>,
    /// The query parameter that holds the token, where `proof` is `query`, such as `access_token`.
    #[serde(default)]
    pub(super) parameter: Option<String>,
    /// The header that names the tenant, where clients send one.
    #[serde(default)]
    pub(super) tenant_header: Option<String>,
    /// A path that a plain GET may read: what a client calls first. The first resource that fits
    /// is taken when it is left out.
    #[serde(default)]
    pub(super) sample: Option<String>,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Proof {
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    #[default]
    Bearer,
    /// `Authorization` holds the token and nothing else.
    Raw,
    /// A header of its own.
    Header,
    /// A query parameter.
    Query,
}

/// Something behind a token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resource {
    /// Its method.
    #[serde(default = "get")]
    pub(super) method: String,
    /// Its path; `{name}` stands for a segment.
    pub(super) path: String,
    /// The scope that a token needs for it.
    #[serde(default)]
    pub(super) scope: Option<String>,
    /// Whether it answers without a token.
    #[serde(default)]
    pub(super) public: bool,
    /// The status of its reply.
    #[serde(default = "ok")]
    pub(super) status: u16,
    /// Headers of its reply; values are templates.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The body of its reply, a template.
    #[serde(default)]
    pub(super) body: Option<String>,
    /// The body of its reply as JSON, written as TOML; texts are templates.
    #[serde(default)]
    pub(super) json: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

const fn ok() -> u16 {
    200
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
