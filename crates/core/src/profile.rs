//! A vendor's facts, as its `vendor.toml` states them.
//!
//! The file holds what can be quoted from the vendor's pages: paths, methods, the grant, where the
//! secret travels, lifetimes, the wire unit of `expires_in`, the table *denial -> status and
//! body*, and settings for what is not documented. What must be performed is code.

mod check;
mod parse;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use check::ValueFault;
pub use parse::{ProfileError, ProfileFault};

use crate::denial::Denial;
use crate::setting::Setting;

/// A vendor's facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The vendor's slug: first path segment, folder name, `LOCUM_VENDOR`.
    pub vendor: String,
    /// Its name for people.
    pub title: String,
    /// The pages the facts are from.
    #[serde(default)]
    pub documents: Vec<String>,
    /// Host names under which the vendor answers at the root.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What a client is configured with: name of the address -> path below the vendor's root.
    /// `{tenant}` and the like are filled from the stage's principals.
    pub urls: BTreeMap<String, String>,
    /// Everything that is routed, by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// How a token is obtained and what the reply says.
    pub token: TokenFacts,
    /// How a token is shown to the API.
    #[serde(default)]
    pub api: ApiFacts,
    /// How a websocket is opened, where the vendor has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<SocketFacts>,
    /// Signing facts, where requests are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureFacts>,
    /// Headers of every reply, before a denial or endpoint adds its own.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether replies carry a `Date` by the stage's clock.
    #[serde(default = "yes")]
    pub date: bool,
    /// Denial reason or kind -> how it looks on the wire; `default` is for all others.
    pub denials: BTreeMap<String, ErrorTemplate>,
    /// Further denial reasons of this vendor, which look as their kind does, or `default`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Choices where the documents are silent, by name without the vendor's slug.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Settings of a stage on which a client is judged, where they differ from the default: what
    /// the vendor does on purpose, so that more of the client shows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judging: BTreeMap<String, Value>,
    /// The principals of a fresh stage, in the shape of the stage document; secrets that are left
    /// out are made from the stage's seed.
    #[serde(default)]
    pub principals: serde_json::Map<String, Value>,
}

/// One routed endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Methods it takes.
    pub methods: Vec<String>,
    /// Path below the vendor's root, with `{name}` for a segment.
    pub path: String,
    /// Other paths under which it answers, such as the same with a slash after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Where the vendor says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Largest body in bytes; a larger one is refused with 413.
    #[serde(default = "one_mebibyte")]
    pub max_body: u64,
}

const fn one_mebibyte() -> u64 {
    1 << 20
}

/// How a token is obtained, and what the reply says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFacts {
    /// The grant that the vendor's page shows.
    pub grant: Grant,
    /// Whether the page's request names `grant_type`.
    #[serde(default = "yes")]
    pub sends_grant_type: bool,
    /// Where client id and secret travel.
    #[serde(default)]
    pub secret_in: SecretIn,
    /// Where the client's own id and secret travel in a password request, where it has to show them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_in: Option<SecretIn>,
    /// The scope that the page's request asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The `Accept` header that the page lists, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// The unit of `expires_in` on the wire.
    pub expires_in: ExpiresIn,
    /// How long an access token lives, in seconds.
    pub lifetime_s: u64,
    /// The settings that say how long a token lives, each in the unit that the vendor writes on the
    /// wire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifetime_settings: Vec<String>,
    /// The same for temporary credentials that are got for a token, where the vendor has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_lifetime_setting: Option<String>,
    /// How long a refresh token lives, in seconds, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_lifetime_s: Option<u64>,
    /// The value of `token_type`.
    #[serde(default = "bearer")]
    pub token_type: String,
    /// Form of the access token.
    #[serde(default)]
    pub format: TokenFormat,
    /// Headers of a successful reply.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl TokenFacts {
    /// How long an access token lives.
    pub const fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_s)
    }
}

const fn yes() -> bool {
    true
}

fn bearer() -> String {
    "Bearer".to_owned()
}

/// The grant, or the flow that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.3.
    Password,
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// Amazon Cognito's `InitiateAuth`, with temporary AWS credentials behind it.
    Cognito,
}

/// Where client id and secret travel in a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretIn {
    /// `Authorization: Basic` (RFC 6749 §2.3.1).
    Basic,
    /// Parameters of the form.
    #[default]
    Body,
}

/// The unit of `expires_in` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// The reply has no such member.
    Absent,
    /// Seconds (RFC 6749 §5.1).
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl ExpiresIn {
    /// The number on the wire for `lifetime`; `None` when the member is left out.
    pub fn to_wire(self, lifetime: Duration) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Seconds => Some(lifetime.as_secs()),
            Self::Milliseconds => Some(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// The lifetime that `raw` on the wire means; `None` when this vendor's reply has no such member.
    pub const fn from_wire(self, raw: u64) -> Option<Duration> {
        match self {
            Self::Absent => None,
            Self::Seconds => Some(Duration::from_secs(raw)),
            Self::Milliseconds => Some(Duration::from_millis(raw)),
        }
    }
}

/// Form of an access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// Random text.
    #[default]
    Opaque,
    /// A JSON Web Token.
    Jwt,
}

/// How a token is shown to the API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFacts {
    /// The path below the API's address at which objects are created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<String>,
    /// How a request proves itself.
    #[serde(default)]
    pub proof: Proof,
    /// The header that holds the token, where `proof` is `header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds the token, where `proof` is `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The header that names the tenant, where the vendor wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_header: Option<String>,
    /// A path below `urls.api` that a plain GET may read: what a client calls first. `{group}` and
    /// the like are filled from the stage's principals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// How a request proves itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    #[default]
    Bearer,
    /// AWS Signature Version 4.
    Sigv4,
    /// `Authorization` holds the token and nothing else.
    Raw,
    /// The header that `api.header` names holds the token.
    Header,
    /// The query parameter that `api.parameter` names holds the token.
    Query,
}

/// How a websocket is opened, and what is said on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketFacts {
    /// The query parameter that carries the token.
    pub token_parameter: String,
    /// What stands before the token in that parameter, such as `Bearer `.
    pub token_prefix: String,
    /// Largest binary frame in bytes.
    pub max_frame: u64,
    /// The types of messages that begin and end a session.
    #[serde(default)]
    pub messages: SocketMessages,
    /// A configuration that the vendor accepts, by the endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configurations: BTreeMap<String, serde_json::Value>,
}

/// The member `type` of the messages that begin and end a session on a websocket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SocketMessages {
    /// The client's configuration, which comes first.
    pub configuration: String,
    /// The vendor's acceptance: from then on audio may come.
    pub accepted: String,
    /// The client's end.
    pub end: String,
    /// The vendor's end, in all its spellings.
    pub ended: Vec<String>,
}

/// What requests are signed for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFacts {
    /// Region of the credential scope.
    pub region: String,
    /// Service of the credential scope.
    pub service: String,
}

/// How a denial looks on the wire. `{name}` in values stands for what the denial carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorTemplate {
    /// The status.
    pub status: u16,
    /// The denial whose headers it has too: a vendor's refusals come in families.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherits: Option<String>,
    /// Headers, `content-type` among them.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    #[serde(default)]
    pub body: String,
}

impl Profile {
    /// Reads a profile; `file` is named in errors only.
    ///
    /// # Errors
    /// When the text is not TOML, a key is unknown or of the wrong type, keys are missing (all are
    /// named), or a value cannot be what it is meant for, each with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, ProfileError> {
        parse::parse(file, text)
    }

    /// What is wrong with the values of a profile that no file was read for; [`parse`](Self::parse)
    /// looks at them too.
    pub fn faults(&self) -> Vec<ValueFault> {
        check::check(self)
    }

    /// The endpoint called `name`.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.get(name)
    }

    /// How `denial` looks on the wire: by its reason, else by its kind, else as `default`.
    pub fn template_of(&self, denial: &Denial) -> Option<&ErrorTemplate> {
        [denial.reason.as_str(), denial.kind.as_str(), "default"]
            .into_iter()
            .find_map(|key| self.denials.get(key))
    }

    /// Whether this vendor's mock may refuse for `reason`: the profile lists it, or every mock
    /// has it ([`SHARED_REASONS`](crate::denial::SHARED_REASONS)).
    pub fn knows_reason(&self, reason: &str) -> bool {
        self.denials.contains_key(reason)
            || self.reasons.iter().any(|known| known == reason)
            || crate::denial::SHARED_REASONS.contains(&reason)
    }
}

#[cfg(test)]
mod tests;
