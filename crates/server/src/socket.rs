//! Websockets: the vendor's own refusals before the upgrade, and frames that the journal sees.

mod tap;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use locum_core::journal::EntryFrame;
use locum_core::{Clock, Denial, DenialKind, EntryId, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use self::tap::{FrameTap, UpTo};
use crate::inject::socket::{PING, SocketFault, bad_frame, fragmented, frame, interleaved};
use crate::redact::{Redactor, Side};
use crate::stage::Stage;
use crate::{Mock, Reply, Request};

/// How long a closing connection is read on.
const CLOSE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// "an endpoint is "going away", such as a server going down" (RFC 6455 §7.4.1).
const GOING_AWAY: u16 = 1001;

/// What goes on after a 101.
pub struct SocketHandler {
    handle: Box<dyn FnOnce(Socket) -> BoxFuture<'static, ()> + Send + Sync>,
    max_frame: Option<usize>,
    fault: SocketFault,
}

impl SocketHandler {
    /// Runs `handle` with the open socket.
    pub fn new<F, Fut>(handle: F) -> Self
    where
        F: FnOnce(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self {
            handle: Box::new(move |socket| Box::pin(handle(socket))),
            max_frame: None,
            fault: SocketFault::default(),
        }
    }

    /// Takes frames of at most `bytes`, whatever the profile says; a longer one is answered with
    /// close code 1009.
    #[must_use]
    pub const fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = Some(bytes);
        self
    }

    /// The same with something wrong.
    pub(crate) fn with_fault(mut self, fault: SocketFault) -> Self {
        self.fault = fault;
        self
    }

    /// Hands the connection over.
    pub(crate) async fn run(
        self,
        upgraded: Upgraded,
        redactor: Redactor,
        entry: EntryId,
        max_frame: usize,
    ) {
        let config = WebSocketConfig::default()
            .max_frame_size(Some(self.max_frame.unwrap_or(max_frame)))
            .max_message_size(Some(16 << 20));
        let stream = WebSocketStream::from_raw_socket(
            FrameTap::new(TokioIo::new(upgraded)),
            Role::Server,
            Some(config),
        )
        .await;
        let stage = redactor.stage();
        let mut socket = Socket {
            stream,
            closing: stage.closing(),
            stage,
            entry,
            state: State::Open,
            redactor,
            received: None,
            unwritten: VecDeque::new(),
            fault: self.fault,
            sent: 0,
        };
        if socket.fault.unprompted && socket.fault.after == 0 {
            socket.strike().await;
        }
        (self.handle)(socket).await;
    }
}

impl fmt::Debug for SocketHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketHandler")
    }
}

/// Checks an upgrade request (RFC 6455 §4.2.1) and answers 101 with `handler` behind it.
///
/// HTTP/1.0 cannot be upgraded, and no extension is agreed. Of the offered subprotocols the first
/// is selected only when `select` says so (browsers want one of theirs).
///
/// # Errors
/// `not_an_upgrade` (426), `bad_socket_version` (426 with `Sec-WebSocket-Version: 13`),
/// `bad_socket_key` (400): keys of the profile's denial table.
pub fn accept(
    mock: &Mock,
    request: &Request,
    handler: SocketHandler,
    select: bool,
) -> Result<Reply, Denial> {
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
    if !mock.can_upgrade() {
        return Err(Denial::new(DenialKind::Malformed, "not_an_upgrade").expected("HTTP/1.1"));
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
        let denial = Denial::new(DenialKind::Malformed, "bad_socket_key")
            .expected("a Sec-WebSocket-Key of 16 bytes in base64")
            .got(if key.is_empty() { "none" } else { key });
        mock.refuse(&request.endpoint, denial)?;
    }
    let mut reply = Reply::status(101)
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-accept", derive_accept_key(key.as_bytes()))
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

/// An open websocket whose frames the journal sees.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<FrameTap<TokioIo<Upgraded>>>,
    closing: watch::Receiver<bool>,
    /// The stage it lives on.
    pub stage: Arc<Stage>,
    /// The entry of its upgrade.
    pub entry: EntryId,
    state: State,
    redactor: Redactor,
    /// What is received and not handed over yet.
    received: Option<Incoming>,
    /// Frames that were received and are not in the journal yet.
    unwritten: VecDeque<EntryFrame>,
    fault: SocketFault,
    /// How many messages the mock has sent.
    sent: u64,
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// One side has sent a close frame, or is gone: nothing more is sent.
    Closing,
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
        self.sent += 1;
        let (after, unprompted) = (self.fault.after, self.fault.unprompted);
        if !unprompted
            && self.sent > after
            && let Some(lives) = self.strike().await
        {
            return lives;
        }
        let sent = self.send_whole(text).await;
        if unprompted && self.sent == after {
            return self.strike().await.unwrap_or(sent) && sent;
        }
        sent
    }

    /// Does what the fault says; whether the client is still there then, or `None` where it says
    /// nothing.
    async fn strike(&mut self) -> Option<bool> {
        if self.state == State::Closing {
            return Some(false);
        }
        if let Some((kind, text)) = self.fault.bad_frame.take() {
            let (bytes, name) = bad_frame(kind, &text);
            self.write("fault", bytes.len(), Some(name.to_owned()))
                .await;
            return Some(self.send_raw(&bytes).await);
        }
        if let Some(code) = self.fault.close {
            match CloseCode::from(code).is_allowed() {
                true => self.close(code, "").await,
                false => self.close_at_once(code).await,
            }
            return Some(false);
        }
        if self.fault.drop {
            self.write("fault", 0, Some("the connection is dropped".to_owned()))
                .await;
            self.state = State::Closing;
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.swallow()).await;
            return Some(false);
        }
        None
    }

    async fn send_whole(&mut self, text: String) -> bool {
        let (length, shown) = (text.len(), text.clone());
        let most = self.fault.fragments.filter(|most| length > *most);
        if !self.fault.interleave && most.is_none() {
            return self
                .put(Message::text(text), "text", length, Some(shown))
                .await;
        }
        if self.state == State::Closing {
            return false;
        }
        self.write("text", length, Some(shown)).await;
        let frames = if let Some(most) = most.filter(|_| !self.fault.interleave) {
            fragmented(&text, most)
        } else {
            self.write("ping", PING.len(), text_of(PING)).await;
            interleaved(&text).to_vec()
        };
        for bytes in frames {
            if !self.send_raw(&bytes).await {
                return false;
            }
        }
        true
    }

    /// Closes with a code that no frame may carry (RFC 6455 §7.4.1).
    async fn close_at_once(&mut self, code: u16) {
        if std::mem::replace(&mut self.state, State::Closing) == State::Closing {
            return;
        }
        self.write("close", 2, Some(code.to_string())).await;
        if self.send_raw(&frame(0x88, &code.to_be_bytes())).await {
            // The library does not know that we closed, and would answer the client's close.
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.swallow()).await;
        }
    }

    /// Bytes that the library would not send.
    async fn send_raw(&mut self, bytes: &[u8]) -> bool {
        let flushed = SinkExt::flush(&mut self.stream).await.is_ok();
        let raw = self.stream.get_mut();
        flushed && raw.write_all(bytes).await.is_ok() && raw.flush().await.is_ok()
    }

    /// Sends a ping; false when the client is gone.
    pub async fn ping(&mut self, payload: Vec<u8>) -> bool {
        let (length, shown) = (payload.len(), text_of(&payload));
        self.put(Message::Ping(payload.into()), "ping", length, shown)
            .await
    }

    async fn put(
        &mut self,
        message: Message,
        opcode: &str,
        length: usize,
        text: Option<String>,
    ) -> bool {
        if self.state == State::Closing {
            return false;
        }
        self.write(opcode, length, text).await;
        self.stream.send(message).await.is_ok()
    }

    /// The next message. Pings are answered, a close is answered, and a broken protocol is answered
    /// with the close code that RFC 6455 names (1002, 1007, 1009). When the stage ends, the socket is
    /// closed with 1001. After the end it is always
    /// [`Incoming::Closed`].
    ///
    /// It may be dropped while it waits for a message; nothing is lost then.
    pub async fn next(&mut self) -> Incoming {
        loop {
            self.write_received().await;
            if let Some(received) = self.received.take() {
                return received;
            }
            if self.state == State::Closing {
                return Incoming::Closed;
            }
            let message = tokio::select! {
                message = self.stream.next() => message,
                () = ends(&mut self.closing) => {
                    self.close(GOING_AWAY, "going away").await;
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => {
                    self.came(UpTo::Message, Some(text.to_string()));
                    self.received = Some(Incoming::Text(text.to_string()));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    self.came(UpTo::Message, None);
                    self.received = Some(Incoming::Binary(bytes.to_vec()));
                }
                Some(Ok(Message::Close(_))) => self.answer_close().await,
                Some(Ok(message)) => {
                    self.came(UpTo::Control, text_of(&message.into_data()));
                }
                Some(Err(error)) => {
                    self.came(UpTo::All, None);
                    match code_of(&error) {
                        Some(code) => self.close(code, "").await,
                        None => self.vanish(),
                    }
                }
                None => self.vanish(),
            }
        }
    }

    /// The library has the echo ready; reading on sends it.
    async fn answer_close(&mut self) {
        self.state = State::Closing;
        self.came(UpTo::Control, None);
        self.write_received().await;
        self.finish().await;
    }

    /// A connection that ends without a close frame counts as 1006 (RFC 6455 §7.1.5).
    fn vanish(&mut self) {
        self.state = State::Closing;
        self.unwritten.push_back(EntryFrame {
            at: self.stage.clock.now(),
            from: "client".to_owned(),
            opcode: "close".to_owned(),
            length: 0,
            masked: None,
            mask: None,
            goes_on: false,
            text: Some("1006".to_owned()),
        });
    }

    /// Closes with `code`, then reads on until the client has closed too, or two seconds have
    /// passed: a connection dropped with unread bytes would reach the client as a reset.
    pub async fn close(&mut self, code: u16, reason: &str) {
        if std::mem::replace(&mut self.state, State::Closing) == State::Closing {
            return;
        }
        let text = format!("{code} {reason}").trim_end().to_owned();
        self.write("close", 2 + reason.len(), Some(text)).await;
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.to_owned().into(),
        };
        let _ = self.stream.send(Message::Close(Some(frame))).await;
        self.finish().await;
    }

    /// Takes the client's close frame, ends our side, and swallows what is still under way, also
    /// what is no frame any more.
    async fn finish(&mut self) {
        let end = async {
            while let Some(Ok(message)) = self.stream.next().await {
                match message {
                    Message::Close(_) => self.came(UpTo::Control, None),
                    Message::Text(text) => self.came(UpTo::Message, Some(text.to_string())),
                    Message::Ping(payload) | Message::Pong(payload) => {
                        self.came(UpTo::Control, text_of(&payload));
                    }
                    _ => self.came(UpTo::Message, None),
                }
            }
            self.swallow().await;
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, end).await;
        self.write_received().await;
    }

    /// Ends our side and reads on until the client has ended its own.
    async fn swallow(&mut self) {
        let raw = self.stream.get_mut();
        raw.stop();
        let _ = raw.shutdown().await;
        let mut swallowed = [0; 4096];
        while raw.read(&mut swallowed).await.is_ok_and(|count| count > 0) {}
    }

    /// Notes the frames of the client up to the one that an event of the library stands for. A close
    /// brings its own text.
    fn came(&mut self, up_to: UpTo, mut text: Option<String>) {
        let at = self.stage.clock.now();
        let heads = self.stream.get_mut().take(up_to);
        let count = heads.len();
        for (number, head) in heads.into_iter().enumerate() {
            self.unwritten.push_back(EntryFrame {
                at,
                from: "client".to_owned(),
                opcode: head.opcode(),
                length: head.length,
                masked: Some(head.mask.is_some()),
                mask: head.mask,
                goes_on: !head.is_last(),
                text: match text.take_if(|_| number + 1 == count) {
                    Some(text) => Some(text),
                    None => head.closes_with(),
                },
            });
        }
    }

    /// Writes a frame of the mock into the journal, after what came before it.
    async fn write(&mut self, opcode: &str, length: usize, text: Option<String>) {
        self.write_received().await;
        let frame = EntryFrame {
            at: self.stage.clock.now(),
            from: "mock".to_owned(),
            opcode: opcode.to_owned(),
            length: length as u64,
            masked: None,
            mask: None,
            goes_on: false,
            text,
        };
        self.write_frame(frame, Side::Mock).await;
    }

    /// Writes what was received; what it does not come to is written next time.
    async fn write_received(&mut self) {
        while let Some(frame) = self.unwritten.front().cloned() {
            self.write_frame(frame, Side::Client).await;
            self.unwritten.pop_front();
        }
    }

    async fn write_frame(&mut self, mut frame: EntryFrame, side: Side) {
        const MAX_TEXT: usize = 2000;
        if let Some(text) = frame.text.take() {
            frame.text = Some(self.redactor.message(&text, MAX_TEXT, side).await);
        }
        self.stage
            .complete(self.entry, |entry| entry.add_frame(frame));
    }
}

/// The payload of a ping or pong, where it is text.
fn text_of(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Waits until the stage ends.
async fn ends(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        // Nobody could tell any more: the socket itself keeps its stage.
        std::future::pending::<()>().await;
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
