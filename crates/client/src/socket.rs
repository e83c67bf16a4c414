//! A websocket session: configuration first, then audio, then `end`.

mod connection;
mod handshake;

use std::sync::Arc;
use std::time::Duration;

use locum_core::profile::SocketFacts;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::error::Error;
use crate::grant::Issuer;
use crate::session::CredentialSession;

/// Where sockets may be opened, and by which facts.
#[derive(Debug)]
pub(crate) struct SocketEndpoint {
    pub(crate) facts: SocketFacts,
    pub(crate) api_url: Url,
    pub(crate) ws_url: Option<Url>,
}

/// An open session whose configuration was accepted. Pings are answered whether or not the caller
/// reads. After a lost connection, [`open_socket`](crate::Client::open_socket) opens another one
/// with a valid token.
#[derive(Debug)]
pub struct Socket {
    outgoing: mpsc::Sender<Outgoing>,
    incoming: mpsc::UnboundedReceiver<connection::Incoming>,
    max_frame: usize,
}

/// A message for the connection's task to send, and where it reports the outcome.
#[derive(Debug)]
struct Outgoing {
    message: Message,
    outcome: oneshot::Sender<Result<(), Error>>,
}

/// For the upgrade and the answer to the configuration together; vendors give a client ten seconds
/// to send it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
/// From `end` to the vendor's `ended`.
const END_TIMEOUT: Duration = Duration::from_secs(20);

/// Of the messages in that time together.
const MAX_END_BYTES: usize = 16 << 20;

const SESSION_OVER: Error = Error::Socket("the session is over");

impl Socket {
    pub(crate) async fn open(
        endpoint: &SocketEndpoint,
        issuer: &Arc<Issuer>,
        session: &Arc<CredentialSession>,
        url: &str,
        configuration: Value,
    ) -> Result<Self, Error> {
        let opened = async {
            let stream = handshake::upgrade(endpoint, issuer, session, url).await?;
            Self::configure(stream, &endpoint.facts, configuration).await
        };
        tokio::time::timeout(OPEN_TIMEOUT, opened)
            .await
            .unwrap_or(Err(Error::Timeout(OPEN_TIMEOUT)))
    }

    async fn configure(
        stream: connection::Stream,
        facts: &SocketFacts,
        configuration: Value,
    ) -> Result<Self, Error> {
        let (outgoing, incoming) = connection::start(stream);
        let mut socket = Self {
            outgoing,
            incoming,
            max_frame: usize::try_from(facts.max_frame.max(1)).unwrap_or(usize::MAX),
        };
        let config = json!({"type": "config", "configuration": configuration});
        if let Err(error) = socket.send_text(&config.to_string()).await {
            return Err(socket.reason_or(error).await);
        }
        socket.await_acceptance().await?;
        Ok(socket)
    }

    /// Sends audio in binary frames of at most the vendor's maximum size.
    ///
    /// # Errors
    /// When the session is over, or a frame cannot be sent within 20 s.
    pub async fn send_audio(&self, audio: &[u8]) -> Result<(), Error> {
        for frame in audio.chunks(self.max_frame) {
            self.send(Message::binary(frame.to_vec())).await?;
        }
        Ok(())
    }

    /// Sends one text frame.
    ///
    /// # Errors
    /// When the session is over, or the frame cannot be sent within 20 s.
    pub async fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(Message::text(text)).await
    }

    /// The vendor's next message; `None` after the vendor's orderly close. Messages are kept until
    /// they are read, up to 16 MiB of them: then the session ends.
    ///
    /// # Errors
    /// When the message is not valid JSON; then, as the last message, why the session ended: a
    /// lost connection, a close code that means a failure, a violation of RFC 6455.
    pub async fn next(&mut self) -> Option<Result<Value, Error>> {
        let message = self.incoming.recv().await?.message;
        Some(message.and_then(|text| parse(&text)))
    }

    /// Ends the session: sends `end`, receives messages until the vendor's `ended`, and closes.
    /// Returns the messages received.
    ///
    /// # Errors
    /// When the vendor closes the socket before that, violates RFC 6455, or does not send `ended`
    /// within 20 s and 16 MiB.
    pub async fn finish(mut self) -> Result<Vec<Value>, Error> {
        if let Err(error) = self.send_text(r#"{"type":"end"}"#).await {
            return Err(self.reason_or(error).await);
        }
        let mut received = Vec::new();
        let drained = tokio::time::timeout(END_TIMEOUT, self.drain(&mut received)).await;
        drained.unwrap_or(Err(Error::Timeout(END_TIMEOUT)))?;
        // Fails if the vendor has closed first, which is as good.
        let _ = self.send(Message::Close(None)).await;
        Ok(received)
    }

    /// Receives until `ENDED`, which one of the vendor's two sockets spells `ended`.
    async fn drain(&mut self, received: &mut Vec<Value>) -> Result<(), Error> {
        let mut bytes = 0;
        while let Some(incoming) = self.incoming.recv().await {
            let text = incoming.message?;
            bytes += text.len();
            if bytes > MAX_END_BYTES {
                return Err(Error::Malformed(
                    "16 MiB of messages were received without `ended`",
                ));
            }
            let message = parse(&text)?;
            let ended = kind(&message).eq_ignore_ascii_case("ended");
            received.push(message);
            if ended {
                return Ok(());
            }
        }
        Err(Error::Socket(
            "the vendor closed the socket before it sent `ended`",
        ))
    }

    /// Receives until `CONFIG_ACCEPTED`: no audio may be sent before. The vendor's pages disagree
    /// about the types of a refusal, so every other `CONFIG_` type is one.
    async fn await_acceptance(&mut self) -> Result<(), Error> {
        while let Some(message) = self.next().await {
            let message = message?;
            let kind = kind(&message).to_ascii_uppercase().replace('-', "_");
            match &*kind {
                "CONFIG_ACCEPTED" => return Ok(()),
                "ERROR" | "ENDED" => return Err(Error::Socket("the session was refused")),
                _ if kind.starts_with("CONFIG_") => {
                    return Err(Error::Socket("the configuration was refused"));
                }
                _ => {}
            }
        }
        Err(Error::Socket(
            "the vendor closed the socket before it accepted the configuration",
        ))
    }

    /// Why the session ended, if the vendor's side was first; else `error`, of this side.
    async fn reason_or(&mut self, error: Error) -> Error {
        while let Some(message) = self.next().await {
            if let Err(reason) = message {
                return reason;
            }
        }
        error
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let (outcome, result) = oneshot::channel();
        let outgoing = Outgoing { message, outcome };
        self.outgoing
            .send(outgoing)
            .await
            .map_err(|_| SESSION_OVER)?;
        result.await.unwrap_or(Err(SESSION_OVER))
    }
}

fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|_| Error::Malformed("the message is not valid JSON"))
}

fn kind(message: &Value) -> &str {
    message["type"].as_str().unwrap_or_default()
}
