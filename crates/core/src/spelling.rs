//! How a request spelled the credentials that it carried.
//!
//! The journal keeps names in place of secrets, so that what is wrong with their spelling no longer
//! shows in it. These facts are computed while the values are still there, and hold none of them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clue::Place;
use crate::weight;

/// One of a few words, which takes no memory of its own where it is written.
pub type Word = Cow<'static, str>;

/// How a request spelled what it carried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Spelling {
    /// The form in its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<FormSpelling>,
    /// Its `Authorization: Basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicSpelling>,
    /// The multipart body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart: Option<MultipartSpelling>,
    /// An `Authorization` that is not the word Bearer, one space and a token of the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<BearerSpelling>,
    /// Each name, id and secret of a login that it carried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<ShownCredential>,
}

impl Spelling {
    /// Whether there is nothing to note.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// About how many bytes it takes, with all that it holds.
    pub fn weight(&self) -> usize {
        let form = self.form.iter().flat_map(|form| &form.filled);
        let fields = self.multipart.iter().flat_map(|body| &body.fields);
        let bearer = self.bearer.as_ref();
        size_of::<Self>()
            + weight::ALLOCATION
            + form.count() * size_of::<Word>()
            + fields
                .map(|field| size_of::<FieldSpelling>() + weight::text(&field.name))
                .sum::<usize>()
            + bearer.map_or(0, |bearer| weight::text(&bearer.difference))
            + self
                .credentials
                .iter()
                .map(ShownCredential::weight)
                .sum::<usize>()
    }
}

/// A body that is, or should be, a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormSpelling {
    /// Whether each name and value, decoded, is UTF-8 and no escape is broken.
    pub is_utf8: bool,
    /// The first parameter that occurs twice; `another parameter` when its name is no plain word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<String>,
    /// The parameters of RFC 6749 that have a value.
    #[serde(default)]
    pub filled: Vec<Word>,
}

/// An `Authorization: Basic`, read leniently: either alphabet, with or without padding and folds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BasicSpelling {
    /// The alphabet of the base64 (RFC 4648 §4 and §5).
    pub alphabet: Alphabet,
    /// Whether its padding is right.
    pub is_padded: bool,
    /// Whether blanks or line breaks stand within it.
    pub is_folded: bool,
    /// How many bytes it decodes to.
    pub bytes: u64,
    /// How id and secret stand in it.
    pub pair: PairSpelling,
    /// Whether the secret has a colon.
    pub has_colon: bool,
}

/// The characters of a base64 value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Those that both alphabets have, or `+` and `/`.
    Standard,
    /// `-` or `_`.
    UrlSafe,
    /// It is no base64.
    Neither,
}

/// How the two halves of a Basic value are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairSpelling {
    /// As they are.
    Raw,
    /// Form-encoded before they are joined (RFC 6749 §2.3.1).
    Form,
    /// Both spellings of this id and secret are the same.
    Either,
    /// They are not an id and its secret, in neither spelling.
    Neither,
}

/// A multipart body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MultipartSpelling {
    /// Whether Content-Type has the parameter `boundary`.
    pub has_boundary: bool,
    /// Whether the body begins a part with that boundary.
    pub is_used: bool,
    /// The fields in order, as far as they could be read; a bounded number.
    #[serde(default)]
    pub fields: Vec<FieldSpelling>,
}

/// A field of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldSpelling {
    /// Its name; `another field` when it is no plain word.
    pub name: String,
    /// What stands in it.
    pub content: FieldContent,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldContent {
    /// Digits.
    Integer,
    /// Something with commas.
    List,
    /// Anything else.
    Other,
}

/// An `Authorization` of an API request that is not as the vendor writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BearerSpelling {
    /// The name of the token of the stage that stands in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<String>,
    /// The first difference from the word Bearer, one space and that token, in words.
    pub difference: String,
}

/// A name, id or secret of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownCredential {
    /// The parameter or member: `client_secret`, `USERNAME`.
    pub name: Word,
    /// Where it stood.
    pub place: Place,
    /// How it compares with those of the stage.
    pub origin: CredentialOrigin,
}

impl ShownCredential {
    fn weight(&self) -> usize {
        let origin = match &self.origin {
            CredentialOrigin::Exact { characters } => characters.len() * size_of::<Word>(),
            CredentialOrigin::Differs { at } => weight::text(at),
            CredentialOrigin::Foreign {} | CredentialOrigin::Other => 0,
        };
        size_of::<Self>() + origin
    }
}

/// How a shown credential compares with those of the stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialOrigin {
    /// It is one of them, byte for byte.
    Exact {
        /// Which of the characters that encodings change it has, as words: `+`, `a space`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        characters: Vec<Word>,
    },
    /// It is a secret of the stage, byte for byte, and not the present one of the name beside it: one that
    /// was replaced, or another account's.
    Other,
    /// It begins like one of them.
    Differs {
        /// The first difference, in words.
        at: String,
    },
    /// It begins like none of them: it came from elsewhere. Nothing of it is kept, no digest either: a
    /// short secret can be guessed from one.
    Foreign {},
}
