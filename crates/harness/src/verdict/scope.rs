//! Which requirements are judged.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Catalogue, Requirement, RequirementId};

use crate::catalogue::contract_of;

/// Which rows are judged.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// All rows that exist.
    pub catalogue: &'a Catalogue,
    /// The vendors.
    pub vendors: &'a [String],
    /// The side.
    pub judge: Judge,
    /// Only these rows and what they need; all when empty.
    pub ids: &'a [RequirementId],
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
        if self.ids.is_empty() {
            return all.map(|row| (row, Vec::new())).collect();
        }
        let mut needed: BTreeMap<RequirementId, Vec<RequirementId>> = BTreeMap::new();
        let mut open: Vec<&Requirement> = all
            .clone()
            .filter(|row| self.ids.contains(&row.id))
            .collect();
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
            if self.ids.contains(&row.id) {
                return Some((row, Vec::new()));
            }
            needed.get(&row.id).map(|by| (row, by.clone()))
        })
        .collect()
    }
}
