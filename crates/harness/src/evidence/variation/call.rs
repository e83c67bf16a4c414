//! One thing changed in an API call.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing changed in an API call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallVariation {
    /// No token at all.
    NoToken,
    /// The token stands in the query as `access_token` (RFC 6750 §2.3).
    TokenInQuery,
    /// The token stands in the query as the URL of a websocket has it.
    TokenAsAtSocket,
    /// Two spaces stand between `Bearer` and the token.
    TwoSpaces,
    /// The token stands in quotation marks.
    Quotes,
    /// The header holds the token alone.
    BareToken,
    /// Another word stands before the token.
    Scheme(String),
    /// Another token, which was never issued.
    UnknownToken,
    /// The right token with its last character changed.
    LastCharacterChanged,
    /// The right token with a character of its signature changed.
    SignatureChanged,
    /// The latest token as it is: what is special about it was asked for at its login.
    LimitedToken,
    /// Another token, which was supplied and has ended.
    EndedToken,
    /// The credentials of the login stand in a Basic header.
    CredentialsInBasic,
    /// A header of the documented call is left out.
    WithoutHeader(String),
    /// A header with a token that nobody issued stands in front of the right one, or behind it.
    BadHeaderToo(Position),
    /// Another path below the API's address.
    At(String),
    /// Nothing but who calls, or what for: it is not permitted.
    WithoutPermission,
    /// Two things at once.
    Both(Box<Self>, Box<Self>),
    /// The path goes on where nothing is.
    UnknownPath,
    /// A pair is added to the query.
    Query(String, String),
    /// This is added to the query as it is.
    RawQuery(String),
    /// The token stands in the header and in the query.
    TokenInQueryToo,
    /// A letter is added behind the token.
    LetterAdded,
    /// A letter is added in front of the token.
    LetterInFront,
    /// The last letter of the token is missing.
    LastLetterCut,
    /// A blank stands in the middle of the token.
    BlankAmid,
    /// The token stands in the query under this name.
    TokenInQueryAs(String),
    /// Another method.
    Method(String),
    /// A letter in the middle of the token is in the other case.
    OtherCase,
    /// The whole value of the header, where `{token}` stands for the token.
    Authorization(String),
    /// All names of headers are in capitals, or in small letters.
    HeaderNames(LetterCase),
    /// A space stands between a header's name and its colon (RFC 9112 §5.1).
    SpaceBeforeColon,
    /// There is no `Host` (RFC 9112 §3.2).
    NoHost,
    /// `Host` occurs twice.
    TwoHosts,
    /// A space stands in the target as it is (RFC 9112 §3).
    RawSpace,
    /// The header that names the tenant names another one.
    OtherTenant,
}

/// Where something stands beside something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// In front of it.
    Before,
    /// Behind it.
    Behind,
}

const AND: &str = ", and ";

/// The case of all letters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterCase {
    /// Capitals.
    Upper,
    /// Small letters.
    Lower,
}

impl CallVariation {
    /// The path that it names in place of the documented one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::At(path) => Some(path),
            Self::Both(one, other) => one.path().or_else(|| other.path()),
            _ => None,
        }
    }

    /// Reads a phrase such as `with the token in the query`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        Some(match phrase {
            "without a token" => Self::NoToken,
            "with the token in the query" => Self::TokenInQuery,
            "with the token in the query as at a socket" => Self::TokenAsAtSocket,
            "with an unknown token" => Self::UnknownToken,
            "with the token altered in its last letter" => Self::LastCharacterChanged,
            "on a path that nobody knows" => Self::UnknownPath,
            "with the token's signature changed" => Self::SignatureChanged,
            "with the limited token" => Self::LimitedToken,
            "without permission" => Self::WithoutPermission,
            "with a token that has ended" => Self::EndedToken,
            "with a bad header in front of the good one" => Self::BadHeaderToo(Position::Before),
            "with a bad header behind the good one" => Self::BadHeaderToo(Position::Behind),
            "with the login's credentials in a Basic header" => Self::CredentialsInBasic,
            "with two spaces after Bearer" => Self::TwoSpaces,
            "with the token in quotes" => Self::Quotes,
            "with the bare token" => Self::BareToken,
            "with the token in the query too" => Self::TokenInQueryToo,
            "with a letter added to the token" => Self::LetterAdded,
            "with a letter in front of the token" => Self::LetterInFront,
            "with the last letter of the token cut off" => Self::LastLetterCut,
            "with a blank amid the token" => Self::BlankAmid,
            "by HEAD" | "by POST" | "by PROPFIND" => Self::Method(phrase[3..].to_owned()),
            "with a letter of the token in the other case" => Self::OtherCase,
            "naming another tenant" => Self::OtherTenant,
            "with header names in capitals" => Self::HeaderNames(LetterCase::Upper),
            "with header names in small letters" => Self::HeaderNames(LetterCase::Lower),
            "with a space before a colon" => Self::SpaceBeforeColon,
            "without Host" => Self::NoHost,
            "with Host twice" => Self::TwoHosts,
            "with a raw space in the target" => Self::RawSpace,
            _ => {
                if let Some((one, other)) = phrase.rsplit_once(AND) {
                    let parse = |phrase| Self::parse(phrase).map(Box::new);
                    return Some(Self::Both(parse(one)?, parse(other)?));
                }
                if let Some(path) = phrase.strip_prefix("at ") {
                    return Some(Self::At(path.to_owned()));
                }
                if let Some(name) = phrase.strip_prefix("without the header ") {
                    return Some(Self::WithoutHeader(name.to_owned()));
                }
                if let Some(name) = phrase.strip_prefix("with the token in the query as ") {
                    return Some(Self::TokenInQueryAs(name.to_owned()));
                }
                let rest = phrase.strip_prefix("with ")?;
                if let Some(scheme) = rest.strip_prefix("the scheme ") {
                    return Some(Self::Scheme(scheme.to_owned()));
                }
                if let Some(query) = rest.strip_prefix("the raw query ") {
                    return Some(Self::RawQuery(query.to_owned()));
                }
                if let Some(value) = rest.strip_prefix("the Authorization ") {
                    return Some(Self::Authorization(value.to_owned()));
                }
                let (name, value) = rest.split_once('=')?;
                Self::Query(name.to_owned(), value.to_owned())
            }
        })
    }
}

impl fmt::Display for CallVariation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoToken => "without a token",
            Self::TokenInQuery => "with the token in the query",
            Self::TokenAsAtSocket => "with the token in the query as at a socket",
            Self::UnknownToken => "with an unknown token",
            Self::LastCharacterChanged => "with the token altered in its last letter",
            Self::UnknownPath => "on a path that nobody knows",
            Self::SignatureChanged => "with the token's signature changed",
            Self::LimitedToken => "with the limited token",
            Self::WithoutPermission => "without permission",
            Self::EndedToken => "with a token that has ended",
            Self::BadHeaderToo(Position::Before) => "with a bad header in front of the good one",
            Self::BadHeaderToo(Position::Behind) => "with a bad header behind the good one",
            Self::At(path) => return write!(f, "at {path}"),
            Self::Both(one, other) => return write!(f, "{one}{AND}{other}"),
            Self::CredentialsInBasic => "with the login's credentials in a Basic header",
            Self::TwoSpaces => "with two spaces after Bearer",
            Self::SpaceBeforeColon => "with a space before a colon",
            Self::NoHost => "without Host",
            Self::TwoHosts => "with Host twice",
            Self::RawSpace => "with a raw space in the target",
            Self::Quotes => "with the token in quotes",
            Self::BareToken => "with the bare token",
            Self::TokenInQueryToo => "with the token in the query too",
            Self::LetterAdded => "with a letter added to the token",
            Self::LetterInFront => "with a letter in front of the token",
            Self::LastLetterCut => "with the last letter of the token cut off",
            Self::BlankAmid => "with a blank amid the token",
            Self::TokenInQueryAs(name) => {
                return write!(f, "with the token in the query as {name}");
            }
            Self::Method(method) => return write!(f, "by {method}"),
            Self::OtherCase => "with a letter of the token in the other case",
            Self::OtherTenant => "naming another tenant",
            Self::HeaderNames(LetterCase::Upper) => "with header names in capitals",
            Self::HeaderNames(LetterCase::Lower) => "with header names in small letters",
            Self::RawQuery(query) => return write!(f, "with the raw query {query}"),
            Self::Authorization(value) => return write!(f, "with the Authorization {value}"),
            Self::WithoutHeader(name) => return write!(f, "without the header {name}"),
            Self::Scheme(scheme) => return write!(f, "with the scheme {scheme}"),
            Self::Query(name, value) => return write!(f, "with {name}={value}"),
        })
    }
}
