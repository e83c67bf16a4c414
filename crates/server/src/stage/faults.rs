//! The faults of a stage.

use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::fault::FaultSubject;
use locum_core::{Fault, FaultAction, FaultId};
use rand::RngExt;

use super::Stage;
use crate::memory::{Account, Charge, OverLimit};

/// The faults in force, in the order in which they were added.
#[derive(Debug)]
pub(super) struct Faults(Mutex<List>);

#[derive(Debug)]
struct List {
    faults: Vec<Fault>,
    added: u64,
    charge: Charge,
}

impl Faults {
    pub(super) fn new(account: &Arc<Account>) -> Self {
        Self(Mutex::new(List {
            faults: Vec::new(),
            added: 0,
            charge: Charge::on(account),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.0
            .lock()
            .expect("no code panics while it holds the faults")
    }
}

impl Stage {
    /// Adds a fault; its id is given here, unless it has one that is later than all that were given.
    ///
    /// # Errors
    /// When it does not fit into memory.
    pub fn add_fault(&self, mut fault: Fault) -> Result<Fault, OverLimit> {
        let mut list = self.faults.lock();
        let bytes = list.charge.bytes() + fault.weight();
        list.charge.try_set(bytes)?;
        list.added = list.added.saturating_add(1).max(fault.id.0);
        fault.id = FaultId(list.added);
        list.faults.push(fault.clone());
        Ok(fault)
    }

    /// The faults with their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().faults.clone()
    }

    /// Takes faults away: one, or all. Says whether there was any.
    pub fn remove_faults(&self, id: Option<FaultId>) -> bool {
        let mut list = self.faults.lock();
        let before = list.faults.len();
        list.faults
            .retain(|fault| id.is_some_and(|id| fault.id != id));
        let bytes = list.faults.iter().map(Fault::weight).sum();
        list.charge.set(bytes);
        list.faults.len() < before
    }

    /// Whether a fault asks which client a request is of.
    pub fn faults_name_clients(&self) -> bool {
        let list = self.faults.lock();
        list.faults
            .iter()
            .any(|fault| fault.matcher.client.is_some())
    }

    /// Counts a request at the faults that match it; the first that fires is returned.
    pub fn fire_fault(&self, subject: &FaultSubject<'_>) -> Option<(FaultId, FaultAction)> {
        let mut list = self.faults.lock();
        if list.faults.is_empty() {
            return None;
        }
        let draw: f64 = self.rng(|rng| rng.random());
        let matching = list
            .faults
            .iter_mut()
            .filter(|fault| fault.matcher.matches(subject));
        let mut fired = None;
        for fault in matching {
            if fault.fires(draw) && fired.is_none() {
                fired = Some((fault.id, fault.then.clone()));
            }
        }
        fired
    }
}
