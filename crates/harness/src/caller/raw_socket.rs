//! A websocket without a library between: any frame can be sent on it, and what comes is looked at
//! frame by frame (RFC 6455 §5.2).

use std::io::Cursor;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::upgrade::Upgraded;
use crate::evidence::Opcode;

/// A ping is answered at once; a vendor that does not answer one has not answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// No frame or message of a vendor is larger here.
const LARGEST: u64 = 64 << 10;

/// The longest payload of a control frame (RFC 6455 §5.5).
pub(super) const LONGEST_CONTROL: usize = 125;

/// What masks our frames; nobody is to be kept from guessing it.
pub(super) const MASK: [u8; 4] = *b"lcum";

/// A websocket without a library between.
pub(super) struct RawSocket {
    upgraded: Upgraded,
    /// The message whose fragments are coming: its opcode, and what came of it.
    begun: Option<(OpCode, Vec<u8>)>,
    /// What is wrong with the form of the frames since the last that was told.
    faults: Vec<&'static str>,
}

/// A message or a control frame of the vendor, or what came in its place.
pub(super) struct Received {
    pub(super) opcode: Opcode,
    /// As it is written down: of a close its code.
    pub(super) text: String,
    /// What is wrong with the form of its frames.
    pub(super) faults: Vec<&'static str>,
}

impl RawSocket {
    pub(super) const fn new(upgraded: Upgraded) -> Self {
        Self {
            upgraded,
            begun: None,
            faults: Vec::new(),
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.upgraded.wire.write_all(bytes).await?;
        self.upgraded.wire.flush().await
    }

    /// The next message or control frame of the vendor, or what came in its place.
    pub(super) async fn read(&mut self) -> Received {
        self.read_within(ANSWER_TIMEOUT).await
    }

    async fn read_within(&mut self, timeout: Duration) -> Received {
        let next = tokio::time::timeout(timeout, self.next()).await;
        let (opcode, text) = next.unwrap_or_else(|_| (Opcode::Silence, String::new()));
        Received {
            opcode,
            text,
            faults: std::mem::take(&mut self.faults),
        }
    }

    /// The same without its faults, which stay known where nobody waits for the rest of a message.
    async fn next(&mut self) -> (Opcode, String) {
        loop {
            let (header, payload) = match self.next_frame().await {
                Ok(Some(frame)) => frame,
                Ok(None) => return (Opcode::Eof, String::new()),
                // What is no frame ends the websocket for us.
                Err(fault) => {
                    self.faults.push(fault);
                    return (Opcode::Eof, String::new());
                }
            };
            self.faults.extend(faults_of(&header, payload.len()));
            if let Some((opcode, payload)) = self.put_together(&header, payload) {
                let is_text = opcode == OpCode::Data(Data::Text);
                if is_text && std::str::from_utf8(&payload).is_err() {
                    self.faults.push("text that is not UTF-8");
                }
                return told(opcode, &payload);
            }
        }
    }

    /// A whole message, or a control frame; `None` while fragments are missing.
    fn put_together(
        &mut self,
        header: &FrameHeader,
        payload: Vec<u8>,
    ) -> Option<(OpCode, Vec<u8>)> {
        let (opcode, whole) = match (header.opcode, self.begun.take()) {
            (OpCode::Control(_), begun) => {
                self.begun = begun;
                return Some((header.opcode, payload));
            }
            (OpCode::Data(Data::Continue), Some((opcode, mut begun))) => {
                begun.extend(payload);
                (opcode, begun)
            }
            (OpCode::Data(Data::Continue), None) => {
                self.faults.push("a fragment of no message");
                (OpCode::Data(Data::Binary), payload)
            }
            (opcode, begun) => {
                if begun.is_some() {
                    self.faults
                        .push("a message within the fragments of another");
                }
                (opcode, payload)
            }
        };
        if header.is_final || whole.len() as u64 > LARGEST {
            return Some((opcode, whole));
        }
        self.begun = Some((opcode, whole));
        None
    }

    /// The next frame, without its mask if it has one; `None` at the end of the connection.
    async fn next_frame(&mut self) -> Result<Option<(FrameHeader, Vec<u8>)>, &'static str> {
        loop {
            let came = &mut self.upgraded.came;
            let mut cursor = Cursor::new(came.as_slice());
            let parsed = FrameHeader::parse(&mut cursor);
            let parsed = parsed.map_err(|_| "a frame with a reserved opcode")?;
            if let Some((header, length)) = parsed {
                if length > LARGEST {
                    return Ok(None);
                }
                let sizes = [cursor.position(), cursor.position() + length];
                let [start, end] = sizes.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
                if came.len() >= end {
                    let mut payload: Vec<u8> = came.drain(..end).skip(start).collect();
                    if let Some(mask) = header.mask {
                        let masks = mask.iter().cycle();
                        payload
                            .iter_mut()
                            .zip(masks)
                            .for_each(|(byte, mask)| *byte ^= mask);
                    }
                    return Ok(Some((header, payload)));
                }
            }
            let mut piece = [0; 4096];
            match self.upgraded.wire.read(&mut piece).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(n) => self.upgraded.came.extend_from_slice(&piece[..n]),
            }
        }
    }
}

/// What is wrong with a frame of a server (RFC 6455 §5.1, §5.2, §5.5). No extension is offered, so that
/// no reserved bit has a meaning.
fn faults_of(header: &FrameHeader, length: usize) -> Vec<&'static str> {
    let is_control = matches!(header.opcode, OpCode::Control(_));
    let faults = [
        (header.mask.is_some(), "a frame with a mask"),
        (
            header.rsv1 || header.rsv2 || header.rsv3,
            "a frame with a reserved bit",
        ),
        (
            is_control && !header.is_final,
            "a control frame in fragments",
        ),
        (
            is_control && length > LONGEST_CONTROL,
            "a control frame of more than 125 bytes",
        ),
    ];
    faults
        .into_iter()
        .filter(|(is_so, _)| *is_so)
        .map(|(_, fault)| fault)
        .collect()
}

/// A message or control frame of the vendor as it is written down.
fn told(opcode: OpCode, payload: &[u8]) -> (Opcode, String) {
    let text = String::from_utf8_lossy(payload).into_owned();
    match opcode {
        OpCode::Control(Control::Close) => (Opcode::Close, code(payload)),
        OpCode::Control(Control::Ping) => (Opcode::Ping, text),
        OpCode::Control(Control::Pong) => (Opcode::Pong, text),
        OpCode::Data(Data::Text) => (Opcode::Text, text),
        _ => (Opcode::Binary, text),
    }
}

/// The code of a close (RFC 6455 §5.5.1), with what is wrong with the rest; empty when it has none.
fn code(payload: &[u8]) -> String {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => String::new(),
            _ => "a code of one byte".to_owned(),
        };
    };
    let code = u16::from_be_bytes(*code);
    match std::str::from_utf8(reason) {
        Ok(_) => code.to_string(),
        Err(_) => format!("{code} and a reason that is not UTF-8"),
    }
}

/// A masked frame.
pub(super) fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    written(&header(opcode), payload)
}

pub(super) fn header(opcode: OpCode) -> FrameHeader {
    FrameHeader {
        is_final: true,
        opcode,
        mask: Some(MASK),
        ..FrameHeader::default()
    }
}

pub(super) fn written(header: &FrameHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail.
    let _ = header.format(payload.len() as u64, &mut bytes);
    let masked = payload.iter().zip(MASK.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| match header.mask {
        Some(_) => byte ^ mask,
        None => *byte,
    }));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bad_fragment_is_told_when_no_other_comes() {
        let (wire, mut vendor) = tokio::io::duplex(64);
        let mut socket = RawSocket::new(Upgraded::on(wire));
        let fragment = FrameHeader {
            is_final: false,
            ..header(OpCode::Data(Data::Text))
        };
        let bytes = written(&fragment, b"half");
        vendor.write_all(&bytes).await.expect("there is room");
        let received = socket.read_within(Duration::ZERO).await;
        assert_eq!(received.opcode, Opcode::Silence);
        assert_eq!(received.faults, ["a frame with a mask"]);
        // It is told once.
        drop(vendor);
        let received = socket.read_within(Duration::ZERO).await;
        assert_eq!(received.opcode, Opcode::Eof);
        assert!(received.faults.is_empty());
    }
}
