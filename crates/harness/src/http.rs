//! One raw HTTP/1.1 exchange: what is sent is exactly what was asked for, what came is kept.
//!
//! An ordinary client library would tidy up the very things that a requirement is about: letter
//! case and order of headers, repetitions, odd targets. So requests are written to the socket by
//! hand, on a connection of their own.

mod hello;
mod multipart;
mod read;
mod request;
mod socket;
mod tls;
mod together;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) use hello::greet;
pub use multipart::multipart;
pub use request::{Request, Url};
pub use socket::{Opening, handshake, open, upgrade};
pub use tls::Trust;
pub use together::send_together;

/// How long a mock, or a client's receiver of webhooks, may take for one reply.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// Whether a text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    parts == [8, 4, 4, 4, 12] && text.chars().all(is_hex)
}

/// A path cut in front of the segment that follows the segment `word`, and behind it.
pub(crate) fn at_segment_behind<'p>(
    path: &'p str,
    word: &str,
) -> Option<(&'p str, &'p str, &'p str)> {
    let mut start = 0;
    for segment in path.split('/') {
        start += segment.len() + 1;
        if segment == word {
            let (before, rest) = path.split_at_checked(start)?;
            let (segment, behind) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            return Some((before, segment, behind));
        }
    }
    None
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header lines in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body, with the transfer coding taken off.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header called `name`, in whatever letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Why there is no reply. No variant carries what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The address is none, or asks for what is not built in.
    #[error("{0}")]
    Address(String),
    /// It was not sent.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// Nothing listens there, or the connection broke.
    #[error("the connection failed: {0}")]
    Network(std::io::ErrorKind),
    /// The vendor's certificate is not accepted.
    #[error("the certificate is not accepted: {0}")]
    Certificate(String),
    /// No TLS came about, for another reason than the certificate.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// The reply did not come in time.
    #[error("no reply within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The body is larger than is read.
    #[error("the body is larger than 1 MiB")]
    TooLarge,
    /// What came is no HTTP.
    #[error("the reply is no HTTP: {0}")]
    Malformed(&'static str),
}

impl From<std::io::Error> for HttpError {
    fn from(error: std::io::Error) -> Self {
        Self::Network(error.kind())
    }
}

/// Anything that carries bytes both ways, with or without TLS.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Wire for T {}

/// Sends `request` to the host of `url` and reads the one reply.
pub async fn send(
    url: &Url,
    request: &Request,
    trust: &Trust,
    timeout: Duration,
) -> Result<Reply, HttpError> {
    let exchange = async {
        let mut wire = connect(url, trust).await?;
        wire.write_all(&request.bytes(&url.authority())).await?;
        wire.flush().await?;
        read::reply(&mut wire, request.method == "HEAD").await
    };
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err(HttpError::Timeout(timeout)))
}

/// Connects to the host of `url`; with TLS where its scheme asks for it.
///
/// # Errors
/// Why there is no connection.
pub async fn connect(url: &Url, trust: &Trust) -> Result<Box<dyn Wire>, HttpError> {
    if !trust.allows(url) {
        return Err(HttpError::NotSent("a rehearsal stays on this machine"));
    }
    let stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
    stream.set_nodelay(true)?;
    Ok(match url.tls {
        true => Box::new(trust.handshake(&url.host, stream).await?),
        false => Box::new(stream),
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection with `answer` and gives back what arrived.
    async fn check(request: Request, answer: &'static str) -> (Result<Reply, HttpError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut seen = vec![0; 4096];
            let n = stream.read(&mut seen).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("sent");
            String::from_utf8_lossy(&seen[..n]).into_owned()
        });
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a URL");
        let reply = send(&url, &request, &Trust::default(), REPLY_TIMEOUT).await;
        let seen = served.await.expect("it does not panic");
        (reply, seen.replace(&port.to_string(), "PORT"))
    }

    #[tokio::test]
    async fn a_request_leaves_as_it_was_written() {
        let request = Request::new("pOsT", "/a b?x={|}")
            .header("X-b", "1")
            .header("x-B", " 2")
            .body("äh");
        let (reply, seen) = check(request, "HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(
            seen,
            "pOsT /a b?x={|} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-b: 1\r\nx-B:  2\r\n\
             Content-Length: 3\r\nConnection: close\r\n\r\näh"
        );
        assert_eq!(reply.expect("a reply").status, 204);
    }

    #[tokio::test]
    async fn a_body_is_read_by_length_by_chunks_or_to_the_end() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello junk",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
        ] {
            let (reply, _) = check(Request::new("GET", "/"), answer).await;
            let reply = reply.expect("a reply");
            assert_eq!((reply.status, &reply.body[..]), (200, &b"hello"[..]));
        }
    }

    /// Heads and interim replies without end were read for as long as a reply may take.
    #[tokio::test]
    async fn an_endless_head_is_no_http() {
        for piece in ["X-A: 1\r\n", "\r\nHTTP/1.1 100 Continue\r\n"] {
            let endless = ["HTTP/1.1 100 Continue\r\n", &piece.repeat(64 << 10)].concat();
            let (reply, _) = check(Request::new("GET", "/"), endless.leak()).await;
            assert!(matches!(reply, Err(HttpError::Malformed(_))), "{reply:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_http_is_said_to_be_none() {
        for answer in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2\r\n\r\n"] {
            let (reply, _) = check(Request::new("GET", "/"), answer).await;
            assert!(matches!(
                reply,
                Err(HttpError::Malformed(_) | HttpError::Network(_))
            ));
        }
        let lengths = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhello";
        let (reply, _) = check(Request::new("GET", "/"), lengths).await;
        assert_eq!(reply, Err(HttpError::Malformed("two content lengths")));
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
        let (reply, _) = check(Request::new("GET", "/"), cut).await;
        assert_eq!(
            reply,
            Err(HttpError::Network(std::io::ErrorKind::UnexpectedEof))
        );
    }
}
