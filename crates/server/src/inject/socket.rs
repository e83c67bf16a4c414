//! What is wrong with a websocket: its handshake, its frames, its end.

use locum_core::FaultAction;
use locum_core::fault::{BadFrame, SocketAnswer};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::Reply;

/// A key that no client draws: sixteen zeros.
const ANOTHER_KEY: &[u8] = b"AAAAAAAAAAAAAAAAAAAAAA==";

/// What is wrong with an open socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketFault {
    /// Most bytes of a frame.
    pub(crate) fragments: Option<usize>,
    /// Whether messages leave in pieces with a ping between.
    pub(crate) interleave: bool,
    /// A frame that breaks the protocol, with the text in it.
    pub(crate) bad_frame: Option<(BadFrame, String)>,
    pub(crate) close: Option<u16>,
    pub(crate) drop: bool,
    /// How many messages go before.
    pub(crate) after: u64,
    /// Whether it comes at once after them.
    pub(crate) unprompted: bool,
}

impl SocketFault {
    /// What the fault says of open sockets.
    pub fn of(action: &FaultAction) -> Self {
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
        Self {
            fragments: action.fragments.map(most),
            interleave: action.interleave,
            bad_frame: action.bad_frame.map(|kind| {
                let text = action.body.clone();
                (kind, text.unwrap_or_else(|| "x".to_owned()))
            }),
            close: action.close_ws,
            drop: action.drop_ws,
            after: action.after_messages.unwrap_or(0),
            unprompted: action.unprompted,
        }
    }
}

/// Bends the answer to a handshake as the fault says; any other reply stays.
pub fn bend(action: &FaultAction, mut reply: Reply) -> Reply {
    const ACCEPT: &str = "sec-websocket-accept";
    let Some(answer) = action.answer.filter(|_| reply.socket.is_some()) else {
        return reply;
    };
    let without = |mut reply: Reply, name: &str| {
        reply
            .headers
            .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        reply
    };
    match answer {
        SocketAnswer::WrongAccept => reply.set_header(ACCEPT, derive_accept_key(ANOTHER_KEY)),
        SocketAnswer::NoAccept => without(reply, ACCEPT),
        SocketAnswer::NoUpgrade => without(reply, "upgrade"),
        SocketAnswer::WrongUpgrade => reply.set_header("upgrade", "h2c"),
        SocketAnswer::NoConnection => without(reply, "connection"),
        SocketAnswer::WrongConnection => reply.set_header("connection", "keep-alive"),
        SocketAnswer::Extension => reply.header("sec-websocket-extensions", "nobody-offered-this"),
        SocketAnswer::Protocol => reply.set_header("sec-websocket-protocol", "nobody-offered-this"),
        SocketAnswer::Status200 => {
            reply.socket = None;
            Reply {
                status: http::StatusCode::OK,
                ..reply
            }
        }
    }
}

/// The bytes of a frame that no server may send, with `text` in it, and how the journal calls it.
pub fn bad_frame(kind: BadFrame, text: &str) -> (Vec<u8>, &'static str) {
    let text = text.as_bytes();
    match kind {
        BadFrame::ReservedBit => (frame(0xC1, text), "a text with a reserved bit"),
        BadFrame::UnknownOpcode => (frame(0x83, text), "a frame of opcode 3"),
        BadFrame::Masked => (masked(text), "a text that is masked"),
        BadFrame::LongPing => (frame(0x89, &[b'x'; 126]), "a ping of 126 bytes"),
        BadFrame::BadUtf8 => (frame(0x81, &not_utf8(text)), "a text that is not UTF-8"),
        BadFrame::Continuation => (frame(0x80, text), "a continuation of nothing"),
    }
}

/// A text under a mask of zeros, which leaves it as it is.
fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = frame(0x81, text);
    let head = frame.len() - text.len();
    frame[1] |= 0x80;
    frame.splice(head..head, [0; 4]);
    frame
}

/// The text with half a character at the end of its last string: whoever lets that pass reads the
/// rest as it was.
fn not_utf8(text: &[u8]) -> Vec<u8> {
    let at = text.iter().rposition(|byte| *byte == b'"');
    let mut bytes = text.to_vec();
    let at = at.unwrap_or(text.len());
    bytes.splice(at..at, [0xC3, b'(']);
    bytes
}

/// A frame without a mask (RFC 6455 §5.2).
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// A message in frames of at most `most` bytes (RFC 6455 §5.4).
pub fn fragmented(text: &str, most: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(most).collect();
    let last = pieces.len().saturating_sub(1);
    let first = |at: usize| {
        let opcode = u8::from(at == 0);
        opcode | if at == last { 0x80 } else { 0x00 }
    };
    pieces
        .into_iter()
        .enumerate()
        .map(|(at, piece)| frame(first(at), piece))
        .collect()
}

/// The ping that stands between fragments.
pub const PING: &[u8] = b"locum-02";

/// A message in three frames, the second of them empty, with a ping before the third.
pub fn interleaved(text: &str) -> [Vec<u8>; 4] {
    let mut half = text.len() / 2;
    while !text.is_char_boundary(half) {
        half -= 1;
    }
    let (first, last) = text.split_at(half);
    [
        frame(0x01, first.as_bytes()),
        frame(0x00, b""),
        frame(0x89, PING),
        frame(0x80, last.as_bytes()),
    ]
}
