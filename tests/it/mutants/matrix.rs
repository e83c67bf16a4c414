//! The mutant matrix: the demo client with one thing wrong, driven through the scenarios of its
//! vendor, and its whole verdict table compared with that of the honest one.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use locum_demo::{Mutant, Style};
use serde_json::Value;

/// Fixes the scenarios and the client's own chance, so that two tables can be compared.
const SEED: &str = "7";

/// Runs side by side: most of a run is waiting.
const WORKERS: usize = 6;

/// The row about a client's receiver of webhooks.
pub(crate) const WEBHOOKS: &str = "CLI-26";

/// Verdict and reason of each row.
pub(crate) type Table = BTreeMap<String, (String, String)>;

/// What a mutant did to the table.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Rows that nothing covers yet, so that they cannot turn.
    pub(crate) uncovered: Vec<String>,
    /// What should have turned and did not, and what turned and should not have.
    pub(crate) wrong: Vec<String>,
}

/// Who is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Driven<'a> {
    /// The demo client as it is.
    Honest,
    /// With one thing wrong.
    Mutant(&'a str),
    /// In another style.
    #[allow(dead_code, reason = "the sample of the gate plays mutants alone")]
    Style(&'a str),
}

impl<'a> Driven<'a> {
    fn arguments(self) -> Vec<&'a str> {
        match self {
            Self::Honest => Vec::new(),
            Self::Mutant(name) => vec!["--mutant", name],
            Self::Style(name) => vec!["--style", name],
        }
    }

    fn turns(self, id: &str) -> bool {
        let Self::Mutant(name) = self else {
            return false;
        };
        let mutant = locum_demo::mutant(name);
        mutant.is_some_and(|mutant| mutant.fail.contains(&id) || mutant.warn.contains(&id))
    }
}

/// Where nobody listens yet.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    format!("http://{address}/hook")
}

/// Drives the demo client at a vendor; `ids` restricts the rows, none of them means all. Where the row
/// about a receiver of webhooks is named, or turned, the client is one, and only that row is played.
pub(crate) fn drive(
    locum: &Path,
    folder: &Path,
    vendor: &str,
    driven: Driven<'_>,
    ids: &[&str],
) -> Table {
    let name = driven.arguments().last().copied().unwrap_or("honest");
    let report = folder.join(format!("{vendor}-{name}"));
    let _ = std::fs::remove_dir_all(&report);
    let mut command = Command::new(locum);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOCUM_")) {
        command.env_remove(name);
    }
    command.args(["drive", vendor, "--seed", SEED, "--report"]);
    command.arg(&report);
    // One process at a time can listen where webhooks arrive, so that only their row is played then.
    let is_receiver = driven.turns(WEBHOOKS) || ids.contains(&WEBHOOKS);
    let webhook = is_receiver.then(free_address);
    let alone = [WEBHOOKS];
    let ids = if webhook.is_some() { &alone } else { ids };
    if !ids.is_empty() {
        command.args(["--id", &ids.join(",")]);
    }
    if let Some(url) = &webhook {
        command.args(["-j", "1", "--webhook", url]);
    }
    command
        .arg("--")
        .arg(locum)
        .args(["client", "--seed", SEED]);
    if let Some(url) = &webhook {
        command.args(["--webhook", url]);
    }
    command.args(driven.arguments());
    let output = command.stdin(Stdio::null()).output().expect("locum runs");
    let text = std::fs::read_to_string(report.join("results.json")).unwrap_or_else(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("no report of {vendor} with {driven:?}: {said}")
    });
    let results: Value = serde_json::from_str(&text).expect("JSON");
    let verdicts = results["verdicts"].as_array().expect("a list");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(row, "id"), (text(row, "verdict"), text(row, "reason")));
    verdicts.iter().map(row).collect()
}

/// Compares a style's table with the honest one: nothing is blamed but what the style fairly is.
#[allow(dead_code, reason = "the sample of the gate plays mutants alone")]
pub(crate) fn compare_style(
    style: &Style,
    vendor: &str,
    honest: &Table,
    other: &Table,
) -> Vec<String> {
    let here = |id: &&str| {
        let (id, only) = id.split_once('@').unwrap_or((id, vendor));
        (only == vendor).then(|| id.to_owned())
    };
    let all = [
        (&style.fail, "FAIL"),
        (&style.warn, "WARN"),
        (&style.info, "INFO"),
    ];
    let mut expected = BTreeMap::new();
    for (ids, verdict) in all {
        expected.extend(ids.iter().filter_map(here).map(|id| (id, verdict)));
    }
    let mut wrong = Vec::new();
    for (id, (verdict, reason)) in other {
        let is_blamed = matches!(
            &**verdict,
            "FAIL" | "WARN" | "ERROR" | "HARNESS" | "NOT_RUN"
        );
        match expected.remove(id) {
            Some(wanted) if wanted != verdict => {
                wrong.push(format!("{id} is {verdict}, not {wanted}: {reason}"));
            }
            None if is_blamed && honest.get(id).is_none_or(|(before, _)| before != verdict) => {
                wrong.push(format!("{id} turned {verdict}: {reason}"));
            }
            _ => {}
        }
    }
    let missing = expected
        .keys()
        .map(|id| format!("{id} is not in the report"));
    wrong.extend(missing);
    wrong
}

/// Compares a mutant's table with the honest one: exactly its rows turn.
pub(crate) fn compare(mutant: &Mutant, honest: &Table, bent: &Table) -> Comparison {
    let mut comparison = Comparison::default();
    let nothing = (String::from("NOT_RUN"), String::new());
    let of = |table: &Table, id: &str| table.get(id).unwrap_or(&nothing).clone();
    let fail = mutant.fail.iter().map(|id| (*id, "FAIL"));
    let expected: BTreeMap<&str, &str> = fail
        .chain(mutant.warn.iter().map(|id| (*id, "WARN")))
        .collect();
    for (id, wanted) in &expected {
        let (verdict, reason) = of(bent, id);
        if of(honest, id).0 == "NOT_RUN" {
            comparison.uncovered.push((*id).to_owned());
        } else if verdict != *wanted {
            comparison
                .wrong
                .push(format!("{id} is {verdict}, not {wanted}: {reason}"));
        }
    }
    for (id, (verdict, reason)) in bent {
        let turned = matches!(
            &**verdict,
            "FAIL" | "WARN" | "ERROR" | "HARNESS" | "NOT_RUN"
        );
        if turned && !expected.contains_key(&**id) && of(honest, id).0 != *verdict {
            comparison
                .wrong
                .push(format!("{id} turned {verdict}: {reason}"));
        }
    }
    comparison
}

/// A folder for reports.
pub(crate) fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The results of `work` over all `items`, in their order.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(at) else { return };
                    let result = work(item);
                    results
                        .lock()
                        .expect("no worker panicked")
                        .insert(at, result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no worker panicked");
    results.into_values().collect()
}
