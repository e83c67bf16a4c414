//! HTTP/1.1 in bytes.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Body, Fault, Reply, Request};

/// A connection, plain or under TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

const MAX_HEAD: usize = 64 << 10;
const MAX_BODY: usize = 16 << 20;
/// Bytes of a streamed body that are sent at once.
const PIECE: usize = 1024;

/// Sends the request. A server may answer and close before the body is whole, so a failed write is
/// told by the read that follows.
pub(crate) async fn write(stream: &mut dyn Stream, request: &Request) -> io::Result<()> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\n",
        request.method, request.url.target, request.url.authority
    );
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match &request.body {
        Body::None if request.method == "GET" => head.push_str("\r\n"),
        Body::None => head.push_str("Content-Length: 0\r\n\r\n"),
        Body::Bytes(bytes) => head.push_str(&format!("Content-Length: {}\r\n\r\n", bytes.len())),
        Body::Stream(_) => head.push_str("Transfer-Encoding: chunked\r\n\r\n"),
    }
    let mut bytes = head.into_bytes();
    match &request.body {
        Body::None => {}
        Body::Bytes(body) => bytes.extend_from_slice(body),
        Body::Stream(body) => {
            stream.write_all(&bytes).await?;
            for piece in body.chunks(PIECE) {
                stream
                    .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                    .await?;
                stream.write_all(piece).await?;
                stream.write_all(b"\r\n").await?;
                tokio::task::yield_now().await;
            }
            bytes = b"0\r\n\r\n".to_vec();
        }
    }
    stream.write_all(&bytes).await?;
    stream.flush().await
}

/// Reads from a connection, keeping what came too early.
pub(crate) struct Reader<'a> {
    stream: &'a mut dyn Stream,
    pub(crate) buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(stream: &'a mut dyn Stream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Reads more; false at the end of the connection.
    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }

    /// Reads the head of a reply.
    pub(crate) async fn head(&mut self) -> Result<Reply, Fault> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 128];
            let mut head = httparse::Response::new(&mut fields);
            match head.parse(&self.buffer) {
                Ok(httparse::Status::Complete(length)) => {
                    let reply = Reply {
                        status: head.code.unwrap_or_default(),
                        headers: head.headers.iter().map(owned).collect(),
                        ..Reply::default()
                    };
                    self.buffer.drain(..length);
                    // 1xx other than 101 goes before the reply.
                    if (100..200).contains(&reply.status) && reply.status != 101 {
                        continue;
                    }
                    return Ok(reply);
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < MAX_HEAD => {}
                _ => return Err(Fault::Protocol),
            }
            if !self.more().await {
                return Err(Fault::Cut(Reply::default()));
            }
        }
    }

    /// Reads the body of `reply` to a request with that method.
    pub(crate) async fn body(&mut self, method: &str, mut reply: Reply) -> Result<Reply, Fault> {
        if method == "HEAD" || matches!(reply.status, 204 | 304) {
            return Ok(reply);
        }
        let chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
        if reply.header("transfer-encoding").is_some_and(chunked) {
            return self.chunks(reply).await;
        }
        let Some(length) = reply.header("content-length") else {
            while self.buffer.len() < MAX_BODY && self.more().await {}
            reply.body = std::mem::take(&mut self.buffer);
            return Ok(reply);
        };
        let length: usize = length.trim().parse().map_err(|_| Fault::Protocol)?;
        if length > MAX_BODY {
            return Err(Fault::Protocol);
        }
        let whole = self.fill(length).await;
        let length = length.min(self.buffer.len());
        reply.body = self.buffer.drain(..length).collect();
        if whole {
            Ok(reply)
        } else {
            Err(Fault::Cut(reply))
        }
    }

    async fn chunks(&mut self, mut reply: Reply) -> Result<Reply, Fault> {
        loop {
            let Some(line) = self.line().await else {
                return Err(Fault::Cut(reply));
            };
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| Fault::Protocol)?;
            if size + reply.body.len() > MAX_BODY {
                return Err(Fault::Protocol);
            }
            if size == 0 {
                while self.line().await.is_some_and(|line| !line.is_empty()) {}
                return Ok(reply);
            }
            let whole = self.fill(size + 2).await;
            let size = size.min(self.buffer.len());
            reply.body.extend(self.buffer.drain(..size));
            reply.first_chunk.get_or_insert(size);
            if !whole {
                return Err(Fault::Cut(reply));
            }
            self.buffer.drain(..2);
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.buffer.len() > MAX_HEAD || !self.more().await {
                return None;
            }
        }
    }

    async fn fill(&mut self, length: usize) -> bool {
        while self.buffer.len() < length {
            if !self.more().await {
                return false;
            }
        }
        true
    }
}

fn owned(field: &httparse::Header<'_>) -> (String, String) {
    let value = String::from_utf8_lossy(field.value).into_owned();
    (field.name.to_ascii_lowercase(), value)
}
