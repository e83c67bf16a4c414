use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use locum_core::{Clock, ManualClock, Timestamp};
use proptest::prelude::*;
use tokio::sync::Semaphore;

use super::{Cache, CacheEntry, Fetched};
use crate::error::Error;
use crate::moment::Moment;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// A vendor that counts its requests; each credential is the number of its request.
#[derive(Clone)]
struct Vendor {
    clock: Arc<ManualClock>,
    cache: Cache<u64>,
    requests: Arc<AtomicU64>,
}

impl Vendor {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        Self {
            cache: Cache::new(shared, 7),
            clock,
            requests: Arc::default(),
        }
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    fn now(&self) -> Moment {
        Moment::read(&*self.clock)
    }

    async fn get(&self, answer: Result<Duration, Error>) -> Result<Arc<CacheEntry<u64>>, Error> {
        self.get_gated(answer, None).await
    }

    /// Gets from a source that answers when the gate opens.
    async fn get_gated(
        &self,
        answer: Result<Duration, Error>,
        gate: Option<Arc<Semaphore>>,
    ) -> Result<Arc<CacheEntry<u64>>, Error> {
        let vendor = self.clone();
        let source = || async move {
            let requested_at = vendor.now();
            let value = vendor.requests.fetch_add(1, Ordering::SeqCst) + 1;
            if let Some(gate) = gate {
                let _ = gate.acquire().await;
            }
            answer.map(|lifetime| Fetched {
                value,
                requested_at,
                lifetime,
            })
        };
        self.cache.get(source).await
    }
}

/// Lets every task that can run do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn refused() -> Error {
    Error::Auth {
        what: "credentials",
        code: "invalid_client".into(),
        status: 401,
    }
}

fn down() -> Error {
    Error::Network("connection refused".into())
}

#[tokio::test]
async fn ten_thousand_first_calls_make_one_request() {
    let vendor = Vendor::new();
    let gate = Arc::new(Semaphore::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (vendor, gate) = (vendor.clone(), Arc::clone(&gate));
        calls.spawn(async move { vendor.get_gated(Ok(HOUR), Some(gate)).await });
    }
    settle().await;
    gate.add_permits(1);
    while let Some(call) = calls.join_next().await {
        assert_eq!(call.expect("no panic").expect("a token").value, 1);
    }
    assert_eq!(vendor.requests(), 1);
}

#[tokio::test]
async fn a_cancelled_caller_does_not_cancel_the_fetch() {
    let vendor = Vendor::new();
    let gate = Arc::new(Semaphore::new(0));
    let first = tokio::spawn({
        let (vendor, gate) = (vendor.clone(), Arc::clone(&gate));
        async move { vendor.get_gated(Ok(HOUR), Some(gate)).await }
    });
    settle().await;
    let second = tokio::spawn({
        let vendor = vendor.clone();
        async move { vendor.get(Ok(HOUR)).await }
    });
    settle().await;
    first.abort();
    settle().await;
    gate.add_permits(1);
    let entry = second.await.expect("no panic").expect("a token");
    assert_eq!((entry.value, vendor.requests()), (1, 1));
}

#[tokio::test]
async fn a_source_that_panics_is_an_error() {
    let vendor = Vendor::new();
    let source = || async { panic!("a bug in the source") };
    let outcome = vendor.cache.get(source).await;
    assert_eq!(outcome.map(|entry| entry.value), Err(Error::Stopped));
    vendor.clock.advance(2 * MINUTE);
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("a token").value, 1);
}

#[tokio::test]
async fn a_late_refusal_of_an_old_token_leaves_the_new_one() {
    let vendor = Vendor::new();
    let old = vendor.get(Ok(HOUR)).await.expect("a token");
    vendor.cache.invalidate(old.generation);
    let new = vendor.get(Ok(HOUR)).await.expect("a token");
    vendor.cache.invalidate(old.generation);
    let kept = vendor.get(Ok(HOUR)).await.expect("a token");
    assert_eq!((new.value, kept.value, vendor.requests()), (2, 2, 2));
}

#[tokio::test]
async fn near_its_expiry_a_token_is_served_while_it_is_renewed() {
    let vendor = Vendor::new();
    vendor.get(Ok(HOUR)).await.expect("a token");
    vendor.clock.advance(58 * MINUTE);
    assert!(vendor.cache.try_get(vendor.now()).is_none());
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("served").value, 1);
    settle().await;
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("served").value, 2);
    assert_eq!(vendor.requests(), 2);
}

#[tokio::test]
async fn an_unexpired_token_is_served_after_a_failed_renewal() {
    let vendor = Vendor::new();
    vendor.get(Ok(HOUR)).await.expect("a token");
    for before_expiry in [120, 10] {
        vendor.clock.advance(
            HOUR.saturating_sub(vendor.clock.monotonic() + Duration::from_secs(before_expiry)),
        );
        assert_eq!(vendor.get(Err(down())).await.expect("served").value, 1);
        settle().await;
    }
    vendor.clock.advance(Duration::from_secs(11));
    assert_eq!(
        vendor.get(Err(down())).await.map(|entry| entry.value),
        Err(down())
    );
}

#[tokio::test]
async fn a_token_that_was_refused_meanwhile_is_not_served_after_a_failed_renewal() {
    let vendor = Vendor::new();
    let old = vendor.get(Ok(HOUR)).await.expect("a token");
    vendor
        .clock
        .advance(HOUR.saturating_sub(Duration::from_secs(10)));
    let gate = Arc::new(Semaphore::new(0));
    let call = tokio::spawn({
        let (vendor, gate) = (vendor.clone(), Arc::clone(&gate));
        async move { vendor.get_gated(Err(down()), Some(gate)).await }
    });
    settle().await;
    vendor.cache.invalidate(old.generation);
    gate.add_permits(1);
    let outcome = call.await.expect("no panic");
    assert_eq!(outcome.map(|entry| entry.value), Err(down()));
}

#[tokio::test]
async fn an_absurd_wait_ends_within_a_day() {
    let vendor = Vendor::new();
    let busy = Error::Throttled {
        status: 503,
        wait: Some(Duration::from_secs(u64::MAX)),
    };
    assert!(vendor.get(Err(busy)).await.is_err());
    vendor.clock.advance(24 * HOUR);
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("a token").value, 2);
}

#[test]
fn a_fetch_whose_runtime_ends_is_an_error_and_the_next_one_is_not() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
    };
    let vendor = Vendor::new();
    let never = Arc::new(Semaphore::new(0));
    let first = runtime();
    first.block_on(async {
        let call = vendor.get_gated(Ok(HOUR), Some(Arc::clone(&never)));
        assert!(futures_util::FutureExt::now_or_never(call).is_none());
    });
    let second = runtime();
    let waiter = second.spawn({
        let vendor = vendor.clone();
        async move { vendor.get(Ok(HOUR)).await }
    });
    second.block_on(settle());
    drop(first);
    let outcome = second.block_on(waiter).expect("no panic");
    assert_eq!(outcome.map(|entry| entry.value), Err(Error::Stopped));
    assert!(second.block_on(vendor.get(Ok(HOUR))).is_ok());
}

#[tokio::test]
async fn between_failed_renewals_there_is_a_growing_pause() {
    let vendor = Vendor::new();
    for _ in 0..1000 {
        let _ = vendor.get(Err(down())).await;
        vendor.clock.advance(Duration::from_millis(50));
    }
    assert!(
        vendor.requests() <= 8,
        "{} requests in 50 s",
        vendor.requests()
    );
}

#[tokio::test]
async fn a_retry_after_is_respected() {
    let vendor = Vendor::new();
    let busy = Error::Throttled {
        status: 503,
        wait: Some(MINUTE),
    };
    for _ in 0..59 {
        let _ = vendor.get(Err(busy.clone())).await;
        vendor.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(vendor.requests(), 1);
    vendor.clock.advance(Duration::from_secs(1));
    assert!(vendor.get(Ok(HOUR)).await.is_ok());
}

#[tokio::test]
async fn fifty_calls_with_wrong_credentials_make_one_login() {
    let vendor = Vendor::new();
    for _ in 0..50 {
        let outcome = vendor.get(Err(refused())).await;
        assert_eq!(outcome.map(|entry| entry.value), Err(refused()));
    }
    assert_eq!(vendor.requests(), 1);
}

#[tokio::test]
async fn a_token_of_lifetime_zero_serves_the_call_it_was_fetched_for() {
    let vendor = Vendor::new();
    for n in 1..=3 {
        let entry = vendor.get(Ok(Duration::ZERO)).await.expect("a token");
        assert_eq!((entry.value, vendor.requests()), (n, n));
    }
}

#[tokio::test]
async fn the_lifetime_is_counted_from_the_request_not_from_the_reply() {
    let vendor = Vendor::new();
    let gate = Arc::new(Semaphore::new(0));
    let call = tokio::spawn({
        let (vendor, gate) = (vendor.clone(), Arc::clone(&gate));
        async move { vendor.get_gated(Ok(MINUTE), Some(gate)).await }
    });
    settle().await;
    vendor.clock.advance(Duration::from_secs(40));
    gate.add_permits(1);
    call.await.expect("no panic").expect("a token");
    vendor.clock.advance(Duration::from_secs(20));
    assert_eq!(vendor.get(Ok(MINUTE)).await.expect("a token").value, 2);
}

#[tokio::test]
async fn a_token_expires_on_either_clock() {
    let vendor = Vendor::new();
    vendor.get(Ok(HOUR)).await.expect("a token");
    // A suspended machine: the monotonic clock stood still.
    vendor.clock.jump(5 * 3_600_000);
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("a token").value, 2);
    // A clock set back hides nothing: the monotonic one goes on.
    vendor.clock.jump(-3_600_000);
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("a token").value, 2);
    vendor.clock.advance(HOUR);
    assert_eq!(vendor.get(Ok(HOUR)).await.expect("a token").value, 3);
}

#[derive(Clone, Debug)]
enum Step {
    Calls(u8, Option<u32>),
    Advance(u32),
    Jump(i32),
    Refuse(u8),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4_u8, prop::option::weighted(0.8, 0..100_000_u32))
            .prop_map(|(calls, lifetime)| Step::Calls(calls, lifetime)),
        2 => (0..60_000_u32).prop_map(Step::Advance),
        1 => (-200_000..200_000_i32).prop_map(Step::Jump),
        1 => (0..3_u8).prop_map(Step::Refuse),
        1 => Just(Step::Settle),
    ]
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let vendor = Vendor::new();
    let mut refused = 0;
    for step in steps {
        match step {
            Step::Advance(millis) => vendor.clock.advance(Duration::from_millis(millis.into())),
            Step::Jump(millis) => vendor.clock.jump(millis.into()),
            Step::Settle => settle().await,
            Step::Refuse(back) => {
                if let Some(entry) = vendor.cache.peek() {
                    let generation = entry.generation.saturating_sub(back.into());
                    vendor.cache.invalidate(generation);
                    refused = refused.max(generation);
                }
            }
            Step::Calls(calls, lifetime) => {
                let before = vendor.requests();
                let answer = lifetime
                    .map(|millis| Duration::from_millis(millis.into()))
                    .ok_or_else(down);
                let calls = (0..calls).map(|_| vendor.get(answer.clone()));
                for entry in futures_util::future::join_all(calls)
                    .await
                    .into_iter()
                    .flatten()
                {
                    // Fetched for these very calls, or unexpired on both clocks.
                    let new = entry.value > before;
                    prop_assert!(
                        new || !entry.expires_at.passed(vendor.now()),
                        "served when expired"
                    );
                    prop_assert!(entry.generation > refused, "served when refused");
                }
                // At most one fetch for simultaneous calls; an earlier one may have been in progress.
                prop_assert!(vendor.requests() <= before + 1, "two fetches at once");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_order_of_events_serves_an_expired_token_or_fetches_twice(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(play(steps))?;
    }
}
