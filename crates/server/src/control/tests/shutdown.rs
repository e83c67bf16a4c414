//! The end: nothing that hangs keeps a server from stopping.

use futures_util::FutureExt;

use super::bench::{Bench, FORM, SECRET, exchange};

/// How many requests are held.
const MANY: usize = 300;

#[tokio::test]
async fn a_stopping_server_answers_who_waits_and_ends() {
    let bench = Bench::start().await;
    for fault in [
        r#"{"match": {"vendor": "acme"}, "then": {"hold": {"name": "gate"}}}"#,
        r#"{"match": {"vendor": "bolt"}, "then": {"delay_ms": 86400000}}"#,
    ] {
        bench.done("POST /faults", fault, 201).await;
    }
    let host = bench.host();
    let send = |line: &str| {
        let (host, line) = (host.clone(), line.to_owned());
        let form =
            format!("grant_type=client_credentials&client_id=client-a&client_secret={SECRET}");
        tokio::spawn(async move { exchange(&host, &host, &line, FORM, &form).await })
    };
    let mut waiting: Vec<_> = (0..MANY).map(|_| send("POST /acme/oauth/token")).collect();
    waiting.push(send("POST /bolt/oauth/token"));
    let calls = [
        "GET /_locum/journal/stream",
        "GET /_locum/journal/wait?count=1000&timeout=600",
    ];
    let calls = calls.map(|line| {
        let host = host.clone();
        tokio::spawn(async move { exchange(&host, &host, line, "", "").await })
    });
    let came = async || bench.done("GET /barriers", "", 200).await["barriers"][0]["came"].clone();
    while came().await != MANY {}
    while bench.done("GET /faults", "", 200).await["faults"][1]["hits"] != 1 {}
    bench.running.stop().await;
    for answer in waiting {
        let bytes = answer.await.expect("no panic").expect("an answer");
        assert!(bytes.starts_with(b"HTTP/1.1 200 "));
    }
    for call in calls {
        call.await.expect("no panic").expect("it ends in order");
    }
}

#[tokio::test]
async fn a_stage_holds_only_so_many_requests() {
    let bench = Bench::start().await;
    let stage = bench.running.stages.stage("default").expect("it is there");
    let mut held = Vec::new();
    for _ in 0..crate::stage::MAX_HELD {
        let mut one = Box::pin({
            let stage = std::sync::Arc::clone(&stage);
            async move { stage.hold("gate", None).await }
        });
        assert_eq!((&mut one).now_or_never(), None);
        held.push(one);
    }
    assert!(!stage.hold("gate", None).await, "one too many");
    // A client that hangs up makes room.
    held.pop();
    stage.barrier("gate").release();
    assert!(stage.hold("gate", None).await);
}
