//! Running clients, each used by one scenario at a time and kept for the next.
//!
//! A client under test may take a second to start, and a hundred scenarios have no second each. So
//! a program is kept while it is well, and each scenario gets handles of its own there. Two
//! scenarios never share one at the same time: what it prints, and how it ends, belongs to the one
//! that is using it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};

use super::channel::{Channel, PendingReply};
use super::process::CommandLine;
use super::stdio::ChildClient;
use super::{
    ClientCommand, ClientGone, ClientHello, ClientMaker, ClientOutput, ClientSubject, Departure,
    LIFECYCLE_TIMEOUT, Outcome, PROTOCOL, wire,
};

/// After so many requests in a row that nobody answered, nothing more is asked.
const MAX_HANGS: usize = 8;

/// After so many starts in a row that failed, none is tried any more.
const MAX_FAILED_STARTS: usize = 3;

/// How long a client may take to forget an instance before it is not used again.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a client cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The system does not start it.
    #[error("cannot start `{command}`: {why}")]
    NotStarted {
        /// Program and arguments.
        command: String,
        /// What the system says.
        why: String,
    },
    /// It ended, or closed its standard output, before it said hello.
    #[error("the client did not say hello: {0}")]
    Gone(String),
    /// It said nothing.
    #[error("the client did not say hello within {} s{}", LIFECYCLE_TIMEOUT.as_secs(), heard(.0.as_deref()))]
    Silent(Option<String>),
    /// It refused the hello.
    #[error("the client refused to say hello: {0}")]
    Refused(String),
    /// It speaks another version of the protocol.
    #[error("the client speaks `{theirs}`, and the harness speaks `{PROTOCOL}`")]
    Version {
        /// The version that it will use.
        theirs: String,
    },
    /// It takes no request with which anything can be judged.
    #[error(
        "shim fault: the reply to hello lists no `new` or no `call`, `list`, `create` or `ws_open` among its ops: {ops}"
    )]
    NoOps {
        /// What it lists.
        ops: String,
    },
}

fn heard(last: Option<&str>) -> String {
    last.map_or_else(String::new, |last| {
        format!("; the last of its standard error: {last}")
    })
}

/// Starts clients of one kind, and keeps those that are well.
#[derive(Debug)]
pub struct ClientPool {
    command: CommandLine,
    vendor: String,
    ids: AtomicU64,
    seats: AtomicU64,
    hangs: AtomicUsize,
    failed_starts: AtomicUsize,
    idle: Mutex<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    client: ChildClient,
    hello: ClientHello,
}

impl ClientPool {
    /// A pool of what `command` starts, for clients of `vendor`; nothing is started yet.
    pub fn new(mut command: CommandLine, vendor: &str) -> Arc<Self> {
        let named = ("LOCUM_VENDOR".to_owned(), vendor.to_owned());
        command.environment.extend([named]);
        Arc::new(Self {
            command,
            vendor: vendor.to_owned(),
            ids: AtomicU64::new(1),
            seats: AtomicU64::new(1),
            hangs: AtomicUsize::new(0),
            failed_starts: AtomicUsize::new(0),
            idle: Mutex::default(),
        })
    }

    /// Starts the first client and keeps it for the first scenario; what it says of itself holds
    /// for the run.
    ///
    /// # Errors
    /// Why there is nothing to judge.
    pub async fn start_first(&self) -> Result<ClientHello, StartError> {
        let running = self.start().await?;
        let hello = running.hello.clone();
        self.idle().push(running);
        Ok(hello)
    }

    /// Hands a client to each scenario that asks.
    pub fn maker(self: &Arc<Self>) -> ClientMaker {
        let pool = Arc::clone(self);
        Arc::new(move |_, _| {
            let pool = Arc::clone(&pool);
            async move { pool.seat().await }.boxed()
        })
    }

    /// Ends all clients that no scenario is using.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        join_all(idle.into_iter().map(|running| running.client.end())).await;
    }

    async fn seat(self: Arc<Self>) -> Result<Box<dyn ClientSubject>, ClientGone> {
        let not_tried = |why: String| ClientGone {
            kind: Departure::NoReply,
            why,
        };
        if self.hangs.load(Ordering::Relaxed) >= MAX_HANGS {
            let why = format!("not asked: the last {MAX_HANGS} requests got no reply");
            return Err(not_tried(why));
        }
        let kept = {
            let mut idle = self.idle();
            idle.retain(|running| running.client.channel.is_usable());
            idle.pop()
        };
        let running = match kept {
            Some(running) => running,
            None => self.start_again().await?,
        };
        let number = self.seats.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Seat {
            running: Some(running),
            number,
            sent: Mutex::default(),
            handles: Mutex::default(),
            pool: self,
        }))
    }

    /// Starts a further client, unless that has failed too often.
    async fn start_again(&self) -> Result<Running, ClientGone> {
        let gone = |why: String| ClientGone {
            kind: Departure::NotStarted,
            why,
        };
        if self.failed_starts.load(Ordering::Relaxed) >= MAX_FAILED_STARTS {
            let why = format!("not tried: the last {MAX_FAILED_STARTS} starts failed");
            return Err(gone(why));
        }
        let started = self.start().await;
        match &started {
            Ok(_) => self.failed_starts.store(0, Ordering::Relaxed),
            Err(_) => drop(self.failed_starts.fetch_add(1, Ordering::Relaxed)),
        }
        started.map_err(|error| gone(error.to_string()))
    }

    async fn start(&self) -> Result<Running, StartError> {
        let client = ChildClient::start(&self.command).map_err(|error| StartError::NotStarted {
            command: self.command.to_string(),
            why: error.to_string(),
        })?;
        let greeted = self.greet(&client.channel).await;
        match greeted {
            Ok(hello) => Ok(Running { client, hello }),
            Err(error) => {
                client.end().await;
                Err(error)
            }
        }
    }

    /// Asks a client who it is.
    async fn greet(&self, channel: &Channel) -> Result<ClientHello, StartError> {
        let hello = ClientCommand::Hello {
            proto: PROTOCOL.to_owned(),
            vendor: self.vendor.clone(),
        };
        let reply = channel.send(self.next_id(), &hello);
        let reply = match tokio::time::timeout(LIFECYCLE_TIMEOUT, reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(gone)) => return Err(StartError::Gone(gone.why)),
            Err(_) => return Err(StartError::Silent(channel.last_words())),
        };
        let said = wire::understood(&reply);
        if said.ok == Some(false) || said.unsupported.is_some() {
            return Err(StartError::Refused(reply.to_string()));
        }
        let hello = wire::hello(&reply);
        if hello.proto != PROTOCOL {
            return Err(StartError::Version {
                theirs: hello.proto,
            });
        }
        let acts = ["call", "list", "create", "ws_open"];
        if !(hello.takes("new") && acts.iter().any(|op| hello.takes(op))) {
            return Err(StartError::NoOps {
                ops: format!("{:?}", hello.ops),
            });
        }
        Ok(hello)
    }

    fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Running>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client while one scenario uses it.
#[derive(Debug)]
struct Seat {
    /// Taken by the end of the scenario.
    running: Option<Running>,
    number: u64,
    /// The ids on the wire, in the order of the scenario's requests.
    sent: Mutex<Vec<u64>>,
    /// The handles on the wire that were made.
    handles: Mutex<BTreeSet<String>>,
    pool: Arc<ClientPool>,
}

impl Seat {
    fn running(&self) -> &Running {
        self.running
            .as_ref()
            .expect("it is taken by `close` alone, which takes the seat, too")
    }

    /// The request with handles and ids that are unique in the run.
    fn on_the_wire(&self, mut command: ClientCommand) -> ClientCommand {
        if let Some(handle) = command.handle_mut() {
            *handle = format!("{handle}{}", self.number);
        }
        if let ClientCommand::New { client, .. } = &command {
            let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
            handles.insert(client.clone());
        }
        if let ClientCommand::Cancel { target } = &mut command {
            let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            let at = usize::try_from(*target).unwrap_or_default();
            let id = at.checked_sub(1).and_then(|at| sent.get(at));
            // No request has the id 0.
            *target = id.copied().unwrap_or_default();
        }
        command
    }

    /// Lets the client forget what this scenario made; one that does not is not used again.
    async fn drop_instances(&self) {
        let running = self.running();
        if !running.hello.takes("drop") || !running.client.channel.is_usable() {
            return;
        }
        let handles = {
            let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *handles)
        };
        let drops = handles
            .into_iter()
            .map(|client| self.ask(&ClientCommand::Drop { client }));
        drop(tokio::time::timeout(DROP_TIMEOUT, join_all(drops)).await);
    }

    fn ask(&self, command: &ClientCommand) -> PendingReply {
        let id = self.pool.next_id();
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(id);
        self.running().client.channel.send(id, command)
    }
}

impl ClientSubject for Seat {
    fn hello(&self) -> &ClientHello {
        &self.running().hello
    }

    fn send(&self, command: ClientCommand) -> BoxFuture<'static, Outcome> {
        let acts = command.reaches_vendor();
        let reply = self.ask(&self.on_the_wire(command));
        let hang = Hang(Some(Arc::clone(&self.pool)));
        async move {
            let reply = reply.await;
            hang.end(acts && reply.is_ok());
            reply.map(|reply| wire::understood(&reply))
        }
        .boxed()
    }

    fn output(&self) -> Vec<ClientOutput> {
        self.running().client.channel.output()
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, Vec<ClientOutput>> {
        async move {
            self.drop_instances().await;
            let Some(running) = self.running.take() else {
                return Vec::new();
            };
            let channel = running.client.channel.clone();
            if channel.is_usable() {
                // What it wrote before its last reply is on its way here; let it be read.
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                let output = channel.output();
                self.pool.idle().push(running);
                return output;
            }
            running.client.end().await;
            channel.output()
        }
        .boxed()
    }
}

/// Counts a request that is given up.
struct Hang(Option<Arc<ClientPool>>);

impl Hang {
    /// The request came to an end; the reply to one that may hang shows that others may come.
    fn end(mut self, shows_life: bool) {
        if let (Some(pool), true) = (self.0.take(), shows_life) {
            pool.hangs.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for Hang {
    fn drop(&mut self) {
        if let Some(pool) = &self.0 {
            pool.hangs.fetch_add(1, Ordering::Relaxed);
        }
    }
}
