//! Whether this is a container, where this machine's own addresses are the container's.

use std::path::Path;

use super::Finding;

/// What engines leave in each container.
const MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

const NAME: &str = "container";

pub(super) fn finding() -> Finding {
    let is_marked = MARKS.iter().any(|mark| Path::new(mark).exists());
    if !is_marked && std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Finding::ok(NAME, "this is none: 127.0.0.1 is the machine");
    }
    Finding::warn(
        NAME,
        "this is one: 127.0.0.1 is the container alone, not its host and not its neighbours",
        "serve beside the clients; or serve with --host 0.0.0.0 --control-token TOKEN --allow-host NAME, NAME being the service's name or host.docker.internal, and give clients LOCUM_CONTROL_URL=http://NAME:4700/_locum",
    )
}
