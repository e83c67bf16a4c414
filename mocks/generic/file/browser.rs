//! `[authorize]`, `[openid]`, `[discovery]`, and endpoints that have a path alone.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::yes;

/// The authorization endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::generic) struct Authorize {
    /// Path of the authorization endpoint, such as `/oauth/authorize`.
    pub(in crate::generic) path: String,
    /// Who logs in: `page` shows a form, `auto` takes the user of `login_hint`, or the first one.
    #[serde(default)]
    pub(in crate::generic) login: LoginBy,
    /// Whether the page asks the user to agree to the scope.
    #[serde(default)]
    pub(in crate::generic) consent: bool,
    /// How long a code lives, in seconds.
    #[serde(default = "a_minute")]
    pub(in crate::generic) code_lifetime_s: u64,
    /// Whether PKCE is required of every client; a public client needs it anyway.
    #[serde(default = "yes")]
    pub(in crate::generic) pkce_required: bool,
    /// Whether `code_challenge_method=plain` is taken beside S256.
    #[serde(default)]
    pub(in crate::generic) pkce_plain: bool,
}

const fn a_minute() -> u64 {
    60
}

/// Who logs in at the authorization endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::generic) enum LoginBy {
    /// A page with a form.
    #[default]
    Page,
    /// Nobody is asked.
    Auto,
}

/// OpenID Connect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::generic) struct Openid {
    /// Path of the user info endpoint.
    #[serde(default)]
    pub(in crate::generic) userinfo: Option<String>,
    /// Further claims of id tokens; texts are templates.
    #[serde(default)]
    pub(in crate::generic) claims: Map<String, Value>,
}

/// Metadata documents and the key set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::generic) struct Discovery {
    /// Path of the OpenID Connect document; empty for none.
    #[serde(default = "openid_configuration")]
    pub(in crate::generic) openid: String,
    /// Path of the document of RFC 8414; empty for none.
    #[serde(default = "oauth_metadata")]
    pub(in crate::generic) oauth: String,
    /// Path of the key set.
    #[serde(default = "jwks")]
    pub(in crate::generic) jwks: String,
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
pub(in crate::generic) struct At {
    /// Its path.
    pub(in crate::generic) path: String,
}
