//! `locum explain ID`: one requirement.

use locum_core::Requirement;
use locum_core::requirement::Judge;
use locum_core::setting::nearest;
use locum_harness::catalogue::{hint, source};

use super::{Failure, args, needs};

/// Prints the requirement: sentence, source, how it is judged.
pub(super) fn run(args: &args::Explain) -> Result<u8, Failure> {
    super::say(&worded(find(&args.id)?));
    Ok(0)
}

/// The requirement of this id, such as `VEN-26` or `ven-26@pattern`.
pub(super) fn find(id: &str) -> Result<&'static Requirement, Failure> {
    let catalogue = locum_harness::catalogue::catalogue();
    let id = id.split('@').next().unwrap_or_default();
    catalogue.get(id).ok_or_else(|| {
        let near = nearest(
            &id.to_uppercase(),
            catalogue.rows().iter().map(|row| row.id.0.as_str()),
        );
        let hint = near.map_or_else(
            || "`locum list` shows all".to_owned(),
            |near| format!("did you mean {near}? `locum list` shows all"),
        );
        Failure::usage(format!("no requirement called `{id}`")).hint(hint)
    })
}

/// The requirement as it is printed.
pub(super) fn worded(row: &Requirement) -> String {
    let judges: Vec<&str> = row.judges.iter().map(|judge| judge.word()).collect();
    let mut text = format!(
        "{}  {}  {}\n\n  {}\n",
        row.id,
        row.level.word(),
        row.source_kind,
        row.requirement
    );
    let who = format!(
        "the {} of {}",
        judges.join(" and the "),
        row.vendors.join(", ")
    );
    section(&mut text, "judges", &who);
    for (at, source) in source::all(&row.source).iter().enumerate() {
        if at == 0 {
            text.push_str("\nsource\n");
        }
        text.push_str(&format!("  {}\n", source.text));
        if let Some(address) = &source.address {
            text.push_str(&format!("      {address}\n"));
        }
    }
    let mut part = |title: &str, body: &str| section(&mut text, title, body);
    part("counts when", &row.precondition);
    let needed = needs::needs(row, &[]);
    lines(&mut text, "needs", &needed.rows(row));
    lines(
        &mut text,
        "at a real endpoint given by the variables",
        &needed.variables(row),
    );
    let mut part = |title: &str, body: &str| section(&mut text, title, body);
    part("verdict", &row.observed);
    part(
        "known deviations",
        &row.documented_deviation.replace(" | ", "; "),
    );
    part("seen in the wild", &row.real_bug);
    for judge in &row.judges {
        let title = format!("how the {} mends it", judge.word());
        lines(&mut text, &title, &mends(row, *judge));
    }
    text
}

/// How the row is mended, a line for each way, with the vendors where they differ.
fn mends(row: &Requirement, judge: Judge) -> Vec<String> {
    let mut ways: Vec<(&str, Vec<&str>)> = Vec::new();
    for vendor in &row.vendors {
        let Some(way) = hint::mend(&row.id.0, vendor, judge) else {
            continue;
        };
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, vendors)) => vendors.push(vendor),
            None => ways.push((way, vec![vendor])),
        }
    }
    let is_one = ways.len() == 1;
    let ways = ways.into_iter();
    ways.map(|(way, vendors)| match is_one {
        true => way.to_owned(),
        false => format!("{}: {way}", vendors.join(", ")),
    })
    .collect()
}

/// A titled part of lines; left out where there is none.
fn lines(text: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        text.push_str(&format!("\n{title}\n"));
        for line in lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
}

/// A titled part, an item a line; left out where there is nothing.
fn section(text: &mut String, title: &str, body: &str) {
    if body != "-" {
        text.push_str(&format!("\n{title}\n"));
        for item in body.split("; ") {
            text.push_str(&format!("  {item}\n"));
        }
    }
}
