//! `results.json`: for machines. The shape is a promise: members are added, never removed or given
//! another meaning while `schema_version` stays. So it has types of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use locum_core::{Level, Timestamp, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fingerprint::{Fingerprint, fingerprints};
use super::numbering::Numbering;
use super::{FailOn, Report, Run, prose};
use crate::catalogue::{TABLE, catalogue, source};
use crate::selection::Selection;
use crate::subject::{AdoptionLevel, ClientHello, PROTOCOL};
use crate::verdict::{EvidenceRef, VerdictRow};

/// The whole file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ResultsV1 {
    /// The version of this shape: 1.
    schema_version: u32,
    /// What judged.
    tool: ToolV1,
    /// What was run.
    run: RunV1,
    /// Who was judged.
    subject: SubjectV1,
    /// How many rows came to each verdict and overlay that occurs.
    summary: BTreeMap<&'static str, usize>,
    /// What the command ended with.
    exit_code: u8,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fingerprint: BTreeMap<String, Fingerprint>,
    /// Each row that was asked for, once for each of its vendors and sides.
    verdicts: Vec<VerdictV1>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ToolV1 {
    name: &'static str,
    version: &'static str,
    /// Number of rows and SHA-256 of the table.
    catalogue: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct RunV1 {
    id: String,
    /// `check`, `drive` or `watch`.
    command: String,
    /// How the client was reached; null for a vendor.
    level: Option<AdoptionLevel>,
    vendors: Vec<String>,
    seed: u64,
    /// RFC 3339.
    started: String,
    /// RFC 3339.
    finished: String,
    duration_ms: u64,
    strict: bool,
    /// How often it was run, where that is more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeats: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fail_on: Vec<FailOn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selection: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct SubjectV1 {
    /// `client`, `vendor` or `mock`.
    kind: String,
    #[serde(flatten)]
    client: Option<ClientV1>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct ClientV1 {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    language: String,
    ops: Vec<String>,
    caps: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct VerdictV1 {
    id: String,
    vendor: String,
    /// `client` or `vendor`.
    judge: &'static str,
    /// How much the requirement binds.
    level: Level,
    source_kind: String,
    /// What the row came to.
    verdict: Verdict,
    /// EXPECTED_FAIL or STALE, where a baseline has an entry for the row; FLAKY, where repeats came to
    /// different verdicts, of which the heaviest counts and `figures` has how often each.
    overlay: Option<&'static str>,
    requirement: String,
    source: String,
    /// What was seen, or why nothing was.
    reason: String,
    /// The rows that tell of the fault because of which this one could not be judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    figures: Map<String, Value>,
    evidence: Vec<EvidenceV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<EvidenceV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needed_by: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EvidenceV1 {
    scenario: String,
    /// Numbers of lines in `events.ndjson`.
    entries: Vec<u64>,
}

/// The file's content for `report`.
pub fn results(report: &Report) -> ResultsV1 {
    let numbering = Numbering::of(report);
    ResultsV1 {
        schema_version: 1,
        tool: tool(),
        run: run(report),
        subject: subject(report),
        summary: summary(report),
        exit_code: report.exit_code,
        fingerprint: fingerprints(report),
        verdicts: report
            .verdicts
            .iter()
            .map(|row| verdict(report, row, &numbering))
            .collect(),
    }
}

/// The file's text.
pub fn text(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&results(report))
        .expect("only strings, numbers and lists of them");
    text.push('\n');
    text
}

pub(super) fn tool() -> ToolV1 {
    let hash: Vec<String> = digest(&SHA256, TABLE.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hash = hash.concat();
    ToolV1 {
        name: "locum",
        version: env!("CARGO_PKG_VERSION"),
        catalogue: format!("{} rows, sha256 {hash}", catalogue().rows().len()),
    }
}

pub(super) fn run(report: &Report) -> RunV1 {
    let run = &report.run;
    RunV1 {
        id: run.id.clone(),
        command: run.command.clone(),
        level: run.level,
        vendors: run.vendors.clone(),
        seed: run.seed,
        started: run.started.rfc3339(),
        finished: run.finished.rfc3339(),
        duration_ms: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
        strict: run.strict,
        repeats: (run.repeats > 1).then_some(run.repeats),
        fail_on: run.fail_on.clone(),
        selection: (!run.selection.is_all()).then(|| run.selection.to_string()),
        baseline: report.baseline.as_ref().map(|one| one.path.clone()),
    }
}

/// The run of a saved file, from its first line.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(super) fn read_run(line: &Value) -> Result<Run, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let saved: RunV1 = serde_json::from_value(line["run"].clone()).map_err(wrong)?;
    let time = |text: &str| {
        Timestamp::parse_rfc3339(text).ok_or_else(|| format!("`{text}` is not a time of RFC 3339"))
    };
    let subject: SubjectV1 = serde_json::from_value(line["subject"].clone()).map_err(wrong)?;
    let selection = saved.selection.unwrap_or_default();
    let selection = Selection::parse(&selection, &saved.vendors);
    Ok(Run {
        id: saved.id,
        command: saved.command,
        vendors: saved.vendors,
        judges: serde_json::from_value(line["judges"].clone()).map_err(wrong)?,
        seed: saved.seed,
        started: time(&saved.started)?,
        finished: time(&saved.finished)?,
        duration: Duration::from_millis(saved.duration_ms),
        strict: saved.strict,
        fail_on: saved.fail_on,
        repeats: saved.repeats.unwrap_or(1),
        interrupted: line["interrupted"] == true,
        selection: selection.map_err(|error| error.to_string())?,
        subject: subject.kind,
        level: saved.level,
        client: subject.client.map(|client| ClientHello {
            name: client.name,
            version: client.version,
            language: client.language,
            proto: PROTOCOL.to_owned(),
            ops: client.ops,
            caps: client.caps,
        }),
    })
}

pub(super) fn subject(report: &Report) -> SubjectV1 {
    SubjectV1 {
        kind: report.run.subject.clone(),
        client: report.run.client.as_ref().map(|client| ClientV1 {
            name: client.name.clone(),
            version: client.version.clone(),
            language: client.language.clone(),
            ops: client.ops.clone(),
            caps: client.caps.clone(),
        }),
    }
}

/// How many rows came to each verdict and overlay that occurs.
pub(super) fn summary(report: &Report) -> BTreeMap<&'static str, usize> {
    let counts = report.summary().into_iter();
    let mut counts: BTreeMap<&'static str, usize> = counts
        .map(|(verdict, count)| (verdict.word(), count))
        .collect();
    for overlay in report
        .verdicts
        .iter()
        .filter_map(|row| overlay(report, row))
    {
        *counts.entry(overlay).or_default() += 1;
    }
    counts
}

/// What the baseline says of a verdict, else whether the repeats agree on it.
fn overlay(report: &Report, row: &VerdictRow) -> Option<&'static str> {
    let flaky = row.flaky().map(|_| "FLAKY");
    let Some(baseline) = &report.baseline else {
        return flaky;
    };
    if baseline.is_expected(row) {
        return Some("EXPECTED_FAIL");
    }
    baseline.is_stale(row).then_some("STALE").or(flaky)
}

pub(super) fn verdict(report: &Report, row: &VerdictRow, numbering: &Numbering) -> VerdictV1 {
    let (source_kind, requirement, source) = catalogue().get(&row.id.0).map_or_else(
        || (String::new(), String::new(), String::new()),
        |known| {
            (
                known.source_kind.clone(),
                known.requirement.clone(),
                source::addressed(&known.source),
            )
        },
    );
    let evidence = |evidence: &EvidenceRef| EvidenceV1 {
        scenario: evidence.scenario.clone(),
        entries: numbering.run_wide(evidence),
    };
    VerdictV1 {
        id: row.id.0.clone(),
        vendor: row.vendor.clone(),
        judge: row.judge.word(),
        level: row.level,
        source_kind,
        verdict: row.verdict,
        overlay: overlay(report, row),
        requirement,
        source,
        reason: row.reason.clone(),
        hidden_by: report
            .cascade_of(row)
            .map(|cascade| cascade.causes.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        expected: row.expected.clone(),
        observed: row.observed.clone(),
        figures: row.figures.clone(),
        evidence: row.evidence.iter().map(evidence).collect(),
        twin: row.control.as_ref().map(evidence),
        hint: prose::mend(row).map(str::to_owned),
        needed_by: row.needed_by.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn the_file_has_its_promised_shape() {
        let mut got: Value = serde_json::from_str(&text(&report())).expect("json");
        let catalogue = got["tool"]["catalogue"].take();
        let rows = crate::catalogue::catalogue().rows().len();
        let begins = |text: &str| text.starts_with(&format!("{rows} rows, sha256 "));
        assert!(catalogue.as_str().is_some_and(begins), "{catalogue}");
        let expected = serde_json::json!({
            "schema_version": 1,
            "tool": {"name": "locum", "version": "0.1.0", "catalogue": null},
            "run": {"id": "r-1", "command": "check", "level": null, "vendors": ["pattern"],
                "seed": 7, "started": "2026-11-24T10:00:00Z", "finished": "2026-11-24T10:00:01Z",
                "duration_ms": 1000, "strict": false},
            "subject": {"kind": "mock"},
            "summary": {"PASS": 1, "FAIL": 1, "NOT_RUN": 1},
            "exit_code": 1
        });
        let Value::Object(members) = expected else {
            unreachable!("it is written as one")
        };
        for (name, value) in members {
            assert_eq!(got[&name], value, "{name}");
        }
        let fail = &got["verdicts"][1];
        assert_eq!(fail["id"], "VEN-26");
        assert_eq!(fail["verdict"], "FAIL");
        assert_eq!(fail["overlay"], Value::Null);
        assert_eq!(
            fail["evidence"],
            serde_json::json!([{"scenario": "vendor-2", "entries": [9]}])
        );
        assert!(
            fail["source"]
                .as_str()
                .is_some_and(|text| text.contains("milliseconds"))
        );
    }
}
