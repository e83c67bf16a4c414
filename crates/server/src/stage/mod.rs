//! An isolated world: clock, issued tokens, journal, faults, settings, principals, random numbers.
//!
//! # Layout
//!
//! - `spec`: what a caller may say of a new stage
//! - [`clock`], `exchanges`, `faults`, `barriers`, `settings`, `defect`, `handshakes`: one concern
//!   each, with a lock of its own, so that no part waits for another
//! - `states`: what the vendors keep, made when it is first asked for
//! - `rng`: what is drawn from the seed
//! - [`snapshot`]: all of it that is data

mod barriers;
pub mod clock;
mod defect;
mod exchanges;
mod faults;
mod handshakes;
mod rng;
mod settings;
pub mod snapshot;
mod spec;
mod states;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use locum_core::{Clock, Settings, Timestamp, weight};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{Notify, watch};

pub use barriers::{Barrier, MAX_HELD};
pub use clock::{ClockChange, ClockMode, OutOfRange, StageClock};
pub use rng::{StageInit, rng_for};
pub use settings::SettingsError;
pub(crate) use settings::defined;
pub use spec::{ClockSpec, StageSpec, VendorSpec};
pub(crate) use states::new_state;

use crate::Vendor;
use crate::memory::{Account, Charge, OverLimit};
use crate::redact::StageSecrets;
use crate::store::{Store, StoreError, StoreFactory};

/// What the parts of a stage allocate beside it while they are empty, as measured by
/// `benches/memory.rs`.
const PARTS: usize = 1500;

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
    /// What must not be written down.
    pub secrets: StageSecrets,
    /// What it was made from.
    pub spec: StageSpec,
    /// When it was made, by the machine's clock.
    pub since: Timestamp,
    /// Wakes who waits for the journal.
    pub written: Notify,
    exchanges: exchanges::Exchanges,
    faults: faults::Faults,
    barriers: barriers::Barriers,
    settings: settings::StageSettings,
    defect: defect::Defect,
    rng: rng::StageRng,
    logins: AtomicU64,
    /// The time it was made or reset, in milliseconds.
    made: AtomicI64,
    states: states::States,
    /// How its own ports speak TLS, and with whom they did.
    pub(crate) handshakes: handshakes::StageHandshakes,
    /// Where vendors listen that have ports of their own.
    ports: RwLock<BTreeMap<String, VendorPorts>>,
    /// Told when the stage ends; whoever holds a receiver has not finished yet.
    closing: watch::Sender<bool>,
    account: Arc<Account>,
    _charge: Charge,
}

/// Where a vendor of a stage listens at the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorPorts {
    /// For http.
    pub plain: SocketAddr,
    /// For https, where the server speaks it.
    pub tls: Option<SocketAddr>,
}

/// Why a stage was not made or reset.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A sentence for the caller: what of the spec is wrong.
    #[error("{0}")]
    Spec(String),
    /// It would take more memory than there is.
    #[error(transparent)]
    Memory(#[from] OverLimit),
    /// Its store cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Stage {
    /// Makes a stage of this seed and this time that the seed is played, whatever the spec says.
    ///
    /// # Errors
    /// An unknown setting or vendor, principals of another shape, no memory, no store.
    pub async fn make(
        name: String,
        (seed, incarnation): (u64, u64),
        spec: StageSpec,
        settings: &Settings,
        vendors: &[Arc<dyn Vendor>],
        stores: &dyn StoreFactory,
        account: Arc<Account>,
    ) -> Result<Arc<Self>, StageError> {
        let mut charge = Charge::on(&account);
        charge.try_set(PARTS + size_of::<Self>() + 2 * weight::text(&name) + spec.weight())?;
        let stage = Arc::new(Self {
            seed,
            since: StageClock::running().now(),
            clock: StageClock::running(),
            store: stores.open(&name, &account).await?,
            secrets: StageSecrets::on(&account),
            written: Notify::new(),
            exchanges: exchanges::Exchanges::new(&account),
            faults: faults::Faults::new(&account),
            barriers: barriers::Barriers::new(&account),
            settings: settings::StageSettings::new(settings, &account),
            defect: defect::Defect::default(),
            rng: rng::StageRng::new(seed, incarnation),
            logins: AtomicU64::new(0),
            made: AtomicI64::new(0),
            states: states::States::default(),
            handshakes: handshakes::StageHandshakes::default(),
            ports: RwLock::default(),
            name,
            spec,
            closing: watch::Sender::new(false),
            account,
            _charge: charge,
        });
        stage.reset(incarnation, settings, vendors).await?;
        Ok(stage)
    }

    /// As it was when made: tokens, sessions, journal, faults, clock, settings and principals. What
    /// it issues from now on depends on `incarnation`, so that no old token lives again.
    ///
    /// # Errors
    /// As for [`make`](Self::make).
    pub async fn reset(
        &self,
        incarnation: u64,
        settings: &Settings,
        vendors: &[Arc<dyn Vendor>],
    ) -> Result<(), StageError> {
        let is_known = |name: &String| vendors.iter().any(|v| &v.profile().vendor == name);
        if let Some(stray) = self.spec.vendors.keys().find(|name| !is_known(name)) {
            return Err(StageError::Spec(format!("unknown vendor `{stray}`")));
        }
        let mut settings = settings.clone();
        for (name, value) in &self.spec.settings {
            settings
                .set(name, value.clone())
                .map_err(|error| StageError::Spec(error.to_string()))?;
        }
        self.reset_clock().map_err(StageError::Spec)?;
        self.made
            .store(self.clock.now().as_millis(), Ordering::SeqCst);
        self.check_principals(vendors)?;
        // Before the states: their keys are of this time.
        self.rng.restart(self.seed, incarnation);
        self.states.clear();
        self.store.clear().await?;
        self.secrets.clear();
        self.logins.store(0, Ordering::SeqCst);
        self.release();
        self.clear_journal();
        self.remove_faults(None);
        self.settings.replace(settings)?;
        self.remove_twin();
        self.handshakes.reset();
        Ok(())
    }

    /// Ends the stage: its ports and sockets close, all that wait here go, and nobody is held any
    /// more.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
        self.barriers.close();
        self.written.notify_waiters();
    }

    /// Tells when the stage ends. The stage has not ended until the receiver is dropped.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Waits until nobody holds a receiver of [`closing`](Self::closing).
    pub(crate) async fn ended(&self) {
        self.closing.closed().await;
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
    fn release(&self) {
        self.barriers.release_all();
        self.written.notify_waiters();
    }

    /// Notes where a vendor listens on ports of its own.
    pub fn set_ports(&self, vendor: &str, ports: VendorPorts) {
        self.ports
            .write()
            .expect("no code panics while it holds the ports")
            .insert(vendor.to_owned(), ports);
    }

    /// Where a vendor listens on ports of its own, if it does.
    pub fn ports(&self, vendor: &str) -> Option<VendorPorts> {
        self.ports
            .read()
            .expect("no code panics while it holds the ports")
            .get(vendor)
            .copied()
    }

    /// Where a vendor answers plain http on a port of its own, if it does.
    pub fn address(&self, vendor: &str) -> Option<SocketAddr> {
        self.ports(vendor).map(|ports| ports.plain)
    }

    /// A number that groups what one login leads to.
    pub fn next_login(&self) -> u64 {
        self.logins.fetch_add(1, Ordering::SeqCst).wrapping_add(1)
    }

    /// What it holds.
    ///
    /// # Errors
    /// When its store cannot be reached.
    pub async fn counts(&self) -> Result<StageCounts, StoreError> {
        let stats = self.store.stats().await?;
        Ok(self.with_journal(|journal| StageCounts {
            tokens: stats.tokens,
            forgotten_tokens: stats.forgotten,
            entries: journal.len(),
            dropped_entries: journal.dropped(),
            bytes: self.account.used(),
        }))
    }

    /// The memory that it takes.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Frees about so many bytes: tokens that have ended and old entries first, live tokens last.
    /// Returns how many it freed.
    pub(crate) fn shed(&self, bytes: usize) -> usize {
        let tokens = self.account.used().saturating_sub(self.exchanges.bytes());
        if self.exchanges.bytes() >= tokens {
            let freed = self.exchanges.shed(bytes);
            if freed >= bytes {
                return freed;
            }
        }
        let freed = self.store.shed(bytes, self.clock.now());
        if freed >= bytes {
            return freed;
        }
        freed + self.exchanges.shed(bytes - freed)
    }
}

/// What a stage holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageCounts {
    /// Tokens that its store remembers.
    pub tokens: usize,
    /// Tokens that were forgotten before their end, because memory ran out.
    pub forgotten_tokens: u64,
    /// Entries of its journal.
    pub entries: usize,
    /// Entries that fell out of its journal.
    pub dropped_entries: u64,
    /// Bytes of memory that it takes, about.
    pub bytes: usize,
}
