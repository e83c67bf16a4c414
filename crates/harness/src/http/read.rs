//! Reads one HTTP/1.1 reply (RFC 9112), bounded.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{HttpError, Reply};

/// No body of a vendor is larger: the tokens and errors that are judged have some kilobytes.
const LARGEST: usize = 1 << 20;

/// No head of a vendor is larger.
const LARGEST_HEAD: usize = 256 << 10;

/// More interim replies than this before a reply are an endless stream.
const MAX_INTERIM: usize = 16;

/// Reads until the reply is complete; interim replies (1xx but 101) are passed over.
pub(super) async fn reply<R>(wire: &mut R, to_head: bool) -> Result<Reply, HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    let mut buffer = Vec::new();
    let mut reply = head(wire, &mut buffer).await?;
    let mut interim = 0;
    while (100..200).contains(&reply.status) && reply.status != 101 {
        interim += 1;
        if interim > MAX_INTERIM {
            return Err(HttpError::Malformed("interim replies without end"));
        }
        reply = head(wire, &mut buffer).await?;
    }
    if to_head {
        return Ok(reply);
    }
    rest(wire, reply, buffer).await
}

/// Reads the body that belongs to a head; `buffer` holds what came behind the head already.
pub(super) async fn rest<R>(
    wire: &mut R,
    mut reply: Reply,
    buffer: Vec<u8>,
) -> Result<Reply, HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    if !matches!(reply.status, 101 | 204 | 304) {
        reply.body = body(wire, buffer, &reply).await?;
    }
    Ok(reply)
}

/// Reads one head and leaves what came behind it in `buffer`.
pub(super) async fn head<R>(wire: &mut R, buffer: &mut Vec<u8>) -> Result<Reply, HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    let mut searched = 0;
    let end = loop {
        if let Some(at) = find(&buffer[searched..], b"\r\n\r\n") {
            break searched + at;
        }
        if buffer.len() > LARGEST_HEAD {
            return Err(HttpError::Malformed("the head is too large"));
        }
        // The end may lie across two reads.
        searched = buffer.len().saturating_sub(3);
        more(wire, buffer).await?;
    };
    let text: Vec<u8> = buffer.drain(..end + 4).collect();
    parse(&String::from_utf8_lossy(&text[..end]))
}

fn parse(text: &str) -> Result<Reply, HttpError> {
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|digits| digits.parse().ok())
        .ok_or(HttpError::Malformed("no status line"))?;
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
        })
        .collect::<Option<_>>()
        .ok_or(HttpError::Malformed("a header line without a colon"))?;
    Ok(Reply {
        status,
        headers,
        body: Vec::new(),
    })
}

async fn body<R>(wire: &mut R, mut buffer: Vec<u8>, head: &Reply) -> Result<Vec<u8>, HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    let chunked = head
        .header("transfer-encoding")
        .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"));
    if chunked {
        return chunks(wire, buffer).await;
    }
    let Some(length) = head.header("content-length") else {
        return loop {
            match more(wire, &mut buffer).await {
                Err(HttpError::TooLarge) => break Err(HttpError::TooLarge),
                Err(_) => break Ok(buffer),
                Ok(()) => {}
            }
        };
    };
    let mut lengths = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    // RFC 9112 §6.3: lengths that disagree are an error that no reader can mend.
    if lengths.any(|(_, other)| other != length) {
        return Err(HttpError::Malformed("two content lengths"));
    }
    let length: usize = length
        .parse()
        .map_err(|_| HttpError::Malformed("the content length"))?;
    if length > LARGEST {
        return Err(HttpError::TooLarge);
    }
    while buffer.len() < length {
        more(wire, &mut buffer).await?;
    }
    buffer.truncate(length);
    Ok(buffer)
}

/// The chunked coding of RFC 9112 §7.1; extensions and trailers are passed over.
async fn chunks<R>(wire: &mut R, mut buffer: Vec<u8>) -> Result<Vec<u8>, HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = find(&buffer, b"\r\n") {
                break at;
            }
            more(wire, &mut buffer).await?;
        };
        let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16)
            .map_err(|_| HttpError::Malformed("the size of a chunk"))?;
        if size > LARGEST || body.len() + size > LARGEST {
            return Err(HttpError::TooLarge);
        }
        if size == 0 {
            return Ok(body);
        }
        while buffer.len() < end + 2 + size + 2 {
            more(wire, &mut buffer).await?;
        }
        body.extend_from_slice(&buffer[end + 2..end + 2 + size]);
        buffer.drain(..end + 2 + size + 2);
    }
}

async fn more<R>(wire: &mut R, buffer: &mut Vec<u8>) -> Result<(), HttpError>
where
    R: AsyncRead + Unpin + ?Sized,
{
    if buffer.len() > LARGEST {
        return Err(HttpError::TooLarge);
    }
    let mut piece = [0; 8192];
    match wire.read(&mut piece).await? {
        0 => Err(HttpError::Network(std::io::ErrorKind::UnexpectedEof)),
        n => {
            buffer.extend_from_slice(&piece[..n]);
            Ok(())
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
