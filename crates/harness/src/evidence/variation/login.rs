//! One thing changed in a login.

use std::fmt;

use locum_core::profile::SecretIn;
use serde::{Deserialize, Serialize};

/// How the parameters of a token request travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// A JSON object.
    Json,
    /// In the query, with no body.
    Query,
}

/// What is done to one field of the credentials or one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldChange {
    /// It is left out.
    Missing,
    /// It is empty.
    Empty,
    /// It has another value.
    Other,
    /// It is a beginning of the right value.
    Beginning,
    /// It is the right value with upper and lower case swapped.
    OtherCase,
    /// It is the right value with its last character changed.
    LastCharacterChanged,
    /// It is the right value with its first character changed.
    FirstCharacterChanged,
    /// A blank stands behind the right value.
    BlankBehind,
    /// A blank stands in front of the right value.
    BlankInFront,
    /// A NUL and a letter stand behind the right value.
    NulBehind,
    /// A colon and a letter stand behind the right value, as if a Basic value were split at each colon.
    ColonBehind,
}

/// One thing changed in a login.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginVariation {
    /// A field of the credentials, by the name of its parameter.
    Field(FieldChange, String),
    /// The same, with the credentials in a Basic header.
    FieldInBasic(FieldChange, String),
    /// A parameter is left out.
    Without(String),
    /// A parameter has another value.
    With(String, String),
    /// A parameter occurs twice.
    Twice(String),
    /// A parameter is added that nobody knows.
    Extra,
    /// Another method.
    Method(String),
    /// The parameters travel otherwise.
    As(Content),
    /// Another content type; empty for none.
    ContentType(String),
    /// The word `Basic` is written otherwise.
    Scheme(String),
    /// The credentials travel in these places instead.
    SecretIn(Vec<SecretIn>),
    /// The id stands alone in the body, as a client without a secret shows itself.
    IdAlone,
    /// The value of the Basic header is not base64.
    BasicNotBase64,
    /// The value of the Basic header has no colon.
    BasicWithoutColon,
    /// The address names a tenant that does not exist.
    UnknownTenant,
    /// The address names the caller's tenant in other letter case.
    TenantInOtherCase,
    /// The secret is that of another client of the tenant.
    SecretOfAnother,
    /// This is added to the form as it is.
    Raw(String),
    /// The parameters stand in the opposite order.
    Reversed,
    /// A parameter that nobody knows stands before all others.
    ExtraFirst,
    /// A parameter has another value, whose spaces are written as `%20`.
    WithPercentSpaces(String, String),
    /// The credentials stand in the query, the other parameters in the form.
    CredentialsInQuery,
    /// Id and secret are form-encoded before they are joined for the Basic header (RFC 6749
    /// §2.3.1), or as they are.
    BasicSpelling(BasicSpelling),
    /// The values of the form are written otherwise than RFC 6749 appendix B has them.
    FormSpelling(FormSpelling),
    /// The form names another client than the Basic header.
    OtherClientInForm,
    /// An access token in place of the client's credentials.
    BearerToken,
    /// The id or the user name stands in the place of the secret.
    NameForSecret,
    /// The secret of another account stands in the place of the own one.
    OthersSecret,
    /// Two things at once, for a vendor that may report but one.
    Both(Box<Self>, Box<Self>),
}

/// How id and secret are written before they are joined for a Basic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasicSpelling {
    /// As they are.
    Raw,
    /// Form-encoded.
    FormEncoded,
}

/// How the values of a form are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormSpelling {
    /// In UTF-8, a space as a plus (RFC 6749 appendix B).
    #[default]
    Documented,
    /// A space as `%20`.
    PercentSpaces,
    /// In ISO 8859-1, as far as that goes.
    Latin1,
    /// The credentials encoded twice.
    Twice,
}

const IN_BASIC: &str = " in a Basic header";
const AND: &str = ", and ";
const SPACES: &str = " with spaces as %20";

impl LoginVariation {
    /// Reads a phrase such as `with another client secret`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        Some(match phrase {
            "by GET" | "by PUT" | "by DELETE" => Self::Method(phrase[3..].to_owned()),
            "as JSON" => Self::As(Content::Json),
            "as a form" => Self::As(Content::Form),
            "with everything in the query" => Self::As(Content::Query),
            "without a content type" => Self::ContentType(String::new()),
            "with a parameter that nobody knows" => Self::Extra,
            "without credentials" => Self::SecretIn(Vec::new()),
            "with the credentials in the body" => Self::SecretIn(vec![SecretIn::Body]),
            "with the credentials in a Basic header" => Self::SecretIn(vec![SecretIn::Basic]),
            "with the credentials in the body too" => {
                Self::SecretIn(vec![SecretIn::Basic, SecretIn::Body])
            }
            "for a tenant that does not exist" => Self::UnknownTenant,
            "for the tenant in other letter case" => Self::TenantInOtherCase,
            "with the secret of another client" => Self::SecretOfAnother,
            "with the parameters in the opposite order" => Self::Reversed,
            "with a parameter that nobody knows in front" => Self::ExtraFirst,
            "with the credentials in the query" => Self::CredentialsInQuery,
            "with a raw Basic header" => Self::BasicSpelling(BasicSpelling::Raw),
            "with a form-encoded Basic header" => Self::BasicSpelling(BasicSpelling::FormEncoded),
            "with a form that has spaces as %20" => Self::FormSpelling(FormSpelling::PercentSpaces),
            "with a form in ISO 8859-1" => Self::FormSpelling(FormSpelling::Latin1),
            "with credentials that are form-encoded twice" => {
                Self::FormSpelling(FormSpelling::Twice)
            }
            "with Basic of one client and the id of another" => Self::OtherClientInForm,
            "with a Bearer token for credentials" => Self::BearerToken,
            "with the id alone in the body" => Self::IdAlone,
            "with the account's name for its secret" => Self::NameForSecret,
            "with the secret of another account" => Self::OthersSecret,
            "with a Basic value that is not base64" => Self::BasicNotBase64,
            "with a Basic value without a colon" => Self::BasicWithoutColon,
            _ => return Self::parse_open(phrase),
        })
    }

    /// Phrases with a name or a value in them.
    fn parse_open(phrase: &str) -> Option<Self> {
        if let Some((one, other)) = phrase.split_once(AND) {
            let parse = |phrase| Self::parse(phrase).map(Box::new);
            return Some(Self::Both(parse(one)?, parse(other)?));
        }
        if let Some(phrase) = phrase.strip_suffix(IN_BASIC) {
            return match Self::parse_open(phrase)? {
                Self::Field(change, name) => Some(Self::FieldInBasic(change, name)),
                _ => None,
            };
        }
        let field = |change, name: &str| Some(Self::Field(change, name.replace(' ', "_")));
        if let Some(name) = phrase.strip_prefix("without the ") {
            return field(FieldChange::Missing, name);
        }
        if let Some(name) = phrase.strip_prefix("without ") {
            return Some(Self::Without(name.to_owned()));
        }
        let rest = phrase.strip_prefix("with ")?;
        if let Some(scheme) = rest.strip_prefix("the scheme ") {
            return Some(Self::Scheme(scheme.to_owned()));
        }
        if let Some(value) = rest.strip_prefix("the raw parameter ") {
            return Some(Self::Raw(value.to_owned()));
        }
        if let Some(value) = rest.strip_prefix("the content type ") {
            return Some(Self::ContentType(value.to_owned()));
        }
        if let Some(name) = rest.strip_prefix("an empty ") {
            return field(FieldChange::Empty, name);
        }
        if let Some(name) = rest.strip_prefix("another ") {
            return field(FieldChange::Other, name);
        }
        if let Some(name) = rest.strip_prefix("a beginning of the ") {
            return field(FieldChange::Beginning, name);
        }
        if let Some(name) = rest.strip_suffix(" in other letter case") {
            return field(FieldChange::OtherCase, name.strip_prefix("the ")?);
        }
        if let Some(name) = rest.strip_suffix(" altered in its last letter") {
            return field(
                FieldChange::LastCharacterChanged,
                name.strip_prefix("the ")?,
            );
        }
        if let Some(name) = rest.strip_suffix(" altered in its first letter") {
            return field(
                FieldChange::FirstCharacterChanged,
                name.strip_prefix("the ")?,
            );
        }
        if let Some(name) = rest.strip_prefix("a blank behind the ") {
            return field(FieldChange::BlankBehind, name);
        }
        if let Some(name) = rest.strip_prefix("a blank in front of the ") {
            return field(FieldChange::BlankInFront, name);
        }
        if let Some(name) = rest.strip_prefix("a NUL behind the ") {
            return field(FieldChange::NulBehind, name);
        }
        if let Some(name) = rest.strip_prefix("a colon behind the ") {
            return field(FieldChange::ColonBehind, name);
        }
        if let Some(name) = rest.strip_suffix(" twice") {
            return Some(Self::Twice(name.to_owned()));
        }
        let (name, value) = rest.split_once(' ')?;
        if !name.contains('_') && name != "scope" {
            return None;
        }
        let name = name.to_owned();
        Some(match value.strip_suffix(SPACES) {
            Some(value) => Self::WithPercentSpaces(name, value.to_owned()),
            None => Self::With(name, value.to_owned()),
        })
    }
}

impl FieldChange {
    fn write(self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name.replace('_', " ");
        match self {
            Self::Missing => write!(f, "without the {name}"),
            Self::Empty => write!(f, "with an empty {name}"),
            Self::Other => write!(f, "with another {name}"),
            Self::Beginning => write!(f, "with a beginning of the {name}"),
            Self::OtherCase => write!(f, "with the {name} in other letter case"),
            Self::LastCharacterChanged => write!(f, "with the {name} altered in its last letter"),
            Self::FirstCharacterChanged => {
                write!(f, "with the {name} altered in its first letter")
            }
            Self::BlankBehind => write!(f, "with a blank behind the {name}"),
            Self::BlankInFront => write!(f, "with a blank in front of the {name}"),
            Self::NulBehind => write!(f, "with a NUL behind the {name}"),
            Self::ColonBehind => write!(f, "with a colon behind the {name}"),
        }
    }
}

impl fmt::Display for LoginVariation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(change, name) => change.write(name, f),
            Self::FieldInBasic(change, name) => {
                change.write(name, f)?;
                f.write_str(IN_BASIC)
            }
            Self::Without(name) => write!(f, "without {name}"),
            Self::With(name, value) => write!(f, "with {name} {value}"),
            Self::Twice(name) => write!(f, "with {name} twice"),
            Self::Extra => f.write_str("with a parameter that nobody knows"),
            Self::Method(method) => write!(f, "by {method}"),
            Self::As(Content::Json) => f.write_str("as JSON"),
            Self::As(Content::Form) => f.write_str("as a form"),
            Self::As(Content::Query) => f.write_str("with everything in the query"),
            Self::ContentType(value) if value.is_empty() => f.write_str("without a content type"),
            Self::ContentType(value) => write!(f, "with the content type {value}"),
            Self::Scheme(scheme) => write!(f, "with the scheme {scheme}"),
            Self::SecretIn(places) => f.write_str(match places.as_slice() {
                [] => "without credentials",
                [SecretIn::Basic] => "with the credentials in a Basic header",
                [SecretIn::Body] => "with the credentials in the body",
                _ => "with the credentials in the body too",
            }),
            Self::IdAlone => f.write_str("with the id alone in the body"),
            Self::BasicNotBase64 => f.write_str("with a Basic value that is not base64"),
            Self::BasicWithoutColon => f.write_str("with a Basic value without a colon"),
            Self::UnknownTenant => f.write_str("for a tenant that does not exist"),
            Self::TenantInOtherCase => f.write_str("for the tenant in other letter case"),
            Self::SecretOfAnother => f.write_str("with the secret of another client"),
            Self::Raw(value) => write!(f, "with the raw parameter {value}"),
            Self::Reversed => f.write_str("with the parameters in the opposite order"),
            Self::ExtraFirst => f.write_str("with a parameter that nobody knows in front"),
            Self::WithPercentSpaces(name, value) => write!(f, "with {name} {value}{SPACES}"),
            Self::CredentialsInQuery => f.write_str("with the credentials in the query"),
            Self::BasicSpelling(BasicSpelling::Raw) => f.write_str("with a raw Basic header"),
            Self::BasicSpelling(BasicSpelling::FormEncoded) => {
                f.write_str("with a form-encoded Basic header")
            }
            Self::FormSpelling(spelling) => f.write_str(match spelling {
                FormSpelling::Documented => "as a form",
                FormSpelling::PercentSpaces => "with a form that has spaces as %20",
                FormSpelling::Latin1 => "with a form in ISO 8859-1",
                FormSpelling::Twice => "with credentials that are form-encoded twice",
            }),
            Self::OtherClientInForm => {
                f.write_str("with Basic of one client and the id of another")
            }
            Self::BearerToken => f.write_str("with a Bearer token for credentials"),
            Self::NameForSecret => f.write_str("with the account's name for its secret"),
            Self::OthersSecret => f.write_str("with the secret of another account"),
            Self::Both(one, other) => write!(f, "{one}{AND}{other}"),
        }
    }
}
