//! A vendor that answers nothing, so that a run against it ends.

use std::sync::{Arc, Mutex, PoisonError};

use crate::http::HttpError;

/// After so many requests in a row without a reply in time, nothing more is sent.
const MAX_TIMEOUTS: usize = 2;

/// So many in a row where the vendor has answered before and only changed requests found no reply:
/// a fault of its checks, which is one row's matter, would else hide all the others.
const MAX_CHANGED_TIMEOUTS: usize = 6;

/// So many in a whole run, whatever came between.
const MAX_ALL_TIMEOUTS: usize = 12;

/// How many requests of a run in a row got no reply in time; its clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Silence(Arc<Mutex<Counts>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    has_answered: bool,
    documented: usize,
    in_a_row: usize,
    all: usize,
}

impl Silence {
    fn counts(&self) -> Counts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether waiting longer is in vain.
    pub(crate) fn is_lasting(&self) -> bool {
        let counts = self.counts();
        let limit = match counts.has_answered && counts.documented < MAX_TIMEOUTS {
            true => MAX_CHANGED_TIMEOUTS,
            false => MAX_TIMEOUTS,
        };
        counts.in_a_row >= limit || counts.all >= MAX_ALL_TIMEOUTS
    }

    /// Counts what came of a request, which `is_documented` or a changed one. Any end but the lack
    /// of a reply shows that somebody is there.
    pub(crate) fn learn<T>(&self, outcome: &Result<T, HttpError>, is_documented: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Err(HttpError::Timeout(_)) => {
                counts.in_a_row += 1;
                counts.all += 1;
                counts.documented += usize::from(is_documented);
            }
            Err(HttpError::NotSent(_)) => {}
            Ok(_) | Err(_) => {
                counts.has_answered = true;
                counts.in_a_row = 0;
                counts.documented = 0;
            }
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
            scenarios[0].learn(&timeout, true);
        }
        assert!(!silence.is_lasting());
        silence.learn(&Ok(Reply::default()), true);
        for scenario in scenarios.iter().cycle().take(MAX_TIMEOUTS) {
            assert!(!silence.is_lasting());
            scenario.learn(&timeout, true);
        }
        silence.learn::<Reply>(&Err(HttpError::NotSent("in vain")), true);
        assert!(silence.is_lasting());
    }

    /// A server that let each wrong secret hang had a report without any row.
    #[test]
    fn a_vendor_that_leaves_changed_requests_alone_is_asked_on() {
        let timeout: Result<Reply, _> = Err(HttpError::Timeout(REPLY_TIMEOUT));
        let silence = Silence::default();
        let mut all = 0;
        while !silence.is_lasting() {
            silence.learn(&Ok(Reply::default()), true);
            for _ in 1..MAX_CHANGED_TIMEOUTS {
                silence.learn(&timeout, false);
                all += 1;
            }
        }
        assert!((MAX_ALL_TIMEOUTS..MAX_ALL_TIMEOUTS + MAX_CHANGED_TIMEOUTS).contains(&all));
        let never_there = Silence::default();
        for _ in 0..MAX_TIMEOUTS {
            never_there.learn(&timeout, false);
        }
        assert!(never_there.is_lasting());
    }
}
