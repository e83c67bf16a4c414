//! Memory: what a stage takes, what is refused, what goes when there is no more.

use std::sync::Arc;

use futures_util::future::ready;
use locum_core::{Timestamp, Token, TokenId};
use serde_json::json;

use super::bench::Bench;
use crate::ServerConfig;
use crate::memory::{Account, MemoryLimits};
use crate::store::{
    Answer, Change, Digest, Store, StoreError, StoreFactory, StoreStats, TokenQuery,
};

async fn limited(process: usize, stage: usize) -> Bench {
    let memory = MemoryLimits { process, stage };
    Bench::with_config(ServerConfig {
        memory,
        ..ServerConfig::loopback()
    })
    .await
}

#[tokio::test]
async fn a_stage_takes_little_until_it_is_used() {
    let bench = Bench::start().await;
    bench
        .done("POST /stages", r#"{"name": "one", "seed": 7}"#, 201)
        .await;
    let stage = bench.running.stages.stage("one").expect("it was made");
    let empty = stage.account().used();
    assert!(empty <= 4 << 10, "{empty} bytes");
    // Looking at a stage does not make what it has to hold.
    bench.done("GET /stages/one", "", 200).await;
    bench.done("GET /stages/one/principals", "", 200).await;
    assert_eq!(stage.account().used(), empty);
    bench.token("/s/one/acme").await;
    let used = stage.account().used();
    assert!(used > empty && used <= 64 << 10, "{used} bytes");
    bench.done("DELETE /stages/one", "", 200).await;
    drop(stage);
    let rest = bench.running.stages.memory().used();
    let default = bench.running.stages.stage("default").expect("it is there");
    assert_eq!(rest, default.account().used(), "nothing of it is left");
}

#[tokio::test]
async fn what_a_stage_was_shown_is_what_it_gets() {
    let bench = Bench::start().await;
    let shown = bench.done("GET /principals", "", 200).await;
    bench.token("/acme").await;
    assert_eq!(bench.done("GET /principals", "", 200).await, shown);
}

#[tokio::test]
async fn faults_that_do_not_fit_are_refused() {
    let bench = limited(1 << 20, 200 << 10).await;
    let fault = json!({"then": {"status": 500, "body": "x".repeat(90 << 10)}}).to_string();
    bench.done("POST /faults", &fault, 201).await;
    bench.done("POST /faults", &fault, 201).await;
    let refused = bench.done("POST /faults", &fault, 507).await;
    assert!(
        refused["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("--stage-memory-limit")),
        "{refused}"
    );
    assert_eq!(
        bench.done("GET /faults", "", 200).await["faults"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    bench.done("DELETE /faults", "", 200).await;
    bench.done("POST /faults", &fault, 201).await;
}

#[tokio::test]
async fn principals_and_stages_that_do_not_fit_are_refused() {
    let bench = limited(300 << 10, 200 << 10).await;
    let clients: Vec<_> = (0..2000)
        .map(|at| json!({"client_id": format!("client {at}"), "client_secret": "x".repeat(64)}))
        .collect();
    let principals = json!({"acme": {"clients": clients}}).to_string();
    let before = bench.done("GET /principals", "", 200).await;
    bench.done("PUT /principals", &principals, 507).await;
    assert_eq!(bench.done("GET /principals", "", 200).await, before);
    // All or none: the vendor that has room does not keep what was refused with the other's.
    let both = json!({"acme": {"clients": []}, "bolt": {"clients": clients}}).to_string();
    bench.done("PUT /principals", &both, 507).await;
    assert_eq!(bench.done("GET /principals", "", 200).await, before);
    let spec = json!({"name": "big", "vendors": {"acme": {"principals": {"clients": clients}}}});
    bench.done("POST /stages", &spec.to_string(), 507).await;
    bench.done("GET /stages/big", "", 404).await;
}

#[tokio::test]
async fn the_largest_stage_gives_way_and_health_tells() {
    let bench = limited(120 << 10, 100 << 10).await;
    for name in ["large", "small"] {
        let spec = json!({"name": name}).to_string();
        bench.done("POST /stages", &spec, 201).await;
    }
    let kept = bench.token("/s/small/acme").await;
    for _ in 0..300 {
        bench.token("/s/large/acme").await;
        let used = bench.running.stages.memory().used();
        assert!(used <= 120 << 10, "{used} bytes");
    }
    assert_eq!(bench.thing("/s/small/acme", &kept).await.status, 200);
    let newest = bench.token("/s/large/acme").await;
    assert_eq!(bench.thing("/s/large/acme", &newest).await.status, 200);
    let health = bench.done("GET /health", "", 200).await;
    assert_eq!(health["memory"]["limit_bytes"], 120 << 10);
    assert_eq!(health["memory"]["stage_limit_bytes"], 100 << 10);
    assert!(
        health["memory"]["dropped_entries"].as_u64() > Some(0),
        "{health}"
    );
}

/// A store that never answers.
#[derive(Debug)]
struct Broken;

fn down<T: Send + 'static>() -> Answer<'static, T> {
    Box::pin(ready(Err(StoreError::Unavailable("it is down".to_owned()))))
}

impl Store for Broken {
    fn insert<'a>(&'a self, _: Digest, _: &'a mut Token) -> Answer<'a, ()> {
        down()
    }
    fn find(&self, _: Digest) -> Answer<'_, Option<Token>> {
        down()
    }
    fn get(&self, _: TokenId) -> Answer<'_, Option<Token>> {
        down()
    }
    fn change(&self, _: TokenId, _: Change, _: Timestamp) -> Answer<'_, Option<Token>> {
        down()
    }
    fn list(&self, _: TokenQuery) -> Answer<'_, Vec<Token>> {
        down()
    }
    fn dump(&self) -> Answer<'_, Vec<(Digest, Token)>> {
        down()
    }
    fn stats(&self) -> Answer<'_, StoreStats> {
        Box::pin(ready(Ok(StoreStats::default())))
    }
    fn clear(&self) -> Answer<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

#[derive(Debug)]
struct BrokenStores;

impl StoreFactory for BrokenStores {
    fn open<'a>(&'a self, _: &'a str, _: &'a Arc<Account>) -> Answer<'a, Arc<dyn Store>> {
        Box::pin(ready(Ok(Arc::new(Broken) as Arc<dyn Store>)))
    }
}

#[tokio::test]
async fn a_store_that_fails_makes_no_unknown_token() {
    let bench = Bench::with_config(ServerConfig {
        stores: Arc::new(BrokenStores),
        ..ServerConfig::loopback()
    })
    .await;
    let login = bench.login("/acme", super::bench::SECRET).await;
    assert_eq!(login.status, 503, "{}", login.body);
    assert!(login.body.contains("it is down") && !login.body.contains("access_token"));
    let thing = bench.thing("/acme", "some-token").await;
    assert_eq!(thing.status, 503, "and not 401: {}", thing.body);
    let journal = bench.done("GET /journal", "", 200).await;
    assert_eq!(journal["entries"][0]["outcome"], "faulted");
    bench.done("GET /tokens", "", 503).await;
}
