//! What is said on a websocket without a library between (RFC 6455 §5), where each frame is one that a
//! client may send.

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::frames::MAX_FRAMES;
use super::talk::{LONGEST_CONTROL, Talk, frame, header, written};
use super::websocket::answers_the_configuration;
use crate::evidence::{FrameVariation, Opcode, RecordId, Side};
use crate::rules::vendor::END;
use crate::run::context::ScenarioContext;

/// A normal end (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

impl ScenarioContext {
    /// Says what `which` names, and writes down what comes of it.
    pub(super) async fn converse(
        &mut self,
        seq: RecordId,
        place: &str,
        which: FrameVariation,
        talk: &mut Talk,
    ) {
        match which {
            FrameVariation::Close => {
                if self.is_alive(seq, talk, "before").await {
                    self.close_raw(seq, talk).await;
                }
            }
            FrameVariation::LongestPing => {
                self.configure_raw(seq, place, talk).await;
                self.is_alive(seq, talk, &"p".repeat(LONGEST_CONTROL)).await;
            }
            FrameVariation::EmptyPing => {
                self.configure_raw(seq, place, talk).await;
                self.is_alive(seq, talk, "").await;
            }
            FrameVariation::Fragmented => self.configure_in_fragments(seq, place, talk).await,
            FrameVariation::EmptyConfiguration => {
                let config = r#"{"type":"config","configuration":{}}"#;
                self.say_raw(seq, talk, config).await;
            }
            FrameVariation::Ended => {
                self.configure_raw(seq, place, talk).await;
                self.end_raw(seq, talk).await;
            }
            // The configuration as documented.
            _ => self.configure_raw(seq, place, talk).await,
        }
    }
}

impl ScenarioContext {
    /// Sends the configuration, and writes down what comes until its answer.
    pub(super) async fn configure_raw(&mut self, seq: RecordId, place: &str, talk: &mut Talk) {
        let config = self.configuration(place);
        self.say_raw(seq, talk, &config).await;
    }

    /// Sends a text message, and writes down what comes until an answer to a configuration.
    async fn say_raw(&mut self, seq: RecordId, talk: &mut Talk, text: &str) {
        self.log.frame(seq, Side::Harness, Opcode::Text, text);
        let bytes = frame(OpCode::Data(Data::Text), text.as_bytes());
        let _ = talk.write(&bytes).await;
        self.hear_answer(seq, talk).await;
    }

    /// Writes down what comes until an answer to a configuration, or the end; whether it was answered.
    async fn hear_answer(&mut self, seq: RecordId, talk: &mut Talk) -> bool {
        for _ in 0..MAX_FRAMES {
            let (opcode, text) = self.hear(seq, talk).await;
            if is_over(opcode) || answers_the_configuration(&text) {
                return !is_over(opcode);
            }
        }
        false
    }

    /// Sends the configuration in two fragments with a ping between them, which may come there (RFC
    /// 6455 §5.4). Where it is not answered, another ping tells whether the websocket lives.
    async fn configure_in_fragments(&mut self, seq: RecordId, place: &str, talk: &mut Talk) {
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
        let _ = talk.write(&pieces.concat()).await;
        if !self.hear_answer(seq, talk).await {
            self.is_alive(seq, talk, "after").await;
        }
    }

    /// Sends a close, and writes down what comes until the connection ends.
    async fn close_raw(&mut self, seq: RecordId, talk: &mut Talk) {
        let code = NORMAL.to_string();
        self.log.frame(seq, Side::Harness, Opcode::Close, &code);
        let close = frame(OpCode::Control(Control::Close), &NORMAL.to_be_bytes());
        let _ = talk.write(&close).await;
        for _ in 0..MAX_FRAMES {
            let (opcode, _) = self.hear(seq, talk).await;
            if matches!(opcode, Opcode::Eof | Opcode::Silence) {
                return;
            }
        }
    }

    /// Ends the session, and writes down what comes until the websocket ends. Where it does not,
    /// another ping tells whether it lives.
    async fn end_raw(&mut self, seq: RecordId, talk: &mut Talk) {
        self.log.frame(seq, Side::Harness, Opcode::Text, END);
        let _ = talk
            .write(&frame(OpCode::Data(Data::Text), END.as_bytes()))
            .await;
        for _ in 0..MAX_FRAMES {
            let (opcode, _) = self.hear(seq, talk).await;
            match opcode {
                Opcode::Close | Opcode::Eof => return,
                Opcode::Silence => break,
                _ => {}
            }
        }
        self.is_alive(seq, talk, "after").await;
    }

    /// The next frame of the vendor, or what came in its place, written down.
    pub(super) async fn hear(&mut self, seq: RecordId, talk: &mut Talk) -> (Opcode, String) {
        let heard = talk.read().await;
        for fault in heard.faults {
            self.log.frame(seq, Side::Vendor, Opcode::Odd, fault);
        }
        self.log.frame(seq, Side::Vendor, heard.opcode, &heard.text);
        (heard.opcode, heard.text)
    }
}

/// Whether nothing more comes.
pub(super) const fn is_over(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Close | Opcode::Eof | Opcode::Silence)
}
