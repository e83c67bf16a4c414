//! Rate limits: how many requests of one principal a sliding window lets through.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use locum_core::Timestamp;

/// Most requests of a principal in a window: a larger limit counts as this one.
pub const MAX_LIMIT: u64 = 100_000;

/// Most arrivals that are remembered, and most principals with them. Who came last stays.
const MAX_ARRIVALS: usize = 200_000;
const MAX_PRINCIPALS: usize = 1000;

/// When requests of each principal were let through.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<HashMap<String, VecDeque<Timestamp>>>);

impl Arrivals {
    /// How long `who` would have to wait to be let through; `None` when it would be at once.
    pub fn wait(
        &self,
        who: &str,
        limit: u64,
        window: Duration,
        now: Timestamp,
    ) -> Option<Duration> {
        let all = self
            .0
            .lock()
            .expect("no code panics while it holds the arrivals");
        let times = all.get(who)?.iter();
        let mut recent = times.filter(|at| **at <= now && now.since(**at) < window);
        let first = *recent.next()?;
        let count = recent.count() as u64 + 1;
        (limit != 0 && count >= limit.min(MAX_LIMIT)).then(|| first.plus(window).since(now))
    }

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
        make_room(&mut all);
        let times = all.entry(who.to_owned()).or_default();
        times.retain(|at| *at <= now && now.since(*at) < window);
        match times.front() {
            Some(first) if times.len() as u64 >= limit.min(MAX_LIMIT) => {
                Err(first.plus(window).since(now))
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

/// Forgets whoever came longest ago, until there is room for one more. It is nobody who makes up
/// the limit alone: that is less than there is room for.
fn make_room(all: &mut HashMap<String, VecDeque<Timestamp>>) {
    let mut arrivals: usize = all.values().map(VecDeque::len).sum();
    while all.len() >= MAX_PRINCIPALS || arrivals >= MAX_ARRIVALS {
        let oldest = all.iter().min_by_key(|(_, times)| times.back().copied());
        let Some(name) = oldest.map(|(name, _)| name.clone()) else {
            return;
        };
        arrivals -= all.remove(&name).map_or(0, |times| times.len());
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
    fn what_is_remembered_is_bounded() {
        let arrivals = Arrivals::default();
        let window = Duration::from_secs(10);
        let at = |who: &str, second: i64| {
            arrivals.admit(who, u64::MAX, window, Timestamp::from_seconds(second))
        };
        for number in 0..2 * MAX_PRINCIPALS {
            assert_eq!(at(&number.to_string(), 100), Ok(()));
        }
        let known = arrivals.0.lock().expect("nobody panics").len();
        assert!(known <= MAX_PRINCIPALS, "{known}");
        for (who, second) in [("a", 118), ("b", 119), ("c", 120)] {
            // Each as many as it may.
            let mut all = arrivals.0.lock().expect("nobody panics");
            let limit = usize::try_from(MAX_LIMIT).expect("a small number");
            let now = Timestamp::from_seconds(second);
            all.insert(who.to_owned(), std::iter::repeat_n(now, limit).collect());
        }
        assert!(at("c", 120).is_err());
        let all = arrivals.0.lock().expect("nobody panics");
        let arrivals: usize = all.values().map(VecDeque::len).sum();
        assert!(arrivals <= MAX_ARRIVALS, "{arrivals}");
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
