//! The journal so far, judged: by whom, and of which vendors.

use std::sync::Arc;

use locum_core::{Entry, Profile};
use serde_json::json;

use super::bench::Bench;
use crate::ServerConfig;
use crate::judge::{JournalJudge, JudgedRow};

/// A judge with a defect.
struct Defective;

impl JournalJudge for Defective {
    fn judge(&self, _: &Profile, _: &[Arc<Entry>]) -> Vec<JudgedRow> {
        panic!("a defect of the judge, provoked by a test")
    }
}

#[tokio::test]
async fn the_judge_is_shown_each_vendors_own_entries() {
    let bench = Bench::with_all_options().await;
    let none = bench.done("GET /verdicts", "", 200).await;
    assert_eq!(
        none,
        json!({"verdicts": [], "summary": {}, "entries": 0, "dropped": 0})
    );
    bench.token("/acme").await;
    bench.token("/bolt").await;
    bench.token("/acme").await;
    let both = bench.done("GET /verdicts", "", 200).await;
    let seen = |index: usize| &both["verdicts"][index];
    assert_eq!(seen(0)["vendor"], "acme");
    assert_eq!(seen(0)["evidence"], json!([1, 3]));
    assert_eq!(seen(1)["evidence"], json!([2]));
    assert_eq!(both["summary"], json!({"PASS": 2}));
    assert_eq!(both["entries"], 3);
    let one = bench.done("GET /verdicts?vendor=bolt", "", 200).await;
    assert_eq!(one["verdicts"], json!([seen(1)]));
}

#[tokio::test]
async fn a_vendor_that_is_asked_for_is_judged_without_entries() {
    let bench = Bench::with_all_options().await;
    let answer = bench.done("GET /verdicts?vendor=acme", "", 200).await;
    assert_eq!(answer["verdicts"][0]["vendor"], "acme");
    assert_eq!(answer["entries"], 0);
}

#[tokio::test]
async fn a_judge_that_panics_is_told_and_blocks_nobody() {
    let bench = Bench::with_config(ServerConfig {
        judge: Some(Arc::new(Defective)),
        ..ServerConfig::loopback()
    })
    .await;
    for _ in 0..2 {
        let answer = bench.done("GET /verdicts?vendor=acme", "", 500).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.contains("a rule panicked"), "{answer}");
    }
    bench.token("/acme").await;
}
