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
    /// The token stands in a form (RFC 6750 §2.2).
    TokenInForm,
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
    /// A header of the documented call is left out.
    WithoutHeader(String),
    /// The header occurs twice.
    HeaderTwice,
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
    /// A letter in the middle of the token is in the other case.
    OtherCase,
    /// The whole value of the header, where `{token}` stands for the token.
    Authorization(String),
    /// All names of headers are in capitals, or in small letters.
    HeaderNames(LetterCase),
}

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
    /// Reads a phrase such as `with the token in the query`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        Some(match phrase {
            "without a token" => Self::NoToken,
            "with the token in the query" => Self::TokenInQuery,
            "with the token in a form" => Self::TokenInForm,
            "with an unknown token" => Self::UnknownToken,
            "with the token altered in its last letter" => Self::LastCharacterChanged,
            "on a path that nobody knows" => Self::UnknownPath,
            "with the token's signature changed" => Self::SignatureChanged,
            "with the limited token" => Self::LimitedToken,
            "with the header twice" => Self::HeaderTwice,
            "with two spaces after Bearer" => Self::TwoSpaces,
            "with the token in quotes" => Self::Quotes,
            "with the bare token" => Self::BareToken,
            "with the token in the query too" => Self::TokenInQueryToo,
            "with a letter added to the token" => Self::LetterAdded,
            "with a letter of the token in the other case" => Self::OtherCase,
            "with header names in capitals" => Self::HeaderNames(LetterCase::Upper),
            "with header names in small letters" => Self::HeaderNames(LetterCase::Lower),
            _ => {
                if let Some(name) = phrase.strip_prefix("without the header ") {
                    return Some(Self::WithoutHeader(name.to_owned()));
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
            Self::TokenInForm => "with the token in a form",
            Self::UnknownToken => "with an unknown token",
            Self::LastCharacterChanged => "with the token altered in its last letter",
            Self::UnknownPath => "on a path that nobody knows",
            Self::SignatureChanged => "with the token's signature changed",
            Self::LimitedToken => "with the limited token",
            Self::HeaderTwice => "with the header twice",
            Self::TwoSpaces => "with two spaces after Bearer",
            Self::Quotes => "with the token in quotes",
            Self::BareToken => "with the bare token",
            Self::TokenInQueryToo => "with the token in the query too",
            Self::LetterAdded => "with a letter added to the token",
            Self::OtherCase => "with a letter of the token in the other case",
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
