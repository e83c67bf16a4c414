//! `results.sarif`: the Static Analysis Results Interchange Format 2.1.0, for code scanning. Its
//! readers show each result as an alert: what is not bad stands in the run's properties alone.

use std::collections::BTreeMap;

use locum_core::Verdict;
use serde_json::{Value, json};

use super::{Report, prose};
use crate::catalogue::{area, catalogue};
use crate::verdict::VerdictRow;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Where locum is told about.
const ABOUT: &str = env!("CARGO_PKG_REPOSITORY");

/// The file's text; `anchor` is the file of the reader's own to which results are pinned, else the
/// feature that showed them.
pub(super) fn text(report: &Report, anchor: Option<&str>) -> String {
    let mut text = serde_json::to_string_pretty(&log(report, anchor))
        .expect("only strings, numbers and lists of them");
    text.push('\n');
    text
}

fn log(report: &Report, anchor: Option<&str>) -> Value {
    let mut ids: Vec<&str> = Vec::new();
    for row in report
        .verdicts
        .iter()
        .filter(|row| super::is_bad(row.verdict))
    {
        if !ids.contains(&row.id.0.as_str()) {
            ids.push(&row.id.0);
        }
    }
    let bad = report
        .verdicts
        .iter()
        .filter(|row| super::is_bad(row.verdict));
    let results: Vec<Value> = bad.map(|row| result(report, row, &ids, anchor)).collect();
    let verdicts: BTreeMap<String, &str> = report
        .verdicts
        .iter()
        .map(|row| (format!("{}@{}", row.id, row.vendor), row.verdict.word()))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "locum",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": ABOUT,
                "rules": ids.iter().map(|id| rule(id, report)).collect::<Vec<_>>(),
            }},
            "automationDetails": {
                "id": format!("locum/{}/{}/", report.run.command, report.run.vendors.join("+")),
            },
            "invocations": [{
                "executionSuccessful": !report.run.interrupted,
                "exitCode": report.exit_code,
                "startTimeUtc": report.run.started.rfc3339(),
                "endTimeUtc": report.run.finished.rfc3339(),
            }],
            "results": results,
            "properties": {"seed": report.run.seed, "verdicts": verdicts},
        }],
    })
}

fn rule(id: &str, report: &Report) -> Value {
    let sentence = catalogue()
        .get(id)
        .map_or("", |known| known.requirement.as_str());
    let row = report.verdicts.iter().find(|row| row.id.0 == id);
    let level = row.map_or("none", |row| row.level.word());
    let mut rule = json!({
        "id": id,
        "shortDescription": {"text": sentence},
        "help": {"text": format!("locum explain {id}")},
        "properties": {"tags": [area::subject(area::area_of(id)), level]},
    });
    if let Some(address) = row.and_then(prose::address) {
        rule["helpUri"] = address.into();
    }
    rule
}

fn result(report: &Report, row: &VerdictRow, ids: &[&str], anchor: Option<&str>) -> Value {
    let feature = || {
        let scenario = row.evidence.first()?;
        let mut scenarios = report.scenarios.iter();
        let scenario = scenarios.find(|known| known.key == scenario.scenario)?;
        Some(scenario.title.split(": ").next()?.to_owned())
    };
    let place = anchor.map(str::to_owned).or_else(feature);
    let place = place.unwrap_or_else(|| "locum".to_owned());
    let mut text = row.reason.clone();
    if let Some(expected) = &row.expected {
        text += &format!("; expected: {expected}");
    }
    if let Some(mend) = prose::mend(row) {
        text += &format!(". {mend}");
    }
    let mut result = json!({
        "ruleId": row.id.0,
        "ruleIndex": ids.iter().position(|id| *id == row.id.0),
        "level": match row.verdict { Verdict::Warn => "warning", _ => "error" },
        "message": {"text": format!("{} {}: {text}", row.vendor, row.verdict.word())},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": place.replace('\\', "/").replace(' ', "%20")},
            "region": {"startLine": 1},
        }}],
        "partialFingerprints": {
            "locumRow/v1": format!("{}@{}/{}", row.id, row.vendor, row.judge.word()),
        },
    });
    if report.is_expected(row) {
        result["suppressions"] = json!([{"kind": "external", "justification": "baseline"}]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn only_what_is_bad_is_an_alert() {
        let log = log(&report(), None);
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().map(Vec::len), Some(1));
        let result = &run["results"][0];
        assert_eq!(
            (&result["ruleId"], &result["level"]),
            (&json!("VEN-26"), &json!("error"))
        );
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(place, "features/pattern/token.feature");
        assert_eq!(run["properties"]["verdicts"]["VEN-16@pattern"], "PASS");
        let rule = &run["tool"]["driver"]["rules"][0];
        assert!(
            rule["helpUri"]
                .as_str()
                .is_some_and(|at| at.starts_with("https://docs.pattern"))
        );
    }

    #[test]
    fn results_are_pinned_to_the_file_that_the_reader_names() {
        let log = log(&report(), Some("src/my client.py"));
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "src/my%20client.py");
    }
}
