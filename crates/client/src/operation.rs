//! One API operation: the request a caller asks for, and the reply.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, StatusCode};

/// One request to the vendor's API, as the caller describes it.
pub struct ApiOperation {
    /// The HTTP method.
    pub method: Method,
    /// Path and query, percent-encoded, beginning with `/`; appended to [`api_url`] unchanged.
    ///
    /// [`api_url`]: crate::Config::api_url
    pub path: String,
    /// Headers of the caller, such as `Content-Type`; the client adds `Authorization`.
    pub headers: HeaderMap,
    /// Decides, too, whether the request can be repeated.
    pub body: Body,
    /// Limit for the whole operation, token and retries included; [`DEFAULT_TIMEOUT`] if `None`.
    ///
    /// [`DEFAULT_TIMEOUT`]: crate::DEFAULT_TIMEOUT
    pub timeout: Option<Duration>,
}

impl ApiOperation {
    /// An operation without body, headers and timeout of its own.
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

impl fmt::Debug for ApiOperation {
    /// Method, path and body's length: query and headers may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "ApiOperation({} {path}, {:?})", self.method, self.body)
    }
}

/// Bytes that are produced while they are sent.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>>;

/// A request body.
#[derive(Default)]
pub enum Body {
    /// No body.
    #[default]
    None,
    /// A body in memory, which can be sent again.
    Bytes(Bytes),
    /// A body that is produced while it is sent, so that the request is never repeated. Where
    /// requests are signed, the whole stream is read into memory first: the signature covers it.
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

/// The vendor's HTTP response, read to its end.
#[derive(Clone)]
pub struct Reply {
    /// May be a 3xx: no redirect is followed.
    pub status: StatusCode,
    /// Response headers as received.
    pub headers: HeaderMap,
    /// At most 64 MiB.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    /// Bodies and headers may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}
