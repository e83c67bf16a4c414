//! What is said on a websocket without a library between (RFC 6455 §5), where each frame is one that a
//! client may send.

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use serde_json::{Value, json};

use super::frames::MAX_FRAMES;
use super::raw_socket::{LONGEST_CONTROL, RawSocket, frame, header, written};
use super::websocket::{answers_the_configuration, configuration_message};
use crate::Error;
use crate::evidence::{FrameVariation, Opcode, RecordId, Side, message_type};
use crate::run::context::ScenarioContext;

/// A normal end (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

/// How long a vendor waits for a configuration: ten seconds by Corti's pages, fifteen by older ones.
const CONFIGURATION_TIMEOUT: Duration = Duration::from_secs(16);

impl ScenarioContext {
    /// Says what `which` names, and writes down what comes of it.
    pub(super) async fn send_allowed(
        &mut self,
        seq: RecordId,
        place: &str,
        which: FrameVariation,
        socket: &mut RawSocket,
    ) -> Result<(), Error> {
        match which {
            FrameVariation::Configuration => self.configure_raw(seq, place, socket).await,
            FrameVariation::Close => {
                if self.is_alive(seq, socket, "before").await {
                    self.close_raw(seq, socket).await;
                }
            }
            FrameVariation::LongestPing => {
                self.configure_raw(seq, place, socket).await;
                self.is_alive(seq, socket, &"p".repeat(LONGEST_CONTROL))
                    .await;
            }
            FrameVariation::EmptyPing => {
                self.configure_raw(seq, place, socket).await;
                self.is_alive(seq, socket, "").await;
            }
            FrameVariation::Fragmented => self.configure_in_fragments(seq, place, socket).await,
            FrameVariation::EmptyConfiguration => {
                let config = configuration_message(&json!({}));
                let accepted = |text: &str| says(text, "CONFIG_ACCEPTED");
                self.send_until_over(seq, socket, &config, accepted).await;
            }
            FrameVariation::Ended => {
                self.configure_raw(seq, place, socket).await;
                let end = told(self.socket_end.as_ref(), "ended")?;
                self.send_until_over(seq, socket, &end, |_| false).await;
            }
            FrameVariation::Flush => {
                self.configure_raw(seq, place, socket).await;
                let flush = told(self.socket_flush.as_ref(), "flushed")?;
                let flushed = |text: &str| says(text, "FLUSHED");
                self.send_until_over(seq, socket, &flush, flushed).await;
            }
            FrameVariation::SecondConfiguration => {
                self.configure_raw(seq, place, socket).await;
                let again = self.configuration(place);
                self.send_until_over(seq, socket, &again, answers_the_configuration)
                    .await;
            }
            FrameVariation::NoConfiguration => {
                if self.is_alive(seq, socket, "before").await
                    && self.pass_within_a_step(CONFIGURATION_TIMEOUT).await?
                {
                    self.receive_until_over(seq, socket, |_| false).await;
                }
            }
            // Others are sent between two pings.
            FrameVariation::Unmasked
            | FrameVariation::ReservedBit
            | FrameVariation::ReservedOpcode
            | FrameVariation::NotUtf8
            | FrameVariation::LongPing
            | FrameVariation::FragmentedPing
            | FrameVariation::AfterTokenEnd => {}
        }
        Ok(())
    }
}

impl ScenarioContext {
    /// Sends the configuration, and writes down what comes until its answer.
    pub(super) async fn configure_raw(
        &mut self,
        seq: RecordId,
        place: &str,
        socket: &mut RawSocket,
    ) {
        let config = self.configuration(place);
        self.send_text(seq, socket, &config).await;
    }

    /// Sends a text message, and writes down what comes until an answer to a configuration.
    async fn send_text(&mut self, seq: RecordId, socket: &mut RawSocket, text: &str) {
        self.log.frame(seq, Side::Harness, Opcode::Text, text);
        let bytes = frame(OpCode::Data(Data::Text), text.as_bytes());
        let _ = socket.write(&bytes).await;
        self.receive_answer(seq, socket).await;
    }

    /// Writes down what comes until an answer to a configuration, or the end; whether neither came.
    async fn receive_answer(&mut self, seq: RecordId, socket: &mut RawSocket) -> bool {
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = self.receive(seq, socket).await;
            if is_over(opcode) || answers_the_configuration(&text) {
                return opcode == Opcode::Silence;
            }
        }
        true
    }

    /// Sends the configuration in two fragments with a ping between them, which may come there (RFC
    /// 6455 §5.4). Where nothing answers it, another ping tells whether the websocket lives.
    async fn configure_in_fragments(&mut self, seq: RecordId, place: &str, socket: &mut RawSocket) {
        let config = self.configuration(place);
        // JSON of the features; a fragment may end within a letter anyway (§5.6).
        let (first, rest) = config.as_bytes().split_at(config.len() / 2);
        let opening = FrameHeader {
            is_final: false,
            ..header(OpCode::Data(Data::Text))
        };
        self.log.frame(seq, Side::Harness, Opcode::Text, &config);
        self.log.frame(seq, Side::Harness, Opcode::Ping, "between");
        let pieces = [
            written(&opening, first),
            frame(OpCode::Control(Control::Ping), b"between"),
            frame(OpCode::Data(Data::Continue), rest),
        ];
        let _ = socket.write(&pieces.concat()).await;
        if self.receive_answer(seq, socket).await {
            self.is_alive(seq, socket, "after").await;
        }
    }

    /// Sends a close, and writes down what comes until the connection ends.
    async fn close_raw(&mut self, seq: RecordId, socket: &mut RawSocket) {
        let code = NORMAL.to_string();
        self.log.frame(seq, Side::Harness, Opcode::Close, &code);
        let close = frame(OpCode::Control(Control::Close), &NORMAL.to_be_bytes());
        let _ = socket.write(&close).await;
        for _ in 0..MAX_FRAMES {
            let (opcode, _) = self.receive(seq, socket).await;
            if matches!(opcode, Opcode::Eof | Opcode::Silence) {
                return;
            }
        }
    }

    /// Sends a text message, and writes down what comes until the websocket ends, or a message that is
    /// `enough`. Where it does not end, another ping tells whether it lives.
    async fn send_until_over(
        &mut self,
        seq: RecordId,
        socket: &mut RawSocket,
        text: &str,
        enough: impl Fn(&str) -> bool,
    ) {
        self.log.frame(seq, Side::Harness, Opcode::Text, text);
        let bytes = frame(OpCode::Data(Data::Text), text.as_bytes());
        let _ = socket.write(&bytes).await;
        self.receive_until_over(seq, socket, enough).await;
    }

    /// Writes down the same without a message in front of it.
    async fn receive_until_over(
        &mut self,
        seq: RecordId,
        socket: &mut RawSocket,
        enough: impl Fn(&str) -> bool,
    ) {
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = self.receive(seq, socket).await;
            match opcode {
                Opcode::Close | Opcode::Eof => return,
                Opcode::Silence => break,
                Opcode::Text if enough(&text) => break,
                _ => {}
            }
        }
        self.is_alive(seq, socket, "after").await;
    }

    /// The next frame of the vendor, or what came in its place, written down.
    pub(super) async fn receive(
        &mut self,
        seq: RecordId,
        socket: &mut RawSocket,
    ) -> (Opcode, String) {
        let received = socket.read().await;
        for fault in received.faults {
            self.log.frame(seq, Side::Vendor, Opcode::Odd, fault);
        }
        self.log
            .frame(seq, Side::Vendor, received.opcode, &received.text);
        (received.opcode, received.text)
    }
}

/// Whether the word of a message is this one, in any letter case.
fn says(text: &str, word: &str) -> bool {
    message_type(text).is_some_and(|said| said == word)
}

/// The message of a step, which has to have said it.
fn told(message: Option<&Value>, how: &str) -> Result<String, Error> {
    let untold = || Error::Step(format!("no step says how a session is {how}"));
    message.map(Value::to_string).ok_or_else(untold)
}

/// Whether nothing more comes.
pub(super) const fn is_over(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Close | Opcode::Eof | Opcode::Silence)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use locum_core::{ManualClock, Timestamp};
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::caller::upgrade::Upgraded;
    use crate::evidence::{Operation, Variation};
    use crate::target::Target;

    /// What is written down of the configuration in fragments, where the vendor says this and leaves
    /// the connection open.
    async fn frames(said: &[u8]) -> Vec<Opcode> {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        let profile = crate::testing::profile(|_| {});
        let target: Target = serde_json::from_value(json!({})).expect("a target");
        let mut context = ScenarioContext::new(profile, target, None, clock, Duration::ZERO);
        let (wire, mut vendor) = tokio::io::duplex(1024);
        vendor.write_all(said).await.expect("there is room");
        let which = FrameVariation::Fragmented;
        let (operation, variation) = (Operation::Frame, Variation::Frame(which));
        let request = crate::http::upgrade("/s");
        let seq = context.log.request(operation, None, &variation, &request);
        let mut socket = RawSocket::new(Upgraded::on(wire));
        let sent = context.send_allowed(seq, "", which, &mut socket).await;
        sent.expect("the vendor is not the harness");
        let evidence = context.log.evidence();
        let opened = evidence.exchanges_for(operation).next();
        let opened = opened.expect("it was written down");
        opened.frames().map(|frame| frame.opcode).collect()
    }

    #[tokio::test]
    async fn nothing_is_sent_behind_a_close() {
        let close = [0x88, 2, 0x03, 0xea];
        let expected = [Opcode::Text, Opcode::Ping, Opcode::Close];
        assert_eq!(frames(&close).await, expected);
    }
}
