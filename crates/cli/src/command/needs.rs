//! What a row needs before it can be judged: other rows, and what only a person can supply.

use std::collections::BTreeMap;

use locum_core::Requirement;
use locum_core::requirement::Judge;
use locum_harness::catalogue::Supplied;
use serde_json::{Value, json};

/// What one row needs.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The rows that have to pass, each with the vendors at which it is needed.
    rows: BTreeMap<String, Vec<String>>,
    /// What gives the row at a real endpoint, each with the vendors at which it does.
    supplied: BTreeMap<Supplied, Vec<String>>,
}

/// What `row` needs at those of its vendors that `wanted` names; at all when it names none.
pub(super) fn needs(row: &Requirement, wanted: &[&str]) -> Needs {
    let mut needs = Needs::default();
    let vendors = row.vendors.iter();
    let vendors = vendors.filter(|vendor| wanted.is_empty() || wanted.contains(&vendor.as_str()));
    for vendor in vendors {
        for judge in &row.judges {
            for id in row.needs_at(*judge, vendor) {
                let at = needs.rows.entry(id.0).or_default();
                if !at.contains(vendor) {
                    at.push(vendor.clone());
                }
            }
        }
        let is_unlocked = |one: &Supplied| one.rows(vendor).contains(&row.id.0.as_str());
        if row.judges.contains(&Judge::Vendor) {
            for supplied in Supplied::all().filter(is_unlocked) {
                let at = needs.supplied.entry(supplied).or_default();
                at.push(vendor.clone());
            }
        }
    }
    needs
}

impl Needs {
    /// A line for each row that has to pass: `BRR-01 passes (pattern, corti)`.
    pub(super) fn rows(&self, row: &Requirement) -> Vec<String> {
        let rows = self.rows.iter();
        rows.map(|(id, at)| format!("{id} passes{}", narrowed(at, row)))
            .collect()
    }

    /// A line for each thing that only a person can supply, with the variables that give it.
    pub(super) fn variables(&self, row: &Requirement) -> Vec<String> {
        let supplied = self.supplied.iter();
        supplied
            .map(|(one, at)| {
                format!(
                    "{}: {}{}",
                    one.variable_names(),
                    one.what(),
                    narrowed(at, row)
                )
            })
            .collect()
    }

    /// The names of the variables, for a line.
    pub(super) fn names(&self) -> Vec<String> {
        self.supplied
            .keys()
            .map(|one| one.variable_names())
            .collect()
    }

    /// Both as JSON: the rows, and the variables in groups of which one is enough.
    pub(super) fn json(&self) -> (Value, Value) {
        let rows: Vec<&String> = self.rows.keys().collect();
        let groups: Vec<Vec<String>> = self
            .supplied
            .keys()
            .map(|one| {
                let variables = one.variables().iter();
                variables
                    .map(|variable| format!("LOCUM_{}", variable.name))
                    .collect()
            })
            .collect();
        (json!(rows), json!(groups))
    }
}

/// The vendors in brackets, where they are not all of the row's.
fn narrowed(at: &[String], row: &Requirement) -> String {
    match at.len() == row.vendors.len() {
        true => String::new(),
        false => format!(" ({})", at.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use locum_harness::catalogue::catalogue;

    use super::*;

    #[test]
    fn a_row_names_what_unlocks_it() {
        let row = catalogue().get("REV-07").expect("a row");
        let found = needs(row, &[]).variables(row);
        let variables = "LOCUM_SECOND_CLIENT_ID and LOCUM_SECOND_CLIENT_SECRET: a second client";
        assert!(
            found.iter().any(|line| line.starts_with(variables)),
            "{found:?}"
        );
        let row = catalogue().get("VEN-26").expect("a row");
        let found = needs(row, &["pattern"]);
        assert_eq!(found.rows(row).len(), 1);
        assert!(found.rows(row)[0].starts_with("BRR-01 passes"));
        assert_eq!(found.json(), (json!(["BRR-01"]), json!([])));
    }
}
