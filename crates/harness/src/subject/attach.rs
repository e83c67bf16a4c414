//! A client that runs already, and takes the lines of `locum/1` over TCP.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Departure;
use super::channel::{Channel, RunningClient};
use super::stdio::{read_replies, write};

/// How long it may take to close its end once nothing more is asked.
const GRACE: Duration = Duration::from_secs(2);

/// Connects to `address`, such as `127.0.0.1:9000`.
///
/// # Errors
/// Whatever the system says, such as that nobody listens there.
pub(super) async fn connect(address: &str) -> io::Result<RunningClient> {
    let stream = TcpStream::connect(address).await?;
    // A request is one small write; it is not to wait for the next one.
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let (channel, requests) = Channel::new();
    tokio::spawn(write(writer, requests));
    let (tell_closed, closed) = oneshot::channel();
    let replies = tokio::spawn(read_replies(reader, channel.clone(), tell_closed));
    let (end, told) = oneshot::channel();
    let supervised = channel.clone();
    let supervisor = tokio::spawn(async move {
        let mut closed = closed;
        tokio::select! {
            _ = &mut closed => {}
            _ = told => {
                supervised.end_requests();
                drop(tokio::time::timeout(GRACE, closed).await);
            }
        }
        supervised.is_gone(Departure::HungUp, "it closed the connection");
        supervised.end_requests();
        replies.abort();
    });
    Ok(RunningClient::new(channel, end, supervisor))
}
