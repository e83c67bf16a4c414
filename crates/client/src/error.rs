//! What can go wrong between a caller and a vendor.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// Why a call, a token or a socket did not come about.
///
/// No variant carries a token, a secret, a vendor's free text or a URL's query: vendors repeat
/// what they were sent, and errors end up in logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The vendor refused the credentials or the token.
    #[error("the vendor refused the {what} ({code})")]
    Auth {
        /// What was refused: credentials, token, refresh token.
        what: &'static str,
        /// The vendor's own error code, or the status.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection could not be made, or broke.
    #[error("the network failed: {0}")]
    Network(String),
    /// The caller's limit passed first.
    #[error("no reply within {0:?}")]
    Timeout(Duration),
    /// The other end could not prove who it is.
    #[error("tls failed: {0}")]
    Tls(String),
    /// The vendor asks to come back later.
    #[error("the vendor asks to wait (status {status}){}", waiting(*wait))]
    Throttled {
        /// The HTTP status.
        status: u16,
        /// How long, where the vendor said so.
        wait: Option<Duration>,
    },
    /// The vendor asks for something first, such as a new password.
    #[error("the vendor asks for {0} first")]
    Challenge(Challenge),
    /// The reply is none that the vendor's documents describe.
    #[error("malformed reply: {0}")]
    Malformed(&'static str),
    /// The vendor answered with a status that ends the matter.
    #[error("the vendor answered {what} with status {status} ({code})")]
    Status {
        /// What was asked for.
        what: &'static str,
        /// The vendor's own error code, or the status.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// The client itself would not do it.
    #[error("refused by this client: {0}")]
    Refused(&'static str),
    /// The token was refused, and the body is gone: a stream is sent once.
    #[error("status {status}, and a streamed body cannot be sent again")]
    NotReplayable {
        /// The HTTP status.
        status: u16,
    },
    /// The configuration lacks something.
    #[error("configuration: {0}")]
    Config(&'static str),
    /// The socket's session did not come about or ended early.
    #[error("socket: {0}")]
    Socket(&'static str),
    /// A task of this client stopped before it was done.
    #[error("the token source stopped before it answered")]
    Stopped,
}

/// What a vendor asks for before it issues tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Challenge {
    /// Cognito's `NEW_PASSWORD_REQUIRED`: the password is a temporary one.
    NewPassword,
    /// Any other challenge; this client answers none of them.
    Other,
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewPassword => "a new password",
            Self::Other => "a challenge that this client cannot answer",
        })
    }
}

/// The kinds that a caller tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Credentials or token refused.
    Auth,
    /// The network failed.
    Network,
    /// A limit of time passed.
    Timeout,
    /// TLS failed.
    Tls,
    /// The vendor asks to wait.
    Throttled,
    /// The vendor asks for something first.
    Challenge,
    /// The reply made no sense.
    Malformed,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// The lower-case name that the line protocol of subjects uses.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Throttled => "throttled",
            Self::Challenge => "challenge",
            Self::Malformed => "malformed",
            Self::Other => "other",
        }
    }
}

impl Error {
    /// Which kind it is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Auth { .. } | Self::NotReplayable { status: 401, .. } => ErrorKind::Auth,
            Self::Network(_) => ErrorKind::Network,
            Self::Timeout(_) => ErrorKind::Timeout,
            Self::Tls(_) => ErrorKind::Tls,
            Self::Throttled { .. } => ErrorKind::Throttled,
            Self::Challenge(_) => ErrorKind::Challenge,
            Self::Malformed(_) => ErrorKind::Malformed,
            Self::Status { .. }
            | Self::Refused(_)
            | Self::NotReplayable { .. }
            | Self::Config(_)
            | Self::Socket(_)
            | Self::Stopped => ErrorKind::Other,
        }
    }

    /// The HTTP status that the client saw, if any.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Auth { status, .. }
            | Self::Throttled { status, .. }
            | Self::Status { status, .. }
            | Self::NotReplayable { status } => Some(*status),
            _ => None,
        }
    }

    /// Whether another try of the same may fare better by itself: wrong credentials stay wrong.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Network(_) | Self::Timeout(_) | Self::Throttled { .. } | Self::Stopped => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// How long the vendor asked to wait.
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { wait, .. } => *wait,
            _ => None,
        }
    }

    /// Sorts an error of the HTTP library. Its own text names the URL, so only the innermost
    /// cause is kept.
    pub(crate) fn from_http(error: &reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = error;
        let mut chain = String::new();
        while let Some(source) = cause.source() {
            cause = source;
            // A String takes everything.
            let _ = write!(chain, "{source:?} ");
        }
        let text = if std::ptr::addr_eq(cause, error) {
            String::from("the request could not be sent")
        } else {
            cause.to_string()
        };
        if error.is_timeout() {
            return Self::Network(String::from("connecting took too long"));
        }
        // rustls' errors come wrapped in the library's own, which it does not export.
        let tls = ["rustls", "Certificate", "AlertReceived", "InvalidMessage"];
        if error.is_connect() && tls.iter().any(|word| chain.contains(word)) {
            return Self::Tls(text);
        }
        Self::Network(text)
    }
}

fn waiting(wait: Option<Duration>) -> String {
    wait.map(|wait| format!(", for {} s", wait.as_secs_f64()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_named() {
        let error = Error::Throttled {
            status: 429,
            wait: Some(Duration::from_hours(24)),
        };
        assert_eq!(
            error.to_string(),
            "the vendor asks to wait (status 429), for 86400 s"
        );
        assert_eq!(error.kind().label(), "throttled");
    }
}
