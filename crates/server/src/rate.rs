//! Rate limits: how many requests of one principal a sliding window lets through.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use locum_core::Timestamp;

/// When requests of each principal were let through.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<HashMap<String, VecDeque<Timestamp>>>);

impl Arrivals {
    /// Lets a request of `who` through; a `limit` of 0 lets all through.
    ///
    /// # Errors
    /// How long it has to wait. A refused request does not count.
    pub fn admit(
        &self,
        who: &str,
        limit: u64,
        window: Duration,
        now: Timestamp,
    ) -> Result<(), Duration> {
        if limit == 0 {
            return Ok(());
        }
        let mut all = self
            .0
            .lock()
            .expect("no code panics while it holds the arrivals");
        let times = all.entry(who.to_owned()).or_default();
        times.retain(|at| *at <= now && now.since(*at) < window);
        match times.front() {
            Some(first) if times.len() as u64 >= limit => Err(first.plus(window).since(now)),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3), never too early.
pub fn retry_after_seconds(wait: Duration) -> String {
    wait.as_millis().div_ceil(1000).to_string()
}

/// `Retry-After` as a date (RFC 9110 §10.2.3). A date has whole seconds: the next one, so that
/// nobody comes back too early.
pub fn retry_after_date(now: Timestamp, wait: Duration) -> String {
    now.plus(wait).plus(Duration::from_millis(999)).http_date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let arrivals = Arrivals::default();
        let at = |account: &str, second: i64| {
            let window = Duration::from_secs(10);
            arrivals.admit(account, 2, window, Timestamp::from_seconds(second))
        };
        assert_eq!(at("a", 100), Ok(()));
        assert_eq!(at("a", 104), Ok(()));
        assert_eq!(at("a", 105), Err(Duration::from_secs(5)));
        assert_eq!(at("b", 105), Ok(()));
        assert_eq!(at("a", 110), Ok(()));
        assert_eq!(at("a", 111), Err(Duration::from_secs(3)));
    }

    #[test]
    fn nobody_is_sent_back_too_early() {
        let (now, wait) = (
            Timestamp::from_seconds(1_795_514_400),
            Duration::from_millis(4001),
        );
        assert_eq!(retry_after_seconds(wait), "5");
        assert_eq!(retry_after_date(now, wait), "Tue, 24 Nov 2026 10:00:05 GMT");
    }
}
