//! The findings for whoever wrote the client: worst first, each with what was seen on the wire, what
//! was expected and how to mend it; then in a few lines what passed and what was not exercised.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use locum_core::{Entry, Verdict};

use super::{Look, color, cut, paint, summary};
use crate::catalogue::{catalogue, hint};
use crate::evidence::{Event, Record, RecordId};
use crate::report::Report;
use crate::rules;
use crate::subject::OutputStream;
use crate::verdict::VerdictRow;

/// Most requests of one finding that are listed; alike ones are one line.
const MAX_LINES: usize = 4;

/// How wide the names before a text are.
const LABEL: usize = 10;

/// The findings of each vendor that saw a client, and a summary line.
pub fn findings(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for vendor in &report.run.vendors {
        let mut scenarios = report.scenarios.iter();
        if !scenarios.any(|scenario| scenario.vendor == *vendor) {
            continue;
        }
        let title = report.titles.get(vendor).unwrap_or(vendor);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}\n", paint(title, "1", look));
        of_vendor(&mut out, report, vendor, look);
    }
    let _ = writeln!(out, "{}", summary(report, look));
    out
}

fn of_vendor(out: &mut String, report: &Report, vendor: &str, look: Look) {
    let rows = || {
        let rows = report.verdicts.iter();
        rows.filter(move |row| row.vendor == vendor)
    };
    let mut told: Vec<&VerdictRow> = rows().filter(|row| is_told(row)).collect();
    told.sort_by_key(|row| (std::cmp::Reverse(row.verdict), row.level));
    for row in told {
        finding(out, report, row, look);
    }
    let passed: Vec<&str> = rows()
        .filter(|row| row.verdict == Verdict::Pass)
        .map(|row| row.id.0.as_str())
        .collect();
    if !passed.is_empty() {
        let head = format!("{} passed", passed.len());
        let _ = writeln!(out, "{}", paint(&head, color(Verdict::Pass), look));
        wrapped(out, 2, &passed.join(" "), look);
        out.push('\n');
    }
    open(out, rows(), look);
    unexercised(out, rows(), vendor, look);
}

/// What was seen and could not be judged, a line for each reason.
fn open<'a>(out: &mut String, rows: impl Iterator<Item = &'a VerdictRow>, look: Look) {
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.filter(|row| row.verdict == Verdict::Inconclusive) {
        ids.entry(&row.reason).or_default().push(&row.id.0);
    }
    let count: usize = ids.values().map(Vec::len).sum();
    if count == 0 {
        return;
    }
    let head = format!("{count} seen and not judged");
    let _ = writeln!(out, "{}", paint(&head, color(Verdict::Inconclusive), look));
    for (reason, ids) in ids {
        let _ = writeln!(out, "  {}", ids.join(" "));
        wrapped(out, 6, reason, look);
    }
    out.push('\n');
}

/// Whether a row is told at length.
const fn is_told(row: &VerdictRow) -> bool {
    !matches!(
        row.verdict,
        Verdict::Pass | Verdict::Inconclusive | Verdict::NotRun | Verdict::NotApplicable
    )
}

fn finding(out: &mut String, report: &Report, row: &VerdictRow, look: Look) {
    let sentence = catalogue()
        .get(&row.id.0)
        .map_or("", |known| known.requirement.as_str());
    let word = format!("{:<12}", row.verdict.word());
    let _ = writeln!(
        out,
        "{} {}  {sentence}",
        paint(&word, color(row.verdict), look),
        paint(&row.id.0, "1", look),
    );
    let observed = row.observed.as_ref();
    labelled(out, "seen", observed.unwrap_or(&row.reason), look);
    if observed.is_some_and(|seen| *seen != row.reason) {
        labelled(out, "because", &row.reason, look);
    }
    for line in requests(report, row) {
        let _ = writeln!(out, "  {:LABEL$}{}", "", cut(&line, room(look)));
    }
    if let Some(expected) = &row.expected {
        labelled(out, "expected", expected, look);
    }
    let is_bad = matches!(row.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error);
    if let Some(mend) = hint::mend(&row.id.0, &row.vendor).filter(|_| is_bad) {
        labelled(out, "mend", mend, look);
    }
    labelled(out, "more", &format!("locum explain {}", row.id), look);
    out.push('\n');
}

/// The requests and lines that prove a finding, alike ones counted.
fn requests(report: &Report, row: &VerdictRow) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for proof in &row.evidence {
        let mut scenarios = report.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.key == proof.scenario);
        let records = scenario.map_or(&[][..], |scenario| scenario.evidence.records());
        let shown = proof.entries.iter().filter_map(|seq| find(records, *seq));
        for line in shown.filter_map(|record| line(&record.event)) {
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, count)) => *count += 1,
                None => lines.push((line, 1)),
            }
        }
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    let counted = |(line, count): (String, usize)| match count {
        1 => line,
        count => format!("{line}  ×{count}"),
    };
    let mut shown: Vec<String> = lines.into_iter().take(MAX_LINES).map(counted).collect();
    if more > 0 {
        shown.push(format!("… and {more} more"));
    }
    shown
}

fn find(records: &[Record], seq: RecordId) -> Option<&Record> {
    records.iter().find(|record| record.seq == seq)
}

/// What a record says in a line; `None` where that is nothing for a person.
fn line(event: &Event) -> Option<String> {
    match event {
        Event::Entry { entry } => Some(exchange(entry)),
        Event::Output { stream, text } => Some(match stream {
            OutputStream::Stdout => format!("stdout: {text}"),
            OutputStream::Stderr => format!("stderr: {text}"),
        }),
        _ => None,
    }
}

/// A request in a line: method, target, status, why it was refused, and how it showed itself.
fn exchange(entry: &Entry) -> String {
    let status = match &entry.reply {
        Some(reply) => reply.status.to_string(),
        None => "no reply".to_owned(),
    };
    let mut line = format!("{} {} -> {status}", entry.method, entry.target);
    if let Some(denial) = &entry.denial {
        line += &format!(" {}", denial.reason.replace('_', " "));
    }
    let mut headers = entry.headers.iter();
    let shown = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let Some((name, value)) = shown {
        line += &format!("  ({name}: {value})");
    }
    line
}

/// What traffic did not show, by what a person may do to see it.
fn unexercised<'a>(
    out: &mut String,
    rows: impl Iterator<Item = &'a VerdictRow>,
    vendor: &str,
    look: Look,
) {
    let mut ids: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut driven = 0;
    for row in rows.filter(|row| row.verdict == Verdict::NotRun) {
        let has_rule = rules::find(&row.id.0, row.judge).is_some();
        match hint::exercise(&row.id.0, vendor).filter(|_| has_rule) {
            Some(hint) => ids.entry(hint).or_default().push(&row.id.0),
            None => driven += 1,
        }
    }
    let count: usize = ids.values().map(Vec::len).sum();
    if count > 0 {
        let head = format!("{count} not exercised: do this to see them");
        let _ = writeln!(out, "{}", paint(&head, color(Verdict::NotRun), look));
        let mut hints: Vec<(&String, &Vec<&str>)> = ids.iter().collect();
        // What a person does comes before what has to happen.
        hints.sort_by_key(|(hint, _)| (hint.starts_with("needs: "), *hint));
        for (hint, ids) in hints {
            let _ = writeln!(out, "  {}", ids.join(" "));
            wrapped(out, 6, hint, look);
        }
        out.push('\n');
    }
    if driven > 0 {
        let text = format!(
            "{driven} more rows need a client that does what it is asked: locum drive {vendor} -- ./shim"
        );
        wrapped(out, 0, &text, look);
        out.push('\n');
    }
}

/// A text behind its name, wrapped.
fn labelled(out: &mut String, label: &str, text: &str, look: Look) {
    for (at, line) in wrap(text, room(look)).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let _ = writeln!(out, "  {label:LABEL$}{line}");
    }
}

fn wrapped(out: &mut String, indent: usize, text: &str, look: Look) {
    for line in wrap(text, look.width.saturating_sub(indent)) {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

const fn room(look: Look) -> usize {
    look.width.saturating_sub(2 + LABEL)
}

/// The words of a text in lines of at most `room` characters, as far as words are not longer.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn long_texts_are_wrapped_at_words() {
        assert_eq!(wrap("a bb  ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("", 4), [""; 0]);
        assert_eq!(wrap("abcdefgh", 4), ["abcdefgh"]);
    }

    #[test]
    fn the_worst_comes_first_and_says_how_to_go_on() {
        let look = Look {
            width: 80,
            color: false,
        };
        let text = findings(&report(), look);
        let fail = text.find("FAIL         VEN-26").expect("it is told");
        let passed = text.find("1 passed\n  VEN-16\n").expect("it is named");
        assert!(fail < passed, "{text}");
        let seen = "  seen      call was answered with 200 304 s after";
        assert!(text.contains(seen), "{text}");
        assert!(
            text.contains("  more      locum explain VEN-26\n"),
            "{text}"
        );
        assert!(text.ends_with("(seed 7, exit 1)\n"), "{text}");
    }
}
