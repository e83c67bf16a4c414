//! What is no finding, folded: what passed by area, figures in a line each, what could not be
//! judged by its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use locum_core::Verdict;

use super::layout::{Look, color, headed, paint, wrapped};
use crate::catalogue::{area, catalogue, hint};
use crate::report::Report;
use crate::rules;
use crate::verdict::VerdictRow;

/// So many rows with the same reason are told each with its sentence.
const FEW: usize = 3;

/// The verdict of each row of one vendor that is not told at length.
pub(super) fn rest(out: &mut String, report: &Report, rows: &[&VerdictRow], look: Look) {
    let of = |verdict: Verdict| {
        let rows = rows.iter().copied();
        rows.filter(|row| row.verdict == verdict)
            .collect::<Vec<_>>()
    };
    figures(out, &of(Verdict::Info), look);
    open(out, report, &of(Verdict::Inconclusive), look);
    pending(out, &of(Verdict::Pending), look);
    passed(out, rows, look);
    not_applicable(out, &of(Verdict::NotApplicable), look);
    let not_run = of(Verdict::NotRun);
    let traffic_alone = matches!(report.run.command.as_str(), "watch" | "verdicts");
    match (traffic_alone, not_run.first()) {
        (true, Some(first)) => unexercised(out, report, (&not_run, &first.vendor), look),
        (false, Some(_)) => not_covered(out, &not_run, look),
        (_, None) => {}
    }
}

fn head(out: &mut String, text: &str, verdict: Verdict, look: Look) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint(text, color(verdict), look));
}

/// Figures and documented deviations.
fn figures(out: &mut String, rows: &[&VerdictRow], look: Look) {
    if rows.is_empty() {
        return;
    }
    head(
        out,
        &format!("{} for information", rows.len()),
        Verdict::Info,
        look,
    );
    for row in rows {
        let head = format!("  {:<9}", row.id.0);
        let text = row.observed.as_ref().unwrap_or(&row.reason);
        headed(out, (&head, 11), text, look);
    }
    out.push('\n');
}

/// What was seen and could not be judged, by its reason.
fn open(out: &mut String, report: &Report, rows: &[&VerdictRow], look: Look) {
    let Some(first) = rows.first() else {
        return;
    };
    let count = format!("{} seen and not judged (INCONCLUSIVE)", rows.len());
    head(out, &count, Verdict::Inconclusive, look);
    let cascades = report.cascades.iter();
    for cascade in cascades.filter(|cascade| cascade.vendor == first.vendor) {
        wrapped(out, 2, &cascade.sentence(), look);
    }
    let alone = rows.iter().copied();
    let alone = alone.filter(|row| report.cascade_of(row).is_none());
    for (reason, rows) in by_reason(&alone.collect::<Vec<_>>()) {
        group(out, reason, &rows, look);
    }
    out.push('\n');
}

/// Rows with one reason: few of them each with its sentence.
fn group(out: &mut String, reason: &str, rows: &[&VerdictRow], look: Look) {
    if rows.len() <= FEW {
        for row in rows {
            let head = format!("  {:<9}", row.id.0);
            let known = catalogue().get(&row.id.0);
            let sentence = known.map_or("", |known| known.requirement.as_str());
            headed(out, (&head, 11), sentence, look);
        }
    } else {
        wrapped(out, 2, &ids(rows), look);
    }
    wrapped(out, 6, reason, look);
}

/// What passed, by area: how many of how many that were judged.
fn passed(out: &mut String, rows: &[&VerdictRow], look: Look) {
    let mut areas: BTreeMap<(usize, &str), (usize, usize)> = BTreeMap::new();
    // A figure for information neither passes nor breaks.
    let told = |row: &&&VerdictRow| super::is_judged(row.verdict) && row.verdict != Verdict::Info;
    for row in rows.iter().filter(told) {
        let letters = area::area_of(&row.id.0);
        let counts = areas.entry((area::place(letters), letters)).or_default();
        counts.0 += usize::from(row.verdict == Verdict::Pass);
        counts.1 += 1;
    }
    let passed: usize = areas.values().map(|(passed, _)| passed).sum();
    if passed == 0 {
        return;
    }
    head(out, &format!("{passed} passed"), Verdict::Pass, look);
    let told = areas.iter().map(|((_, letters), (passed, judged))| {
        format!("{letters} {} {passed} of {judged}", area::subject(letters))
    });
    let told: Vec<String> = told.collect();
    wrapped(out, 2, &told.join(", "), look);
    out.push('\n');
}

/// What this subject does not have, or what nobody gave, by its reason.
pub(super) fn not_applicable(out: &mut String, rows: &[&VerdictRow], look: Look) {
    if rows.is_empty() {
        return;
    }
    let count = format!("{} not applicable", rows.len());
    head(out, &count, Verdict::NotApplicable, look);
    for (reason, rows) in by_reason(rows) {
        wrapped(out, 2, &ids(&rows), look);
        wrapped(out, 6, reason, look);
    }
    out.push('\n');
}

/// What takes more time than the run was given.
pub(super) fn pending(out: &mut String, rows: &[&VerdictRow], look: Look) {
    if rows.is_empty() {
        return;
    }
    let count = format!("{} take longer (PENDING)", rows.len());
    head(out, &count, Verdict::Pending, look);
    for (reason, rows) in by_reason(rows) {
        group(out, reason, &rows, look);
    }
    out.push('\n');
}

fn not_covered(out: &mut String, rows: &[&VerdictRow], look: Look) {
    let count = format!("{} not run", rows.len());
    head(out, &count, Verdict::NotRun, look);
    for (reason, rows) in by_reason(rows) {
        group(out, reason, &rows, look);
    }
    out.push('\n');
}

fn by_reason<'a>(rows: &[&'a VerdictRow]) -> BTreeMap<&'a str, Vec<&'a VerdictRow>> {
    let mut groups: BTreeMap<&str, Vec<&VerdictRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.reason).or_default().push(row);
    }
    groups
}

fn ids(rows: &[&VerdictRow]) -> String {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.0.as_str()).collect();
    ids.join(" ")
}

/// What traffic did not show, by what a person may do to see it.
fn unexercised(
    out: &mut String,
    report: &Report,
    (rows, vendor): (&[&VerdictRow], &str),
    look: Look,
) {
    let mut ids: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut driven = 0;
    for row in rows {
        let has_rule = rules::find(&row.id.0, row.judge).is_some();
        match hint::exercise(&row.id.0, vendor).filter(|_| has_rule) {
            Some(hint) => ids.entry(hint).or_default().push(&row.id.0),
            None => driven += 1,
        }
    }
    let count: usize = ids.values().map(Vec::len).sum();
    if count > 0 {
        let text = format!("{count} not exercised: do this to see them");
        head(out, &text, Verdict::NotRun, look);
        let mut hints: Vec<(&String, &Vec<&str>)> = ids.iter().collect();
        // What a person does comes before what has to happen.
        hints.sort_by_key(|(hint, _)| (hint.starts_with("needs: "), *hint));
        for (hint, ids) in hints {
            wrapped(out, 2, &ids.join(" "), look);
            wrapped(out, 6, hint, look);
        }
        out.push('\n');
    }
    if driven > 0 {
        let text = format!(
            "{driven} more rows need a client that does what it is asked: locum drive {} -- ./shim",
            report.argument(vendor)
        );
        wrapped(out, 0, &text, look);
        out.push('\n');
    }
}
