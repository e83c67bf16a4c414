//! What clients did that nobody asked for anything: traffic as evidence, without a scenario.
//!
//! Each vendor on each stage is judged by itself, because tokens are counted by the stage. A row is
//! judged where the traffic shows it; one that it does not show anywhere is not run, whatever else
//! passed. Where several stages show a row, those that could not tell do not count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Entry, ManualClock, Profile, RequirementId, Timestamp};
use serde_json::{Map, Value};

use crate::catalogue::{Expectation, catalogue};
use crate::evidence::{Evidence, EvidenceLog, Redactor};
use crate::rules::{self, Rule, View};
use crate::subject::{ClientCommand, OutputStream};
use crate::verdict::{Ending, Finding, Grade, Scenario};

/// The handle of the client that a run was configured for.
const CLIENT: &str = "watched";

/// The row that others need before they count: its scenario has to be free of faults.
const CONTROL_ROW: &str = "CLI-29";

/// Calls of the control API after which a vendor is not what its documents say.
const BENDING: [&str; 5] = ["faults", "principals", "twin", "state", "settings"];

/// What passed between clients and one vendor on one stage.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// The stage.
    pub stage: String,
    /// The vendor.
    pub vendor: String,
    /// Where the vendor answered.
    pub urls: BTreeMap<String, String>,
    /// What the clients were configured with, where the run configured them.
    pub config: Option<Map<String, Value>>,
    /// What happened, in order, each at its time since the start of the run.
    pub events: Vec<(Duration, Happening)>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A request of a client, as the mock's journal has it.
    Exchange(Arc<Entry>),
    /// Somebody turned the mock: a call such as `clock`, and its body.
    Control(String, Value),
    /// A line that was printed, with names in place of secrets.
    Output(OutputStream, String),
    /// Something that the run could not see.
    Unseen(String),
}

/// The traffic as scenarios, each tagged with the rows that it shows, and the secrets of all.
/// `secrets` are values and the names that stand for them.
pub fn scenarios(
    traffic: Vec<Traffic>,
    profiles: &[Profile],
    secrets: &[(String, String)],
    (seed, began): (u64, Timestamp),
) -> (Vec<Scenario>, Redactor) {
    let mut scenarios = Vec::new();
    let mut redactors = Vec::new();
    for (at, traffic) in traffic.into_iter().enumerate() {
        let key = format!("watch-{}", at + 1);
        let (evidence, redactor) = evidence(&traffic, secrets, began);
        redactors.push(redactor);
        scenarios.push(Scenario {
            key,
            title: format!("the clients on the stage {}", traffic.stage),
            vendor: traffic.vendor,
            judge: Judge::Client,
            ids: Vec::new(),
            seed,
            urls: traffic.urls,
            ending: Ending::Ran,
            evidence,
        });
    }
    for profile in profiles {
        tag(profile, &mut scenarios);
    }
    (scenarios, Redactor::merged(&redactors))
}

fn evidence(
    traffic: &Traffic,
    secrets: &[(String, String)],
    began: Timestamp,
) -> (Evidence, Redactor) {
    let clock = Arc::new(ManualClock::at(began));
    let mut log = EvidenceLog::new(clock.clone(), Duration::ZERO);
    for (value, name) in secrets {
        log.hide(value, name);
    }
    log.output_heard();
    if let Some(config) = &traffic.config {
        let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default();
        log.hide_pair(
            text("client_id"),
            text("client_secret"),
            "client id and client secret",
        );
        log.ask(
            0,
            &ClientCommand::New {
                client: CLIENT.to_owned(),
                vendor: traffic.vendor.clone(),
                config: config.clone(),
            },
        );
    }
    let mut now = Duration::ZERO;
    for (at, happening) in &traffic.events {
        clock.advance(at.saturating_sub(now));
        now = now.max(*at);
        match happening {
            Happening::Exchange(entry) => log.entry(entry),
            Happening::Control(call, body) => log.control(call, body),
            Happening::Output(stream, text) => log.output(*stream, text.as_bytes()),
            Happening::Unseen(what) => log.limitation(what),
        };
    }
    log.into_parts()
}

/// Tags the scenarios of one vendor with the rows that they show.
fn tag(profile: &Profile, scenarios: &mut [Scenario]) {
    let mut mine: Vec<&mut Scenario> = scenarios
        .iter_mut()
        .filter(|scenario| scenario.vendor == profile.vendor)
        .collect();
    for row in catalogue().rows() {
        let Some(rule) = rules::find(&row.id.0, Judge::Client) else {
            continue;
        };
        let findings: Vec<Option<Shown>> = mine
            .iter()
            .map(|scenario| {
                let view = View {
                    evidence: &scenario.evidence,
                    profile,
                    expected: Expectation::of(&row.id.0, &profile.vendor),
                };
                shown(&row.id, rule, &view, &(rule.judge)(&view))
            })
            .collect();
        let Some(most) = findings.iter().flatten().max() else {
            continue;
        };
        for (scenario, shown) in mine.iter_mut().zip(&findings) {
            // One login is enough to show that the client can log in.
            let counts = match most {
                Shown::Met if row.id.0 == CONTROL_ROW => *shown == Some(Shown::Met),
                _ => shown.is_some(),
            };
            if counts {
                scenario.ids.push(row.id.clone());
            }
        }
    }
}

/// What traffic shows of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// It can be judged.
    Judged,
    /// It can be judged, and is met.
    Met,
}

/// What the evidence shows of the row `id`, whose rule came to `finding`; `None` when it could not
/// tell.
fn shown(id: &RequirementId, rule: &Rule, view: &View<'_>, finding: &Finding) -> Option<Shown> {
    match finding.grade() {
        Grade::Unobserved | Grade::NotApplicable => None,
        Grade::Met => Some(Shown::Met),
        // A client that gets nothing from a vendor with faults may well be sound.
        _ if id.0 == CONTROL_ROW => {
            let evidence = &before_faults(view.evidence);
            let grade = (rule.judge)(&View { evidence, ..*view }).grade();
            (grade > Grade::Unobserved).then_some(Shown::Judged)
        }
        _ => Some(Shown::Judged),
    }
}

/// What was seen until somebody put a fault in the way, or changed whom the vendor knows.
fn before_faults(evidence: &Evidence) -> Evidence {
    let bends = |call: &str| BENDING.iter().any(|bending| call.contains(bending));
    let first = evidence.controls().find(|(_, call, _)| bends(call));
    let records = evidence.records().iter();
    let before = records.take_while(|record| first.is_none_or(|(seq, ..)| record.seq < seq));
    Evidence::from_records(before.cloned().collect())
}
