//! What to tell a person when something goes wrong.

use std::fmt;

/// Usage or configuration: the exit code of `client-driver` section 9.4.
pub(super) const USAGE: u8 = 2;
/// The vendor or client could not be started or reached.
pub(super) const UNREACHABLE: u8 = 4;

/// One clear line, a hint, and an exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// Something about the arguments or a file is wrong.
    pub(super) fn usage(what: impl Into<String>) -> Self {
        Self {
            code: USAGE,
            what: what.into(),
            hint: None,
        }
    }

    /// Something cannot be started or reached.
    pub(super) fn unreachable(what: impl Into<String>) -> Self {
        Self {
            code: UNREACHABLE,
            what: what.into(),
            hint: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Failure {
    /// What happened, and what to do about it.
    pub(super) fn into_parts(self) -> (String, Option<String>) {
        (self.what, self.hint)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "\n hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
