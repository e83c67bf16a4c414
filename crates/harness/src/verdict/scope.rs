//! Which requirements are judged.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Catalogue, Requirement, RequirementId};

use crate::catalogue::contract_of;
use crate::selection::Selection;

/// Which rows are judged.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// All rows that exist.
    pub catalogue: &'a Catalogue,
    /// The vendors.
    pub vendors: &'a [String],
    /// The side.
    pub judge: Judge,
    /// Which rows are asked for; what they need is judged, too.
    pub selection: &'a Selection,
}

impl<'a> Scope<'a> {
    /// By whose rows `vendor` is judged; see [`contract_of`].
    pub fn contract_of<'b>(&self, vendor: &'b str) -> &'b str {
        // A table of a test's own names its vendors itself.
        let mut rows = self.catalogue.rows().iter();
        if rows.any(|row| row.vendors.iter().any(|known| known == vendor)) {
            vendor
        } else {
            contract_of(vendor)
        }
    }

    /// The rows in scope for `vendor`, in the table's order, each with the rows for whose sake
    /// alone it is there.
    pub fn rows(&self, vendor: &str) -> Vec<(&'a Requirement, Vec<RequirementId>)> {
        let contract = self.contract_of(vendor);
        let fits = |row: &&Requirement| {
            row.judges.contains(&self.judge) && row.vendors.iter().any(|known| known == contract)
        };
        let all = self.catalogue.rows().iter().filter(fits);
        if self.selection.is_all() {
            return all.map(|row| (row, Vec::new())).collect();
        }
        let mut needed: BTreeMap<RequirementId, Vec<RequirementId>> = BTreeMap::new();
        let wanted = |row: &Requirement| self.selection.wants(row, vendor, self.judge);
        let mut open: Vec<&Requirement> = all.clone().filter(|row| wanted(row)).collect();
        while let Some(row) = open.pop() {
            for id in row
                .needs_at(self.judge, contract)
                .into_iter()
                .chain(row.unless(self.judge))
            {
                let known = needed.contains_key(&id);
                needed.entry(id.clone()).or_default().push(row.id.clone());
                if !known {
                    open.extend(self.catalogue.get(&id.0));
                }
            }
        }
        all.filter_map(|row| {
            if wanted(row) {
                return Some((row, Vec::new()));
            }
            needed.get(&row.id).map(|by| (row, by.clone()))
        })
        .collect()
    }
}
