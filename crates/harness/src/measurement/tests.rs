use std::cell::Cell;

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
    /// How long after the end it renews, in milliseconds.
    late_ms: u64,
    /// The lifetime that it takes for each token, in milliseconds.
    fixed_ms: Option<u64>,
    /// Whether its clock can be turned.
    turns: bool,
    /// Within the last milliseconds of each life it does not look.
    blind_ms: u64,
    /// For how much of its life it keeps a token, in percent.
    kept: u64,
    /// It ends when its clock is turned so many seconds ahead.
    ends_at_s: Option<u64>,
    /// It ends when it is left alone for so many milliseconds.
    ends_after_ms: Option<u64>,
}

const PLAIN: Simulated = Simulated {
    raw_ms: 1000,
    margin_ms: 0,
    share: 0,
    caches: true,
    jitter_ms: 0,
    late_ms: 0,
    fixed_ms: None,
    turns: false,
    blind_ms: 0,
    kept: 100,
    ends_at_s: None,
    ends_after_ms: None,
};

impl Simulated {
    /// Whether a token is over for it; its jitter goes by the number of the probe.
    fn is_over(&self, raw: u64, age_ms: u64, number: u64) -> bool {
        if !self.caches {
            return true;
        }
        if self.raw_ms == 0 {
            return false;
        }
        let told = raw * self.raw_ms * self.kept / 100;
        let lives = self.fixed_ms.unwrap_or(told) + self.late_ms;
        let jitter = self.jitter_ms * (number % 3) / 2;
        let margin = (self.margin_ms + jitter).max(lives * self.share / 100);
        // What polls or is slow renews late where the margin is short.
        age_ms + margin.saturating_sub(self.blind_ms) >= lives
    }
}

/// The client under the probes of one search.
struct Probed {
    client: Simulated,
    probes: Cell<u64>,
    /// How many are under way, of a client that holds one instance at a time.
    held: Option<Cell<u64>>,
}

/// Lets whatever else is under way go on.
async fn pause() {
    let mut was_here = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut was_here, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl Prober for Probed {
    async fn probe(&self, probe: Probe) -> Result<Answer, Stop> {
        self.probes.set(self.probes.get() + 1);
        assert!(self.probes.get() < 200, "the search does not end");
        if let Some(held) = &self.held {
            let place = held.replace(held.get() + 1);
            pause().await;
            held.set(held.get() - 1);
            match place {
                0 => {}
                // The last took the others' instance away, who were made anew by their next calls.
                1 => {
                    return Ok(Answer {
                        token_requests: 2,
                        gap_ms: 5000,
                    });
                }
                _ => return Err(Stop("one instance at a time".to_owned())),
            }
        }
        if self
            .client
            .ends_at_s
            .is_some_and(|end_s| probe.turned_s >= end_s)
            || self
                .client
                .ends_after_ms
                .is_some_and(|end_ms| probe.wait_ms >= end_ms)
        {
            return Err(Stop("the client is gone".to_owned()));
        }
        let age_ms = 5 + probe.wait_ms + 1000 * probe.turned_s;
        let again = self.client.is_over(probe.raw, age_ms, self.probes.get());
        Ok(Answer {
            token_requests: 1 + usize::from(again),
            gap_ms: 5,
        })
    }

    async fn calls_at(
        &self,
        instances: usize,
        raw: u64,
        real_ms: u64,
        points: &[u8],
    ) -> Result<Vec<Option<u8>>, Stop> {
        let number = self.probes.get();
        let age_ms = |point: u8| 5 + real_ms * u64::from(point) / 100;
        let over = |point: &&u8| self.client.is_over(raw, age_ms(**point), number);
        Ok(vec![points.iter().find(over).copied(); instances])
    }

    fn turns_clock(&self) -> bool {
        self.client.turns
    }
}

fn found(client: Simulated, longest: u64) -> Measurement {
    found_at(client, longest, 1)
}

fn found_at(client: Simulated, longest: u64, per_second: u64) -> Measurement {
    let scale = Scale {
        longest,
        per_second,
        behind_credentials: false,
    };
    let probed = Probed {
        client,
        probes: Cell::new(0),
        held: None,
    };
    let search = measure(&probed, scale);
    futures_util::FutureExt::now_or_never(search)
        .expect("a simulated client never waits")
        .expect("it never fails")
}

#[tokio::test]
async fn what_was_half_seen_side_by_side_tells_nothing() {
    let probed = Probed {
        client: PLAIN,
        probes: Cell::new(0),
        held: Some(Cell::new(0)),
    };
    let scale = Scale {
        longest: 172_800,
        per_second: 1,
        behind_credentials: false,
    };
    let found = measure(&probed, scale).await.expect("it never fails");
    assert_eq!((found.unit, found.note), (Unit::S, None));
}

#[test]
fn seconds_and_milliseconds_are_told_apart_with_the_same_border() {
    let seconds = Simulated {
        margin_ms: 60_000,
        ..PLAIN
    };
    let seconds = found_at(seconds, 3_600_000, 1000);
    assert_eq!((seconds.unit, seconds.lo, seconds.hi), (Unit::S, 60, 61));
    let ms = Simulated {
        raw_ms: 1,
        margin_ms: 60_000,
        ..PLAIN
    };
    let ms = found(ms, 3_600_000);
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
    let ms = found(Simulated { raw_ms: 1, ..PLAIN }, 3_600_000);
    assert_eq!((ms.unit, ms.hi, ms.share), (Unit::Ms, 0, None));
    assert!(!ms.has_margin());
}

#[test]
fn renewing_at_the_end_is_no_margin() {
    let plain = found(PLAIN, 172_800);
    assert_eq!((plain.unit, plain.hi, plain.share), (Unit::S, 0, None));
    assert!(!plain.has_margin());
}

#[test]
fn a_margin_can_be_a_share_of_the_lifetime() {
    let fifth = found(Simulated { share: 20, ..PLAIN }, 172_800);
    assert_eq!(fifth.unit, Unit::S);
    let (least, most) = fifth.share.expect("a share");
    assert!(least <= 0.2 && 0.2 <= most, "{fifth:?}");
    assert!(fifth.has_margin());
}

/// Without a wait, and more exactly than a life of seconds shows it.
#[test]
fn a_share_is_seen_by_turning_the_clock() {
    for (raw_ms, per_cent) in [(1000, 20), (1, 20), (1000, 3)] {
        let turned = Simulated {
            raw_ms,
            share: per_cent,
            turns: true,
            ..PLAIN
        };
        let found = found(turned, 172_800);
        let (least, most) = found.share.expect("a share");
        let share = f64::from(u32::try_from(per_cent).expect("small")) / 100.0;
        assert!(least <= share && share <= most, "{found:?}");
        assert!(most - least < 0.02, "{found:?}");
    }
    let at_the_end = Simulated {
        turns: true,
        ..PLAIN
    };
    assert_eq!(found(at_the_end, 172_800).share, None);
}

#[test]
fn a_client_that_waits_for_a_401_takes_no_time() {
    let none = found(Simulated { raw_ms: 0, ..PLAIN }, 172_800);
    assert_eq!((none.unit, none.hi), (Unit::None, 0));
}

/// A client behind a slow machine was taken for one that renews at the end.
#[test]
fn a_share_that_a_short_life_does_not_show_is_seen_in_a_long_one() {
    let slow = Simulated {
        share: 5,
        blind_ms: 190,
        ..PLAIN
    };
    let found = found(slow, 172_800);
    let (least, most) = found.share.expect("a share");
    assert!(least <= 0.05 && 0.05 <= most, "{found:?}");
}

/// A client that renews thirty seconds too late was taken for one that waits for a 401.
#[test]
fn a_renewal_after_the_end_is_seen_by_turning_the_clock() {
    let late = Simulated {
        late_ms: 30_000,
        turns: true,
        ..PLAIN
    };
    let seen = found(late, 172_800);
    assert_eq!((seen.unit, seen.hi, seen.share), (Unit::S, 0, None));
    assert!(!seen.has_margin());
    let ms = Simulated { raw_ms: 1, ..late };
    assert_eq!(found(ms, 3_600_000).unit, Unit::Ms);
    let untold = Simulated {
        turns: false,
        ..late
    };
    assert_eq!(found(untold, 172_800).unit, Unit::None);
}

/// Its border is nothing but the time between two calls, and no unit fits it.
#[test]
fn a_token_that_is_kept_for_two_lives_is_seen_by_turning_the_clock() {
    let twice = Simulated {
        kept: 200,
        turns: true,
        ..PLAIN
    };
    let seconds = found(twice, 172_800);
    assert_eq!(
        (seconds.unit, seconds.assumed_s),
        (Unit::None, Some(345_600))
    );
    let ms = Simulated { raw_ms: 1, ..twice };
    let ms = found_at(ms, 3_600_000, 1000);
    assert_eq!((ms.unit, ms.assumed_s), (Unit::None, Some(7200)));
    assert_eq!(ms.kept_lives, Some(2.0));
    assert!(!ms.has_margin());
    let untold = Simulated {
        raw_ms: 1,
        turns: false,
        ..twice
    };
    assert_eq!(found_at(untold, 3_600_000, 1000).unit, Unit::Unknown);
    let late = Simulated {
        raw_ms: 1,
        kept: 100,
        late_ms: 30_000,
        ..twice
    };
    assert_eq!(found_at(late, 3_600_000, 1000).unit, Unit::Ms);
}

#[test]
fn a_lifetime_of_its_own_is_seen_by_turning_the_clock() {
    let fixed = Simulated {
        fixed_ms: Some(3_540_000),
        turns: true,
        ..PLAIN
    };
    let fixed = found(fixed, 3_600_000);
    assert_eq!((fixed.unit, fixed.assumed_s), (Unit::None, Some(3540)));
    assert_eq!(fixed.kept_lives, None);
    // Seconds taken for a thousand of them.
    let long = Simulated {
        raw_ms: 1_000_000,
        turns: true,
        ..PLAIN
    };
    let long = found(long, 172_800);
    assert_eq!((long.unit, long.assumed_s), (Unit::None, Some(172_800_000)));
    assert_eq!(long.kept_lives, Some(1000.0));
    let waits = Simulated {
        raw_ms: 0,
        turns: true,
        ..PLAIN
    };
    let waits = found(waits, 172_800);
    assert_eq!((waits.unit, waits.assumed_s), (Unit::None, None));
}

/// What is known by then stays, and why there is no more is told.
#[test]
fn a_client_that_ends_far_ahead_was_measured() {
    let ends = Simulated {
        raw_ms: 0,
        turns: true,
        ends_at_s: Some(1_000_000),
        ..PLAIN
    };
    let seen = found(ends, 172_800);
    assert_eq!((seen.unit, seen.assumed_s), (Unit::None, None));
    assert_eq!(seen.note.as_deref(), Some("the client is gone"));
}

#[test]
fn a_client_that_ends_late_has_the_margin_that_was_measured() {
    let ends = Simulated {
        margin_ms: 60_000,
        ends_after_ms: Some(1000),
        ..PLAIN
    };
    let seen = found(ends, 172_800);
    assert_eq!((seen.unit, seen.lo, seen.hi), (Unit::Unknown, 60, 61));
    assert_eq!(seen.note.as_deref(), Some("the client is gone"));
    assert!(!seen.lacks_margin());
}

#[test]
fn a_client_without_cache_is_seen_at_once() {
    assert!(
        !found(
            Simulated {
                caches: false,
                ..PLAIN
            },
            172_800
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
    let range = found(client, 172_800);
    assert_eq!(range.unit, Unit::S);
    assert!(range.lo <= 60 && 64 <= range.hi, "{range:?}");
    let wild = Simulated {
        margin_ms: 60_000,
        jitter_ms: 90_000,
        ..PLAIN
    };
    assert_eq!(found(wild, 172_800).unit, Unit::Unknown);
}

/// What would be too long a wait is passed by turning the clock.
#[test]
fn a_wide_margin_needs_no_long_wait_where_the_clock_is_turned() {
    for raw_ms in [1, 1000] {
        let wide = Simulated {
            raw_ms,
            margin_ms: 70_000,
            jitter_ms: 14_000,
            ..PLAIN
        };
        let turns = Simulated {
            turns: true,
            ..wide
        };
        let longest = 3_600_000;
        let unit = found_at(turns, longest, 1000).unit;
        let expected = if raw_ms == 1 { Unit::Ms } else { Unit::S };
        assert_eq!(unit, expected);
        // Without that, one of several tokens at the edge tells.
        assert_eq!(found_at(wide, longest, 1000).unit, expected);
        let fixed = Simulated {
            raw_ms: 60 * raw_ms,
            ..wide
        };
        assert_ne!(found_at(fixed, longest, 1000).unit, Unit::Ms);
    }
}
