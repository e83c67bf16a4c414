//! A scenario as steps between those who take part: locum, the client, the vendor.

use locum_core::Entry;
use serde::Serialize;
use serde_json::json;

use super::compact;
use crate::evidence::{Cut, Event, Message, Opcode, Record, RequestLine, Side};
use crate::report::numbering::Numbering;
use crate::report::wire;
use crate::verdict::{Ending, Scenario};

/// Most steps of a scenario on the page.
const MAX_STEPS: usize = 300;

/// Most characters of a message on the page.
const MAX_DETAIL: usize = 4000;

/// The steps of one scenario.
#[derive(Serialize)]
pub(super) struct Ladder {
    title: String,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Step {
    /// The record's number in the run.
    n: u64,
    /// The number of the request that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    t: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'static str>,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

impl Ladder {
    pub(super) fn of(scenario: &Scenario, numbering: &Numbering) -> Self {
        let start = numbering.start(&scenario.key);
        let records = scenario.evidence.records().iter();
        let mut steps: Vec<Step> = records.flat_map(|record| steps(record, start)).collect();
        let left_out = steps.len().saturating_sub(MAX_STEPS);
        steps.truncate(MAX_STEPS);
        let title = match &scenario.ending {
            Ending::Ran => scenario.title.clone(),
            Ending::NotApplicable(why) => format!("{} (not applicable: {why})", scenario.title),
            Ending::Broken(why) => format!("{} (broken: {why})", scenario.title),
            Ending::NotReached => format!("{} (not reached)", scenario.title),
            Ending::LeftOut(why) => format!("{} (left out: {why})", scenario.title),
            Ending::GivenUp(why) => format!("{} (given up: {why})", scenario.title),
        };
        Self {
            title,
            steps,
            left_out,
        }
    }
}

fn steps(record: &Record, start: i64) -> Vec<Step> {
    let n = record.seq.shifted(start).number();
    let step = |lanes: Option<(&'static str, &'static str)>, label: String| Step {
        n,
        of: None,
        t: record.t_ms,
        from: lanes.map(|(from, _)| from),
        to: lanes.map(|(_, to)| to),
        label,
        status: None,
        detail: String::new(),
    };
    let of = |request: crate::evidence::RecordId| Some(request.shifted(start).number());
    match &record.event {
        Event::Request {
            operation,
            variation,
            request,
            ..
        } => {
            let words = format!("{operation} {variation}");
            let label = format!("{} {} · {}", request.method, request.target, words.trim());
            vec![Step {
                detail: request_text(request),
                ..step(Some(("locum", "vendor")), label)
            }]
        }
        Event::Reply { request, reply } => vec![Step {
            of: of(*request),
            status: Some(reply.status),
            detail: reply_text(reply),
            ..step(Some(("vendor", "locum")), wire::status(reply.status))
        }],
        Event::Cut { request, kind, why } => {
            let label = match kind {
                Cut::NotSent => format!("not sent: {why}"),
                _ => format!("no reply: {why}"),
            };
            vec![Step {
                of: of(*request),
                status: Some(0),
                ..step(Some(("vendor", "locum")), label)
            }]
        }
        Event::Jwt {
            request,
            member,
            header,
            claims,
        } => vec![Step {
            of: of(*request),
            detail: bounded(&format!("{header:#}\n{claims:#}")),
            ..step(None, format!("{member} is a JWT"))
        }],
        Event::Frame {
            request,
            from,
            opcode,
            text,
        } => {
            let lanes = match from {
                Side::Harness => ("locum", "vendor"),
                Side::Vendor => ("vendor", "locum"),
            };
            let kind = match opcode {
                Opcode::Text => "text",
                Opcode::Binary => "binary",
                Opcode::Ping => "ping",
                Opcode::Pong => "pong",
                Opcode::Odd => "a frame that breaks the protocol",
                Opcode::Close => "close",
                Opcode::Eof => "end without close",
                Opcode::Silence => "silence",
            };
            vec![Step {
                of: of(*request),
                detail: bounded(text),
                ..step(Some(lanes), kind.to_owned())
            }]
        }
        Event::Control { call, body } => vec![step(
            Some(("locum", "vendor")),
            format!("control {call} {}", bounded(&compact(body))),
        )],
        Event::Room {
            kind,
            values,
            positions,
            alphabet,
        } => vec![step(
            None,
            format!(
                "{values} values of {kind} differ at {positions} positions of {alphabet} letters"
            ),
        )],
        Event::Ask { message, .. } => {
            let message = json!(message);
            let op = message["op"].as_str().unwrap_or_default();
            let path = message["path"].as_str().unwrap_or_default();
            vec![Step {
                detail: bounded(&format!("{message:#}")),
                ..step(Some(("locum", "client")), format!("{op} {path}"))
            }]
        }
        Event::Answer { message, .. } => {
            let status = message.status;
            let label = match (message.ok, &message.error) {
                (Some(true), _) => "ok".to_owned(),
                (_, Some(error)) => format!("failed: {error}"),
                _ => "unsupported".to_owned(),
            };
            vec![Step {
                status,
                detail: bounded(&format!("{:#}", json!(message))),
                ..step(Some(("client", "locum")), label)
            }]
        }
        Event::Gone { gone, .. } => vec![step(None, format!("the client went away: {}", gone.why))],
        Event::Output { text, .. } => vec![step(None, format!("the client printed: {text}"))],
        Event::Entry { entry } => entry_steps(entry, "", &step),
        Event::Elsewhere { place, entry } => entry_steps(entry, place, &step),
        Event::TlsHello {
            host,
            offer,
            answer,
        } => {
            let label = format!("TLS hello to {host}: {}, {}", offer.words(), answer.words());
            vec![step(Some(("locum", "vendor")), label)]
        }
        Event::Tls { handshake } => {
            vec![Step {
                detail: bounded(&format!("{:#}", json!(handshake))),
                ..step(Some(("client", "vendor")), "TLS handshake".to_owned())
            }]
        }
        Event::Limitation { what } => vec![step(None, what.clone())],
        Event::Pending { wait_s } => {
            let label = format!("would have to wait for {wait_s} s, and ended here");
            vec![step(None, label)]
        }
        Event::Probe { .. } | Event::Measurement { .. } => vec![Step {
            detail: bounded(&format!("{:#}", json!(record.event))),
            ..step(None, "what was measured of lifetimes".to_owned())
        }],
        Event::Account { .. } | Event::Started { .. } | Event::OutputHeard => Vec::new(),
    }
}

/// The client's request, and the reply where there is one.
fn entry_steps(
    entry: &Entry,
    place: &str,
    step: &impl Fn(Option<(&'static str, &'static str)>, String) -> Step,
) -> Vec<Step> {
    let at = if place.is_empty() {
        String::new()
    } else {
        format!(" (at {place})")
    };
    let request = RequestLine {
        method: entry.method.clone(),
        target: entry.target.clone(),
        headers: entry.headers.clone(),
        body: entry.body.clone().unwrap_or_default(),
    };
    let mut steps = vec![Step {
        detail: request_text(&request),
        ..step(
            Some(("client", "vendor")),
            format!("{} {}{at}", entry.method, entry.target),
        )
    }];
    if let Some(reply) = &entry.reply {
        let denial = entry.denial.as_ref();
        let why = denial.map_or_else(String::new, |denial| format!(" · {}", denial.sentence()));
        let message = Message {
            status: reply.status,
            headers: reply.headers.clone(),
            body: reply.body.clone().unwrap_or_default(),
        };
        steps.push(Step {
            status: Some(reply.status),
            detail: reply_text(&message),
            ..step(
                Some(("vendor", "client")),
                format!("{}{why}", wire::status(reply.status)),
            )
        });
    }
    steps
}

fn request_text(request: &RequestLine) -> String {
    let first = format!("{} {}", request.method, request.target);
    message_text(&first, &request.headers, &request.body)
}

fn reply_text(reply: &Message) -> String {
    message_text(&wire::status(reply.status), &reply.headers, &reply.body)
}

fn message_text(first: &str, headers: &[(String, String)], body: &str) -> String {
    let mut text = format!("{first}\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\n");
    }
    if !body.is_empty() {
        text += &format!("\n{body}");
    }
    bounded(&text)
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn an_exchange_is_two_steps_that_belong_together() {
        let report = report();
        let numbering = Numbering::of(&report);
        let ladder = Ladder::of(&report.scenarios[1], &numbering);
        let told: Vec<(&str, Option<&str>)> = ladder
            .steps
            .iter()
            .map(|step| (step.label.as_str(), step.from))
            .collect();
        assert_eq!(
            told,
            [
                ("control clock {\"advance_s\":304}", Some("locum")),
                ("POST /token · login", Some("locum")),
                ("200 OK", Some("vendor")),
            ]
        );
        assert_eq!(ladder.steps[2].of, Some(ladder.steps[1].n));
        assert!(ladder.steps[1].detail.ends_with("secret=«client secret»"));
    }

    #[test]
    fn a_long_message_is_bounded() {
        let long = "é".repeat(MAX_DETAIL + 1);
        assert_eq!(bounded(&long).chars().count(), MAX_DETAIL + 2);
        assert_eq!(bounded("short"), "short");
    }
}
