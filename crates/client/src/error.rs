//! The errors of this client, all of them safe to log.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// Why an operation, a token request or a socket failed.
///
/// No variant carries a token, a secret, a vendor's free text or a URL: vendors repeat what they
/// were sent, and errors end up in logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The vendor refused the credentials or the token.
    #[error("the vendor refused the {what} ({code})")]
    Auth {
        /// `credentials`, `token` or `refresh token`.
        what: &'static str,
        /// The vendor's error code if it is a known one, or else the status.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection could not be established, or was lost.
    #[error("network error: {0}")]
    Network(String),
    /// The time limit passed before the reply was complete.
    #[error("no reply within {0:?}")]
    Timeout(Duration),
    /// The TLS handshake failed, for instance for an untrusted certificate.
    #[error("TLS error: {0}")]
    Tls(String),
    /// The vendor limits the rate of requests or is overloaded.
    #[error("the vendor throttles requests (status {status}){}", retry_hint(*wait))]
    Throttled {
        /// The HTTP status.
        status: u16,
        /// The wait that the vendor asked for, if it did.
        wait: Option<Duration>,
    },
    /// The vendor requires another step before it issues tokens, such as a new password.
    #[error("the vendor requires {0} first")]
    Challenge(Challenge),
    /// The reply is not one that the vendor's documents describe.
    #[error("malformed reply: {0}")]
    Malformed(&'static str),
    /// The vendor answered with a status that is neither success nor any of the above.
    #[error("the vendor answered {what} with status {status} ({code})")]
    Status {
        /// What was requested.
        what: &'static str,
        /// The vendor's error code if it is a known one, or else the status.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// This client does not send such a request.
    #[error("refused by this client: {0}")]
    Refused(&'static str),
    /// The request would have to be repeated, and its body is a stream, which can be sent once.
    #[error("status {status}, and a streamed body cannot be sent again")]
    NotReplayable {
        /// The HTTP status.
        status: u16,
    },
    /// The configuration does not fit the profile.
    #[error("configuration: {0}")]
    Config(&'static str),
    /// The session of a socket was refused or ended early.
    #[error("socket: {0}")]
    Socket(&'static str),
    /// The vendor closed the socket with a code other than normal closure (1000) and going away
    /// (1001), by RFC 6455 §7.4.1.
    #[error("the vendor closed the socket with code {0}")]
    SocketClosed(u16),
    /// The task that fetched a token panicked, or its runtime was shut down.
    #[error("the token request was aborted")]
    Stopped,
}

/// A step that a vendor requires before it issues tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Challenge {
    /// Cognito's `NEW_PASSWORD_REQUIRED`, for a temporary password.
    NewPassword,
    /// Any other, such as a second factor; this client cannot answer it.
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

/// The kinds of errors that a caller may handle differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// [`Error::Auth`], and a 401 to a streamed body.
    Auth,
    /// [`Error::Network`].
    Network,
    /// [`Error::Timeout`].
    Timeout,
    /// [`Error::Tls`].
    Tls,
    /// [`Error::Throttled`].
    Throttled,
    /// [`Error::Challenge`].
    Challenge,
    /// [`Error::Malformed`].
    Malformed,
    /// Any other.
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
    /// The kind of this error.
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
            | Self::SocketClosed(_)
            | Self::Stopped => ErrorKind::Other,
        }
    }

    /// The HTTP status of the reply, if the error is about one.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Auth { status, .. }
            | Self::Throttled { status, .. }
            | Self::Status { status, .. }
            | Self::NotReplayable { status } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Network(_) | Self::Timeout(_) | Self::Throttled { .. } | Self::Stopped => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The wait that the vendor asked for, if it did.
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { wait, .. } => *wait,
            _ => None,
        }
    }

    /// Converts an error of the HTTP library. Its own text contains the URL, so only the innermost
    /// cause is kept.
    pub(crate) fn from_http(error: &reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = error;
        let mut chain = String::new();
        while let Some(source) = cause.source() {
            cause = source;
            write!(chain, "{source:?} ").expect("writing to a String cannot fail");
        }
        let text = if std::ptr::addr_eq(cause, error) {
            String::from("the request could not be sent")
        } else {
            cause.to_string()
        };
        if error.is_timeout() {
            return Self::Network(String::from(
                "the connection could not be established in time",
            ));
        }
        // rustls' errors are wrapped in types that the library does not export.
        let tls = ["rustls", "Certificate", "AlertReceived", "InvalidMessage"];
        if error.is_connect() && tls.iter().any(|name| chain.contains(name)) {
            return Self::Tls(text);
        }
        Self::Network(text)
    }
}

fn retry_hint(wait: Option<Duration>) -> String {
    wait.map(|wait| format!(", retry after {} s", wait.as_secs_f64()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_wait() {
        let error = Error::Throttled {
            status: 429,
            wait: Some(Duration::from_hours(24)),
        };
        assert_eq!(
            error.to_string(),
            "the vendor throttles requests (status 429), retry after 86400 s"
        );
        assert_eq!(error.kind().label(), "throttled");
    }
}
