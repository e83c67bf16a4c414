//! What browsers and unusual clients meet: origins, preflights, DPoP, long requests.

use super::*;

const EVIL: &str = "Origin: https://evil.example.org\r\n";

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

/// Introspection and the authorization endpoint know no CORS.
#[tokio::test]
async fn a_preflight_of_two_endpoints_names_methods_alone() {
    let server = TestServer::start(vendor()).await;
    for (endpoint, methods) in [
        ("token/introspect", "HEAD, POST, OPTIONS"),
        ("auth", "HEAD, POST, GET, OPTIONS"),
    ] {
        let line = format!("OPTIONS {OIDC}/{endpoint}");
        let answer = server.request(&line, EVIL, "").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (200, Some(methods)),
            "{endpoint}"
        );
        assert_eq!(allowed(&answer), None, "{endpoint}");
    }
}

/// Keys and metadata are for everybody; userinfo tells everybody why it refuses.
#[tokio::test]
async fn origins_are_reflected_where_nothing_is_given_away() {
    let server = TestServer::start(vendor()).await;
    let evil = Some("https://evil.example.org");
    let well_known = "/realms/copiloteu/.well-known/openid-configuration";
    for path in [format!("{OIDC}/certs"), well_known.to_owned()] {
        let answer = server.request(&format!("GET {path}"), EVIL, "").await;
        assert_eq!((answer.status, allowed(&answer)), (200, evil), "{path}");
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            Some("true")
        );
    }
    let line = format!("GET {OIDC}/userinfo");
    let bare = server.request(&line, EVIL, "").await;
    assert_eq!((bare.status, allowed(&bare)), (401, evil));
    assert_eq!(
        bare.header("access-control-expose-headers"),
        Some("Access-Control-Allow-Methods, WWW-Authenticate")
    );
    let token = text(&tokens(&server, CLIENT_LOGIN).await, "access_token");
    let own = "Origin: https://app.example.org\r\n";
    for (origin, status) in [(own, 200), (EVIL, 403)] {
        let headers = format!("Authorization: Bearer {token}\r\n{origin}");
        let answer = server.request(&line, &headers, "").await;
        assert_eq!(answer.status, status, "{origin}");
        let refused = answer.text() == r#"{"error":"Invalid origin"}"#;
        assert_eq!(refused, status == 403, "{}", answer.text());
    }
}

#[tokio::test]
async fn dpop_is_looked_at_and_refused() {
    let server = TestServer::start(vendor()).await;
    let body = filled(&server, CLIENT_LOGIN);
    let headers = format!("{FORM}DPoP: garbage\r\n");
    let answer = server
        .request(&format!("POST {OIDC}/token"), &headers, body)
        .await;
    let refused = error("invalid_request", "DPoP header verification failure");
    assert_eq!((answer.status, answer.text()), (400, refused));
    let token = text(&tokens(&server, CLIENT_LOGIN).await, "access_token");
    let headers = format!("Authorization: DPoP {token}\r\n");
    let answer = server
        .request(&format!("GET {OIDC}/userinfo"), &headers, "")
        .await;
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert_eq!(answer.status, 401);
    assert!(challenge.starts_with("DPoP algs=\""), "{challenge}");
    assert!(
        challenge.contains(r#"realm="copiloteu", error="invalid_token""#),
        "{challenge}"
    );
}

/// An empty answer with one header.
#[tokio::test]
async fn heads_that_are_too_long_get_431_and_414() {
    let server = TestServer::start(vendor()).await;
    let long = "x".repeat(66_000);
    for (line, headers, status) in [
        (
            format!("GET {OIDC}/certs"),
            format!("X-Long: {long}\r\n"),
            431,
        ),
        (format!("GET {OIDC}/certs?a={long}"), String::new(), 414),
        (
            format!("GET {OIDC}/certs?a={}", &long[..32_000]),
            String::new(),
            200,
        ),
    ] {
        let answer = server.request(&line, &headers, "").await;
        assert_eq!(answer.status, status);
        assert!(status == 200 || answer.body.is_empty(), "{}", answer.text());
    }
}

/// What discovery names beside the grants, as a realm with default settings answers it.
#[tokio::test]
async fn the_other_endpoints_push_or_refuse() {
    let server = TestServer::start(vendor()).await;
    let push = "<locum-client>&response_type=code&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let pushed = post(&server, "ext/par/request", push).await;
    let urn = "urn:ietf:params:oauth:request_uri:";
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    assert!(text(&pushed.json(), "request_uri").starts_with(urn));
    assert_eq!(pushed.json()["expires_in"], 60);
    let device = post(&server, "auth/device", "<locum-client>&scope=openid").await;
    let code = text(&device.json(), "error");
    assert_eq!((device.status, code.as_str()), (400, "unauthorized_client"));
    let ciba = "<locum-client>&scope=openid&login_hint=ada";
    let ciba = post(&server, "ext/ciba/auth", ciba).await;
    let refused = error("invalid_grant", "Client not allowed OIDC CIBA Grant");
    assert_eq!((ciba.status, ciba.text()), (401, refused));
    let line = "POST /realms/copiloteu/clients-registrations/openid-connect";
    let registered = server
        .request(line, "Content-Type: application/json\r\n", "{}")
        .await;
    let code = text(&registered.json(), "error");
    assert_eq!(
        (registered.status, code.as_str()),
        (403, "insufficient_scope")
    );
}
