//! `just mutants`: the whole mutant matrix and all styles of sound clients, or those that are named;
//! `styles` names all of those. Minutes, so not in the gate; a sample of it is in `tests/it/mutants.rs`.

#[path = "it/mutants/matrix.rs"]
mod matrix;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use locum_demo::{Mutant, Style, mutants, styles};
use matrix::{
    Comparison, Driven, Table, WEBHOOKS, compare, compare_style, drive, folder, side_by_side,
};

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<Mutant> = mutants()
        .into_iter()
        .filter(|mutant| named.is_empty() || named.iter().any(|name| name == mutant.name))
        .collect();
    let is_named = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    let chosen_styles: Vec<(Style, &str)> = styles()
        .into_iter()
        .filter(|style| is_named(style.name) || is_named("styles"))
        .flat_map(|style| {
            let vendors = style.vendors.clone();
            vendors
                .into_iter()
                .map(move |vendor| (style.clone(), vendor))
        })
        .collect();
    let locum = Path::new(env!("CARGO_BIN_EXE_locum"));
    let folder = folder();
    let vendors = ["athelas", "corti", "pattern", "scribe"];
    let honest = side_by_side(&vendors, |vendor| {
        drive(locum, &folder, vendor, Driven::Honest, &[])
    });
    let mut honest: BTreeMap<&str, Table> = vendors.into_iter().zip(honest).collect();
    let mut bad = 0;
    for mutant in chosen.iter().filter(|mutant| turns_webhooks(mutant)) {
        bad += usize::from(!is_honest_receiver(locum, &folder, mutant, &mut honest));
    }
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
        let bent = drive(
            locum,
            &folder,
            mutant.vendor,
            Driven::Mutant(mutant.name),
            &[],
        );
        let comparison = compare(mutant, &honest[mutant.vendor], &bent);
        print(mutant, &comparison);
        comparison
    });
    bad += compared.iter().filter(|one| !one.wrong.is_empty()).count();
    let blamed = side_by_side(&chosen_styles, |(style, vendor)| {
        let other = drive(locum, &folder, vendor, Driven::Style(style.name), &[]);
        let wrong = compare_style(style, vendor, &honest[vendor], &other);
        let verdict = if wrong.is_empty() {
            " as it should"
        } else {
            ""
        };
        println!("{:<30} {vendor}{verdict}", style.name);
        for one in &wrong {
            println!("    {one}");
        }
        wrong.len()
    });
    bad += blamed.iter().sum::<usize>();
    let whole = |one: &&Comparison| one.wrong.is_empty() && one.uncovered.is_empty();
    let exact = compared.iter().filter(whole).count();
    let (of, played) = (compared.len(), blamed.len());
    println!(
        "{exact} of {of} mutants turn exactly their rows, {played} styles were played; {bad} things are wrong"
    );
    ExitCode::from(u8::from(bad > 0 || of + played == 0))
}

fn turns_webhooks(mutant: &Mutant) -> bool {
    mutant.fail.contains(&WEBHOOKS) || mutant.warn.contains(&WEBHOOKS)
}

/// Whether the honest client passes where it receives webhooks, as the mutant does; its table is told.
fn is_honest_receiver(
    locum: &Path,
    folder: &Path,
    mutant: &Mutant,
    honest: &mut BTreeMap<&str, Table>,
) -> bool {
    let folder = folder.join("receiver");
    let receiver = drive(locum, &folder, mutant.vendor, Driven::Honest, &[WEBHOOKS]);
    let Some((verdict, reason)) = receiver.get(WEBHOOKS).cloned() else {
        println!("honest at {}: {WEBHOOKS} was not played", mutant.vendor);
        return false;
    };
    let passes = verdict == "PASS";
    if !passes {
        println!(
            "honest at {}: {WEBHOOKS} is {verdict}: {reason}",
            mutant.vendor
        );
    }
    if let Some(table) = honest.get_mut(mutant.vendor) {
        table.insert(WEBHOOKS.to_owned(), (verdict, reason));
    }
    passes
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
