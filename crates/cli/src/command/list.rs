//! `locum list`: the requirement catalogue.

use super::{Failure, args, vendors};

/// Prints a row a line.
pub(super) fn run(args: &args::List) -> Result<u8, Failure> {
    let catalogue = locum_harness::catalogue::catalogue();
    if let Some(vendor) = &args.vendor {
        vendors::named(std::slice::from_ref(vendor))?;
    }
    let wanted = |row: &&locum_core::Requirement| {
        args.vendor
            .as_ref()
            .is_none_or(|vendor| row.vendors.contains(vendor))
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
