//! The task that owns a connection. It reads and writes at the same time, so that pings are
//! answered and neither end waits for the other, and it ends the session at the first violation of
//! the protocol.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Upgraded;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::Outgoing;
use crate::error::Error;

pub(super) type Stream = WebSocketStream<Upgraded>;

/// A message as received; an error is the last one.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) message: Result<Utf8Bytes, Error>,
    /// Its share of [`MAX_QUEUED_BYTES`], returned when it has been read.
    _share: Option<OwnedSemaphorePermit>,
}

type IncomingSender = mpsc::UnboundedSender<Incoming>;
type IncomingReceiver = mpsc::UnboundedReceiver<Incoming>;

/// The largest message that is received.
const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// Of messages that the caller has not read yet: one that never reads loses the session.
const MAX_QUEUED_BYTES: usize = 16 << 20;
/// What an empty message takes of the queue.
const MESSAGE_OVERHEAD_BYTES: usize = 256;
/// For one message to leave; the vendor has then stopped reading.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// For the vendor's half of the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Bounds what the protocol layer takes from the vendor.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// Starts the task; it ends with the session, or when both ends of its channels are dropped.
pub(super) fn start(stream: Stream) -> (mpsc::Sender<Outgoing>, IncomingReceiver) {
    let (to_send, outgoing) = mpsc::channel(16);
    let (received, incoming) = mpsc::unbounded_channel();
    tokio::spawn(run(stream, outgoing, received));
    (to_send, incoming)
}

async fn run(stream: Stream, mut outgoing: mpsc::Receiver<Outgoing>, received: IncomingSender) {
    let (mut sink, mut source) = stream.split();
    let code = tokio::select! {
        done = write(&mut sink, &mut outgoing) => match done {
            Ok(()) => CloseCode::Normal,
            // The vendor may have said why before it went.
            Err(()) => tokio::time::timeout(CLOSE_TIMEOUT, read(&mut source, &received))
                .await
                .unwrap_or(CloseCode::Normal),
        },
        code = read(&mut source, &received) => code,
        // The caller has dropped the socket, maybe while it was sending.
        () = received.closed() => CloseCode::Normal,
    };
    // Callers learn of the end before the closing handshake.
    drop((outgoing, received));
    let stream = sink.reunite(source).expect("two halves of one stream");
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close(stream, code)).await;
}

/// Sends until the session ends on this side; an error if the connection is lost or stuck.
async fn write(
    sink: &mut SplitSink<Stream, Message>,
    outgoing: &mut mpsc::Receiver<Outgoing>,
) -> Result<(), ()> {
    while let Some(Outgoing { message, outcome }) = outgoing.recv().await {
        let is_close = message.is_close();
        let result = match tokio::time::timeout(SEND_TIMEOUT, sink.send(message)).await {
            Ok(sent) => sent.map_err(|_| connection_lost()),
            Err(_) => Err(Error::Timeout(SEND_TIMEOUT)),
        };
        let failed = result.is_err();
        // The caller may not be waiting any more.
        let _ = outcome.send(result);
        if failed {
            return Err(());
        }
        if is_close {
            break;
        }
    }
    Ok(())
}

/// Queues messages until the session ends on the vendor's side or by an error. Returns the code to
/// close with.
async fn read(source: &mut SplitStream<Stream>, received: &IncomingSender) -> CloseCode {
    let queue = Arc::new(Semaphore::new(MAX_QUEUED_BYTES));
    let queue_message = |message, share| {
        let incoming = Incoming {
            message,
            _share: share,
        };
        // The caller may have dropped the socket.
        let _ = received.send(incoming);
    };
    let (code, error) = loop {
        match source.next().await {
            Some(Ok(Message::Text(text))) => {
                let size = u32::try_from(text.len() + MESSAGE_OVERHEAD_BYTES).unwrap_or(u32::MAX);
                let Ok(share) = Arc::clone(&queue).try_acquire_many_owned(size) else {
                    let error = Error::Socket("16 MiB of messages wait to be read");
                    break (CloseCode::Policy, error);
                };
                queue_message(Ok(text), Some(share));
            }
            Some(Ok(Message::Close(Some(frame)))) if is_failure(frame.code) => {
                break (CloseCode::Normal, Error::SocketClosed(frame.code.into()));
            }
            Some(Ok(Message::Close(_))) | None => return CloseCode::Normal,
            Some(Ok(_)) => {}
            Some(Err(error)) => break error_of(&error),
        }
    };
    queue_message(Err(error), None);
    code
}

/// Codes of RFC 6455 §7.4.1 other than normal closure and going away, and private ones.
fn is_failure(code: CloseCode) -> bool {
    !matches!(code, CloseCode::Normal | CloseCode::Away)
}

/// The error for the caller, and the code for the vendor (RFC 6455 §7.4.1).
fn error_of(error: &tungstenite::Error) -> (CloseCode, Error) {
    use tungstenite::error::ProtocolError;
    match error {
        tungstenite::Error::Io(_)
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            (CloseCode::Normal, connection_lost())
        }
        tungstenite::Error::Capacity(_) => {
            let error = Error::Malformed("the message is larger than 4 MiB");
            (CloseCode::Size, error)
        }
        tungstenite::Error::Utf8(_) => (CloseCode::Invalid, violation()),
        _ => (CloseCode::Protocol, violation()),
    }
}

fn violation() -> Error {
    Error::Socket("the vendor violates RFC 6455")
}

fn connection_lost() -> Error {
    Error::Network("the connection was lost".into())
}

/// The closing handshake (RFC 6455 §7.1.1), or this side's half of it.
async fn close(mut stream: Stream, code: CloseCode) {
    let reason = Utf8Bytes::from_static("");
    // After the vendor's close frame this sends nothing; reading on sends the answer to it.
    let _ = stream.close(Some(CloseFrame { code, reason })).await;
    while let Some(Ok(_)) = stream.next().await {}
}
