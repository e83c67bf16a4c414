//! The mutants: rows of data, each with one switch.

use crate::behaviour::Behaviour;

/// The table: name, vendor, what it does wrong, rows that must FAIL, rows that must WARN, where it
/// was seen, the switch.
const TABLE: &str = include_str!("../mutants.tsv");

/// The demo client with one thing wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// Unique; never renamed.
    pub name: &'static str,
    /// The vendor at which it is judged.
    pub vendor: &'static str,
    /// What it does wrong, a sentence without subject.
    pub does: &'static str,
    /// Ids of the requirements that must turn FAIL.
    pub fail: Vec<&'static str>,
    /// Ids of the requirements that must turn WARN.
    pub warn: Vec<&'static str>,
    /// Public issues or packages with the version in which the fault was found.
    pub seen_in: Option<&'static str>,
    /// The switch, as a line of TOML.
    pub(crate) switch: &'static str,
}

impl Mutant {
    /// What it does.
    pub(crate) fn behaviour(&self) -> Behaviour {
        toml::from_str(self.switch).expect("a test reads each switch")
    }
}

/// All mutants, in the order of the table.
pub fn mutants() -> Vec<Mutant> {
    TABLE.lines().skip(1).map(row).collect()
}

/// The mutant of that name.
pub fn mutant(name: &str) -> Option<Mutant> {
    let name = name.strip_prefix("client/").unwrap_or(name);
    mutants().into_iter().find(|mutant| mutant.name == name)
}

fn row(line: &'static str) -> Mutant {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().unwrap_or_default();
    let (name, vendor, does) = (cell(), cell(), cell());
    let (fail, warn) = (ids(cell()), ids(cell()));
    let seen_in = Some(cell()).filter(|text| *text != "-");
    Mutant {
        name,
        vendor,
        does,
        fail,
        warn,
        seen_in,
        switch: cell(),
    }
}

fn ids(cell: &'static str) -> Vec<&'static str> {
    if cell == "-" {
        return Vec::new();
    }
    cell.split(", ").collect()
}

#[cfg(test)]
mod tests;
