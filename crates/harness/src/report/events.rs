//! `events.ndjson`: the evidence itself, one object a line, numbered through the whole run.
//!
//! Line 1 is the run; each scenario has one line of its own before its records; the verdicts and
//! the end follow. [`text`] writes the file, [`read`] reads it back: both by the same types, so that
//! a saved run can be judged again.

use std::collections::BTreeMap;

use locum_core::RequirementId;
use locum_core::requirement::Judge;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::numbering::Numbering;
use super::{Report, Run, results};
use crate::evidence::{Event, Evidence, Record, RecordId};
use crate::verdict::{Ending, Scenario};

/// The version of the file's shape. A reader refuses another.
pub const SCHEMA_VERSION: u32 = 2;

/// The line before a scenario's records.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ScenarioLine {
    vendor: String,
    name: String,
    judge: Judge,
    ids: Vec<RequirementId>,
    plan: Map<String, Value>,
    urls: BTreeMap<String, String>,
    seed: u64,
    #[serde(flatten)]
    ending: Ending,
}

/// The file's text.
pub fn text(report: &Report) -> String {
    let numbering = Numbering::of(report);
    let mut lines = vec![line(1, 0, "run", None, run_line(report))];
    for scenario in &report.scenarios {
        let start = numbering.start(&scenario.key);
        let began = scenario.evidence.records().first();
        lines.push(line(
            start.unsigned_abs(),
            began.map_or(0, |record| record.t_ms),
            "scenario",
            Some(&scenario.key),
            json!(ScenarioLine {
                vendor: scenario.vendor.clone(),
                name: scenario.title.clone(),
                judge: scenario.judge,
                ids: scenario.ids.clone(),
                plan: Map::new(),
                urls: scenario.urls.clone(),
                seed: scenario.seed,
                ending: scenario.ending.clone(),
            }),
        ));
        for record in scenario.evidence.records() {
            let event = json!(record.event.clone().shifted(start));
            let seq = record.seq.shifted(start).number();
            lines.push(line(seq, record.t_ms, "", Some(&scenario.key), event));
        }
    }
    let end = u64::try_from(report.run.duration.as_millis()).unwrap_or(u64::MAX);
    for row in &report.verdicts {
        let scenario = row.evidence.first();
        let scenario = scenario.map(|evidence| evidence.scenario.as_str());
        let members = json!(results::verdict(report, row, &numbering));
        let seq = lines.len() as u64 + 1;
        lines.push(line(seq, end, "verdict", scenario, members));
    }
    let seq = lines.len() as u64 + 1;
    let summary = json!({"summary": results::summary(report), "exit_code": report.exit_code});
    lines.push(line(seq, end, "end", None, summary));
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn run_line(report: &Report) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": results::tool(),
        "run": results::run(report),
        "judges": report.run.judges,
        "interrupted": report.run.interrupted,
        "subject": results::subject(report),
    })
}

/// One line: number, time and type first. An event brings its own type.
fn line(seq: u64, t_ms: u64, kind: &str, scenario: Option<&str>, members: Value) -> Value {
    let mut line = Map::new();
    line.insert("seq".to_owned(), seq.into());
    line.insert("t_ms".to_owned(), t_ms.into());
    let own = members.get("type").cloned();
    line.insert("type".to_owned(), own.unwrap_or_else(|| kind.into()));
    if let Some(scenario) = scenario {
        line.insert("scenario".to_owned(), scenario.into());
    }
    if let Value::Object(members) = members {
        line.extend(members);
    }
    Value::Object(line)
}

/// Why a file is not the evidence of a run.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ReadError {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: String,
}

/// Reads what [`text`] wrote: the run and its scenarios. Verdicts in the file are passed over: they
/// follow from the rest.
///
/// # Errors
/// When the text is not such a file, or of another version.
pub fn read(text: &str) -> Result<(Run, Vec<Scenario>), ReadError> {
    let mut run = None;
    let mut scenarios: Vec<(i64, Scenario, Vec<Record>)> = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let wrong = |fault: String| ReadError {
            line: at + 1,
            fault,
        };
        let line: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let seq = line["seq"].as_u64().unwrap_or_default();
        match line["type"].as_str().unwrap_or_default() {
            "run" => {
                check_version(&line).map_err(wrong)?;
                run = Some(results::read_run(&line).map_err(wrong)?);
            }
            "scenario" => {
                let start = i64::try_from(seq).unwrap_or_default();
                let key = line["scenario"].as_str().unwrap_or_default().to_owned();
                let read: ScenarioLine =
                    serde_json::from_value(line).map_err(|error| wrong(error.to_string()))?;
                scenarios.push((start, scenario(key, read), Vec::new()));
            }
            "verdict" | "end" => {}
            _ => {
                let Some((start, _, records)) = scenarios.last_mut() else {
                    return Err(wrong("an event before any scenario".to_owned()));
                };
                let t_ms = line["t_ms"].as_u64().unwrap_or_default();
                let event: Event =
                    serde_json::from_value(line).map_err(|error| wrong(error.to_string()))?;
                let seq = RecordId::read(seq).shifted(-*start);
                let event = event.shifted(-*start);
                records.push(Record { seq, t_ms, event });
            }
        }
    }
    let run = run.ok_or_else(|| ReadError {
        line: 1,
        fault: "no line of the type `run`: this is not the evidence of a run".to_owned(),
    })?;
    let scenarios = scenarios.into_iter().map(|(_, mut scenario, records)| {
        scenario.evidence = Evidence::from_records(records);
        scenario
    });
    Ok((run, scenarios.collect()))
}

/// Whether this version of locum wrote the file, with the same catalogue: only then its scenarios
/// are the present ones.
pub fn is_of_this_version(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let run: Value = serde_json::from_str(first).unwrap_or_default();
    run["tool"] == json!(results::tool())
}

fn check_version(line: &Value) -> Result<(), String> {
    let version = line["schema_version"].as_u64();
    if version != Some(SCHEMA_VERSION.into()) {
        let version = version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        return Err(format!(
            "the file's version is {version}; this locum reads version {SCHEMA_VERSION}"
        ));
    }
    Ok(())
}

fn scenario(key: String, line: ScenarioLine) -> Scenario {
    Scenario {
        key,
        title: line.name,
        vendor: line.vendor,
        judge: line.judge,
        ids: line.ids,
        seed: line.seed,
        urls: line.urls,
        ending: line.ending,
        evidence: Evidence::default(),
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn lines_are_numbered_without_gaps_and_evidence_points_into_them() {
        let report = report();
        let text = text(&report);
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("json"))
            .collect();
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["seq"], at + 1);
        }
        let kinds: Vec<&str> = lines
            .iter()
            .filter_map(|line| line["type"].as_str())
            .collect();
        assert_eq!(
            kinds,
            [
                "run", "scenario", "started", "request", "reply", "scenario", "started", "control",
                "request", "reply", "verdict", "verdict", "verdict", "end"
            ]
        );
        let proof = lines[11]["evidence"][0]["entries"][0]
            .as_u64()
            .expect("a number");
        let proof = &lines[usize::try_from(proof).expect("small") - 1];
        assert_eq!(
            (&proof["type"], &proof["scenario"]),
            (&json!("request"), &json!("vendor-2"))
        );
        assert_eq!(lines[9]["request"], 9);
    }

    #[test]
    fn no_secret_is_in_any_report() {
        let report = report();
        assert!(report.leaks("the value is t0p secret"));
        assert!(!report.leaks(&text(&report)));
        assert!(text(&report).contains("«client secret»"));
        assert!(!report.leaks(&results::text(&report)));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let report = report();
        let (run, scenarios) = read(&text(&report)).expect("it was written by us");
        assert_eq!(run, report.run);
        assert_eq!(scenarios, report.scenarios);
    }

    #[test]
    fn a_file_says_which_version_wrote_it() {
        let text = text(&report());
        assert!(is_of_this_version(&text));
        assert!(!is_of_this_version(&text.replacen(
            "rows, sha256 ",
            "rows, sha256 0",
            1
        )));
        assert!(!is_of_this_version(""));
    }

    #[test]
    fn what_is_no_run_is_refused() {
        for (text, fault) in [
            ("", "no line of the type `run`"),
            ("{}", "an event before any scenario"),
            ("nonsense", "line 1: "),
            (r#"{"type":"run","schema_version":1}"#, "version"),
        ] {
            let error = read(text).expect_err("it is none").to_string();
            assert!(error.contains(fault), "{error}");
        }
    }
}
