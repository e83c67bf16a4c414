//! One thing special about a signed call.

use serde::{Deserialize, Serialize};

/// One thing special about a signed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedVariation {
    /// A correct request with a body.
    WithBody,
    /// A correct request whose path holds percent-encoded octets.
    EncodedPath,
    /// A correct request whose query is not in the canonical order.
    UnsortedQuery,
    /// A correct request that repeats a query parameter.
    RepeatedParameter,
    /// A correct request with runs of spaces in a signed header's value.
    RunsOfSpaces,
    /// The method was changed after signing.
    MethodChanged,
    /// The path was changed after signing.
    PathChanged,
    /// Percent-encoded octets were added to the path after signing.
    PathEncodedAfterSigning,
    /// A query was added after signing.
    QueryAdded,
    /// The body was changed after signing.
    BodyChanged,
    /// A signed header was changed after signing.
    HeaderChanged,
    /// Another host was named after signing.
    HostChanged,
    /// A second line of a signed header was added after signing.
    HeaderLineAdded,
    /// The first character of the signature is another.
    SignatureFirst,
    /// The last character of the signature is another.
    SignatureLast,
    /// The signature ends halfway.
    SignatureHalf,
    /// Signed with another secret than that of the credentials.
    OtherSecret,
    /// Presigned, and a query was added after signing.
    PresignedChanged,
    /// The host is not among the signed headers.
    HostUnsigned,
    /// A GET without any signature.
    UnsignedGet,
    /// A POST without any signature.
    UnsignedPost,
    /// A DELETE without any signature.
    UnsignedDelete,
    /// A GET of a thing that does not exist, without any signature.
    UnsignedItem,
    /// A GET at the second API without any token.
    UnsignedSecondApi,
    /// The access token in the place of the signature.
    AccessToken,
    /// The same behind the word Bearer.
    BearerAccessToken,
    /// The id token in the place of the signature.
    IdToken,
    /// The same behind the word Bearer.
    BearerIdToken,
    /// The access token in the query, and no signature.
    AccessTokenInQuery,
    /// The same at the second API.
    SecondApiTokenInQuery,
    /// At the second API with the access token alone in Authorization, as its library sends it.
    SecondApi,
    /// The same with the token's signature changed.
    SecondApiAltered,
    /// The same with a token that nobody issued.
    SecondApiUnknown,
    /// The session token of the credentials, and no signature.
    SessionTokenAlone,
    /// A correct GET of a thing that does not exist.
    UnknownItem,
    /// A correct DELETE of a thing that does not exist.
    UnknownItemDeleted,
    /// A correct GET on a path that nobody knows.
    UnknownPath,
    /// Dated four minutes ahead.
    FourMinutesAhead,
    /// Dated four minutes ago.
    FourMinutesAgo,
    /// Dated six minutes ahead.
    SixMinutesAhead,
    /// Dated six minutes ago.
    SixMinutesAgo,
    /// Dated twenty minutes ahead.
    TwentyMinutesAhead,
    /// Dated twenty minutes ago.
    TwentyMinutesAgo,
    /// The credential scope names another region.
    OtherRegion,
    /// The credential scope names another service.
    OtherService,
    /// The credential scope names the day before.
    DayBefore,
    /// Signed without the session token, which is not sent either.
    WithoutSessionToken,
    /// Signed and sent with the session token of another login.
    ForeignSessionToken,
    /// Signed and sent with a beginning of the session token.
    CutSessionToken,
    /// Signed under an access key id that nobody issued.
    UnknownKeyId,
    /// A correct request with further headers that the signature does not cover.
    UnsignedHeaders,
    /// The same with all header lines in the opposite order.
    HeadersReversed,
    /// A correct request whose header names are in capitals.
    HeadersInCapitals,
    /// A correct request with spaces around and inside of a signed header's value, more than were
    /// signed.
    MoreSpaces,
    /// Signed with credentials that have ended.
    EndedCredentials,
}

impl SignedVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::WithBody,
        Self::EncodedPath,
        Self::UnsortedQuery,
        Self::RepeatedParameter,
        Self::RunsOfSpaces,
        Self::MethodChanged,
        Self::PathChanged,
        Self::PathEncodedAfterSigning,
        Self::QueryAdded,
        Self::BodyChanged,
        Self::HeaderChanged,
        Self::HostChanged,
        Self::HeaderLineAdded,
        Self::SignatureFirst,
        Self::SignatureLast,
        Self::SignatureHalf,
        Self::OtherSecret,
        Self::PresignedChanged,
        Self::HostUnsigned,
        Self::UnsignedGet,
        Self::UnsignedPost,
        Self::UnsignedDelete,
        Self::UnsignedItem,
        Self::UnsignedSecondApi,
        Self::AccessToken,
        Self::BearerAccessToken,
        Self::IdToken,
        Self::BearerIdToken,
        Self::AccessTokenInQuery,
        Self::SecondApiTokenInQuery,
        Self::SecondApi,
        Self::SecondApiAltered,
        Self::SecondApiUnknown,
        Self::SessionTokenAlone,
        Self::UnknownItem,
        Self::UnknownItemDeleted,
        Self::UnknownPath,
        Self::FourMinutesAhead,
        Self::FourMinutesAgo,
        Self::SixMinutesAhead,
        Self::SixMinutesAgo,
        Self::TwentyMinutesAhead,
        Self::TwentyMinutesAgo,
        Self::OtherRegion,
        Self::OtherService,
        Self::DayBefore,
        Self::WithoutSessionToken,
        Self::ForeignSessionToken,
        Self::CutSessionToken,
        Self::UnknownKeyId,
        Self::UnsignedHeaders,
        Self::HeadersReversed,
        Self::HeadersInCapitals,
        Self::MoreSpaces,
        Self::EndedCredentials,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::WithBody => "with a body",
            Self::EncodedPath => "with an encoded path",
            Self::UnsortedQuery => "with an unsorted query",
            Self::RepeatedParameter => "with a repeated parameter",
            Self::RunsOfSpaces => "with runs of spaces in a signed header",
            Self::MethodChanged => "with another method after signing",
            Self::PathChanged => "with another path after signing",
            Self::PathEncodedAfterSigning => "with an encoded path after signing",
            Self::QueryAdded => "with a query added after signing",
            Self::BodyChanged => "with another body after signing",
            Self::HeaderChanged => "with a signed header changed after signing",
            Self::HostChanged => "with another host after signing",
            Self::HeaderLineAdded => "with a second line of a signed header",
            Self::SignatureFirst => "with another first character of the signature",
            Self::SignatureLast => "with another last character of the signature",
            Self::SignatureHalf => "with half a signature",
            Self::OtherSecret => "signed with another secret",
            Self::PresignedChanged => "presigned, with a query added after signing",
            Self::HostUnsigned => "without the host in the signature",
            Self::UnsignedGet => "unsigned GET",
            Self::UnsignedPost => "unsigned POST",
            Self::UnsignedDelete => "unsigned DELETE",
            Self::UnsignedItem => "unsigned GET of an unknown item",
            Self::UnsignedSecondApi => "unsigned GET at the second API",
            Self::AccessToken => "with the access token for a signature",
            Self::BearerAccessToken => "with Bearer and the access token for a signature",
            Self::IdToken => "with the id token for a signature",
            Self::BearerIdToken => "with Bearer and the id token for a signature",
            Self::AccessTokenInQuery => "unsigned GET with the access token in the query",
            Self::SecondApiTokenInQuery => {
                "unsigned GET at the second API with the access token in the query"
            }
            Self::SecondApi => "at the second API with the access token alone",
            Self::SecondApiAltered => "at the second API with the token's signature changed",
            Self::SecondApiUnknown => "at the second API with a token that nobody issued",
            Self::SessionTokenAlone => "with the session token alone",
            Self::UnknownItem => "of an unknown item",
            Self::UnknownItemDeleted => "that deletes an unknown item",
            Self::UnknownPath => "signed, on a path that nobody knows",
            Self::FourMinutesAhead => "dated 4 minutes ahead",
            Self::FourMinutesAgo => "dated 4 minutes ago",
            Self::SixMinutesAhead => "dated 6 minutes ahead",
            Self::SixMinutesAgo => "dated 6 minutes ago",
            Self::TwentyMinutesAhead => "dated 20 minutes ahead",
            Self::TwentyMinutesAgo => "dated 20 minutes ago",
            Self::OtherRegion => "with another region in its scope",
            Self::OtherService => "with another service in its scope",
            Self::DayBefore => "with the day before in its scope",
            Self::WithoutSessionToken => "without the session token",
            Self::ForeignSessionToken => "with the session token of another login",
            Self::CutSessionToken => "with a beginning of the session token",
            Self::UnknownKeyId => "with an access key id that nobody issued",
            Self::UnsignedHeaders => "with headers that are not signed",
            Self::HeadersReversed => "with its headers in the opposite order",
            Self::HeadersInCapitals => "with its header names in capitals",
            Self::MoreSpaces => "with more spaces in a header than were signed",
            Self::EndedCredentials => "with credentials that have ended",
        }
    }
}

impl SignedVariation {
    /// Whether it goes to the API that takes the access token itself.
    pub const fn is_at_the_second_api(self) -> bool {
        matches!(
            self,
            Self::UnsignedSecondApi
                | Self::SecondApiTokenInQuery
                | Self::SecondApi
                | Self::SecondApiAltered
                | Self::SecondApiUnknown
        )
    }

    /// Whether the request is a correct one: the vendor has to admit it.
    pub const fn is_correct(self) -> bool {
        matches!(
            self,
            Self::WithBody
                | Self::EncodedPath
                | Self::UnsortedQuery
                | Self::RepeatedParameter
                | Self::RunsOfSpaces
                | Self::FourMinutesAhead
                | Self::FourMinutesAgo
                | Self::UnsignedHeaders
                | Self::HeadersReversed
                | Self::HeadersInCapitals
                | Self::MoreSpaces
                | Self::UnknownItem
                | Self::UnknownItemDeleted
                | Self::UnknownPath
        )
    }

    /// How far ahead of the vendor's time its date is, in seconds.
    pub const fn ahead_s(self) -> i64 {
        match self {
            Self::FourMinutesAhead => 240,
            Self::FourMinutesAgo => -240,
            Self::SixMinutesAhead => 360,
            Self::SixMinutesAgo => -360,
            Self::TwentyMinutesAhead => 1200,
            Self::TwentyMinutesAgo => -1200,
            _ => 0,
        }
    }

    /// The method of the request before anything is changed.
    pub const fn method(self) -> &'static str {
        match self {
            Self::WithBody | Self::BodyChanged | Self::MethodChanged | Self::UnsignedPost => "POST",
            Self::UnsignedDelete | Self::UnknownItemDeleted => "DELETE",
            _ => "GET",
        }
    }

    /// Whether the request has a body.
    pub const fn has_body(self) -> bool {
        matches!(
            self,
            Self::WithBody | Self::BodyChanged | Self::UnsignedPost
        )
    }

    /// Whether it is not signed at all.
    pub const fn is_unsigned(self) -> bool {
        matches!(
            self,
            Self::UnsignedGet
                | Self::UnsignedPost
                | Self::UnsignedDelete
                | Self::UnsignedItem
                | Self::UnsignedSecondApi
                | Self::AccessToken
                | Self::BearerAccessToken
                | Self::IdToken
                | Self::BearerIdToken
                | Self::AccessTokenInQuery
                | Self::SecondApiTokenInQuery
                | Self::SecondApi
                | Self::SecondApiAltered
                | Self::SecondApiUnknown
                | Self::SessionTokenAlone
        )
    }

    /// Whether it is of a thing that does not exist.
    pub const fn is_of_an_unknown_item(self) -> bool {
        matches!(
            self,
            Self::UnsignedDelete
                | Self::UnsignedItem
                | Self::UnknownItem
                | Self::UnknownItemDeleted
        )
    }
}
