//! `har/SCENARIO.har`: HTTP Archive 1.2, which browsers and proxies open.

use std::time::Duration;

use locum_core::Entry;
use serde_json::{Value, json};

use super::{Report, wire};
use crate::evidence::{Event, Exchange, Record, RecordId};
use crate::http::Url;
use crate::verdict::Scenario;

/// All exchanges of a run in one archive, a page for each scenario.
pub(super) fn text(report: &Report) -> String {
    archive(report, &report.scenarios.iter().collect::<Vec<_>>())
}

/// An archive for each scenario in which something was exchanged, by the scenario's name.
pub(super) fn each(report: &Report) -> Vec<(String, String)> {
    let scenarios = report.scenarios.iter();
    let spoken = scenarios.filter(|scenario| !entries(report, scenario).is_empty());
    spoken
        .map(|scenario| (scenario.key.clone(), archive(report, &[scenario])))
        .collect()
}

fn archive(report: &Report, scenarios: &[&Scenario]) -> String {
    let pages: Vec<Value> = scenarios
        .iter()
        .map(|scenario| {
            let began = scenario.evidence.records().first();
            json!({
                "id": scenario.key,
                "title": format!("{} ({})", scenario.title, scenario.vendor),
                "startedDateTime": at(report, began.map_or(0, |record| record.t_ms)),
                "pageTimings": {},
            })
        })
        .collect();
    let entries: Vec<Value> = scenarios
        .iter()
        .flat_map(|scenario| entries(report, scenario))
        .collect();
    let har = json!({"log": {
        "version": "1.2",
        "creator": {"name": "locum", "version": env!("CARGO_PKG_VERSION")},
        "pages": pages,
        "entries": entries,
    }});
    let mut text = serde_json::to_string_pretty(&har).expect("only texts, numbers and lists");
    text.push('\n');
    text
}

fn at(report: &Report, t_ms: u64) -> String {
    report
        .run
        .started
        .plus(Duration::from_millis(t_ms))
        .rfc3339()
}

fn entries(report: &Report, scenario: &Scenario) -> Vec<Value> {
    let records = scenario.evidence.records();
    let time_of = |wanted: RecordId| {
        let found = records.iter().find(|record| record.seq == wanted);
        found.map_or(0, |record| record.t_ms)
    };
    let ours = scenario.evidence.exchanges().map(|exchange| {
        let began = time_of(exchange.seq);
        let ended = ended(records, &exchange).unwrap_or(began);
        let timing = (at(report, began), ended.saturating_sub(began));
        entry(
            &scenario.key,
            timing,
            &Sides::of_exchange(scenario, &exchange),
        )
    });
    let theirs = scenario.evidence.entries().map(|(seq, one)| {
        let took = one.completed.map_or(0, |end| {
            u64::try_from(end.since(one.arrived).as_millis()).unwrap_or_default()
        });
        let timing = (at(report, time_of(seq)), took);
        entry(&scenario.key, timing, &Sides::of_entry(scenario, one))
    });
    ours.chain(theirs).collect()
}

fn ended(records: &[Record], exchange: &Exchange<'_>) -> Option<u64> {
    let ends = |record: &&Record| match &record.event {
        Event::Reply { request, .. } | Event::Cut { request, .. } => *request == exchange.seq,
        _ => false,
    };
    records.iter().find(ends).map(|record| record.t_ms)
}

/// Both sides of an exchange.
struct Sides<'a> {
    comment: String,
    method: &'a str,
    url: String,
    request: (&'a [(String, String)], &'a str),
    status: u16,
    reply: (&'a [(String, String)], &'a str),
}

impl<'a> Sides<'a> {
    fn of_exchange(scenario: &Scenario, exchange: &Exchange<'a>) -> Self {
        let request = exchange.request;
        let origin = super::curl::origin(scenario, exchange).unwrap_or_default();
        let reply = exchange.reply;
        Self {
            comment: exchange.words(),
            method: &request.method,
            url: format!("{origin}{}", request.target),
            request: (&request.headers, &request.body),
            status: exchange.status(),
            reply: reply.map_or((&[], ""), |reply| (&reply.headers[..], &reply.body)),
        }
    }

    fn of_entry(scenario: &Scenario, entry: &'a Entry) -> Self {
        let url = scenario.urls.values().next();
        let url = url.and_then(|url| Url::parse(url).ok());
        let origin = url.map_or_else(String::new, |url| {
            let scheme = if url.tls { "https" } else { "http" };
            format!("{scheme}://{}", url.authority())
        });
        let reply = entry.reply.as_ref();
        Self {
            comment: entry.endpoint.clone(),
            method: &entry.method,
            url: format!("{origin}{}", entry.target),
            request: (&entry.headers, entry.body.as_deref().unwrap_or_default()),
            status: reply.map_or(0, |reply| reply.status),
            reply: reply.map_or((&[], ""), |reply| {
                (
                    &reply.headers[..],
                    reply.body.as_deref().unwrap_or_default(),
                )
            }),
        }
    }
}

fn entry(page: &str, (started, took): (String, u64), sides: &Sides<'_>) -> Value {
    let (headers, body) = sides.request;
    let mut request = json!({
        "method": sides.method,
        "url": sides.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": named(headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        "queryString": named(query(&sides.url)),
        "headersSize": -1,
        "bodySize": body.len(),
    });
    if !body.is_empty() {
        request["postData"] = json!({"mimeType": media_type(headers), "text": body});
    }
    let (headers, body) = sides.reply;
    let reason = wire::status(sides.status);
    let reason = reason.split_once(' ').map_or("", |(_, reason)| reason);
    json!({
        "pageref": page,
        "startedDateTime": started,
        "time": took,
        "request": request,
        "response": {
            "status": sides.status,
            "statusText": reason,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": named(headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
            "content": {"size": body.len(), "mimeType": media_type(headers), "text": body},
            "redirectURL": header(headers, "location").unwrap_or_default(),
            "headersSize": -1,
            "bodySize": body.len(),
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": sides.comment,
    })
}

fn named<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    pairs
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

fn query(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn header<'a>(headers: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.as_str())
}

fn media_type(headers: &[(String, String)]) -> &str {
    header(headers, "content-type").unwrap_or("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn each_exchange_is_an_entry_of_its_scenarios_page() {
        let har: Value = serde_json::from_str(&text(&report())).expect("json");
        let log = &har["log"];
        assert_eq!(log["pages"].as_array().map(Vec::len), Some(2));
        let entry = &log["entries"][0];
        assert_eq!(entry["pageref"], "vendor-1");
        assert_eq!(entry["startedDateTime"], "2026-11-24T10:00:00Z");
        assert_eq!(entry["request"]["url"], "http://127.0.0.1:1/token");
        assert_eq!(
            entry["request"]["postData"]["text"],
            "secret=«client secret»"
        );
        assert_eq!(entry["response"]["status"], 200);
        assert_eq!(entry["comment"], "login");
    }

    #[test]
    fn each_scenario_has_an_archive_of_its_own() {
        let report = report();
        let names: Vec<String> = each(&report).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["vendor-1", "vendor-2"]);
    }

    #[test]
    fn a_query_is_taken_apart_as_it_stands() {
        let pairs: Vec<_> = query("http://h/x?a=1&b&c=%20").collect();
        assert_eq!(pairs, [("a", "1"), ("b", ""), ("c", "%20")]);
    }
}
