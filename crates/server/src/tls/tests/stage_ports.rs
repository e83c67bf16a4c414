//! What the ports of one stage do on purpose, and what they remember of it.

use serde_json::Value;

use super::wire::{FORM, LOGIN, ca, connect, control, request, start};
use crate::App;
use crate::tls::Identity;

/// A server with a stage that listens; where that speaks TLS.
async fn listening() -> (App, String) {
    let app = start(Identity::Made).await;
    let own = r#"{"name": "own", "listen": true}"#;
    assert_eq!(control(&app, "POST /_locum/stages", own).await.status, 201);
    let stage = app.stages.stage("own").expect("it was made");
    let ports = stage.ports("acme").and_then(|ports| ports.tls);
    let address = ports.expect("it speaks TLS").to_string();
    (app, address)
}

async fn plan(app: &App, plan: &str) -> u16 {
    control(app, "PUT /_locum/stages/own/handshakes", plan)
        .await
        .status
}

/// What became of the latest attempt there.
async fn latest(app: &App) -> Value {
    let answer = control(app, "GET /_locum/stages/own/handshakes", "").await;
    let all = answer.json()["handshakes"].clone();
    all.as_array()
        .and_then(|all| all.last())
        .cloned()
        .expect("one")
}

#[tokio::test]
async fn a_stage_shows_what_it_is_told_to() {
    let (app, address) = listening().await;
    let ca = ca(&app).await;
    for (word, expected) in [
        ("expired", "expired"),
        ("not_yet_valid", "not valid yet"),
        ("wrong_host", "not valid for name"),
        ("untrusted", "unknownissuer"),
        ("self_signed", "unknownissuer"),
    ] {
        assert_eq!(
            plan(&app, &format!(r#"{{"certificate": "{word}"}}"#)).await,
            200
        );
        let broken = connect(&address, "127.0.0.1", ca.clone()).await;
        let error = broken.expect_err("it is bad").to_string().to_lowercase();
        assert!(error.contains(expected), "{word}: {error}");
        let seen = latest(&app).await;
        assert_eq!(
            (&seen["certificate"], &seen["result"]),
            (&word.into(), &"refused".into())
        );
    }
    assert_eq!(plan(&app, "{}").await, 200);
    let stream = connect(&address, "127.0.0.1", ca.clone())
        .await
        .expect("it is good again");
    let answer = request(stream, &address, "POST /oauth/token", FORM, LOGIN).await;
    assert_eq!(answer.status, 200);
    let seen = latest(&app).await;
    assert_eq!(
        (&seen["result"], &seen["requests"]),
        (&"ok".into(), &1.into())
    );

    // The ports of others do as before, and nobody else's attempts are told here.
    let main = app
        .stages
        .tls
        .as_ref()
        .expect("TLS is on")
        .address
        .to_string();
    assert_eq!(plan(&app, r#"{"certificate": "expired"}"#).await, 200);
    connect(&main, "127.0.0.1", ca).await.expect("it is good");
    assert_eq!(latest(&app).await, seen);
    control(&app, "POST /_locum/stages/own/reset", "").await;
    let none = control(&app, "GET /_locum/stages/own/handshakes", "")
        .await
        .json();
    assert_eq!(none["handshakes"], serde_json::json!([]));
}

#[tokio::test]
async fn a_stage_breaks_off_and_offers_an_old_version() {
    let (app, address) = listening().await;
    let ca = ca(&app).await;
    for (word, result) in [
        (r#"{"break_off": true}"#, "broken_off"),
        (r#"{"max_version": "1.1"}"#, "refused"),
    ] {
        assert_eq!(plan(&app, word).await, 200);
        let broken = connect(&address, "127.0.0.1", ca.clone()).await;
        broken.expect_err("no TLS comes about");
        assert_eq!(latest(&app).await["result"], result, "{word}");
    }
}

#[tokio::test]
async fn what_no_port_could_do_is_refused() {
    let (app, _) = listening().await;
    for (line, body, status) in [
        ("PUT /_locum/stages/default/handshakes", "{}", 409),
        (
            "PUT /_locum/stages/own/handshakes",
            r#"{"certificate": "odd"}"#,
            400,
        ),
        (
            "PUT /_locum/stages/own/handshakes",
            r#"{"max_version": "1.0"}"#,
            400,
        ),
        (
            "PUT /_locum/stages/own/handshakes",
            r#"{"certificates": "good"}"#,
            400,
        ),
    ] {
        let answer = control(&app, line, body).await;
        assert_eq!(answer.status, status, "{line} {body}: {}", answer.text());
    }
}
