//! What the mocks saw during the run, on all stages, also on those that were ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use locum_core::{Clock, Entry, EntryId, Filter, Outcome, SystemClock};
use locum_harness::traffic::{Happening, Traffic};
use locum_server::Stages;
use locum_server::observe::{ControlTurn, Observation, Observer};
use serde_json::Value;

/// Most bytes of exchanges that are kept, as [`Entry::weight`] counts them.
const MAX_BYTES: usize = 512 << 20;

/// Something that happened, with the newest entry of the stage's journal at that time.
type Numbered = (EntryId, Duration, Happening);

/// Keeps exchanges and control calls as they happen.
#[derive(Debug)]
pub(super) struct Recorder {
    clock: SystemClock,
    origin: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By stage and id, each with the time of its completion.
    entries: BTreeMap<(String, EntryId), (Duration, Arc<Entry>)>,
    bytes: usize,
    turns: Vec<(Duration, ControlTurn)>,
    missed: u64,
}

impl Recorder {
    /// Nothing seen yet; times count from `origin` on the monotonic side of `clock`.
    pub(super) fn new(clock: SystemClock, origin: Duration) -> Arc<Self> {
        Arc::new(Self {
            clock,
            origin,
            seen: Mutex::default(),
        })
    }

    /// What the server tells of what happens.
    pub(super) fn observer(self: &Arc<Self>) -> Observer {
        let recorder = Arc::clone(self);
        Arc::new(move |observation| recorder.see(observation))
    }

    fn see(&self, observation: Observation) {
        let at = self.clock.monotonic().saturating_sub(self.origin);
        let mut seen = self.lock();
        match observation {
            Observation::Listening(_) => {}
            Observation::Exchange { stage, entry } => {
                let bytes = seen.bytes + entry.weight();
                if bytes > MAX_BYTES {
                    seen.missed += 1;
                } else {
                    seen.bytes = bytes;
                    seen.entries.insert((stage, entry.id), (at, entry));
                }
            }
            Observation::Control(turn) => seen.turns.push((at, turn)),
            Observation::Dropped(count) => seen.missed += count,
        }
    }

    /// Whether a client has got a token.
    pub(super) fn saw_login(&self) -> bool {
        let seen = self.lock();
        let mut entries = seen.entries.values();
        entries.any(|(_, entry)| entry.outcome == Some(Outcome::Granted))
    }

    /// Writes down something that this run did to the clients on `stage`.
    pub(super) fn note(&self, stage: &str, call: &str, body: Value) {
        let at = self.clock.monotonic().saturating_sub(self.origin);
        let mut seen = self.lock();
        let ids = seen.entries.keys().filter(|(of, _)| of == stage);
        let after = ids.map(|(_, id)| *id).max().unwrap_or_default();
        let turn = ControlTurn {
            stage: stage.to_owned(),
            after,
            call: format!("POST /{call}"),
            body,
        };
        seen.turns.push((at, turn));
    }

    /// Takes over what journals know better: exchanges without a reply, and the frames of sockets.
    pub(super) fn read_journals(&self, stages: &Stages) {
        let at = self.clock.monotonic().saturating_sub(self.origin);
        for stage in stages.all() {
            let entries: Vec<Arc<Entry>> =
                stage.with_journal(|journal| journal.find(&Filter::default()).cloned().collect());
            let mut seen = self.lock();
            for entry in entries {
                let key = (stage.name.clone(), entry.id);
                let at = seen.entries.get(&key).map_or(at, |(at, _)| *at);
                seen.entries.insert(key, (at, entry));
            }
        }
    }

    /// The traffic of each vendor on each stage that saw some, in the order of the stages' names.
    pub(super) fn traffic(&self) -> Vec<Traffic> {
        let seen = self.lock();
        let mut traffic: BTreeMap<(&str, &str), Vec<Numbered>> = BTreeMap::new();
        for ((stage, id), (at, entry)) in &seen.entries {
            let happening = Happening::Exchange(Arc::clone(entry));
            let of = traffic.entry((stage, &entry.vendor)).or_default();
            of.push((*id, *at, happening));
        }
        for (at, turn) in &seen.turns {
            let (method, path) = turn.call.split_once(" /").unwrap_or(("", &turn.call));
            let call = match method {
                "DELETE" => format!("delete {path}"),
                _ => path.to_owned(),
            };
            for ((stage, _), events) in &mut traffic {
                if *stage == turn.stage {
                    let happening = Happening::Control(call.clone(), turn.body.clone());
                    events.push((turn.after, *at, happening));
                }
            }
        }
        let unseen = (seen.missed > 0).then(|| {
            let missed = seen.missed;
            let what = format!("{missed} exchanges were too many to be kept");
            (Duration::ZERO, Happening::Unseen(what))
        });
        let one = |((stage, vendor), mut events): ((&str, &str), Vec<_>)| {
            // Of an entry and the turns after it, the entry was pushed first.
            events.sort_by_key(|(id, _, _)| *id);
            let events = events.into_iter().map(|(_, at, happening)| (at, happening));
            Traffic {
                stage: stage.to_owned(),
                vendor: vendor.to_owned(),
                events: unseen.clone().into_iter().chain(events).collect(),
                ..Traffic::default()
            }
        };
        traffic.into_iter().map(one).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .expect("no code panics while it holds what was seen")
    }
}
