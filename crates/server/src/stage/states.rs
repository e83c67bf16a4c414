//! What the vendors keep of a stage: made when it is first asked for, so that a vendor whom nobody
//! calls takes no memory.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use locum_core::credential::CredentialStyle;
use locum_core::{Timestamp, weight};
use serde_json::Value;

use super::{Stage, StageError, StageInit, rng_for};
use crate::Vendor;
use crate::memory::{Account, Charge, OverLimit};
use crate::principal::{self, CanaryRules};
use crate::rotation::KeyRotations;
use crate::vendor::VendorState;

/// The states by vendor.
#[derive(Debug, Default)]
pub(super) struct States {
    made: RwLock<HashMap<String, VendorState>>,
    rotations: RwLock<HashMap<String, Arc<KeyRotations>>>,
    /// Principals, by vendor.
    charges: Mutex<HashMap<String, Charge>>,
}

impl States {
    pub(super) fn clear(&self) {
        self.write().clear();
        self.charges().clear();
        self.rotations
            .write()
            .expect("no code panics while it holds the rotations")
            .clear();
    }

    fn get(&self, vendor: &str) -> Option<VendorState> {
        let made = self.made.read();
        let made = made.expect("no code panics while it holds the states");
        made.get(vendor).map(Arc::clone)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, VendorState>> {
        self.made
            .write()
            .expect("no code panics while it holds the states")
    }

    fn charges(&self) -> MutexGuard<'_, HashMap<String, Charge>> {
        self.charges
            .lock()
            .expect("no code panics while it holds the charges")
    }
}

impl Stage {
    /// The rotations of a vendor's keys.
    pub fn rotations(&self, vendor: &str) -> Arc<KeyRotations> {
        const WHOLE: &str = "no code panics while it holds the rotations";
        let known = self.states.rotations.read().expect(WHOLE);
        if let Some(known) = known.get(vendor) {
            return Arc::clone(known);
        }
        drop(known);
        let mut known = self.states.rotations.write().expect(WHOLE);
        Arc::clone(known.entry(vendor.to_owned()).or_default())
    }

    /// The state of `vendor` on this stage, made now if this is the first time.
    ///
    /// # Panics
    /// When the vendor was not among those the stage was made with; the server never does that.
    pub fn vendor_state(&self, vendor: &dyn Vendor) -> VendorState {
        let name = &vendor.profile().vendor;
        if let Some(state) = self.states.get(name) {
            return state;
        }
        let mut made = self.states.write();
        let state = made.entry(name.clone()).or_insert_with(|| {
            let given = self.spec.vendors.get(name);
            let given = given.and_then(|spec| spec.principals.as_ref());
            let own = || weight::object(&vendor.profile().principals);
            let mut charge = Charge::on(&self.account);
            charge.set(given.map_or_else(own, weight::json));
            self.states.charges().insert(name.clone(), charge);
            self.fresh_state(vendor)
        });
        Arc::clone(state)
    }

    /// The rotations of all vendors whose keys were asked for.
    pub(super) fn all_rotations(&self) -> Vec<(String, Arc<KeyRotations>)> {
        let known = self.states.rotations.read();
        let known = known.expect("no code panics while it holds the rotations");
        let mut all: Vec<_> = known
            .iter()
            .map(|(vendor, rotations)| (vendor.clone(), Arc::clone(rotations)))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// The state of `vendor` for somebody who only reads: where there is none yet, one as it would
    /// be made, which the stage does not keep.
    pub(crate) fn glimpse_state(&self, vendor: &dyn Vendor) -> VendorState {
        self.states
            .get(&vendor.profile().vendor)
            .unwrap_or_else(|| self.fresh_state(vendor))
    }

    /// Counts the principals of `vendor`, before they are changed to `principals`.
    ///
    /// # Errors
    /// When they do not fit into memory.
    pub fn charge_principals(&self, vendor: &str, principals: &Value) -> Result<(), OverLimit> {
        let mut charges = self.states.charges();
        let charge = charges
            .entry(vendor.to_owned())
            .or_insert_with(|| Charge::on(&self.account));
        charge.try_set(weight::json(principals))
    }

    /// Whether the vendors take the principals that the spec has for them.
    pub(super) fn check_principals(&self, vendors: &[Arc<dyn Vendor>]) -> Result<(), StageError> {
        for vendor in vendors {
            if self.spec.vendors.contains_key(&vendor.profile().vendor) {
                self.new_state(vendor.as_ref()).map_err(StageError::Spec)?;
            }
        }
        Ok(())
    }

    fn fresh_state(&self, vendor: &dyn Vendor) -> VendorState {
        // The profile's own principals were tried when the server started, those of the spec when
        // the stage was made; the same seed gives the same again.
        self.new_state(vendor)
            .expect("principals were checked before")
    }

    fn new_state(&self, vendor: &dyn Vendor) -> Result<VendorState, String> {
        let given = self.spec.vendors.get(&vendor.profile().vendor);
        let given = given.and_then(|spec| spec.principals.clone());
        let canary = |ascii| CanaryRules {
            ascii,
            ..vendor.canary_rules()
        };
        let rules = match self.spec.credentials {
            CredentialStyle::Plain => None,
            CredentialStyle::Canary => Some(canary(false)),
            CredentialStyle::CanaryAscii => Some(canary(true)),
        };
        new_state(
            vendor,
            (given, rules),
            (self.seed, self.rng.incarnation()),
            Timestamp::from_millis(self.made.load(Ordering::SeqCst)),
            &self.account,
            &self.rotations(&vendor.profile().vendor),
        )
    }
}

/// A state of `vendor` with the principals `given`, or with those of its profile, whose names are
/// marked where there are rules for canaries.
pub(crate) fn new_state(
    vendor: &dyn Vendor,
    (given, canary): (Option<Value>, Option<CanaryRules>),
    (seed, incarnation): (u64, u64),
    now: Timestamp,
    memory: &Arc<Account>,
    rotations: &Arc<KeyRotations>,
) -> Result<VendorState, String> {
    let profile = vendor.profile();
    let is_own = given.is_none();
    let mut principals = given.unwrap_or_else(|| Value::Object(profile.principals.clone()));
    if let Some(object) = principals.as_object_mut() {
        let mut rng = rng_for(seed, &format!("{} principals", profile.vendor));
        if let Some(rules) = canary.filter(|_| is_own) {
            principal::mark(object, rules, &mut rng);
        }
        principal::fill(object, vendor.draws_client_secrets(), canary, &mut rng);
    }
    let init = StageInit {
        seed,
        incarnation,
        principals: &principals,
        now,
        memory,
        rotations,
    };
    vendor
        .new_state(&init)
        .map_err(|fault| format!("principals of `{}`: {fault}", profile.vendor))
}
