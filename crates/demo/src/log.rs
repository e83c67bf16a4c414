//! Lines on standard error, at level debug only.

use std::sync::LazyLock;

static ENABLED: LazyLock<bool> =
    LazyLock::new(|| std::env::var("LOCUM_LOG").is_ok_and(|level| level == "debug"));

/// Writes a line if `LOCUM_LOG` is `debug`. Callers name no secret.
pub(crate) fn debug(line: impl FnOnce() -> String) {
    if *ENABLED {
        eprintln!("debug: {}", line());
    }
}
