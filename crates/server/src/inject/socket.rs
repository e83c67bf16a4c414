//! What is wrong with a websocket: its handshake, its frames, its end.

use locum_core::FaultAction;
use locum_core::fault::{BadFrame, SocketAnswer};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::Reply;

/// A key that no client draws: sixteen zeros.
const ANOTHER_KEY: &[u8] = b"AAAAAAAAAAAAAAAAAAAAAA==";

/// What is wrong with an open socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketFault {
    /// Most bytes of a frame.
    pub(crate) fragments: Option<usize>,
    pub(crate) bad_frame: Option<BadFrame>,
    pub(crate) close: Option<u16>,
    /// How many messages go before.
    pub(crate) after: u64,
}

impl SocketFault {
    /// What the fault says of open sockets.
    pub fn of(action: &FaultAction) -> Self {
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
        Self {
            fragments: action.fragments.map(most),
            bad_frame: action.bad_frame,
            close: action.close_ws,
            after: action.after_messages.unwrap_or(0),
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
        SocketAnswer::Extension => reply.header("sec-websocket-extensions", "permessage-deflate"),
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

/// The bytes of a frame that no server may send, and how the journal calls it.
pub fn bad_frame(kind: BadFrame) -> (Vec<u8>, &'static str) {
    match kind {
        BadFrame::ReservedBit => (frame(0xC1, b"x"), "a text with a reserved bit"),
        BadFrame::UnknownOpcode => (frame(0x83, b"x"), "a frame of opcode 3"),
        // A mask of zeros leaves the text as it is.
        BadFrame::Masked => (vec![0x81, 0x81, 0, 0, 0, 0, b'x'], "a text that is masked"),
        BadFrame::LongPing => (frame(0x89, &[b'x'; 126]), "a ping of 126 bytes"),
        BadFrame::BadUtf8 => (frame(0x81, &[0xC3, 0x28]), "a text that is not UTF-8"),
        BadFrame::Continuation => (frame(0x80, b"x"), "a continuation of nothing"),
    }
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
