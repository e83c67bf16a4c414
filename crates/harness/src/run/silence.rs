//! A vendor that answers nothing, so that a run against it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::http::HttpError;

/// After so many requests in a row without a reply in time, nothing more is sent.
const MAX_TIMEOUTS: usize = 2;

/// How many requests of a run in a row got no reply in time; its clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Silence(Arc<AtomicUsize>);

impl Silence {
    /// Whether waiting longer is in vain.
    pub(crate) fn is_lasting(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MAX_TIMEOUTS
    }

    /// Counts what came of a request. Any end but the lack of a reply shows that somebody is there.
    pub(crate) fn learn<T>(&self, outcome: &Result<T, HttpError>) {
        match outcome {
            Err(HttpError::Timeout(_)) => {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            Err(HttpError::NotSent(_)) => {}
            Ok(_) | Err(_) => self.0.store(0, Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{REPLY_TIMEOUT, Reply};

    /// A run against a vendor that hangs waited for each reply of each scenario.
    #[test]
    fn timeouts_in_a_row_end_the_waiting() {
        let timeout: Result<Reply, _> = Err(HttpError::Timeout(REPLY_TIMEOUT));
        let silence = Silence::default();
        let scenarios = [silence.clone(), silence.clone()];
        for _ in 1..MAX_TIMEOUTS {
            scenarios[0].learn(&timeout);
        }
        assert!(!silence.is_lasting());
        silence.learn(&Ok(Reply::default()));
        for scenario in scenarios.iter().cycle().take(MAX_TIMEOUTS) {
            assert!(!silence.is_lasting());
            scenario.learn(&timeout);
        }
        silence.learn::<Reply>(&Err(HttpError::NotSent("in vain")));
        assert!(silence.is_lasting());
    }
}
