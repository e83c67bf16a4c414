//! Timestamps, and the clocks that they come from.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A point in time on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

impl Timestamp {
    /// `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// `seconds` seconds after the epoch; saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the NumericDate of RFC 7519 §2.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time plus `span`, in whole milliseconds; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This time minus `span`, in whole milliseconds; saturates.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The span since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-24T10:00:00Z` (RFC 3339), with milliseconds unless they are zero.
    pub fn rfc3339(self) -> String {
        self.date_time()
            .format(&Rfc3339)
            .expect("a clamped date has a four-digit year")
    }

    /// `Tue, 24 Nov 2026 10:00:00 GMT`: the fixed format of RFC 9110 §5.6.7.
    pub fn http_date(self) -> String {
        let format = format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        self.date_time()
            .format(&format)
            .expect("the format names only known parts")
    }

    /// `20261124T100000Z`: `x-amz-date` of AWS Signature Version 4.
    pub fn amz_date(self) -> String {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        self.date_time()
            .format(&format)
            .expect("the format names only known parts")
    }

    /// Parses an RFC 3339 date with any offset; `None` if it is not one.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .map(Self::from_date_time)
    }

    /// Parses the fixed format of RFC 9110 §5.6.7; `None` for anything else, its two obsolete formats
    /// included.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let format = format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        let date = time::PrimitiveDateTime::parse(text, &format).ok()?;
        Some(Self::from_date_time(date.assume_utc()))
    }

    /// Parses `20261124T100000Z`; `None` for anything else.
    pub fn parse_amz_date(text: &str) -> Option<Self> {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let date = time::PrimitiveDateTime::parse(text, &format).ok()?;
        Some(Self::from_date_time(date.assume_utc()))
    }

    /// The calendar date and time in UTC, clamped to the years 1 to 9999.
    pub fn date_time(self) -> OffsetDateTime {
        const FIRST: i64 = -62_135_596_800_000;
        const LAST: i64 = 253_402_300_799_999;
        let nanos = i128::from(self.0.clamp(FIRST, LAST)) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).expect("clamped to representable years")
    }

    fn from_date_time(date: OffsetDateTime) -> Self {
        Self(i64::try_from(date.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 date")))
    }
}

/// A source of time: a wall clock, which may be corrected, and a monotonic one, which may stop while
/// the machine is suspended. Code that expires something should consult both.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time on the wall clock.
    fn now(&self) -> Timestamp;

    /// The time since an arbitrary origin; never decreases.
    fn monotonic(&self) -> Duration;
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub fn new() -> Self {
        Self {
            origin: std::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// A clock for tests: it moves only when it is told to.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl ManualClock {
    /// A clock whose wall time is `now` and whose monotonic time is zero.
    pub const fn at(now: Timestamp) -> Self {
        Self {
            wall: AtomicI64::new(now.as_millis()),
            monotonic: AtomicI64::new(0),
        }
    }

    /// Moves both clocks forward by `span`, in whole milliseconds; saturates.
    pub fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        add(&self.wall, millis);
        add(&self.monotonic, millis);
    }

    /// Moves the wall clock alone by `millis`, as a correction or a suspended machine does; saturates.
    pub fn jump(&self, millis: i64) {
        add(&self.wall, millis);
    }
}

fn add(clock: &AtomicI64, millis: i64) {
    let sum = |now: i64| Some(now.saturating_add(millis));
    let _ = clock.fetch_update(Ordering::SeqCst, Ordering::SeqCst, sum);
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.monotonic.load(Ordering::SeqCst)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_in_three_formats() {
        let instant = Timestamp::from_seconds(1_795_514_400);
        assert_eq!(instant.rfc3339(), "2026-11-24T10:00:00Z");
        assert_eq!(instant.http_date(), "Tue, 24 Nov 2026 10:00:00 GMT");
        assert_eq!(instant.amz_date(), "20261124T100000Z");
        assert_eq!(
            Timestamp::parse_rfc3339("2026-11-24T11:00:00+01:00"),
            Some(instant)
        );
        assert_eq!(
            Timestamp::parse_http_date(&instant.http_date()),
            Some(instant)
        );
        assert_eq!(
            Timestamp::parse_amz_date(&instant.amz_date()),
            Some(instant)
        );
    }

    #[test]
    fn a_manual_clock_saturates() {
        let clock = ManualClock::at(Timestamp::from_seconds(1));
        for _ in 0..2 {
            clock.advance(Duration::MAX);
            assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
        }
        assert_eq!(
            clock.monotonic(),
            Duration::from_millis(i64::MAX.unsigned_abs())
        );
    }

    #[test]
    fn the_largest_and_smallest_timestamps_neither_panic_nor_wrap() {
        for millis in [i64::MIN, -1, 0, i64::MAX] {
            let instant = Timestamp::from_millis(millis);
            let _ = (instant.rfc3339(), instant.http_date(), instant.amz_date());
            assert!(instant.plus(Duration::MAX) >= instant);
            assert!(instant.minus(Duration::MAX) <= instant);
        }
    }
}
