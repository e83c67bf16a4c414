//! Requests of a client in the last minute: only where the setting asks for a limit.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use locum_core::Timestamp;

/// Arrivals by client.
#[derive(Debug, Default)]
pub(super) struct Window {
    arrivals: Mutex<HashMap<String, Vec<Timestamp>>>,
}

impl Window {
    /// Counts a request of `client`; says whether it is one too many.
    pub(super) fn exceeds(&self, client: &str, limit: u64, now: Timestamp) -> bool {
        if limit == 0 {
            return false;
        }
        let mut arrivals = self
            .arrivals
            .lock()
            .expect("no code panics while it holds the window");
        let list = arrivals.entry(client.to_owned()).or_default();
        list.retain(|at| now.since(*at) < Duration::from_secs(60) && *at <= now);
        list.push(now);
        list.len() as u64 > limit
    }
}
