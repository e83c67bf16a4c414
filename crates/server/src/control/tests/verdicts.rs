//! The journal so far, judged: by whom, and of which vendors.

use serde_json::json;

use super::bench::Bench;

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
