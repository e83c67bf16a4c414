//! Counts for Prometheus, in its text format 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::Ordering;

use super::call::{self, CallResult, ControlCall, ControlRequest};
use crate::Stage;
use crate::observe::Watched;
use crate::store::StoreError;

/// What the format is called.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /metrics",
        "returns the server's counts, and those of each stage, for Prometheus",
        |request| Box::pin(of_server(request)),
    )
    .returns::<String>()
    .media_type(TEXT),
    ControlCall::new(
        "GET /stages/{stage}/metrics",
        "returns the stage's counts for Prometheus",
        |request| Box::pin(of_stage(request)),
    )
    .returns::<String>()
    .media_type(TEXT),
];

async fn of_server(request: ControlRequest) -> CallResult {
    let mut text = Families::default();
    let (stages, memory) = (request.stages.all(), request.stages.memory());
    let help = "Memory in use by all stages.";
    text.gauge("locum_memory_bytes", help, "", memory.used());
    let help = "The most memory that all stages may take.";
    text.gauge("locum_memory_limit_bytes", help, "", memory.limit());
    let help = "Stages of the server.";
    text.gauge("locum_stages", help, "", stages.len());
    let lines = request.stages.watched.as_ref().map_or(0, Watched::dropped);
    let events = request.stages.missed_events.load(Ordering::Relaxed);
    for (reader, count) in [("log", lines), ("events", events)] {
        let help = "What slow readers missed.";
        let label = format!("reader=\"{reader}\"");
        text.counter("locum_dropped_total", help, &label, count);
    }
    for stage in stages {
        add(&mut text, &stage).await?;
    }
    Ok(call::written(200, TEXT, text.written()))
}

async fn of_stage(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let mut text = Families::default();
    add(&mut text, &stage).await?;
    Ok(call::written(200, TEXT, text.written()))
}

/// Adds what one stage holds. Its name has no character that a label would have to escape.
async fn add(text: &mut Families, stage: &Stage) -> Result<(), StoreError> {
    let counts = stage.counts().await?;
    let name = format!("stage=\"{}\"", stage.name);
    let help = "Memory that the stage takes.";
    text.gauge("locum_stage_memory_bytes", help, &name, counts.bytes);
    let help = "Tokens that the stage remembers.";
    text.gauge("locum_tokens", help, &name, counts.tokens);
    let help = "Tokens that were forgotten before their end.";
    let forgotten = counts.forgotten_tokens;
    text.counter("locum_tokens_forgotten_total", help, &name, forgotten);
    let help = "Entries that fell out of the journal.";
    let dropped = counts.dropped_entries;
    text.counter("locum_entries_dropped_total", help, &name, dropped);
    for (label, count) in exchanges(stage) {
        let help = "Exchanges in the journal.";
        text.gauge("locum_exchanges", help, &format!("{name},{label}"), count);
    }
    for fault in stage.faults() {
        let help = "How often a fault has fired.";
        let label = format!("{name},fault=\"{}\"", fault.id.0);
        text.counter("locum_fault_hits_total", help, &label, fault.fired);
    }
    Ok(())
}

/// How many exchanges the journal has of each vendor, outcome and status.
fn exchanges(stage: &Stage) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    stage.with_journal(|journal| {
        for entry in journal.find(&locum_core::Filter::default()) {
            let outcome = entry.outcome.map_or_else(
                || "pending".to_owned(),
                |outcome| format!("{outcome:?}").to_lowercase(),
            );
            let status = entry.reply.as_ref().map(|reply| reply.status.to_string());
            let status = status.unwrap_or_default();
            let vendor = &entry.vendor;
            let label = format!("vendor=\"{vendor}\",outcome=\"{outcome}\",status=\"{status}\"");
            *counts.entry(label).or_default() += 1;
        }
    });
    counts
}

/// Samples by family: the format wants those of one name together.
#[derive(Default)]
struct Families(BTreeMap<&'static str, (String, String)>);

impl Families {
    fn gauge(&mut self, name: &'static str, help: &str, labels: &str, value: usize) {
        self.add(name, "gauge", help, labels, value as u64);
    }

    fn counter(&mut self, name: &'static str, help: &str, labels: &str, value: u64) {
        self.add(name, "counter", help, labels, value);
    }

    fn add(&mut self, name: &'static str, kind: &str, help: &str, labels: &str, value: u64) {
        let head = || format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        let (_, samples) = self
            .0
            .entry(name)
            .or_insert_with(|| (head(), String::new()));
        let labels = match labels {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        writeln!(samples, "{name}{labels} {value}").expect("a String takes all");
    }

    fn written(self) -> String {
        let families = self.0.into_values();
        families.map(|(head, samples)| head + &samples).collect()
    }
}
