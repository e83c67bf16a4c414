//! The same run several times: each repeat is judged alone, and a row counts with the heaviest of
//! its verdicts. A row that did not come to the same verdict each time is flaky.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Scenario, VerdictRow, weight};

/// The figure of a flaky row: how often it came to which verdict.
const FIGURE: &str = "repeats";

/// The name in the log of the scenario `key` in the repeat `number`, which counts from 1.
pub(crate) fn key_in(key: &str, number: usize) -> String {
    match number {
        1 => key.to_owned(),
        number => format!("{key}.{number}"),
    }
}

/// In which repeat a scenario was played.
fn number_of(scenario: &Scenario) -> usize {
    let number = scenario.key.rsplit_once('.');
    number
        .and_then(|(_, number)| number.parse().ok())
        .unwrap_or(1)
}

/// The scenarios of each repeat that was kept; the first one comes first.
pub(crate) fn split(scenarios: &[Scenario]) -> impl Iterator<Item = &[Scenario]> {
    scenarios.chunk_by(|one, next| number_of(one) == number_of(next))
}

/// The verdicts of all repeats as one. `each` begins with the first repeat; those of the `repeats`
/// that are not in it came to the same as the first.
pub(crate) fn merged(each: Vec<Vec<VerdictRow>>, repeats: usize) -> Vec<VerdictRow> {
    let alike = (repeats + 1).saturating_sub(each.len()).max(1);
    let mut each = each.into_iter();
    let mut rows = each.next().unwrap_or_default();
    let mut counts: Vec<BTreeMap<&'static str, usize>> = rows
        .iter()
        .map(|row| BTreeMap::from([(row.verdict.word(), alike)]))
        .collect();
    for other in each {
        for (at, row) in other.into_iter().enumerate() {
            let Some(known) = rows.get_mut(at) else {
                continue;
            };
            *counts[at].entry(row.verdict.word()).or_default() += 1;
            if weight(row.verdict) > weight(known.verdict) {
                *known = row;
            }
        }
    }
    for (row, counts) in rows.iter_mut().zip(counts) {
        if counts.len() > 1 {
            let of_all: usize = counts.values().sum();
            let often = counts[row.verdict.word()];
            row.reason = format!("{often} of {of_all} times: {}", row.reason);
            let counts = counts.into_iter();
            let counts: Map<String, Value> = counts
                .map(|(word, count)| (word.to_owned(), count.into()))
                .collect();
            row.figures.insert(FIGURE.to_owned(), Value::Object(counts));
        }
    }
    rows
}

impl VerdictRow {
    /// How often a flaky row came to which verdict: `48 PASS, 2 FAIL`. `None` of a row that came to
    /// one verdict each time.
    pub fn flaky(&self) -> Option<String> {
        let counts = self.figures.get(FIGURE)?.as_object()?;
        let mut counts: Vec<(&String, u64)> = counts
            .iter()
            .map(|(word, count)| (word, count.as_u64().unwrap_or_default()))
            .collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let counts = counts.iter().map(|(word, count)| format!("{count} {word}"));
        Some(counts.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use locum_core::Verdict;

    use super::*;
    use crate::report::testing::report;

    fn rows(verdict: Verdict) -> Vec<VerdictRow> {
        let mut rows = report().verdicts;
        rows[0].verdict = verdict;
        rows
    }

    #[test]
    fn a_row_counts_with_its_heaviest_verdict_and_says_how_often() {
        let each = vec![
            rows(Verdict::Pass),
            rows(Verdict::Fail),
            rows(Verdict::Info),
        ];
        let merged = merged(each, 50);
        assert_eq!(merged[0].verdict, Verdict::Fail);
        assert_eq!(
            merged[0].flaky().as_deref(),
            Some("48 PASS, 1 FAIL, 1 INFO")
        );
        assert!(merged[0].reason.starts_with("1 of 50 times: "));
        assert_eq!(merged[1].flaky(), None);
    }

    #[test]
    fn one_run_is_as_it_was() {
        let once = merged(vec![rows(Verdict::Pass)], 1);
        assert_eq!(once, rows(Verdict::Pass));
    }

    #[test]
    fn scenarios_are_split_by_their_repeat() {
        let mut scenarios = report().scenarios;
        let again = scenarios.clone().into_iter().map(|mut scenario| {
            scenario.key = key_in(&scenario.key, 7);
            scenario
        });
        let again: Vec<Scenario> = again.collect();
        scenarios.extend(again);
        let parts: Vec<usize> = split(&scenarios).map(<[Scenario]>::len).collect();
        assert_eq!(parts, [2, 2]);
    }
}
