//! Reading `parity.tsv`.

use std::collections::BTreeSet;

/// The first line of each file.
pub(super) const HEADER: &str = "id\tclaim\tevidence\tsource\twitnesses";

/// Kinds of evidence, the strongest first.
pub(super) const EVIDENCE: [&str; 5] = ["SEED", "DOC", "MEAS 26.7.3", "MEAS", "RAN"];

/// One sentence that the mock was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    /// The sentence in our words.
    pub(super) claim: String,
    /// Some of [`EVIDENCE`].
    pub(super) evidence: Vec<String>,
    /// A page of the vendor, a public thread, a section of an RFC, or what was run.
    pub(super) source: String,
    /// Tests, scenarios and steps of scripts.
    pub(super) witnesses: Vec<String>,
    /// Why nothing can witness it.
    pub(super) exception: Option<Exception>,
}

/// Why a row has no witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    /// The mock does not do it.
    NotServed(String),
    /// It says something of clients, people or other servers.
    NotAboutTheMock(String),
}

/// Reads the rows.
///
/// # Errors
/// A sentence for each line that is none, or whose id stood before.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Vec<String>> {
    let (mut rows, mut faults, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        faults.push(format!("line 1 has to be `{HEADER}`"));
    }
    for (at, line) in lines.enumerate() {
        match one(line) {
            Ok(row) if !ids.insert(row.id.clone()) => faults.push(format!(
                "line {}: the id {} stands a second time",
                at + 2,
                row.id
            )),
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(format!("line {}: {fault}", at + 2)),
        }
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

fn one(line: &str) -> Result<Row, String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [id, claim, evidence, source, witnesses] = columns[..] else {
        return Err(format!("{} columns instead of 5", columns.len()));
    };
    if [id, claim, evidence, source]
        .iter()
        .any(|text| text.trim().is_empty())
    {
        return Err(format!("`{id}` has an empty column"));
    }
    let evidence: Vec<String> = evidence.split(", ").map(str::to_owned).collect();
    if let Some(unknown) = evidence
        .iter()
        .find(|kind| !EVIDENCE.contains(&kind.as_str()))
    {
        return Err(format!("{id} has evidence of an unknown kind: {unknown}"));
    }
    let exception = exception(witnesses);
    let witnesses: Vec<String> = match &exception {
        Some(_) => Vec::new(),
        None => witnesses
            .split(" + ")
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let reason = exception.as_ref().map(|exception| match exception {
        Exception::NotServed(reason) | Exception::NotAboutTheMock(reason) => reason.as_str(),
    });
    if witnesses.is_empty() && reason.is_none_or(str::is_empty) {
        return Err(format!("{id} has neither a witness nor a reason"));
    }
    Ok(Row {
        id: id.to_owned(),
        claim: claim.to_owned(),
        evidence,
        source: source.to_owned(),
        witnesses,
        exception,
    })
}

fn exception(text: &str) -> Option<Exception> {
    let reason = |prefix: &str| {
        text.strip_prefix(prefix)
            .map(|reason| reason.trim().to_owned())
    };
    reason("not served:")
        .map(Exception::NotServed)
        .or_else(|| reason("not about the mock:").map(Exception::NotAboutTheMock))
}
