//! `results.tap`: the Test Anything Protocol, version 14.

use locum_core::Verdict;

use super::{Report, prose};
use crate::verdict::VerdictRow;

/// The file's text: a test point for each row, with a YAML block where it is bad.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.verdicts.len());
    for (at, row) in report.verdicts.iter().enumerate() {
        text += &point(report, row, at + 1);
    }
    text
}

fn point(report: &Report, row: &VerdictRow, number: usize) -> String {
    let expected = report.is_expected(row);
    let ok = if report.fails(row) || expected {
        "not ok"
    } else {
        "ok"
    };
    let name = format!("{}@{} {}", row.id, row.vendor, prose::sentence(row));
    let mut line = format!("{ok} {number} - {}", escaped(&name));
    let is_open = matches!(
        row.verdict,
        Verdict::NotApplicable | Verdict::NotRun | Verdict::Inconclusive | Verdict::Pending
    );
    if expected {
        line += " # TODO expected by the baseline";
    } else if is_open && ok == "ok" {
        line += &format!(
            " # SKIP {}: {}",
            row.verdict.word(),
            escaped(&prose::why(report, row))
        );
    }
    line.push('\n');
    if super::is_bad(row.verdict) || ok == "not ok" {
        line += &block(row);
    }
    line
}

/// YAML is a superset of JSON: texts are written as its strings.
fn block(row: &VerdictRow) -> String {
    let mut text = "  ---\n".to_owned();
    let mut member = |name: &str, value: &str| {
        text += &format!("  {name}: {}\n", serde_json::Value::from(value));
    };
    member("verdict", row.verdict.word());
    member("message", &row.reason);
    if let Some(expected) = &row.expected {
        member("expected", expected);
    }
    if let Some(observed) = &row.observed {
        member("observed", observed);
    }
    if let Some(mend) = prose::mend(row) {
        member("mend", mend);
    }
    text + "  ...\n"
}

/// A description on one line; what begins a directive is escaped.
fn escaped(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn each_row_is_a_point() {
        let text = text(&report());
        assert!(
            text.starts_with("TAP version 14\n1..3\nok 1 - VEN-16@pattern "),
            "{text}"
        );
        let fail = "not ok 2 - VEN-26@pattern A token lives expires_in milliseconds and not longer.\n  ---\n  verdict: \"FAIL\"\n  message: \"call was answered with 200 304 s after its issue\"\n  mend: \"count expires_in in milliseconds ";
        assert!(text.contains(fail), "{text}");
        assert!(
            text.ends_with(" # SKIP NOT_RUN: no scenario shows it\n"),
            "{text}"
        );
    }

    #[test]
    fn a_text_begins_no_directive() {
        assert_eq!(escaped("a # TODO\n b\\"), "a \\# TODO b\\\\");
    }
}
