//! `[token]` and `[refresh]`.

use std::collections::BTreeMap;

use locum_core::profile::{ExpiresIn, SecretIn};
use locum_server::grant::client_auth::ClientAuth;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::yes;

/// How tokens are obtained and what they are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::generic) struct Token {
    /// Path of the token endpoint, such as `/oauth/token`.
    #[serde(default)]
    pub(in crate::generic) path: Option<String>,
    /// The grants it takes, such as `["client_credentials"]`.
    #[serde(default)]
    pub(in crate::generic) grants: Vec<Grant>,
    /// The one grant it takes; `grants` is for several.
    #[serde(default)]
    pub(in crate::generic) grant: Option<Grant>,
    /// How clients prove themselves: any of basic, body, private_key_jwt, client_secret_jwt, none.
    #[serde(default)]
    pub(in crate::generic) client_auth: Vec<ClientAuth>,
    /// Where the secret travels; `client_auth` is for several ways.
    #[serde(default)]
    pub(in crate::generic) secret_in: Option<SecretIn>,
    /// Whether the documented request names `grant_type`.
    #[serde(default = "yes")]
    pub(in crate::generic) sends_grant_type: bool,
    /// The scope that the documented request asks for.
    #[serde(default)]
    pub(in crate::generic) scope: Option<String>,
    /// The scopes that exist; others are refused with invalid_scope.
    #[serde(default)]
    pub(in crate::generic) scopes: Vec<String>,
    /// The `Accept` header that the vendor's page lists.
    #[serde(default)]
    pub(in crate::generic) accept: Option<String>,
    /// The unit of `expires_in`: seconds, milliseconds or absent.
    pub(in crate::generic) expires_in: ExpiresIn,
    /// How long an access token lives, in seconds.
    pub(in crate::generic) lifetime_s: u64,
    /// How long a refresh token lives, in seconds; `refresh.lifetime_s` is the same.
    #[serde(default)]
    pub(in crate::generic) refresh_lifetime_s: Option<u64>,
    /// The value of `token_type` in the reply.
    #[serde(default = "bearer")]
    pub(in crate::generic) token_type: String,
    /// What an access token is: opaque, hs256 or rs256.
    #[serde(default)]
    pub(in crate::generic) format: Format,
    /// The value of `iss`; `{base}` is the vendor's root.
    #[serde(default = "base")]
    pub(in crate::generic) issuer: String,
    /// `typ` of the header of an access token that is a JWT, such as `at+jwt`.
    #[serde(default = "jwt")]
    pub(in crate::generic) typ: String,
    /// Claims of an access token that is a JWT; texts are templates.
    #[serde(default)]
    pub(in crate::generic) claims: Map<String, Value>,
    /// Further members of the token reply; texts are templates.
    #[serde(default)]
    pub(in crate::generic) reply: Map<String, Value>,
    /// Headers of a token reply; `Cache-Control: no-store` is there by itself.
    #[serde(default)]
    pub(in crate::generic) headers: BTreeMap<String, String>,
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
pub(in crate::generic) enum Grant {
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
    pub(in crate::generic) const ALL: [Self; 4] = [
        Self::ClientCredentials,
        Self::Password,
        Self::AuthorizationCode,
        Self::RefreshToken,
    ];

    /// The value of `grant_type`.
    pub(in crate::generic) const fn word(self) -> &'static str {
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
pub(in crate::generic) enum Format {
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
    pub(in crate::generic) const fn word(self) -> &'static str {
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
pub(in crate::generic) struct Refresh {
    /// How long a refresh token lives, in seconds; for ever when it is left out.
    #[serde(default)]
    pub(in crate::generic) lifetime_s: Option<u64>,
    /// Whether each use gives a new refresh token and ends the old one.
    #[serde(default = "yes")]
    pub(in crate::generic) rotate: bool,
    /// Whether a refresh token that comes again after its rotation ends all tokens of its login
    /// (RFC 9700 §4.14.2).
    #[serde(default = "yes")]
    pub(in crate::generic) reuse_ends_login: bool,
    /// Whether client credentials give a refresh token too.
    #[serde(default)]
    pub(in crate::generic) for_client_credentials: bool,
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
