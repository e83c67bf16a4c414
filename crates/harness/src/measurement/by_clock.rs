//! For how long a client keeps a token, found by turning its clock.

use super::search::{Prober, Scale, Search, Stop};
use super::{Measurement, Unit};

/// By how many seconds a clock is turned at most: more than a thousand times the lifetime that was
/// told, a century at most.
fn most_turned(told: u64) -> u64 {
    const CENTURY_S: u64 = 3_155_760_000;
    told.saturating_mul(1100).min(CENTURY_S)
}

/// For how long a token is kept that was told to live for so many raw units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kept {
    /// As a reader of seconds keeps it.
    Seconds,
    /// As a reader of milliseconds does.
    Milliseconds,
    /// For so many of its lives: a reply that says half as much is followed.
    Lives(f64),
    /// For less than its life, by a rule of the client's own.
    Less,
    /// For so long, whatever the reply says.
    OwnTime,
}

impl Kept {
    /// Of a client that renews when its clock is turned by `border_s`, and `follows` the reply: told half
    /// as long, it renews earlier.
    fn of(border_s: u64, scale: Scale, follows: bool) -> Self {
        let told = scale.longest;
        let is_about = |lifetime_s: u64| border_s.abs_diff(lifetime_s) <= lifetime_s / 2;
        match () {
            () if !follows => Self::OwnTime,
            () if is_about(told) => Self::Seconds,
            () if is_about(told / 1000) => Self::Milliseconds,
            () if border_s > told / scale.per_second => Self::Lives(lives(border_s, scale)),
            () => Self::Less,
        }
    }
}

/// How many times the told lifetime `border_s` is, in the vendor's unit.
#[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
fn lives(border_s: u64, scale: Scale) -> f64 {
    let told_s = scale.longest as f64 / scale.per_second as f64;
    border_s as f64 / told_s
}

impl<P: Prober> Search<'_, P> {
    /// A client that did not renew within a moment after the end may wait for a 401, renew later, or
    /// have a lifetime of its own, or keep each token for several of its lives: turning its clock
    /// tells which.
    pub(super) async fn by_clock(&self, found: &mut Measurement) -> Result<(), Stop> {
        let told = self.scale.longest;
        let border_s = match self.border_by_clock(told, 2 * told).await? {
            // It may take seconds for a thousand of them.
            None => self.border_by_clock(told, most_turned(told)).await?,
            border_s => border_s,
        };
        let Some(border_s) = border_s else {
            return Ok(());
        };
        let earlier = border_s - border_s.min(told) / 4;
        let follows = self.renews_when_turned(told / 2, earlier).await?;
        found.keeps(border_s, Kept::of(border_s, self.scale, follows));
        Ok(())
    }
}

impl Measurement {
    /// Takes over what the clock showed. A border of a search that found no unit was noise, and the clock
    /// tells the margin; otherwise the token was not renewed in time, and there is none.
    fn keeps(&mut self, border_s: u64, kept: Kept) {
        let was_noise = self.unit == Unit::Unknown;
        if kept == Kept::Less {
            return;
        }
        self.note = None;
        self.unit = match kept {
            Kept::Seconds => Unit::S,
            Kept::Milliseconds => Unit::Ms,
            Kept::Lives(_) | Kept::Less | Kept::OwnTime => Unit::None,
        };
        match kept {
            Kept::Lives(lives) => {
                (self.assumed_s, self.kept_lives) = (Some(border_s), Some(lives));
            }
            Kept::OwnTime => self.assumed_s = Some(border_s),
            Kept::Seconds | Kept::Milliseconds | Kept::Less => {}
        }
        if !was_noise {
            return;
        }
        let told = self.longest;
        match kept {
            Kept::Seconds => {
                let margin = told.saturating_sub(border_s);
                if margin > 1 {
                    (self.lo, self.hi) = (self.lo.min(margin), self.hi.max(margin + 1));
                }
            }
            Kept::Milliseconds => {
                let margin = told.saturating_sub(1000 * border_s);
                (self.lo, self.hi) = match margin > 1000 {
                    true => (margin - 1000, margin + 1000),
                    false => (0, 0),
                };
            }
            Kept::Lives(_) | Kept::Less | Kept::OwnTime => (self.lo, self.hi) = (0, 0),
        }
    }
}
