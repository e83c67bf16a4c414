//! `[api]` and `[resources]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How a token is shown to the resources.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::generic) struct Api {
    /// How a token is shown: bearer, raw (`Authorization` holds it alone), header or query.
    #[serde(default)]
    pub(in crate::generic) proof: Proof,
    /// The header that holds the token, where `proof` is `header`, such as `X-Api-Token`.
    #[serde(default)]
    pub(in crate::generic) header: Option<String>,
    /// The query parameter that holds the token, where `proof` is `query`, such as `access_token`.
    #[serde(default)]
    pub(in crate::generic) parameter: Option<String>,
    /// The header that names the tenant, where clients send one.
    #[serde(default)]
    pub(in crate::generic) tenant_header: Option<String>,
    /// A path that a plain GET may read: what a client calls first. The first resource that fits
    /// is taken when it is left out.
    #[serde(default)]
    pub(in crate::generic) sample: Option<String>,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::generic) enum Proof {
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
pub(in crate::generic) struct Resource {
    /// Its method.
    #[serde(default = "get")]
    pub(in crate::generic) method: String,
    /// Its path; `{name}` stands for a segment.
    pub(in crate::generic) path: String,
    /// The scope that a token needs for it.
    #[serde(default)]
    pub(in crate::generic) scope: Option<String>,
    /// Whether it answers without a token.
    #[serde(default)]
    pub(in crate::generic) public: bool,
    /// The status of its reply.
    #[serde(default = "ok")]
    pub(in crate::generic) status: u16,
    /// Headers of its reply; values are templates.
    #[serde(default)]
    pub(in crate::generic) headers: BTreeMap<String, String>,
    /// The body of its reply, a template.
    #[serde(default)]
    pub(in crate::generic) body: Option<String>,
    /// The body of its reply as JSON, written as TOML; texts are templates.
    #[serde(default)]
    pub(in crate::generic) json: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

const fn ok() -> u16 {
    200
}
