//! A call and its reply.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, StatusCode};

/// One call of the vendor's API.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Appended to the API's base as it stands; begins with `/`, percent-encoded, with its query.
    pub path: String,
    /// Headers of the caller's own, such as `Content-Type`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// The caller's own limit for all of it, token and retries included.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A call without body and headers of its own.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Body::None,
            timeout: None,
        }
    }

    /// A plain GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }
}

/// Bytes that are produced while they are sent.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>>;

/// The body of a call.
#[derive(Default)]
pub enum Body {
    /// There is none.
    #[default]
    None,
    /// All of it; can be sent again.
    Bytes(Bytes),
    /// Produced while it is sent, once: a call with it is never repeated. (A vendor whose requests
    /// are signed needs the whole body before its first byte; there the stream is read first.)
    Stream(ByteStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// What the vendor answered.
#[derive(Clone)]
pub struct Reply {
    /// The status; a 3xx is a reply like any other, no redirect is followed.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    /// Bodies and headers may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}
