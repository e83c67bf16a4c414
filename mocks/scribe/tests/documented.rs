//! Sentences of the pages that no other test holds.

use aws_sigv4::http_request::{PayloadChecksumKind, SessionTokenMode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::api::{ready, refusal};
use super::*;

/// "'API_URL': 'mi.scribelabs.ai/v1'": under that name the main port answers at its root.
#[tokio::test]
async fn the_documented_host_answers_at_the_root() {
    let server = start().await;
    let main = server.running.stages.address;
    let mut stream = TcpStream::connect(main).await.expect("it listens");
    let request = "GET /v1/tasks HTTP/1.1\r\nHost: mi.scribelabs.ai\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let answer = locum_testkit::http::read(&mut stream).await;
    let (status, class, _) = refusal(&answer);
    assert_eq!(
        (status, class.as_str()),
        (403, "MissingAuthenticationTokenException")
    );
}

/// AWS: "an RSA key pair for each token", with these members.
#[tokio::test]
async fn the_pool_publishes_two_keys() {
    let server = start().await;
    let path = format!(
        "GET /{}/.well-known/jwks.json",
        parameter(&server, "user_pool_id")
    );
    let answer = server.request(&path, "", "").await.json();
    let keys = answer["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
    for key in keys {
        let mut names: Vec<&str> = key
            .as_object()
            .expect("a key")
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!((&key["alg"], &key["use"]), (&json!("RS256"), &json!("sig")));
    }
}

/// AWS: GetUser.
#[tokio::test]
async fn get_user_tells_name_and_attributes() {
    let server = start().await;
    let answer = get_user(&server, &login(&server).await.access).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["Username"]),
        (200, &json!("scribe-user"))
    );
    let attributes = body["UserAttributes"].as_array().expect("a list");
    let value = |name: &str| {
        let found = attributes
            .iter()
            .find(|attribute| attribute["Name"] == name);
        found.map(|attribute| attribute["Value"].clone())
    };
    assert_eq!(value("email"), Some(json!("scribe-user@example.com")));
    assert!(value("sub").is_some_and(|sub| sub.is_string()));
}

/// "SOFTWARE_TOKEN_MFA" with its two parameters and a Session.
#[tokio::test]
async fn the_challenge_for_a_code_names_device_and_user() {
    let server = start().await;
    let body = password_login(&server, 4).await.json();
    let names: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["ChallengeName", "ChallengeParameters", "Session"]);
    assert_eq!(body["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    let parameters = &body["ChallengeParameters"];
    assert!(parameters["FRIENDLY_DEVICE_NAME"].is_string());
    assert_eq!(parameters["USER_ID_FOR_SRP"], "scribe-totp-user");
}

/// The client of 2025: the calls of the first API below /v2, with the raw access token.
#[tokio::test]
async fn the_second_api_has_the_calls_of_the_first() {
    let (server, tokens, _) = ready().await;
    let headers = format!("Authorization: {}\r\n", tokens.access);
    let call = async |line: &str, body: &str| server.request(line, &headers, body).await;
    let checksum = STANDARD.encode(Md5::digest(b"the document"));
    let body = json!({"filetype": "pdf", "filename": "f.pdf", "md5checksum": checksum}).to_string();
    let submitted = call("POST /v2/tasks", &body).await.json();
    let jobid = submitted["jobid"].as_str().expect("text").to_owned();
    let url = submitted["url"].as_str().expect("text");
    let url = url.replace(&format!("http://{}", server.host()), "");
    let digest = format!("Content-MD5: {checksum}\r\n");
    let put = server
        .request(&format!("PUT {url}"), &digest, "the document")
        .await;
    assert_eq!(put.status, 200);
    server.advance(5.0);
    let task = call(&format!("GET /v2/tasks/{jobid}"), "").await.json();
    assert_eq!(task["status"], "SUCCESS");
    let listed = call("GET /v2/tasks?includePresigned=true", "").await.json();
    assert!(listed["tasks"][0]["modelUrl"].is_string(), "{listed}");
    let line = format!("GET /v2/fund-portfolio?jobids={jobid}%3B{jobid}");
    let portfolio = call(&line, "").await.json();
    let tables = portfolio["model"]["tables"].as_array().map(Vec::len);
    assert_eq!(tables, Some(2), "{portfolio}");
    let deleted = call(&format!("DELETE /v2/tasks/{jobid}"), "").await;
    assert_eq!(
        (deleted.status, &deleted.json()["status"]),
        (200, &json!("DELETED"))
    );
}

/// The headers of a signature with other settings than usual, over an empty GET of the tasks.
fn signed_by(
    server: &TestServer,
    aws: &Aws,
    settings: SigningSettings,
    body: SignableBody<'_>,
) -> String {
    let identity = Credentials::new(&aws.key, &aws.secret, Some(aws.token.clone()), None, "test");
    let identity = identity.into();
    let millis = u64::try_from(server.stage.clock.now().as_millis()).expect("after 1970");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .settings(settings)
        .build()
        .expect("all are set")
        .into();
    let uri = format!("http://{}/v1/tasks", server.host());
    let headers = [("host", server.host())].into_iter();
    let request = SignableRequest::new("GET", uri, headers, body).expect("signable");
    let (instructions, _) = sign(request, &parameters).expect("it signs").into_parts();
    let lines = instructions
        .headers()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    lines.collect()
}

/// A working capture leaves X-Amz-Security-Token out of the signed headers.
#[tokio::test]
async fn a_session_token_may_stay_unsigned() {
    let (server, _, aws) = ready().await;
    let mut settings = SigningSettings::default();
    settings.session_token_mode = SessionTokenMode::Exclude;
    let headers = signed_by(&server, &aws, settings, SignableBody::Bytes(b""));
    assert!(
        headers.contains("x-amz-security-token: ") && !headers.contains(";x-amz-security-token"),
        "{headers}"
    );
    let status = async || server.request("GET /v1/tasks", &headers, "").await.status;
    assert_eq!(status().await, 200);
    server.set("sigv4_unsigned_token", false);
    assert_eq!(status().await, 403);
}

/// The vendor's own library emits `X-Amz-Content-SHA256: UNSIGNED-PAYLOAD` and signs it.
#[tokio::test]
async fn an_unsigned_payload_is_taken_where_its_header_is_signed() {
    let (server, _, aws) = ready().await;
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let headers = signed_by(&server, &aws, settings, SignableBody::UnsignedPayload);
    assert!(
        headers.contains("x-amz-content-sha256: UNSIGNED-PAYLOAD"),
        "{headers}"
    );
    let status = async || server.request("GET /v1/tasks", &headers, "").await.status;
    assert_eq!(status().await, 200);
    server.set("sigv4_unsigned_payload", "refuse");
    assert_eq!(status().await, 403);
}

/// ExpiresIn, `exp` and the end of the token are of one setting.
#[tokio::test]
async fn a_lifetime_that_was_set_is_told_and_kept() {
    let server = start().await;
    server.set("access_ttl_s", 600);
    let answer = password_login(&server, 0).await;
    assert_eq!(answer.json()["AuthenticationResult"]["ExpiresIn"], 600);
    let access = tokens(&answer).access;
    server.advance(599.0);
    assert_eq!(get_user(&server, &access).await.status, 200);
    server.advance(1.0);
    let refused = error(&get_user(&server, &access).await);
    assert_eq!(refused, not_authorized("Access Token has expired"));
}
