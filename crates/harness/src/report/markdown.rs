//! `summary.md`: what a reviewer reads in a pull request or a job's summary.

use std::collections::BTreeMap;

use locum_core::Verdict;

use super::terminal::{coverage, is_judged};
use super::{Report, prose};
use crate::catalogue::area;
use crate::verdict::{VerdictRow, weight};

/// The file's text, in GitHub's Markdown.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!("## locum {}\n\n", report.run.command);
    let counts = report.summary();
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(verdict, _)| std::cmp::Reverse(weight(**verdict)));
    let counts: Vec<String> = counts
        .iter()
        .map(|(verdict, count)| format!("**{count}** {}", verdict.word()))
        .collect();
    text += &format!(
        "{} · seed {} · exit {}\n",
        counts.join(" · "),
        report.run.seed,
        report.exit_code
    );
    for vendor in &report.run.vendors {
        let rows: Vec<&VerdictRow> = report
            .verdicts
            .iter()
            .filter(|row| row.vendor == *vendor)
            .collect();
        let title = report.titles.get(vendor).unwrap_or(vendor);
        text += &format!("\n### {}\n\n{}\n", escaped(title), coverage(&rows));
        let cascades = report.cascades.iter();
        for cascade in cascades.filter(|cascade| cascade.vendor == *vendor) {
            text += &format!("\n{}\n", escaped(&cascade.sentence()));
        }
        text += &findings(report, &rows);
        text += &areas(&rows);
    }
    text
}

fn findings(report: &Report, rows: &[&VerdictRow]) -> String {
    let mut bad: Vec<&VerdictRow> = rows
        .iter()
        .copied()
        .filter(|row| super::is_bad(row.verdict))
        .collect();
    if bad.is_empty() {
        return "\nNothing is broken.\n".to_owned();
    }
    bad.sort_by_key(|row| (std::cmp::Reverse(weight(row.verdict)), row.level));
    let mut text = "\n| | requirement | seen | mend |\n|---|---|---|---|\n".to_owned();
    for row in &bad {
        let id = match prose::address(row) {
            Some(address) => format!("[{}]({address})", row.id),
            None => row.id.to_string(),
        };
        let mark = if report.is_expected(row) {
            " (expected)"
        } else {
            ""
        };
        text += &format!(
            "| {}{mark} | {id} {} | {} | {} |\n",
            row.verdict.word(),
            cell(prose::sentence(row)),
            cell(row.observed.as_ref().unwrap_or(&row.reason)),
            cell(prose::mend(row).unwrap_or_default()),
        );
    }
    for row in bad {
        text += &format!(
            "\n<details><summary>{} {}</summary>\n\n{}\n</details>\n",
            row.verdict.word(),
            row.id,
            fenced(&prose::finding(report, row)),
        );
    }
    text
}

/// How many rows of each area passed, of how many that were judged.
fn areas(rows: &[&VerdictRow]) -> String {
    let mut areas: BTreeMap<(usize, &str), BTreeMap<Verdict, usize>> = BTreeMap::new();
    for row in rows {
        let letters = area::area_of(&row.id.0);
        let counts = areas.entry((area::place(letters), letters)).or_default();
        *counts.entry(row.verdict).or_default() += 1;
    }
    let mut text = "\n<details><summary>Coverage by area</summary>\n\n| area | judged | passed | broken | open |\n|---|--:|--:|--:|--:|\n".to_owned();
    for ((_, letters), counts) in areas {
        let of = |wanted: fn(Verdict) -> bool| -> usize {
            let counts = counts.iter();
            counts
                .filter(|(verdict, _)| wanted(**verdict))
                .map(|(_, count)| count)
                .sum()
        };
        text += &format!(
            "| {letters} {} | {} | {} | {} | {} |\n",
            area::subject(letters),
            of(is_judged),
            of(|verdict| verdict == Verdict::Pass),
            of(super::is_bad),
            of(|verdict| matches!(
                verdict,
                Verdict::Inconclusive | Verdict::Pending | Verdict::NotRun
            )),
        );
    }
    text + "\n</details>\n"
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    escaped(&words.join(" "))
}

/// What a vendor sent must not be read as Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '@' => {
                shown.extend(['\\', c]);
            }
            c => shown.push(c),
        }
    }
    shown
}

/// A block of text as it is, in a fence that is longer than any in it.
fn fenced(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn the_summary_names_what_is_broken_first() {
        let text = text(&report());
        assert!(
            text.starts_with(
                "## locum check\n\n**1** FAIL · **1** NOT_RUN · **1** PASS · seed 7 · exit 1\n"
            ),
            "{text}"
        );
        let row = "| FAIL | [VEN-26](https://docs.pattern.health/pattern-api/v1/authentication.html) A token lives expires\\_in milliseconds and not longer. | call was answered with 200 304 s after its issue | count expires\\_in in milliseconds ";
        assert!(text.contains(row), "{text}");
        assert!(
            text.contains("| VEN the vendor's own page | 2 | 1 | 1 | 1 |\n"),
            "{text}"
        );
        assert!(text.contains("2 of 3 rows judged\n"), "{text}");
    }

    #[test]
    fn a_vendors_words_are_no_markup() {
        assert_eq!(cell("a|b\n<img> *x*"), "a\\|b &lt;img&gt; \\*x\\*");
        assert_eq!(fenced("a ```` b"), "`````text\na ```` b\n`````");
        assert_eq!(fenced("a"), "```text\na\n```");
    }
}
