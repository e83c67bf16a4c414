//! Configuration of a client: addresses and credentials.

use locum_core::Secret;

/// Configuration of a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// The token endpoint, or the root of both Cognito services.
    pub token_url: String,
    /// The API's base, base path included; the paths of operations are appended to it unchanged.
    pub api_url: String,
    /// The origin of websockets (`ws` or `wss`), if it is not that of [`api_url`](Self::api_url).
    pub ws_url: Option<String>,
    /// The revocation endpoint (RFC 7009); without it, nothing can be revoked, except at Cognito.
    pub revoke_url: Option<String>,
    /// Certificate authorities in PEM, to be trusted instead of the machine's.
    pub ca_pem: Option<Vec<u8>>,
    /// The value of the profile's `tenant_header`, if it names one.
    pub tenant: Option<String>,
    /// What tokens are obtained with; of the kind that the vendor's grant takes.
    pub credentials: Credentials,
    /// Required if the vendor's grant is Cognito.
    pub cognito: Option<CognitoConfig>,
}

/// What tokens are obtained with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A confidential client (RFC 6749 §2.3.1).
    Client {
        /// Not a secret (RFC 6749 §2.2).
        client_id: String,
        /// Sent in the body or as HTTP Basic, as the profile says.
        client_secret: Secret,
    },
    /// A user's account, for the password grant and for Cognito.
    User {
        /// As the vendor knows the user, such as an e-mail address.
        username: String,
        /// Sent to the token endpoint only.
        password: Secret,
    },
    /// A refresh token from a sign-in elsewhere; once it is refused, so is every operation.
    RefreshToken(Secret),
}

/// The Amazon Cognito pools of a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CognitoConfig {
    /// The AWS region, such as `eu-west-2`.
    pub region: String,
    /// The user pool, which signs users in, such as `eu-west-2_AbC123`.
    pub user_pool_id: String,
    /// The identity pool, which issues AWS credentials, such as `eu-west-2:` and a UUID.
    pub identity_pool_id: String,
    /// The app client of the user pool; one without a secret.
    pub client_id: String,
}
