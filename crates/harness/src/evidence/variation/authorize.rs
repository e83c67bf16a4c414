//! One thing changed in an authorization request, or in the exchange of its code.

use serde::{Deserialize, Serialize};

/// One thing changed in an authorization request (RFC 6749 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizeVariation {
    /// Nobody is to be asked, so that the answer goes to the client at once.
    Silently,
    /// The same, with a segment more in the path of the redirect URI.
    SegmentAdded,
    /// The same, with a query at the redirect URI.
    QueryAdded,
    /// The same, with another host in the redirect URI.
    OtherHost,
    /// The same, with a user in front of the host of the redirect URI.
    UserInFront,
    /// The same, with the path of the redirect URI in the other letter case.
    OtherCase,
    /// The same, with http for https in the redirect URI, or the other way round.
    OtherScheme,
    /// The same, with a name added behind the host of the redirect URI.
    HostExtended,
    /// A client that nobody knows asks, so that nobody is to be asked either.
    UnknownClient,
    /// `response_type` is missing.
    NoResponseType,
    /// `response_type` is a word that nobody knows.
    UnknownResponseType,
    /// A script of a foreign site sends it.
    ForeignOrigin,
    /// A browser asks whether a script of a foreign site may send it.
    Preflight,
    /// As the redirect of the one before says.
    Followed,
}

impl AuthorizeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Silently,
        Self::SegmentAdded,
        Self::QueryAdded,
        Self::OtherHost,
        Self::UserInFront,
        Self::OtherCase,
        Self::OtherScheme,
        Self::HostExtended,
        Self::UnknownClient,
        Self::NoResponseType,
        Self::UnknownResponseType,
        Self::ForeignOrigin,
        Self::Preflight,
        Self::Followed,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Silently => "without a page",
            Self::SegmentAdded => "with a segment added to the redirect URI",
            Self::QueryAdded => "with a query added to the redirect URI",
            Self::OtherHost => "with another host in the redirect URI",
            Self::UserInFront => "with a user in front of the redirect URI's host",
            Self::OtherCase => "with the redirect URI's path in the other letter case",
            Self::OtherScheme => "with the other scheme in the redirect URI",
            Self::HostExtended => "with a name added to the redirect URI's host",
            Self::UnknownClient => "as a client that nobody knows",
            Self::NoResponseType => "without response_type",
            Self::UnknownResponseType => "with response_type locum",
            Self::ForeignOrigin => "from a foreign origin",
            Self::Preflight => "by a preflight from a foreign origin",
            Self::Followed => "as the redirect says",
        }
    }

    /// Whether it names a redirect URI that is not registered.
    pub const fn bends_the_redirect_uri(self) -> bool {
        matches!(
            self,
            Self::SegmentAdded
                | Self::QueryAdded
                | Self::OtherHost
                | Self::UserInFront
                | Self::OtherCase
                | Self::OtherScheme
                | Self::HostExtended
        )
    }

    /// Whether it must lead to no redirect: its redirect URI is registered for no such client.
    pub const fn leads_nowhere(self) -> bool {
        self.bends_the_redirect_uri() || matches!(self, Self::UnknownClient)
    }

    /// Whether it has a fault that the client is to be told of.
    pub const fn is_faulty(self) -> bool {
        matches!(self, Self::NoResponseType | Self::UnknownResponseType)
    }
}

/// One thing changed in the exchange of an authorization code (RFC 6749 §4.1.3). The documented one
/// shows the verifier of the code's challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeVariation {
    /// No verifier for a code with a challenge.
    NoVerifier,
    /// Another verifier.
    OtherVerifier,
    /// A verifier without a character.
    EmptyVerifier,
    /// The verifier in the other letter case.
    VerifierInOtherCase,
    /// The challenge in the place of the verifier, as if its method were `plain`.
    ChallengeForVerifier,
    /// A verifier for a code that was asked for without a challenge.
    StrayVerifier,
    /// Neither challenge nor verifier.
    NoChallenge,
    /// The same code once more.
    Again,
    /// Another client shows the code.
    ByAnotherClient,
    /// Another redirect URI than the code was asked for with.
    OtherRedirectUri,
    /// No redirect URI, though the code was asked for with one.
    NoRedirectUri,
    /// Ten minutes after the code was issued.
    Late,
    /// Another client secret.
    OtherSecret,
    /// As documented, after another redirect URI was shown.
    AfterOtherRedirectUri,
    /// As documented, after another verifier was shown.
    AfterOtherVerifier,
    /// As documented, after another secret was shown.
    AfterOtherSecret,
}

impl CodeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::NoVerifier,
        Self::OtherVerifier,
        Self::EmptyVerifier,
        Self::VerifierInOtherCase,
        Self::ChallengeForVerifier,
        Self::StrayVerifier,
        Self::NoChallenge,
        Self::Again,
        Self::ByAnotherClient,
        Self::OtherRedirectUri,
        Self::NoRedirectUri,
        Self::Late,
        Self::OtherSecret,
        Self::AfterOtherRedirectUri,
        Self::AfterOtherVerifier,
        Self::AfterOtherSecret,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::NoVerifier => "without the verifier",
            Self::OtherVerifier => "with another verifier",
            Self::EmptyVerifier => "with an empty verifier",
            Self::VerifierInOtherCase => "with the verifier in other letter case",
            Self::ChallengeForVerifier => "with the challenge for a verifier",
            Self::StrayVerifier => "with a verifier and no challenge",
            Self::NoChallenge => "without challenge and verifier",
            Self::Again => "again",
            Self::ByAnotherClient => "by another client",
            Self::OtherRedirectUri => "with another redirect URI",
            Self::NoRedirectUri => "without the redirect URI",
            Self::Late => "after ten minutes",
            Self::OtherSecret => "with another secret",
            Self::AfterOtherRedirectUri => "rightly, after another redirect URI",
            Self::AfterOtherVerifier => "rightly, after another verifier",
            Self::AfterOtherSecret => "rightly, after another secret",
        }
    }

    /// Whether the code was asked for with a challenge.
    pub const fn has_challenge(self) -> bool {
        !matches!(self, Self::StrayVerifier | Self::NoChallenge)
    }

    /// Whether it shows the code of the exchange before, not a fresh one.
    pub const fn shows_the_code_before(self) -> bool {
        matches!(
            self,
            Self::Again
                | Self::AfterOtherRedirectUri
                | Self::AfterOtherVerifier
                | Self::AfterOtherSecret
        )
    }
}
