//! One thing changed in what is asked of a user pool, an identity pool or a revocation endpoint
//! beside a sign-in.

use serde::{Deserialize, Serialize};

/// One thing changed in the answer to a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeVariation {
    /// A Session that nobody issued.
    ForgedSession,
    /// The Session of another user's challenge.
    ForeignSession,
    /// A Session that was answered before.
    UsedSession,
    /// A Session whose time is over.
    OutdatedSession,
}

impl ChallengeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::ForgedSession,
        Self::ForeignSession,
        Self::UsedSession,
        Self::OutdatedSession,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::ForgedSession => "with a forged Session",
            Self::ForeignSession => "with the Session of another user",
            Self::UsedSession => "with a used Session",
            Self::OutdatedSession => "with an outdated Session",
        }
    }
}

/// One thing changed in a request for an identity or for AWS credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityVariation {
    /// The id token stands under the name of another user pool.
    AnotherPool,
    /// The id token stands under the name of the pool in another region.
    AnotherRegion,
    /// There are no Logins.
    NoLogins,
    /// The identity does not exist.
    UnknownIdentity,
    /// The identity is another user's.
    ForeignIdentity,
}

impl IdentityVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AnotherPool,
        Self::AnotherRegion,
        Self::NoLogins,
        Self::UnknownIdentity,
        Self::ForeignIdentity,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::AnotherPool => "under another user pool",
            Self::AnotherRegion => "under another region",
            Self::NoLogins => "without Logins",
            Self::UnknownIdentity => "for an identity that does not exist",
            Self::ForeignIdentity => "for another user's identity",
        }
    }
}

/// One thing changed in a revocation, beside those of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationVariation {
    /// Of a token that nobody issued.
    UnknownToken,
    /// Of a token of a kind that may not be revocable: an access token of a user pool, an id token
    /// elsewhere.
    OtherKind,
    /// Of the refresh token, where the documented one is of the access token.
    RefreshToken,
    /// With a `token_type_hint` that names another kind (RFC 7009 §2.1).
    WrongHint,
    /// With a `token_type_hint` that names nothing.
    UnknownHint,
}

impl RevocationVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::UnknownToken,
        Self::OtherKind,
        Self::RefreshToken,
        Self::WrongHint,
        Self::UnknownHint,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::UnknownToken => "of a token that nobody issued",
            Self::OtherKind => "of a token of another kind",
            Self::RefreshToken => "of the refresh token",
            Self::WrongHint => "with a wrong hint",
            Self::UnknownHint => "with a hint that nobody knows",
        }
    }
}
