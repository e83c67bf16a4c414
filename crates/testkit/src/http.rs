//! Raw HTTP: a request in bytes, an answer out.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server answered; all zero when it hung up before a head was complete.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; 0 for what is not HTTP.
    pub status: u16,
    /// Header lines in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body, its coding of transfer untouched.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }
}

/// The bytes of a request: `line` is method and target, `headers` are lines with `\r\n` at the end
/// of each; `Host` is added, and a length where there is a body.
pub fn request(host: &str, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let mut bytes =
        format!("{line} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends bytes on a connection of their own and reads one answer.
///
/// # Panics
/// When nobody listens there.
pub async fn send(address: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("it takes bytes");
    read(&mut stream).await
}

/// Sends bytes on a connection of their own and reads until the server ends it.
///
/// # Errors
/// When the connection cannot be opened or is reset.
pub async fn send_until_end(address: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await?;
    Ok(received)
}

/// Reads one answer.
pub async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return answer;
        }
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            return parse(&bytes, true).unwrap_or(Answer {
                status: 0,
                headers: Vec::new(),
                body: bytes,
            });
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}

/// The answer in `bytes` once it is whole, or, when the connection has `ended`, what there is of it.
pub fn parse(bytes: &[u8], ended: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse::<usize>().ok());
    let complete = match length {
        _ if status == 101 || status == 204 => true,
        Some(length) => body.len() >= length,
        None => ended,
    };
    (complete || ended).then(|| Answer {
        status,
        headers,
        body: body.to_vec(),
    })
}
