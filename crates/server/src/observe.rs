//! Who watches a server from outside: told from a bounded queue, by a thread of its own.
//!
//! Pushing never waits. When the observer is slower than the traffic, exchanges are dropped and
//! counted until it has caught up, and then it is told how many it missed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use locum_core::{Entry, EntryId, weight};
use serde_json::Value;
use tokio::sync::watch;

/// Most exchanges that wait for the observer.
const MAX_WAITING: usize = 4096;

/// Most bytes of exchanges that wait, as [`Entry::weight`] counts them.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// How long a stopping server waits for an observer to take what is left.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// What an observer is told, in order.
#[derive(Clone, Debug)]
pub enum Observation {
    /// The server listens at this address; always the first.
    Listening(SocketAddr),
    /// An exchange is complete.
    Exchange {
        /// The stage's name.
        stage: String,
        /// The exchange as the journal has it.
        entry: Arc<Entry>,
    },
    /// A call of the control API changed a stage.
    Control(ControlTurn),
    /// So many of the above were dropped here, because the observer was too slow.
    Dropped(u64),
}

/// A call of the control API that changed a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlTurn {
    /// The stage's name.
    pub stage: String,
    /// The method and the path below the stage, such as `POST /clock`.
    pub call: String,
    /// What was said, where that can hold no secret: clock, faults, settings, and which tokens.
    pub body: Value,
    /// The newest entry of the stage's journal when the call was made; 0 when there was none.
    pub after: EntryId,
}

/// Is told of each completed exchange. It runs on a thread of its own and may take its time.
pub type Observer = Arc<dyn Fn(Observation) + Send + Sync>;

/// The queue between the exchanges and the observer's thread.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    pushed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(Observation, usize)>,
    bytes: usize,
    /// Dropped since the observer was last told.
    missed: u64,
    dropped: u64,
    closed: bool,
}

impl Queue {
    fn push(&self, observation: Observation, weight: usize) {
        let mut state = self.lock();
        let full = state.waiting.len() >= MAX_WAITING || state.bytes + weight > MAX_WAITING_BYTES;
        // Once one is dropped, all are until the queue is empty: one gap, not one at every line.
        if full || state.missed > 0 {
            state.missed += 1;
            state.dropped += 1;
        } else {
            state.bytes += weight;
            state.waiting.push_back((observation, weight));
        }
        drop(state);
        self.pushed.notify_one();
    }

    /// The next thing to tell; waits for it. `None` when the queue is closed and empty.
    fn pop(&self) -> Option<Observation> {
        let mut state = self.lock();
        loop {
            if let Some((observation, weight)) = state.waiting.pop_front() {
                state.bytes -= weight;
                return Some(observation);
            }
            match std::mem::take(&mut state.missed) {
                0 if state.closed => return None,
                0 => {
                    state = self
                        .pushed
                        .wait(state)
                        .expect("no code panics while it holds the queue");
                }
                missed => return Some(Observation::Dropped(missed)),
            }
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.pushed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no code panics while it holds the queue")
    }
}

/// The observer's thread, as the server holds it.
#[derive(Debug)]
pub(crate) struct Watched {
    queue: Arc<Queue>,
    ended: watch::Receiver<()>,
}

impl Watched {
    /// Starts the thread, and tells `observer` first that the server listens at `address`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn by(observer: Observer, address: SocketAddr) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        queue.push(Observation::Listening(address), 0);
        let (alive, ended) = watch::channel(());
        let told = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("observer".to_owned())
            .spawn(move || {
                while let Some(observation) = told.pop() {
                    observer(observation);
                }
                drop(alive);
            })?;
        Ok(Self { queue, ended })
    }

    /// Hands over a completed exchange; never waits.
    pub(crate) fn exchange(&self, stage: &str, entry: Arc<Entry>) {
        let weight = entry.weight();
        let stage = stage.to_owned();
        self.queue
            .push(Observation::Exchange { stage, entry }, weight);
    }

    /// Hands over a call that changed a stage; never waits.
    pub(crate) fn control(&self, turn: ControlTurn) {
        let weight = size_of::<ControlTurn>() + turn.call.len() + weight::json(&turn.body);
        self.queue.push(Observation::Control(turn), weight);
    }

    /// How many exchanges were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }

    /// Lets the observer take what is left, as long as that goes quickly.
    pub(crate) async fn end(&self) {
        self.queue.close();
        let mut ended = self.ended.clone();
        let _ = tokio::time::timeout(FLUSH_TIMEOUT, ended.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        ([127, 0, 0, 1], 1).into()
    }

    fn words(queue: &Queue) -> Vec<String> {
        queue.close();
        let word = |observation| match observation {
            Observation::Listening(at) => format!("port {}", at.port()),
            Observation::Exchange { .. } => "exchange".to_owned(),
            Observation::Control(turn) => turn.call,
            Observation::Dropped(count) => format!("dropped {count}"),
        };
        std::iter::from_fn(|| queue.pop()).map(word).collect()
    }

    #[test]
    fn what_finds_no_room_is_one_gap_and_is_counted() {
        let queue = Queue::default();
        for port in 0..MAX_WAITING + 3 {
            let port = u16::try_from(port).expect("a small number");
            queue.push(Observation::Listening(([127, 0, 0, 1], port).into()), 1);
        }
        assert!(matches!(queue.pop(), Some(Observation::Listening(_))));
        // There is room again, but the gap is not told yet.
        queue.push(Observation::Listening(address()), 1);
        let words = words(&queue);
        assert_eq!(words.len(), MAX_WAITING);
        assert_eq!(words.last().map(String::as_str), Some("dropped 4"));
        assert_eq!(queue.lock().dropped, 4);
        assert_eq!(queue.lock().bytes, 0);
        queue.push(Observation::Listening(address()), 1);
        assert!(matches!(queue.pop(), Some(Observation::Listening(_))));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let queue = Queue::default();
        queue.push(Observation::Listening(address()), MAX_WAITING_BYTES);
        queue.push(Observation::Listening(address()), 1);
        assert_eq!(words(&queue), ["port 1", "dropped 1"]);
    }
}
