//! Paths and methods.

use super::*;

const MISSING: &str = r#"{"error":"HTTP 404 Not Found"}"#;
const METHOD: &str = r#"{"error":"HTTP 405 Method Not Allowed"}"#;
const NOWHERE: &str = r#"{"error":"Realm does not exist"}"#;
const OUTSIDE: &str = r#"{"error":"Unable to find matching target resource method"}"#;

#[tokio::test]
async fn what_is_not_there_says_so_in_the_right_words() {
    let server = TestServer::start(vendor()).await;
    let r = "/realms/copiloteu";
    let o = "/realms/copiloteu/protocol/openid-connect";
    let unnormal = error("missingNormalization", "Request path not normalized");
    let semicolon = error(
        "invalidCharacter",
        "Request path contains invalid character ';'",
    );
    for (line, status, body) in [
        (format!("GET {o}/token"), 405, METHOD),
        (format!("PUT {o}/token"), 405, METHOD),
        (format!("PATCH {o}/token/"), 405, METHOD),
        (format!("BREW {o}/token"), 405, METHOD),
        (format!("post {o}/token"), 405, METHOD),
        (format!("GET {o}/revoke"), 405, METHOD),
        (format!("PUT {o}/token/introspect"), 405, METHOD),
        (format!("PUT {o}/userinfo"), 405, METHOD),
        (format!("DELETE {o}/auth"), 405, METHOD),
        (format!("POST {o}/certs"), 405, METHOD),
        (format!("POST {o}/TOKEN"), 405, METHOD),
        (format!("POST {o}/"), 405, METHOD),
        (format!("GET {o}/nix"), 404, MISSING),
        (format!("GET {o}/token/nix"), 405, METHOD),
        (format!("POST {o}/token/nix"), 404, MISSING),
        (format!("POST {r}/nix"), 404, MISSING),
        (
            format!("GET {r}/protocol/nix/token"),
            404,
            r#"{"error":"Protocol not found"}"#,
        ),
        (
            format!("POST {r}/.well-known/openid-configuration"),
            404,
            MISSING,
        ),
        (format!("GET {r}/.well-known/nix"), 404, MISSING),
        (
            "POST /realms/nowhere/protocol/openid-connect/token".to_owned(),
            404,
            NOWHERE,
        ),
        ("GET /realms/nowhere".to_owned(), 404, NOWHERE),
        (
            "POST /realms/COPILOTEU/protocol/openid-connect/token".to_owned(),
            404,
            NOWHERE,
        ),
        ("DELETE /realms/nowhere/a/b/c".to_owned(), 404, NOWHERE),
        ("POST /nix".to_owned(), 404, OUTSIDE),
        ("GET /realms".to_owned(), 404, OUTSIDE),
        ("GET /realms/".to_owned(), 404, OUTSIDE),
        (
            "POST /auth/realms/copiloteu/protocol/openid-connect/token".to_owned(),
            404,
            OUTSIDE,
        ),
        (format!("POST {o}//token"), 400, &unnormal),
        (
            format!("POST {r}/../copiloteu/protocol/openid-connect/token"),
            400,
            &unnormal,
        ),
        (format!("POST {o}/t%6fken"), 400, &unnormal),
        (
            "POST /realms/%63opiloteu/protocol/openid-connect/token".to_owned(),
            400,
            &unnormal,
        ),
        (format!("POST {o}/token;a=b"), 400, &semicolon),
        (
            "POST /realms/copiloteu;a=b/protocol/openid-connect/token".to_owned(),
            400,
            &semicolon,
        ),
        (format!("POST {o}/token?foo=%zz"), 400, ""),
        (format!("POST {o}/to%ken"), 400, ""),
    ] {
        let answer = server.request(&line, "", "").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (status, body),
            "{line}"
        );
        let realms_own = answer.text().starts_with(r#"{"error":"HTTP"#) || body == NOWHERE;
        assert!(!realms_own || lines(&answer) == set(H2), "{line}");
        assert!(
            realms_own || body.contains("Protocol") || answer.header("x-robots-tag").is_none(),
            "{line}"
        );
        assert_eq!(
            (answer.header("date"), answer.header("allow")),
            (None, None),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_slash_and_a_query_change_nothing() {
    let server = TestServer::start(vendor()).await;
    for path in ["token", "token/", "token?client_secret=wrong&a=1&a=2"] {
        let answer = post(
            &server,
            path,
            "grant_type=client_credentials&<locum-client>",
        )
        .await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let query = filled(
        &server,
        "token?grant_type=client_credentials&<locum-client>",
    );
    assert_eq!(
        post(&server, &query, "").await.text(),
        error("invalid_request", "Missing form parameter: grant_type")
    );
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let server = TestServer::start(vendor()).await;
    for (path, status) in [
        (format!("{OIDC}/certs"), 200),
        (format!("{OIDC}/token"), 405),
    ] {
        let bytes = format!(
            "HEAD {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            server.host()
        );
        let answer = server.send(bytes).await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{path}");
    }
}
