//! `badge.json`: the endpoint format of shields.io.

use locum_core::Verdict;
use serde_json::json;

use super::Report;
use super::terminal::is_judged;

/// The file's text: how many rows were judged, or what is wrong.
pub(super) fn text(report: &Report) -> String {
    let summary = report.summary();
    let count = |verdict| summary.get(&verdict).copied().unwrap_or_default();
    let failing = report
        .verdicts
        .iter()
        .filter(|row| report.fails(row))
        .count();
    let judged = report
        .verdicts
        .iter()
        .filter(|row| is_judged(row.verdict))
        .count();
    let of = report.verdicts.len() - count(Verdict::NotApplicable);
    let warnings = count(Verdict::Warn);
    let (message, color) = match (failing, judged, warnings) {
        (1.., _, _) => (format!("{failing} failing"), "red"),
        (0, 0, _) => ("nothing judged".to_owned(), "lightgrey"),
        (0, _, 1..) => (
            format!("{judged} of {of} judged, {warnings} WARN"),
            "yellow",
        ),
        (0, _, 0) => (format!("{judged} of {of} judged"), "brightgreen"),
    };
    let label = format!("locum {}", report.run.vendors.join(" "));
    let badge = json!({
        "schemaVersion": 1,
        "label": label,
        "message": message,
        "color": color,
        "isError": failing > 0,
    });
    format!("{badge}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    fn check(verdicts: [Verdict; 3], message: &str, color: &str) {
        let mut report = report();
        for (row, verdict) in report.verdicts.iter_mut().zip(verdicts) {
            row.verdict = verdict;
        }
        let badge: serde_json::Value = serde_json::from_str(&text(&report)).expect("json");
        assert_eq!(badge["label"], "locum pattern");
        assert_eq!(
            (&badge["message"], &badge["color"]),
            (&json!(message), &json!(color))
        );
    }

    #[test]
    fn a_badge_is_green_only_when_something_was_judged_and_nothing_is_wrong() {
        use Verdict::{Fail, NotApplicable, NotRun, Pass, Warn};
        check([Pass, Pass, NotApplicable], "2 of 2 judged", "brightgreen");
        check([Pass, Fail, Warn], "1 failing", "red");
        check([Pass, Warn, NotRun], "2 of 3 judged, 1 WARN", "yellow");
        check([NotRun, NotRun, NotRun], "nothing judged", "lightgrey");
    }
}
