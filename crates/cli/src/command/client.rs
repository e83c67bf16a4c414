//! `locum client`: the demo client as a subject on standard input and output.

use locum_core::setting::nearest;
use locum_demo::{Mutant, Options, Style, mutants, styles};

use super::{Failure, args};

/// Speaks until standard input ends.
pub(super) fn run(args: &args::Client) -> Result<u8, Failure> {
    if args.list {
        mutants().iter().for_each(print);
        styles().iter().for_each(print_style);
        return Ok(0);
    }
    let options = Options {
        mutant: args.mutant.as_deref().map(named).transpose()?,
        style: args.style.as_deref().map(style_named).transpose()?,
        seed: args.seed.unwrap_or_else(rand::random),
        store: args.store.clone(),
        webhook: args.webhook.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start the client: {error}")))?;
    let served = runtime.block_on(locum_demo::serve(options));
    // A read of standard input cannot be given up; nobody waits for it.
    runtime.shutdown_background();
    served.map_err(|error| Failure::unreachable(format!("standard input or output: {error}")))?;
    Ok(0)
}

fn print(mutant: &Mutant) {
    let rows = mutant.fail.iter().map(|id| format!("{id} FAIL"));
    let rows = rows.chain(mutant.warn.iter().map(|id| format!("{id} WARN")));
    let rows: Vec<String> = rows.collect();
    super::say(&format!(
        "{:<30} {:<8} {} ({})\n",
        mutant.name,
        mutant.vendor,
        mutant.does,
        rows.join(", ")
    ));
}

fn print_style(style: &Style) {
    super::say(&format!(
        "{:<30} {:<8} {} (a style, nothing wrong)\n",
        style.name,
        style.vendors.join(","),
        style.does
    ));
}

fn named(name: &str) -> Result<Mutant, Failure> {
    let known = mutants();
    let names = known.iter().map(|mutant| mutant.name);
    locum_demo::mutant(name).ok_or_else(|| unknown("mutant", name, nearest(name, names)))
}

fn style_named(name: &str) -> Result<Style, Failure> {
    let known = styles();
    let names = known.iter().map(|style| style.name);
    locum_demo::style(name).ok_or_else(|| unknown("style", name, nearest(name, names)))
}

fn unknown(what: &str, name: &str, near: Option<&str>) -> Failure {
    let hint = match near {
        Some(near) => format!("did you mean `{near}`? `locum client --list` names them all"),
        None => "`locum client --list` names them all".to_owned(),
    };
    Failure::usage(format!("unknown {what} `{name}`")).hint(hint)
}
