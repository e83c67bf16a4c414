//! Frames of RFC 6455 §5.2 in bytes, and messages put together from them.

use crate::behaviour::Socket;

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// The length stands in the two bytes that follow.
const LENGTH_16: u8 = 0x7e;
/// The length stands in the eight bytes that follow.
const LENGTH_64: u8 = 0x7f;

/// No message is longer.
const MAX_MESSAGE: usize = 4 << 20;

/// What arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text(String),
    Ping(Vec<u8>),
    /// The status of RFC 6455 §7.4, if one was sent.
    Close(Option<u16>),
    /// Binary messages and pongs, which this client does not need.
    Other,
}

/// A frame that fails the connection, as the status to close it with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation(pub(super) u16);

const PROTOCOL_ERROR: Violation = Violation(1002);
const NOT_UTF8: Violation = Violation(1007);
const TOO_BIG: Violation = Violation(1009);

/// One whole frame, masked if there is a `mask`.
pub(super) fn encode(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    let bit = if mask.is_some() { 0x80 } else { 0 };
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if length < LENGTH_16 => frame.push(bit | length),
        (_, Ok(length)) => {
            frame.push(bit | LENGTH_16);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(bit | LENGTH_64);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    let mask = mask.inspect(|mask| frame.extend_from_slice(mask));
    let mask = mask.unwrap_or_default();
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

/// Puts messages together.
pub(super) struct Assembler {
    pub(super) buffer: Vec<u8>,
    /// Opcode and bytes of a message whose end is still to come.
    begun: Option<(u8, Vec<u8>)>,
}

impl Assembler {
    /// `bytes` have arrived already.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            buffer: bytes,
            begun: None,
        }
    }

    /// The next message in the buffer; `None` if it is not whole.
    pub(super) fn next(&mut self, switches: &Socket) -> Result<Option<Message>, Violation> {
        while let Some(frame) = self.frame(switches)? {
            if let Some(message) = self.take(frame, switches)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn frame(&mut self, switches: &Socket) -> Result<Option<Frame>, Violation> {
        let [first, second, ..] = self.buffer[..] else {
            return Ok(None);
        };
        // No extension was asked for, so the reserved bits mean nothing.
        if first & 0x70 != 0 {
            return Err(PROTOCOL_ERROR);
        }
        let masked = second & 0x80 != 0;
        // "A server MUST NOT mask any frames that it sends to the client." (RFC 6455 §5.1)
        if masked && !switches.reads_masked {
            return Err(PROTOCOL_ERROR);
        }
        let mut at = 2;
        let mut number = |bytes: usize| {
            let end = at + bytes;
            let read = self.buffer.get(at..end)?;
            at = end;
            Some(
                read.iter()
                    .fold(0_u64, |number, byte| number << 8 | u64::from(*byte)),
            )
        };
        let length = match second & 0x7f {
            LENGTH_16 => number(2),
            LENGTH_64 => number(8),
            length => Some(length.into()),
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(TOO_BIG);
        }
        let mask = if masked { number(4) } else { Some(0) };
        let Some(mask) = mask.and_then(|mask| u32::try_from(mask).ok()) else {
            return Ok(None);
        };
        let Some(payload) = self.buffer.get(at..at + length) else {
            return Ok(None);
        };
        let mask = mask.to_be_bytes();
        let bytes = payload.iter().zip(mask.iter().cycle());
        let frame = Frame {
            last: first & 0x80 != 0,
            opcode: first & 0x0f,
            payload: bytes.map(|(byte, mask)| byte ^ mask).collect(),
        };
        self.buffer.drain(..at + length);
        Ok(Some(frame))
    }

    fn take(&mut self, frame: Frame, switches: &Socket) -> Result<Option<Message>, Violation> {
        match frame.opcode {
            CLOSE | PING | PONG if !frame.last || frame.payload.len() > 125 => Err(PROTOCOL_ERROR),
            CLOSE => {
                let status = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
                Ok(Some(Message::Close(status)))
            }
            PING => Ok(Some(Message::Ping(frame.payload))),
            PONG => Ok(Some(Message::Other)),
            TEXT | BINARY if switches.first_fragment_only => whole(frame.opcode, frame.payload),
            CONTINUATION if switches.first_fragment_only => Ok(None),
            TEXT | BINARY if self.begun.is_some() => Err(PROTOCOL_ERROR),
            TEXT | BINARY if frame.last => whole(frame.opcode, frame.payload),
            TEXT | BINARY => {
                self.begun = Some((frame.opcode, frame.payload));
                Ok(None)
            }
            CONTINUATION => {
                let (opcode, mut bytes) = self.begun.take().ok_or(PROTOCOL_ERROR)?;
                bytes.extend_from_slice(&frame.payload);
                if bytes.len() > MAX_MESSAGE {
                    return Err(TOO_BIG);
                }
                if frame.last {
                    return whole(opcode, bytes);
                }
                self.begun = Some((opcode, bytes));
                Ok(None)
            }
            _ => Err(PROTOCOL_ERROR),
        }
    }
}

struct Frame {
    last: bool,
    opcode: u8,
    payload: Vec<u8>,
}

fn whole(opcode: u8, bytes: Vec<u8>) -> Result<Option<Message>, Violation> {
    if opcode != TEXT {
        return Ok(Some(Message::Other));
    }
    let text = String::from_utf8(bytes).map_err(|_| NOT_UTF8)?;
    Ok(Some(Message::Text(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], switches: &Socket) -> Vec<Result<Option<Message>, Violation>> {
        let mut assembler = Assembler::new(bytes.to_vec());
        let mut out = Vec::new();
        loop {
            let next = assembler.next(switches);
            let over = !matches!(next, Ok(Some(_)));
            out.push(next);
            if over {
                return out;
            }
        }
    }

    #[test]
    fn frames_are_those_of_rfc_6455_section_5_7() {
        let mask = Some([0x37, 0xfa, 0x21, 0x3d]);
        let hello = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(encode(TEXT, b"Hello", mask), hello);
        assert_eq!(
            encode(BINARY, &[0; 256], None)[..4],
            [0x82, 0x7e, 0x01, 0x00]
        );
        assert_eq!(
            encode(BINARY, &vec![0; 65536], None)[..4],
            [0x82, 0x7f, 0, 0]
        );
    }

    #[test]
    fn a_ping_may_stand_between_fragments() {
        let bytes = [
            &[0x01, 3][..],
            b"Hel",
            &[0x89, 2],
            b"hi",
            &[0x00, 0],
            &[0x80, 2],
            b"lo",
        ]
        .concat();
        let ping = Message::Ping(b"hi".to_vec());
        let text = Message::Text("Hello".to_owned());
        assert_eq!(
            read(&bytes, &Socket::default()),
            [Ok(Some(ping)), Ok(Some(text)), Ok(None)]
        );
        for cut in 0..bytes.len() {
            let last = read(&bytes[..cut], &Socket::default()).pop();
            assert_eq!(last, Some(Ok(None)), "{cut}");
        }
    }

    #[test]
    fn what_no_server_may_send_fails_the_connection() {
        let masked = encode(TEXT, b"Hello", Some([1, 2, 3, 4]));
        for (bytes, status) in [
            (&masked[..], 1002),
            (&[0xc1, 0], 1002),
            (&[0x83, 0], 1002),
            (&[0x80, 0], 1002),
            (&[0x09, 0], 1002),
            (&[0x81, 1, 0xff], 1007),
            (&[0x01, 0, 0x81, 0], 1002),
        ] {
            assert_eq!(
                read(bytes, &Socket::default()),
                [Err(Violation(status))],
                "{bytes:?}"
            );
        }
        let reads_masked = Socket {
            reads_masked: true,
            ..Socket::default()
        };
        let text = Message::Text("Hello".to_owned());
        assert_eq!(read(&masked, &reads_masked), [Ok(Some(text)), Ok(None)]);
    }
}
