//! When to try again: growing gaps with jitter, and what `Retry-After` asks for.

use std::time::Duration;

use locum_core::Timestamp;

use crate::behaviour::{Retry, RetryAfterReading};
use crate::clock::span;
use crate::http::Reply;
use crate::random::Random;

/// Attempts of one request, the first included.
pub(crate) const MAX_ATTEMPTS: u32 = 4;
/// A longer wait is left to the caller.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
/// The first gap after a fault, in seconds.
const FIRST_GAP_S: f64 = 0.3;
/// The first gap after 429, in seconds.
const FIRST_THROTTLED_GAP_S: f64 = 1.0;
/// The share of a gap that chance may add.
const JITTER: f64 = 0.2;

/// What to do after an attempt.
pub(crate) enum Next {
    Wait(Duration),
    GiveUp,
}

/// The gap before attempt `attempt` + 1 after a fault; `constant` stands for a growing one.
pub(crate) fn gap(attempt: u32, constant: Option<f64>, random: &Random) -> Duration {
    span(constant.unwrap_or_else(|| growing(FIRST_GAP_S, attempt, random)))
}

fn growing(first: f64, attempt: u32, random: &Random) -> f64 {
    first * 2_f64.powi(attempt.min(10).cast_signed()) * (1.0 + JITTER * random.unit())
}

/// What a 429 or a 503 asks for: its `Retry-After`, else a growing gap.
pub(crate) fn throttled(
    reply: &Reply,
    attempt: u32,
    now: Timestamp,
    retry: &Retry,
    random: &Random,
) -> Next {
    match retry.retry_after {
        RetryAfterReading::Ignored => return Next::Wait(Duration::from_secs(1)),
        RetryAfterReading::LongPause => return Next::Wait(Duration::from_millis(2500)),
        _ => {}
    }
    match retry_after(reply, now, retry.retry_after) {
        Some(wait)
            if wait > MAX_RETRY_AFTER && retry.retry_after != RetryAfterReading::Unlimited =>
        {
            Next::GiveUp
        }
        Some(wait) => Next::Wait(wait),
        None => {
            Next::Wait(span(retry.throttled_gap_s.unwrap_or_else(|| {
                growing(FIRST_THROTTLED_GAP_S, attempt, random)
            })))
        }
    }
}

/// `Retry-After` in seconds or as a date, which is read by the vendor's own clock where its reply
/// tells that (RFC 9110 §10.2.3).
fn retry_after(reply: &Reply, now: Timestamp, reading: RetryAfterReading) -> Option<Duration> {
    let value = reply.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    if matches!(
        reading,
        RetryAfterReading::SecondsOnly | RetryAfterReading::DateFails
    ) {
        return None;
    }
    let until = Timestamp::parse_http_date(value)?;
    let date = reply.header("date").and_then(Timestamp::parse_http_date);
    Some(until.since(date.unwrap_or(now)))
}

#[cfg(test)]
mod tests;
