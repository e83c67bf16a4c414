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
            _ => {
                if let Some(name) = phrase.strip_prefix("without the header ") {
                    return Some(Self::WithoutHeader(name.to_owned()));
                }
                let rest = phrase.strip_prefix("with ")?;
                if let Some(scheme) = rest.strip_prefix("the scheme ") {
                    return Some(Self::Scheme(scheme.to_owned()));
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
            Self::WithoutHeader(name) => return write!(f, "without the header {name}"),
            Self::Scheme(scheme) => return write!(f, "with the scheme {scheme}"),
            Self::Query(name, value) => return write!(f, "with {name}={value}"),
        })
    }
}
