//! Several runs beside one another: which rows they differ in, and the page that shows all.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use serde_json::json;

use super::{Report, page};

/// A saved run by the name under which it is shown.
pub type Named<'a> = (String, &'a Report);

/// One page that shows all runs.
pub fn page(reports: &[Named<'_>]) -> String {
    page::merged(reports)
}

/// The rows in which the runs differ, a line each: `VEN-26@pattern  FAIL  PASS`.
pub fn differences(reports: &[Named<'_>]) -> String {
    let rows = table(reports);
    let mut text = String::new();
    for (at, (name, _)) in reports.iter().enumerate() {
        text += &format!("{}  {name}\n", at + 1);
    }
    let differing = rows
        .iter()
        .filter(|(_, words)| words.iter().any(|word| *word != words[0]));
    let lines: Vec<String> = differing
        .map(|((id, vendor, _), words)| {
            let words: Vec<String> = words.iter().map(|word| format!("{word:<13}")).collect();
            format!(
                "{:<22}{}\n",
                format!("{id}@{vendor}"),
                words.concat().trim_end()
            )
        })
        .collect();
    if lines.is_empty() {
        return text + &format!("no difference in {} rows\n", rows.len());
    }
    text += &format!("\n{} of {} rows differ\n", lines.len(), rows.len());
    text + &lines.concat()
}

/// `merged.json`: each row with its verdict in each run.
pub fn json(reports: &[Named<'_>]) -> String {
    let names: Vec<&String> = reports.iter().map(|(name, _)| name).collect();
    let table = table(reports).into_iter();
    let rows: Vec<_> = table
        .map(|((id, vendor, judge), verdicts)| {
            json!({"id": id, "vendor": vendor, "judge": judge.word(), "verdicts": verdicts})
        })
        .collect();
    let merged = json!({"schema_version": 1, "runs": names, "rows": rows});
    format!("{merged:#}\n")
}

/// A row of a vendor and a side, and its verdict in each run.
type Row = (String, String, Judge);

fn table(reports: &[Named<'_>]) -> BTreeMap<Row, Vec<&'static str>> {
    let mut table: BTreeMap<Row, Vec<&'static str>> = BTreeMap::new();
    for (at, (_, report)) in reports.iter().enumerate() {
        for row in &report.verdicts {
            let key = (row.id.0.clone(), row.vendor.clone(), row.judge);
            let words = table.entry(key).or_insert_with(|| vec!["-"; reports.len()]);
            words[at] = row.verdict.word();
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use locum_core::Verdict;

    use super::*;
    use crate::report::testing::report;

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let (bad, mut good) = (report(), report());
        good.verdicts[1].verdict = Verdict::Pass;
        let both = [("before".to_owned(), &bad), ("after".to_owned(), &good)];
        assert_eq!(
            differences(&both),
            "1  before\n2  after\n\n1 of 3 rows differ\nVEN-26@pattern        FAIL         PASS\n"
        );
        let same = [("a".to_owned(), &bad), ("b".to_owned(), &bad)];
        assert!(differences(&same).ends_with("no difference in 3 rows\n"));
        let merged: serde_json::Value = serde_json::from_str(&json(&both)).expect("JSON");
        assert_eq!(merged["rows"][2]["verdicts"], json!(["FAIL", "PASS"]));
    }
}
