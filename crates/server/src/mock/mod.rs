//! One vendor on one stage: what every handler receives.
//!
//! # Layout
//!
//! - `settings`: the choices where the vendor's documents are silent
//! - `tokens`: issues, finds and changes tokens
//! - `notes`: what the exchange leaves in the journal
//! - `twin`: what an evil twin may pardon or leave out
//! - `rng`: draws from the stage's generator

mod notes;
mod rng;
mod settings;
mod tokens;
mod twin;

use std::sync::{Arc, Mutex};

use locum_core::{Clock, EntryId, Profile, Timestamp};

pub(crate) use notes::ExchangeNotes;
pub(crate) use tokens::DEFECT;
pub use tokens::NewToken;

use crate::Vendor;
use crate::stage::Stage;
use crate::vendor::VendorState;

/// One vendor on one stage, for the length of one exchange.
#[derive(Clone)]
pub struct Mock {
    /// The vendor.
    pub vendor: Arc<dyn Vendor>,
    /// The world it is in.
    pub stage: Arc<Stage>,
    /// The URL of the vendor's root as this client addressed it, without a slash at the end.
    pub base: String,
    notes: Arc<Mutex<ExchangeNotes>>,
    entry: EntryId,
    /// A state that the stage does not keep.
    glimpsed: Option<VendorState>,
}

impl Mock {
    /// `vendor` on `stage`, outside of any exchange.
    pub fn new(vendor: Arc<dyn Vendor>, stage: Arc<Stage>, base: String) -> Self {
        Self {
            vendor,
            stage,
            base,
            notes: Arc::default(),
            entry: EntryId(0),
            glimpsed: None,
        }
    }

    /// The same for somebody who only reads: a vendor's state that nobody has asked for yet is made
    /// for the length of this value.
    pub(crate) fn glimpse(vendor: Arc<dyn Vendor>, stage: Arc<Stage>, base: String) -> Self {
        let glimpsed = Some(stage.glimpse_state(vendor.as_ref()));
        Self {
            glimpsed,
            ..Self::new(vendor, stage, base)
        }
    }

    /// The same for the exchange of `entry`, with the right to upgrade its connection.
    pub(crate) fn for_exchange(
        mut self,
        entry: EntryId,
        upgrade: Option<hyper::upgrade::OnUpgrade>,
    ) -> Self {
        self.entry = entry;
        self.notes().upgrade = upgrade;
        self
    }

    /// The right to upgrade the connection; the first caller has it.
    pub(crate) fn take_upgrade(&self) -> Option<hyper::upgrade::OnUpgrade> {
        self.notes().upgrade.take()
    }

    /// Whether the connection can be upgraded: the request was HTTP/1.1, asked for it, and nobody
    /// has taken the right to it yet.
    pub fn can_upgrade(&self) -> bool {
        self.notes().upgrade.is_some()
    }

    /// The vendor's facts.
    pub fn profile(&self) -> &Profile {
        self.vendor.profile()
    }

    /// The stage's time.
    pub fn now(&self) -> Timestamp {
        self.stage.clock.now()
    }

    /// The vendor's state on this stage; `T` is what its `new_state` made.
    pub fn state<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let state = self
            .glimpsed
            .clone()
            .unwrap_or_else(|| self.stage.vendor_state(self.vendor.as_ref()));
        state.downcast().unwrap_or_else(|_| {
            panic!(
                "`{}` asked for a state it did not make",
                self.profile().vendor
            )
        })
    }

    /// The path of the vendor's root as this client addressed it, without a slash at the end: empty
    /// where the vendor has a host or a port of its own.
    pub fn mount(&self) -> &str {
        let authority = self.base.find("://").map_or(0, |at| at + 3);
        self.base[authority..]
            .find('/')
            .map_or("", |at| &self.base[authority + at..])
    }

    /// The URL of `path` below the vendor's root.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mock")
            .field("vendor", &self.profile().vendor)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
