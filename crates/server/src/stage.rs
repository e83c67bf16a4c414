//! An isolated world: clock, issued tokens, journal, faults, settings, principals, chance.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use locum_core::setting::SettingError;
use locum_core::{
    Clock, Entry, EntryId, Fault, FaultAction, FaultId, Filter, Journal, Settings, Timestamp,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::clock::{ClockMode, StageClock};
use crate::store::{MemoryStore, Store, digest_of};
use crate::twin::Twin;
use crate::vendor::{Vendor, VendorState};

/// How many tokens, entries and bytes a stage keeps.
const MAX_TOKENS: usize = 1_000_000;
const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

/// What a caller may say of a new stage; the rest of the stage document is computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageSpec {
    /// Its name; made up when absent.
    pub name: Option<String>,
    /// What its ids, keys and secrets are drawn from; drawn by chance when absent.
    pub seed: Option<u64>,
    /// Whether each vendor gets a port of its own.
    pub listen: bool,
    /// Where its clock starts.
    pub clock: Option<ClockSpec>,
    /// Settings that differ from the profiles.
    pub settings: Map<String, Value>,
    /// Principals by vendor.
    pub vendors: BTreeMap<String, VendorSpec>,
}

/// The clock of a new stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    /// The time it shows; the machine's when absent.
    #[serde(default)]
    pub now: Option<Timestamp>,
    /// Whether it runs.
    #[serde(default = "running")]
    pub mode: ClockMode,
}

const fn running() -> ClockMode {
    ClockMode::Running
}

/// A vendor of a new stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VendorSpec {
    /// Its principals, instead of the profile's.
    pub principals: Option<Value>,
}

/// What a vendor's `open` is given.
#[derive(Debug)]
pub struct StageInit<'a> {
    /// The stage's seed.
    pub seed: u64,
    /// The vendor's principals, secrets filled in.
    pub principals: &'a Value,
    /// The stage's time.
    pub now: Timestamp,
}

impl StageInit<'_> {
    /// A generator for `purpose` that the seed repeats, whatever else was drawn.
    pub fn chance(&self, purpose: &str) -> ChaCha12Rng {
        chance_for(self.seed, purpose)
    }
}

/// A generator for `purpose` on a stage of this seed.
pub fn chance_for(seed: u64, purpose: &str) -> ChaCha12Rng {
    ChaCha12Rng::from_seed(digest_of(&format!("locum {seed} chance {purpose}")))
}

/// One isolated world.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What everything by chance is drawn from.
    pub seed: u64,
    /// Its clock.
    pub clock: StageClock,
    /// What it issued.
    pub store: Arc<dyn Store>,
    /// What it was made from.
    pub spec: StageSpec,
    /// Wakes who waits for the journal.
    pub written: Notify,
    logins: AtomicU64,
    inner: Mutex<Inner>,
    states: RwLock<HashMap<String, VendorState>>,
    /// Roots of the vendors on ports of their own.
    roots: RwLock<BTreeMap<String, String>>,
}

#[derive(Debug)]
struct Inner {
    journal: Journal,
    faults: Vec<Fault>,
    next_fault: u64,
    settings: Settings,
    twin: Option<(String, String)>,
    /// What the twin has instead of the settings.
    twin_settings: BTreeMap<String, Value>,
    chance: ChaCha12Rng,
    barriers: HashMap<String, Arc<Barrier>>,
}

/// Where held replies wait.
#[derive(Debug, Default)]
pub struct Barrier {
    waiting: AtomicU64,
    open: AtomicBool,
    opened: Notify,
}

impl Stage {
    /// Makes a stage; `seed` is used when the spec names none.
    ///
    /// # Errors
    /// A sentence for the caller: an unknown setting or vendor, principals of another shape.
    pub fn make(
        name: String,
        seed: u64,
        spec: StageSpec,
        vendors: &[Arc<dyn Vendor>],
    ) -> Result<Arc<Self>, String> {
        let seed = spec.seed.unwrap_or(seed);
        let stage = Arc::new(Self {
            name,
            seed,
            clock: StageClock::running(),
            store: Arc::new(MemoryStore::bounded(MAX_TOKENS)),
            written: Notify::new(),
            logins: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                journal: Journal::bounded(MAX_ENTRIES, MAX_BYTES),
                faults: Vec::new(),
                next_fault: 1,
                settings: Settings::default(),
                twin: None,
                twin_settings: BTreeMap::new(),
                chance: chance_for(seed, "stage"),
                barriers: HashMap::new(),
            }),
            states: RwLock::default(),
            roots: RwLock::default(),
            spec,
        });
        stage.reset(vendors)?;
        Ok(stage)
    }

    /// As it was when made: tokens, sessions, journal, faults, clock, settings and principals.
    ///
    /// # Errors
    /// As for [`make`](Self::make).
    pub fn reset(&self, vendors: &[Arc<dyn Vendor>]) -> Result<(), String> {
        if let Some(stray) = self
            .spec
            .vendors
            .keys()
            .find(|name| vendors.iter().all(|v| &v.profile().vendor != *name))
        {
            return Err(format!("unknown vendor `{stray}`"));
        }
        let settings = defined(vendors, &self.spec.settings)?;
        let fresh = StageClock::running();
        self.clock.turn(None, Some(fresh.now()), Some(fresh.mode()));
        if let Some(clock) = &self.spec.clock {
            self.clock.turn(None, clock.now, Some(clock.mode));
        }
        let mut states = HashMap::new();
        for vendor in vendors {
            states.insert(
                vendor.profile().vendor.clone(),
                self.opened(vendor.as_ref())?,
            );
        }
        *self
            .states
            .write()
            .expect("no code panics while it holds the states") = states;
        self.store.clear();
        self.logins.store(0, Ordering::SeqCst);
        self.release();
        let mut inner = self.lock();
        inner.journal.clear();
        inner.faults.clear();
        inner.settings = settings;
        inner.twin = None;
        inner.twin_settings.clear();
        inner.chance = chance_for(self.seed, "stage");
        Ok(())
    }

    /// Lets go all that wait here, for a barrier or for the journal: nobody could open a barrier
    /// that the stage has forgotten.
    pub(crate) fn release(&self) {
        let barriers = std::mem::take(&mut self.lock().barriers);
        for barrier in barriers.values() {
            barrier.open();
        }
        self.written.notify_waiters();
    }

    fn opened(&self, vendor: &dyn Vendor) -> Result<VendorState, String> {
        let profile = vendor.profile();
        let given = self
            .spec
            .vendors
            .get(&profile.vendor)
            .and_then(|spec| spec.principals.clone());
        let mut principals = given.unwrap_or_else(|| Value::Object(profile.principals.clone()));
        if let Some(object) = principals.as_object_mut() {
            crate::principal::fill(
                object,
                &mut chance_for(self.seed, &format!("{} principals", profile.vendor)),
            );
        }
        let init = StageInit {
            seed: self.seed,
            principals: &principals,
            now: self.clock.now(),
        };
        vendor
            .open(&init)
            .map_err(|fault| format!("principals of `{}`: {fault}", profile.vendor))
    }

    /// The state that the vendor's `open` made.
    ///
    /// # Panics
    /// When the vendor was not among those the stage was made with; the server never does that.
    pub fn vendor_state(&self, vendor: &str) -> VendorState {
        let states = self
            .states
            .read()
            .expect("no code panics while it holds the states");
        Arc::clone(
            states
                .get(vendor)
                .expect("each vendor of the server was opened on each stage"),
        )
    }

    /// Notes the root of a vendor on a port of its own.
    pub fn set_root(&self, vendor: &str, root: String) {
        self.roots
            .write()
            .expect("no code panics while it holds the roots")
            .insert(vendor.to_owned(), root);
    }

    /// The root of a vendor on a port of its own, where it has one.
    pub fn root(&self, vendor: &str) -> Option<String> {
        self.roots
            .read()
            .expect("no code panics while it holds the roots")
            .get(vendor)
            .cloned()
    }

    /// The value of a setting by its full name, the twin's settings first.
    pub fn setting(&self, name: &str) -> Value {
        let inner = self.lock();
        let twin = inner.twin_settings.get(name);
        twin.unwrap_or_else(|| inner.settings.get(name)).clone()
    }

    /// Changes settings; either all or none.
    ///
    /// # Errors
    /// The first setting that is unknown or does not take its value.
    pub fn change_settings(&self, changes: &Map<String, Value>) -> Result<(), SettingError> {
        let mut inner = self.lock();
        let mut settings = inner.settings.clone();
        for (name, value) in changes {
            settings.set(name, value.clone())?;
        }
        inner.settings = settings;
        Ok(())
    }

    /// Looks at the settings.
    pub fn with_settings<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.lock().settings)
    }

    /// Puts `twin` in `vendor`'s place, in place of any other. Its settings lie over those of the
    /// stage, so that the honest vendor comes back with the settings it had.
    ///
    /// # Errors
    /// When the twin has a setting that is unknown or does not take its value.
    pub fn put_twin(&self, vendor: &str, twin: &Twin) -> Result<(), SettingError> {
        let mut inner = self.lock();
        let mut settings = inner.settings.clone();
        let mut over = BTreeMap::new();
        for (name, value) in (twin.settings)() {
            settings.set(name, value.clone())?;
            over.insert(name.to_owned(), value);
        }
        inner.twin = Some((vendor.to_owned(), twin.name.to_owned()));
        inner.twin_settings = over;
        Ok(())
    }

    /// Puts an evil twin of `vendor` in its place without its settings; `None` brings the honest
    /// vendor back.
    pub fn set_twin(&self, twin: Option<(String, String)>) {
        let mut inner = self.lock();
        inner.twin = twin;
        inner.twin_settings.clear();
    }

    /// The twin in some vendor's place: the vendor's word and the twin's name.
    pub fn twin(&self) -> Option<(String, String)> {
        self.lock().twin.clone()
    }

    /// The name of the twin in `vendor`'s place.
    pub fn twin_of(&self, vendor: &str) -> Option<String> {
        self.lock()
            .twin
            .as_ref()
            .filter(|(of, _)| of == vendor)
            .map(|(_, name)| name.clone())
    }

    /// What the twin in place has instead of the settings.
    pub fn twin_settings(&self) -> BTreeMap<String, Value> {
        self.lock().twin_settings.clone()
    }

    /// A number that groups what one login leads to.
    pub fn next_login(&self) -> u64 {
        self.logins.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Draws from the stage's chance.
    pub fn chance<T>(&self, draw: impl FnOnce(&mut dyn rand::Rng) -> T) -> T {
        draw(&mut self.lock().chance)
    }

    /// Writes an entry at its arrival.
    pub fn arrive(&self, entry: Entry) -> EntryId {
        let id = self.lock().journal.arrive(entry);
        self.written.notify_waiters();
        id
    }

    /// Completes an entry, and returns it as it stands then.
    pub fn complete(&self, id: EntryId, fill: impl FnOnce(&mut Entry)) -> Option<Entry> {
        let entry = {
            let mut inner = self.lock();
            inner.journal.complete(id, fill);
            inner.journal.get(id).cloned()
        };
        self.written.notify_waiters();
        entry
    }

    /// Looks at the journal.
    pub fn with_journal<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.lock().journal)
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        self.lock().journal.clear();
    }

    /// The entries that fit.
    pub fn find(&self, filter: &Filter) -> Vec<Entry> {
        self.lock().journal.find(filter).cloned().collect()
    }

    /// Adds a fault; its id is given here.
    pub fn add_fault(&self, mut fault: Fault) -> Fault {
        let mut inner = self.lock();
        fault.id = FaultId(inner.next_fault);
        inner.next_fault += 1;
        inner.faults.push(fault.clone());
        fault
    }

    /// The faults with their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Takes faults away: one, or all. Says whether there was any.
    pub fn remove_faults(&self, id: Option<FaultId>) -> bool {
        let mut inner = self.lock();
        let before = inner.faults.len();
        inner
            .faults
            .retain(|fault| id.is_some_and(|id| fault.id != id));
        inner.faults.len() < before
    }

    /// Counts a request at the faults that meet it; the first that strikes is returned.
    pub fn strike(
        &self,
        vendor: &str,
        endpoint: &str,
        method: &str,
        path: &str,
    ) -> Option<(FaultId, FaultAction)> {
        let mut inner = self.lock();
        if inner.faults.is_empty() {
            return None;
        }
        let chance: f64 = inner.chance.random();
        let meeting = inner
            .faults
            .iter_mut()
            .filter(|fault| fault.matches.meets(vendor, endpoint, method, path));
        let mut struck = None;
        for fault in meeting {
            if fault.strikes(chance) && struck.is_none() {
                struck = Some((fault.id, fault.then.clone()));
            }
        }
        struck
    }

    /// The barrier called `name`.
    pub fn barrier(&self, name: &str) -> Arc<Barrier> {
        Arc::clone(self.lock().barriers.entry(name.to_owned()).or_default())
    }

    /// The barriers that requests came to or that were opened, by name.
    pub fn barriers(&self) -> BTreeMap<String, Arc<Barrier>> {
        let barriers = &self.lock().barriers;
        barriers
            .iter()
            .map(|(name, barrier)| (name.clone(), Arc::clone(barrier)))
            .collect()
    }

    /// Counts of what it holds: tokens, entries, bytes.
    pub fn counts(&self) -> (usize, usize, usize) {
        let inner = self.lock();
        (self.store.len(), inner.journal.len(), inner.journal.bytes())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("no code panics while it holds the stage")
    }
}

fn defined(vendors: &[Arc<dyn Vendor>], changes: &Map<String, Value>) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for profile in vendors.iter().map(|vendor| vendor.profile()) {
        for (name, setting) in &profile.settings {
            settings.define(format!("{}.{name}", profile.vendor), setting.clone());
        }
    }
    for (name, value) in changes {
        settings
            .set(name, value.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(settings)
}

impl Barrier {
    /// Waits until `enough` requests wait here or somebody opens it.
    pub async fn wait(&self, enough: Option<u64>) {
        let opened = self.opened.notified();
        tokio::pin!(opened);
        opened.as_mut().enable();
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        if enough.is_some_and(|enough| waiting >= enough) {
            self.open();
        }
        if !self.open.load(Ordering::SeqCst) {
            opened.await;
        }
    }

    /// Lets all go, now and later.
    pub fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
        self.opened.notify_waiters();
    }

    /// Whether it lets all go.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    /// How many came to it.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }
}
