//! The time at a real endpoint, as near as its replies tell.

use std::sync::Arc;

use locum_core::{Clock, Timestamp};

use crate::http::Reply;

/// The harness's own clock, put right by the `Date` of the vendor's latest reply.
#[derive(Clone, Debug)]
pub(crate) struct VendorClock {
    clock: Arc<dyn Clock>,
    ahead_ms: i64,
}

impl VendorClock {
    /// The harness's own clock, until a reply says otherwise.
    pub(crate) const fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ahead_ms: 0 }
    }

    /// Takes the `Date` of a reply that has just come (RFC 9110 §6.6.1); it counts whole seconds.
    pub(crate) fn learn(&mut self, reply: &Reply) {
        let date = reply.header("date").and_then(Timestamp::parse_http_date);
        if let Some(date) = date {
            self.ahead_ms = date.as_millis() - self.clock.now().as_millis();
        }
    }

    /// How far it is ahead of the harness's own clock, in milliseconds.
    pub(crate) const fn ahead_ms(&self) -> i64 {
        self.ahead_ms
    }

    /// Takes over what an earlier run learnt.
    pub(crate) const fn go_on(&mut self, ahead_ms: i64) {
        self.ahead_ms = ahead_ms;
    }

    /// The vendor's time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now().as_millis().saturating_add(self.ahead_ms))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use locum_core::ManualClock;

    use super::*;

    fn reply(date: &str) -> Reply {
        Reply {
            status: 200,
            headers: vec![("Date".to_owned(), date.to_owned())],
            body: Vec::new(),
        }
    }

    #[test]
    fn the_date_of_a_reply_puts_the_clock_right() {
        let own = Arc::new(ManualClock::at(Timestamp::from_seconds(1_000_000_000)));
        let mut clock = VendorClock::new(own.clone());
        assert_eq!(clock.now().as_seconds(), 1_000_000_000);
        clock.learn(&reply("Sun, 09 Sep 2001 01:56:40 GMT"));
        assert_eq!(clock.now().as_seconds(), 1_000_000_600);
        own.advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_seconds(), 1_000_000_605);
        clock.learn(&reply("yesterday"));
        assert_eq!(clock.now().as_seconds(), 1_000_000_605);
    }
}
