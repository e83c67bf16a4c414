//! What went wrong, in the words of the protocol. No message repeats what a server said.

use std::fmt;

/// A kind of failure, as `locum/1` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Auth,
    Network,
    Timeout,
    Tls,
    Throttled,
    Challenge,
    Other,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Throttled => "throttled",
            Self::Challenge => "challenge",
            Self::Other => "other",
        }
    }
}

/// What a failed token request means for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Nothing: it may be tried at once.
    #[default]
    No,
    /// The credentials were refused.
    Refused,
    /// The token endpoint is down or busy.
    Outage,
}

/// A call that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// The HTTP status, if there was one.
    pub(crate) status: Option<u16>,
    pub(crate) lasting: Lasting,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            lasting: Lasting::No,
        }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Kind::Other, message)
    }

    #[must_use]
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub(crate) fn lasting(mut self, lasting: Lasting) -> Self {
        self.lasting = lasting;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
