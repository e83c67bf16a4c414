//! The published clients that `just judge-sdks` drives: their table, their page, and what is known of
//! them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdks")
}

/// The lines of a table without its head.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder().join(name)).expect("it is there");
    let of = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().skip(1).map(of).collect()
}

#[test]
fn each_client_has_a_shim_and_a_place_on_the_page() {
    let page = fs::read_to_string(folder().join("README.md")).expect("it is there");
    for row in rows("sdks.tsv") {
        let [_, client, vendor, language, command, _] = &row[..] else {
            panic!("six columns: {row:?}");
        };
        let file = command.split(' ').next().expect("a name");
        let file = match language.as_str() {
            "go" => "main.go".to_owned(),
            "java" => format!("{file}.java"),
            _ => file.to_owned(),
        };
        let shim = folder().join(language).join(file);
        assert!(shim.is_file(), "{}", shim.display());
        let (_, part) = page
            .split_once(&format!("\n## At {vendor}\n"))
            .unwrap_or_else(|| panic!("no part for {vendor}"));
        let part = part.split("\n## ").next().expect("the part");
        let name = client.split(' ').next().expect("a name");
        assert!(
            part.contains(&format!("\n### {name} ")),
            "{client} at {vendor}"
        );
    }
}

#[test]
fn what_is_known_is_about_a_row_that_judges_that_client() {
    let judged: BTreeSet<_> = rows("sdks.tsv")
        .iter()
        .map(|row| (row[0].clone(), row[2].clone()))
        .collect();
    for row in rows("known.tsv") {
        let [name, vendor, id, verdict] = &row[..] else {
            panic!("four columns: {row:?}");
        };
        assert!(judged.contains(&(name.clone(), vendor.clone())), "{row:?}");
        assert!(
            ["PASS", "WARN", "FAIL"].contains(&verdict.as_str()),
            "{row:?}"
        );
        let listed = super::locum(&["list", vendor, "--json"]);
        let text = String::from_utf8(listed.stdout).expect("text");
        let about = format!("\"id\":\"{id}\"");
        let client = |line: &&str| line.contains(&about) && line.contains("\"client\"");
        assert!(text.lines().any(|line| client(&line)), "{row:?}");
    }
}
