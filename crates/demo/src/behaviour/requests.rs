//! Switches of requests and replies: login, replies, API, retries, redirects, errors, TLS.

use serde::{Deserialize, Serialize};

/// How the client authenticates at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AuthMethod {
    /// `Authorization: Basic`.
    Basic,
    /// Form parameters.
    Body,
    /// Both.
    Both,
}

/// The form of the token request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Login {
    /// Credentials of the program instead of the configured ones.
    pub(crate) built_in_credentials: bool,
    /// The body is JSON.
    pub(crate) json: bool,
    /// `grant_type`, instead of the documented one.
    pub(crate) grant: Option<String>,
    /// How often `scope` is sent, instead of as documented.
    pub(crate) scopes: Option<u8>,
    /// Form values are percent-encoded.
    pub(crate) encodes_values: bool,
    /// The path gets a slash at its end.
    pub(crate) extra_slash: bool,
    /// The secret stands in the query, too.
    pub(crate) secret_in_query: bool,
    /// How the client authenticates, instead of as documented.
    pub(crate) method: Option<AuthMethod>,
    /// Basic is written in the url-safe alphabet without padding.
    pub(crate) url_safe_basic: bool,
    /// The secret ends at its first colon.
    pub(crate) cuts_secret_at_colon: bool,
    /// `Accept` of the token request.
    pub(crate) accept: String,
    /// `User-Agent` contains the secret.
    pub(crate) secret_in_user_agent: bool,
    /// The method of the token request.
    pub(crate) verb: String,
    /// The query of the token URL is sent.
    pub(crate) keeps_query: bool,
    /// https in the token URL is replaced by http.
    pub(crate) plain_http: bool,
    /// The parameter of the user name.
    pub(crate) name_parameter: String,
    /// `Origin` of the token request.
    pub(crate) origin: Option<String>,
    /// `client_id` is sent in the body.
    pub(crate) sends_client_id: bool,
    /// The key set is fetched once, and its first signing key is taken whatever the kid.
    pub(crate) verifies_with_first_key: bool,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            built_in_credentials: false,
            json: false,
            grant: None,
            scopes: None,
            encodes_values: true,
            extra_slash: false,
            secret_in_query: false,
            method: None,
            url_safe_basic: false,
            cuts_secret_at_colon: false,
            accept: "application/json".to_owned(),
            secret_in_user_agent: false,
            verb: "POST".to_owned(),
            keeps_query: true,
            plain_http: false,
            name_parameter: "username".to_owned(),
            origin: None,
            sends_client_id: true,
            verifies_with_first_key: false,
        }
    }
}

/// Where the token is found in a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenFrom {
    /// The member `access_token` of a whole JSON object.
    #[default]
    Json,
    /// What follows `"access_token":"` in whatever has arrived.
    RawText,
    /// The first member of the object.
    FirstMember,
}

/// How replies are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Replies {
    /// A token that is not a JWT is an error.
    pub(crate) needs_jwt: bool,
    /// Where the token is found.
    pub(crate) token_from: TokenFrom,
    /// A missing token becomes the text `undefined`.
    pub(crate) missing_is_undefined: bool,
    /// Any `token_type` is taken for bearer.
    pub(crate) any_token_type: bool,
    /// An unknown member is an error.
    pub(crate) strict_members: bool,
    /// Tokens are cut at this many bytes.
    pub(crate) token_buffer: Option<usize>,
    /// A list in `detail` is an error of the client itself, which ends its instance.
    pub(crate) detail_must_be_text: bool,
    /// A list in `detail` is an error of the client itself, which fails the call and no other.
    pub(crate) detail_list_fails: bool,
    /// A token reply that cannot be read is the answer to each later call.
    pub(crate) unreadable_is_kept: bool,
    /// A list in the `aud` claim is an error.
    pub(crate) aud_must_be_text: bool,
    /// Only the first chunk of a token reply is read.
    pub(crate) first_chunk_only: bool,
    /// `Content-Type` must be exactly `application/json`.
    pub(crate) media_type_as_text: bool,
    /// An API reply that ends before its length is whole.
    pub(crate) half_is_whole: bool,
    /// The body of a 401 must be JSON.
    pub(crate) parses_401: bool,
}

/// A second place for the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SecondPlace {
    /// The form body of a POST.
    Form,
    /// The query.
    Query,
    /// A cookie.
    Cookie,
    /// A second `Authorization`.
    Header,
    /// A header of its own.
    OwnHeader,
}

/// The form of API requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Api {
    /// What stands before the token in `Authorization`.
    pub(crate) scheme: String,
    /// The scheme is written as `token_type` says.
    pub(crate) copies_token_type: bool,
    /// The id token is sent instead of the access token.
    pub(crate) id_token: bool,
    /// A second place for the token.
    pub(crate) token_also_in: Option<SecondPlace>,
    /// `Tenant-Name` is sent.
    pub(crate) tenant: bool,
    /// The base path stands twice.
    pub(crate) base_twice: bool,
    /// The environment in the API's address stays a placeholder.
    pub(crate) environment_left_open: bool,
    /// The refresh token is sent in a header of its own.
    pub(crate) refresh_token: bool,
    /// Scribe's v2: what stands before the token.
    pub(crate) v2_scheme: String,
    /// The first request is made without login.
    pub(crate) unsigned_first: bool,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            scheme: "Bearer ".to_owned(),
            copies_token_type: false,
            id_token: false,
            token_also_in: None,
            tenant: true,
            base_twice: false,
            environment_left_open: false,
            refresh_token: false,
            v2_scheme: String::new(),
            unsigned_first: false,
        }
    }
}

/// What a repeated POST carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RepeatedBody {
    /// The same bytes.
    #[default]
    Whole,
    /// Nothing, where the body was given as text.
    Empty,
    /// What a stream has left.
    RestOfStream,
    /// Nothing, and the repeat is a GET.
    NoneInGet,
}

/// How `Retry-After` is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryAfterReading {
    /// Both forms, up to a limit.
    #[default]
    Both,
    /// Not at all; the pause is 1 s.
    Ignored,
    /// Not at all; the pause is 2.5 s.
    LongPause,
    /// Seconds only.
    SecondsOnly,
    /// Seconds only; a date is an error of the client itself.
    DateFails,
    /// Both forms, without limit, and without the caller's own.
    Unlimited,
}

/// What is tried again, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retry {
    /// How often a call refused with 401 is sent again with a new token.
    pub(crate) resends_after_401: u32,
    /// How often a refused login is tried.
    pub(crate) refused_logins: u32,
    /// Refused credentials are remembered.
    pub(crate) remembers_refusal: bool,
    /// What a repeated POST carries.
    pub(crate) repeated_body: RepeatedBody,
    /// Constant gap in seconds between token requests that fail.
    pub(crate) token_gap_s: Option<f64>,
    /// How `Retry-After` is read.
    pub(crate) retry_after: RetryAfterReading,
    /// `Retry-After` of the token endpoint is not read.
    pub(crate) token_retry_after_ignored: bool,
    /// `Retry-After` beside a 429 of the token endpoint is not read.
    pub(crate) token_throttle_ignored: bool,
    /// Constant gap in seconds between API requests answered with 5xx.
    pub(crate) api_gap_s: Option<f64>,
    /// Gap in seconds after 429 without `Retry-After`.
    pub(crate) throttled_gap_s: Option<f64>,
    /// Token requests have no time limit, and calls none while they wait for one.
    pub(crate) waits_forever: bool,
    /// While the token endpoint is down, each call asks it once.
    pub(crate) each_call_asks_in_outage: bool,
    /// A POST is repeated after 5xx.
    pub(crate) repeats_posts: bool,
    /// Further statuses of the API that are tried again.
    pub(crate) repeated_statuses: Vec<u16>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            resends_after_401: 1,
            refused_logins: 1,
            remembers_refusal: true,
            repeated_body: RepeatedBody::Whole,
            token_gap_s: None,
            retry_after: RetryAfterReading::Both,
            token_retry_after_ignored: false,
            token_throttle_ignored: false,
            api_gap_s: None,
            throttled_gap_s: None,
            waits_forever: false,
            each_call_asks_in_outage: false,
            repeats_posts: false,
            repeated_statuses: Vec::new(),
        }
    }
}

/// What is followed to where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Follow {
    /// A redirect of the API is followed with the token.
    pub(crate) api_redirects: bool,
    /// A redirect of the token endpoint is followed with the secret.
    pub(crate) token_redirects: bool,
    /// A redirect of a websocket's upgrade is followed with the token.
    pub(crate) socket_redirects: bool,
    /// `nextPage` is followed to any host.
    pub(crate) pages_anywhere: bool,
    /// `nextPage` is not read.
    pub(crate) first_page_only: bool,
}

/// What the caller and the log are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tell {
    /// The token is logged at level debug.
    pub(crate) log_has_token: bool,
    /// The secret key of AWS credentials is logged at level debug.
    pub(crate) log_has_secret_key: bool,
    /// The error repeats the reply of the token endpoint.
    pub(crate) error_has_reply: bool,
    /// The error of a failed open shows the URL with the token.
    pub(crate) error_has_socket_url: bool,
    /// Every fault of the login is called bad credentials.
    pub(crate) login_fault_is_auth: bool,
    /// Throttling is called bad credentials.
    pub(crate) throttling_is_auth: bool,
    /// Every fault of the API is called bad credentials.
    pub(crate) api_fault_is_auth: bool,
}

/// What is checked of a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CertificateChecks {
    /// Chain, dates and host name.
    #[default]
    All,
    /// Chain and dates.
    NotHost,
    /// Nothing.
    Nothing,
}

/// How the peer of a TLS connection is checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    /// What is checked.
    pub(crate) checks: CertificateChecks,
    /// The API is called whatever its certificate; logins are as careful as ever.
    pub(crate) api_unchecked: bool,
    /// Websockets are opened whatever the certificate.
    pub(crate) socket_unchecked: bool,
    /// After a TLS failure plain http is tried.
    pub(crate) falls_back: bool,
}
