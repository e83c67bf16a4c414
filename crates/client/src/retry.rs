//! When to try again, and how long to wait before.

use std::time::Duration;

use http::{HeaderMap, Method, header};
use locum_core::Timestamp;

/// Longer waits are the caller's decision, not ours.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);
const RETRIES: u32 = 3;

/// The pauses between the attempts of one request: each twice the one before, with a share of
/// chance added, never shorter than the vendor asked for.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    used: u32,
}

impl Backoff {
    /// For an API call: no vendor names a number, and a second offends none.
    pub const fn for_calls() -> Self {
        Self {
            first: Duration::from_secs(1),
            used: 0,
        }
    }

    /// For a token request, which many callers wait for.
    pub const fn for_tokens() -> Self {
        Self {
            first: Duration::from_millis(500),
            used: 0,
        }
    }

    /// The next pause; `None` when the matter is over. `chance` is a number from 0 to 1.
    pub fn next(&mut self, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if self.used == RETRIES || asked > LONGEST_WAIT {
            return None;
        }
        let pause = self.first * (1 << self.used);
        self.used += 1;
        let jitter = pause.mul_f64(chance.clamp(0.0, 1.0) / 4.0);
        Some(pause.max(asked) + jitter)
    }
}

/// Whether a refusal for lack of capacity may be answered with a second request. After a 429 the
/// vendor has done nothing; after a 503 it may have, so only idempotent methods are repeated
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

/// How long `Retry-After` asks to wait (RFC 9110 §10.2.3), as seconds or as a date. A date is
/// compared with the vendor's own `Date` where there is one, since it is the vendor's clock.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds still mean: very long.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = Timestamp::parse_http_date(value)?;
    Some(until.since(date(headers).unwrap_or(now)))
}

/// The `Date` of a reply.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    Timestamp::parse_http_date(headers.get(header::DATE)?.to_str().ok()?)
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
        check("soon", None, None);
        check("-1", None, None);
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut backoff = Backoff::for_calls();
        let pauses: Vec<_> = (0..4).map(|_| backoff.next(None, 1.0)).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(1250), millis(2500), millis(5000), None]);
    }

    #[test]
    fn a_vendor_that_names_a_time_is_never_asked_sooner() {
        let mut backoff = Backoff::for_tokens();
        assert_eq!(backoff.next(Some(9 * SECOND), 0.0), Some(9 * SECOND));
        assert_eq!(backoff.next(Some(86_400 * SECOND), 0.0), None);
    }

    #[test]
    fn writes_are_repeated_only_when_nothing_was_written() {
        assert!(may_repeat(&Method::POST, 429));
        assert!(!may_repeat(&Method::POST, 503));
        assert!(may_repeat(&Method::GET, 503));
        assert!(!may_repeat(&Method::GET, 500));
    }
}
