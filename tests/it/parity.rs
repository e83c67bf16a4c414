//! Each sentence that a mock was built from names the test that witnesses it: `mocks/*/parity.tsv`,
//! and the page for people that is made of it, `mocks/*/PARITY.md`.
//!
//! A line: an id, the sentence in our words, its evidence, where it comes from, and the witnesses,
//! joined by ` + `: `FILE.rs::TEST`, `FILE.feature: SCENARIO`, or a step of a script, `FILE::FUNCTION`
//! or `FILE.sh`. A sentence that no test can witness says `not served: REASON` or, where it is about
//! clients or people, `not about the mock: REASON`.

mod page;
mod row;
mod witness;

use std::path::PathBuf;

use super::registry::root;
use row::Row;

fn file(vendor: &str, name: &str) -> PathBuf {
    root().join("mocks").join(vendor).join(name)
}

fn rows(vendor: &str) -> Vec<Row> {
    let path = file(vendor, "parity.tsv");
    let text = std::fs::read_to_string(&path).expect("each vendor has a parity.tsv");
    row::read(&text).unwrap_or_else(|faults| panic!("{}:\n{}", path.display(), faults.join("\n")))
}

#[test]
fn each_row_has_a_witness_that_exists() {
    let mut sources = witness::Sources::new(root());
    let mut faults = Vec::new();
    for vendor in locum::mocks::SLUGS {
        for row in rows(vendor) {
            let missing = row.witnesses.iter().filter_map(|name| sources.fault(name));
            faults.extend(missing.map(|fault| format!("{vendor} {}: {fault}", row.id)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_pages_are_those_of_the_rows() {
    let mut stale = Vec::new();
    for (vendor, title) in locum::mocks::vendors()
        .iter()
        .map(|vendor| (&vendor.profile().vendor, &vendor.profile().title))
    {
        let (path, page) = (
            file(vendor, "PARITY.md"),
            page::render(title, &rows(vendor)),
        );
        if std::env::var_os("LOCUM_WRITE").is_some() {
            std::fs::write(&path, &page).expect("the page is written");
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != page {
            stale.push(path.display().to_string());
        }
    }
    assert!(
        stale.is_empty(),
        "{} differ from their parity.tsv; write them anew with `LOCUM_WRITE=1 cargo test -p locum --test it parity`",
        stale.join(", ")
    );
}

#[test]
fn a_faulty_row_is_named() {
    for (text, fault) in [
        (
            "A1\tIt is so.\tSEED\tpage",
            "line 2: 4 columns instead of 5",
        ),
        (
            "A1\tIt is so.\tSEED\tpage\t",
            "line 2: A1 has neither a witness nor a reason",
        ),
        (
            "A1\tIt is so.\tSEED\tpage\tnot served: ",
            "line 2: A1 has neither a witness nor a reason",
        ),
        (
            "A1\tIt is so.\tRUMOUR\tpage\ta.rs::b",
            "line 2: A1 has evidence of an unknown kind: RUMOUR",
        ),
        (
            "A1\tOne.\tDOC\tp\ta.rs::b\nA1\tTwo.\tDOC\tp\ta.rs::b",
            "line 3: the id A1 stands a second time",
        ),
    ] {
        let text = format!("{}\n{text}\n", row::HEADER);
        assert_eq!(row::read(&text), Err(vec![fault.to_owned()]));
    }
}

#[test]
fn a_witness_that_is_not_there_is_named() {
    let mut sources = witness::Sources::new(root());
    for (name, fault) in [
        (
            "tests/it/parity.rs::a_witness_that_is_not_there_is_named",
            None,
        ),
        ("mocks/pattern/tests.rs::spelling_makes_no_difference", None),
        (
            "features/athelas/token.feature: A documented login gives a token",
            None,
        ),
        (
            "tests/it/parity.rs::file",
            Some("no test `file` in tests/it/parity.rs"),
        ),
        (
            "tests/it/parity.rs::fil",
            Some("no test `fil` in tests/it/parity.rs"),
        ),
        (
            "tests/it/nowhere.rs::x",
            Some("no file tests/it/nowhere.rs"),
        ),
        (
            "features/athelas/token.feature: A documented login gives",
            Some("no scenario `A documented login gives` in features/athelas/token.feature"),
        ),
        (
            "tests/it/parity.rs",
            Some(
                "`tests/it/parity.rs` is neither FILE.rs::TEST, FILE.feature: SCENARIO nor a step of a script",
            ),
        ),
    ] {
        assert_eq!(sources.fault(name).as_deref(), fault);
    }
}
