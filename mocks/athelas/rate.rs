//! "Configure appropriate permissions and rate limits": requests of an account in a window, only
//! where the setting asks for a limit.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp};
use locum_server::Mock;

use super::State;

/// When requests of each account were let through.
#[derive(Debug, Default)]
pub(super) struct Arrivals(HashMap<String, VecDeque<Timestamp>>);

impl Arrivals {
    /// Lets a request of `account` through, or says how long it has to wait.
    fn admit(
        &mut self,
        account: &str,
        limit: usize,
        window: Duration,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let times = self.0.entry(account.to_owned()).or_default();
        times.retain(|at| *at <= now && now.since(*at) < window);
        match times.front() {
            Some(first) if times.len() >= limit => Err(first.plus(window).since(now)),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

/// Counts a request of `account`.
///
/// # Errors
/// `rate_limit`: `{"details":"Too many requests"}`.
pub(super) fn count(mock: &Mock, account: &str) -> Result<(), Denial> {
    let limit = usize::try_from(mock.setting_u64("rate_limit")).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(());
    }
    let window = Duration::from_secs(mock.setting_u64("rate_window_s"));
    let now = mock.now();
    let admitted = mock
        .state::<State>()
        .arrivals
        .lock()
        .expect("no code panics while it holds the arrivals")
        .admit(account, limit, window, now);
    admitted.map_err(|wait| too_many(mock, wait).expected(format!("{limit} in {window:?}")))
}

/// "wait until the rate limit resets".
fn too_many(mock: &Mock, wait: Duration) -> Denial {
    let denial = |look: &str| Denial::new(DenialKind::Limit, look);
    let seconds = wait.as_millis().div_ceil(1000);
    match mock.setting_text("rate_limit_headers").as_str() {
        "retry_after_s" => denial("rate_limit_retry").param("retry_after", seconds.to_string()),
        "retry_after_date" => {
            // A date has whole seconds: the next one, so that nobody comes back too early.
            let back = mock.now().plus(wait).plus(Duration::from_millis(999));
            denial("rate_limit_retry").param("retry_after", back.http_date())
        }
        _ => denial("rate_limit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut arrivals = Arrivals::default();
        let mut at = |account: &str, second: i64| {
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
}
