//! What was issued, with its lineage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::journal::EntryId;

/// Names one issued token of a stage; counts from 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct TokenId(pub u64);

impl TokenId {
    /// How the journal and reports call the token of this id, which is of `kind` and for `principal`.
    pub fn name(self, kind: TokenKind, principal: &str) -> String {
        let id = self.0.to_string();
        ["«", kind.word(), " ", &id, " of ", principal, "»"].concat()
    }
}

/// What kind of thing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// An access token.
    Access,
    /// An id token of OpenID Connect or Cognito.
    Id,
    /// A refresh token.
    Refresh,
    /// A challenge session.
    Session,
    /// An authorization code, or a code sent to confirm something.
    Code,
    /// Temporary AWS credentials.
    Aws,
}

impl TokenKind {
    /// The word in names such as `«access token 2 of client-a»`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access token",
            Self::Id => "id token",
            Self::Refresh => "refresh token",
            Self::Session => "session",
            Self::Code => "code",
            Self::Aws => "aws credentials",
        }
    }
}

/// Whether a token works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It works.
    Live,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It was used up (a code, a rotated refresh token).
    Spent,
}

impl TokenState {
    /// The state at `now` of what was or was not revoked or used up and ends at `expires`.
    pub fn of(revoked: bool, spent: bool, expires: Option<Timestamp>, now: Timestamp) -> Self {
        if revoked {
            Self::Revoked
        } else if spent {
            Self::Spent
        } else if expires.is_some_and(|end| now >= end) {
            Self::Expired
        } else {
            Self::Live
        }
    }
}

/// One issued token. Its value is not here: the store finds it by a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Its name in the journal.
    pub id: TokenId,
    /// What it is.
    pub kind: TokenKind,
    /// The vendor that issued it.
    pub vendor: String,
    /// Tenant or realm, where the vendor has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The client it was issued to, where the vendor has clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The user, or the client itself for client credentials.
    pub principal: String,
    /// Groups all that one login led to, across refreshes.
    pub login: u64,
    /// The token that it was made from (a refresh token, a session, a code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TokenId>,
    /// The request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<EntryId>,
    /// Granted scope, as words with a space between; empty where the vendor has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends; `None` means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Whether it was revoked.
    #[serde(default)]
    pub revoked: bool,
    /// Whether it was used up.
    #[serde(default)]
    pub spent: bool,
    /// How many requests presented it.
    #[serde(default)]
    pub uses: u64,
    /// The last request that presented it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<EntryId>,
    /// What else the vendor remembers of it (`auth_time`, `nonce`, …).
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl Token {
    /// Its state at `now`. A token ends *on* its expiry (RFC 7519 §4.1.4: "on or after").
    pub fn state(&self, now: Timestamp) -> TokenState {
        TokenState::of(self.revoked, self.spent, self.expires, now)
    }

    /// `«access token 2 of client-a»`: how the journal and reports call it.
    pub fn name(&self) -> String {
        self.id.name(self.kind, &self.principal)
    }
}
