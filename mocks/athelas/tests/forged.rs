//! Tokens that the stage knows and whose text is invalid: the text decides.

use std::time::Duration;

use locum_core::{Clock, TokenKind};
use locum_server::keys::HmacKey;
use locum_server::{NewToken, jwt};
use serde_json::{Value, json};

use super::*;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The stage's own key.
fn own(server: &TestServer) -> HmacKey {
    HmacKey::derive(server.stage.seed, "athelas")
}

/// The status that a token gets which the store knows as a live one.
async fn status(server: &TestServer, token: &str) -> u16 {
    let mock = server.mock();
    let life = Duration::from_secs(100);
    let name = server.credential("username");
    mock.issue(token, NewToken::new(TokenKind::Access, name, 1, life))
        .await;
    get(server, "/scribe/12345", token).await.status
}

#[tokio::test]
async fn claims_that_are_no_good() {
    let server = server().await;
    let now = server.stage.clock.now().as_seconds();
    let good = json!({"sub": "a", "exp": now + 100, "iat": now, "jti": "1"});
    for (change, expected) in [
        (json!({}), 200),
        (json!({"nbf": now}), 200),
        (json!({"exp": f64::from(u32::MAX) + 0.5}), 200),
        (json!({"exp": now}), 401),
        (json!({"exp": (now + 100).to_string()}), 401),
        (json!({"exp": null}), 401),
        (json!({"sub": 7}), 401),
        (json!({"sub": null}), 401),
        (json!({"aud": "athelas"}), 401),
        (json!({"nbf": now + 2}), 401),
        (json!({"iat": now + 2}), 401),
    ] {
        let mut claims = good.as_object().expect("an object").clone();
        for (name, value) in change.as_object().expect("an object") {
            match value {
                Value::Null => claims.remove(name),
                value => claims.insert(name.clone(), value.clone()),
            };
        }
        let token = jwt::mint_hs256(&own(&server), HEADER, &claims);
        assert_eq!(status(&server, &token).await, expected, "{change}");
    }
}

#[tokio::test]
async fn signatures_that_are_no_good() {
    let server = server().await;
    let claims = json!({"sub": "a", "exp": server.stage.clock.now().as_seconds() + 100});
    let claims = claims.as_object().expect("an object");
    let own = own(&server);
    let foreign = HmacKey::derive(8, "athelas");
    for (token, expected) in [
        (jwt::mint_hs256(&own, HEADER, claims), 200),
        (jwt::mint_hs256(&foreign, HEADER, claims), 401),
        (jwt::mint_hs512(&own, r#"{"alg":"HS512"}"#, claims), 401),
        (jwt::mint_hs256(&own, r#"{"alg":"hs256"}"#, claims), 401),
        (jwt::mint_hs256(&own, r#"{"alg":"none"}"#, claims), 401),
        (
            jwt::mint_hs256(&own, r#"{"alg":"HS256","crit":["x"]}"#, claims),
            401,
        ),
    ] {
        assert_eq!(status(&server, &token).await, expected, "{token}");
    }
}
