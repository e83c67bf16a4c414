//! Clients that prove themselves by a JWT (RFC 7523).

use locum_server::jwt;
use locum_server::keys::RsaKey;
use serde_json::{Map, json};

use super::*;

const TOKEN: &str = "/oauth2/token";
const CLIENT: &str = "machine-with-key";

/// An assertion of `machine-with-key` with `changes` in its claims, signed by the pool's key `key`.
fn assertion(server: &TestServer, key: u64, header: &str, changes: &Value) -> String {
    let now = server.mock().now().as_seconds();
    let mut claims = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": format!("http://{}{TOKEN}", server.host()),
        "exp": now + 60, "iat": now, "jti": "j-1",
    });
    let changes = changes.as_object().cloned().unwrap_or_default();
    let claims: &mut Map<String, Value> = claims.as_object_mut().expect("an object");
    for (name, value) in changes {
        if value.is_null() {
            claims.remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
    jwt::mint_rs256(&RsaKey::from_pool(key), header, claims)
}

const RS256: &str = r#"{"alg":"RS256","kid":"test-only-1"}"#;

async fn shown(server: &TestServer, assertion: &str, rest: &str) -> Answer {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let body = format!(
        "grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}{rest}"
    );
    post_plain(server, TOKEN, &body).await
}

#[tokio::test]
async fn a_key_proves_a_client_once_an_assertion() {
    let server = start(MACHINE).await;
    let first = assertion(&server, 3, RS256, &json!({}));
    let answer = shown(&server, &first, "").await;
    assert_eq!(answer.json()["tenant"], "South Clinic", "{}", answer.text());
    refused(&shown(&server, &first, "").await, 401, "invalid_client");
    let issuer = json!({"aud": [format!("http://{}", server.host())], "jti": "j-2"});
    let addressed = assertion(&server, 3, r#"{"alg":"RS256"}"#, &issuer);
    assert_eq!(
        shown(&server, &addressed, &format!("&client_id={CLIENT}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_assertion_that_is_wrong_in_one_thing_is_refused() {
    let server = start(MACHINE).await;
    let now = server.mock().now().as_seconds();
    for changes in [
        json!({"iss": "machine"}),
        json!({"sub": "machine"}),
        json!({"sub": null}),
        json!({"aud": "http://elsewhere.example/token"}),
        json!({"aud": null}),
        json!({"exp": now}),
        json!({"exp": null}),
        json!({"exp": "soon"}),
        json!({"exp": now + 90_000}),
        json!({"nbf": now + 30}),
        json!({"iat": now + 90}),
        json!({"jti": null}),
        json!({"jti": ""}),
    ] {
        let value = assertion(&server, 3, RS256, &changes);
        let answer = shown(&server, &value, "").await;
        assert_eq!(
            (answer.status, answer.json()["error"].clone()),
            (401, "invalid_client".into()),
            "{changes}"
        );
    }
    for (key, header) in [
        (4, RS256),
        (3, r#"{"alg":"none"}"#),
        (3, r#"{"alg":"PS256"}"#),
        (3, r#"{"alg":"HS256"}"#),
        (3, r#"{"alg":"RS256","kid":"another"}"#),
        (3, r#"{"alg":"RS256","crit":["x"]}"#),
    ] {
        let value = assertion(&server, key, header, &json!({}));
        let answer = shown(&server, &value, "").await;
        assert_eq!(answer.status, 401, "{key} {header}: {}", answer.text());
    }
    let good = assertion(&server, 3, RS256, &json!({}));
    refused(
        &shown(&server, &good, "&client_id=machine").await,
        401,
        "invalid_client",
    );
    refused(
        &shown(&server, &good, "&client_secret=x").await,
        400,
        "invalid_request",
    );
    refused(
        &shown(&server, &good[..good.len() - 4], "").await,
        401,
        "invalid_client",
    );
    let body = format!("grant_type=client_credentials&client_assertion={good}");
    refused(
        &post_plain(&server, TOKEN, &body).await,
        401,
        "invalid_client",
    );
    // Nothing of that used the assertion up.
    assert_eq!(shown(&server, &good, "").await.status, 200);
}

#[tokio::test]
async fn a_client_with_a_key_has_no_secret() {
    let server = start(MACHINE).await;
    let principals = server.document().principals;
    let clients = principals["clients"].as_array().expect("a list");
    let client = clients.iter().find(|client| client["client_id"] == CLIENT);
    assert!(client.expect("it is there").get("client_secret").is_none());
    for secret in ["x", ""] {
        let headers = format!("{FORM}{}", basic(CLIENT, secret));
        let line = format!("POST {TOKEN}");
        let body = "grant_type=client_credentials";
        let answer = server.request(&line, &headers, body).await;
        refused(&answer, 401, "invalid_client");
    }
}

#[tokio::test]
async fn a_secret_signs_where_the_file_says_so() {
    let text = MACHINE
        .replace(
            "\"private_key_jwt\", \"basic\"",
            "\"private_key_jwt\", \"basic\", \"client_secret_jwt\"",
        )
        .replacen("auth = \"basic\"", "auth = \"client_secret_jwt\"", 1);
    let server = start(&text).await;
    let now = server.mock().now().as_seconds();
    let claims = json!({
        "iss": "machine", "sub": "machine", "aud": format!("http://{}{TOKEN}", server.host()),
        "exp": now + 60, "jti": "j-1",
    });
    let signed = |secret: &str| {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    };
    refused(
        &shown(&server, &signed("wrong"), "").await,
        401,
        "invalid_client",
    );
    let right = signed(&secret(&server, "machine"));
    assert_eq!(shown(&server, &right, "").await.status, 200);
    let plain = post(&server, TOKEN, "machine", "grant_type=client_credentials").await;
    refused(&plain, 401, "invalid_client");
}
