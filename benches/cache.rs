//! A cache hit, compared with its lower bound and with the libraries that could be used instead.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use criterion::{Criterion, criterion_group, criterion_main};
use locum_client::Moment;
use locum_client::cache::{Cache, Fetched};
use locum_core::{Clock, SystemClock};
use tokio::sync::RwLock;

const LIFETIME: Duration = Duration::from_hours(48);

/// A token of 1 KiB, shared like the client's own.
type Token = Arc<str>;

fn token() -> Token {
    "t".repeat(1024).into()
}

fn filled(clock: &Arc<dyn Clock>) -> Cache<Token> {
    let cache = Cache::new(Arc::clone(clock), 1);
    cache.put(Fetched {
        value: token(),
        requested_at: Moment::read(&**clock),
        lifetime: LIFETIME,
    });
    cache
}

#[expect(
    clippy::disallowed_methods,
    reason = "the alternatives are measured with the clock that they would use"
)]
fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

fn hits(criterion: &mut Criterion) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut group = criterion.benchmark_group("cache");

    group.bench_function("clock alone", |bench| {
        bench.iter(|| Moment::read(black_box(&*clock)));
    });

    // The lower bound: one atomic load, the same clock, one comparison.
    let slot = ArcSwapOption::from_pointee((Moment::read(&*clock).plus(LIFETIME), token()));
    group.bench_function("floor", |bench| {
        bench.iter(|| {
            let now = Moment::read(black_box(&*clock));
            let guard = slot.load();
            guard.as_ref().is_some_and(|entry| !entry.0.passed(now))
        });
    });

    let cache = filled(&clock);
    group.bench_function("try_get", |bench| {
        bench.iter(|| {
            let now = Moment::read(black_box(&*clock));
            cache.try_get(now).is_some()
        });
    });
    group.bench_function("try_get, cloned", |bench| {
        bench.iter(|| {
            let now = Moment::read(black_box(&*clock));
            cache.try_get(now).map(|entry| Arc::clone(&entry.value))
        });
    });
    group.bench_function("get, async", |bench| {
        let never = || async { unreachable!("the cache has a fresh token") };
        bench.iter(|| {
            runtime
                .block_on(cache.get(never))
                .map(|entry| entry.generation)
        });
    });

    let moka = moka::sync::Cache::builder().time_to_live(LIFETIME).build();
    moka.insert("key", token());
    group.bench_function("moka", |bench| bench.iter(|| moka.get(black_box("key"))));

    let locked = RwLock::new((instant() + LIFETIME, token()));
    group.bench_function("tokio RwLock and Instant", |bench| {
        bench.iter(|| {
            runtime.block_on(async {
                let entry = locked.read().await;
                (instant() < entry.0).then(|| Arc::clone(&entry.1))
            })
        });
    });
    group.finish();
}

criterion_group!(benches, hits);
criterion_main!(benches);
