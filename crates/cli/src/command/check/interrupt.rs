//! Ctrl-C and SIGTERM during a run: the first ends it in order, with what was seen so far; the
//! second ends the program at once.

use locum_harness::verdict::exit;
use tokio::sync::watch;

use crate::command::signal::interrupted;

/// Turns true at the first signal.
pub(super) fn watch() -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        interrupted().await;
        // Nobody listens any more when the run is over.
        let _ = tell.send(true);
        interrupted().await;
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
    told
}
