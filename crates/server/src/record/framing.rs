//! Where one message ends and the next head begins (RFC 9112 §6).

use bytes::{Buf, BytesMut};

use super::head::{Body, Head, header_line};

/// The largest head in bytes.
const MAX_HEAD: usize = 64 << 10;

/// A request that stands for one that hyper must not see.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: defect\r\nconnection: close\r\n\r\n";

/// Bytes that the HTTP library refuses where a chunk's size, its end or a trailer is due.
const NO_CHUNK: &[u8] = b"!\r!";

/// Longest size line or trailer line in bytes, its end included; the library takes more.
const MAX_LINE: usize = 8 << 10;

/// Most trailer lines of a body; the library takes a hundred.
const MAX_TRAILERS: usize = 64;

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// A head.
    Head,
    /// So many bytes of a body.
    Length(u64),
    /// The size line of a chunk.
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    /// A trailer line or the empty line that ends it all; so many came before.
    Trailer(usize),
    /// Anything, handed on as it is.
    Raw,
    /// Anything, thrown away: a defect was found.
    Drain,
}

/// What one step did.
#[derive(Debug)]
pub(super) enum Step {
    /// More bytes are needed.
    Starved,
    /// Bytes moved, or the state changed.
    Moved,
    /// A head is complete.
    Head(Head),
}

impl Framing {
    /// Moves bytes from `inbox` to `ready` as far as one state goes.
    pub(super) fn step(&mut self, inbox: &mut BytesMut, ready: &mut BytesMut) -> Step {
        if inbox.is_empty() {
            return Step::Starved;
        }
        match self {
            Self::Head => self.head(inbox, ready),
            Self::Length(left) | Self::Chunk(left) => {
                let length = inbox
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= length as u64;
                let done = *left == 0;
                let next = match self {
                    Self::Length(_) => Self::Head,
                    _ => Self::ChunkEnd,
                };
                ready.extend_from_slice(&inbox[..length]);
                inbox.advance(length);
                if done {
                    *self = next;
                }
                Step::Moved
            }
            Self::ChunkSize => self.line(inbox, ready, |line| match chunk_size(line)? {
                0 => Some(Self::Trailer(0)),
                size => Some(Self::Chunk(size)),
            }),
            Self::ChunkEnd => self.line(inbox, ready, |line| {
                line.is_empty().then_some(Self::ChunkSize)
            }),
            Self::Trailer(count) => {
                let count = *count;
                self.line(inbox, ready, |line| match line {
                    [] => Some(Self::Head),
                    line if count < MAX_TRAILERS && is_trailer(line) => {
                        Some(Self::Trailer(count + 1))
                    }
                    _ => None,
                })
            }
            Self::Raw => {
                ready.extend_from_slice(inbox);
                inbox.clear();
                Step::Moved
            }
            Self::Drain => {
                inbox.clear();
                Step::Starved
            }
        }
    }

    fn head(&mut self, inbox: &mut BytesMut, ready: &mut BytesMut) -> Step {
        // RFC 9112 §2.2: an empty line before the request line is to be ignored.
        while inbox.starts_with(b"\r\n") {
            inbox.advance(2);
        }
        let head = match memchr::memmem::find(inbox, b"\r\n\r\n") {
            _ if inbox.first() == Some(&0x16) => {
                Head::defective(inbox, 400, "a TLS handshake on a plain port")
            }
            Some(at) => {
                let head = Head::read(&inbox[..at + 4]);
                inbox.advance(at + 4);
                head
            }
            None if inbox.len() > MAX_HEAD => {
                Head::defective(inbox, 431, "a head of more than 64 KiB")
            }
            None => return Step::Starved,
        };
        if head.defect.is_some() {
            ready.extend_from_slice(STAND_IN);
            *self = Self::Drain;
        } else {
            ready.extend_from_slice(&head.raw);
            *self = match head.body {
                Body::Length(0) => Self::Head,
                Body::Length(length) => Self::Length(length),
                Body::Chunked => Self::ChunkSize,
            };
        }
        Step::Head(head)
    }

    /// Reads a line that ends in CR LF and holds neither alone: `next` says what follows it. A line
    /// that the grammar does not have ends the connection, since the library might read it otherwise
    /// and take what is a body here for a request, which is how requests are smuggled.
    fn line(
        &mut self,
        inbox: &mut BytesMut,
        ready: &mut BytesMut,
        next: impl FnOnce(&[u8]) -> Option<Self>,
    ) -> Step {
        let end = inbox.iter().position(|byte| *byte == b'\n');
        let line = match end {
            None if inbox.len() <= MAX_LINE => return Step::Starved,
            None => None,
            Some(at) => inbox[..at]
                .strip_suffix(b"\r")
                .filter(|line| line.len() <= MAX_LINE && !line.contains(&b'\r')),
        };
        if let (Some(at), Some(next)) = (end, line.and_then(next)) {
            ready.extend_from_slice(&inbox[..=at]);
            inbox.advance(at + 1);
            *self = next;
        } else {
            ready.extend_from_slice(NO_CHUNK);
            *self = Self::Drain;
        }
        Step::Moved
    }
}

/// `chunk-size [ chunk-ext ]` (RFC 9112 §7.1); blanks may stand between the two.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let rest = line[digits..].trim_ascii_start();
    let is_text = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    if !(rest.is_empty() || rest.starts_with(b";")) || !rest.iter().all(is_text) {
        return None;
    }
    // `from_str_radix` takes a sign, which is why the digits are counted before.
    u64::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()
}

/// A header line (RFC 9112 §7.1.2).
fn is_trailer(line: &[u8]) -> bool {
    header_line(&String::from_utf8_lossy(line)).is_ok()
}

#[cfg(test)]
mod tests;
