//! What whoever refuses knows, and a server may look into once the refusal stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::credential::Secret;
use crate::token::TokenKind;

/// A trace that leads from a refusal to its visible cause. It never leaves the server: whoever
/// completes the reason takes it out of the denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clue {
    /// Members of the request were not where they are read.
    Absent {
        /// Where they are read.
        place: Place,
        /// Their names, the first that was missed first.
        names: Vec<String>,
    },
    /// A token, code or session was presented and did not do.
    Presented {
        /// The value as the request had it.
        value: Secret,
        /// What was asked for; `None` where several kinds would do.
        wanted: Option<TokenKind>,
        /// The client that presented it, where that is known.
        client: Option<String>,
    },
}

/// A part of a request in which a member can stand.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The query of the target.
    Query,
    /// A body of `application/x-www-form-urlencoded`.
    Form,
    /// A body of `multipart/form-data`.
    Multipart,
    /// A JSON body, at any depth.
    Json,
    /// The user and password of `Authorization: Basic`.
    Basic,
    /// A header line.
    Header,
    /// A cookie.
    Cookie,
}

impl Place {
    /// As in "client_id in the query".
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Query => "the query",
            Self::Form => "the form",
            Self::Multipart => "the multipart body",
            Self::Json => "the JSON body",
            Self::Basic => "Authorization: Basic",
            Self::Header => "a header",
            Self::Cookie => "a cookie",
        }
    }
}
