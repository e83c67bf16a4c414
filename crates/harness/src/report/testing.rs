//! A small report for the tests of the formats.

use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Level, ManualClock, RequirementId, Timestamp, Verdict};
use serde_json::{Map, json};

use super::{Report, Run};
use crate::evidence::{EvidenceLog, Operation, RecordId, Redactor, Variation};
use crate::http::{Reply, Request};
use crate::selection::Selection;
use crate::verdict::{Ending, EvidenceRef, Scenario, VerdictRow};

const START: Timestamp = Timestamp::from_seconds(1_795_514_400);

pub(crate) fn report() -> Report {
    let (first, redactor) = scenario("vendor-1", false);
    let (second, _) = scenario("vendor-2", true);
    Report {
        run: Run {
            id: "r-1".to_owned(),
            command: "check".to_owned(),
            vendors: vec!["pattern".to_owned()],
            judges: vec![Judge::Vendor],
            seed: 7,
            started: START,
            finished: START.plus(Duration::from_secs(1)),
            duration: Duration::from_secs(1),
            strict: false,
            fail_on: Vec::new(),
            repeats: 1,
            interrupted: false,
            selection: Selection::default(),
            subject: "mock".to_owned(),
            level: None,
            client: None,
        },
        titles: [("pattern".to_owned(), "Pattern Health".to_owned())].into(),
        files: std::collections::BTreeMap::new(),
        verdicts: vec![
            row(
                "VEN-16",
                Verdict::Pass,
                "login was answered with 200",
                ("vendor-1", 2),
            ),
            row(
                "VEN-26",
                Verdict::Fail,
                "call was answered with 200 304 s after its issue",
                ("vendor-2", 3),
            ),
            row("VEN-18", Verdict::NotRun, "no scenario shows it", ("", 0)),
        ],
        scenarios: vec![first, second],
        cascades: Vec::new(),
        redactor,
        baseline: None,
        exit_code: 1,
    }
}

fn row(id: &str, verdict: Verdict, reason: &str, (scenario, seq): (&str, u64)) -> VerdictRow {
    let proof = EvidenceRef {
        scenario: scenario.to_owned(),
        entries: vec![RecordId::read(seq)],
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
        control: None,
        figures: Map::new(),
        needed_by: Vec::new(),
    }
}

/// A scenario in which one documented login was answered so.
pub(crate) fn answered(status: u16, (name, value): (&str, &str), body: &str) -> Scenario {
    let reply = Reply {
        status,
        headers: vec![(name.to_owned(), value.to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let request = Request::new("POST", "/token").body("secret=t0p+secret");
    played("vendor-1", Operation::Login, &request, &reply, false).0
}

/// A scenario in which this request was sent.
pub(super) fn asked(request: &Request) -> Scenario {
    let reply = Reply {
        status: 200,
        ..Reply::default()
    };
    played("vendor-1", Operation::Login, request, &reply, false).0
}

/// A scenario in which a key set was fetched by this request.
pub(super) fn fetched(request: &Request) -> Scenario {
    let reply = Reply {
        status: 200,
        ..Reply::default()
    };
    played("vendor-1", Operation::KeySet, request, &reply, false).0
}

fn scenario(key: &str, turned: bool) -> (Scenario, Redactor) {
    let request = Request::new("POST", "/token").body("secret=t0p+secret");
    let reply = Reply {
        status: 200,
        ..Reply::default()
    };
    played(key, Operation::Login, &request, &reply, turned)
}

fn played(
    key: &str,
    operation: Operation,
    request: &Request,
    reply: &Reply,
    turned: bool,
) -> (Scenario, Redactor) {
    let mut log = EvidenceLog::new(Arc::new(ManualClock::at(START)), Duration::ZERO);
    log.hide("t0p secret", "client secret");
    if turned {
        log.control("clock", &json!({"advance_s": 304}));
    }
    let seq = log.request(operation, None, &Variation::Documented, request);
    log.reply(seq, Ok(reply));
    let (evidence, redactor) = log.into_parts();
    let scenario = Scenario {
        key: key.to_owned(),
        title: "features/pattern/token.feature: A login".to_owned(),
        vendor: "pattern".to_owned(),
        judge: Judge::Vendor,
        ids: vec![RequirementId("VEN-16".to_owned())],
        seed: 1,
        urls: [("token".to_owned(), "http://127.0.0.1:1/token".to_owned())].into(),
        ending: Ending::Ran,
        evidence,
    };
    (scenario, redactor)
}
