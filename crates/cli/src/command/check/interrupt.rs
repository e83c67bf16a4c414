//! Ctrl-C and SIGTERM during a run: the first ends it in order, with what was seen so far; the
//! second ends the program at once.

use locum_harness::verdict::exit;
use tokio::sync::watch;

use crate::command::signal::Interruption;

/// Turns true at the first signal.
pub(in crate::command) fn watch() -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    // Where signals cannot be caught, they end the program as they always do.
    let Ok(mut interruption) = Interruption::new() else {
        return told;
    };
    tokio::spawn(async move {
        interruption.came().await;
        // Nobody listens any more when the run is over.
        let _ = tell.send(true);
        interruption.came().await;
        // An exit runs no destructors.
        locum_harness::subject::kill_all();
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
    told
}
