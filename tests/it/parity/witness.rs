//! Whether a witness exists.

use std::collections::BTreeMap;
use std::path::Path;

/// The files that witnesses stand in, each read once.
pub(super) struct Sources<'a> {
    root: &'a Path,
    texts: BTreeMap<String, Option<String>>,
}

impl<'a> Sources<'a> {
    pub(super) const fn new(root: &'a Path) -> Self {
        Self {
            root,
            texts: BTreeMap::new(),
        }
    }

    /// What is wrong with `witness`; nothing where it exists.
    pub(super) fn fault(&mut self, witness: &str) -> Option<String> {
        let (file, name) = split(witness);
        let Some(text) = self.text(file) else {
            return Some(format!("no file {file}"));
        };
        let (found, what) = match (kind(file), name) {
            ("rs", Some(name)) => (has_test(text, name), "test"),
            ("feature", Some(name)) => (has_scenario(text, name), "scenario"),
            ("py" | "cjs" | "mjs" | "js" | "sh", Some(name)) => (has_function(text, name), "step"),
            ("sh", None) => return None,
            _ => {
                return Some(format!(
                    "`{witness}` is neither FILE.rs::TEST, FILE.feature: SCENARIO nor a step of a script"
                ));
            }
        };
        let name = name.unwrap_or_default();
        (!found).then(|| format!("no {what} `{name}` in {file}"))
    }

    fn text(&mut self, file: &str) -> Option<&str> {
        let path = self.root.join(file);
        let read = || std::fs::read_to_string(path).ok();
        self.texts
            .entry(file.to_owned())
            .or_insert_with(read)
            .as_deref()
    }
}

/// File and name of a witness.
pub(super) fn split(witness: &str) -> (&str, Option<&str>) {
    match witness
        .split_once("::")
        .or_else(|| witness.split_once(": "))
    {
        Some((file, name)) => (file, Some(name)),
        None => (witness, None),
    }
}

fn kind(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, kind)| kind)
}

/// Whether a function of that name stands behind `#[test]` or `#[tokio::test]`, with nothing between
/// them but attributes and comments.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('('))
    };
    let is_marked = |at: usize| {
        lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    };
    (0..lines.len()).any(|at| is_it(lines[at]) && is_marked(at))
}

fn has_scenario(text: &str, name: &str) -> bool {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Scenario:"))
        .any(|found| found.trim() == name)
}

/// A function of a script: `def name(`, `async name(`, `name() {`.
fn has_function(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        ["def ", "async function ", "function ", "async ", ""]
            .iter()
            .any(|word| {
                let rest = line
                    .strip_prefix(word)
                    .and_then(|rest| rest.strip_prefix(name));
                let calls = word.is_empty() && !line.ends_with('{');
                rest.is_some_and(|rest| rest.starts_with('(')) && !calls
            })
    })
}
