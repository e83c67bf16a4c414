//! GitHub Actions: annotations, and the job's summary.

use std::io::Write as _;

use locum_core::Verdict;
use locum_harness::report::{Report, format::Format};

/// Adds the summary to the job's, and prints a line for each finding that Actions turns into an
/// annotation. Does nothing elsewhere. The lines go to standard error, which Actions reads, too:
/// standard output may be a report or that of a command under judgement.
pub(super) fn tell(report: &Report, anchor: Option<&str>) {
    if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
        let text = Format::Markdown.text(report, None);
        if !report.leaks(&text) {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path);
            let written = file.and_then(|mut file| writeln!(file, "{text}"));
            if let Err(error) = written {
                eprintln!("warning: cannot write to GITHUB_STEP_SUMMARY: {error}");
            }
        }
    }
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        let text = annotations(report, anchor);
        if !report.leaks(&text) {
            eprint!("{text}");
        }
    }
}

fn annotations(report: &Report, anchor: Option<&str>) -> String {
    let mut text = String::new();
    for row in &report.verdicts {
        let command = match row.verdict {
            _ if report.is_expected(row) => continue,
            _ if report.fails(row) => "error",
            Verdict::Warn => "warning",
            _ => continue,
        };
        let file = anchor.map_or_else(String::new, |file| format!("file={},", property(file)));
        let title = format!("{} {}@{}", row.verdict.word(), row.id, row.vendor);
        text += &format!(
            "::{command} {file}title={}::{}\n",
            property(&title),
            data(&row.reason)
        );
    }
    text
}

/// What a message must not hold as it is.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What a property must not hold as it is.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_words_begin_no_command() {
        assert_eq!(data("100%\n::error::x"), "100%25%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
