//! What an observer of the server is told of these calls.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bench::Bench;
use crate::ServerConfig;
use crate::observe::Observation;

/// An observer is told in order which call turned what, without what may be secret.
#[tokio::test]
async fn an_observer_learns_of_calls_that_change_a_stage() {
    let (tell, told) = std::sync::mpsc::channel();
    let bench = Bench::with_config(ServerConfig {
        observer: Some(Arc::new(move |observation| {
            if let Observation::Control(turn) = observation {
                let _ = tell.send(turn);
            }
        })),
        ..ServerConfig::loopback()
    })
    .await;
    bench.token("/acme").await;
    bench.done("GET /clock", "", 200).await;
    bench.done("POST /journal/find", "{}", 200).await;
    bench.call("POST /clock", "{}").await;
    bench.done("POST /clock", r#"{"advance_s":5}"#, 200).await;
    let principals = bench.done("GET /principals", "", 200).await;
    bench
        .done("PUT /principals", &principals.to_string(), 200)
        .await;
    let turns: Vec<_> = [told.recv(), told.recv()]
        .into_iter()
        .map(|turn| turn.expect("it was told"))
        .map(|turn| (turn.stage, turn.call, turn.body, turn.after.0))
        .collect();
    let turn = |call: &str, body| ("default".to_owned(), call.to_owned(), body, 1);
    assert_eq!(
        turns,
        [
            turn("POST /clock", json!({"advance_s": 5})),
            turn("PUT /principals", Value::Null),
        ]
    );
    assert!(told.try_recv().is_err());
}
