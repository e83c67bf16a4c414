//! What frames look like on the wire: their heads, as they are read.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head: two bytes, eight of length, four of mask (RFC 6455 §5.2).
const MAX_HEAD: usize = 14;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    first: u8,
    /// Whether its payload is masked.
    pub(super) masked: bool,
    /// Length of its payload in bytes.
    pub(super) length: u64,
}

impl FrameHead {
    /// Whether it is the last frame of its message.
    pub(super) const fn is_last(self) -> bool {
        self.first & 0x80 != 0
    }

    /// Whether it is a ping, a pong, a close, or of a reserved opcode like theirs.
    pub(super) const fn is_control(self) -> bool {
        self.first & 0x08 != 0
    }

    /// Its opcode in words.
    pub(super) fn opcode(self) -> String {
        let word = match self.first & 0x0f {
            0x0 => "continuation",
            0x1 => "text",
            0x2 => "binary",
            0x8 => "close",
            0x9 => "ping",
            0xa => "pong",
            other => return format!("opcode {other}"),
        };
        word.to_owned()
    }
}

/// Which frames are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpTo {
    /// Those up to the end of the next message.
    Message,
    /// Those up to the next control frame.
    Control,
    /// All that were read.
    All,
}

/// A connection that keeps the heads of the frames read through it.
#[derive(Debug)]
pub(super) struct FrameTap<S> {
    inner: S,
    heads: VecDeque<FrameHead>,
    partial: [u8; MAX_HEAD],
    known: usize,
    payload_left: u64,
    is_off: bool,
}

impl<S> FrameTap<S> {
    /// A connection on which no frame was read yet.
    pub(super) const fn new(inner: S) -> Self {
        Self {
            inner,
            heads: VecDeque::new(),
            partial: [0; MAX_HEAD],
            known: 0,
            payload_left: 0,
            is_off: false,
        }
    }

    /// Takes the heads of frames that were read, in order.
    pub(super) fn take(&mut self, up_to: UpTo) -> Vec<FrameHead> {
        let ends = |head: &FrameHead| match up_to {
            UpTo::Message => !head.is_control() && head.is_last(),
            UpTo::Control => head.is_control(),
            UpTo::All => false,
        };
        let end = self.heads.iter().position(ends);
        let end = end.map_or(self.heads.len(), |at| at + 1);
        self.heads.drain(..end).collect()
    }

    /// From now on the bytes may be anything.
    pub(super) fn stop(&mut self) {
        self.is_off = true;
        self.heads.clear();
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while !self.is_off && !bytes.is_empty() {
            if self.payload_left > 0 {
                let left = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
                let passed = left.min(bytes.len());
                self.payload_left -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.partial[self.known] = bytes[0];
            self.known += 1;
            bytes = &bytes[1..];
            if let Some(head) = read(&self.partial[..self.known]) {
                self.known = 0;
                self.payload_left = head.length;
                self.heads.push_back(head);
            }
        }
    }
}

/// The head, once it is whole.
fn read(bytes: &[u8]) -> Option<FrameHead> {
    let [first, second, rest @ ..] = bytes else {
        return None;
    };
    let masked = second & 0x80 != 0;
    let (length_bytes, short) = match second & 0x7f {
        126 => (2, 0),
        127 => (8, 0),
        short => (0, u64::from(short)),
    };
    let mask_bytes = if masked { 4 } else { 0 };
    if rest.len() < length_bytes + mask_bytes {
        return None;
    }
    let long = rest[..length_bytes].iter();
    let long = long.fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some(FrameHead {
        first: *first,
        masked,
        length: if length_bytes == 0 { short } else { long },
    })
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameTap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = polled {
            self.feed(&buffer.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameTap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use locum_testkit::websocket::frame;

    use super::*;

    fn heads(bytes: &[u8], piece: usize) -> Vec<FrameHead> {
        let mut tap = FrameTap::new(());
        for piece in bytes.chunks(piece) {
            tap.feed(piece);
        }
        tap.take(UpTo::All)
    }

    #[test]
    fn heads_are_read_however_the_bytes_come() {
        let mut unmasked = vec![0x82, 127];
        unmasked.extend(70_000_u64.to_be_bytes());
        unmasked.extend(vec![0; 70_000]);
        let bytes = [
            frame(0x01, b"hi"),
            frame(0x89, b""),
            frame(0x80, &[0; 300]),
            unmasked,
            vec![0x88],
        ]
        .concat();
        for piece in [1, 3, 4096, usize::MAX] {
            let seen: Vec<_> = heads(&bytes, piece)
                .into_iter()
                .map(|head| (head.opcode(), head.is_last(), head.masked, head.length))
                .collect();
            let expected = [
                ("text".to_owned(), false, true, 2),
                ("ping".to_owned(), true, true, 0),
                ("continuation".to_owned(), true, true, 300),
                ("binary".to_owned(), true, false, 70_000),
            ];
            assert_eq!(seen, expected, "{piece}");
        }
    }

    #[test]
    fn a_message_ends_with_its_last_frame_and_a_ping_with_itself() {
        let mut tap = FrameTap::new(());
        let frames = [
            frame(0x01, b"h"),
            frame(0x89, b""),
            frame(0x80, b"i"),
            frame(0x82, b"x"),
        ];
        tap.feed(&frames.concat());
        assert_eq!(tap.take(UpTo::Control).len(), 2);
        assert_eq!(tap.take(UpTo::Message).len(), 1);
        assert_eq!(tap.take(UpTo::Message).len(), 1);
        assert!(tap.take(UpTo::All).is_empty());
        tap.stop();
        tap.feed(&frame(0x81, b"later"));
        assert!(tap.take(UpTo::All).is_empty());
    }
}
