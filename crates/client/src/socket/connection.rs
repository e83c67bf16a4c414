//! The task that owns a connection: it reads all the time, so that pings are answered while the
//! caller does something else, and it closes at the first breach of the protocol.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Upgraded;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::Outgoing;
use crate::error::Error;

/// Received messages that the caller has not read yet. A caller that never reads loses the session.
const MAX_QUEUED: usize = 4096;
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) type Stream = WebSocketStream<Upgraded>;
type Incoming = mpsc::Sender<Result<Value, Error>>;

pub(super) fn start(
    stream: Stream,
) -> (mpsc::Sender<Outgoing>, mpsc::Receiver<Result<Value, Error>>) {
    let (outgoing, to_send) = mpsc::channel(16);
    let (received, incoming) = mpsc::channel(MAX_QUEUED);
    tokio::spawn(carry(stream, to_send, received));
    (outgoing, incoming)
}

async fn carry(mut stream: Stream, mut to_send: mpsc::Receiver<Outgoing>, received: Incoming) {
    loop {
        tokio::select! {
            outgoing = to_send.recv() => match outgoing {
                Some(outgoing) => if !send(&mut stream, outgoing).await { break },
                // The caller has dropped the socket.
                None => break,
            },
            message = stream.next() => if !receive(message, &received) { break },
        }
    }
    // Both ends say goodbye (RFC 6455 §7.1.1), within reason.
    let goodbye = async {
        if stream.close(None).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, goodbye).await;
}

/// Sends one message; says whether the session goes on.
async fn send(stream: &mut Stream, outgoing: Outgoing) -> bool {
    let last = matches!(outgoing.message, Message::Close(_));
    let sent = stream.send(outgoing.message).await;
    let went = sent.is_ok();
    let outcome = sent.map_err(|_| Error::Network("the connection was lost".into()));
    // Nobody may be waiting any more.
    let _ = outgoing.outcome.send(outcome);
    went && !last
}

/// Hands on one message; says whether the session goes on.
fn receive(
    message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    received: &Incoming,
) -> bool {
    let handed = match message {
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(value) => Ok(value),
            Err(_) => Err(Error::Malformed("the message is not valid JSON")),
        },
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
            return true;
        }
        Some(Ok(Message::Close(_))) | None => return false,
        Some(Err(tokio_tungstenite::tungstenite::Error::Io(_))) => {
            Err(Error::Network("the connection was lost".into()))
        }
        Some(Err(_)) => Err(Error::Socket("the vendor violates RFC 6455")),
    };
    let over = matches!(handed, Err(Error::Socket(_) | Error::Network(_)));
    received.try_send(handed).is_ok() && !over
}
