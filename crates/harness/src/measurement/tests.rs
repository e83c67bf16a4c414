use super::search::{Prober, Scale, Stop, measure};
use super::{Answer, Measurement, Probe, Unit};

/// A client of a known kind, and a clock of its own: each call takes five milliseconds.
#[derive(Clone, Copy)]
struct Simulated {
    /// Milliseconds that one raw is for it; 0 for a client that takes time from no field.
    raw_ms: u64,
    /// Its margin in milliseconds.
    margin_ms: u64,
    /// Its margin in percent of the lifetime.
    share: u64,
    /// Whether it has a cache.
    caches: bool,
    /// By how much its margin differs from probe to probe, in milliseconds.
    jitter_ms: u64,
    probes: u64,
}

const PLAIN: Simulated = Simulated {
    raw_ms: 1000,
    margin_ms: 0,
    share: 0,
    caches: true,
    jitter_ms: 0,
    probes: 0,
};

impl Simulated {
    fn is_over(&self, raw: u64, age_ms: u64) -> bool {
        if !self.caches {
            return true;
        }
        if self.raw_ms == 0 {
            return false;
        }
        let lives = raw * self.raw_ms;
        let jitter = self.jitter_ms * (self.probes % 3) / 2;
        let margin = (self.margin_ms + jitter).max(lives * self.share / 100);
        age_ms + margin >= lives
    }
}

impl Prober for Simulated {
    async fn probe(&mut self, probe: Probe) -> Result<Answer, Stop> {
        self.probes += 1;
        assert!(self.probes < 200, "the search does not end");
        let again = self.is_over(probe.raw, 5 + probe.wait_ms);
        Ok(Answer {
            token_requests: 1 + usize::from(again),
            gap_ms: 5,
        })
    }

    async fn calls_at(
        &mut self,
        raw: u64,
        real_ms: u64,
        points: &[u8],
    ) -> Result<Option<u8>, Stop> {
        let over = |point: &&u8| self.is_over(raw, 5 + real_ms * u64::from(**point) / 100);
        Ok(points.iter().find(over).copied())
    }
}

fn found(mut client: Simulated, longest: u64, may_be_ms: bool) -> Measurement {
    let scale = Scale {
        longest,
        may_be_ms,
        behind_credentials: false,
    };
    let search = measure(&mut client, scale);
    futures_util::FutureExt::now_or_never(search)
        .expect("a simulated client never waits")
        .expect("it never fails")
}

#[test]
fn seconds_and_milliseconds_are_told_apart_with_the_same_border() {
    let seconds = found(
        Simulated {
            margin_ms: 60_000,
            ..PLAIN
        },
        3_600_000,
        true,
    );
    assert_eq!((seconds.unit, seconds.lo, seconds.hi), (Unit::S, 60, 61));
    let ms = Simulated {
        raw_ms: 1,
        margin_ms: 60_000,
        ..PLAIN
    };
    let ms = found(ms, 3_600_000, true);
    assert_eq!(ms.unit, Unit::Ms);
    assert!(
        ms.lo <= 60_000 && 60_000 <= ms.hi && ms.hi < 60_100,
        "{ms:?}"
    );
    assert!(
        ms.margin_s(3600.0)
            .is_some_and(|margin| (60.0..60.1).contains(&margin))
    );
}

#[test]
fn a_reader_of_milliseconds_without_margin_has_none() {
    let ms = found(Simulated { raw_ms: 1, ..PLAIN }, 3_600_000, true);
    assert_eq!((ms.unit, ms.hi, ms.share), (Unit::Ms, 0, None));
    assert!(!ms.has_margin());
}

#[test]
fn renewing_at_the_end_is_no_margin() {
    let plain = found(PLAIN, 172_800, true);
    assert_eq!((plain.unit, plain.hi, plain.share), (Unit::S, 0, None));
    assert!(!plain.has_margin());
}

#[test]
fn a_margin_can_be_a_share_of_the_lifetime() {
    let fifth = found(Simulated { share: 20, ..PLAIN }, 172_800, true);
    assert_eq!(fifth.unit, Unit::S);
    let (least, most) = fifth.share.expect("a share");
    assert!(least <= 0.2 && 0.2 <= most, "{fifth:?}");
    assert!(fifth.has_margin());
}

#[test]
fn a_client_that_waits_for_a_401_takes_no_time() {
    let none = found(Simulated { raw_ms: 0, ..PLAIN }, 172_800, true);
    assert_eq!((none.unit, none.hi), (Unit::None, 0));
}

#[test]
fn a_client_without_cache_is_seen_at_once() {
    assert!(
        !found(
            Simulated {
                caches: false,
                ..PLAIN
            },
            172_800,
            true
        )
        .cached
    );
}

#[test]
fn a_margin_with_jitter_is_a_range() {
    let client = Simulated {
        margin_ms: 60_000,
        jitter_ms: 4000,
        ..PLAIN
    };
    let range = found(client, 172_800, true);
    assert_eq!(range.unit, Unit::S);
    assert!(range.lo <= 60 && 64 <= range.hi, "{range:?}");
    let wild = Simulated {
        margin_ms: 60_000,
        jitter_ms: 90_000,
        ..PLAIN
    };
    assert_eq!(found(wild, 172_800, true).unit, Unit::Unknown);
}

#[test]
fn a_vendor_without_milliseconds_is_not_asked_for_them() {
    let client = Simulated {
        margin_ms: 300_000,
        ..PLAIN
    };
    let found = found(client, 172_800, false);
    assert_eq!((found.unit, found.lo, found.hi), (Unit::S, 300, 301));
}
