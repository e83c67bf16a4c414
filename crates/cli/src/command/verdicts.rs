//! `locum verdicts`: judges what clients have sent so far to a running `locum serve`.

use std::collections::BTreeMap;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Clock, Entry, EntryId, RequirementId, SystemClock, Verdict};
use locum_harness::evidence::{Evidence, RecordId};
use locum_harness::report::{FailOn, Report, Run, terminal};
use locum_harness::subject::AdoptionLevel;
use locum_harness::verdict::exit::{self, ExitPolicy};
use locum_harness::verdict::{Ending, EvidenceRef, Scenario, VerdictRow};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::remote::RemoteStage;
use super::{Failure, args, baseline, report};

/// What the control API answers.
#[derive(Deserialize)]
struct Answer {
    verdicts: Vec<Row>,
    dropped: u64,
}

/// One row of it.
#[derive(Deserialize)]
struct Row {
    id: String,
    vendor: String,
    level: locum_core::Level,
    verdict: Verdict,
    why: String,
    #[serde(default)]
    expected: Option<String>,
    evidence: Vec<EntryId>,
}

/// Asks for the verdicts and prints them as `watch` does.
pub(super) fn run(args: &args::Verdicts) -> Result<u8, Failure> {
    let stage = RemoteStage::new(&args.server)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    let accepted = baseline::read(&args.baseline)?;
    let (mut report, dropped) = runtime.block_on(report_of(&stage, &args.vendors, args.strict))?;
    baseline::apply(&args.baseline, accepted.as_ref(), &mut report)?;
    super::say(&terminal::text(&report, report::look()));
    if report.scenarios.is_empty() {
        super::say("no request has arrived yet\n");
    }
    if dropped > 0 {
        super::say(&format!(
            "{dropped} old exchanges fell out of the journal and were not judged\n"
        ));
    }
    Ok(report.exit_code)
}

/// What clients have sent to these vendors of the stage, or to all, judged; and how many exchanges fell
/// out of the journal before.
pub(super) async fn report_of(
    stage: &RemoteStage,
    vendors: &[String],
    strict: bool,
) -> Result<(Report, u64), Failure> {
    let document = stage.get("").await?;
    let mut answers = Vec::new();
    if vendors.is_empty() {
        answers.push(stage.get("/verdicts").await?);
    }
    for vendor in vendors {
        answers.push(stage.get(&format!("/verdicts?vendor={vendor}")).await?);
    }
    let mut rows = Vec::new();
    let mut dropped = 0;
    for answer in answers {
        let answer: Answer = serde_json::from_value(answer).map_err(|error| unreadable(&error))?;
        rows.extend(answer.verdicts);
        dropped = answer.dropped;
    }
    let journal = stage.get("/journal").await?;
    let entries: Vec<Entry> =
        serde_json::from_value(journal["entries"].clone()).map_err(|error| unreadable(&error))?;
    let seed = document["seed"].as_u64().unwrap_or_default();
    Ok((report(rows, &entries, seed, strict), dropped))
}

/// The server answered something else.
pub(super) fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::unreachable(format!("the server's answer cannot be read: {error}"))
        .hint("is it a `locum serve` of this version? GET /_locum/version says so")
}

/// The rows with the exchanges that prove them, as a report.
fn report(rows: Vec<Row>, entries: &[Entry], seed: u64, strict: bool) -> Report {
    let mut vendors: Vec<String> = entries.iter().map(|entry| entry.vendor.clone()).collect();
    vendors.sort_unstable();
    vendors.dedup();
    let mut scenarios: BTreeMap<String, Scenario> = BTreeMap::new();
    for vendor in &vendors {
        let mine = entries.iter().filter(|entry| entry.vendor == *vendor);
        let scenario = Scenario {
            key: vendor.clone(),
            title: vendor.clone(),
            vendor: vendor.clone(),
            judge: Judge::Client,
            ids: Vec::new(),
            seed,
            urls: BTreeMap::new(),
            ending: Ending::Ran,
            evidence: Evidence::from_journal(mine.cloned()),
        };
        scenarios.insert(vendor.clone(), scenario);
    }
    let verdicts: Vec<VerdictRow> = rows
        .into_iter()
        .map(|row| verdict(row, &scenarios))
        .collect();
    let clock = SystemClock::new();
    let run = Run {
        id: "verdicts".to_owned(),
        command: "verdicts".to_owned(),
        vendors,
        judges: vec![Judge::Client],
        seed,
        started: clock.now(),
        finished: clock.now(),
        duration: Duration::ZERO,
        strict,
        fail_on: strict.then_some(FailOn::Warn).into_iter().collect(),
        repeats: 1,
        interrupted: false,
        selection: locum_harness::selection::Selection::default(),
        subject: "client".to_owned(),
        level: Some(AdoptionLevel::Watch),
        client: None,
    };
    let policy = ExitPolicy {
        fails_on: run.fail_on.iter().map(|on| on.verdict()).collect(),
        ..ExitPolicy::default()
    };
    let mut exit_code = exit::of_run(&policy, &verdicts, &[]);
    let says_nothing =
        |row: &VerdictRow| matches!(row.verdict, Verdict::NotRun | Verdict::Inconclusive);
    if verdicts.iter().all(says_nothing) {
        exit_code = exit::winner(&[exit_code, exit::NOTHING_SELECTED]);
    }
    let profiles = locum_mocks::vendors();
    let titles = profiles.iter().map(|vendor| {
        let profile = vendor.profile();
        (profile.vendor.clone(), profile.title.clone())
    });
    // The server knows a vendor's file, and this command does not.
    let own = run.vendors.iter();
    let own = own.filter(|vendor| !locum_mocks::SLUGS.contains(&vendor.as_str()));
    Report {
        titles: titles.collect(),
        files: own
            .map(|vendor| (vendor.clone(), "FILE.toml".to_owned()))
            .collect(),
        verdicts,
        scenarios: scenarios.into_values().collect(),
        cascades: Vec::new(),
        redactor: locum_harness::evidence::Redactor::default(),
        baseline: None,
        exit_code,
        run,
    }
}

fn verdict(row: Row, scenarios: &BTreeMap<String, Scenario>) -> VerdictRow {
    let evidence = scenarios.get(&row.vendor).map(|scenario| {
        let of = |id: &EntryId| record_of(&scenario.evidence, *id);
        EvidenceRef {
            scenario: scenario.key.clone(),
            entries: row.evidence.iter().filter_map(of).collect(),
        }
    });
    // What nothing was seen of was not exercised.
    let is_unseen = row.verdict == Verdict::Inconclusive && row.evidence.is_empty();
    VerdictRow {
        id: RequirementId(row.id),
        vendor: row.vendor,
        judge: Judge::Client,
        level: row.level,
        verdict: if is_unseen {
            Verdict::NotRun
        } else {
            row.verdict
        },
        reason: row.why,
        expected: row.expected,
        observed: None,
        evidence: evidence.into_iter().collect(),
        control: None,
        figures: Map::<String, Value>::new(),
        needed_by: Vec::new(),
    }
}

fn record_of(evidence: &Evidence, id: EntryId) -> Option<RecordId> {
    let mut entries = evidence.entries();
    entries
        .find(|(_, entry)| entry.id == id)
        .map(|(record, _)| record)
}
