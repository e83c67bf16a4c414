//! App clients of the pool: the flows that they may use, and their secret.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::Secret;
use locum_server::principal::expose_option;
use serde::{Deserialize, Serialize};

/// The flows that the pool serves, by the names of `AuthFlow`; `ExplicitAuthFlows` of
/// CreateUserPoolClient writes `ALLOW_` in front.
const FLOWS: [&str; 4] = [
    "USER_PASSWORD_AUTH",
    "USER_SRP_AUTH",
    "REFRESH_TOKEN_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
];

/// An app client of the pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) client_id: String,
    /// The flows it may use, `ExplicitAuthFlows`.
    #[serde(default = "all_flows")]
    pub(super) flows: Vec<String>,
    /// Whether it has no secret; left out, it follows from `client_secret`.
    #[serde(default)]
    public: Option<bool>,
    /// The secret that it proves by SECRET_HASH; the vendor's own clients have none.
    #[serde(
        default,
        serialize_with = "expose_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) client_secret: Option<Secret>,
    /// The grants that it may use at `/oauth2/token` besides refresh, `AllowedOAuthFlows`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) oauth_flows: Vec<String>,
    /// The custom scopes of its own access tokens, `AllowedOAuthScopes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) oauth_scopes: Vec<String>,
}

/// What a client without `flows` may use.
fn all_flows() -> Vec<String> {
    FLOWS[..3].iter().map(|flow| (*flow).to_owned()).collect()
}

impl Client {
    /// A client that nobody registered, for a twin that takes any.
    pub(super) fn anybody(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            flows: all_flows(),
            public: Some(true),
            client_secret: None,
            oauth_flows: Vec::new(),
            oauth_scopes: Vec::new(),
        }
    }

    /// Brings its members into one form.
    ///
    /// # Errors
    /// A sentence on a flow that is not served, or on `public` beside a secret.
    pub(super) fn complete(&mut self) -> Result<(), String> {
        for flow in &mut self.flows {
            let name = flow.strip_prefix("ALLOW_").unwrap_or(flow);
            if !FLOWS.contains(&name) {
                return Err(format!(
                    "unknown flow `{flow}`, expected one of `{}`",
                    FLOWS.join("`, `")
                ));
            }
            *flow = name.to_owned();
        }
        let secret = self.client_secret.as_ref().map(Secret::expose);
        let fault = match (self.public, secret) {
            (_, Some("")) => "an empty client_secret: leave it out",
            (Some(true), Some(_)) => {
                "public beside a client_secret: leave one of them out, or set public to false"
            }
            (Some(false), None) => "neither public nor a client_secret",
            _ => {
                self.public = Some(secret.is_none());
                return Ok(());
            }
        };
        Err(format!("client {} has {fault}", self.client_id))
    }

    /// Whether it may use the grant `flow` at the token endpoint: "code" or "client_credentials".
    pub(super) fn may_use(&self, flow: &str) -> bool {
        self.oauth_flows.iter().any(|have| have == flow)
    }

    /// Whether it may use `flow`.
    pub(super) fn allows(&self, flow: &str) -> bool {
        self.flows.iter().any(|have| have == flow)
    }
}

/// SECRET_HASH of a user at a client: "Base64 ( HMAC_SHA256 ( "Client Secret Key", "Username" +
/// "Client Id" ) )" (AWS developer guide, "Computing secret hash values").
pub(super) fn secret_hash(secret: &Secret, username: &str, client_id: &str) -> Secret {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let mac = hmac::sign(&key, format!("{username}{client_id}").as_bytes());
    Secret::new(STANDARD.encode(mac))
}
