//! `locum list`: the requirement catalogue.

use locum_core::{Profile, Requirement};
use locum_harness::catalogue::contract_of;
use locum_harness::selection::Selection;
use locum_harness::verdict::exit;

use super::needs::{self, Needs};
use super::{Failure, args, select, vendors};

/// Prints a row a line.
pub(super) fn run(args: &args::List) -> Result<u8, Failure> {
    let catalogue = locum_harness::catalogue::catalogue();
    let named = match &args.vendor {
        Some(vendor) => vendors::named(std::slice::from_ref(vendor))?,
        None => Vec::new(),
    };
    let profiles: Vec<Profile> = named.iter().map(|one| one.profile().clone()).collect();
    let contracts = profiles.iter().map(|profile| contract_of(&profile.vendor));
    let contracts: Vec<&str> = contracts.collect();
    let selection = match &args.select {
        Some(text) => select::expression(text, &profiles)?,
        None => Selection::default(),
    };
    let wanted = |row: &&Requirement| {
        let vendors = row.vendors.iter().map(String::as_str);
        let mut vendors = vendors.filter(|one| contracts.is_empty() || contracts.contains(one));
        vendors.any(|vendor| {
            let mut judges = row.judges.iter();
            judges.any(|judge| selection.wants(row, vendor, *judge))
        })
    };
    let mut count = 0;
    for row in catalogue.rows().iter().filter(wanted) {
        count += 1;
        let needed = needs::needs(row, &contracts);
        super::say(&match args.json {
            true => as_json(row, &needed),
            false => as_line(row, &needed),
        });
    }
    match count {
        0 => Ok(exit::NOTHING_SELECTED),
        _ => Ok(exit::CONFORMANT),
    }
}

fn as_json(row: &Requirement, needed: &Needs) -> String {
    let mut row = serde_json::to_value(row).expect("a row is JSON");
    let (rows, variables) = needed.json();
    row["needs"] = rows;
    row["variables"] = variables;
    format!("{row}\n")
}

fn as_line(row: &Requirement, needed: &Needs) -> String {
    let names = needed.names();
    let unlocked = match names.as_slice() {
        [] => String::new(),
        names => format!("  [{}]", names.join("; or ")),
    };
    format!(
        "{:<9} {:<6} {:<10} {}{unlocked}\n",
        row.id.0,
        row.level.word(),
        row.source_kind,
        row.requirement
    )
}
