//! `locum stop`: ends servers that run in the background.

use super::detached::{self, Detached};
use super::{Failure, args};

/// Ends the one that is meant, or all.
pub(super) fn run(args: &args::Stop) -> Result<u8, Failure> {
    let mut running = detached::running()?;
    // With port 0 a server takes any.
    let port = args.port.filter(|port| *port != 0);
    if let Some(port) = port {
        running.retain(|one| one.address.port() == port);
    }
    match running.as_slice() {
        [] => Err(Failure::unreachable(match port {
            Some(port) => format!("no server runs in the background on port {port}"),
            None => "no server runs in the background".to_owned(),
        })
        .hint("`locum serve --detach` starts one; one in a terminal is ended by Ctrl-C")),
        [one] => end(one),
        several if args.all => {
            // One that does not end keeps none of the others.
            let ended: Vec<Result<u8, Failure>> = several.iter().map(end).collect();
            ended.into_iter().collect::<Result<Vec<u8>, Failure>>()?;
            Ok(0)
        }
        several => {
            let addresses = several.iter().map(|one| one.address.to_string());
            let addresses: Vec<String> = addresses.collect();
            Err(Failure::usage(format!(
                "several servers run in the background: {}",
                addresses.join(", ")
            ))
            .hint("name one: --port PORT; or end --all"))
        }
    }
}

fn end(one: &Detached) -> Result<u8, Failure> {
    super::block_on(one.end())??;
    super::say(&format!("stopped the server at {}\n", one.address));
    Ok(0)
}
