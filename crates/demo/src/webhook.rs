//! Pattern: a receiver of webhooks. It answers at once and with nothing, and the same delivery twice
//! is no news.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::behaviour::Webhook;
use crate::failure::Failure;
use crate::http::Url;

/// How long a sender may take.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DELIVERY: usize = 1 << 20;

/// Receives at the host and port of `url` from now on.
///
/// # Errors
/// The URL is not valid, or something listens there already.
pub(crate) async fn receive(url: &str, switches: Webhook) -> Result<(), Failure> {
    let url = Url::parse(url)?;
    let listener = TcpListener::bind((url.host.as_str(), url.port)).await;
    let listener = listener.map_err(|_| Failure::other("the webhook's address is not free"))?;
    let seen = Arc::new(Mutex::new(HashSet::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (seen, once) = (seen.clone(), switches.once);
            let answered = async move {
                let _ = answer(stream, &seen, once).await;
            };
            tokio::spawn(tokio::time::timeout(TIMEOUT, answered));
        }
    });
    Ok(())
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<HashSet<Vec<u8>>>,
    once: bool,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let body = loop {
        if let Some(body) = body_of(&bytes) {
            break body.to_vec();
        }
        if bytes.len() > MAX_DELIVERY || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let known = !seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(body);
    let status = if known && once {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await
}

/// The body of a request that is whole.
fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut fields);
    let Ok(httparse::Status::Complete(start)) = head.parse(bytes) else {
        return None;
    };
    let length = head
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length =
        length.and_then(|field| std::str::from_utf8(field.value).ok()?.trim().parse().ok());
    let end = start.checked_add(length.unwrap_or(0))?;
    bytes.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn deliver(seen: &Mutex<HashSet<Vec<u8>>>, once: bool) -> String {
        let (mut sender, receiver) = tokio::io::duplex(1024);
        let request = b"POST /hook HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
        sender.write_all(request).await.expect("it fits");
        answer(receiver, seen, once).await.expect("answered");
        let mut reply = String::new();
        sender.read_to_string(&mut reply).await.expect("text");
        reply
    }

    #[tokio::test]
    async fn the_same_delivery_twice_is_no_news() {
        for (once, second) in [(false, "HTTP/1.1 200"), (true, "HTTP/1.1 500")] {
            let seen = Mutex::default();
            let reply = deliver(&seen, once).await;
            assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
            assert!(reply.ends_with("\r\n\r\n"), "{reply}");
            assert!(deliver(&seen, once).await.starts_with(second));
        }
    }
}
