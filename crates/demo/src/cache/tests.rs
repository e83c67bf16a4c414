use std::sync::atomic::AtomicU32;

use locum_core::SystemClock;
use tokio::sync::Semaphore;

use super::*;
use crate::failure::Kind;

/// A cache, its clock, and a vendor that counts and answers when it is let.
struct World {
    cache: Arc<Cache<u32>>,
    clock: Arc<ShiftableClock>,
    fetches: Arc<AtomicU32>,
    answers: Arc<Semaphore>,
}

impl World {
    fn new(behaviour: &Behaviour) -> Self {
        let clock = Arc::new(ShiftableClock::new(SystemClock::new()));
        let behaviour = Arc::new(behaviour.clone());
        Self {
            cache: Cache::new(
                &behaviour,
                &clock,
                &Arc::new(crate::random::Random::new(7)),
                Duration::from_secs(60),
            ),
            clock,
            fetches: Arc::default(),
            answers: Arc::new(Semaphore::new(0)),
        }
    }

    /// A get whose fetch, if there is one, has that outcome once it is let.
    fn get(&self, outcome: Result<i64, Lasting>) -> impl Future<Output = Outcome<u32>> + use<> {
        let (cache, clock) = (self.cache.clone(), self.clock.clone());
        let (fetches, answers) = (self.fetches.clone(), self.answers.clone());
        async move {
            let fetch = move |_| async move {
                let now = clock.now();
                let number = fetches.fetch_add(1, Ordering::SeqCst) + 1;
                answers.acquire().await.expect("it stays open").forget();
                let failed = |lasting| Failure::new(Kind::Other, "refused").lasting(lasting);
                let lifetime_ms = outcome.map_err(failed)?;
                Ok(Fetched {
                    value: number,
                    sent: now,
                    received: now,
                    lifetime_ms: Some(lifetime_ms),
                })
            };
            cache.get(fetch).await
        }
    }

    /// As `get`, answered at once: the token's number.
    async fn number(&self, outcome: Result<i64, Lasting>) -> Option<u32> {
        self.answers.add_permits(1);
        let entry = self.get(outcome).await;
        let left = self.answers.available_permits();
        self.answers.forget_permits(left);
        entry.ok().map(|entry| *entry.value())
    }
}

const HOUR: Result<i64, Lasting> = Ok(3_600_000);

#[tokio::test]
async fn twenty_callers_share_one_fetch_and_its_failure() {
    for (outcome, good) in [(HOUR, true), (Err(Lasting::Outage), false)] {
        let world = World::new(&Behaviour::default());
        let callers: Vec<_> = (0..20).map(|_| tokio::spawn(world.get(outcome))).collect();
        tokio::task::yield_now().await;
        world.answers.add_permits(1);
        for caller in callers {
            assert_eq!(caller.await.expect("it ends").is_ok(), good);
        }
        assert_eq!(world.fetches.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_the_fetch_to_the_others() {
    let world = World::new(&Behaviour::default());
    let first = tokio::spawn(world.get(HOUR));
    tokio::task::yield_now().await;
    let second = tokio::spawn(world.get(HOUR));
    tokio::task::yield_now().await;
    first.abort();
    world.answers.add_permits(1);
    let entry = second.await.expect("it ends").expect("a token");
    assert_eq!(*entry.value(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_by_either_clock() {
    let world = World::new(&Behaviour::default());
    for (offset, wall_only, number) in [
        (0.0, false, 1),
        (3500.0, false, 1),
        (3545.0, false, 2),
        (3545.0, false, 2),
        (18_000.0, true, 3),
        // The clock was corrected: nobody knows how old the token is, but it is not yet over.
        (-3600.0, true, 3),
    ] {
        world.clock.set(offset, wall_only);
        assert_eq!(world.number(HOUR).await, Some(number), "{offset}");
    }
}

#[tokio::test]
async fn a_failed_renewal_leaves_a_good_token_in_use() {
    let world = World::new(&Behaviour::default());
    assert_eq!(world.number(HOUR).await, Some(1));
    world.clock.set(3570.0, false);
    assert_eq!(world.number(Err(Lasting::Outage)).await, Some(1));
    world.clock.set(3600.0, false);
    assert_eq!(world.number(Err(Lasting::Outage)).await, None);
}

#[tokio::test]
async fn a_late_refusal_spares_a_newer_token() {
    let world = World::new(&Behaviour::default());
    assert_eq!(world.number(HOUR).await, Some(1));
    let old = world.cache.peek().expect("a token").generation;
    world.cache.refuse(old);
    assert_eq!(world.number(HOUR).await, Some(2));
    world.cache.refuse(old);
    assert_eq!(world.number(HOUR).await, Some(2));
}

#[tokio::test]
async fn refusals_and_outages_are_remembered_until_their_time_or_new_credentials() {
    let world = World::new(&Behaviour::default());
    assert_eq!(world.number(Err(Lasting::Refused)).await, None);
    assert_eq!(world.number(HOUR).await, None);
    world.cache.unblock();
    assert_eq!(world.number(HOUR).await, Some(2));
    world.cache.clear();
    // Each failure doubles the pause, up to half a minute.
    for minutes in 1..8 {
        world.clock.set(60.0 * f64::from(minutes), false);
        assert_eq!(world.number(Err(Lasting::Outage)).await, None);
    }
    let asked = world.fetches.load(Ordering::SeqCst);
    assert_eq!(world.number(HOUR).await, None);
    assert_eq!(world.fetches.load(Ordering::SeqCst), asked);
    world.clock.set(60.0 * 8.0, false);
    assert!(world.number(HOUR).await.is_some());
}

#[tokio::test]
async fn short_lives_have_short_margins() {
    let world = World::new(&Behaviour::default());
    let life = Ok(50_000);
    assert_eq!(world.number(life).await, Some(1));
    world.clock.set(20.0, false);
    assert_eq!(world.number(life).await, Some(1));
    world.clock.set(41.0, false);
    assert_eq!(world.number(life).await, Some(2));
}
