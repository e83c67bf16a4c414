//! Requests that arrive together: all but their last byte first, and then the last bytes at once.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::{HttpError, Reply, Request, Trust, Url, Wire, connect, read};

/// Sends `count` copies of `request` to the host of `url`, each on a connection of its own, and reads
/// their replies. The last byte of each leaves when all others have.
pub async fn send_together(
    url: &Url,
    (request, count): (&Request, usize),
    trust: &Trust,
    timeout: Duration,
) -> Vec<Result<Reply, HttpError>> {
    let bytes = request.bytes(&url.authority());
    let Some((last, first)) = bytes.split_last() else {
        return Vec::new();
    };
    let begun = (0..count).map(|_| begin(url, first, trust, timeout));
    let mut wires = futures_util::future::join_all(begun).await;
    for wire in wires.iter_mut().flatten() {
        // One that cannot be written to shows it when its reply is read.
        let _ = wire.write_all(&[*last]).await;
        let _ = wire.flush().await;
    }
    let replies = wires.into_iter().map(|wire| async {
        let mut wire = wire?;
        let reply = read::reply(&mut wire, false);
        let reply = tokio::time::timeout(timeout, reply).await;
        reply.unwrap_or(Err(HttpError::Timeout(timeout)))
    });
    futures_util::future::join_all(replies).await
}

async fn begin(
    url: &Url,
    first: &[u8],
    trust: &Trust,
    timeout: Duration,
) -> Result<Box<dyn Wire>, HttpError> {
    let begun = async {
        let mut wire = connect(url, trust).await?;
        wire.write_all(first).await?;
        wire.flush().await?;
        Ok(wire)
    };
    tokio::time::timeout(timeout, begun)
        .await
        .unwrap_or(Err(HttpError::Timeout(timeout)))
}
