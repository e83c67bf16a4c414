//! Seeds: the same run on a fresh server, and never the same token twice on one.

use std::collections::HashSet;

use super::bench::Bench;

const SPEC: &str = r#"{"name": "s", "seed": 7, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"}, "settings": {"acme.token_format": "FORMAT"}}"#;

/// Makes the stage and gives its first token.
async fn first(bench: &Bench, format: &str) -> String {
    let spec = SPEC.replace("FORMAT", format);
    bench.done("POST /stages", &spec, 201).await;
    bench.token("/s/s/acme").await
}

async fn check(format: &str) {
    let (bench, fresh) = (Bench::start().await, Bench::start().await);
    let mut seen = HashSet::new();
    let one = first(&bench, format).await;
    assert_eq!(
        first(&fresh, format).await,
        one,
        "a seed gives the same run"
    );
    let credentials = bench.done("GET /stages/s/principals", "", 200).await;
    assert!(seen.insert(one.clone()));
    for _ in 0..3 {
        bench.done("POST /stages/s/reset", "", 200).await;
        assert!(seen.insert(bench.token("/s/s/acme").await), "after a reset");
        bench.done("DELETE /stages/s", "", 200).await;
        assert!(
            seen.insert(first(&bench, format).await),
            "on a stage remade"
        );
    }
    let other = SPEC.replace("FORMAT", format).replace("\"s\"", "\"t\"");
    bench.done("POST /stages", &other, 201).await;
    assert!(
        seen.insert(bench.token("/s/t/acme").await),
        "on another stage"
    );
    assert_eq!(bench.thing("/s/s/acme", &one).await.status, 401);
    assert_eq!(
        bench.done("GET /stages/s/principals", "", 200).await,
        credentials,
        "credentials are the seed's own"
    );
}

#[tokio::test]
async fn no_opaque_token_is_issued_twice() {
    check("opaque").await;
}

#[tokio::test]
async fn no_jwt_is_issued_twice() {
    check("jwt").await;
}

/// Whatever a client keeps by its id is empty at the next stage.
#[tokio::test]
async fn each_stage_of_canaries_has_names_of_its_own() {
    let bench = Bench::start().await;
    let mut names = HashSet::new();
    for seed in [7, 8] {
        let spec = format!(r#"{{"name": "s{seed}", "seed": {seed}, "credentials": "canary"}}"#);
        bench.done("POST /stages", &spec, 201).await;
        let path = format!("GET /stages/s{seed}/principals");
        let principals = bench.done(&path, "", 200).await.to_string();
        let at = principals.find("client_id").expect("a client");
        assert!(
            names.insert(principals[at..at + 24].to_owned()),
            "{principals}"
        );
        assert!(principals.contains("%2B%/"), "{principals}");
    }
}
