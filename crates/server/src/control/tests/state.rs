//! Snapshots: what decides over a token comes back, and what cannot is refused. Metrics.

use serde_json::{Value, json};

use super::bench::{Bench, SECRET};

async fn seeded(bench: &Bench) -> String {
    bench
        .done("POST /clock", r#"{"mode": "frozen"}"#, 200)
        .await;
    bench
        .done("PATCH /settings", r#"{"acme.pace": 1}"#, 200)
        .await;
    let fault = r#"{"match": {"path": "/nothing"}, "then": {"status": 503}}"#;
    bench.done("POST /faults", fault, 201).await;
    bench
        .done("POST /keys/rotate", r#"{"vendor": "acme"}"#, 200)
        .await;
    bench.token("/acme").await
}

#[tokio::test]
async fn a_snapshot_brings_back_what_decides_over_a_token() {
    let bench = Bench::start().await;
    let live = seeded(&bench).await;
    let revoked = bench.token("/acme").await;
    bench.done("POST /tokens/revoke", r#"{"id": 2}"#, 200).await;
    let secret = r#"{"acme": {"clients": [{"client_id": "client-a", "client_secret": "other"}]}}"#;
    bench.done("PATCH /principals", secret, 200).await;
    let snapshot = bench.done("GET /state", "", 200).await;
    assert!(!snapshot.to_string().contains(&live), "no value of a token");

    let elsewhere = Bench::start().await;
    let before = elsewhere.token("/acme").await;
    let put = elsewhere
        .done("PUT /state", &snapshot.to_string(), 200)
        .await;
    assert_eq!(put, snapshot);
    assert_eq!(elsewhere.thing("/acme", &live).await.status, 200);
    let refused = elsewhere.thing("/acme", &revoked).await;
    assert_eq!(refused.body, r#"{"error":"revoked"}"#);
    assert_eq!(elsewhere.thing("/acme", &before).await.status, 401);
    assert_ne!(elsewhere.login("/acme", SECRET).await.status, 200);
    assert_eq!(elsewhere.login("/acme", "other").await.status, 200);
    let settings = elsewhere.done("GET /settings", "", 200).await;
    assert_eq!(settings["acme.pace"]["value"], 1);
    let keys = elsewhere.done("GET /keys?vendor=acme", "", 200).await;
    assert_eq!(keys["keys"][0]["generation"], 1);
    let clock = elsewhere.done("GET /clock", "", 200).await;
    assert_eq!(clock["mode"], "frozen");
    let tokens = elsewhere.done("GET /tokens", "", 200).await;
    assert_eq!(tokens["tokens"][2]["id"], 3, "ids go on");
    elsewhere
        .done("POST /clock", r#"{"advance_s": 60}"#, 200)
        .await;
    assert_eq!(elsewhere.thing("/acme", &live).await.status, 401);
}

#[tokio::test]
async fn going_back_gives_no_value_twice() {
    let bench = Bench::start().await;
    seeded(&bench).await;
    let snapshot = bench.done("GET /state", "", 200).await.to_string();
    let later = bench.token("/acme").await;
    bench.done("PUT /state", &snapshot, 200).await;
    assert_eq!(bench.thing("/acme", &later).await.status, 401);
    let again = bench.token("/acme").await;
    assert_ne!(later, again);
    assert_eq!(bench.thing("/acme", &later).await.status, 401);
}

#[tokio::test]
async fn what_cannot_come_back_is_refused_and_changes_nothing() {
    let bench = Bench::start().await;
    let token = seeded(&bench).await;
    let snapshot = bench.done("GET /state", "", 200).await;
    let check = async |at: &str, value: Value, status: u16, error: &str| {
        let mut bad = snapshot.clone();
        *bad.pointer_mut(at).expect("it is there") = value;
        let refused = bench.done("PUT /state", &bad.to_string(), status).await;
        let shown = refused["error"].as_str().expect("an error");
        assert!(shown.contains(error), "{at}: {shown}");
        assert_ne!(refused["hint"], "", "{at}");
    };
    check("/version", 2.into(), 400, "version 2 is not read here").await;
    check("/seed", 7.into(), 409, "of seed 7, the stage of seed 0").await;
    check("/tokens/0/digest", "x".into(), 400, "`x` is no digest").await;
    check(
        "/tokens/0/token/vendor",
        "acm".into(),
        400,
        "no vendor called `acm`",
    )
    .await;
    check(
        "/principals/acme",
        json!({"clients": 3}),
        400,
        "expected a list",
    )
    .await;
    check(
        "/settings",
        json!({"acme.pase": 1}),
        400,
        "unknown setting `acme.pase`",
    )
    .await;
    check("/faults/0/then", json!({}), 400, "`then` is empty").await;
    check(
        "/principals/acme",
        json!([]),
        400,
        "the principals of `acme` are an object, not a list",
    )
    .await;
    check(
        "/principals/acme",
        Value::Null,
        400,
        "the principals of `acme` are an object, not null",
    )
    .await;
    check("/twin", "acme/x".into(), 400, "no twin called `acme/x`").await;
    let put = bench.done("PUT /principals", r#"{"acme": []}"#, 400).await;
    assert_eq!(
        put["error"],
        "the principals of `acme` are an object, not a list"
    );
    let most = Value::from(u64::MAX);
    check(
        "/rotations/acme/current",
        most.clone(),
        400,
        "`current` takes a whole number from 0 to 4294967295, not",
    )
    .await;
    for (at, member) in [
        ("/logins", "`logins`"),
        ("/incarnation", "`incarnation`"),
        ("/faults/0/id", "`faults[0].id`"),
        ("/faults/0/met", "`faults[0].met`"),
        ("/faults/0/hits", "`faults[0].hits`"),
        ("/tokens/0/token/id", "`tokens[0].token.id`"),
        ("/tokens/0/token/login", "`tokens[0].token.login`"),
        ("/tokens/0/token/uses", "`tokens[0].token.uses`"),
    ] {
        let error = format!("{member} is at most 9007199254740992");
        check(at, most.clone(), 400, &error).await;
    }
    let key = |generation: u32| json!({"generation": generation, "retired": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"});
    for (current, retired, error) in [
        (u32::MAX, vec![], "`current` is at most 1073741824"),
        (40, (0..33).map(key).collect(), "at most 32 keys, not 33"),
        (3, vec![key(3)], "before `current`, which is 3, not `3`"),
        (3, vec![key(1), key(1)], "each generation once"),
    ] {
        let rotations = json!({"current": current, "retired": retired});
        check("/rotations/acme", rotations, 400, error).await;
    }
    check(
        "/clock/now",
        "1969-01-01T00:00:00Z".into(),
        400,
        "before 1970",
    )
    .await;
    assert_eq!(bench.thing("/acme", &token).await.status, 200);
    let unchanged = bench.done("GET /state", "", 200).await;
    assert_eq!(unchanged["principals"], snapshot["principals"]);
    assert_eq!(unchanged["faults"], snapshot["faults"]);
}

#[tokio::test]
async fn metrics_are_in_the_format_of_prometheus() {
    let bench = Bench::start().await;
    seeded(&bench).await;
    bench.thing("/acme", "x").await;
    let answer = bench.call("GET /metrics", "").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .head
            .contains("content-type: text/plain; version=0.0.4")
    );
    let mut families = std::collections::BTreeSet::new();
    let mut current = "";
    for line in answer.body.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            current = help.split(' ').next().expect("a name");
            assert!(families.insert(current), "{current} stands together");
        } else if !line.starts_with("# TYPE ") {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            value.parse::<f64>().expect("a number");
            let name = sample.split('{').next().expect("a name");
            assert_eq!(name, current, "{line}");
        }
    }
    for sample in [
        "locum_stages 1",
        "locum_tokens{stage=\"default\"} 1",
        "locum_exchanges{stage=\"default\",vendor=\"acme\",outcome=\"granted\",status=\"200\"} 1",
        "locum_exchanges{stage=\"default\",vendor=\"acme\",outcome=\"denied\",status=\"401\"} 1",
        "locum_fault_hits_total{stage=\"default\",fault=\"1\"} 0",
    ] {
        assert!(
            answer.body.lines().any(|line| line == sample),
            "{sample}: {}",
            answer.body
        );
    }
    let own = bench.call("GET /stages/default/metrics", "").await;
    assert!(!own.body.contains("locum_stages"), "{}", own.body);
}
