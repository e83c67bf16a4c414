//! A row in words without any layout, for formats that hold text.

use locum_core::requirement::Judge;

use super::terminal::{self, Look};
use super::{Report, curl, symptom, wire};
use crate::catalogue::{catalogue, hint, source};
use crate::verdict::VerdictRow;

/// The requirement's sentence.
pub(super) fn sentence(row: &VerdictRow) -> &'static str {
    catalogue()
        .get(&row.id.0)
        .map_or("", |known| known.requirement.as_str())
}

/// The row as the terminal tells it, without colour, nothing wrapped.
pub(super) fn finding(report: &Report, row: &VerdictRow) -> String {
    terminal::one(report, row, Look::default())
}

/// What the row's own sources are.
pub(super) fn sources(row: &VerdictRow) -> Vec<source::Source> {
    let known = catalogue().get(&row.id.0);
    known.map_or_else(Vec::new, |known| {
        source::sources(&known.source, &row.vendor)
    })
}

/// The first address at which the sentence can be read.
pub(super) fn address(row: &VerdictRow) -> Option<String> {
    sources(row).into_iter().find_map(|source| source.address)
}

/// How a deviation is mended.
pub(super) fn mend(row: &VerdictRow) -> Option<&'static str> {
    super::is_bad(row.verdict)
        .then(|| hint::mend(&row.id.0, &row.vendor, row.judge))
        .flatten()
}

/// Why the row came to its verdict: the fault that kept it from being judged, before its own reason.
pub(super) fn why(report: &Report, row: &VerdictRow) -> String {
    match report.cascade_of(row) {
        Some(cascade) => format!("{} ({})", cascade.why(), row.reason),
        None => row.reason.clone(),
    }
}

/// The line that sends the request again which shows the finding; only for requests of our own.
pub(super) fn repeat(report: &Report, row: &VerdictRow) -> Option<String> {
    if row.judge != Judge::Vendor {
        return None;
    }
    let mut proof = row.evidence.iter();
    let (scenario, exchange) =
        proof.find_map(|one| wire::exchanges(&report.scenarios, one).into_iter().next())?;
    curl::words(scenario, &exchange).map(|words| words.join(" "))
}

/// What is not the API's own in the replies that prove the row.
pub(super) fn note(report: &Report, row: &VerdictRow) -> Option<String> {
    let proof = row.evidence.iter();
    let mut exchanges = proof.flat_map(|one| wire::exchanges(&report.scenarios, one));
    exchanges.find_map(|(_, exchange)| symptom::symptom(&exchange))
}
