//! Which requirements are judged.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Catalogue, Requirement, RequirementId};

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
    /// The rows in scope for `vendor`, in the table's order, each with the rows for whose sake
    /// alone it is there.
    pub fn rows(&self, vendor: &str) -> Vec<(&'a Requirement, Vec<RequirementId>)> {
        let fits = |row: &&Requirement| {
            row.judges.contains(&self.judge) && row.vendors.iter().any(|known| known == vendor)
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
                .needs_at(self.judge, vendor)
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
