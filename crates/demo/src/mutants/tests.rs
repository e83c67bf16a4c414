use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// The paths of all leaves of `value`, and their values.
fn leaves(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, &format!("{path}.{name}"), out);
            }
        }
        leaf => out.push((path.to_owned(), leaf.clone())),
    }
}

fn leaves_of(behaviour: &Behaviour) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    leaves(
        &serde_json::to_value(behaviour).expect("plain data"),
        "",
        &mut out,
    );
    out
}

#[test]
fn each_mutant_bends_one_switch_and_each_switch_has_a_mutant_or_a_style() {
    let honest = leaves_of(&Behaviour::default());
    let mut bent = BTreeSet::new();
    for mutant in mutants() {
        let parsed: Result<Behaviour, _> = toml::from_str(mutant.switch);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", mutant.name));
        let mut differs = leaves_of(&parsed);
        differs.retain(|leaf| !honest.contains(leaf));
        assert_eq!(differs.len(), 1, "{}: {differs:?}", mutant.name);
        bent.extend(differs.into_iter().map(|(path, _)| path));
    }
    for style in crate::styles::styles() {
        let mut differs = leaves_of(&style.behaviour());
        differs.retain(|leaf| !honest.contains(leaf));
        bent.extend(differs.into_iter().map(|(path, _)| path));
    }
    let all: BTreeSet<String> = honest.into_iter().map(|(path, _)| path).collect();
    let idle: Vec<&String> = all.difference(&bent).collect();
    assert!(
        idle.is_empty(),
        "switches without a mutant or a style: {idle:?}"
    );
}

#[test]
fn names_are_unique_and_rows_are_whole() {
    let all = mutants();
    assert_eq!(all.len(), 197);
    let names: BTreeSet<&str> = all.iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), all.len());
    for mutant in &all {
        assert!(
            crate::vendor::named(mutant.vendor).is_some(),
            "{}",
            mutant.name
        );
        assert!(!mutant.does.is_empty(), "{}", mutant.name);
        assert!(mutant.fail.len() + mutant.warn.len() > 0, "{}", mutant.name);
    }
}

#[test]
fn all_ids_are_client_rows_of_the_mutants_vendor() {
    let catalogue = include_str!("../../../harness/catalogue/requirements.tsv");
    for mutant in mutants() {
        for id in mutant.fail.iter().chain(&mutant.warn) {
            let row = catalogue
                .lines()
                .map(|line| line.split('\t').collect::<Vec<_>>())
                .find(|cells| cells[0] == *id);
            let row = row.unwrap_or_else(|| panic!("{}: no requirement {id}", mutant.name));
            assert_ne!(row[4], "vendor", "{}: {id} judges vendors", mutant.name);
            let vendors: Vec<&str> = row[5].split(',').collect();
            assert!(
                vendors.contains(&mutant.vendor),
                "{}: {id} at {vendors:?}",
                mutant.name
            );
        }
    }
}

const LEGEND: &str = "\
# Mutants of the demo client

Made from `mutants.tsv` by `LOCUM_WRITE=1 cargo test -p locum-demo page`; a test refuses a page that differs.
`locum client --mutant NAME` is the demo client with that one thing wrong; `just mutants` drives them all and
fails unless exactly the rows named here turn. \"Seen in\" is evidence that such a fault happens, not a statement
about other versions.

| name | vendor | what it does wrong | FAIL | WARN | seen in |
|---|---|---|---|---|---|
";

#[test]
fn the_page_is_that_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/MUTANTS.md");
    let mut page = LEGEND.to_owned();
    for mutant in mutants() {
        page += &format!(
            "| `{}` | {} | {} | {} | {} | {} |\n",
            mutant.name,
            mutant.vendor,
            mutant.does.replace('|', "\\|"),
            mutant.fail.join(", "),
            mutant.warn.join(", "),
            mutant.seen_in.unwrap_or_default(),
        );
    }
    if std::env::var_os("LOCUM_WRITE").is_some() {
        std::fs::write(path, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "MUTANTS.md differs from mutants.tsv");
}
