//! When to try again, and how long to wait before.

use std::time::Duration;

use http::{HeaderMap, Method, header};
use locum_core::Timestamp;

/// The longest `Retry-After` that is waited for; a longer one is returned to the caller.
pub const MAX_WAIT: Duration = Duration::from_mins(1);
/// After the first attempt.
const MAX_RETRIES: u32 = 3;

/// The pauses between the attempts of one request: each twice the one before, plus up to a quarter
/// of jitter, never shorter than the vendor asked for.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    used: u32,
}

impl Backoff {
    /// For an API operation; begins with a second, since no vendor documents a rate.
    pub const fn for_operations() -> Self {
        Self {
            first: Duration::from_secs(1),
            used: 0,
        }
    }

    /// For a token request, which many callers may wait for; begins with half a second.
    pub const fn for_tokens() -> Self {
        Self {
            first: Duration::from_millis(500),
            used: 0,
        }
    }

    /// The next pause; `None` after the last retry, or if the vendor `asked` for more than
    /// [`MAX_WAIT`]. `jitter` is a random number from 0 to 1.
    pub fn next(&mut self, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if self.used == MAX_RETRIES || asked > MAX_WAIT {
            return None;
        }
        let pause = self.first * (1 << self.used);
        self.used += 1;
        let jitter = if jitter.is_nan() {
            0.0
        } else {
            jitter.clamp(0.0, 1.0)
        };
        let extra = pause.mul_f64(jitter / 4.0);
        Some(pause.max(asked) + extra)
    }
}

/// Whether a request may be repeated after a 429 or 503. A 429 means that nothing was done
/// (RFC 6585 §4); after a 503 something may have been, so only idempotent methods are repeated
/// (RFC 9110 §9.2.2).
pub fn may_repeat(method: &Method, status: u16) -> bool {
    match status {
        429 => true,
        503 => matches!(
            *method,
            Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS
        ),
        _ => false,
    }
}

/// The wait that `Retry-After` asks for (RFC 9110 §10.2.3), in seconds or until a date. A date is
/// compared with the reply's `Date`, which is by the same clock, or else with `now`.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Out of range means a very long wait.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(value)?;
    Some(until.since(date(headers).unwrap_or(now)))
}

/// The `Date` of a reply (RFC 9110 §6.6.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(header::DATE)?.to_str().ok()?)
}

/// Any of the three forms of RFC 9110 §5.6.7, all of which a recipient has to accept.
fn http_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::default().plus(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_514_400);
    const SECOND: Duration = Duration::from_secs(1);

    fn check(value: &str, date: Option<&str>, expected: Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().expect("a value"));
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().expect("a value"));
        }
        assert_eq!(retry_after(&headers, NOON), expected, "{value}");
    }

    #[test]
    fn retry_after_comes_as_seconds_or_as_a_date() {
        check("2", None, Some(2 * SECOND));
        check("0", None, Some(Duration::ZERO));
        check("86400", None, Some(86_400 * SECOND));
        check(
            "99999999999999999999999",
            None,
            Some(Duration::from_secs(u64::MAX)),
        );
        check("Tue, 24 Nov 2026 10:00:03 GMT", None, Some(3 * SECOND));
        check("Tue, 24 Nov 2026 09:00:00 GMT", None, Some(Duration::ZERO));
        let skewed = Some("Tue, 24 Nov 2026 10:10:00 GMT");
        check("Tue, 24 Nov 2026 10:10:03 GMT", skewed, Some(3 * SECOND));
        // RFC 9110 §5.6.7: a recipient must accept the two obsolete forms too.
        check("Tuesday, 24-Nov-26 10:00:03 GMT", None, Some(3 * SECOND));
        check("Tue Nov 24 10:00:03 2026", None, Some(3 * SECOND));
        check("soon", None, None);
        check("-1", None, None);
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut backoff = Backoff::for_operations();
        let pauses: Vec<_> = (0..4).map(|_| backoff.next(None, 1.0)).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(1250), millis(2500), millis(5000), None]);
    }

    #[test]
    fn a_pause_is_never_shorter_than_the_vendor_asked_for() {
        let mut backoff = Backoff::for_tokens();
        assert_eq!(backoff.next(Some(9 * SECOND), 0.0), Some(9 * SECOND));
        assert_eq!(backoff.next(Some(86_400 * SECOND), 0.0), None);
        let second = backoff.next(None, f64::NAN);
        assert_eq!(second, Some(Duration::from_secs(1)));
    }

    #[test]
    fn writes_are_repeated_only_when_nothing_was_written() {
        assert!(may_repeat(&Method::POST, 429));
        assert!(!may_repeat(&Method::POST, 503));
        assert!(may_repeat(&Method::GET, 503));
        assert!(!may_repeat(&Method::GET, 500));
    }
}
