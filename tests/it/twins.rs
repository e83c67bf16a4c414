//! Evil twins: each turns the rows of its line in `twins.tsv` and no others. The lines are those of
//! the requirement catalogue's table of mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::{checked, verdicts};

/// Vendor, name, rows that FAIL, rows that WARN; words in a cell stand behind one another, `-` is none.
const TABLE: &str = include_str!("twins.tsv");

/// What a rows' cell holds.
const BAD: [&str; 4] = ["FAIL", "WARN", "ERROR", "HARNESS"];

/// One line of the table.
struct Line {
    vendor: &'static str,
    name: &'static str,
    turned: BTreeMap<&'static str, &'static str>,
}

fn lines() -> Vec<Line> {
    TABLE.lines().skip(1).map(line).collect()
}

fn line(text: &'static str) -> Line {
    let [vendor, name, fail, warn] = text
        .split('\t')
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|_| panic!("four cells: {text}"));
    let ids = |cell: &'static str| cell.split(' ').filter(|id| *id != "-");
    let failed = ids(fail).map(|id| (id, "FAIL"));
    Line {
        vendor,
        name,
        turned: failed.chain(ids(warn).map(|id| (id, "WARN"))).collect(),
    }
}

/// The bad rows of a run, with their verdicts.
fn bad(results: &Value) -> BTreeMap<String, String> {
    with(results, &BAD)
}

/// The rows of a run with one of these verdicts.
fn with(results: &Value, words: &[&str]) -> BTreeMap<String, String> {
    let mut rows = verdicts(results);
    rows.retain(|_, verdict| words.contains(&verdict.as_str()));
    rows
}

/// Checks the twin in its vendor's place; says what differs from its line.
fn difference(line: &Line, honest: &BTreeMap<String, String>) -> Option<String> {
    let whole = format!("{}/{}", line.vendor, line.name);
    let folder = format!("twin-{}-{}", line.vendor, line.name);
    let (code, results) = checked(&folder, &[line.vendor, "--twin", &whole]);
    let seen = bad(&results);
    let mut expected = honest.clone();
    // What the honest vendor is warned of may not happen any more: a login that gives no token has no
    // reply to look at.
    let open = with(&results, &["INCONCLUSIVE"]);
    expected.retain(|id, _| !open.contains_key(id));
    for (id, verdict) in &line.turned {
        expected.insert((*id).to_owned(), (*verdict).to_owned());
    }
    let fails = expected.values().any(|verdict| verdict == "FAIL");
    if seen == expected && code == i32::from(fails) {
        return None;
    }
    let ids: BTreeSet<&String> = seen.keys().chain(expected.keys()).collect();
    let verdict = |rows: &BTreeMap<String, String>, id: &String| {
        rows.get(id)
            .cloned()
            .unwrap_or_else(|| "not bad".to_owned())
    };
    let rows = ids
        .into_iter()
        .filter(|id| seen.get(*id) != expected.get(*id))
        .map(|id| {
            format!(
                "{id} {}, not {}",
                verdict(&seen, id),
                verdict(&expected, id)
            )
        });
    let rows = rows.collect::<Vec<_>>().join("; ");
    Some(format!("{whole}: exit {code}; {rows}"))
}

/// The mutants of the catalogue's table that are no twins: name, vendor, what carries each, and its row.
const ELSEWHERE: &str = include_str!("elsewhere.tsv");

/// Each twin of a mock has its line, and each other mutant of the catalogue's table is a defect on the
/// wire that turns its row, or a fault of TLS.
#[test]
fn each_twin_is_played_and_each_other_mutant_carried_elsewhere() {
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    for Line { vendor, name, .. } in lines() {
        let is_new = names.insert((vendor.to_owned(), name.to_owned()));
        assert!(is_new, "{vendor}/{name} twice");
    }
    let mut of_mocks = BTreeSet::new();
    for vendor in locum::mocks::vendors() {
        for twin in vendor.twins() {
            of_mocks.insert((vendor.profile().vendor.clone(), twin.name.to_owned()));
        }
    }
    assert_eq!(names, of_mocks, "the lines, and the twins of the mocks");
    for text in ELSEWHERE.lines().skip(1) {
        let cells: Vec<&str> = text.split('\t').collect();
        let [name, vendor, by, row] = cells[..] else {
            panic!("four cells: {text}");
        };
        let is_new = names.insert((vendor.to_owned(), name.to_owned()));
        assert!(is_new, "{vendor}/{name} twice");
        let known = match by {
            "defect" => super::defects::turns(row, vendor),
            "socket" => super::socket_defects::rows().contains(&row),
            "tls" => super::vendor_tls::ROWS.contains(&row),
            other => panic!("nothing is called {other}: {text}"),
        };
        assert!(known, "{text}");
    }
}

#[test]
fn each_twin_turns_its_rows_and_no_others() {
    let lines = lines();
    let vendors: BTreeSet<&str> = lines.iter().map(|line| line.vendor).collect();
    let honest: BTreeMap<&str, _> = vendors
        .into_iter()
        .map(|vendor| {
            let (_, results) = checked(&format!("honest-{vendor}"), &[vendor]);
            (vendor, bad(&results))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let work = || {
        while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(text) = difference(line, &honest[line.vendor]) {
                wrong.lock().expect("no thread panics with it").push(text);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().expect("no thread panics with it");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
