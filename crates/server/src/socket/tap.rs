//! What frames look like on the wire: their heads, as they are read, and what closes say.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use locum_core::journal::Mask;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head: two bytes, eight of length, four of mask (RFC 6455 §5.2).
const MAX_HEAD: usize = 14;

/// The longest payload of a control frame (RFC 6455 §5.5).
const MAX_CONTROL: u64 = 125;

/// So many heads are kept until a message is whole; the journal keeps fewer.
const MAX_HEADS: usize = 1000;

/// The head of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    first: u8,
    /// The key by which its payload is masked.
    pub(super) mask: Option<Mask>,
    /// Length of its payload in bytes.
    pub(super) length: u64,
    /// The payload of a close, unmasked, as far as it has come; of others nothing.
    close: Vec<u8>,
}

impl FrameHead {
    /// Whether it is the last frame of its message.
    pub(super) const fn is_last(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// Whether it is a ping, a pong, a close, or of a reserved opcode like theirs.
    pub(super) const fn is_control(&self) -> bool {
        self.first & 0x08 != 0
    }

    /// Its opcode in words.
    pub(super) fn opcode(&self) -> String {
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

    /// What a close says, `code reason`, also where no close may say so (RFC 6455 §7.4): the library
    /// tells of such a code as 1002. `None` for other frames, and for a close without a code or whose
    /// end has not come.
    pub(super) fn closes_with(&self) -> Option<String> {
        let (code, reason) = self.close.split_first_chunk()?;
        let code = u16::from_be_bytes(*code);
        let text = format!("{code} {}", String::from_utf8_lossy(reason));
        (self.close.len() as u64 == self.length).then(|| text.trim_end().to_owned())
    }

    /// Keeps what came of the payload, where it is a close that is not too long to be one.
    fn keep(&mut self, bytes: &[u8]) {
        if self.first & 0x0f == 0x8 && self.length <= MAX_CONTROL {
            let Mask(key) = self.mask.unwrap_or(Mask([0; 4]));
            let key = key.into_iter().cycle().skip(self.close.len() % 4);
            let plain = bytes.iter().zip(key).map(|(byte, key)| byte ^ key);
            self.close.extend(plain);
        }
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

    /// Keeps a head until it is taken. Of a message in endless fragments the latest one goes on standing
    /// for those before it.
    fn push(&mut self, head: FrameHead) {
        let is_full = self.heads.len() >= MAX_HEADS;
        match self.heads.back_mut() {
            Some(back) if is_full && !back.is_control() && !back.is_last() => *back = head,
            _ => self.heads.push_back(head),
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while !self.is_off && !bytes.is_empty() {
            if self.payload_left > 0 {
                let left = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
                let (payload, rest) = bytes.split_at(left.min(bytes.len()));
                self.payload_left -= payload.len() as u64;
                bytes = rest;
                // Until it was taken, the frame under way is the last one.
                if let Some(head) = self.heads.back_mut() {
                    head.keep(payload);
                }
                continue;
            }
            self.partial[self.known] = bytes[0];
            self.known += 1;
            bytes = &bytes[1..];
            if let Some(head) = read(&self.partial[..self.known]) {
                self.known = 0;
                self.payload_left = head.length;
                self.push(head);
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
    let (long, rest) = rest.split_at_checked(length_bytes)?;
    let mask = match masked {
        true => Some(Mask(*rest.first_chunk()?)),
        false => None,
    };
    let long = long.iter();
    let long = long.fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some(FrameHead {
        first: *first,
        mask,
        length: if length_bytes == 0 { short } else { long },
        close: Vec::new(),
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
    fn endless_fragments_take_no_endless_room() {
        let fragments = [frame(0x01, b""), frame(0x00, b"").repeat(5000)].concat();
        let kept = heads(&[fragments, frame(0x80, b"end")].concat(), 4096);
        assert_eq!(kept.len(), MAX_HEADS);
        let ends = |head: Option<&FrameHead>| head.map(|head| (head.opcode(), head.is_last()));
        assert_eq!(ends(kept.first()), Some(("text".to_owned(), false)));
        assert_eq!(ends(kept.last()), Some(("continuation".to_owned(), true)));
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
                .map(|head| (head.opcode(), head.is_last(), head.mask, head.length))
                .collect();
            let key = Some(Mask([1, 2, 3, 4]));
            let expected = [
                ("text".to_owned(), false, key, 2),
                ("ping".to_owned(), true, key, 0),
                ("continuation".to_owned(), true, key, 300),
                ("binary".to_owned(), true, None, 70_000),
            ];
            assert_eq!(seen, expected, "{piece}");
        }
    }

    #[test]
    fn a_close_says_what_stands_in_it() {
        let bare = vec![0x88, 2, 0x03, 0xee];
        let long = [&4401_u16.to_be_bytes()[..], &[b'x'; 124]].concat();
        for (bytes, expected) in [
            (frame(0x88, &1006_u16.to_be_bytes()), Some("1006")),
            (bare, Some("1006")),
            (frame(0x88, b"\x03\xe8good bye"), Some("1000 good bye")),
            (frame(0x88, b"\x03\xe8\xff"), Some("1000 \u{fffd}")),
            (frame(0x88, b""), None),
            (frame(0x88, b"\x03"), None),
            (frame(0x88, &long), None),
            (frame(0x89, b"\x03\xe8"), None),
            (frame(0x88, b"\x03\xe8ten")[..9].to_vec(), None),
        ] {
            for piece in [1, 3, usize::MAX] {
                let heads = heads(&bytes, piece);
                let said: Vec<_> = heads.iter().map(FrameHead::closes_with).collect();
                assert_eq!(said, [expected.map(str::to_owned)], "{bytes:?} {piece}");
            }
        }
        // What was taken before its end came says nothing, and what follows is its own.
        let mut tap = FrameTap::new(());
        let close = frame(0x88, &1000_u16.to_be_bytes());
        tap.feed(&close[..7]);
        let [taken] = &tap.take(UpTo::All)[..] else {
            panic!("one head");
        };
        assert_eq!(taken.closes_with(), None);
        tap.feed(&[&close[7..], &close].concat());
        let later = tap.take(UpTo::All);
        assert_eq!(later[0].closes_with().as_deref(), Some("1000"));
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
