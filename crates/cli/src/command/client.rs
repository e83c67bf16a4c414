//! `locum client`: the demo client as a subject on standard input and output.

use locum_core::setting::nearest;
use locum_demo::{Mutant, Options, mutants};

use super::{Failure, args};

/// Speaks until standard input ends.
pub(super) fn run(args: &args::Client) -> Result<u8, Failure> {
    if args.list {
        mutants().iter().for_each(print);
        return Ok(0);
    }
    let options = Options {
        mutant: args.mutant.as_deref().map(named).transpose()?,
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

fn named(name: &str) -> Result<Mutant, Failure> {
    locum_demo::mutant(name).ok_or_else(|| {
        let hint = match nearest(name, mutants().iter().map(|mutant| mutant.name)) {
            Some(near) => format!("did you mean `{near}`? `locum client --list` names them all"),
            None => "`locum client --list` names them all".to_owned(),
        };
        Failure::usage(format!("unknown mutant `{name}`")).hint(hint)
    })
}
