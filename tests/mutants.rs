//! `just mutants`: the whole mutant matrix, or the rows that are named. Minutes, so not in the gate;
//! a sample of it is in `tests/it/mutants.rs`.

#[path = "it/mutants/matrix.rs"]
mod matrix;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use locum_demo::{Mutant, mutants};
use matrix::{Comparison, Table, compare, drive, folder, side_by_side};

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<Mutant> = mutants()
        .into_iter()
        .filter(|mutant| named.is_empty() || named.iter().any(|name| name == mutant.name))
        .collect();
    let locum = Path::new(env!("CARGO_BIN_EXE_locum"));
    let folder = folder();
    let vendors = ["athelas", "corti", "pattern", "scribe"];
    let honest = side_by_side(&vendors, |vendor| drive(locum, &folder, vendor, None, &[]));
    let honest: BTreeMap<&str, Table> = vendors.into_iter().zip(honest).collect();
    let mut bad = 0;
    for (vendor, table) in &honest {
        let blamed = table.iter().filter(|(_, (verdict, _))| {
            matches!(&**verdict, "FAIL" | "WARN" | "ERROR" | "HARNESS")
        });
        for (id, (verdict, reason)) in blamed {
            println!("honest at {vendor}: {id} is {verdict}: {reason}");
            bad += 1;
        }
    }
    let compared = side_by_side(&chosen, |mutant| {
        let bent = drive(locum, &folder, mutant.vendor, Some(mutant.name), &[]);
        let comparison = compare(mutant, &honest[mutant.vendor], &bent);
        print(mutant, &comparison);
        comparison
    });
    bad += compared.iter().filter(|one| !one.wrong.is_empty()).count();
    let whole = |one: &&Comparison| one.wrong.is_empty() && one.uncovered.is_empty();
    let exact = compared.iter().filter(whole).count();
    let of = compared.len();
    println!("{exact} of {of} mutants turn exactly their rows; {bad} things are wrong");
    ExitCode::from(u8::from(bad > 0 || of == 0))
}

fn print(mutant: &Mutant, comparison: &Comparison) {
    let mut line = format!("{:<30}", mutant.name);
    if comparison.wrong.is_empty() && comparison.uncovered.is_empty() {
        line.push_str(" exact");
    }
    if !comparison.uncovered.is_empty() {
        line.push_str(&format!(
            " nothing covers {}",
            comparison.uncovered.join(", ")
        ));
    }
    for wrong in &comparison.wrong {
        line.push_str(&format!("\n    {wrong}"));
    }
    println!("{line}");
}
