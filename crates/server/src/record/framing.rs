//! Where one message ends and the next head begins (RFC 9112 §6).

use bytes::{Buf, BytesMut};

use super::head::{Body, Head};

/// The largest head in bytes.
const MAX_HEAD: usize = 64 << 10;

/// A request that stands for one that hyper must not see.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: defect\r\nconnection: close\r\n\r\n";

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// A head.
    Head,
    /// So many bytes of a body.
    Length(u64),
    /// The size line of a chunk.
    ChunkSize,
    /// So many bytes of a chunk, its line end included.
    Chunk(u64),
    /// A trailer line or the empty line that ends it all.
    Trailer,
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
                let next = if matches!(self, Self::Length(_)) {
                    Self::Head
                } else {
                    Self::ChunkSize
                };
                ready.extend_from_slice(&inbox.split_to(length));
                if done {
                    *self = next;
                }
                Step::Moved
            }
            Self::ChunkSize => self.line(inbox, ready, |line| {
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(size)
                    .ok()
                    .and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
                match size {
                    Some(0) => Self::Trailer,
                    Some(size) => Self::Chunk(size.saturating_add(2)),
                    None => Self::Raw, // hyper will say what is wrong with it
                }
            }),
            Self::Trailer => self.line(inbox, ready, |line| {
                if line.is_empty() {
                    Self::Head
                } else {
                    Self::Trailer
                }
            }),
            Self::Raw => {
                ready.extend_from_slice(&inbox.split());
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
        let head = match inbox.windows(4).position(|window| window == b"\r\n\r\n") {
            _ if inbox.first() == Some(&0x16) => {
                Head::defective(inbox, 400, "a TLS handshake on a plain port")
            }
            Some(at) => Head::read(&inbox.split_to(at + 4)),
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

    fn line(
        &mut self,
        inbox: &mut BytesMut,
        ready: &mut BytesMut,
        next: impl FnOnce(&[u8]) -> Self,
    ) -> Step {
        let Some(at) = inbox.iter().position(|byte| *byte == b'\n') else {
            if inbox.len() > MAX_HEAD {
                *self = Self::Raw;
                return Step::Moved;
            }
            return Step::Starved;
        };
        let line = inbox.split_to(at + 1);
        *self = next(line[..at].strip_suffix(b"\r").unwrap_or(&line[..at]));
        ready.extend_from_slice(&line);
        Step::Moved
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `input` in pieces of `size` bytes; returns the request lines and what hyper sees.
    fn fed(input: &[u8], size: usize) -> (Vec<String>, Vec<u8>) {
        let (mut framing, mut inbox, mut ready) = (Framing::Head, BytesMut::new(), BytesMut::new());
        let mut heads = Vec::new();
        for piece in input.chunks(size) {
            inbox.extend_from_slice(piece);
            loop {
                match framing.step(&mut inbox, &mut ready) {
                    Step::Starved => break,
                    Step::Moved => {}
                    Step::Head(head) => heads.push(format!("{} {}", head.method, head.target)),
                }
            }
        }
        (heads, ready.to_vec())
    }

    const TWO: &[u8] = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nHost: x\r\n\
        Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.1\r\nhost: x\r\n\r\n";

    proptest! {
        #[test]
        fn heads_are_found_however_the_bytes_arrive(size in 1usize..200) {
            let (heads, seen) = fed(TWO, size);
            prop_assert_eq!(heads, ["POST /a", "POST /b", "GET /c"]);
            prop_assert_eq!(seen, TWO);
        }

        #[test]
        fn no_bytes_make_it_panic(input in proptest::collection::vec(any::<u8>(), 0..400), size in 1usize..50) {
            fed(&input, size);
        }
    }

    #[test]
    fn hyper_sees_a_stand_in_for_a_defective_head() {
        assert_eq!(
            fed(
                b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\n\r\n",
                7
            )
            .1,
            STAND_IN
        );
    }
}
