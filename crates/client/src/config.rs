//! What a client is configured with: addresses and credentials.

use locum_core::Secret;

/// Where the vendor is, and who calls.
#[derive(Clone, Debug)]
pub struct Config {
    /// The token endpoint; for a Cognito vendor the root of both Cognito services.
    pub token_url: String,
    /// The API's base, with the documented base path; paths of calls are appended as they stand.
    pub api_url: String,
    /// The base of websockets, where the vendor has any.
    pub ws_url: Option<String>,
    /// The revocation endpoint (RFC 7009), where the vendor has one.
    pub revoke_url: Option<String>,
    /// Certificate authorities in PEM; when given, no other is trusted.
    pub ca_pem: Option<Vec<u8>>,
    /// The tenant, where the vendor wants one named.
    pub tenant: Option<String>,
    /// Who calls.
    pub credentials: Credentials,
    /// The pools of a Cognito vendor.
    pub cognito: Option<CognitoConfig>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A confidential client (RFC 6749 §2.3.1).
    Client {
        /// Its id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
    },
    /// An account.
    User {
        /// Its name.
        username: String,
        /// Its password.
        password: Secret,
    },
    /// A refresh token from a login elsewhere.
    RefreshToken(Secret),
}

/// The pools of a Cognito vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CognitoConfig {
    /// The AWS region, such as `eu-west-2`.
    pub region: String,
    /// The user pool: who signs in.
    pub user_pool_id: String,
    /// The identity pool: what hands out AWS credentials.
    pub identity_pool_id: String,
    /// The app client; it has no secret.
    pub client_id: String,
}
