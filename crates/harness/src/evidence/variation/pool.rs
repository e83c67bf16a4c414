//! One thing changed in what is asked of a user pool, an identity pool or a revocation endpoint
//! beside a sign-in.

use serde::{Deserialize, Serialize};

use super::ShownToken;

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
    /// A beginning of the Session.
    CutSession,
    /// The Session with a letter more behind it.
    LongerSession,
    /// No Session.
    NoSession,
    /// The right Session, shown by another client of the pool.
    AnotherClient,
    /// The code of the authenticator with another first digit.
    FirstDigit,
    /// The code of the authenticator with another last digit.
    LastDigit,
    /// A code whose time is over.
    OldCode,
    /// A code that opened a login before.
    UsedCode,
    /// No code.
    NoCode,
    /// No user name.
    NoUserName,
    /// `NEW_PASSWORD_REQUIRED` where a code is asked for, with the present password for a new one.
    AnotherChallenge,
    /// `SOFTWARE_TOKEN_MFA` where a new password is asked for, with an invented code.
    CodeForPassword,
}

impl ChallengeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::ForgedSession,
        Self::ForeignSession,
        Self::UsedSession,
        Self::OutdatedSession,
        Self::CutSession,
        Self::LongerSession,
        Self::NoSession,
        Self::AnotherClient,
        Self::FirstDigit,
        Self::LastDigit,
        Self::OldCode,
        Self::UsedCode,
        Self::NoCode,
        Self::NoUserName,
        Self::AnotherChallenge,
        Self::CodeForPassword,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::ForgedSession => "with a forged Session",
            Self::ForeignSession => "with the Session of another user",
            Self::UsedSession => "with a used Session",
            Self::OutdatedSession => "with an outdated Session",
            Self::CutSession => "with a beginning of the Session",
            Self::LongerSession => "with a letter behind the Session",
            Self::NoSession => "without a Session",
            Self::AnotherClient => "by another client",
            Self::FirstDigit => "altered in its first digit",
            Self::LastDigit => "altered in its last digit",
            Self::OldCode => "of two minutes ago",
            Self::UsedCode => "that was used before",
            Self::NoCode => "without a code",
            Self::NoUserName => "without a user name",
            Self::AnotherChallenge => "with a new password for the code",
            Self::CodeForPassword => "with a code for the new password",
        }
    }
}

/// A new password that a user pool may not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeakPassword {
    /// Shorter than the least length that a pool can ask for.
    TooShort,
    /// Without a digit, which a pool asks for unless it is told otherwise.
    WithoutADigit,
}

impl WeakPassword {
    /// All of them.
    pub const ALL: &[Self] = &[Self::TooShort, Self::WithoutADigit];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::TooShort => "to a password of five characters",
            Self::WithoutADigit => "to a password without a digit",
        }
    }

    /// The password itself: in all else it is as good as others.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TooShort => "Lo-1p",
            Self::WithoutADigit => "Lo-no-digit-Pass",
        }
    }
}

/// The proof that is spoilt in a change or a reset of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVariation {
    /// There is no access token.
    NoAccessToken,
    /// A beginning of the access token.
    CutAccessToken,
    /// The id token stands in the place of the access token.
    IdToken,
    /// The access token is another user's.
    AnotherUsersToken,
    /// The code was never sent.
    UnsentCode,
    /// Another code was sent.
    OtherCode,
}

impl ChangeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::NoAccessToken,
        Self::CutAccessToken,
        Self::IdToken,
        Self::AnotherUsersToken,
        Self::UnsentCode,
        Self::OtherCode,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::NoAccessToken => "without an access token",
            Self::CutAccessToken => "with a beginning of the access token",
            Self::IdToken => "with the id token for an access token",
            Self::AnotherUsersToken => "with another user's access token",
            Self::UnsentCode => "with a code that was never sent",
            Self::OtherCode => "with another code than was sent",
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
    /// The id token stands under a name that ends with that of its pool.
    LongerName,
    /// The id token stands under a name that begins with that of its pool.
    NameWithATail,
    /// The access token stands in the place of the id token.
    AccessToken,
    /// The signature of the id token is another.
    SignatureChanged,
    /// A token that nobody issued stands in the place of the id token.
    UnknownToken,
    /// Another identity pool is asked.
    AnotherIdentityPool,
    /// There are no Logins.
    NoLogins,
    /// The Logins are empty.
    EmptyLogins,
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
        Self::LongerName,
        Self::NameWithATail,
        Self::AccessToken,
        Self::SignatureChanged,
        Self::UnknownToken,
        Self::AnotherIdentityPool,
        Self::NoLogins,
        Self::EmptyLogins,
        Self::UnknownIdentity,
        Self::ForeignIdentity,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::AnotherPool => "under another user pool",
            Self::AnotherRegion => "under another region",
            Self::LongerName => "under a name that ends with its own",
            Self::NameWithATail => "under a name that begins with its own",
            Self::AccessToken => "with the access token",
            Self::SignatureChanged => "with the signature of the id token changed",
            Self::UnknownToken => "with a token that nobody issued",
            Self::AnotherIdentityPool => "of another identity pool",
            Self::NoLogins => "without Logins",
            Self::EmptyLogins => "with empty Logins",
            Self::UnknownIdentity => "for an identity that does not exist",
            Self::ForeignIdentity => "for another user's identity",
        }
    }
}

/// A near miss of a refresh token, or a token of another kind in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshVariation {
    /// A beginning of the refresh token.
    CutToken,
    /// The refresh token with a letter more behind it.
    LongerToken,
    /// The refresh token with upper and lower case swapped.
    OtherCase,
    /// The access token of the same login.
    AccessToken,
    /// By the other name of the flow.
    OtherFlowName,
    /// Another first letter of its signature, or of the whole token where it has none.
    FirstLetter,
    /// Another letter amid its signature, or amid the token.
    MiddleLetter,
    /// Another last letter, in a bit that counts.
    LastLetter,
    /// Its signature ends halfway.
    HalfSignature,
    /// Its third part is missing.
    NoSignature,
    /// Its payload has one claim more.
    MoreClaims,
    /// Its payload ends later.
    LaterEnd,
    /// `alg` is `none`, and there is no signature.
    Unsecured,
}

impl RefreshVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::CutToken,
        Self::LongerToken,
        Self::OtherCase,
        Self::AccessToken,
        Self::OtherFlowName,
        Self::FirstLetter,
        Self::MiddleLetter,
        Self::LastLetter,
        Self::HalfSignature,
        Self::NoSignature,
        Self::MoreClaims,
        Self::LaterEnd,
        Self::Unsecured,
    ];

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::CutToken => "with a beginning of the refresh token",
            Self::LongerToken => "with a letter behind the refresh token",
            Self::OtherCase => "with the refresh token in other letter case",
            Self::AccessToken => "with the access token for a refresh token",
            Self::OtherFlowName => "by the flow REFRESH_TOKEN",
            Self::FirstLetter => "with another first letter of the refresh token's signature",
            Self::MiddleLetter => "with another letter amid the refresh token's signature",
            Self::LastLetter => "with another last letter of the refresh token",
            Self::HalfSignature => "with half of the refresh token's signature",
            Self::NoSignature => "without the refresh token's signature",
            Self::MoreClaims => "with one more claim in the refresh token",
            Self::LaterEnd => "with a later end of the refresh token",
            Self::Unsecured => "with alg none for the refresh token's signature",
        }
    }

    /// The same of a token that is a JWT; `None` where no JWT is needed for it.
    pub const fn forgery(self) -> Option<ShownToken> {
        Some(match self {
            Self::FirstLetter => ShownToken::FirstLetter,
            Self::MiddleLetter => ShownToken::MiddleLetter,
            Self::LastLetter => ShownToken::LastLetter,
            Self::HalfSignature => ShownToken::HalfSignature,
            Self::NoSignature => ShownToken::NoSignature,
            Self::MoreClaims => ShownToken::MoreClaims,
            Self::LaterEnd => ShownToken::LaterEnd,
            Self::Unsecured => ShownToken::Unsecured,
            Self::CutToken
            | Self::LongerToken
            | Self::OtherCase
            | Self::AccessToken
            | Self::OtherFlowName => return None,
        })
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
