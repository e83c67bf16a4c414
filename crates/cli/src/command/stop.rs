//! `locum stop`: ends servers that run in the background.

use super::detached::{self, Detached};
use super::{Failure, args};

/// Ends the one that is meant, or all.
pub(super) fn run(args: &args::Stop) -> Result<u8, Failure> {
    let mut running = detached::running()?;
    if let Some(port) = args.port {
        running.retain(|one| one.port == port);
    }
    match running.as_slice() {
        [] => Err(Failure::unreachable(match args.port {
            Some(port) => format!("no server runs in the background on port {port}"),
            None => "no server runs in the background".to_owned(),
        })
        .hint("`locum serve --detach` starts one; one in a terminal is ended by Ctrl-C")),
        [one] => end(one),
        several if args.all => several.iter().map(end).try_fold(0, |_, ended| ended),
        several => {
            let ports: Vec<String> = several.iter().map(|one| one.port.to_string()).collect();
            Err(Failure::usage(format!(
                "several servers run in the background, on the ports {}",
                ports.join(", ")
            ))
            .hint("name one: --port PORT; or end --all"))
        }
    }
}

fn end(one: &Detached) -> Result<u8, Failure> {
    super::block_on(one.end())??;
    super::say(&format!("stopped the server on port {}\n", one.port));
    Ok(0)
}
