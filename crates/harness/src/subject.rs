//! Who is judged: a client under test, however it is reached.
//!
//! What it is asked and what it answers are the messages of `locum/1`. A client that went away is
//! a fact like any other: [`ClientGone`] is written into the evidence, and the rows concerned end
//! with ERROR.

mod command;
mod driver;
pub mod reference;
mod reply;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use locum_core::Profile;

pub use command::{ClientCommand, ClockSelection, PROTOCOL};
pub use reply::{ClientGone, ClientHello, ClientReply, Departure};

/// How long a client may take for one answer; beyond it hangs.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take to start and to end.
pub const LIFECYCLE_TIMEOUT: Duration = Duration::from_secs(30);

/// What came of one command.
pub type Outcome = Result<ClientReply, ClientGone>;

/// A client under test that has said hello. Each way of reaching one (in this process, a program a
/// scenario, lines on stdio, pulled over HTTP) is one implementation.
pub trait ClientSubject: Send {
    /// What it said of itself when it was started.
    fn hello(&self) -> &ClientHello;

    /// Sends one command. Several may be under way at once, for one handle or for several, and
    /// their answers may come in any order.
    fn send(&self, command: ClientCommand) -> BoxFuture<'static, Outcome>;

    /// Ends it in order, and by force where it does not end by itself.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A client that has just been started, or why it was not.
pub type Started = Result<Box<dyn ClientSubject>, ClientGone>;

/// Starts a fresh client of a vendor for each scenario, with a seed for its random choices.
pub type ClientMaker = Arc<dyn Fn(&Profile, u64) -> BoxFuture<'static, Started> + Send + Sync>;

/// What comes of `future` within `limit`; a client that takes longer is gone, in the way `kind`.
async fn within<T>(
    limit: Duration,
    kind: Departure,
    future: impl Future<Output = Result<T, ClientGone>> + Send,
) -> Result<T, ClientGone> {
    let late = |_| ClientGone {
        kind,
        why: format!("nothing within {} s", limit.as_secs()),
    };
    tokio::time::timeout(limit, future)
        .await
        .map_err(late)
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_client_that_hangs_is_gone() {
        let hangs = within(Duration::ZERO, Departure::NoReply, pending::<Outcome>());
        let gone = hangs.await.expect_err("it never answers");
        assert_eq!(
            gone.to_string(),
            "the client did not answer: nothing within 0 s"
        );
        let answers = ready(Ok(ClientReply::done(None)));
        let reply = within(REPLY_TIMEOUT, Departure::NoReply, answers).await;
        assert_eq!(reply, Ok(ClientReply::done(None)));
    }
}
