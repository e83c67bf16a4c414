//! What a person reads: the table, a line a row; or the findings, worst first, each with what to do.

mod findings;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use locum_core::Verdict;

use super::Report;
use super::fingerprint::{self, fingerprints};
use crate::catalogue::catalogue;
use crate::verdict::VerdictRow;

pub use findings::findings;

/// How the table is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal; lines are cut there.
    pub width: usize,
    /// Whether verdicts are coloured.
    pub color: bool,
}

/// The table, a group for each vendor, and a summary line. Rows that nothing covers
/// (NOT_RUN) are counted, not listed.
pub fn table(report: &Report, look: Look) -> String {
    let mut out = String::new();
    // The client of `check` is our own.
    let cards = match report.run.command.as_str() {
        "drive" => fingerprints(report),
        _ => BTreeMap::new(),
    };
    for vendor in &report.run.vendors {
        let title = report.titles.get(vendor).unwrap_or(vendor);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", paint(title, "1", look));
        let rows = report.verdicts.iter().filter(|row| row.vendor == *vendor);
        for row in rows.filter(|row| row.verdict != Verdict::NotRun) {
            out.push_str(&line(row, look));
        }
        if let Some(card) = cards.get(vendor) {
            let room = look.width.saturating_sub(16);
            let card = cut(&fingerprint::line(card), room);
            let _ = writeln!(out, "  {:<12} {card}", "fingerprint");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary(report, look));
    out
}

fn line(row: &VerdictRow, look: Look) -> String {
    let sentence = || {
        let known = catalogue().get(&row.id.0);
        known.map_or_else(String::new, |known| known.requirement.clone())
    };
    let mut text = match row.verdict {
        Verdict::Pass => sentence(),
        _ => row.reason.clone(),
    };
    if let Some(first) = row.needed_by.first() {
        text = format!("(for {first}) {text}");
    }
    let head = format!("{:<9} {:<7}", row.id.0, row.level.word());
    let room = look.width.saturating_sub(2 + 13 + head.chars().count() + 1);
    let word = format!("{:<12}", row.verdict.word());
    format!(
        "  {} {head} {}\n",
        paint(&word, color(row.verdict), look),
        cut(&text, room)
    )
}

fn summary(report: &Report, look: Look) -> String {
    let mut parts: Vec<String> = report
        .summary()
        .into_iter()
        .rev()
        .map(|(verdict, count)| {
            let word = match verdict {
                Verdict::NotRun => "not covered",
                verdict => verdict.word(),
            };
            paint(&format!("{count} {word}"), color(verdict), look)
        })
        .collect();
    if parts.is_empty() {
        parts.push("nothing was judged".to_owned());
    }
    format!(
        "{}  (seed {}, exit {})",
        parts.join(", "),
        report.run.seed,
        report.exit_code
    )
}

/// The text on one line, with an ellipsis where it is cut.
fn cut(text: &str, room: usize) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= room {
        return text;
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

const fn color(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "32",
        Verdict::Fail | Verdict::Error | Verdict::Harness => "31",
        Verdict::Warn => "33",
        Verdict::Info => "36",
        Verdict::Inconclusive | Verdict::NotApplicable | Verdict::NotRun => "2",
    }
}

fn paint(text: &str, code: &str, look: Look) -> String {
    if look.color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    const GOLDEN: &str = "\
Pattern Health
  PASS         VEN-16    MUST    The documented login request with vali…
  FAIL         VEN-26    MUST    call was answered with 200 304 s after…

1 FAIL, 1 PASS, 1 not covered  (seed 7, exit 1)
";

    #[test]
    fn the_table_is_as_it_was() {
        let look = Look {
            width: 72,
            color: false,
        };
        assert_eq!(table(&report(), look), GOLDEN);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let look = Look {
            width: 72,
            color: true,
        };
        let painted = table(&report(), look);
        assert!(painted.contains("\u{1b}[31mFAIL        \u{1b}[0m"));
        let mut plain = String::new();
        for piece in painted.split('\u{1b}') {
            let text = piece.split_once('m').filter(|_| piece.starts_with('['));
            plain.push_str(text.map_or(piece, |(_, text)| text));
        }
        assert_eq!(plain, GOLDEN);
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(cut("a  b\nc", 9), "a b c");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("ééé", 3), "ééé");
        assert_eq!(cut("abc", 0), "…");
    }
}
