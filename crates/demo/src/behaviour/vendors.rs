//! Switches of what one vendor alone has: jobs, Cognito, signatures, websockets.

use serde::{Deserialize, Serialize};

/// Athelas: creating a scribe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Job {
    /// Seconds between two looks at the state.
    pub(crate) poll_gap_s: f64,
    /// `template_ids` is one field with commas.
    pub(crate) ids_with_commas: bool,
    /// `Content-Type` names the boundary.
    pub(crate) names_boundary: bool,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            poll_gap_s: 0.6,
            ids_with_commas: false,
            names_boundary: true,
        }
    }
}

/// What the client does with a challenge that it meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnChallenge {
    /// It tells the caller.
    #[default]
    Told,
    /// It goes on to the API.
    Ignored,
    /// It looks for tokens in the reply, and an error of its own reaches the caller.
    Unhandled,
}

/// Scribe: user pool and identity pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cognito {
    /// What the client does with NEW_PASSWORD_REQUIRED.
    pub(crate) on_challenge: OnChallenge,
    /// The challenge is answered with `username` and `newPassword`.
    pub(crate) wrong_challenge_keys: bool,
    /// AWS credentials are fetched for each call.
    pub(crate) credentials_per_call: bool,
    /// GetId goes before each GetCredentialsForIdentity.
    pub(crate) identity_each_time: bool,
    /// `Logins` carries the access token.
    pub(crate) access_token_in_logins: bool,
    /// Sign-in by SRP whose proof uses the typed name.
    pub(crate) srp_with_typed_name: bool,
    /// `Content-Type` of each operation is `application/json`.
    pub(crate) plain_media_type: bool,
    /// A password that is no temporary one is changed with the id token.
    pub(crate) changes_with_id_token: bool,
    /// AWS credentials are kept for a second.
    pub(crate) credentials_for_a_second: bool,
    /// AWS credentials are used until they end.
    pub(crate) credentials_to_the_last: bool,
    /// Operations are not named.
    pub(crate) unnamed_operations: bool,
    /// A challenge is answered with the password that it asks to replace.
    pub(crate) answers_with_old_password: bool,
}

/// How a signature's date is corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SkewCorrection {
    /// By the `Date` of the refusal, as long as clocks differ.
    #[default]
    WhileNeeded,
    /// By the first refusal, for good.
    Forever,
    /// Not at all: a refusal for the date leads to a new login.
    NewLogin,
}

/// Scribe: signatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Signing {
    /// The query is signed as it stands.
    pub(crate) literal_query: bool,
    /// The service of the scope.
    pub(crate) service: String,
    /// `x-amz-security-token` is sent.
    pub(crate) session_token: bool,
    /// How a date is corrected.
    pub(crate) skew: SkewCorrection,
    /// During a renewal the new key is used with the old session token.
    pub(crate) torn_credentials: bool,
    /// Requests to presigned URLs are signed.
    pub(crate) signs_presigned: bool,
    /// 403 ExpiredTokenException leads to new credentials and a repeat.
    pub(crate) renews_ended_credentials: bool,
    /// The hash of the empty body is signed for each request.
    pub(crate) empty_body_hash: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            literal_query: false,
            service: "execute-api".to_owned(),
            session_token: true,
            skew: SkewCorrection::WhileNeeded,
            torn_credentials: false,
            signs_presigned: false,
            renews_ended_credentials: true,
            empty_body_hash: false,
        }
    }
}

/// What of the 101 is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HandshakeChecks {
    /// All that RFC 6455 §4.1 names.
    #[default]
    All,
    /// Status and `Sec-WebSocket-Accept`.
    AcceptOnly,
    /// All but `Sec-WebSocket-Accept`.
    NotAccept,
}

/// By which keys frames are masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Masks {
    /// A random one for each frame.
    #[default]
    Fresh,
    /// A random one for each connection.
    Kept,
    /// Zeros.
    Zeros,
    /// None: frames are not masked.
    None,
}

/// Corti: websockets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Socket {
    /// What stands before the token in the URL.
    pub(crate) token_prefix: String,
    /// `?` joins the token to the URL whether or not that has a query.
    pub(crate) second_question_mark: bool,
    /// `tenant-name` of the returned URL is kept.
    pub(crate) keeps_tenant: bool,
    /// A reconnect uses the URL and token of the first connection.
    pub(crate) stale_reconnect: bool,
    /// Constant gap in seconds between reconnects, without a limit.
    pub(crate) reconnect_gap_s: Option<f64>,
    /// The same key on each connection.
    pub(crate) fixed_key: bool,
    /// By which keys frames are masked.
    pub(crate) masks: Masks,
    /// The code of each close, instead of the fitting one.
    pub(crate) close_code: Option<u16>,
    /// What of the 101 is compared.
    pub(crate) handshake: HandshakeChecks,
    /// CONFIG_TIMEOUT leaves the open hanging.
    pub(crate) hangs_on_config_timeout: bool,
    /// Audio is sent before CONFIG_ACCEPTED.
    pub(crate) audio_first: bool,
    /// Bytes of audio in a frame.
    pub(crate) frame_bytes: usize,
    /// A 401 to the upgrade leads to a new token and a second try.
    pub(crate) second_try: bool,
    /// The token is sent in the header as well.
    pub(crate) header_token: bool,
    /// `Sec-WebSocket-Version`.
    pub(crate) version: u8,
    /// The cached token is used whatever its age.
    pub(crate) any_age: bool,
    /// Pings are answered.
    pub(crate) pongs: bool,
    /// A close of the vendor is answered.
    pub(crate) answers_close: bool,
    /// The session is ended with `end`, and ENDED is its end.
    pub(crate) ends: bool,
    /// The first fragment is taken for the message.
    pub(crate) first_fragment_only: bool,
    /// Masked frames are read.
    pub(crate) reads_masked: bool,
}

impl Default for Socket {
    fn default() -> Self {
        Self {
            token_prefix: "Bearer%20".to_owned(),
            second_question_mark: false,
            keeps_tenant: true,
            stale_reconnect: false,
            reconnect_gap_s: None,
            fixed_key: false,
            masks: Masks::Fresh,
            close_code: None,
            handshake: HandshakeChecks::All,
            hangs_on_config_timeout: false,
            audio_first: false,
            frame_bytes: 16_000,
            second_try: true,
            header_token: false,
            version: 13,
            any_age: false,
            pongs: true,
            answers_close: true,
            ends: true,
            first_fragment_only: false,
            reads_masked: false,
        }
    }
}

/// Pattern: receiving webhooks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Webhook {
    /// A delivery that comes again gives 500.
    pub(crate) once: bool,
}
