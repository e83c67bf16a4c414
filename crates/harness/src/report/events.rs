//! `events.ndjson`: the log itself, one object a line, numbered through the whole run.

use std::collections::BTreeMap;

use locum_core::{Entry, Outcome};
use serde_json::{Map, Value, json};

use super::{Report, ScenarioLog, results};
use crate::evidence::{Event, Record, Side};
use crate::verdict::Evidence;

/// Where each scenario's records begin in the run's numbers. Line 1 is the run; each scenario has
/// one line of its own before its records.
#[derive(Clone, Debug)]
pub struct Numbering(BTreeMap<String, u64>);

impl Numbering {
    /// The numbers of `report`.
    pub fn of(report: &Report) -> Self {
        let mut next = 2;
        let mut starts = BTreeMap::new();
        for log in &report.logs {
            starts.insert(log.key.clone(), next);
            next += 1 + log.records.len() as u64;
        }
        Self(starts)
    }

    fn start(&self, scenario: &str) -> u64 {
        self.0.get(scenario).copied().unwrap_or_default()
    }

    /// The run's numbers of a piece of evidence.
    pub fn run_wide(&self, evidence: &Evidence) -> Vec<u64> {
        let start = self.start(&evidence.scenario);
        evidence.entries.iter().map(|seq| start + seq).collect()
    }
}

/// The file's text.
pub fn text(report: &Report) -> String {
    let numbering = Numbering::of(report);
    let mut lines = vec![json!({
        "seq": 1, "t_ms": 0, "type": "run",
        "tool": results::tool(), "run": results::run(&report.run),
        "subject": results::subject(report),
    })];
    for log in &report.logs {
        scenario(log, numbering.start(&log.key), &mut lines);
    }
    let end = u64::try_from(report.run.duration.as_millis()).unwrap_or(u64::MAX);
    for row in &report.verdicts {
        let scenario = row
            .evidence
            .first()
            .map(|evidence| evidence.scenario.as_str());
        let mut line = json!({
            "seq": lines.len() + 1, "t_ms": end, "type": "verdict", "scenario": scenario,
        });
        add(&mut line, json!(results::verdict(row, &numbering)));
        lines.push(line);
    }
    lines.push(json!({
        "seq": lines.len() + 1, "t_ms": end, "type": "end",
        "summary": results::summary(report), "exit_code": report.exit_code,
    }));
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn scenario(log: &ScenarioLog, start: u64, lines: &mut Vec<Value>) {
    let began = log.records.first().map_or(0, |record| record.t_ms);
    lines.push(json!({
        "seq": start, "t_ms": began, "type": "scenario", "scenario": log.key,
        "vendor": log.vendor, "name": log.title, "plan": {}, "urls": log.urls, "seed": log.seed,
    }));
    for record in &log.records {
        let (kind, members) = event(record, start);
        let mut line = json!({
            "seq": start + record.seq, "t_ms": record.t_ms, "type": kind, "scenario": log.key,
        });
        add(&mut line, members);
        lines.push(line);
    }
}

fn event(record: &Record, start: u64) -> (&'static str, Value) {
    match &record.event {
        Event::Request { act, how, request } => {
            let class = match act.as_str() {
                "login" => "token",
                "call" | "page" => "api",
                _ => "other",
            };
            let mut members = json!({"class": class, "how": how});
            add(&mut members, json!(request));
            ("request", members)
        }
        Event::Reply { request, reply } => {
            let mut members = json!({"request": start + request});
            add(&mut members, json!(reply));
            ("reply", members)
        }
        Event::Jwt {
            request,
            header,
            claims,
        } => (
            "jwt",
            json!({"request": start + request, "header": header, "claims": claims}),
        ),
        Event::Cut { request, why } => (
            "cut",
            json!({"request": start + request, "by": "vendor", "why": why}),
        ),
        Event::Frame {
            request,
            from,
            opcode,
            text,
        } => {
            let from = match from {
                Side::Harness => "harness",
                Side::Vendor => "vendor",
            };
            (
                "frame",
                json!({
                    "request": start + request, "from": from, "opcode": opcode, "text": text,
                }),
            )
        }
        Event::Control { call, body } => ("control", json!({"call": call, "body": body})),
        Event::Lack { what } => ("control", json!({"call": "none", "body": what})),
        Event::Ask { id, message } => ("ask", json!({"id": id, "message": message})),
        Event::Answer { id, message } => ("answer", json!({"id": id, "message": message})),
        Event::Arrival(entry) => ("request", arrival(entry)),
        Event::Completion { request, entry } => ("reply", completion(start + request, entry)),
    }
}

fn arrival(entry: &Entry) -> Value {
    let class = match entry.outcome {
        Some(Outcome::Opened) => "upgrade",
        Some(Outcome::Revoked) => "revocation",
        Some(Outcome::Unrouted) => "other",
        _ if entry.endpoint == "token" => "token",
        _ => "api",
    };
    json!({
        "connection": entry.connection, "class": class, "method": entry.method,
        "target": entry.target, "headers": entry.headers, "body": entry.body,
    })
}

fn completion(request: u64, entry: &Entry) -> Value {
    let mut members = json!({"request": request, "outcome": entry.outcome});
    if let Some(reply) = &entry.reply {
        add(
            &mut members,
            json!({"status": reply.status, "headers": reply.headers, "body": reply.body}),
        );
    }
    let mut more = Map::new();
    if let Some(denial) = &entry.denial {
        more.insert("denial".to_owned(), json!(denial));
    }
    if let Some(fault) = &entry.fault {
        more.insert("fault".to_owned(), json!(fault));
    }
    if let Some(token) = entry.issued.first() {
        more.insert("token".to_owned(), json!(token));
    }
    if let Some(token) = &entry.presented {
        more.insert("presented".to_owned(), json!(token));
    }
    add(&mut members, Value::Object(more));
    members
}

/// Adds the members of one object to another.
fn add(line: &mut Value, members: Value) {
    if let (Value::Object(line), Value::Object(members)) = (line, members) {
        line.extend(members);
    }
}

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
                "run", "scenario", "request", "reply", "scenario", "control", "request", "reply",
                "verdict", "verdict", "verdict", "end"
            ]
        );
        let proof = lines[9]["evidence"][0]["entries"][0]
            .as_u64()
            .expect("a number");
        let proof = &lines[usize::try_from(proof).expect("small") - 1];
        assert_eq!(
            (&proof["type"], &proof["scenario"]),
            (&json!("request"), &json!("s-2"))
        );
        assert_eq!(lines[7]["request"], 7);
    }

    #[test]
    fn no_secret_is_in_any_report() {
        let report = report();
        assert!(report.leaks("the value is t0p secret"));
        assert!(!report.leaks(&text(&report)));
        assert!(text(&report).contains("«client secret»"));
        assert!(!report.leaks(&results::text(&report)));
    }
}
