//! A websocket upgrade, written by hand (RFC 6455 §4.1): any fault can be put into it.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{HttpError, Reply, Request, Trust, Url, Wire, connect, read};

/// What became of an upgrade.
#[derive(Debug)]
pub enum Opening {
    /// 101: the reply, and the socket.
    Open(Reply, Box<WebSocketStream<Box<dyn Wire>>>),
    /// Anything else.
    Refused(Reply),
}

/// The documented upgrade to `target`. Its key follows from the target, in which a token stands: no
/// server can have the answer ready.
pub fn upgrade(target: &str) -> Request {
    let digest = digest(&SHA256, target.as_bytes());
    let key = STANDARD.encode(&digest.as_ref()[..16]);
    Request::new("GET", target)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", &key)
        .header("Sec-WebSocket-Version", "13")
}

/// Sends `request` to the host of `url`; with the reply, where the vendor agreed, the connection and
/// what came on it behind the reply.
///
/// # Errors
/// Why there is no reply.
pub async fn handshake(
    url: &Url,
    request: &Request,
    trust: &Trust,
    timeout: Duration,
) -> Result<(Reply, Option<(Box<dyn Wire>, Vec<u8>)>), HttpError> {
    tokio::time::timeout(timeout, shake_hands(url, request, trust))
        .await
        .unwrap_or(Err(HttpError::Timeout(timeout)))
}

/// Sends `request` to the host of `url` and opens the socket if the vendor agrees.
pub async fn open(
    url: &Url,
    request: &Request,
    trust: &Trust,
    timeout: Duration,
) -> Result<Opening, HttpError> {
    let (reply, upgraded) = handshake(url, request, trust, timeout).await?;
    let Some((stream, rest)) = upgraded else {
        return Ok(Opening::Refused(reply));
    };
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Client, None).await;
    Ok(Opening::Open(reply, Box::new(socket)))
}

async fn shake_hands(
    url: &Url,
    request: &Request,
    trust: &Trust,
) -> Result<(Reply, Option<(Box<dyn Wire>, Vec<u8>)>), HttpError> {
    let mut stream = connect(url, trust).await?;
    stream.write_all(&request.bytes(&url.authority())).await?;
    let mut rest = Vec::new();
    let reply = read::head(&mut stream, &mut rest).await?;
    if reply.status == 101 {
        return Ok((reply, Some((stream, rest))));
    }
    let reply = read::rest(&mut stream, reply, rest).await?;
    Ok((reply, None))
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::net::TcpListener;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

    use super::super::REPLY_TIMEOUT;
    use super::*;

    #[tokio::test]
    async fn an_upgrade_opens_a_socket_that_talks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("it is bound");
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut socket = tokio_tungstenite::accept_async(stream).await.expect("open");
            socket.send(Message::text("hello")).await.expect("sent");
        });
        let url = Url::parse(&format!("ws://{address}/s")).expect("a URL");
        let opening = open(&url, &upgrade("/s"), &Trust::default(), REPLY_TIMEOUT)
            .await
            .expect("a reply");
        let Opening::Open(reply, mut socket) = opening else {
            unreachable!("the server agrees");
        };
        let key = upgrade("/s").headers.swap_remove(2).1;
        assert_eq!(
            reply.header("sec-websocket-accept"),
            Some(derive_accept_key(key.as_bytes()).as_str())
        );
        assert_ne!(upgrade("/other").headers[2].1, key);
        let message = socket.next().await.expect("one").expect("whole");
        assert_eq!(message.into_text().expect("text").as_str(), "hello");
        served.await.expect("it does not panic");
    }
}
