//! The search itself: which probes are made, and what they come to.

use std::cell::Cell;

use futures_util::future::try_join_all;
use futures_util::join;

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

/// The life of the share probe in seconds where the client's clock is turned: a signature that is dated
/// so far ahead is still taken. Its parts are written and read again without a loss.
const TURNED_LIFE_S: u32 = 256;

/// Instances that live the long one, each begun at another phase of the second: of a client that
/// counts whole seconds the latest tells.
const PHASES: usize = 3;

/// What is said of a margin without bounds.
const DIFFERS: &str = "the margin differs too much from call to call";

/// Where a wait would be too long, so many instances wait side by side, and one of them tells.
const SIDE_BY_SIDE: usize = 4;

/// Why a search ended early: the client failed a call, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop(pub(crate) String);

/// Puts probes to a client.
pub(crate) trait Prober {
    /// Puts one probe to a fresh instance. Several may be under way; what a client that holds one
    /// instance at a time answers then is a [`Stop`].
    async fn probe(&self, probe: Probe) -> Result<Answer, Stop>;

    /// Tells each of so many fresh `instances`, begun at other phases of a second, the lifetime `raw`,
    /// which is `real_ms` long, and calls at each of `points` percent of it; for each instance the
    /// first point at which a further token request had arrived.
    async fn calls_at(
        &self,
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
    /// How much the vendor's field counts for a second.
    pub(crate) per_second: u64,
    /// Whether tokens stand behind temporary credentials.
    pub(crate) behind_credentials: bool,
}

/// Searches for the margin, then for the unit. What is known when the client stops answering stays,
/// and the note says why there is no more; of a client that stops at once nothing is known.
pub(crate) async fn measure<P: Prober>(prober: &P, scale: Scale) -> Result<Measurement, Stop> {
    let mut search = Search {
        prober,
        scale,
        settle_ms: 0,
        gap_ms: Cell::new(0),
        reads_ms: Cell::new(false),
    };
    let mut found = Measurement {
        cached: true,
        unit: Unit::Unknown,
        lo: 0,
        hi: 0,
        share: None,
        assumed_s: None,
        kept_lives: None,
        background: false,
        note: None,
        longest: scale.longest,
    };
    if search.refetches_after(scale.longest, 0, SETTLE_MS).await? {
        found.cached = false;
        return Ok(found);
    }
    if let Err(Stop(why)) = search.fill(&mut found).await {
        found.note.get_or_insert(why);
    }
    Ok(found)
}

pub(super) struct Search<'a, P> {
    pub(super) prober: &'a P,
    pub(super) scale: Scale,
    settle_ms: u64,
    /// The longest gap of the search so far.
    gap_ms: Cell<u64>,
    /// Whether the client was seen to read milliseconds: then nobody asks for seconds.
    reads_ms: Cell<bool>,
}

impl<P: Prober> Search<'_, P> {
    /// Measures a client that reuses its tokens.
    async fn fill(&mut self, found: &mut Measurement) -> Result<(), Stop> {
        if !self.margin(found).await? {
            return Ok(());
        }
        // Within the noise a border is nothing but the time between two calls, in whatever measure.
        let within_noise = found.hi <= self.noise();
        let forgets = self.unit(found).await?;
        if found.unit == Unit::S && within_noise && self.keeps_longer(found).await? {
            found.unit = Unit::Unknown;
            found.note = Some("a token is kept for longer than its reply says".to_owned());
        }
        let is_open = match found.unit {
            Unit::None => true,
            Unit::Unknown => within_noise && !forgets,
            Unit::Ms | Unit::S => false,
        };
        if is_open && self.prober.turns_clock() {
            self.by_clock(found).await?;
        } else if found.hi == 0 && matches!(found.unit, Unit::Ms | Unit::S) {
            self.share(found).await?;
        }
        Ok(())
    }

    /// Finds the bounds of an absolute margin; whether they mean anything.
    async fn margin(&mut self, found: &mut Measurement) -> Result<bool, Stop> {
        let mut bounds = self.bounds().await?;
        if let Some((_, hi)) = bounds
            && self
                .refetches_after(hi + self.slack(), 0, SETTLE_MS)
                .await?
        {
            found.background = true;
            self.settle_ms = SETTLE_MS;
            bounds = self.bounds().await?;
        }
        let Some((lo, hi)) = bounds else {
            return Ok(true);
        };
        (found.lo, found.hi) = (lo, hi);
        if hi <= self.noise() {
            return Ok(true);
        }
        let slack = self.slack();
        let (below, above) = (lo.saturating_sub(slack), hi + slack);
        match self.confirm(below, above).await? {
            // No jitter: the border is where the search found it.
            Some(bounds) if bounds == (below, above) => {}
            Some(bounds) => (found.lo, found.hi) = bounds,
            None => {
                found.note = Some(DIFFERS.to_owned());
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One raw may be a millisecond for this client, and calls take time.
    const fn slack(&self) -> u64 {
        4 * self.gap_ms.get()
    }

    /// A border up to here may be nothing but the time between two calls.
    fn noise(&self) -> u64 {
        SETTLE_MS.max(self.slack()) + 2 * self.settle_ms
    }

    /// Whether a lifetime is too short for the client, in the search for its margin.
    async fn refetches(&self, raw: u64) -> Result<bool, Stop> {
        let answer = self.asked(raw, 0, self.settle_ms).await?;
        self.gap_ms.set(self.gap_ms.get().max(answer.gap_ms));
        Ok(answer.refetched())
    }

    async fn refetches_after(&self, raw: u64, wait_ms: u64, settle_ms: u64) -> Result<bool, Stop> {
        let answer = self.asked(raw, wait_ms, settle_ms).await?;
        Ok(answer.refetched())
    }

    async fn asked(&self, raw: u64, wait_ms: u64, settle_ms: u64) -> Result<Answer, Stop> {
        let probe = Probe {
            raw: raw.max(1),
            wait_ms,
            settle_ms,
            turned_s: 0,
            brief_credentials: wait_ms > 0 && self.scale.behind_credentials,
        };
        self.prober.probe(probe).await
    }

    /// The largest lifetime that was fetched anew and the smallest that was reused, a raw apart;
    /// `None` where even the shortest one is reused.
    async fn bounds(&self) -> Result<Option<(u64, u64)>, Stop> {
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
    async fn confirm(&self, lo: u64, hi: u64) -> Result<Option<(u64, u64)>, Stop> {
        let step = (hi / 32).max(1);
        let (mut low, mut high) = (lo, hi);
        while low > 0 && !self.reads_ms.get() && !self.agree(low, true).await? {
            low = low.saturating_sub(step);
            if high - low > hi / 2 {
                return Ok(None);
            }
        }
        while !self.reads_ms.get() && !self.agree(high, false).await? {
            high += step;
            if high - low > hi / 2 {
                return Ok(None);
            }
        }
        Ok(Some((low, high)))
    }

    async fn agree(&self, raw: u64, refetch: bool) -> Result<bool, Stop> {
        for _ in 0..CONFIRMATIONS {
            if self.refetches(raw).await? != refetch {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The probes wait side by side; a client that holds one instance at a time is asked once more, one
    /// after the other.
    /// Says whether the client forgets tokens by itself.
    async fn unit(&self, found: &mut Measurement) -> Result<bool, Stop> {
        let bounds = (found.lo, found.hi);
        let gap_ms = self.gap_ms.get();
        let at_once = join!(self.forgets(), self.reads_ms(bounds), self.reads_s(bounds));
        let (forgets, reads_ms, reads_s) = if let (Ok(forgets), Ok(reads_ms), Ok(reads_s)) = at_once
        {
            (forgets, reads_ms, reads_s)
        } else {
            // A client that holds one instance at a time is asked one by one, and anew: what was
            // half seen side by side tells nothing.
            self.gap_ms.set(gap_ms);
            self.reads_ms.set(false);
            (
                self.forgets().await?,
                self.reads_ms(bounds).await?,
                self.reads_s(bounds).await?,
            )
        };
        if forgets {
            found.note = Some(
                "the client fetched a new token after 2 s for another reason than its lifetime"
                    .to_owned(),
            );
            return Ok(true);
        }
        if let Some((lo, hi)) = reads_ms {
            found.unit = Unit::Ms;
            (found.lo, found.hi) = (lo, hi);
            return Ok(false);
        }
        match reads_s {
            Ok((reads, lo, hi)) => {
                found.unit = if reads { Unit::S } else { Unit::None };
                (found.lo, found.hi) = (lo, hi);
            }
            Err(why) => found.note = Some(why),
        }
        Ok(false)
    }

    /// Whether the client drops a token by itself that was told to live for ever.
    async fn forgets(&self) -> Result<bool, Stop> {
        let forever = match self.scale.behind_credentials {
            true => 2_592_000,
            false => self.scale.longest,
        };
        self.refetches_after(forever, 2250, 0).await
    }

    /// The bounds of the margin of a client that reads milliseconds.
    async fn reads_ms(&self, (lo, hi): (u64, u64)) -> Result<Option<(u64, u64)>, Stop> {
        let (slack, within_noise) = (self.slack(), hi <= self.noise());
        let wait_ms = 1250 + (hi - lo) + 2 * slack;
        if self
            .refetches_later(hi + slack + 1000, hi + slack, wait_ms)
            .await?
            != Some(true)
        {
            return Ok(None);
        }
        self.reads_ms.set(true);
        Ok(Some(match within_noise {
            true => (0, 0),
            false => (lo.saturating_sub(slack), hi + slack),
        }))
    }

    /// Whether the client reads seconds, and the bounds of its margin then; else why that could not be
    /// told.
    async fn reads_s(
        &self,
        (lo, hi): (u64, u64),
    ) -> Result<Result<(bool, u64, u64), String>, Stop> {
        let bounds = match hi {
            0 => Some((0, 0)),
            _ => self.confirm(lo, hi).await?,
        };
        let Some((lo, hi)) = bounds.filter(|_| !self.reads_ms.get()) else {
            return Ok(Err(DIFFERS.to_owned()));
        };
        let wait_ms = 1250 + 1000 * (hi - lo);
        // A client may count from the vendor's `Date`, which has whole seconds only.
        let wait_ms = match self.scale.behind_credentials {
            true => wait_ms.max(2250),
            false => wait_ms,
        };
        let mut reads = self.refetches_later(hi + 1, hi, wait_ms).await?;
        // A margin that varies may be wider than it was found, and narrow this once.
        for _ in 1..SIDE_BY_SIDE {
            if reads != Some(false) || hi - lo <= 1 {
                break;
            }
            let longest = LONGEST_WAIT_MS.max(wait_ms);
            reads = self.refetches_later(hi + 1, hi, longest).await?;
        }
        Ok(reads.map(|reads| (reads, lo, hi)).ok_or_else(|| {
            let varies = hi - lo;
            format!(
                "the margin varies by {varies} s: too much to tell the unit without a long wait"
            )
        }))
    }

    /// Whether a client that seems to read seconds where the vendor tells milliseconds reads these, and
    /// keeps its token for a few of its lives.
    async fn keeps_longer(&self, found: &Measurement) -> Result<bool, Stop> {
        const LIVES_MS: u64 = 4000;
        let life_ms = found.hi + self.slack() + 1000;
        let is_in_doubt = self.scale.per_second > 1;
        Ok(is_in_doubt && self.refetches_after(life_ms, LIVES_MS, 0).await?)
    }

    /// Whether a token that lives `raw` is fetched anew when so much time has passed. Where that is too
    /// long to wait the client's own clock tells. Where it cannot be turned, nothing is known unless one
    /// of several tokens at the `edge` of a margin that varies, which are reused at once, is fetched anew.
    async fn refetches_later(
        &self,
        raw: u64,
        edge: u64,
        wait_ms: u64,
    ) -> Result<Option<bool>, Stop> {
        if wait_ms <= LONGEST_WAIT_MS {
            return Ok(Some(self.refetches_after(raw, wait_ms, 0).await?));
        }
        if self.prober.turns_clock() {
            let turned_s = wait_ms.div_ceil(1000);
            return Ok(Some(self.renews_when_turned(raw, turned_s).await?));
        }
        if !self.agree(edge, false).await? {
            return Ok(None);
        }
        let wait = |_| self.refetches_after(edge, LONGEST_WAIT_MS, 0);
        let seen = try_join_all((0..SIDE_BY_SIDE).map(wait)).await?;
        Ok(seen.contains(&true).then_some(true))
    }

    /// Where there is no absolute margin it may be a share of the lifetime.
    async fn share(&self, found: &mut Measurement) -> Result<(), Stop> {
        let per_second = match found.unit {
            Unit::Ms => 1000,
            _ => 1,
        };
        if self.prober.turns_clock() {
            found.share = self.share_by_clock(per_second).await?;
            if found.share.is_some() {
                return Ok(());
            }
        }
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
                if self.prober.turns_clock() {
                    self.by_clock(found).await?;
                }
            }
        }
        Ok(())
    }

    /// The share without a wait, by turning the client's clock. Nothing where no margin is seen that
    /// is wider than the whole seconds of a clock: then time itself has to tell.
    async fn share_by_clock(&self, per_second: u64) -> Result<Option<(f64, f64)>, Stop> {
        let life_s = u64::from(TURNED_LIFE_S);
        let border = self.border_by_clock(life_s * per_second, life_s).await?;
        let border = border.and_then(|border| u32::try_from(border).ok());
        let border = border.filter(|border| (2..TURNED_LIFE_S - 3).contains(border));
        let part = |left_s: u32| f64::from(left_s) / f64::from(TURNED_LIFE_S);
        Ok(border.map(|border| {
            let left_s = TURNED_LIFE_S - border;
            (part(left_s - 1), part(left_s + 2))
        }))
    }

    /// By how many seconds, up to `most`, the client's clock has to be turned until it renews a token
    /// that was issued with the lifetime `raw`.
    pub(super) async fn border_by_clock(&self, raw: u64, most: u64) -> Result<Option<u64>, Stop> {
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

    pub(super) async fn renews_when_turned(&self, raw: u64, turned_s: u64) -> Result<bool, Stop> {
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
