//! The token endpoint: success as the vendor prints it, and every refusal in its order.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// 003_c598b8bd92870a95.txt: "The full request body …" and "It will return you an access_token".
#[tokio::test]
async fn the_documents_sample_passes_as_printed() {
    let server = TestServer::start(vendor()).await;
    let (id, secret) = (
        server.credential("client_id"),
        server.credential("client_secret"),
    );
    let (tenant, environment) = (
        server.credential("tenant"),
        server.credential("environment"),
    );
    assert_eq!(
        (tenant.as_str(), environment.as_str()),
        ("copiloteu", "beta-eu")
    );
    let body =
        format!("grant_type=client_credentials&scope=openid&client_id={id}&client_secret={secret}");
    let line = "POST /realms/copiloteu/protocol/openid-connect/token";
    let answer = server.request(line, FORM, body).await;
    let json = answer.json();
    let printed = answer
        .text()
        .replace(&text(&json, "access_token"), "ey...")
        .replace(&text(&json, "id_token"), "e...");
    assert_eq!(answer.status, 200);
    assert_eq!(
        printed,
        r#"{"access_token":"ey...","expires_in":300,"refresh_expires_in":0,"token_type":"Bearer","id_token":"e...","not-before-policy":0,"scope":"openid email profile"}"#
    );
    assert_eq!(lines(&answer), set(H1));
}

/// The same under the documented host name, which answers at the root of the main port.
#[tokio::test]
async fn the_documented_host_answers_at_the_root() {
    let server = TestServer::start(vendor()).await;
    let line = "POST /realms/copiloteu/protocol/openid-connect/token";
    let body = "grant_type=client_credentials&client_id=nobody&client_secret=x";
    let bytes = format!(
        "{line} HTTP/1.1\r\nHost: auth.beta-eu.corti.app\r\n{FORM}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(server.send(bytes).await.status, 401);
}

#[tokio::test]
async fn an_access_token_says_300_and_lives_300_seconds() {
    let server = TestServer::start(vendor()).await;
    let token = text(&tokens(&server, CLIENT_LOGIN).await, "access_token");
    server.advance(299.0);
    assert_eq!(userinfo(&server, &token).await.0, 200);
    server.advance(1.0);
    let verdict = r#"error="invalid_token", error_description="Token verification failed""#;
    assert_eq!(userinfo(&server, &token).await, (401, verdict.to_owned()));
}

/// A body of the token endpoint in the first realm and what answers it.
async fn refused(cases: &[(&str, u16, &str, &str)]) {
    let server = TestServer::start(vendor()).await;
    for (body, status, code, description) in cases {
        let answer = post(&server, "token", body).await;
        assert_eq!(
            (answer.status, answer.text()),
            (*status, error(code, description)),
            "{body}"
        );
        assert_eq!(lines(&answer), set(H1), "{body}");
    }
}

const INVALID: &str = "Invalid client or Invalid client credentials";

#[tokio::test]
async fn client_and_form_are_refused_as_measured() {
    refused(&[
        (
            "client_id=a&client_secret=b",
            400,
            "invalid_request",
            "Missing form parameter: grant_type",
        ),
        (
            "",
            400,
            "invalid_request",
            "Missing form parameter: grant_type",
        ),
        (
            "GRANT_TYPE=client_credentials",
            400,
            "invalid_request",
            "Missing form parameter: grant_type",
        ),
        (
            "grant_type=",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=CLIENT_CREDENTIALS&<locum-client>",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=client_credentials+&<locum-client>",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=implicit&<locum-client>",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=client_credentials",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=&client_secret=x",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=nobody&client_secret=x",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=LOCUM-CLIENT&client_secret=x",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&<locum-disabled>",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=locum-disabled&client_secret=x",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=locum-client&client_secret=wrong",
            401,
            "unauthorized_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=locum-client&client_secret=",
            401,
            "unauthorized_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=locum-client",
            401,
            "unauthorized_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&<locum-client>&foo=1&foo=2",
            400,
            "invalid_request",
            "duplicated parameter",
        ),
        (
            "grant_type=client_credentials&<locum-client>&scope=openid&%73cope",
            400,
            "invalid_request",
            "duplicated parameter",
        ),
        (
            "grant_type=client_credentials&<locum-client>&a[]=1&a[]=2",
            400,
            "invalid_request",
            "duplicated parameter",
        ),
        (
            "grant_type=client_credentials&client_id=locum-app",
            401,
            "unauthorized_client",
            "Public client not allowed to retrieve service account",
        ),
        (
            "grant_type=client_credentials&client_id=locum-app&client_secret=x&scope=nix",
            401,
            "unauthorized_client",
            "Public client not allowed to retrieve service account",
        ),
        (
            "grant_type=client_credentials&<locum-no-service-account>&scope=nix",
            401,
            "unauthorized_client",
            "Client not enabled to retrieve service account",
        ),
        (
            "grant_type=client_credentials&<locum-client>&scope=nix",
            400,
            "invalid_scope",
            "Invalid scopes: nix",
        ),
        (
            "grant_type=client_credentials&<locum-client>&scope=",
            400,
            "invalid_scope",
            "Invalid scopes: ",
        ),
        (
            "grant_type=client_credentials&<locum-client>&scope",
            400,
            "invalid_scope",
            "Invalid scopes: ",
        ),
        (
            "grant_type=urn:openid:params:grant-type:ciba&<locum-client>",
            400,
            "invalid_grant",
            "Client not allowed OIDC CIBA Grant",
        ),
    ])
    .await;
}

/// Double faults: the first step that fails speaks, and the first of two values is what it sees.
#[tokio::test]
async fn faults_are_found_in_keycloaks_order() {
    refused(&[
        (
            "client_id=nobody&foo=1&foo=2",
            400,
            "invalid_request",
            "Missing form parameter: grant_type",
        ),
        (
            "grant_type=nix&client_id=nobody&foo=1&foo=2",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=nix&grant_type=client_credentials&<locum-client>",
            400,
            "unsupported_grant_type",
            "Unsupported grant_type",
        ),
        (
            "grant_type=client_credentials&client_id=nobody&<locum-client>",
            401,
            "invalid_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&client_id=locum-client&client_secret=x&foo=1&foo=2",
            401,
            "unauthorized_client",
            INVALID,
        ),
        (
            "grant_type=client_credentials&<locum-client>&scope=nix&scope=openid",
            400,
            "invalid_request",
            "duplicated parameter",
        ),
        (
            "grant_type=client_credentials&client_id=locum-app&foo=1&foo=2",
            400,
            "invalid_request",
            "duplicated parameter",
        ),
    ])
    .await;
}

/// Bodies that are taken, and the scope of the answer.
#[tokio::test]
async fn forms_and_scopes_are_taken_as_measured() {
    let server = TestServer::start(vendor()).await;
    for (more, scope) in [
        ("&scope=openid", "openid email profile"),
        ("", "email profile"),
        ("&scope=+", "email profile"),
        ("&scope=openid+", "openid email profile"),
        ("&scope=openid%20openid", "openid email profile"),
        ("&scope=roles+service_account", "email profile"),
        (
            "&scope=openid%20transcribe",
            "openid email profile transcribe",
        ),
        ("&scope=openid+streams", "openid email profile streams"),
        ("&scope=offline_access", "email offline_access profile"),
        ("&tenant=x&unknown=%00&Scope=nix", "email profile"),
        ("&&a=b=c&", "email profile"),
        ("&raw= ü", "email profile"),
    ] {
        let answer = tokens(
            &server,
            &format!("grant_type=client_credentials&<locum-client>{more}"),
        )
        .await;
        assert_eq!(answer["scope"], *scope, "{more}");
        assert_eq!(
            answer.get("id_token").is_some(),
            scope.starts_with("openid"),
            "{more}"
        );
        assert_eq!(answer.get("refresh_token"), None, "{more}");
    }
    let long = format!(
        "grant_type=client_credentials&<locum-client>&scope={}",
        "x".repeat(4001)
    );
    assert_eq!(tokens(&server, &long).await["scope"], "email profile");
    let just = format!(
        "grant_type=client_credentials&<locum-client>&scope={}",
        "x".repeat(4000)
    );
    assert_eq!(post(&server, "token", &just).await.status, 400);
}

/// A token request with other headers than the usual.
async fn sent(server: &TestServer, headers: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    let answer = server
        .request(&format!("POST {OIDC}/token"), headers, body)
        .await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn media_types_are_read_to_the_letter() {
    let server = TestServer::start(vendor()).await;
    let body = filled(&server, "grant_type=client_credentials&<locum-client>");
    let missing = error("invalid_request", "Missing form parameter: grant_type");
    let form = "application/x-www-form-urlencoded";
    for (headers, status) in [
        (format!("Content-Type: {form}\r\n"), 200),
        (format!("Content-Type: {form}; charset=UTF-8\r\n"), 200),
        (format!("Content-Type: {form};charset=nix; x=y\r\n"), 200),
        (format!("Content-Type: {form};\r\n"), 200),
        (
            format!("Content-Type: {form}\r\nContent-Type: text/plain\r\n"),
            200,
        ),
        (
            format!(
                "Content-Type: {form}\r\nAccept: text/html\r\nTenant-Name: nix\r\nCookie: a=b\r\n"
            ),
            200,
        ),
        (
            "Content-Type: APPLICATION/X-WWW-FORM-URLENCODED\r\n".to_owned(),
            400,
        ),
        ("Content-Type: application/json\r\n".to_owned(), 400),
        ("Content-Type: text/plain\r\n".to_owned(), 400),
        ("Content-Type: */*\r\n".to_owned(), 400),
        (String::new(), 400),
    ] {
        let (got, text) = sent(&server, &headers, &body).await;
        assert_eq!(got, status, "{headers}");
        assert!(status == 200 || text == missing, "{headers}: {text}");
    }
    let joined = format!("Content-Type: {form}, text/plain\r\n");
    let unexpected = error(
        "unauthorized_client",
        "Unexpected error when authenticating client",
    );
    assert_eq!(sent(&server, &joined, &body).await, (400, unexpected));
    for garbage in ["garbage", "application/"] {
        let answer = server
            .request(
                &format!("POST {OIDC}/token"),
                &format!("Content-Type: {garbage}\r\n"),
                &body,
            )
            .await;
        assert_eq!(answer.status, 500);
        assert!(
            answer.text().starts_with(r#"{"details":"Error id "#)
                && answer.text().ends_with(r#"-1","stack":""}"#)
        );
        assert_eq!(answer.header("x-frame-options"), None);
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=utf-8")
        );
    }
}

#[tokio::test]
async fn a_multipart_form_shows_its_grant_and_hides_its_client() {
    let server = TestServer::start(vendor()).await;
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let secret = client_secret(&server, "locum-client");
    let body = [
        part("grant_type", "client_credentials"),
        part("client_id", "locum-client"),
        part("client_secret", &secret),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let headers = "Content-Type: multipart/form-data; boundary=b\r\n";
    assert_eq!(
        sent(&server, headers, body).await,
        (401, error("invalid_client", INVALID))
    );
}

#[tokio::test]
async fn a_charset_is_obeyed_where_it_is_latin_1() {
    let server = TestServer::start(vendor()).await;
    set_client(&server, "locum-client", "client_secret", "gr\u{fc}n");
    let form = "Content-Type: application/x-www-form-urlencoded";
    let latin =
        [b"grant_type=client_credentials&client_id=locum-client&client_secret=gr\xfcn".to_vec()]
            .concat();
    assert_eq!(
        sent(&server, &format!("{form}; charset=ISO-8859-1\r\n"), &latin)
            .await
            .0,
        200
    );
    assert_eq!(sent(&server, &format!("{form}\r\n"), &latin).await.0, 401);
    let utf8 = "grant_type=client_credentials&client_id=locum-client&client_secret=gr%C3%BCn";
    assert_eq!(sent(&server, &format!("{form}\r\n"), utf8).await.0, 200);
}

#[tokio::test]
async fn broken_and_oversized_forms_are_faults_of_the_server() {
    let server = TestServer::start(vendor()).await;
    let log = error(
        "unknown_error",
        "For more on this error consult the server log.",
    );
    for broken in ["%zz", "%4", "%", "a%"] {
        let answer = post(
            &server,
            "token",
            &format!("grant_type=client_credentials&<locum-client>&foo={broken}"),
        )
        .await;
        assert_eq!(
            (answer.status, answer.text()),
            (500, log.clone()),
            "{broken}"
        );
        assert_eq!(lines(&answer), set(H2));
    }
    let many: String = (0..1001).map(|at| format!("&k{at}=")).collect();
    assert_eq!(
        post(
            &server,
            "token",
            &format!("grant_type=client_credentials{many}")
        )
        .await
        .status,
        500
    );
    let large = format!("grant_type=client_credentials&foo={}", "x".repeat(131_073));
    let answer = post(&server, "token", &large).await;
    assert_eq!(
        (answer.status, answer.text()),
        (
            413,
            r#"{"error":"HTTP 413 Request Entity Too Large"}"#.to_owned()
        )
    );
    assert_eq!(lines(&answer), set(H2));
    let fits = format!(
        "grant_type=client_credentials&<locum-client>&foo={}",
        "x".repeat(131_072)
    );
    assert_eq!(post(&server, "token", &fits).await.status, 200);
}

/// Basic, and Basic beside the body: the header's `id:secret`, more of the form, status and error.
#[tokio::test]
async fn basic_is_read_as_measured() {
    let server = TestServer::start(vendor()).await;
    set_client(&server, "locum-client", "client_secret", "s3 cret");
    let second = client_secret(&server, "locum-second");
    let none = ("invalid_client", 401);
    let bad = ("unauthorized_client", 401);
    for (shown, form, (code, status)) in [
        ("locum-client:s3%20cret", "", ("", 200)),
        ("locum-client:s3+cret", "", ("", 200)),
        ("locum-client:s3 cret", "", ("", 200)),
        ("locum%2Dclient:s3+cret", "", ("", 200)),
        ("locum-client:nix", "", bad),
        ("locum-client:", "", bad),
        ("locum-client:%zz", "", ("unauthorized_client", 400)),
        ("nobody:x", "", none),
        ("locum-client", "", none),
        (":s3+cret", "", none),
        (
            "locum-client:s3+cret",
            "&client_id=locum-client&client_secret=nix",
            bad,
        ),
        (
            "locum-client:nix",
            "&client_id=locum-client&client_secret=s3+cret",
            ("", 200),
        ),
        ("locum-client:nix", "&client_secret=s3+cret", ("", 200)),
        ("locum-client:s3+cret", "&client_secret=nix", bad),
        ("locum-client:s3+cret", "&client_id=locum-client", ("", 200)),
        ("locum-client:s3+cret", "&client_id=locum-second", bad),
        ("locum-client:s3+cret", "&client_id=locum-app", bad),
        ("locum-client:s3+cret", "&client_id=", none),
        (
            "locum-client:s3+cret",
            &format!("&client_id=locum-second&client_secret={second}"),
            ("", 200),
        ),
    ] {
        let headers = format!("{FORM}authorization: bAsIc  {}\r\n", STANDARD.encode(shown));
        let (got, text) = sent(
            &server,
            &headers,
            format!("grant_type=client_credentials{form}"),
        )
        .await;
        assert_eq!(got, status, "{shown} {form}: {text}");
        assert!(
            text.contains(&format!(r#""error":"{code}""#)) || status == 200,
            "{shown} {form}: {text}"
        );
    }
    let good = STANDARD.encode("locum-client:s3+cret");
    for (headers, status) in [
        (
            format!("Authorization: Basic {good}\r\nAuthorization: Bearer x\r\n"),
            200,
        ),
        (
            format!("Authorization: Bearer x\r\nAuthorization: Basic {good}\r\n"),
            401,
        ),
        (
            format!("Authorization: Basic\t{}\r\n", good.trim_end_matches('=')),
            200,
        ),
    ] {
        let headers = format!("{FORM}{headers}");
        assert_eq!(
            sent(&server, &headers, "grant_type=client_credentials")
                .await
                .0,
            status,
            "{headers}"
        );
    }
    let body = filled(&server, "grant_type=client_credentials&<locum-second>");
    for beside in ["Bearer x", "Digest x"] {
        let headers = format!("{FORM}Authorization: {beside}\r\n");
        assert_eq!(sent(&server, &headers, &body).await.0, 200);
    }
}

/// No WWW-Authenticate on a 401, also with Basic: a deviation from RFC 6749 section 5.2.
#[tokio::test]
async fn a_401_has_no_challenge() {
    let server = TestServer::start(vendor()).await;
    let headers = format!(
        "{FORM}Authorization: Basic {}\r\n",
        STANDARD.encode("locum-client:nix")
    );
    let answer = server
        .request(
            &format!("POST {OIDC}/token"),
            &headers,
            "grant_type=client_credentials",
        )
        .await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, None)
    );
}

#[tokio::test]
async fn the_legacy_profile_has_its_own_words() {
    let server = TestServer::start(vendor()).await;
    server.set("kc_profile", "legacy");
    for (secret, description) in [
        ("&client_secret=x", "Invalid client secret"),
        ("", "Client secret not provided in request"),
    ] {
        let answer = post(
            &server,
            "token",
            &format!("grant_type=client_credentials&client_id=locum-client{secret}"),
        )
        .await;
        assert_eq!(
            (answer.status, answer.text()),
            (401, error("unauthorized_client", description))
        );
    }
}

/// The bodies that @corti/sdk 1.0.0 and its predecessors were seen to send.
#[tokio::test]
async fn the_sdks_own_bodies_are_taken() {
    let server = TestServer::start(vendor()).await;
    set_client(
        &server,
        "locum-client",
        "client_secret",
        "s3cret+/= &\u{fc}",
    );
    let id = "client_id=locum-client";
    let secret = "client_secret=s3cret%2B%2F%3D%20%26%C3%BC";
    let older = "client_secret=s3cret%2B%2F%3D+%26%C3%BC";
    for body in [
        format!("{id}&{secret}&grant_type=client_credentials&scope=openid"),
        format!("{id}&{secret}&grant_type=client_credentials&scope=openid%20transcribe"),
        format!("scope=openid&grant_type=client_credentials&{id}&{older}"),
        format!("{id}&{older}&scope=openid&grant_type=client_credentials"),
    ] {
        // Exactly the header lines of Node 20, no Tenant-Name among them.
        let headers = "connection: keep-alive\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                       accept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\n\
                       x-corti-analytics: {\"sdk_version\":\"5.0.0\",\"sdk_type\":\"corti-sdk-javascript\"}\r\n";
        assert_eq!(sent(&server, headers, &body).await.0, 200, "{body}");
    }
}

#[tokio::test]
async fn a_disabled_realm_gives_no_token() {
    let server = TestServer::start(vendor()).await;
    let token = text(&tokens(&server, CLIENT_LOGIN).await, "access_token");
    set_realm(&server, "enabled", false);
    let answer = post(&server, "token", "client_id=nobody").await;
    assert_eq!(
        (answer.status, answer.text()),
        (403, error("access_denied", "Realm not enabled"))
    );
    assert_eq!(lines(&answer), set(H1));
    assert_eq!(userinfo(&server, &token).await.0, 200);
    assert_eq!(
        post(&server, "token/introspect", "<locum-client>&token=x")
            .await
            .status,
        403
    );
    assert_eq!(
        post(&server, "revoke", "<locum-client>&token=x")
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn origins_are_let_in_or_refused_before_anything_happens() {
    let server = TestServer::start(vendor()).await;
    let good = filled(&server, "grant_type=client_credentials&<locum-client>");
    let from = |origin: &str| format!("{FORM}Origin: {origin}\r\n");
    let ask = |headers: String, body: String| {
        let server = &server;
        async move {
            server
                .request(&format!("POST {OIDC}/token"), &headers, body)
                .await
        }
    };
    let answer = ask(from("https://app.example.org"), good.clone()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.org")
    );
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("Access-Control-Allow-Methods")
    );
    let answer = ask(from("https://evil.example.org"), good.clone()).await;
    assert_eq!(
        (answer.status, answer.text()),
        (403, r#"{"error":"Invalid origin"}"#.to_owned())
    );
    assert_eq!(lines(&answer), set(H1));
    let answer = ask(from("null"), good).await;
    assert_eq!(answer.status, 403);
    let answer = ask(
        from("https://evil.example.org"),
        "grant_type=client_credentials&client_id=locum-client&client_secret=wrong".into(),
    )
    .await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://evil.example.org")
    );
    let answer = ask(from("https://evil.example.org"), "client_id=x".into()).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (400, None)
    );
    let answer = server
        .request(
            &format!("OPTIONS {OIDC}/token"),
            "Origin: https://any\r\n",
            "",
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("POST, OPTIONS")
    );
    assert_eq!(answer.header("access-control-max-age"), Some("3600"));
    let answer = server
        .request(&format!("OPTIONS {OIDC}/token"), "", "")
        .await;
    assert_eq!((answer.status, answer.headers.len()), (200, 5));
}
