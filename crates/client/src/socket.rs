//! A websocket session: configuration first, then audio, then `end`.

mod carrier;
mod handshake;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::client::Inner;
use crate::error::Error;

/// An open session, whose configuration was accepted. It answers pings by itself, whether or not
/// anybody reads. When its connection is lost, a new one is opened with a new call of
/// [`open_socket`](crate::Client::open_socket), which brings a live token.
#[derive(Debug)]
pub struct Socket {
    outgoing: mpsc::Sender<Outgoing>,
    incoming: mpsc::Receiver<Result<Value, Error>>,
    max_frame: usize,
}

/// What the carrier is asked to send, and whom it tells that it did.
#[derive(Debug)]
struct Outgoing {
    message: Message,
    sent: oneshot::Sender<Result<(), Error>>,
}

/// For the upgrade and the answer to the configuration together; vendors give a client ten seconds
/// for its side of it.
const OPENING: Duration = Duration::from_secs(20);
const ENDING: Duration = Duration::from_secs(20);

const GONE: Error = Error::Socket("the session is over");

impl Socket {
    pub(crate) async fn open(
        inner: &Inner,
        url: &str,
        configuration: Value,
    ) -> Result<Self, Error> {
        tokio::time::timeout(OPENING, Self::begin(inner, url, configuration))
            .await
            .unwrap_or(Err(Error::Timeout(OPENING)))
    }

    async fn begin(inner: &Inner, url: &str, configuration: Value) -> Result<Self, Error> {
        let facts = inner
            .socket
            .as_ref()
            .ok_or(Error::Config("this vendor has no websockets"))?;
        let stream = handshake::upgrade(inner, facts, url).await?;
        let (outgoing, incoming) = carrier::start(stream);
        let mut socket = Self {
            outgoing,
            incoming,
            max_frame: usize::try_from(facts.max_frame.max(1)).unwrap_or(usize::MAX),
        };
        let config = json!({"type": "config", "configuration": configuration});
        if let Err(gone) = socket.send_text(&config.to_string()).await {
            // The other end may have broken off first: what it did says more than that it is gone.
            return Err(match socket.next().await {
                Some(Err(why)) => why,
                _ => gone,
            });
        }
        socket.await_acceptance().await?;
        Ok(socket)
    }

    /// Sends audio, cut into frames as large as the vendor takes.
    ///
    /// # Errors
    /// When the session is over.
    pub async fn send_audio(&self, audio: &[u8]) -> Result<(), Error> {
        for frame in audio.chunks(self.max_frame) {
            self.send(Message::binary(frame.to_vec())).await?;
        }
        Ok(())
    }

    /// Sends one text frame.
    ///
    /// # Errors
    /// When the session is over.
    pub async fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(Message::text(text)).await
    }

    /// The vendor's next message; `None` when the session is over.
    pub async fn next(&mut self) -> Option<Result<Value, Error>> {
        self.incoming.recv().await
    }

    /// Ends the session: says `end`, takes what still comes until the vendor says that it has
    /// ended, and closes. Returns what came.
    ///
    /// # Errors
    /// When the other end breaks off, breaks RFC 6455, or does not come to an end.
    pub async fn finish(mut self) -> Result<Vec<Value>, Error> {
        self.send_text(r#"{"type":"end"}"#).await?;
        let mut rest = Vec::new();
        let last = tokio::time::timeout(ENDING, self.drain(&mut rest)).await;
        last.unwrap_or(Err(Error::Timeout(ENDING)))?;
        // The carrier answers when its side of the close has left; the other side may be first.
        let _ = self.send(Message::Close(None)).await;
        Ok(rest)
    }

    /// Takes messages until `ENDED`, which one of the vendor's two sockets spells `ended`.
    async fn drain(&mut self, rest: &mut Vec<Value>) -> Result<(), Error> {
        while let Some(message) = self.next().await {
            let message = message?;
            let ended = kind(&message).eq_ignore_ascii_case("ended");
            rest.push(message);
            if ended {
                return Ok(());
            }
        }
        Err(Error::Socket("the other end closed before it said so"))
    }

    /// No audio before `CONFIG_ACCEPTED`. Which words refuse depends on the page one reads, so any
    /// other word about the configuration does.
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
            "the other end closed before it accepted the configuration",
        ))
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let (sent, done) = oneshot::channel();
        let outgoing = Outgoing { message, sent };
        self.outgoing.send(outgoing).await.map_err(|_| GONE)?;
        done.await.unwrap_or(Err(GONE))
    }
}

fn kind(message: &Value) -> &str {
    message["type"].as_str().unwrap_or_default()
}
