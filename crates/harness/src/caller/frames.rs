//! Frames that break a rule of the protocol (RFC 6455 §5), each on a websocket of its own and between
//! two pings: the first shows that the websocket lives, the second whether it still does.

use std::io::Cursor;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::oauth::unknown;
use super::upgrade::Upgraded;
use crate::Error;
use crate::evidence::{FrameVariation, Opcode, Operation, RecordId, Side, Variation};
use crate::run::context::ScenarioContext;

/// A ping is answered at once; a vendor that does not answer one has not answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// So many frames may come before the one that is waited for.
const MAX_FRAMES: usize = 16;

/// No frame of a vendor is larger here.
const LARGEST: u64 = 64 << 10;

/// What masks our frames; nobody is to be kept from guessing it.
const MASK: [u8; 4] = *b"lcum";

impl ScenarioContext {
    /// Opens the socket at `place`, has a ping answered, sends the frame that `variation` names, and
    /// looks whether another ping is answered.
    pub async fn send_frame(&mut self, place: &str, variation: &Variation) -> Result<(), Error> {
        let Variation::Frame(which) = *variation else {
            return Err(unknown("frame", variation));
        };
        let Some((url, request)) = self.upgrade_request(place)? else {
            return Ok(());
        };
        let operation = Operation::Frame;
        let (seq, upgraded) = self.upgraded(operation, variation, &url, request).await;
        let Some(upgraded) = upgraded else {
            return Ok(());
        };
        let mut talk = Talk(upgraded);
        if which == FrameVariation::AfterTokenEnd {
            self.configure_raw(seq, place, &mut talk).await;
        }
        if !self.is_alive(seq, &mut talk, "before").await {
            return Ok(());
        }
        if which == FrameVariation::AfterTokenEnd {
            self.advance_to(1.0, GRACE_S).await?;
            if self.is_pending {
                return Ok(());
            }
        } else {
            self.log
                .frame(seq, Side::Harness, Opcode::Odd, which.phrase());
            // Whoever has closed already shows that in what is read.
            let _ = talk.write(&odd(which)).await;
        }
        self.is_alive(seq, &mut talk, "after").await;
        Ok(())
    }

    /// Sends a ping that carries `word`, and writes down what comes until its answer.
    async fn is_alive(&mut self, seq: RecordId, talk: &mut Talk, word: &str) -> bool {
        self.log.frame(seq, Side::Harness, Opcode::Ping, word);
        let ping = frame(OpCode::Control(Control::Ping), word.as_bytes());
        let _ = talk.write(&ping).await;
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = talk.read().await;
            self.log.frame(seq, Side::Vendor, opcode, &text);
            match opcode {
                Opcode::Pong if text == word => return true,
                Opcode::Close | Opcode::Eof | Opcode::Silence => return false,
                _ => {}
            }
        }
        false
    }

    /// Sends the configuration, and writes down what comes until its answer.
    async fn configure_raw(&mut self, seq: RecordId, place: &str, talk: &mut Talk) {
        let config = self.configuration(place);
        self.log.frame(seq, Side::Harness, Opcode::Text, &config);
        let _ = talk
            .write(&frame(OpCode::Data(Data::Text), config.as_bytes()))
            .await;
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = talk.read().await;
            self.log.frame(seq, Side::Vendor, opcode, &text);
            let is_over = matches!(opcode, Opcode::Close | Opcode::Eof | Opcode::Silence);
            if is_over || super::websocket::answers_the_configuration(&text) {
                return;
            }
        }
    }
}

/// A vendor may be this late in ending a token, in seconds.
const GRACE_S: f64 = 301.0;

/// A websocket without a library between: any frame can be sent on it.
struct Talk(Upgraded);

impl Talk {
    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.wire.write_all(bytes).await?;
        self.0.wire.flush().await
    }

    /// The next frame of the vendor, or what came in its place.
    async fn read(&mut self) -> (Opcode, String) {
        match tokio::time::timeout(ANSWER_TIMEOUT, self.next()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => (Opcode::Eof, String::new()),
            Err(_) => (Opcode::Silence, String::new()),
        }
    }

    async fn next(&mut self) -> Option<(Opcode, String)> {
        loop {
            let mut cursor = Cursor::new(self.0.came.as_slice());
            // What is no frame ends the websocket for us.
            if let Some((header, length)) = FrameHeader::parse(&mut cursor).ok()? {
                if length > LARGEST {
                    return None;
                }
                let start = usize::try_from(cursor.position()).ok()?;
                let end = start + usize::try_from(length).ok()?;
                if self.0.came.len() >= end {
                    let frame = told(header.opcode, &self.0.came[start..end]);
                    self.0.came.drain(..end);
                    return Some(frame);
                }
            }
            let mut piece = [0; 4096];
            match self.0.wire.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.0.came.extend_from_slice(&piece[..n]),
            }
        }
    }
}

/// A frame of the vendor as it is written down.
fn told(opcode: OpCode, payload: &[u8]) -> (Opcode, String) {
    let text = String::from_utf8_lossy(payload).into_owned();
    match opcode {
        OpCode::Control(Control::Close) => {
            let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            (
                Opcode::Close,
                code.map_or_else(String::new, |code| code.to_string()),
            )
        }
        OpCode::Control(Control::Ping) => (Opcode::Ping, text),
        OpCode::Control(Control::Pong) => (Opcode::Pong, text),
        OpCode::Data(Data::Text) => (Opcode::Text, text),
        _ => (Opcode::Binary, text),
    }
}

/// A masked frame.
fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    written(&header(opcode), payload)
}

fn header(opcode: OpCode) -> FrameHeader {
    FrameHeader {
        is_final: true,
        opcode,
        mask: Some(MASK),
        ..FrameHeader::default()
    }
}

fn written(header: &FrameHeader, payload: &[u8]) -> Vec<u8> {
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

/// The bytes of the frame that breaks a rule. Where it may, it is a ping, of which no application
/// ever hears.
fn odd(which: FrameVariation) -> Vec<u8> {
    let ping = header(OpCode::Control(Control::Ping));
    match which {
        FrameVariation::Unmasked => written(&FrameHeader { mask: None, ..ping }, b"odd"),
        FrameVariation::ReservedBit => written(&FrameHeader { rsv1: true, ..ping }, b"odd"),
        FrameVariation::ReservedOpcode => frame(OpCode::Control(Control::Reserved(11)), b""),
        FrameVariation::NotUtf8 => frame(OpCode::Data(Data::Text), b"{\"type\": \"\xff\xfe\"}"),
        FrameVariation::LongPing => written(&ping, &[b'a'; 126]),
        FrameVariation::FragmentedPing => {
            let is_final = false;
            let mut bytes = written(&FrameHeader { is_final, ..ping }, b"o");
            bytes.extend(frame(OpCode::Data(Data::Continue), b"dd"));
            bytes
        }
        FrameVariation::AfterTokenEnd => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(which: FrameVariation, expected: &[u8]) {
        let bytes = odd(which);
        assert_eq!(&bytes[..expected.len()], expected, "{which:?}");
    }

    #[test]
    fn odd_frames_are_odd_in_one_thing() {
        check(FrameVariation::Unmasked, &[0x89, 3, b'o', b'd', b'd']);
        check(FrameVariation::ReservedBit, &[0xc9, 0x83]);
        check(FrameVariation::ReservedOpcode, &[0x8b, 0x80]);
        check(FrameVariation::NotUtf8, &[0x81]);
        check(FrameVariation::LongPing, &[0x89, 0xfe, 0, 126]);
        check(FrameVariation::FragmentedPing, &[0x09, 0x81]);
        let good = frame(OpCode::Control(Control::Ping), b"odd");
        assert_eq!(good[..2], [0x89, 0x83]);
        assert_eq!(good[6] ^ MASK[0], b'o');
    }
}
