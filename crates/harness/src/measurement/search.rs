//! The search itself: which probes are made, and what they come to.

use super::{Answer, Measurement, Probe, Unit};

/// The time that a client gets for a renewal of its own, in milliseconds.
const SETTLE_MS: u64 = 250;

/// The longest wait of one probe, in milliseconds.
const LONGEST_WAIT_MS: u64 = 15_000;

/// Each bound is confirmed by so many probes that agree.
const CONFIRMATIONS: usize = 4;

/// The points of a lifetime at which the share probe calls, in percent; the last one is past its end.
const POINTS: [u8; 8] = [0, 10, 25, 50, 75, 90, 97, 110];

/// The lives of the share probe, in seconds. Near the end of the short one a client that counts whole
/// seconds renews early or late by chance, as does one behind a slow machine: then the long one tells.
const LIVES_S: [u64; 2] = [4, 10];

/// Instances that live the long one, each begun at another phase of the second: of a client that
/// counts whole seconds the latest tells.
const PHASES: usize = 3;

/// Why a search ended early: the client failed a call, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop(pub(crate) String);

/// Puts probes to a client.
pub(crate) trait Prober {
    /// Puts one probe to a fresh instance.
    async fn probe(&mut self, probe: Probe) -> Result<Answer, Stop>;

    /// Tells each of so many fresh `instances`, begun at other phases of a second, the lifetime `raw`,
    /// which is `real_ms` long, and calls at each of `points` percent of it; for each instance the
    /// first point at which a further token request had arrived.
    async fn calls_at(
        &mut self,
        instances: usize,
        raw: u64,
        real_ms: u64,
        points: &[u8],
    ) -> Result<Vec<Option<u8>>, Stop>;

    /// Whether the client's clock can be turned.
    fn turns_clock(&self) -> bool;
}

/// What the search has to know of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The longest raw lifetime that is told.
    pub(crate) longest: u64,
    /// Whether a field tells the lifetime that a client could take for milliseconds.
    pub(crate) may_be_ms: bool,
    /// Whether tokens stand behind temporary credentials.
    pub(crate) behind_credentials: bool,
}

/// Searches for the margin, then for the unit.
pub(crate) async fn measure<P: Prober>(prober: &mut P, scale: Scale) -> Result<Measurement, Stop> {
    let mut search = Search {
        prober,
        scale,
        settle_ms: 0,
        gap_ms: 0,
    };
    let mut found = Measurement {
        cached: true,
        unit: Unit::Unknown,
        lo: 0,
        hi: 0,
        share: None,
        assumed_s: None,
        background: false,
        note: None,
        longest: scale.longest,
    };
    if search.refetches_after(scale.longest, 0, SETTLE_MS).await? {
        found.cached = false;
        return Ok(found);
    }
    let mut bounds = search.bounds().await?;
    if let Some((_, hi)) = bounds
        && search
            .refetches_after(hi + search.slack(), 0, SETTLE_MS)
            .await?
    {
        found.background = true;
        search.settle_ms = SETTLE_MS;
        bounds = search.bounds().await?;
    }
    if let Some((lo, hi)) = bounds {
        (found.lo, found.hi) = (lo, hi);
        if hi > search.noise() {
            let slack = search.slack();
            let (below, above) = (lo.saturating_sub(slack), hi + slack);
            match search.confirm(below, above).await? {
                // No jitter: the border is where the search found it.
                Some(bounds) if bounds == (below, above) => {}
                Some(bounds) => (found.lo, found.hi) = bounds,
                None => {
                    found.note = Some("the margin differs too much from call to call".to_owned());
                    return Ok(found);
                }
            }
        }
    }
    search.unit(&mut found).await?;
    if found.unit == Unit::None && search.prober.turns_clock() {
        search.by_clock(&mut found).await?;
    } else if found.hi == 0 && matches!(found.unit, Unit::Ms | Unit::S) {
        search.share(&mut found).await?;
    }
    Ok(found)
}

struct Search<'a, P> {
    prober: &'a mut P,
    scale: Scale,
    settle_ms: u64,
    /// The longest gap so far.
    gap_ms: u64,
}

impl<P: Prober> Search<'_, P> {
    /// One raw may be a millisecond for this client, and calls take time.
    const fn slack(&self) -> u64 {
        4 * self.gap_ms
    }

    /// A border up to here may be nothing but the time between two calls.
    fn noise(&self) -> u64 {
        SETTLE_MS.max(self.slack()) + 2 * self.settle_ms
    }

    async fn refetches(&mut self, raw: u64) -> Result<bool, Stop> {
        self.refetches_after(raw, 0, self.settle_ms).await
    }

    async fn refetches_after(
        &mut self,
        raw: u64,
        wait_ms: u64,
        settle_ms: u64,
    ) -> Result<bool, Stop> {
        let answer = self
            .prober
            .probe(Probe {
                raw: raw.max(1),
                wait_ms,
                settle_ms,
                turned_s: 0,
                brief_credentials: wait_ms > 0 && self.scale.behind_credentials,
            })
            .await?;
        if wait_ms == 0 {
            self.gap_ms = self.gap_ms.max(answer.gap_ms);
        }
        Ok(answer.refetched())
    }

    /// The largest lifetime that was fetched anew and the smallest that was reused, a raw apart;
    /// `None` where even the shortest one is reused.
    async fn bounds(&mut self) -> Result<Option<(u64, u64)>, Stop> {
        if !self.refetches(1).await? {
            return Ok(None);
        }
        let (mut lo, mut hi) = (1, self.scale.longest);
        while hi - lo > 1 {
            let middle = lo + (hi - lo) / 2;
            match self.refetches(middle).await? {
                true => lo = middle,
                false => hi = middle,
            }
        }
        Ok(Some((lo, hi)))
    }

    /// Bounds at which all probes agree, from `lo` and `hi` outwards; `None` when they are too far
    /// apart to mean anything.
    async fn confirm(&mut self, lo: u64, hi: u64) -> Result<Option<(u64, u64)>, Stop> {
        let step = (hi / 32).max(1);
        let (mut low, mut high) = (lo, hi);
        while low > 0 && !self.agree(low, true).await? {
            low = low.saturating_sub(step);
            if high - low > hi / 2 {
                return Ok(None);
            }
        }
        while !self.agree(high, false).await? {
            high += step;
            if high - low > hi / 2 {
                return Ok(None);
            }
        }
        Ok(Some((low, high)))
    }

    async fn agree(&mut self, raw: u64, refetch: bool) -> Result<bool, Stop> {
        for _ in 0..CONFIRMATIONS {
            if self.refetches(raw).await? != refetch {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn unit(&mut self, found: &mut Measurement) -> Result<(), Stop> {
        let forever = match self.scale.behind_credentials {
            true => 2_592_000,
            false => self.scale.longest,
        };
        if self.refetches_after(forever, 2250, 0).await? {
            found.note = Some(
                "the client fetched a new token after 2 s for another reason than its lifetime"
                    .to_owned(),
            );
            return Ok(());
        }
        let (lo, hi) = (found.lo, found.hi);
        let slack = self.slack();
        if self.scale.may_be_ms {
            let wait_ms = 1250 + (hi - lo) + 2 * slack;
            if wait_ms <= LONGEST_WAIT_MS
                && self.refetches_after(hi + slack + 1000, wait_ms, 0).await?
            {
                found.unit = Unit::Ms;
                let within_noise = hi <= self.noise();
                (found.lo, found.hi) = match within_noise {
                    true => (0, 0),
                    false => (lo.saturating_sub(slack), hi + slack),
                };
                return Ok(());
            }
        }
        let bounds = match hi {
            0 => Some((0, 0)),
            _ => self.confirm(lo, hi).await?,
        };
        let Some((lo, hi)) = bounds else {
            found.note = Some("the margin differs too much from call to call".to_owned());
            return Ok(());
        };
        (found.lo, found.hi) = (lo, hi);
        let wait_ms = 1250 + 1000 * (hi - lo);
        if wait_ms > LONGEST_WAIT_MS {
            found.note = Some(format!(
                "the margin varies by {} s: too much to tell the unit without a long wait",
                hi - lo
            ));
            return Ok(());
        }
        // A client may count from the vendor's `Date`, which has whole seconds only.
        let wait_ms = match self.scale.behind_credentials {
            true => wait_ms.max(2250),
            false => wait_ms,
        };
        found.unit = match self.refetches_after(hi + 1, wait_ms, 0).await? {
            true => Unit::S,
            false => Unit::None,
        };
        Ok(())
    }

    /// Where there is no absolute margin it may be a share of the lifetime.
    async fn share(&mut self, found: &mut Measurement) -> Result<(), Stop> {
        let per_second = match found.unit {
            Unit::Ms => 1000,
            _ => 1,
        };
        let [short, long] = LIVES_S;
        let first = self
            .prober
            .calls_at(1, short * per_second, short * 1000, &POINTS)
            .await?;
        let mut at = first.into_iter().next().flatten();
        if at.is_none_or(|point| point >= 97) {
            let seen = self
                .prober
                .calls_at(PHASES, long * per_second, long * 1000, &POINTS)
                .await?;
            // Behind credentials a renewal is seen late, when those end, and never early.
            at = match self.scale.behind_credentials {
                true => seen.into_iter().flatten().min(),
                false => match seen.contains(&None) {
                    true => None,
                    false => seen.into_iter().flatten().max(),
                },
            };
        }
        match at {
            Some(point) if point > 0 => {
                let before = POINTS.iter().rev().find(|before| **before < point);
                let left = |percent: u8| 1.0 - f64::from(percent.min(100)) / 100.0;
                let share = (left(point), left(*before.unwrap_or(&0)));
                found.share = (point <= 100).then_some(share);
            }
            _ => {
                found.unit = Unit::Unknown;
                found.note = Some("the probes contradict each other".to_owned());
            }
        }
        Ok(())
    }

    /// A client that did not renew within a moment after the end may wait for a 401, renew later, or
    /// have a lifetime of its own: turning its clock tells which.
    async fn by_clock(&mut self, found: &mut Measurement) -> Result<(), Stop> {
        let told = self.scale.longest;
        let Some(border) = self.border_by_clock(told, 2 * told).await? else {
            return Ok(());
        };
        // Told half as long it renews a good deal earlier, if it reads what it is told.
        let earlier = border - border.min(told) / 4;
        let reads = self.renews_when_turned(told / 2, earlier).await?;
        let is_about = |lifetime_s: u64| {
            let off = border.abs_diff(lifetime_s);
            off <= lifetime_s / 2
        };
        match (reads, is_about(told), is_about(told / 1000)) {
            (true, true, _) => found.unit = Unit::S,
            (true, false, true) => found.unit = Unit::Ms,
            (true, false, false) => {}
            (false, ..) => found.assumed_s = Some(border),
        }
        Ok(())
    }

    /// By how many seconds, up to `most`, the client's clock has to be turned until it renews a token
    /// that was issued with the lifetime `raw`.
    async fn border_by_clock(&mut self, raw: u64, most: u64) -> Result<Option<u64>, Stop> {
        if !self.renews_when_turned(raw, most).await? {
            return Ok(None);
        }
        let (mut low, mut high) = (0, most);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.renews_when_turned(raw, middle).await? {
                true => high = middle,
                false => low = middle,
            }
        }
        Ok(Some(high))
    }

    async fn renews_when_turned(&mut self, raw: u64, turned_s: u64) -> Result<bool, Stop> {
        let probe = Probe {
            raw,
            wait_ms: 0,
            settle_ms: self.settle_ms,
            turned_s,
            brief_credentials: self.scale.behind_credentials,
        };
        Ok(self.prober.probe(probe).await?.refetched())
    }
}
