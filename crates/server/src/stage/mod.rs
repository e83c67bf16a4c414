//! An isolated world: clock, issued tokens, journal, faults, settings, principals, random numbers.
//!
//! # Layout
//!
//! - `spec`: what a caller may say of a new stage
//! - [`clock`], `exchanges`, `faults`, `barriers`, `settings`, `defect`: one concern each, with a
//!   lock of its own, so that no part waits for another
//! - `rng`: what is drawn from the seed

mod barriers;
pub mod clock;
mod defect;
mod exchanges;
mod faults;
mod rng;
mod settings;
mod spec;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use locum_core::Clock;
use serde_json::Value;
use tokio::sync::Notify;

pub use barriers::Barrier;
pub use clock::{ClockChange, ClockMode, OutOfRange, StageClock};
pub use rng::{StageInit, rng_for};
pub use spec::{ClockSpec, StageSpec, VendorSpec};

use crate::store::{MemoryStore, Store};
use crate::vendor::{Vendor, VendorState};

/// How many tokens a stage keeps.
const MAX_TOKENS: usize = 1_000_000;

/// One isolated world.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What everything random is drawn from.
    pub seed: u64,
    /// Its clock.
    pub clock: StageClock,
    /// What it issued.
    pub store: Arc<dyn Store>,
    /// What it was made from.
    pub spec: StageSpec,
    /// Wakes who waits for the journal.
    pub written: Notify,
    exchanges: exchanges::Exchanges,
    faults: faults::Faults,
    barriers: barriers::Barriers,
    settings: settings::StageSettings,
    defect: defect::Defect,
    rng: rng::StageRng,
    logins: AtomicU64,
    states: RwLock<HashMap<String, VendorState>>,
    /// Addresses of the vendors that have ports of their own.
    addresses: RwLock<BTreeMap<String, SocketAddr>>,
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
            exchanges: exchanges::Exchanges::default(),
            faults: faults::Faults::default(),
            barriers: barriers::Barriers::default(),
            settings: settings::StageSettings::default(),
            defect: defect::Defect::default(),
            rng: rng::StageRng::new(seed),
            logins: AtomicU64::new(0),
            states: RwLock::default(),
            addresses: RwLock::default(),
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
        let is_known = |name: &String| vendors.iter().any(|v| &v.profile().vendor == name);
        if let Some(stray) = self.spec.vendors.keys().find(|name| !is_known(name)) {
            return Err(format!("unknown vendor `{stray}`"));
        }
        let settings = settings::defined(vendors, &self.spec.settings)?;
        self.reset_clock()?;
        let mut states = HashMap::new();
        for vendor in vendors {
            let state = self.new_state(vendor.as_ref())?;
            states.insert(vendor.profile().vendor.clone(), state);
        }
        *self
            .states
            .write()
            .expect("no code panics while it holds the states") = states;
        self.store.clear();
        self.logins.store(0, Ordering::SeqCst);
        self.release();
        self.clear_journal();
        self.remove_faults(None);
        self.settings.replace(settings);
        self.remove_twin();
        self.rng.restart(self.seed);
        Ok(())
    }

    fn reset_clock(&self) -> Result<(), String> {
        let fresh = StageClock::running();
        self.clock.adjust(ClockChange {
            now: Some(fresh.now()),
            mode: Some(fresh.mode()),
            ..ClockChange::default()
        });
        if let Some(clock) = &self.spec.clock {
            let change = ClockChange {
                now: clock.now,
                mode: Some(clock.mode),
                ..ClockChange::default()
            };
            let adjusted = self.clock.try_adjust(change);
            adjusted.map_err(|fault| fault.to_string())?;
        }
        Ok(())
    }

    /// Lets go all that wait here, for a barrier or for the journal: nobody could release a barrier
    /// that the stage has forgotten.
    pub(crate) fn release(&self) {
        self.barriers.release_all();
        self.written.notify_waiters();
    }

    fn new_state(&self, vendor: &dyn Vendor) -> Result<VendorState, String> {
        let profile = vendor.profile();
        let given = self.spec.vendors.get(&profile.vendor);
        let given = given.and_then(|spec| spec.principals.clone());
        let mut principals = given.unwrap_or_else(|| Value::Object(profile.principals.clone()));
        if let Some(object) = principals.as_object_mut() {
            let mut rng = rng_for(self.seed, &format!("{} principals", profile.vendor));
            crate::principal::fill(object, &mut rng);
        }
        let init = StageInit {
            seed: self.seed,
            principals: &principals,
            now: self.clock.now(),
        };
        vendor
            .new_state(&init)
            .map_err(|fault| format!("principals of `{}`: {fault}", profile.vendor))
    }

    /// The state that the vendor's [`new_state`](Vendor::new_state) made.
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
                .expect("each vendor of the server has a state on each stage"),
        )
    }

    /// Notes where a vendor listens on a port of its own.
    pub fn set_address(&self, vendor: &str, address: SocketAddr) {
        self.addresses
            .write()
            .expect("no code panics while it holds the addresses")
            .insert(vendor.to_owned(), address);
    }

    /// Where a vendor listens on a port of its own, if it does.
    pub fn address(&self, vendor: &str) -> Option<SocketAddr> {
        self.addresses
            .read()
            .expect("no code panics while it holds the addresses")
            .get(vendor)
            .copied()
    }

    /// A number that groups what one login leads to.
    pub fn next_login(&self) -> u64 {
        self.logins.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Counts of what it holds: tokens, entries, bytes.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.with_journal(|journal| (self.store.len(), journal.len(), journal.bytes()))
    }
}
