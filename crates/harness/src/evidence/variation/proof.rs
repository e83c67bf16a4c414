//! One thing changed in the proof that ends a login by SRP.

use serde::{Deserialize, Serialize};

/// One thing changed in the proof that ends a login by SRP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofVariation {
    /// The proof of another password.
    AnotherPassword,
    /// The right proof with another first byte.
    FirstByte,
    /// The right proof with another last byte.
    LastByte,
    /// Another `TIMESTAMP` than the one that was signed.
    AnotherTime,
    /// The right proof under the `SECRET_BLOCK` of a login that was begun after it.
    AnotherBlock,
    /// The right proof under another user's name.
    AnotherUser,
    /// The right proof, shown by another client of the pool.
    AnotherClient,
    /// No proof.
    NoProof,
    /// No `SECRET_BLOCK`.
    NoBlock,
    /// No `TIMESTAMP`.
    NoTime,
    /// No user name.
    NoUserName,
    /// The right proof of an account with a second factor.
    SecondFactor,
    /// The right proof of an account whose password is temporary.
    Temporary,
}

impl ProofVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AnotherPassword,
        Self::FirstByte,
        Self::LastByte,
        Self::AnotherTime,
        Self::AnotherBlock,
        Self::AnotherUser,
        Self::AnotherClient,
        Self::NoProof,
        Self::NoBlock,
        Self::NoTime,
        Self::NoUserName,
        Self::SecondFactor,
        Self::Temporary,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::AnotherPassword => "with another password",
            Self::FirstByte => "altered in its first byte",
            Self::LastByte => "altered in its last byte",
            Self::AnotherTime => "with another timestamp than was signed",
            Self::AnotherBlock => "with the secret block of another login",
            Self::AnotherUser => "under the name of another user",
            Self::AnotherClient => "by another client",
            Self::NoProof => "without a proof",
            Self::NoBlock => "without a secret block",
            Self::NoTime => "without a timestamp",
            Self::NoUserName => "without a user name",
            Self::SecondFactor => "as a user with a second factor",
            Self::Temporary => "as a user with a temporary password",
        }
    }

    /// The challenge to which this right proof leads, where there is a further one.
    pub const fn next_challenge(self) -> Option<&'static str> {
        match self {
            Self::SecondFactor => Some("SOFTWARE_TOKEN_MFA"),
            Self::Temporary => Some("NEW_PASSWORD_REQUIRED"),
            _ => None,
        }
    }
}
