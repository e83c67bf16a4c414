//! The journal so far, judged: by whom, and of which vendors.

use std::sync::Arc;

use locum_core::requirement::Level;
use locum_core::{Entry, Profile, Verdict};
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

/// A judge by whom each client breaks a MUST and a SHOULD.
struct EntriesFail;

impl JournalJudge for EntriesFail {
    fn judge(&self, profile: &Profile, entries: &[Arc<Entry>]) -> Vec<JudgedRow> {
        let row = |id: &str, level, verdict| JudgedRow {
            id: id.to_owned(),
            vendor: profile.vendor.clone(),
            level,
            requirement: "The client calls.".to_owned(),
            verdict,
            why: "it did not".to_owned(),
            expected: Some("a call".to_owned()),
            evidence: entries.iter().map(|entry| entry.id).collect(),
        };
        vec![
            row("ANY-01", Level::Must, Verdict::Fail),
            row("ANY-02", Level::Should, Verdict::Warn),
            row("ANY-03", Level::Must, Verdict::Inconclusive),
        ]
    }
}

#[tokio::test]
async fn a_test_fails_for_what_its_client_breaks_in_words() {
    let bench = Bench::with_config(ServerConfig {
        judge: Some(Arc::new(EntriesFail)),
        ..ServerConfig::loopback()
    })
    .await;
    let none = bench.done("GET /verdicts/failures", "", 200).await;
    assert_eq!(none, json!({"failures": [], "text": ""}));
    for _ in 0..4 {
        bench.token("/acme").await;
    }
    let broken = |id: &str, grade: &str| {
        let entries = "  in: POST /oauth/token\n".repeat(3);
        format!(
            "{grade}, acme): The client calls.\n  seen: it did not\n  expected: a call\n{entries}  hint: `locum explain {id}` says more; if it is meant, ignore or expect {id}"
        )
    };
    let (must, should) = (
        broken("ANY-01", "FAIL ANY-01 (MUST"),
        broken("ANY-02", "WARN ANY-02 (SHOULD"),
    );
    let absent = |id| format!("{id} was expected to be broken, and is not");
    for (query, expected) in [
        ("", vec![must.clone()]),
        ("?vendor=acme", vec![must.clone()]),
        ("?fail_on=warn", vec![must.clone(), should]),
        ("?ignore=ANY-09,%20ANY-01", vec![]),
        ("?expect=ANY-01,ANY-02", vec![]),
        (
            "?expect=ANY-03,ANY-09",
            vec![must, absent("ANY-03"), absent("ANY-09")],
        ),
    ] {
        let line = format!("GET /verdicts/failures{query}");
        let answer = bench.done(&line, "", 200).await;
        assert_eq!(answer["failures"], json!(expected), "{query}");
        let text = answer["text"].as_str().expect("text");
        assert_eq!(text.is_empty(), expected.is_empty(), "{query}: {text}");
        let end = "\nstage default, seed 0";
        assert!(text.is_empty() || text.ends_with(end), "{query}: {text}");
    }
    bench
        .done("GET /verdicts/failures?fail_on=pass", "", 400)
        .await;
}
