//! Frames that break a rule of the protocol (RFC 6455 §5), each on a websocket of its own and between
//! two pings: the first shows that the websocket lives, the second whether it still does.

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::conversation::is_over;
use super::oauth::unknown;
use super::raw_socket::{RawSocket, frame, header, written};
use crate::Error;
use crate::evidence::{FrameVariation, Opcode, Operation, RecordId, Side, Variation};
use crate::run::context::ScenarioContext;

/// So many frames may come before the one that is waited for.
pub(super) const MAX_FRAMES: usize = 16;

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
        let mut socket = RawSocket::new(upgraded);
        if which.is_allowed() {
            return self.send_allowed(seq, place, which, &mut socket).await;
        }
        if which == FrameVariation::AfterTokenEnd {
            self.configure_raw(seq, place, &mut socket).await;
        }
        if !self.is_alive(seq, &mut socket, "before").await {
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
            let _ = socket.write(&odd(which)).await;
        }
        self.is_alive(seq, &mut socket, "after").await;
        Ok(())
    }

    /// Sends a ping that carries `word`, and writes down what comes until its answer.
    pub(super) async fn is_alive(
        &mut self,
        seq: RecordId,
        socket: &mut RawSocket,
        word: &str,
    ) -> bool {
        self.log.frame(seq, Side::Harness, Opcode::Ping, word);
        let ping = frame(OpCode::Control(Control::Ping), word.as_bytes());
        let _ = socket.write(&ping).await;
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = self.receive(seq, socket).await;
            match opcode {
                Opcode::Pong if text == word => return true,
                _ if is_over(opcode) => return false,
                _ => {}
            }
        }
        false
    }
}

/// A vendor may be this late in ending a token, in seconds.
const GRACE_S: f64 = 301.0;

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
        // What a client may send is said elsewhere.
        FrameVariation::AfterTokenEnd
        | FrameVariation::Close
        | FrameVariation::LongestPing
        | FrameVariation::EmptyPing
        | FrameVariation::Configuration
        | FrameVariation::Fragmented
        | FrameVariation::EmptyConfiguration
        | FrameVariation::Ended
        | FrameVariation::Flush
        | FrameVariation::SecondConfiguration
        | FrameVariation::NoConfiguration => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::raw_socket::MASK;

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
