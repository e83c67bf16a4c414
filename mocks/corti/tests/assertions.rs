//! Clients that prove themselves by a JWT (RFC 7523), clients that never ask for a token, and what
//! realm and client say of lifetimes and reuse.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use locum_server::jwt;
use locum_server::keys::RsaKey;
use serde_json::{Map, json};

use super::*;

const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
const RS256: &str = r#"{"alg":"RS256","kid":"k-1"}"#;
const NOBODY: &str = "Invalid client or Invalid client credentials";

/// A stage with `keyed` (private_key_jwt, key 3 of the pool, `kid` k-1), `sealed` and `other-sealed`
/// (client_secret_jwt).
async fn start() -> TestServer {
    let server = TestServer::start(vendor()).await;
    let key = RsaKey::from_pool(3);
    let jwk =
        json!({"kty": "RSA", "kid": "k-1", "alg": "RS256", "use": "sig", "n": key.n, "e": key.e});
    let sealed = |id: &str| {
        let secret = format!("{id}-0123456789abcdef0123456789abcdef");
        json!({"client_id": id, "auth": "client_secret_jwt", "client_secret": secret})
    };
    change(
        &server,
        json!({"realms": [{"name": "copiloteu", "clients": [
            {"client_id": "keyed", "auth": "private_key_jwt", "jwks": [jwk]},
            sealed("sealed"), sealed("other-sealed"),
        ]}]}),
    );
    server
}

/// The claims of a good assertion of `client`, with `changes`; null removes one.
fn claims(server: &TestServer, client: &str, changes: &Value) -> Map<String, Value> {
    let now = server.mock().now().as_seconds();
    let mut claims = json!({
        "iss": client, "sub": client, "aud": server.mock().url(&format!("{OIDC}/token")),
        "exp": now + 60, "iat": now, "jti": format!("j-{}", server.mock().uuid()),
    });
    locum_server::principal::merge(&mut claims, changes.clone());
    let Value::Object(claims) = claims else {
        panic!("an object")
    };
    claims
}

/// An assertion of `keyed`, signed by key 3.
fn keyed(server: &TestServer, changes: &Value) -> String {
    jwt::mint_rs256(
        &RsaKey::from_pool(3),
        RS256,
        &claims(server, "keyed", changes),
    )
}

/// An assertion of `sealed` with HS256 by `secret`.
fn sealed(server: &TestServer, secret: &str, algorithm: Algorithm, changes: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    let claims = claims(server, "sealed", changes);
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).expect("it signs")
}

/// What the token endpoint says to `assertion` and `rest`.
async fn show(server: &TestServer, assertion: &str, rest: &str) -> (u16, String) {
    let body = format!(
        "grant_type=client_credentials&client_assertion_type={TYPE}&client_assertion={assertion}{rest}"
    );
    say(server, &body).await
}

async fn say(server: &TestServer, body: &str) -> (u16, String) {
    let answer = post(server, "token", body).await;
    assert_eq!(lines(&answer), set(H1), "{body}");
    (answer.status, answer.text())
}

fn invalid(description: &str) -> (u16, String) {
    (400, error("invalid_client", description))
}

/// The last entry of the journal: its reason, what was expected and what came.
fn told(server: &TestServer) -> (String, String, String) {
    let entries = server.stage.find(&locum_core::Filter::default());
    let entry = entries.last().expect("an entry");
    let denial = entry.denial.clone().expect("a refusal");
    (
        denial.reason,
        denial.expected.unwrap_or_default(),
        denial.got.unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_key_proves_a_client_once_an_assertion() {
    let server = start().await;
    let first = keyed(&server, &json!({}));
    for rest in ["", "&client_id=keyed", "&client_secret=superfluous"] {
        let (status, text) = show(&server, &keyed(&server, &json!({})), rest).await;
        assert_eq!(status, 200, "{rest} {text}");
    }
    assert_eq!(show(&server, &first, "").await.0, 200);
    assert_eq!(
        show(&server, &first, "").await,
        invalid("Token reuse detected")
    );
    let issuer = "https://auth.beta-eu.corti.app/realms/copiloteu";
    let endpoint = |name: &str| server.mock().url(&format!("{OIDC}/{name}"));
    for aud in [
        json!(issuer),
        json!([issuer]),
        json!(endpoint("token/introspect")),
        json!(endpoint("ext/par/request")),
    ] {
        let (status, text) = show(&server, &keyed(&server, &json!({"aud": aud})), "").await;
        assert_eq!(status, 200, "{aud} {text}");
    }
    let without_kid = jwt::mint_rs256(
        &RsaKey::from_pool(3),
        r#"{"alg":"RS256"}"#,
        &claims(&server, "keyed", &json!({})),
    );
    assert_eq!(show(&server, &without_kid, "").await.0, 200);
    // With an iat, exp may be as far as it likes.
    let far = json!({"exp": server.mock().now().as_seconds() + 86_400});
    assert_eq!(show(&server, &keyed(&server, &far), "").await.0, 200);
    // A failed assertion does not use up its jti.
    let other_aud = keyed(&server, &json!({"jti": "again", "aud": "x"}));
    assert_eq!(show(&server, &other_aud, "").await.0, 400);
    let good = keyed(&server, &json!({"jti": "again"}));
    assert_eq!(show(&server, &good, "").await.0, 200);
}

#[tokio::test]
async fn a_foreign_basic_beside_an_assertion_is_not_looked_at() {
    let server = start().await;
    let body = format!(
        "grant_type=client_credentials&client_assertion_type={TYPE}&client_assertion={}",
        keyed(&server, &json!({}))
    );
    let headers = format!("{FORM}Authorization: Basic bm9ib2R5Ong=\r\n");
    let line = format!("POST {OIDC}/token");
    assert_eq!(server.request(&line, &headers, body).await.status, 200);
}

#[tokio::test]
async fn each_fault_of_an_assertion_has_its_words() {
    let server = start().await;
    let now = server.mock().now().as_seconds();
    let host = "https://auth.beta-eu.corti.app/realms/copiloteu";
    let audience = "Invalid token audience";
    let inactive = "Token is not active";
    for (changes, description) in [
        (json!({"aud": null}), audience),
        (json!({"aud": ""}), audience),
        (json!({"aud": "https://example.org"}), audience),
        (json!({"aud": format!("{host}/")}), audience),
        (json!({"aud": host.replace("copiloteu", "base")}), audience),
        (
            json!({"aud": [host, "https://example.org"]}),
            "Multiple audiences not allowed",
        ),
        (json!({"exp": null}), "Token exp claim is required"),
        (json!({"exp": now}), inactive),
        (json!({"exp": now - 1}), inactive),
        (json!({"nbf": now + 16}), inactive),
        (json!({"iat": now + 16}), "Token was issued in the future"),
        (
            json!({"iat": now - 61}),
            "Token was issued too far in the past to be used now",
        ),
        (
            json!({"iat": null, "exp": now + 300}),
            "Token expiration is too far in the future and iat claim not present in token",
        ),
        (json!({"jti": null}), "Token jti claim is required"),
    ] {
        let answer = show(&server, &keyed(&server, &changes), "").await;
        assert_eq!(answer, invalid(description), "{changes}");
        let (reason, expected, got) = told(&server);
        assert!(!expected.is_empty() && !got.is_empty(), "{reason}");
    }
    // Up to the bound it passes.
    for changes in [
        json!({"nbf": now + 15}),
        json!({"iat": now + 15}),
        json!({"iat": now - 60}),
        json!({"iat": null, "exp": now + 60}),
    ] {
        let answer = show(&server, &keyed(&server, &changes), "").await;
        assert_eq!(answer.0, 200, "{changes} {}", answer.1);
    }
}

#[tokio::test]
async fn algorithm_key_and_signature_have_their_words() {
    let server = start().await;
    let key = RsaKey::from_pool(3);
    let signed = |key: &RsaKey, header: &str| {
        jwt::mint_rs256(key, header, &claims(&server, "keyed", &json!({})))
    };
    let unsigned = "Invalid signature algorithm";
    let failed =
        "Client authentication with signed JWT failed: Signature on JWT token failed validation";
    for (assertion, description) in [
        (signed(&key, r#"{"alg":"none","kid":"k-1"}"#), unsigned),
        (signed(&key, r#"{"alg":"HS256","kid":"k-1"}"#), unsigned),
        (signed(&key, r#"{"alg":"RS257","kid":"k-1"}"#), unsigned),
        (signed(&key, r#"{"kid":"k-1"}"#), unsigned),
        (
            signed(&key, r#"{"alg":"RS256","kid":"k-2"}"#),
            "Unable to load public key",
        ),
        (signed(&key, r#"{"alg":"RS512","kid":"k-1"}"#), failed),
        (signed(&key, r#"{"alg":"ES256","kid":"k-1"}"#), failed),
        (signed(&RsaKey::from_pool(4), RS256), failed),
    ] {
        let answer = show(&server, &assertion, "").await;
        assert_eq!(answer, invalid(description));
        let (reason, expected, got) = told(&server);
        assert!(!expected.is_empty() && !got.is_empty(), "{reason}");
    }
    let mut tampered = signed(&key, RS256);
    tampered.truncate(tampered.len() - 4);
    assert_eq!(show(&server, &tampered, "").await, invalid(failed));
}

#[tokio::test]
async fn a_client_that_cannot_be_told_is_401() {
    let server = start().await;
    let nobody = (401, error("invalid_client", NOBODY));
    for changes in [
        json!({"iss": null}),
        json!({"sub": null}),
        json!({"iss": "locum-client"}),
        json!({"iss": "nobody", "sub": "nobody"}),
        json!({"iss": "locum-client", "sub": "locum-client"}),
        json!({"exp": "soon"}),
    ] {
        let answer = show(&server, &keyed(&server, &changes), "").await;
        assert_eq!(answer, nobody, "{changes}");
        let (_, expected, got) = told(&server);
        assert!(!expected.is_empty() && !got.is_empty(), "{changes}");
    }
    assert_eq!(show(&server, "garbage", "").await, nobody);
    let good = keyed(&server, &json!({}));
    let untyped = format!("grant_type=client_credentials&client_assertion={good}");
    assert_eq!(say(&server, &untyped).await, nobody);
    // The client's own rules, where it is named beside another's assertion.
    let unauthorized = (401, error("unauthorized_client", NOBODY));
    let answer = show(&server, &good, "&client_id=locum-client").await;
    assert_eq!(answer, unauthorized);
    let answer = show(&server, &good, "&client_id=sealed").await;
    assert_eq!(
        answer,
        invalid("client_id parameter does not match sub claim")
    );
    set_client(&server, "keyed", "enabled", false);
    assert_eq!(show(&server, &good, "").await, nobody);
    set_client(&server, "keyed", "enabled", true);
    assert_eq!(show(&server, &good, "").await.0, 200);
}

#[tokio::test]
async fn a_secret_does_not_stand_for_an_assertion_nor_an_assertion_for_a_secret() {
    let server = start().await;
    let grant = "grant_type=client_credentials";
    let secret = client_secret(&server, "sealed");
    for shown in [
        "client_id=keyed".to_owned(),
        "client_id=keyed&client_secret=x".to_owned(),
        "client_id=sealed".to_owned(),
        format!("client_id=sealed&client_secret={secret}"),
    ] {
        let answer = say(&server, &format!("{grant}&{shown}")).await;
        let description = "Parameter client_assertion_type is missing";
        assert_eq!(answer, invalid(description), "{shown}");
    }
    assert_eq!(told(&server).2, "a client_secret");
    let typed = format!("{grant}&client_id=keyed&client_assertion_type");
    assert_eq!(
        say(&server, &format!("{typed}=x")).await,
        invalid(
            "Parameter client_assertion_type has value 'x' but expected is 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'"
        )
    );
    assert_eq!(
        say(&server, &format!("{typed}={TYPE}")).await,
        invalid("client_assertion parameter missing")
    );
    let parsing = "java.lang.IllegalArgumentException: Parsing error";
    assert_eq!(
        show(&server, "garbage", "&client_id=keyed").await,
        invalid(&format!(
            "Client authentication with signed JWT failed: {parsing}"
        ))
    );
    assert_eq!(
        show(&server, "garbage", "&client_id=sealed").await,
        (
            400,
            error(
                "unauthorized_client",
                &format!("Client authentication with client secret signed JWT failed: {parsing}")
            )
        )
    );
}

#[tokio::test]
async fn a_secret_signs_an_assertion() {
    let server = start().await;
    let secret = client_secret(&server, "sealed");
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let good = sealed(&server, &secret, algorithm, &json!({}));
        assert_eq!(show(&server, &good, "").await.0, 200);
        let reused = invalid("Token reuse detected");
        assert_eq!(show(&server, &good, "").await, reused);
    }
    let other = client_secret(&server, "other-sealed");
    for wrong in ["wrong", &other] {
        let forged = sealed(&server, wrong, Algorithm::HS256, &json!({}));
        assert_eq!(
            show(&server, &forged, "").await,
            (
                400,
                error(
                    "unauthorized_client",
                    "Client authentication with client secret signed JWT failed: Signature on JWT token by client secret  failed validation"
                )
            )
        );
    }
    let stray = sealed(&server, &secret, Algorithm::HS256, &json!({"aud": "x"}));
    assert_eq!(
        show(&server, &stray, "").await,
        invalid("Invalid token audience")
    );
    // Another client may not use a jti again either.
    let same = json!({"jti": "the-same"});
    assert_eq!(show(&server, &keyed(&server, &same), "").await.0, 200);
    let second = sealed(&server, &secret, Algorithm::HS256, &same);
    assert_eq!(
        show(&server, &second, "").await,
        invalid("Token reuse detected")
    );
}

#[tokio::test]
async fn the_journal_keeps_no_assertion() {
    let server = start().await;
    let good = keyed(&server, &json!({}));
    assert_eq!(show(&server, &good, "").await.0, 200);
    assert_eq!(show(&server, &good, "").await.0, 400);
    let entries = server.stage.find(&locum_core::Filter::default());
    let journal = serde_json::to_string(&entries).expect("entries are JSON");
    let signature = good.rsplit('.').next().expect("a signature");
    assert!(!journal.contains(signature));
}

#[tokio::test]
async fn the_neighbours_of_the_token_endpoint_take_assertions_too() {
    let server = start().await;
    for endpoint in ["token/introspect", "revoke"] {
        let body = |changes: Value| {
            format!(
                "token=x&client_assertion_type={TYPE}&client_assertion={}",
                keyed(&server, &changes)
            )
        };
        let answer = post(&server, endpoint, &body(json!({}))).await;
        assert_eq!(answer.status, 200, "{endpoint} {}", answer.text());
        let answer = post(&server, endpoint, &body(json!({"aud": "x"}))).await;
        assert_eq!(
            (answer.status, answer.text()),
            invalid("Invalid token audience"),
            "{endpoint}"
        );
        assert_eq!(lines(&answer), set(H2), "{endpoint}");
    }
}

#[tokio::test]
async fn a_bearer_only_client_is_told_that_its_secret_is_wrong() {
    let server = TestServer::start(vendor()).await;
    set_client(&server, "locum-second", "bearer_only", true);
    let body = "grant_type=client_credentials&<locum-second>";
    let refused = (401, error("unauthorized_client", NOBODY));
    assert_eq!(say(&server, body).await, refused);
    assert_eq!(told(&server).0, "bearer_only_client");
    let answer = post(&server, "token/introspect", "<locum-second>&token=x").await;
    assert_eq!(
        (answer.status, answer.text()),
        (
            401,
            error("invalid_client", "Client authentication failed.")
        )
    );
}

#[tokio::test]
async fn a_realm_that_demands_tls_refuses_plain_http() {
    let server = TestServer::start(vendor()).await;
    assert_eq!(say(&server, CLIENT_LOGIN).await.0, 200);
    set_realm(&server, "ssl_required", "all");
    let refused = (403, error("invalid_request", "HTTPS required"));
    assert_eq!(say(&server, CLIENT_LOGIN).await, refused);
    // It is looked at before whether the realm is enabled, and before the form.
    set_realm(&server, "enabled", false);
    assert_eq!(say(&server, "x=y").await, refused);
    set_realm(&server, "enabled", true);
    for open in ["external", "none"] {
        set_realm(&server, "ssl_required", open);
        assert_eq!(say(&server, CLIENT_LOGIN).await.0, 200, "{open}");
    }
}

const LOGIN: &str = "grant_type=password&client_id=locum-app&<ada>&scope=openid";

fn refresh(reply: &Value) -> String {
    format!(
        "grant_type=refresh_token&client_id=locum-app&refresh_token={}",
        text(reply, "refresh_token")
    )
}

#[tokio::test]
async fn a_refresh_token_works_again_as_often_as_the_realm_says() {
    let server = TestServer::start(vendor()).await;
    set_realm(&server, "rotate_refresh", true);
    set_realm(&server, "refresh_max_reuse", 1);
    let first = tokens(&server, LOGIN).await;
    tokens(&server, &refresh(&first)).await;
    let second = tokens(&server, &refresh(&first)).await;
    let exceeded = "Maximum allowed refresh token reuse exceeded";
    let third = say(&server, &refresh(&first)).await;
    assert_eq!(third, (400, error("invalid_grant", exceeded)));
    let gone = "Session doesn't have required client";
    let newer = say(&server, &refresh(&second)).await;
    assert_eq!(newer, (400, error("invalid_grant", gone)));
    // The setting counts where the realm says nothing.
    set_realm(&server, "refresh_max_reuse", Value::Null);
    server.set("refresh_max_reuse", 2);
    let first = tokens(&server, LOGIN).await;
    for _ in 0..3 {
        tokens(&server, &refresh(&first)).await;
    }
    let fourth = say(&server, &refresh(&first)).await;
    assert_eq!(fourth, (400, error("invalid_grant", exceeded)));
}

#[tokio::test]
async fn lifetimes_are_the_clients_then_the_realms_then_the_settings() {
    let server = TestServer::start(vendor()).await;
    let lives = async || {
        let reply = tokens(&server, LOGIN).await;
        let number = |name: &str| reply[name].as_i64().expect("a number");
        (number("expires_in"), number("refresh_expires_in"))
    };
    assert_eq!(lives().await, (300, 1800));
    set_realm(&server, "access_ttl_s", 60);
    set_realm(&server, "refresh_ttl_s", 600);
    assert_eq!(lives().await, (60, 600));
    set_client(&server, "locum-app", "access_ttl_s", 30);
    set_client(&server, "locum-app", "refresh_ttl_s", 90);
    assert_eq!(lives().await, (30, 90));
    let reply = tokens(&server, LOGIN).await;
    let access = text(&reply, "access_token");
    server.advance(30.0);
    assert_eq!(userinfo(&server, &access).await.0, 401);
    server.advance(60.0);
    let late = say(&server, &refresh(&reply)).await;
    assert_eq!(late, (400, error("invalid_grant", "Token is not active")));
    // The other clients keep the realm's.
    let other = tokens(&server, CLIENT_LOGIN).await;
    assert_eq!(other["expires_in"], 60);
}

#[tokio::test]
async fn a_member_without_effect_is_refused_by_name() {
    let server = start().await;
    let refused = |change: Value| {
        let mut principals = server.document().principals;
        locum_server::principal::merge(&mut principals, json!({"realms": [change]}));
        server
            .change_principals(principals)
            .expect_err("it is refused")
    };
    let client = |client: Value| refused(json!({"name": "copiloteu", "clients": [client]}));
    for (given, named) in [
        (
            json!({"client_id": "a", "client_secret": "s", "auth": "tls_client_auth"}),
            "tls_client_auth",
        ),
        (json!({"client_id": "a", "jwks_uri": "x"}), "jwks_uri"),
        (json!({"client_id": "a", "auth": "private_key_jwt"}), "jwks"),
        (
            json!({"client_id": "locum-second", "jwks": [{"kty": "RSA"}]}),
            "jwks",
        ),
        (
            json!({"client_id": "keyed", "client_secret": "s"}),
            "client_secret",
        ),
        (
            json!({"client_id": "a", "auth": "client_secret_jwt"}),
            "client_secret",
        ),
        (
            json!({"client_id": "locum-app", "auth": "client_secret_jwt"}),
            "auth",
        ),
        (
            json!({"client_id": "locum-client", "bearer_only": true}),
            "bearer_only",
        ),
        (json!({"client_id": "locum-app", "pkce": "s256"}), "pkce"),
        (
            json!({"client_id": "locum-app", "access_ttl_s": 0}),
            "access_ttl_s",
        ),
        (
            json!({"client_id": "keyed", "jwks": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"}]}),
            "`d`",
        ),
        (
            json!({"client_id": "keyed", "jwks": [{"kty": "oct", "k": "AQAB"}]}),
            "`k`",
        ),
        (
            json!({"client_id": "a", "client_secret": "s", "shared": true}),
            "shared",
        ),
    ] {
        let words = client(given.clone());
        assert!(words.contains(named), "{given}: {words}");
    }
    let realm = json!({"name": "copiloteu", "rotate_refresh": false, "refresh_max_reuse": 1});
    assert!(refused(realm).contains("refresh_max_reuse"));
    let realm = json!({"name": "copiloteu", "ssl_required": "sometimes"});
    assert!(refused(realm).contains("sometimes"));
    assert_eq!(say(&server, CLIENT_LOGIN).await.0, 200);
}
