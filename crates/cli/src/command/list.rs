//! `locum list`: the requirement catalogue.

use locum_harness::catalogue::contract_of;

use super::{Failure, args, vendors};

/// Prints a row a line.
pub(super) fn run(args: &args::List) -> Result<u8, Failure> {
    let catalogue = locum_harness::catalogue::catalogue();
    let named = match &args.vendor {
        Some(vendor) => vendors::named(std::slice::from_ref(vendor))?,
        None => Vec::new(),
    };
    let contracts = named
        .iter()
        .map(|vendor| contract_of(&vendor.profile().vendor));
    let contracts: Vec<&str> = contracts.collect();
    let wanted = |row: &&locum_core::Requirement| {
        let named = |contract: &&str| row.vendors.iter().any(|known| known == contract);
        contracts.is_empty() || contracts.iter().any(named)
    };
    for row in catalogue.rows().iter().filter(wanted) {
        if args.json {
            let row = serde_json::to_string(row).expect("a row is JSON");
            super::say(&format!("{row}\n"));
        } else {
            super::say(&format!(
                "{:<9} {:<6} {:<10} {}\n",
                row.id.0,
                row.level.word(),
                row.source_kind,
                row.requirement
            ));
        }
    }
    Ok(0)
}
