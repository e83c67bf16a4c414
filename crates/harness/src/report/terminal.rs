//! What a person reads, the same for each command: the findings, worst first, each with what to do;
//! then in a few lines what passed and what could not be judged, and a summary.

mod finding;
mod layout;
mod rest;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use locum_core::Verdict;

use super::fingerprint::{self, fingerprints};
use super::{Report, symptom};
use crate::verdict::{VerdictRow, weight};

pub use layout::Look;
use layout::{color, headed, labelled, paint, wrapped};

/// The whole text: each vendor with its findings and the rest, then a summary.
pub fn text(report: &Report, look: Look) -> String {
    let mut out = String::new();
    // The client of `check` is our own.
    let cards = match report.run.command.as_str() {
        "drive" => fingerprints(report),
        _ => BTreeMap::new(),
    };
    let traffic_alone = matches!(report.run.command.as_str(), "watch" | "verdicts");
    for vendor in &report.run.vendors {
        let mut scenarios = report.scenarios.iter();
        if traffic_alone && !scenarios.any(|scenario| scenario.vendor == *vendor) {
            continue;
        }
        let title = report.titles.get(vendor).unwrap_or(vendor);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", paint(title, "1", look));
        if let Some(card) = cards.get(vendor) {
            labelled(&mut out, "client", &fingerprint::line(card), look);
        }
        out.push('\n');
        of_vendor(&mut out, report, vendor, look);
    }
    stale(&mut out, report, look);
    wrapped(&mut out, 0, &summary(report, look), look);
    out
}

fn of_vendor(out: &mut String, report: &Report, vendor: &str, look: Look) {
    let rows = report.verdicts.iter();
    let rows: Vec<&VerdictRow> = rows.filter(|row| row.vendor == vendor).collect();
    let scenarios = report.scenarios.iter();
    let mine = scenarios.filter(|scenario| scenario.vendor == vendor);
    let told = symptom::of_all(mine.clone());
    // The mocks' worlds share no logins, and repeats are not side by side.
    let shares_logins = report.run.subject == "vendor" && report.run.repeats == 1;
    let ended = shares_logins.then(|| symptom::ended_by_logins(mine));
    for symptom in told.into_iter().chain(ended.flatten()) {
        let head = paint("attention ", "33", look);
        headed(out, (&head, 10), &symptom, look);
        out.push('\n');
    }
    let told = rows.iter().copied();
    let told = told.filter(|row| super::is_bad(row.verdict) && !report.is_expected(row));
    let mut told: Vec<&VerdictRow> = told.collect();
    let rank = |row: &VerdictRow| {
        let blocked = Reverse(report.hidden_by(row));
        (Reverse(weight(row.verdict)), blocked, row.level)
    };
    told.sort_by_cached_key(|row| rank(row));
    for row in told {
        finding::finding(out, report, row, look);
    }
    baseline(out, report, &rows, look);
    flaky(out, &rows, look);
    rest::rest(out, report, &rows, look);
    wrapped(out, 0, &coverage(&rows), look);
    out.push('\n');
}

/// A line with a head in front of it.
pub(super) fn line(out: &mut String, head: &str, text: &str, look: Look) {
    headed(out, (head, head.len()), text, look);
}

/// What takes more time, and what is not judged for want of something, by its reason.
pub(super) fn left_out(
    out: &mut String,
    (pending, not_applicable): (&[&VerdictRow], &[&VerdictRow]),
    look: Look,
) {
    rest::pending(out, pending, look);
    rest::not_applicable(out, not_applicable, look);
}

/// One row, told at length.
pub(super) fn one(report: &Report, row: &VerdictRow, look: Look) -> String {
    let mut out = String::new();
    finding::finding(&mut out, report, row, look);
    out
}

/// What the baseline accepts of a vendor's rows, in a line each.
fn baseline(out: &mut String, report: &Report, rows: &[&VerdictRow], look: Look) {
    let Some(baseline) = &report.baseline else {
        return;
    };
    let expected = rows.iter().filter(|row| report.is_expected(row));
    let expected: Vec<&&VerdictRow> = expected.collect();
    if expected.is_empty() {
        return;
    }
    let head = format!("{} expected by {}", expected.len(), baseline.path);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint(&head, color(Verdict::Info), look));
    for row in expected {
        let mut reasons = baseline.reasons.iter();
        let known = reasons.find(|(id, vendor, _)| *id == row.id.0 && *vendor == row.vendor);
        let reason = known.map_or("", |(_, _, reason)| reason.as_str());
        let head = format!("  {:<9}{:<6}", row.id.0, row.verdict.word());
        headed(out, (&head, 17), reason, look);
    }
    out.push('\n');
}

/// The rows that did not come to the same verdict each time, in a line each.
fn flaky(out: &mut String, rows: &[&VerdictRow], look: Look) {
    let rows = rows.iter().filter_map(|row| Some((row, row.flaky()?)));
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let head = format!("{} not the same each time (FLAKY)", rows.len());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint(&head, color(Verdict::Warn), look));
    for (row, counts) in rows {
        let head = format!("  {:<9}", row.id.0);
        headed(out, (&head, 11), &counts, look);
    }
    out.push('\n');
}

/// The entries of the baseline that no longer hold.
fn stale(out: &mut String, report: &Report, look: Look) {
    let Some(baseline) = report.baseline.as_ref().filter(|one| !one.stale.is_empty()) else {
        return;
    };
    let head = format!(
        "{} stale in {}: take them out, or let --update-baseline do it",
        baseline.stale.len(),
        baseline.path
    );
    let _ = writeln!(out, "{}", paint(&head, color(Verdict::Warn), look));
    for stale in &baseline.stale {
        wrapped(out, 2, &stale.why, look);
    }
    out.push('\n');
}

/// Whether a verdict says something of the subject.
pub(super) const fn is_judged(verdict: Verdict) -> bool {
    super::is_bad(verdict) || matches!(verdict, Verdict::Pass | Verdict::Info)
}

/// `74 of 80 rows judged, 12 more not applicable`.
pub(super) fn coverage(rows: &[&VerdictRow]) -> String {
    let count = |wanted: fn(Verdict) -> bool| rows.iter().filter(|row| wanted(row.verdict)).count();
    let judged = count(is_judged);
    let foreign = count(|verdict| verdict == Verdict::NotApplicable);
    let mut line = format!("{judged} of {} rows judged", rows.len() - foreign);
    if foreign > 0 {
        line += &format!(", {foreign} more not applicable");
    }
    line
}

fn summary(report: &Report, look: Look) -> String {
    let mut counts: Vec<(Verdict, usize)> = report.summary().into_iter().collect();
    counts.sort_by_key(|(verdict, _)| Reverse(weight(*verdict)));
    let mut parts: Vec<String> = counts
        .into_iter()
        .map(|(verdict, count)| {
            let word = match verdict {
                Verdict::NotRun => "not run",
                verdict => verdict.word(),
            };
            paint(&format!("{count} {word}"), color(verdict), look)
        })
        .collect();
    if parts.is_empty() {
        parts.push("nothing was judged".to_owned());
    }
    format!(
        "{} (seed {}, exit {})",
        parts.join(", "),
        report.run.seed,
        report.exit_code
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    const GOLDEN: &str = "\
Pattern Health

FAIL         VEN-26   MUST   A token lives expires_in milliseconds and not
                             longer.
  source    Pattern Health docs, authentication: “Access tokens have a finite
            lifetime.”
            Pattern Health docs, authentication: “The expires_in field in the
            response contains the number of milliseconds after which the token
            expires.”
            https://docs.pattern.health/pattern-api/v1/authentication.html
  seen      call was answered with 200 304 s after its issue
  sent      POST /token (login)
  received  200 OK (no body)
  repeat    curl -sS -i -H 'Content-Type:' \\
            --data-urlencode \"secret=${LOCUM_CLIENT_SECRET}\" \\
            http://127.0.0.1:1/token
  mend      count expires_in in milliseconds (an hour is 3600000) from the same
            value by which the token ends: seconds for milliseconds, or an end
            that nobody enforces, are the usual causes
  more      locum explain VEN-26

1 passed
  VEN the vendor's own page 1 of 2

1 not run
  VEN-18   An API request without a token is refused.
      no scenario shows it

2 of 3 rows judged

1 FAIL, 1 not run, 1 PASS (seed 7, exit 1)
";

    const LOOK: Look = Look {
        width: Some(80),
        color: false,
    };

    #[test]
    fn the_text_is_as_it_was() {
        assert_eq!(text(&report(), LOOK), GOLDEN);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let look = Look {
            color: true,
            ..LOOK
        };
        let painted = text(&report(), look);
        assert!(painted.contains("\u{1b}[31mFAIL        \u{1b}[0m"));
        let mut plain = String::new();
        for piece in painted.split('\u{1b}') {
            let text = piece.split_once('m').filter(|_| piece.starts_with('['));
            plain.push_str(text.map_or(piece, |(_, text)| text));
        }
        assert_eq!(plain, GOLDEN);
    }

    #[test]
    fn nothing_is_wrapped_where_lines_go_into_a_file() {
        let text = text(&report(), Look::default());
        let line = text.lines().find(|line| line.starts_with("FAIL"));
        assert!(
            line.is_some_and(|line| line.ends_with("and not longer.")),
            "{text}"
        );
    }

    #[test]
    fn what_keeps_others_from_being_judged_is_said_once() {
        let mut report = report();
        report.verdicts[0].verdict = Verdict::Inconclusive;
        report.cascades = vec![super::super::Cascade {
            vendor: "pattern".to_owned(),
            judge: report.verdicts[0].judge,
            what: "a row that they need is broken".to_owned(),
            causes: vec![report.verdicts[1].id.clone()],
            rows: vec![report.verdicts[0].id.clone()],
        }];
        let text = text(&report, Look::default());
        for line in [
            "  first     1 row could not be judged because of it: mend it first\n",
            "1 seen and not judged (INCONCLUSIVE)\n  1 row could not be judged: a row that they need is broken, see VEN-26\n\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
