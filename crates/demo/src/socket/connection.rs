//! An open websocket: frames out, messages in.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::frame::{self, Assembler, CLOSE, Message, PONG, Violation};
use crate::behaviour::{Behaviour, Masks};
use crate::client::Client;
use crate::http::Stream;
use crate::random::Random;

/// One connection.
pub(super) struct Connection {
    behaviour: Arc<Behaviour>,
    random: Arc<Random>,
    /// The mask of a client that keeps one.
    kept_mask: [u8; 4],
    stream: Box<dyn Stream>,
    assembler: Assembler,
}

/// Why no more messages come.
#[derive(Debug)]
pub(super) enum End {
    /// The peer is gone without a close frame.
    Dropped,
    /// A close frame came, and was answered.
    Closed,
    /// The peer sent what it must not.
    Violated,
}

impl Connection {
    /// `rest` came with the head of the handshake.
    pub(super) fn new(client: &Client, stream: Box<dyn Stream>, rest: Vec<u8>) -> Self {
        Self {
            behaviour: client.behaviour.clone(),
            random: client.random.clone(),
            kept_mask: client.random.bytes(),
            stream,
            assembler: Assembler::new(rest),
        }
    }

    pub(super) async fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let switches = &self.behaviour.socket;
        let mask = match switches.masks {
            Masks::Fresh => Some(self.random.bytes()),
            Masks::Kept => Some(self.kept_mask),
            Masks::Zeros => Some([0; 4]),
            Masks::None => None,
        };
        let code = switches.close_code.filter(|_| opcode == CLOSE);
        let code = code.map(u16::to_be_bytes);
        let payload = code.as_ref().map_or(payload, |code| code);
        let frame = frame::encode(opcode, payload, mask);
        self.stream.write_all(&frame).await?;
        self.stream.flush().await
    }

    /// The next text message; pings are answered on the way. May be given up while it waits.
    pub(super) async fn text(&mut self) -> Result<String, End> {
        loop {
            match self.assembler.next(&self.behaviour.socket) {
                Ok(Some(Message::Text(text))) => return Ok(text),
                Ok(Some(Message::Ping(bytes))) => {
                    if self.behaviour.socket.pongs {
                        let _ = self.send(PONG, &bytes).await;
                    }
                }
                Ok(Some(Message::Close(status))) => {
                    let status = status.map(u16::to_be_bytes);
                    if self.behaviour.socket.answers_close {
                        let status = status.as_ref().map_or(&[][..], |status| status);
                        let _ = self.send(CLOSE, status).await;
                    }
                    let _ = self.stream.shutdown().await;
                    return Err(End::Closed);
                }
                Ok(Some(Message::Other)) => {}
                Ok(None) => {
                    let read = self.stream.read_buf(&mut self.assembler.buffer).await;
                    if !matches!(read, Ok(read) if read > 0) {
                        return Err(End::Dropped);
                    }
                }
                Err(Violation(status)) => {
                    let _ = self.send(CLOSE, &status.to_be_bytes()).await;
                    let _ = self.stream.shutdown().await;
                    return Err(End::Violated);
                }
            }
        }
    }
}
