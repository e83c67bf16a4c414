//! Who is judged: a client under test, however it is reached.
//!
//! What it is asked and what it answers are the messages of `locum/1`. A client that went away is
//! a fact like any other: [`ClientGone`] is written into the evidence, and the rows concerned end
//! with ERROR.

mod attach;
mod channel;
mod command;
pub(crate) mod driver;
pub mod exec;
mod lines;
mod pool;
mod process;
mod pull;
pub mod reference;
mod reply;
mod seat;
mod start;
mod stdio;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use locum_core::Profile;
use serde::{Deserialize, Serialize};

pub use command::{ClientCommand, ClockSelection, PROTOCOL};
pub use pool::{ClientPool, ClientSource};
pub use process::{CommandLine, kill_all};
pub use pull::Agents;
pub use reply::{ClientGone, ClientHello, ClientOutput, ClientReply, Departure, OutputStream};
pub use start::StartError;

use crate::target::StageClient;

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

    /// Sends one command, at once. Several may be under way, for one handle or for several, and
    /// their answers may come in any order. The first has the number 1, by which a later `cancel`
    /// may name it.
    fn send(&self, command: ClientCommand) -> BoxFuture<'static, Outcome>;

    /// Whether all that it prints comes out of [`output`](Self::output).
    fn is_heard(&self) -> bool {
        false
    }

    /// What came out of it besides its answers since this was asked last.
    fn output(&self) -> Vec<ClientOutput> {
        Vec::new()
    }

    /// Ends what the scenario made of it, by force where it does not end by itself; returns what
    /// came out of it meanwhile.
    fn close(self: Box<Self>) -> BoxFuture<'static, Vec<ClientOutput>>;
}

/// A client that has just been started, or why it was not.
pub type Started = Result<Box<dyn ClientSubject>, ClientGone>;

/// What a scenario wants a client for.
#[derive(Clone, Debug, Default)]
pub struct SeatRequest {
    /// Fixes the random choices of a client that lets them be fixed.
    pub seed: u64,
    /// The scenario's name, for logs.
    pub scenario: String,
    /// Whether it needs a process of its own, which is to say all that it can: `LOCUM_LOG=debug`.
    pub logs_all: bool,
    /// The file in which a client may keep tokens for its next process: then it needs processes of
    /// its own.
    pub store: Option<std::path::PathBuf>,
    /// Its steps.
    pub steps: Vec<String>,
    /// The mock that it is played against.
    pub stage: Option<StageClient>,
    /// What the environment of a program is to say of the place.
    pub environment: BTreeMap<String, String>,
}

/// Hands a client of a vendor to each scenario: one that no other scenario is using.
pub type ClientMaker =
    Arc<dyn Fn(&Profile, &SeatRequest) -> BoxFuture<'static, Started> + Send + Sync>;

/// A client to judge: how it is reached, and what it says of itself.
#[derive(Clone)]
pub struct ClientUnderTest {
    /// Hands it out.
    pub maker: ClientMaker,
    /// How it is reached.
    pub level: AdoptionLevel,
    /// What it said when it was started first.
    pub hello: ClientHello,
    /// Puts names in place of the mocks' secrets, tokens among them, in what it prints and says.
    pub redact: Option<OutputRedactor>,
}

/// From the name of a stage, a vendor and a text to that text with names in place of secrets.
pub type OutputRedactor =
    Arc<dyn Fn(String, String, String) -> BoxFuture<'static, String> + Send + Sync>;

impl fmt::Debug for ClientUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUnderTest")
            .field("level", &self.level)
            .field("hello", &self.hello)
            .finish_non_exhaustive()
    }
}

/// How a client is reached, and with that how much of it can be seen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AdoptionLevel {
    /// Nothing is asked of it: its traffic is judged as it comes.
    Watch,
    /// A program that makes calls and ends.
    Exec,
    /// A program that takes one request a line.
    Stdio,
    /// The same requests, fetched by the client over HTTP.
    Pull,
}

/// What comes of `future` within `limit`; a client that takes longer is gone, in the way `kind`.
pub(crate) async fn within<T>(
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
