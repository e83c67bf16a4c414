//! The table of requirements, inside the binary.

pub mod area;
mod expectation;
mod filter;
pub mod hint;
pub mod source;
mod supplied;

use std::sync::LazyLock;

use locum_core::Catalogue;

pub use expectation::{
    Acceptance, EXPECTATIONS, ErrorExpectation, Expectation, FormExpectation, Others,
    RefusalExpectation, RepeatExpectation,
};
pub use filter::{Filter, Kept};
pub use supplied::{Supplied, SuppliedVariable};

/// The table as it was written, header line first.
pub const TABLE: &str = include_str!("../catalogue/requirements.tsv");

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::parse(TABLE).expect("a test parses the embedded table"));

/// All rows that locum knows, in the table's order.
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// The contract of a vendor that has no rows of its own: what the RFCs say of all.
pub const GENERIC: &str = "generic";

/// By whose rows and features `vendor` is judged: its own where the table names it, else those of
/// [`GENERIC`].
pub fn contract_of(vendor: &str) -> &str {
    let mut rows = catalogue().rows().iter();
    if rows.any(|row| row.vendors.iter().any(|known| known == vendor)) {
        vendor
    } else {
        GENERIC
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use locum_core::Requirement;

    use super::*;

    #[test]
    fn each_row_has_an_id_of_its_own() {
        let rows = catalogue().rows();
        let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
        assert!(rows.len() >= 354, "rows are lost: {}", rows.len());
        assert_eq!(rows.len(), ids.len());
    }

    /// Each sentence of a vendor's page that can be tested is judged: by rows of this vendor, one of
    /// which at least quotes a vendor, and each of which has a rule.
    #[test]
    fn each_sentence_of_the_vendors_pages_is_judged() {
        const SENTENCES: &str = include_str!("../catalogue/sentences.tsv");
        for line in SENTENCES.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [vendor, sentence, ids] = cells[..] else {
                panic!("three cells: {line}");
            };
            let rows: Vec<_> = ids
                .split(", ")
                .map(|id| {
                    let row = catalogue().get(id);
                    row.unwrap_or_else(|| panic!("no row {id}: {sentence}"))
                })
                .collect();
            let quotes = |row: &&Requirement| row.source_kind == "vendor-doc";
            assert!(rows.iter().any(quotes), "{vendor}: {sentence}");
            for row in rows {
                assert!(
                    row.vendors.iter().any(|known| known == vendor),
                    "{}: {sentence}",
                    row.id
                );
                let mut judges = row.judges.iter();
                let has_rule = judges.any(|judge| crate::rules::find(&row.id.0, *judge).is_some());
                assert!(has_rule, "{} has no rule: {sentence}", row.id);
            }
        }
    }

    #[test]
    fn a_vendor_that_no_row_names_is_judged_as_any() {
        assert_eq!(contract_of("pattern"), "pattern");
        assert_eq!(contract_of("acme"), GENERIC);
    }

    #[test]
    fn every_row_that_is_needed_exists() {
        let catalogue = catalogue();
        for row in catalogue.rows() {
            for judge in &row.judges {
                for vendor in &row.vendors {
                    let needs = row.needs_at(*judge, vendor);
                    for id in needs.iter().chain(&row.unless(*judge)) {
                        assert!(catalogue.get(&id.0).is_some(), "{} needs {id}", row.id);
                    }
                }
            }
        }
    }
}
