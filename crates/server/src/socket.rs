//! Websockets: the vendor's own refusals before the upgrade, and frames that the journal sees.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use locum_core::journal::EntryFrame;
use locum_core::{Clock, Denial, DenialKind, EntryId, Outcome};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::stage::Stage;
use crate::{Reply, Request};

/// What goes on after a 101.
pub struct SocketHandler(Box<dyn FnOnce(Socket) -> BoxFuture<'static, ()> + Send + Sync>);

impl SocketHandler {
    /// Runs `handle` with the open socket.
    pub fn new<F, Fut>(handle: F) -> Self
    where
        F: FnOnce(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self(Box::new(move |socket| Box::pin(handle(socket))))
    }

    /// Hands the connection over.
    pub(crate) async fn run(
        self,
        upgraded: Upgraded,
        stage: Arc<Stage>,
        entry: EntryId,
        max_frame: usize,
    ) {
        let config = WebSocketConfig::default()
            .max_frame_size(Some(max_frame))
            .max_message_size(Some(16 << 20));
        let stream =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                .await;
        (self.0)(Socket {
            stream,
            stage,
            entry,
            closed: false,
        })
        .await;
    }
}

impl fmt::Debug for SocketHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketHandler")
    }
}

/// Checks an upgrade request (RFC 6455 §4.2.1) and answers 101 with `handler` behind it.
///
/// No extension is agreed, and of the offered subprotocols the first is selected only when `select`
/// says so (browsers want one of theirs).
///
/// # Errors
/// `not_an_upgrade` (426), `bad_socket_version` (426 with `Sec-WebSocket-Version: 13`),
/// `bad_socket_key` (400): keys of the profile's denial table.
pub fn accept(request: &Request, handler: SocketHandler, select: bool) -> Result<Reply, Denial> {
    let lists = |name: &str, word: &str| {
        request
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| {
                value
                    .split(',')
                    .any(|item| item.trim().eq_ignore_ascii_case(word))
            })
    };
    if !lists("upgrade", "websocket") || !lists("connection", "upgrade") {
        return Err(Denial::new(DenialKind::Malformed, "not_an_upgrade")
            .expected("`Upgrade: websocket` and `Connection: Upgrade`"));
    }
    match request.header("sec-websocket-version")? {
        Some("13") => {}
        other => {
            return Err(Denial::new(DenialKind::Unsupported, "bad_socket_version")
                .expected("Sec-WebSocket-Version 13")
                .got(other.unwrap_or("none")));
        }
    }
    let key = request.header("sec-websocket-key")?.unwrap_or_default();
    if STANDARD
        .decode(key)
        .ok()
        .is_none_or(|bytes| bytes.len() != 16)
    {
        return Err(Denial::new(DenialKind::Malformed, "bad_socket_key")
            .expected("a Sec-WebSocket-Key of 16 bytes in base64"));
    }
    let mut reply = Reply::status(101)
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-accept", accept_value(key))
        .outcome(Outcome::Opened);
    let offered = request
        .headers
        .get("sec-websocket-protocol")
        .and_then(|value| value.to_str().ok());
    if let Some(first) = offered
        .and_then(|list| list.split(',').next())
        .filter(|_| select)
    {
        reply = reply.header("sec-websocket-protocol", first.trim());
    }
    reply.socket = Some(handler);
    Ok(reply)
}

/// `Sec-WebSocket-Accept` for `key` (RFC 6455 §4.2.2 item 5.4).
pub fn accept_value(key: &str) -> String {
    let joined = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, joined.as_bytes()))
}

/// An open websocket whose frames the journal sees.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// The stage it lives on.
    pub stage: Arc<Stage>,
    /// The entry of its upgrade.
    pub entry: EntryId,
    closed: bool,
}

/// What came from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The end: the client closed, broke the protocol, or vanished.
    Closed,
}

impl Socket {
    /// Sends a text message; false when the client is gone.
    pub async fn send(&mut self, text: impl Into<String>) -> bool {
        let text = text.into();
        self.write("mock", "text", text.len(), Some(text.clone()));
        self.stream.send(Message::text(text)).await.is_ok()
    }

    /// Sends a ping; false when the client is gone.
    pub async fn ping(&mut self, payload: Vec<u8>) -> bool {
        self.write("mock", "ping", payload.len(), None);
        self.stream
            .send(Message::Ping(payload.into()))
            .await
            .is_ok()
    }

    /// The next message. Pings are answered, a broken protocol is answered with the close code that
    /// RFC 6455 names (1002, 1007, 1009).
    pub async fn next(&mut self) -> Incoming {
        loop {
            match self.stream.next().await {
                None => return Incoming::Closed,
                Some(Ok(Message::Text(text))) => {
                    self.write("client", "text", text.len(), Some(text.to_string()));
                    return Incoming::Text(text.to_string());
                }
                Some(Ok(Message::Binary(bytes))) => {
                    self.write("client", "binary", bytes.len(), None);
                    return Incoming::Binary(bytes.to_vec());
                }
                Some(Ok(Message::Close(frame))) => {
                    let text =
                        frame.map(|frame| format!("{} {}", u16::from(frame.code), frame.reason));
                    self.write("client", "close", 0, text);
                    self.drain().await;
                    return Incoming::Closed;
                }
                Some(Ok(message)) => {
                    let opcode = if message.is_ping() { "ping" } else { "pong" };
                    self.write("client", opcode, message.len(), None);
                }
                Some(Err(error)) => {
                    if let Some(code) = code_of(&error) {
                        self.close(code, "").await;
                    }
                    return Incoming::Closed;
                }
            }
        }
    }

    /// Closes with `code`, then reads on until the client has closed too, or two seconds have
    /// passed: a connection dropped with unread bytes would reach the client as a reset.
    pub async fn close(&mut self, code: u16, reason: &str) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.write("mock", "close", 0, Some(format!("{code} {reason}")));
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.to_owned().into(),
        };
        let _ = self.stream.send(Message::Close(Some(frame))).await;
        self.drain().await;
    }

    async fn drain(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.stream.next().await {} };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), rest).await;
    }

    fn write(&self, from: &str, opcode: &str, length: usize, text: Option<String>) {
        const MAX_FRAMES: usize = 200;
        const MAX_TEXT: usize = 2000;
        let frame = EntryFrame {
            at: self.stage.clock.now(),
            from: from.to_owned(),
            opcode: opcode.to_owned(),
            length: length as u64,
            text: text.map(|text| text.chars().take(MAX_TEXT).collect()),
        };
        self.stage.complete(self.entry, |entry| {
            if entry.frames.len() < MAX_FRAMES {
                entry.frames.push(frame);
            }
        });
    }
}

fn code_of(error: &Error) -> Option<u16> {
    match error {
        Error::Utf8(_) => Some(1007),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(1009),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(1002),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_rfc_6455_section_1_3() {
        assert_eq!(
            super::accept_value("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
