//! Credentials: a type for secrets, which does not print them, and what made ones look like.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, client secret, token or key. It prints as `Secret`, is compared in constant time, and
/// its memory is wiped when it is dropped.
///
/// It is not `Serialize` on purpose: code that writes a secret has to call
/// [`expose`](Self::expose).
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a secret of `text`, whose own memory is not wiped if it had to be copied.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret as text, to be sent and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same bytes, in time that depends only on the lengths.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_string`: formats refuse other types before they ask the visitor.
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Accepts text. serde's own error for other types would print the value, as for a password of
/// digits without quotes.
struct SecretVisitor;

impl serde::de::Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret as a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::invalid_type(Unexpected::Other("boolean"), &self))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::invalid_type(Unexpected::Other("number"), &self))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::invalid_type(Unexpected::Other("number"), &self))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::invalid_type(Unexpected::Other("number"), &self))
    }
}

/// What credentials look like that nobody gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialStyle {
    /// The names of the profile; secrets of letters and digits.
    #[default]
    Plain,
    /// Names that begin with a marker of the stage; secrets with the characters that a fault of
    /// encoding changes, as far as the vendor takes them.
    Canary,
    /// The same in ASCII, for a client that gets them by a way whose charset is not its own affair,
    /// such as the environment.
    CanaryAscii,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert!(secret.matches(b"hunter2"));
        assert!(!secret.matches(b"hunter"));
    }

    #[test]
    fn a_secret_of_another_type_is_not_printed_by_its_error() {
        for text in ["12345678", "-12345678", "1234.5678", "true"] {
            let error = serde_json::from_str::<Secret>(text).expect_err("not a string");
            let message = error.to_string();
            assert!(message.contains("a secret as a string"), "{message}");
            assert!(!message.contains(text), "{message}");
        }
        let secret: Secret = serde_json::from_str("\"hunter2\"").expect("a string");
        assert!(secret.matches(b"hunter2"));
    }
}
