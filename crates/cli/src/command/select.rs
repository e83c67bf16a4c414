//! Which requirements are judged, from the flags of a command.

use std::path::Path;

use locum_core::requirement::Judge;
use locum_core::{Profile, RequirementId};
use locum_harness::catalogue::catalogue;
use locum_harness::selection::Selection;
use locum_harness::verdict::exit;
use serde_json::Value;

use super::{Failure, args, explain};

/// What counts as broken in an earlier run.
const BROKEN: [&str; 4] = ["FAIL", "ERROR", "HARNESS", "WARN"];

/// What all flags together select.
pub(super) fn selection(
    args: &args::Selecting,
    profiles: &[Profile],
) -> Result<Selection, Failure> {
    let known = |id: &String| explain::find(id).map(|row| row.id.clone());
    let ids: Vec<RequirementId> = args.id.iter().map(known).collect::<Result<_, _>>()?;
    let mut selection = Selection::of_ids(&ids);
    if let Some(text) = &args.select {
        selection = selection.and(expression(text, profiles)?);
    }
    if let Some(folder) = &args.only_failed {
        selection = selection.and(failed(folder)?);
    }
    if let Some(shard) = &args.shard {
        selection = selection.and(expression(&format!("shard:{shard}"), profiles)?);
    }
    Ok(selection)
}

/// Reads an expression.
pub(super) fn expression(text: &str, profiles: &[Profile]) -> Result<Selection, Failure> {
    let vendors: Vec<String> = profiles.iter().map(|one| one.vendor.clone()).collect();
    Selection::parse(text, &vendors).map_err(|error| Failure::usage(error.to_string()))
}

/// The rows that were broken in the run that a folder holds.
fn failed(folder: &Path) -> Result<Selection, Failure> {
    let path = folder.join("results.json");
    let unreadable = |fault: String| {
        Failure::usage(format!("cannot read {}: {fault}", path.display()))
            .hint("name the folder that a run wrote with --report")
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
    let results: Value =
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let verdicts = results["verdicts"].as_array().into_iter().flatten();
    let broken = verdicts.filter(|row| BROKEN.iter().any(|word| row["verdict"] == *word));
    let rows: Vec<String> = broken
        .filter_map(|row| {
            Some(format!(
                "{}@{}",
                row["id"].as_str()?,
                row["vendor"].as_str()?
            ))
        })
        .collect();
    if rows.is_empty() {
        let mut failure = Failure::usage(format!("nothing was broken in {}", folder.display()));
        failure.code = exit::NOTHING_SELECTED;
        return Err(failure);
    }
    Ok(Selection::of_rows(&rows))
}

/// Nothing was selected: rows of the other side are judged by another command.
pub(super) fn other_side(selection: &str) -> Option<&'static str> {
    let selection = Selection::parse(selection, &[]).ok()?;
    let selects = |side: Judge| {
        let mut rows = catalogue().rows().iter();
        rows.any(|row| {
            let mut vendors = row.vendors.iter();
            row.judges.contains(&side) && vendors.any(|vendor| selection.wants(row, vendor, side))
        })
    };
    match (selects(Judge::Client), selects(Judge::Vendor)) {
        (true, false) => Some(
            "it judges a client: locum drive VENDOR -- COMMAND, or locum drive VENDOR --reference",
        ),
        (false, true) => Some("it judges a vendor: locum check VENDOR"),
        _ => None,
    }
}
