//! A running client while one scenario uses it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::OwnedSemaphorePermit;

use super::channel::PendingReply;
use super::pool::{ClientPool, Running};
use super::{
    ClientCommand, ClientHello, ClientOutput, ClientSubject, ClockSelection, Outcome, wire,
};

/// How long a client may take to forget an instance before it is not used again.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// A client while one scenario uses it.
#[derive(Debug)]
pub(super) struct Seat {
    /// Taken by the end of the scenario.
    running: Option<Running>,
    number: u64,
    /// The ids on the wire, in the order of the scenario's requests.
    sent: Mutex<Vec<u64>>,
    /// The handles on the wire that were made.
    handles: Mutex<BTreeSet<String>>,
    /// Those whose clocks are turned. A program may have one clock for all of its instances, and the
    /// next scenario's are to read the right time.
    turned: Mutex<BTreeSet<String>>,
    pool: Arc<ClientPool>,
    /// Whether the next scenario may have the client.
    is_kept: bool,
    /// Given back with the client.
    _place: Option<OwnedSemaphorePermit>,
}

impl Seat {
    /// A client of `pool` for the scenario with this number.
    pub(super) fn new(
        pool: Arc<ClientPool>,
        running: Running,
        (number, is_kept): (u64, bool),
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            running: Some(running),
            number,
            sent: Mutex::default(),
            handles: Mutex::default(),
            turned: Mutex::default(),
            pool,
            is_kept,
            _place: place,
        }
    }

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
        if let ClientCommand::Clock {
            client, offset_s, ..
        } = &command
        {
            let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
            match *offset_s == 0.0 {
                true => turned.remove(client),
                false => turned.insert(client.clone()),
            };
        }
        if let ClientCommand::Drop { client } = &command {
            let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
            handles.remove(client);
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
        if !running.client.channel.is_usable() {
            return;
        }
        let turned = {
            let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *turned)
        };
        let back = turned.into_iter().map(|client| {
            self.ask(&ClientCommand::Clock {
                client,
                offset_s: 0.0,
                which: ClockSelection::Both,
            })
        });
        drop(tokio::time::timeout(DROP_TIMEOUT, join_all(back)).await);
        if !running.hello.takes("drop") {
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

    fn is_heard(&self) -> bool {
        self.pool.is_heard()
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
            if channel.is_usable() && !channel.is_waiting() {
                // What it wrote before its last reply is on its way here; let it be read.
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                if self.is_kept {
                    let output = channel.output();
                    self.pool.keep(running);
                    return output;
                }
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
