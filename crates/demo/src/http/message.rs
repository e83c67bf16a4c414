//! One request and its reply.

use super::Url;

/// A body to be sent.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    None,
    /// With `Content-Length`.
    Bytes(Vec<u8>),
    /// In chunks, as if it were produced while it is sent.
    Stream(Vec<u8>),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// Only token requests: no kept connection is used, and none is kept.
    pub(crate) own_connection: bool,
}

impl Request {
    pub(crate) fn new(method: &str, url: Url) -> Self {
        Self {
            method: method.to_owned(),
            url,
            headers: Vec::new(),
            body: Body::None,
            own_connection: false,
        }
    }

    /// Adds a header field.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same request to where a redirect points.
    pub(crate) fn redirected(&self, reply: &Reply) -> Option<Self> {
        let mut next = self.clone();
        next.url = Url::parse(reply.header("location")?).ok()?;
        (next.url != self.url).then_some(next)
    }

    /// Whether it may be sent twice: RFC 9110 §9.2.2.
    pub(crate) fn is_idempotent(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS")
    }
}

/// One reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Length of the first chunk, where the body came in chunks.
    pub(crate) first_chunk: Option<usize>,
}

impl Reply {
    /// The first field of that name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// No whole reply arrived.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection ended before the reply was whole; what there was of it.
    Cut(Reply),
    /// The reply is not HTTP/1.1.
    Protocol,
    /// The time limit of the request is over.
    Timeout,
}
