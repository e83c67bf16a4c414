//! The styles: sound clients that do things in other ways, as rows of data with their switches.

use crate::behaviour::Behaviour;

/// The table: name, vendors, what it does, rows that are fairly FAIL, WARN or INFO for it, the
/// switches.
const TABLE: &str = include_str!("../styles.tsv");

/// The demo client in another style.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// Unique; never renamed.
    pub name: &'static str,
    /// The vendors at which it is played.
    pub vendors: Vec<&'static str>,
    /// What it does, a sentence without subject.
    pub does: &'static str,
    /// Ids of the requirements that it breaks, sound or not; `CLI-04@corti` at that vendor alone.
    pub fail: Vec<&'static str>,
    /// Ids of the requirements that fairly warn of it.
    pub warn: Vec<&'static str>,
    /// Ids of the requirements that tell of it without blame.
    pub info: Vec<&'static str>,
    /// The switches, each a line of TOML, with `; ` between them.
    switches: &'static str,
}

impl Style {
    /// What it does.
    pub(crate) fn behaviour(&self) -> Behaviour {
        toml::from_str(&self.toml()).expect("a test reads each style")
    }

    fn toml(&self) -> String {
        self.switches.replace("; ", "\n")
    }
}

/// All styles, in the order of the table.
pub fn styles() -> Vec<Style> {
    TABLE.lines().skip(1).map(row).collect()
}

/// The style of that name.
pub fn style(name: &str) -> Option<Style> {
    styles().into_iter().find(|style| style.name == name)
}

fn row(line: &'static str) -> Style {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().unwrap_or_default();
    let (name, vendors, does) = (cell(), cell().split(',').collect(), cell());
    let (fail, warn, info) = (ids(cell()), ids(cell()), ids(cell()));
    Style {
        name,
        vendors,
        does,
        fail,
        warn,
        info,
        switches: cell(),
    }
}

fn ids(cell: &'static str) -> Vec<&'static str> {
    match cell {
        "-" => Vec::new(),
        ids => ids.split(", ").collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_is_whole_and_differs_from_the_honest_client() {
        let mut names = std::collections::BTreeSet::new();
        for style in styles() {
            let parsed: Result<Behaviour, _> = toml::from_str(&style.toml());
            let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", style.name));
            assert_ne!(parsed, Behaviour::default(), "{}", style.name);
            assert!(names.insert(style.name), "{} twice", style.name);
            assert!(!style.does.is_empty(), "{}", style.name);
            for vendor in &style.vendors {
                assert!(crate::vendor::named(vendor).is_some(), "{}", style.name);
            }
        }
    }
}
