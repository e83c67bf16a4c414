//! What a test fails for: the broken requirements of its client, in words for the test's author.
//! Helpers of test frameworks ask for it when a test ends, so that all of them say the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{self, CallResult, ControlCall, ControlRequest, text};
use super::verdicts::{self, Verdicts};
use crate::judge::JudgedRow;
use crate::stage::Stage;
use locum_core::Verdict;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[ControlCall::new(
    "GET …/verdicts/failures",
    "says for what a test of the client fails: the requirements that it breaks, without those to `ignore` (ids with commas between), and those to `expect` that it does not break; `fail_on=warn` counts a WARN, too",
    |request| Box::pin(failures(request)),
)
.query::<Query>(&[text("vendor"), text("ignore"), text("expect"), text("fail_on")])
.returns::<Failures>()];

/// The most entries that a failure names.
const MAX_ENTRIES: usize = 3;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Query {
    vendor: Option<String>,
    ignore: String,
    expect: String,
    fail_on: Option<FailOn>,
}

/// What fails a test beside FAIL and ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FailOn {
    Warn,
}

/// For what a test fails.
#[derive(Serialize, JsonSchema)]
struct Failures {
    /// One text for each reason.
    failures: Vec<String>,
    /// All of it with the stage and its seed; empty when there is no reason to fail.
    text: String,
}

async fn failures(request: ControlRequest) -> CallResult {
    let (stage, query) = (request.stage()?, request.query::<Query>()?);
    let judged = verdicts::of_stage(&request, query.vendor.as_deref()).await?;
    let failures = reasons(&stage, &query, &judged);
    let text = match failures.len() {
        0 => String::new(),
        _ => format!(
            "{}\nstage {}, seed {}",
            failures.join("\n"),
            stage.name,
            stage.seed
        ),
    };
    Ok(call::json(200, &Failures { failures, text }))
}

fn reasons(stage: &Stage, query: &Query, judged: &Verdicts) -> Vec<String> {
    let expected: Vec<&str> = ids(&query.expect).collect();
    let tolerated = |row: &&JudgedRow| {
        !expected.contains(&row.id.as_str()) && !ids(&query.ignore).any(|id| id == row.id)
    };
    let fails = |row: &&JudgedRow| match row.verdict {
        Verdict::Fail | Verdict::Error => true,
        verdict => verdict == Verdict::Warn && query.fail_on == Some(FailOn::Warn),
    };
    let broken = judged.verdicts.iter().filter(fails).filter(tolerated);
    let mut reasons: Vec<String> = broken.map(|row| sentence(stage, row)).collect();
    let is_broken = |id: &&&str| {
        let mut rows = judged.verdicts.iter().filter(|row| row.id == **id);
        rows.any(|row| matches!(row.verdict, Verdict::Fail | Verdict::Warn))
    };
    let missing = expected.iter().filter(|id| !is_broken(id));
    reasons.extend(missing.map(|id| format!("{id} was expected to be broken, and is not")));
    if judged.dropped > 0 {
        reasons.push(format!(
            "{} exchanges fell out of the journal and were not judged\n  hint: raise LOCUM_STAGE_MEMORY_LIMIT and LOCUM_MEMORY_LIMIT",
            judged.dropped
        ));
    }
    reasons
}

/// The requirement, what was seen against it and where, and what to do next.
fn sentence(stage: &Stage, row: &JudgedRow) -> String {
    let JudgedRow {
        id,
        vendor,
        requirement,
        why,
        ..
    } = row;
    let (verdict, level) = (row.verdict.word(), row.level.word());
    let mut text = format!("{verdict} {id} ({level}, {vendor}): {requirement}\n  seen: {why}");
    if let Some(expected) = &row.expected {
        text.push_str(&format!("\n  expected: {expected}"));
    }
    for entry in row.evidence.iter().take(MAX_ENTRIES) {
        if let Some(entry) = stage.with_journal(|journal| journal.get(*entry).cloned()) {
            text.push_str(&format!("\n  in: {} {}", entry.method, entry.target));
        }
    }
    text.push_str(&format!(
        "\n  hint: `locum explain {id}` says more; if it is meant, ignore or expect {id}"
    ));
    text
}

fn ids(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|id| !id.is_empty())
}
