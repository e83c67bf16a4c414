//! Running clients, each used by one scenario at a time and kept for the next.
//!
//! A client under test may take a second to start, and a hundred scenarios have no second each. So
//! a program is kept while it is well, and each scenario gets handles of its own there. Two
//! scenarios never share one at the same time: what it prints, and how it ends, belongs to the one
//! that is using it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use tokio::sync::Semaphore;

use super::channel::{Channel, RunningClient};
use super::process::CommandLine;
use super::pull::Agents;
use super::seat::Seat;
use super::{
    ClientCommand, ClientGone, ClientHello, ClientMaker, ClientSubject, Departure,
    LIFECYCLE_TIMEOUT, PROTOCOL, REPLY_TIMEOUT, SeatRequest, StartError, attach, stdio, wire,
};

/// After so many requests in a row that nobody answered, nothing more is asked.
const MAX_HANGS: usize = 8;

/// After so many starts in a row that failed, none is tried any more.
const MAX_FAILED_STARTS: usize = 3;

/// Where clients come from.
#[derive(Clone, Debug)]
pub enum ClientSource {
    /// A program, started as often as it is needed.
    Program(CommandLine),
    /// One that runs already and listens at this address, such as `127.0.0.1:9000`.
    Address(String),
    /// Those that fetch their requests.
    Agents(Arc<Agents>),
}

/// Starts clients of one kind, and keeps those that are well.
#[derive(Debug)]
pub struct ClientPool {
    source: ClientSource,
    /// How many scenarios may use a client at the same time.
    places: Arc<Semaphore>,
    vendor: String,
    ids: AtomicU64,
    seats: AtomicU64,
    pub(super) hangs: AtomicUsize,
    failed_starts: AtomicUsize,
    idle: Mutex<Vec<Running>>,
}

/// A client that has said hello.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) client: RunningClient,
    pub(super) hello: ClientHello,
    /// What was wrong with its shim before it said hello: that holds for each scenario.
    faults: Vec<String>,
}

impl ClientPool {
    /// A pool of what comes from `source`, for clients of `vendor`; nothing is started yet.
    pub fn new(mut source: ClientSource, vendor: &str) -> Arc<Self> {
        let mut places = Semaphore::MAX_PERMITS;
        match &mut source {
            ClientSource::Program(command) => {
                let named = ("LOCUM_VENDOR".to_owned(), vendor.to_owned());
                command.environment.extend([named]);
            }
            // It may take one connection at a time only.
            ClientSource::Address(_) => places = 1,
            ClientSource::Agents(_) => {}
        }
        Arc::new(Self {
            source,
            places: Arc::new(Semaphore::new(places)),
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
        let running = self.start(&BTreeMap::new()).await?;
        let hello = running.hello.clone();
        self.idle().push(running);
        Ok(hello)
    }

    /// Hands a client to each scenario that asks.
    pub fn maker(self: &Arc<Self>) -> ClientMaker {
        let pool = Arc::clone(self);
        Arc::new(move |_, wanted| {
            let (pool, own) = (Arc::clone(&pool), own_environment(wanted));
            async move { pool.seat(own).await }.boxed()
        })
    }

    /// Ends all clients that no scenario is using.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        join_all(idle.into_iter().map(|running| running.client.end())).await;
        if let ClientSource::Agents(agents) = &self.source {
            agents.end().await;
        }
    }

    /// Whether all that a client prints is read here.
    pub(super) const fn is_heard(&self) -> bool {
        matches!(self.source, ClientSource::Program(_))
    }

    async fn seat(
        self: Arc<Self>,
        told: BTreeMap<String, String>,
    ) -> Result<Box<dyn ClientSubject>, ClientGone> {
        let not_tried = |why: String| ClientGone {
            kind: Departure::NoReply,
            why,
        };
        if self.hangs.load(Ordering::Relaxed) >= MAX_HANGS {
            let why = format!("not asked: the last {MAX_HANGS} requests got no reply");
            return Err(not_tried(why));
        }
        let place = Arc::clone(&self.places).acquire_owned().await;
        let own = !told.is_empty() && self.is_heard();
        let kept = if own { None } else { self.kept() };
        let running = match (kept, &self.source) {
            (Some(running), _) => running,
            (None, ClientSource::Agents(agents)) => self.next_agent(agents).await?,
            (None, _) => self.start_again(&told).await?,
        };
        for fault in &running.faults {
            running.client.channel.note_fault(fault.clone());
        }
        let number = self.seats.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Seat::new(
            self,
            running,
            (number, !own),
            place.ok(),
        )))
    }

    /// A client that is well and not used.
    fn kept(&self) -> Option<Running> {
        let mut idle = self.idle();
        idle.retain(|running| running.client.channel.is_usable());
        idle.pop()
    }

    /// The next client that is free or comes.
    async fn next_agent(&self, agents: &Agents) -> Result<Running, ClientGone> {
        let next = async {
            loop {
                let changed = agents.changed();
                if let Some(running) = self.kept() {
                    return Ok(running);
                }
                if let Some(client) = agents.arrived() {
                    return self.greeted(client).await;
                }
                changed.await;
            }
        };
        let why = match tokio::time::timeout(10 * REPLY_TIMEOUT, next).await {
            Ok(Ok(running)) => return Ok(running),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no client came for a request".to_owned(),
        };
        Err(ClientGone {
            kind: Departure::NotStarted,
            why,
        })
    }

    /// Keeps a client for the next scenario.
    pub(super) fn keep(&self, running: Running) {
        self.idle().push(running);
        if let ClientSource::Agents(agents) = &self.source {
            agents.tell_change();
        }
    }

    /// Starts a further client, unless that has failed too often.
    async fn start_again(&self, told: &BTreeMap<String, String>) -> Result<Running, ClientGone> {
        let gone = |why: String| ClientGone {
            kind: Departure::NotStarted,
            why,
        };
        if self.failed_starts.load(Ordering::Relaxed) >= MAX_FAILED_STARTS {
            let why = format!("not tried: the last {MAX_FAILED_STARTS} starts failed");
            return Err(gone(why));
        }
        let started = self.start(told).await;
        match &started {
            Ok(_) => self.failed_starts.store(0, Ordering::Relaxed),
            Err(_) => drop(self.failed_starts.fetch_add(1, Ordering::Relaxed)),
        }
        started.map_err(|error| gone(error.to_string()))
    }

    async fn start(&self, told: &BTreeMap<String, String>) -> Result<Running, StartError> {
        let client = match &self.source {
            ClientSource::Program(command) => {
                let mut command = command.clone();
                command.environment.extend(told.clone());
                stdio::start(&command).map_err(|error| StartError::NotStarted {
                    command: command.to_string(),
                    why: error.to_string(),
                })?
            }
            ClientSource::Address(address) => {
                let connected = attach::connect(address).await;
                connected.map_err(|error| StartError::NotConnected {
                    address: address.clone(),
                    why: error.to_string(),
                })?
            }
            ClientSource::Agents(agents) => loop {
                let changed = agents.changed();
                if let Some(client) = agents.arrived() {
                    break client;
                }
                changed.await;
            },
        };
        self.greeted(client).await
    }

    async fn greeted(&self, client: RunningClient) -> Result<Running, StartError> {
        let greeted = self.greet(&client.channel).await;
        match greeted {
            Ok(hello) => Ok(Running {
                faults: client.channel.faults(),
                client,
                hello,
            }),
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

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Running>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the environment of a process says for this scenario alone.
fn own_environment(wanted: &SeatRequest) -> BTreeMap<String, String> {
    let log = wanted.logs_all.then(|| ("LOCUM_LOG", "debug".to_owned()));
    let store = wanted.store.as_ref();
    let store = store.map(|file| ("LOCUM_STORE", file.to_string_lossy().into_owned()));
    let told = log.into_iter().chain(store);
    told.map(|(name, value)| (name.to_owned(), value)).collect()
}
