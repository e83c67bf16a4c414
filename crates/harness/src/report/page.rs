//! `report.html`: one page that needs nothing beside it and no network. The data stand in it as
//! JSON; a script of the page draws them, so that several runs can stand beside one another.

mod ladder;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::numbering::Numbering;
use super::results::{self, VerdictV1};
use super::{Report, prose, terminal};
use crate::catalogue::{area, source::Source};
use crate::verdict::VerdictRow;
use ladder::Ladder;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The page of one run.
pub(super) fn text(report: &Report) -> String {
    let title = format!(
        "locum {} {}",
        report.run.command,
        report.run.vendors.join(" ")
    );
    page(&title, &[(report.run.id.clone(), report)])
}

/// The page of several runs, each by its name.
pub(super) fn merged(reports: &[(String, &Report)]) -> String {
    page(&format!("locum: {} runs", reports.len()), reports)
}

fn page(title: &str, reports: &[(String, &Report)]) -> String {
    let data = Data {
        title,
        areas: area::all().collect(),
        runs: reports
            .iter()
            .map(|(name, report)| run(name, report))
            .collect(),
    };
    let data = serde_json::to_string(&data).expect("only texts, numbers and lists");
    // Within a script `</` and `<!--` would end it, and JSON may write any character as its number.
    let data = data.replace('<', "\\u003c");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let mut page = String::with_capacity(data.len() + SCRIPT.len() + STYLE.len() + PAGE.len());
    // What is put in is not searched for further marks.
    let mut rest = PAGE;
    for (mark, text) in [
        ("{title}", title.as_str()),
        ("{style}", STYLE),
        ("{data}", &data),
        ("{script}", SCRIPT),
    ] {
        let (before, after) = rest.split_once(mark).expect("the page has each mark once");
        page += before;
        page += text;
        rest = after;
    }
    page + rest
}

#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    areas: Vec<(&'static str, &'static str)>,
    runs: Vec<RunData<'a>>,
}

#[derive(Serialize)]
struct RunData<'a> {
    name: &'a str,
    subject: String,
    version: &'static str,
    started: String,
    duration_ms: u128,
    seed: u64,
    exit_code: u8,
    coverage: String,
    cascades: Vec<String>,
    vendors: &'a [String],
    titles: &'a BTreeMap<String, String>,
    verdicts: Vec<VerdictData>,
    scenarios: BTreeMap<&'a str, Ladder>,
}

#[derive(Serialize)]
struct VerdictData {
    #[serde(flatten)]
    row: VerdictV1,
    sources: Vec<SourceData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct SourceData {
    text: String,
    address: Option<String>,
}

fn run<'a>(name: &'a str, report: &'a Report) -> RunData<'a> {
    let numbering = Numbering::of(report);
    let rows: Vec<&VerdictRow> = report.verdicts.iter().collect();
    let scenarios = report.scenarios.iter();
    RunData {
        name,
        subject: subject(report),
        version: concat!("locum ", env!("CARGO_PKG_VERSION")),
        started: report.run.started.rfc3339(),
        duration_ms: report.run.duration.as_millis(),
        seed: report.run.seed,
        exit_code: report.exit_code,
        coverage: terminal::coverage(&rows),
        cascades: report
            .cascades
            .iter()
            .map(super::Cascade::sentence)
            .collect(),
        vendors: &report.run.vendors,
        titles: &report.titles,
        verdicts: rows
            .iter()
            .map(|row| verdict(report, row, &numbering))
            .collect(),
        scenarios: scenarios
            .map(|scenario| (scenario.key.as_str(), Ladder::of(scenario, &numbering)))
            .collect(),
    }
}

fn verdict(report: &Report, row: &VerdictRow, numbering: &Numbering) -> VerdictData {
    let address = |Source { text, address, .. }| SourceData { text, address };
    VerdictData {
        row: results::verdict(report, row, numbering),
        sources: prose::sources(row).into_iter().map(address).collect(),
        repeat: super::is_bad(row.verdict)
            .then(|| prose::repeat(report, row))
            .flatten(),
        note: prose::note(report, row),
    }
}

/// Who was judged, in words.
fn subject(report: &Report) -> String {
    if let Some(client) = &report.run.client {
        let words = [&client.name, &client.version, &client.language];
        let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
        return words.join(" ").trim().to_owned();
    }
    let scenario = report.scenarios.first();
    let url = scenario.and_then(|scenario| scenario.urls.values().next());
    match (report.run.subject.as_str(), url) {
        ("vendor", Some(url)) => url.clone(),
        (kind, _) => kind.to_owned(),
    }
}

/// A value as a person reads it in a line.
fn compact(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    fn data(page: &str) -> Value {
        let (_, rest) = page
            .split_once("<script type=\"application/json\" id=\"data\">")
            .expect("it has data");
        let (data, _) = rest.split_once("</script>").expect("it ends");
        serde_json::from_str(data).expect("JSON")
    }

    #[test]
    fn the_page_holds_its_data_and_asks_for_nothing() {
        let page = text(&report());
        for from_elsewhere in ["src=", "<link", "@import", "url(", "fetch("] {
            assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
        }
        assert!(page.contains("default-src 'none'"));
        let data = data(&page);
        assert_eq!(data["title"], "locum check pattern");
        let fail = &data["runs"][0]["verdicts"][1];
        assert_eq!(
            (&fail["id"], &fail["verdict"]),
            (&"VEN-26".into(), &"FAIL".into())
        );
        assert!(
            fail["repeat"]
                .as_str()
                .is_some_and(|line| line.starts_with("curl "))
        );
        let steps = &data["runs"][0]["scenarios"]["vendor-2"]["steps"];
        let proof = fail["evidence"][0]["entries"][0].as_u64();
        let known = steps
            .as_array()
            .expect("a list")
            .iter()
            .map(|step| step["n"].as_u64());
        assert!(known.into_iter().any(|n| n == proof), "{steps}");
    }

    /// A vendor may send a page that ends ours.
    #[test]
    fn what_a_vendor_sent_is_no_markup() {
        let mut report = report();
        report.verdicts[1].reason =
            "</script><img src=x onerror=alert(1)> {script} <!--".to_owned();
        let page = text(&report);
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 2);
        assert_eq!(
            data(&page)["runs"][0]["verdicts"][1]["reason"],
            report.verdicts[1].reason
        );
    }

    #[test]
    fn several_runs_stand_beside_one_another() {
        let report = report();
        let page = merged(&[("a".to_owned(), &report), ("b".to_owned(), &report)]);
        let data = data(&page);
        assert_eq!(data["runs"].as_array().map(Vec::len), Some(2));
        assert_eq!(data["runs"][1]["name"], "b");
    }
}
