//! One thing changed in the opening of a websocket.

use serde::{Deserialize, Serialize};

/// One thing changed in the opening of a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketVariation {
    /// No token at all.
    NoToken,
    /// A token that was never issued.
    UnknownToken,
    /// Nothing behind the word in front of it.
    EmptyToken,
    /// The id token of the same login.
    IdToken,
    /// The right token with a character of its signature changed.
    SignatureChanged,
    /// The token that the caller got first, which has ended since.
    EndedToken,
    /// Another token, which was supplied and has ended.
    SuppliedEndedToken,
    /// The latest token, which was asked for with a scope of its own.
    LimitedToken,
    /// The token of a client of another tenant.
    OtherTenant,
    /// The address without the name of the tenant.
    NoTenant,
}

impl SocketVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::NoToken,
        Self::UnknownToken,
        Self::EmptyToken,
        Self::IdToken,
        Self::SignatureChanged,
        Self::EndedToken,
        Self::SuppliedEndedToken,
        Self::LimitedToken,
        Self::OtherTenant,
        Self::NoTenant,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::NoToken => "without a token",
            Self::UnknownToken => "with an unknown token",
            Self::EmptyToken => "with an empty token",
            Self::IdToken => "with the id token",
            Self::SignatureChanged => "with the token's signature changed",
            Self::EndedToken => "with a token that has ended",
            Self::SuppliedEndedToken => "with a supplied token that has ended",
            Self::LimitedToken => "with the limited token",
            Self::OtherTenant => "with a token of another tenant",
            Self::NoTenant => "without the tenant's name",
        }
    }
}
