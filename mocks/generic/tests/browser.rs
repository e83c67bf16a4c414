//! The authorization endpoint, its codes, and OpenID Connect behind them.

use super::*;

/// The verifier and challenge of RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const TOKEN: &str = "/oauth2/token";
const CALLBACK: &str = "http://127.0.0.1:3000/callback";

/// A good request of `web`, `changes` applied: a value of `-` leaves the parameter out.
fn query(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("login_hint", "ada"),
    ];
    for (name, value) in changes {
        pairs.retain(|(have, _)| have != name);
        if *value != "-" {
            pairs.push((name, value));
        }
    }
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "%20")))
        .collect();
    pairs.join("&")
}

async fn asked(server: &TestServer, changes: &[(&str, &str)]) -> Answer {
    let line = format!("GET /oauth2/authorize?{}", query(changes));
    server.request(&line, "", "").await
}

/// A parameter of the address to which the answer leads.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("location")?;
    let (_, query) = location.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(have, _)| *have == name)
        .map(|(_, value)| value.to_owned())
        .next()
}

async fn code(server: &TestServer) -> String {
    let answer = asked(server, &[]).await;
    parameter(&answer, "code").unwrap_or_else(|| panic!("{}", answer.text()))
}

fn exchange(code: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}"
    )
}

#[tokio::test]
async fn a_login_gives_tokens_that_tell_of_the_user() {
    let server = start(LOGIN).await;
    let base = format!("http://{}", server.host());
    let answer = asked(&server, &[]).await;
    assert_eq!(answer.status, 302);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("s-1"));
    let iss = base.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(parameter(&answer, "iss"), Some(iss));
    let code = parameter(&answer, "code").expect("a code");
    let tokens = post(&server, TOKEN, "web", &exchange(&code)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    assert_eq!(tokens.json()["scope"], "openid email");
    let id = claims(&member(&tokens, "id_token"));
    assert_eq!(id["iss"], base);
    assert_eq!(
        (&id["sub"], &id["aud"]),
        (&"248289761001".into(), &"web".into())
    );
    assert_eq!(
        (&id["nonce"], &id["email"]),
        (&"n-1".into(), &"ada@example.com".into())
    );
    assert_eq!(id["roles"], serde_json::json!(["clinician"]));
    assert!(id.get("name").is_none(), "the scope has no profile: {id}");
    let access = member(&tokens, "access_token");
    assert_eq!(claims(&access)["roles"], serde_json::json!(["clinician"]));
    let info = get(&server, "/oauth2/userinfo", &access).await;
    assert_eq!(
        info.text(),
        r#"{"sub":"248289761001","email":"ada@example.com","email_verified":true,"roles":["clinician"]}"#
    );
    assert_eq!(get(&server, "/api/notes", &access).await.status, 403);
    assert_eq!(
        get(&server, "/oauth2/userinfo", &member(&tokens, "id_token"))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn the_documents_name_what_is_there_and_the_key_verifies() {
    let server = start(LOGIN).await;
    let base = format!("http://{}", server.host());
    for path in ["openid-configuration", "oauth-authorization-server"] {
        let document = server
            .request(&format!("GET /.well-known/{path}"), "", "")
            .await
            .json();
        assert_eq!(document["issuer"], base);
        assert_eq!(document["token_endpoint"], format!("{base}/oauth2/token"));
        assert_eq!(
            document["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
        assert_eq!(document["jwks_uri"], format!("{base}/oauth2/jwks"));
    }
    let keys = server.request("GET /oauth2/jwks", "", "").await.json();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).expect("a key set");
    let tokens = post(&server, TOKEN, "web", &exchange(&code(&server).await)).await;
    for name in ["access_token", "id_token"] {
        let token = member(&tokens, name);
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let key = jsonwebtoken::DecodingKey::from_jwk(&set.keys[0]).expect("a key");
        let fits = jsonwebtoken::crypto::verify(
            signature,
            signed.as_bytes(),
            &key,
            jsonwebtoken::Algorithm::RS256,
        );
        assert_eq!(fits.ok(), Some(true), "{name}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_its_address_and_its_verifier() {
    let server = start(LOGIN).await;
    let good = code(&server).await;
    let tokens = post(&server, TOKEN, "web", &exchange(&good)).await;
    let access = member(&tokens, "access_token");
    assert_eq!(get(&server, "/oauth2/userinfo", &access).await.status, 200);
    refused(
        &post(&server, TOKEN, "web", &exchange(&good)).await,
        400,
        "invalid_grant",
    );
    // RFC 6749 section 4.1.2: what it bought dies with it.
    assert_eq!(get(&server, "/oauth2/userinfo", &access).await.status, 401);
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        member(&tokens, "refresh_token")
    );
    refused(
        &post(&server, TOKEN, "web", &refresh).await,
        400,
        "invalid_grant",
    );
    for (from, to) in [
        (VERIFIER, "a".repeat(43)),
        (VERIFIER, CHALLENGE.to_owned()),
        (VERIFIER, "short".to_owned()),
        ("/callback", "/callback/".to_owned()),
    ] {
        let code = code(&server).await;
        let body = exchange(&code).replace(from, &to);
        refused(
            &post(&server, TOKEN, "web", &body).await,
            400,
            "invalid_grant",
        );
        refused(
            &post(&server, TOKEN, "web", &exchange(&code)).await,
            400,
            "invalid_grant",
        );
    }
    let without = exchange(&code(&server).await).replace(&format!("&code_verifier={VERIFIER}"), "");
    refused(
        &post(&server, TOKEN, "web", &without).await,
        400,
        "invalid_grant",
    );
    let late = code(&server).await;
    server.advance(60.0);
    refused(
        &post(&server, TOKEN, "web", &exchange(&late)).await,
        400,
        "invalid_grant",
    );
    let foreign = format!("{}&client_id=app", exchange(&code(&server).await));
    refused(
        &post_plain(&server, TOKEN, &foreign).await,
        400,
        "invalid_grant",
    );
    let nothing = exchange("never-issued");
    refused(
        &post(&server, TOKEN, "web", &nothing).await,
        400,
        "invalid_grant",
    );
    refused(
        &post(&server, TOKEN, "web", &format!("{nothing}&code=x")).await,
        400,
        "invalid_request",
    );
    refused(
        &post(&server, TOKEN, "service", &nothing).await,
        400,
        "unauthorized_client",
    );
}

#[tokio::test]
async fn what_cannot_be_trusted_leads_nowhere() {
    let server = start(LOGIN).await;
    for changes in [
        [("client_id", "-")],
        [("client_id", "nobody")],
        [("client_id", "web-disabled")],
        [("redirect_uri", "-")],
        [("redirect_uri", "http://127.0.0.1:3000/callback/")],
        [("redirect_uri", "http://127.0.0.1:3001/callback")],
        [("redirect_uri", "http://127.0.0.1:3000/Callback")],
        [("redirect_uri", "http://evil.example/?<script>")],
    ] {
        let answer = asked(&server, &changes).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{changes:?}"
        );
        assert!(!answer.text().contains("<script>"));
    }
    let line = format!(
        "GET /oauth2/authorize?{}&redirect_uri=http://evil.example/",
        query(&[])
    );
    assert_eq!(server.request(&line, "", "").await.status, 400);
}

#[tokio::test]
async fn what_is_wrong_with_a_trusted_request_goes_back() {
    let server = start(LOGIN).await;
    for (changes, error) in [
        ([("response_type", "-")], "invalid_request"),
        ([("response_type", "token")], "unsupported_response_type"),
        ([("scope", "openid admin")], "invalid_scope"),
        ([("code_challenge", "-")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("code_challenge_method", "-")], "invalid_request"),
        ([("code_challenge", "short")], "invalid_request"),
        ([("response_mode", "fragment")], "invalid_request"),
        ([("request", "x.y.z")], "request_not_supported"),
        ([("login_hint", "nobody")], "login_required"),
        ([("login_hint", "carol")], "access_denied"),
        ([("prompt", "none login")], "invalid_request"),
    ] {
        let answer = asked(&server, &changes).await;
        assert_eq!(answer.status, 302, "{changes:?}");
        assert!(
            answer
                .header("location")
                .is_some_and(|to| to.starts_with(CALLBACK))
        );
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some(error),
            "{changes:?}"
        );
        assert_eq!(parameter(&answer, "state").as_deref(), Some("s-1"));
        assert_eq!(parameter(&answer, "code"), None);
    }
    let line = format!("GET /oauth2/authorize?{}&state=again", query(&[]));
    let answer = server.request(&line, "", "").await;
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("invalid_request")
    );
}

#[tokio::test]
async fn a_page_logs_in_whoever_knows_the_password() {
    let server =
        start(&LOGIN.replace("login = \"auto\"", "login = \"page\"\nconsent = true")).await;
    let page = asked(&server, &[("state", "%3C%26%22%27%3E")]).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("value=\"&lt;&amp;&quot;&#39;&gt;\""),
        "{}",
        page.text()
    );
    assert!(page.text().contains("openid email"));
    let password = of(&server, "users", "ada", "password");
    let log_in = async |form: String| post_plain(&server, "/oauth2/authorize", &form).await;
    let right = format!("username=ada&password={password}&decision=allow");
    let answer = log_in(format!("{}&{right}", query(&[]))).await;
    let code = parameter(&answer, "code").expect("a code");
    assert_eq!(
        post(&server, TOKEN, "web", &exchange(&code)).await.status,
        200
    );
    let wrong = log_in(format!(
        "{}&username=ada&password=wrong&decision=allow",
        query(&[])
    ))
    .await;
    assert_eq!((wrong.status, wrong.header("location")), (200, None));
    assert!(!wrong.text().contains("wrong&"));
    let denied = log_in(format!("{}&decision=deny", query(&[]))).await;
    assert_eq!(
        parameter(&denied, "error").as_deref(),
        Some("access_denied")
    );
    // A password in a link logs nobody in.
    let line = format!("GET /oauth2/authorize?{}&{right}", query(&[]));
    assert_eq!(server.request(&line, "", "").await.status, 200);
    let silent = asked(&server, &[("prompt", "none")]).await;
    assert_eq!(
        parameter(&silent, "error").as_deref(),
        Some("login_required")
    );
}

#[tokio::test]
async fn a_public_client_proves_itself_by_its_verifier_alone() {
    let server = start(&LOGIN.replace(
        "login = \"auto\"",
        "login = \"auto\"\npkce_required = false",
    ))
    .await;
    let app = [
        ("client_id", "app"),
        ("redirect_uri", "com.example.app:/callback"),
    ];
    let bare = asked(
        &server,
        &[
            app[0],
            app[1],
            ("code_challenge", "-"),
            ("code_challenge_method", "-"),
        ],
    )
    .await;
    assert_eq!(
        parameter(&bare, "error").as_deref(),
        Some("invalid_request")
    );
    let answer = asked(&server, &app).await;
    let code = parameter(&answer, "code").expect("a code");
    let body = exchange(&code).replace(CALLBACK, "com.example.app:/callback") + "&client_id=app";
    let tokens = post_plain(&server, TOKEN, &body).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    let refresh = format!(
        "grant_type=refresh_token&client_id=app&refresh_token={}",
        member(&tokens, "refresh_token")
    );
    assert_eq!(post_plain(&server, TOKEN, &refresh).await.status, 200);
    let alone = "grant_type=client_credentials&client_id=app";
    refused(
        &post_plain(&server, TOKEN, alone).await,
        400,
        "unauthorized_client",
    );
    // A confidential client may do without PKCE here, and then must not bring a verifier.
    let bare = asked(
        &server,
        &[("code_challenge", "-"), ("code_challenge_method", "-")],
    )
    .await;
    let code = parameter(&bare, "code").expect("a code");
    refused(
        &post(&server, TOKEN, "web", &exchange(&code)).await,
        400,
        "invalid_grant",
    );
    let told = post_plain(&server, "/oauth2/introspect", "client_id=app&token=x").await;
    refused(&told, 401, "invalid_client");
}
