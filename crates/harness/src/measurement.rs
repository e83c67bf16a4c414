//! How a client reads the lifetime of a token, and how early it renews: measured by probes, before
//! the scenarios whose lifetimes are derived from it.
//!
//! Each probe asks one thing: does the client fetch a second token at once when its first was issued
//! with this lifetime? The answers are monotone in the lifetime, so that a few back-to-back calls
//! find the margin without waiting; a short wait then tells milliseconds from seconds.

mod by_clock;
mod search;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use search::{Prober, Scale, Stop, measure};

/// One question put to a fresh instance, in raw values: the number that is written into a lifetime
/// field, before anyone gives it a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The lifetime that each field tells.
    pub raw: u64,
    /// How long the harness waits between the two calls, in milliseconds.
    pub wait_ms: u64,
    /// How long it then waits for a token request that the client starts by itself, in milliseconds.
    pub settle_ms: u64,
    /// By how much the client's own clock is turned ahead between the two calls, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turned_s: u64,
    /// Whether temporary credentials end a second ahead instead of telling `raw`, so that each call
    /// looks at the tokens behind them.
    pub brief_credentials: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a client did in one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Token requests since the instance was made.
    pub token_requests: usize,
    /// From the first token request to the second call's API request, in milliseconds.
    pub gap_ms: u64,
}

impl Answer {
    /// Whether the client fetched a second token.
    pub(crate) const fn refetched(self) -> bool {
        self.token_requests > 1
    }
}

/// The unit in which a client reads a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// None: it takes time from no field that the vendor sends.
    None,
    /// It could not be told.
    Unknown,
}

/// What the probes came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Whether the client reused a token at all, at the longest lifetime that was told.
    pub cached: bool,
    /// How it reads a lifetime.
    pub unit: Unit,
    /// The largest raw lifetime that was known to be fetched anew each time; 0 without an absolute
    /// margin.
    pub lo: u64,
    /// The smallest raw lifetime that was known to be reused each time; 0 without an absolute margin.
    pub hi: u64,
    /// The margin as a share of the lifetime, lower and upper bound, where there is no absolute one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<(f64, f64)>,
    /// For how many seconds it keeps each token, where that is not what the vendor says, and was found
    /// by turning its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed_s: Option<u64>,
    /// For how many of its lives it keeps each token, where it follows the reply and that is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_lives: Option<f64>,
    /// Whether it renews by itself, between calls.
    #[serde(default)]
    pub background: bool,
    /// Why something could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The longest raw lifetime that the probes told.
    pub longest: u64,
}

impl Measurement {
    /// The raw lifetime that outlasts every margin.
    pub fn long(&self) -> u64 {
        self.longest.max(self.hi.saturating_mul(10))
    }

    /// Whether the search ended before it was known if there is a margin.
    pub fn lacks_margin(&self) -> bool {
        self.note.is_some() && !self.has_margin()
    }

    /// Whether the client renews before the end: by an absolute margin or by a share.
    pub fn has_margin(&self) -> bool {
        self.hi > 0 || self.share.is_some_and(|(_, most)| most > 0.0)
    }

    /// The upper bound of the margin in seconds, where the unit is known; a share of `lifetime_s`.
    pub fn margin_s(&self, lifetime_s: f64) -> Option<f64> {
        let share = self.share.map_or(0.0, |(_, most)| most * lifetime_s);
        Some(self.seconds(self.hi)?.max(share))
    }

    /// The lower bound of the same.
    pub fn least_margin_s(&self, lifetime_s: f64) -> Option<f64> {
        let share = self.share.map_or(0.0, |(least, _)| least * lifetime_s);
        Some(self.seconds(self.lo)?.max(share))
    }

    /// A raw lifetime in seconds, where the unit is known.
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    fn seconds(&self, raw: u64) -> Option<f64> {
        match self.unit {
            Unit::Ms => Some(raw as f64 / 1000.0),
            Unit::S => Some(raw as f64),
            Unit::None | Unit::Unknown => None,
        }
    }
}
