//! Which requirements are judged, from the flags of a command.

use std::collections::BTreeMap;
use std::path::Path;

use locum_core::requirement::Judge;
use locum_core::{Profile, RequirementId};
use locum_harness::catalogue::{catalogue, contract_of};
use locum_harness::plan::{Obstacle, unplayable_rows};
use locum_harness::selection::{Selection, SelectionError};
use locum_harness::verdict::exit;
use serde_json::Value;

use super::{Failure, args, explain, vendors};

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
    if let Some((index, of)) = args.shard {
        selection = selection.and(Selection::shard(index, of));
    }
    Ok(selection)
}

/// Reads an expression.
pub(super) fn expression(text: &str, profiles: &[Profile]) -> Result<Selection, Failure> {
    let known: Vec<String> = profiles.iter().map(|one| one.vendor.clone()).collect();
    Selection::parse(text, &known).map_err(|error| {
        let failure = Failure::usage(format!("-k {}: {error}", vendors::shell_word(text)));
        match error {
            SelectionError::Word { .. } => failure,
            SelectionError::Syntax(_) => failure.hint(
                "words with and, or, not and parentheses between them, such as -k 'must and not (tok or bas)'",
            ),
        }
    })
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

/// What was asked for where nothing was selected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The side that is judged.
    pub(super) side: Judge,
    /// The vendors.
    pub(super) profiles: &'a [Profile],
    /// Those that the command line called by a file, by their slugs.
    pub(super) files: &'a BTreeMap<String, String>,
}

impl Asked<'_> {
    /// Why nothing is left of a selection, and where it is judged instead.
    pub(super) fn hint(self, selection: &str) -> Option<String> {
        let vendors: Vec<String> = self.profiles.iter().map(|one| one.vendor.clone()).collect();
        let wanted = Selection::parse(selection, &vendors).ok()?;
        let is_shown = |side: Judge, vendor: &str| {
            let contract = contract_of(vendor);
            catalogue().rows().iter().any(|row| {
                row.judges.contains(&side)
                    && row.vendors.iter().any(|known| known == contract)
                    && wanted.wants(row, vendor, side)
            })
        };
        let quoted = vendors::shell_word(selection);
        let command = |side: Judge, vendor: &str| {
            let name = vendors::argument(self.files, vendor);
            match side {
                Judge::Client => format!("locum drive {name} -k {quoted} -- COMMAND"),
                Judge::Vendor => format!("locum check {name} -k {quoted}"),
            }
        };
        let here = self
            .profiles
            .iter()
            .find(|one| is_shown(self.side, &one.vendor));
        if let Some(profile) = here {
            let unplayable = unplayable_rows(profile, self.side).ok()?;
            let is_wanted = |id: &RequirementId| {
                let row = catalogue().get(&id.0);
                row.is_some_and(|row| wanted.wants(row, &profile.vendor, self.side))
            };
            let name = vendors::argument(self.files, &profile.vendor);
            if wanted.is_all() {
                let ours = unplayable
                    .values()
                    .find(|one| matches!(one, Obstacle::Harness(_)));
                return Some(format!("nothing is played at {name}: {}", ours?.why()));
            }
            let (id, obstacle) = unplayable.iter().find(|(id, _)| is_wanted(id))?;
            return Some(format!("{id} is not played at {name}: {}", obstacle.why()));
        }
        let (other, of_other) = match self.side {
            Judge::Client => (Judge::Vendor, "it judges a vendor"),
            Judge::Vendor => (Judge::Client, "it judges a client"),
        };
        if let Some(vendor) = vendors.iter().find(|vendor| is_shown(other, vendor)) {
            return Some(format!("{of_other}: {}", command(other, vendor)));
        }
        let elsewhere = locum_mocks::SLUGS.iter();
        let elsewhere: Vec<&str> = elsewhere
            .filter(|vendor| is_shown(self.side, vendor))
            .copied()
            .collect();
        let first = elsewhere.first()?;
        Some(format!(
            "it is for {}: {}",
            elsewhere.join(", "),
            command(self.side, first)
        ))
    }
}
