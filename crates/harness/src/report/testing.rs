//! A small report for the tests of the formats.

use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Level, ManualClock, RequirementId, Timestamp, Verdict};
use serde_json::{Map, json};

use super::{Report, Run, ScenarioLog};
use crate::evidence::EvidenceLog;
use crate::http::{Reply, Request};
use crate::verdict::{Evidence, VerdictRow};

const START: Timestamp = Timestamp::from_seconds(1_795_514_400);

pub(crate) fn report() -> Report {
    Report {
        run: Run {
            id: "r-1".to_owned(),
            command: "check".to_owned(),
            vendors: vec!["pattern".to_owned()],
            seed: 7,
            started: START,
            finished: START.plus(Duration::from_secs(1)),
            duration: Duration::from_secs(1),
            strict: false,
            selection: Vec::new(),
        },
        subject: "mock",
        titles: [("pattern".to_owned(), "Pattern Health".to_owned())].into(),
        verdicts: vec![
            row(
                "VEN-16",
                Verdict::Pass,
                "login was answered with 200",
                ("s-1", 1),
            ),
            row(
                "VEN-26",
                Verdict::Fail,
                "call was answered with 200 304 s after its issue",
                ("s-2", 2),
            ),
            row("VEN-18", Verdict::NotRun, "no scenario shows it", ("", 0)),
        ],
        logs: vec![log("s-1", false), log("s-2", true)],
        exit_code: 1,
    }
}

fn row(id: &str, verdict: Verdict, reason: &str, (scenario, seq): (&str, u64)) -> VerdictRow {
    let proof = Evidence {
        scenario: scenario.to_owned(),
        entries: vec![seq],
    };
    VerdictRow {
        id: RequirementId(id.to_owned()),
        vendor: "pattern".to_owned(),
        judge: Judge::Vendor,
        level: Level::Must,
        verdict,
        reason: reason.to_owned(),
        expected: None,
        observed: None,
        evidence: if seq == 0 { Vec::new() } else { vec![proof] },
        twin: None,
        figures: Map::new(),
        needed_by: Vec::new(),
    }
}

fn log(key: &str, turned: bool) -> ScenarioLog {
    let mut log = EvidenceLog::new(Arc::new(ManualClock::at(START)), Duration::ZERO);
    log.hide("t0p secret", "client secret");
    if turned {
        log.turns("clock", json!({"advance_s": 304}));
    }
    let request = Request::new("POST", "/token").body("secret=t0p+secret");
    let seq = log.sends("login", "", &request);
    let reply = Reply {
        status: 200,
        ..Reply::default()
    };
    log.receives(seq, Ok(&reply));
    let (records, redactor) = log.into_parts();
    ScenarioLog {
        key: key.to_owned(),
        title: "features/pattern/token.feature: A login".to_owned(),
        vendor: "pattern".to_owned(),
        seed: 1,
        urls: [("token".to_owned(), "http://127.0.0.1:1/token".to_owned())].into(),
        records,
        redactor,
    }
}
