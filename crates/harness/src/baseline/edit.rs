//! Writing a baseline: a new one, or one that is there with its comments and its order.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Baseline, BaselineError, VERSION};
use crate::report::Report;
use crate::verdict::VerdictRow;

/// What stands before the entries of a new file.
const HEAD: &str = "\
# What locum is told to accept for a while. Say why in `reason`, name an `issue`, and set `until` to a
# date: an entry that no longer holds fails the run, and `--update-baseline` takes it out.
";

/// Said of an entry that a person has not looked at yet.
const REASON: &str = "was so when the baseline was written";

/// At most so many characters of a finding are asked for again.
const MAX_PART: usize = 60;

/// A new file that accepts what fails in `report`.
pub fn written(report: &Report) -> String {
    let mut document = DocumentMut::new();
    document["version"] = value(i64::from(VERSION));
    document["expect"] = Item::ArrayOfTables(failing(report).map(entry).collect());
    format!("{HEAD}{document}")
}

impl Baseline {
    /// The file without the entries that are stale in `report`, and with one for each row that fails
    /// there. Everything else stays as it is, comments and order among it.
    ///
    /// # Errors
    /// When the text cannot be edited.
    pub fn updated(&self, report: &Report) -> Result<String, BaselineError> {
        let document = self.text.parse::<DocumentMut>();
        let mut document = document.map_err(|error| BaselineError::Syntax(error.to_string()))?;
        let stale: Vec<usize> = match &report.baseline {
            Some(applied) => applied.stale.iter().map(|stale| stale.at).collect(),
            None => Vec::new(),
        };
        let table = document
            .entry("expect")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(entries) = table.as_array_of_tables_mut() else {
            return Err(BaselineError::Syntax(
                "`expect` is written as a list in one line; write [[expect]] for each".to_owned(),
            ));
        };
        for at in stale.into_iter().rev() {
            entries.remove(at);
        }
        for row in failing(report) {
            entries.push(entry(row));
        }
        Ok(document.to_string())
    }
}

fn failing(report: &Report) -> impl Iterator<Item = &VerdictRow> {
    let rows = report.verdicts.iter();
    rows.filter(|row| report.fails(row) && row.verdict != locum_core::Verdict::Harness)
}

fn entry(row: &VerdictRow) -> Table {
    let mut table = Table::new();
    table["id"] = value(format!("{}@{}", row.id, row.vendor));
    table["verdict"] = value(row.verdict.word());
    let part = lasting(row.observed.as_ref().unwrap_or(&row.reason));
    if !part.is_empty() {
        table["match"] = value(part);
    }
    table["reason"] = value(REASON);
    table.decor_mut().set_prefix("\n");
    table
}

/// The longest part of a finding without figures, which differ from run to run.
fn lasting(text: &str) -> String {
    let parts = text.split(|c: char| c.is_ascii_digit() || c == '«' || c == '»');
    let longest = parts.map(str::trim).max_by_key(|part| part.len());
    let cut: String = longest.unwrap_or_default().chars().take(MAX_PART).collect();
    cut.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn a_new_file_accepts_what_fails_and_nothing_else() {
        let mut report = report();
        let text = written(&report);
        let expected = "[[expect]]\nid = \"VEN-26@pattern\"\nverdict = \"FAIL\"\nmatch = \"call was answered with\"\nreason = \"was so when the baseline was written\"\n";
        assert!(text.ends_with(expected), "{text}");
        let baseline = Baseline::parse("b.toml", &text).expect("a baseline");
        report.expect(&baseline);
        assert_eq!(report.exit_code, 0);
        assert!(report.is_expected(&report.verdicts[1]));
    }

    #[test]
    fn an_update_keeps_comments_and_order() {
        let mut report = report();
        let text = "# ours\nversion = 1 # first\n\n# it passes by now\n[[expect]]\nid = \"VEN-16@pattern\"\nverdict = \"FAIL\"\nreason = \"old\"\n\n# not judged here\n[[expect]]\nid = \"VEN-18\"\nverdict = \"FAIL\"\nreason = \"kept\" # yes\n";
        let baseline = Baseline::parse("b.toml", text).expect("a baseline");
        report.expect(&baseline);
        assert_eq!(report.exit_code, 1);
        let updated = baseline.updated(&report).expect("it can be edited");
        let start = "# ours\nversion = 1 # first\n\n# not judged here\n[[expect]]\nid = \"VEN-18\"\nverdict = \"FAIL\"\nreason = \"kept\" # yes\n\n[[expect]]\nid = \"VEN-26@pattern\"\n";
        assert!(updated.starts_with(start), "{updated}");
        let again = Baseline::parse("b.toml", &updated).expect("a baseline");
        report.expect(&again);
        assert_eq!(report.exit_code, 0);
        assert_eq!(again.updated(&report).expect("it can"), updated);
    }

    #[test]
    fn only_a_stale_entry_is_an_exit_code_of_its_own() {
        let mut report = report();
        let text = "version = 1\n[[expect]]\nid = \"VEN-16\"\nverdict = \"FAIL\"\nreason = \"r\"\n[[expect]]\nid = \"VEN-26\"\nverdict = \"FAIL\"\nreason = \"r\"\n";
        let baseline = Baseline::parse("b.toml", text).expect("a baseline");
        report.expect(&baseline);
        assert_eq!(report.exit_code, 5);
    }

    #[test]
    fn figures_are_not_asked_for_again() {
        assert_eq!(
            lasting("8 API requests for one call"),
            "API requests for one call"
        );
        assert_eq!(lasting("«x» 12"), "x");
        assert_eq!(lasting("404"), "");
    }
}
