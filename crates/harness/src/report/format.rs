//! The forms in which a run is written: all are made from the one report, so none says what another
//! denies.

use super::{Report, badge, events, har, junit, markdown, page, results, sarif, tap};

/// A form of a report; [`about`](Self::about) says what each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `events.ndjson`.
    Events,
    /// `results.json`.
    Json,
    /// `junit.xml`.
    Junit,
    /// `results.tap`.
    Tap,
    /// `results.sarif`.
    Sarif,
    /// `summary.md`.
    Markdown,
    /// `har/SCENARIO.har`, one for each scenario.
    Har,
    /// `report.html`.
    Html,
    /// `badge.json`.
    Badge,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Events,
        Self::Json,
        Self::Junit,
        Self::Tap,
        Self::Sarif,
        Self::Markdown,
        Self::Har,
        Self::Html,
        Self::Badge,
    ];

    /// The name by which a person asks for it: `json`, `junit`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Har => "har",
            Self::Html => "html",
            Self::Badge => "badge",
        }
    }

    /// What it is, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Events => "The evidence, from which all others can be made again",
            Self::Json => "results.json; `locum report schema` describes it",
            Self::Junit => "JUnit's XML",
            Self::Tap => "The Test Anything Protocol, version 14",
            Self::Sarif => "SARIF 2.1.0, for code scanning",
            Self::Markdown => "GitHub's Markdown",
            Self::Har => "HTTP Archive 1.2",
            Self::Html => "One page that needs nothing beside it",
            Self::Badge => "The endpoint format of shields.io",
        }
    }

    /// The whole report in one text.
    pub fn text(self, report: &Report, anchor: Option<&str>) -> String {
        match self {
            Self::Events => events::text(report),
            Self::Json => results::text(report),
            Self::Junit => junit::text(report),
            Self::Tap => tap::text(report),
            Self::Sarif => sarif::text(report, anchor),
            Self::Markdown => markdown::text(report),
            Self::Har => har::text(report),
            Self::Html => page::text(report),
            Self::Badge => badge::text(report),
        }
    }

    /// The files of a report's folder, by their paths in it. `anchor` is the file of the reader's
    /// own to which alerts are pinned.
    pub fn files(self, report: &Report, anchor: Option<&str>) -> Vec<(String, String)> {
        let name = match self {
            Self::Har => {
                let archives = har::each(report).into_iter();
                return archives
                    .map(|(key, text)| (format!("har/{key}.har"), text))
                    .collect();
            }
            Self::Events => "events.ndjson",
            Self::Json => "results.json",
            Self::Junit => "junit.xml",
            Self::Tap => "results.tap",
            Self::Sarif => "results.sarif",
            Self::Markdown => "summary.md",
            Self::Html => "report.html",
            Self::Badge => "badge.json",
        };
        vec![(name.to_owned(), self.text(report, anchor))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn no_secret_is_in_any_form_and_each_tells_what_is_broken() {
        let report = report();
        let mut paths = Vec::new();
        for format in Format::ALL {
            for (path, text) in format.files(&report, None) {
                assert!(!report.leaks(&text), "{path}");
                let is_told = text.contains("VEN-26") || text.contains("1 failing");
                assert!(is_told || format == Format::Har, "{path}");
                paths.push(path);
            }
        }
        assert_eq!(
            paths,
            [
                "events.ndjson",
                "results.json",
                "junit.xml",
                "results.tap",
                "results.sarif",
                "summary.md",
                "har/vendor-1.har",
                "har/vendor-2.har",
                "report.html",
                "badge.json"
            ]
        );
    }
}
