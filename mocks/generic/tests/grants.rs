//! Client credentials, passwords, refresh tokens, revocation, introspection.

use super::*;

const TOKEN: &str = "/oauth2/token";
const DESK: &str = "/api/v2/auth/token";

fn desk(server: &TestServer, rest: &str) -> String {
    let secret = secret(server, "practice-desk");
    format!("client_id=practice-desk&client_secret={secret}&{rest}")
}

async fn logged_in(server: &TestServer) -> Answer {
    let password = of(server, "users", "dr.jones", "password");
    let body = desk(
        server,
        &format!("grant_type=password&username=dr.jones&password={password}"),
    );
    post_plain(server, DESK, &body).await
}

async fn refresh(server: &TestServer, token: &str) -> Answer {
    let body = desk(
        server,
        &format!("grant_type=refresh_token&refresh_token={token}"),
    );
    post_plain(server, DESK, &body).await
}

async fn appointments(server: &TestServer, token: &str) -> Answer {
    let header = format!("X-Auth-Token: {token}\r\n");
    server
        .request("GET /api/v2/appointments?day=today", &header, "")
        .await
}

#[tokio::test]
async fn client_credentials_give_what_the_file_says() {
    let server = start(MACHINE).await;
    let answer = post(&server, TOKEN, "machine", "grant_type=client_credentials").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json = answer.json();
    assert_eq!(json["expires_in"], 300);
    assert_eq!(json["tenant"], "North Clinic");
    assert!(json.get("refresh_token").is_none());
    let token = member(&answer, "access_token");
    let claims = claims(&token);
    let base = format!("http://{}", server.host());
    assert_eq!(claims["iss"], base);
    assert_eq!(claims["aud"], format!("{base}/fhir"));
    assert_eq!(claims["org"], "North Clinic");
    assert_eq!(
        claims["exp"].as_i64(),
        claims["iat"].as_i64().map(|iat| iat + 300)
    );
    let patient = get(&server, "/fhir/Patient/p%207", &token).await;
    assert_eq!(patient.json()["id"], "p 7");
    assert_eq!(
        patient.header("content-type"),
        Some("application/fhir+json")
    );
}

#[tokio::test]
async fn each_wrong_request_for_a_token_gets_its_error() {
    let server = start(MACHINE).await;
    let ok = "grant_type=client_credentials";
    for (body, status, error) in [
        ("scope=x", 400, "invalid_request"),
        (
            "grant_type=client_credentials&grant_type=client_credentials",
            400,
            "invalid_request",
        ),
        (
            "grant_type=CLIENT_CREDENTIALS",
            400,
            "unsupported_grant_type",
        ),
        ("grant_type=password", 400, "unsupported_grant_type"),
        (
            "grant_type=client_credentials&scope=system/Nothing.read",
            400,
            "invalid_scope",
        ),
        (
            "grant_type=client_credentials&scope=system/Patient.read++x",
            400,
            "invalid_scope",
        ),
        (
            "grant_type=client_credentials&client_id=machine-for-reading",
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials&client_secret=x",
            400,
            "invalid_request",
        ),
    ] {
        refused(&post(&server, TOKEN, "machine", body).await, status, error);
    }
    refused(
        &post(&server, TOKEN, "machine-disabled", ok).await,
        401,
        "invalid_client",
    );
    let line = format!("POST {TOKEN}");
    for headers in [
        FORM.to_owned(),
        format!("{FORM}{}", basic("machine", "wrong")),
        format!("{FORM}{}", basic("machine", "")),
        format!("{FORM}{}", basic("nobody", &secret(&server, "machine"))),
        format!("{FORM}Authorization: Basic !\r\n"),
    ] {
        let answer = server.request(&line, &headers, ok).await;
        refused(&answer, 401, "invalid_client");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Basic realm=\"Machine API\""));
    }
    // The file takes Basic and keys, not the form.
    let body = format!(
        "{ok}&client_id=machine&client_secret={}",
        secret(&server, "machine")
    );
    refused(
        &post_plain(&server, TOKEN, &body).await,
        401,
        "invalid_client",
    );
    let json = format!(
        "Content-Type: application/json\r\n{}",
        basic("machine", &secret(&server, "machine"))
    );
    refused(
        &server.request(&line, &json, ok).await,
        400,
        "invalid_request",
    );
    assert_eq!(
        server
            .request(&format!("GET {TOKEN}?{ok}"), "", "")
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn a_password_gives_a_token_for_the_vendors_own_header() {
    let server = start(PASSWORD).await;
    let answer = logged_in(&server).await;
    assert_eq!(
        answer.json()["user"]["name"],
        "Dr. Jones",
        "{}",
        answer.text()
    );
    let token = member(&answer, "access_token");
    let listed = appointments(&server, &token).await;
    assert_eq!(listed.json()["data"][0]["day"], "today");
    let bearer = get(&server, "/api/v2/appointments", &token).await;
    assert_eq!(bearer.status, 401);
    assert_eq!(bearer.json()["code"], "AUTH_REQUIRED");
    let refresh = member(&answer, "refresh_token");
    assert_eq!(appointments(&server, &refresh).await.status, 401);
    server.advance(1800.0);
    assert_eq!(
        appointments(&server, &token).await.json()["code"],
        "TOKEN_EXPIRED"
    );
    for (name, password) in [
        ("dr.jones", "wrong".to_owned()),
        (
            "dr.inactive",
            of(&server, "users", "dr.inactive", "password"),
        ),
        ("nobody", "x".to_owned()),
    ] {
        let body = desk(
            &server,
            &format!("grant_type=password&username={name}&password={password}"),
        );
        refused(
            &post_plain(&server, DESK, &body).await,
            400,
            "invalid_grant",
        );
    }
    let half = desk(&server, "grant_type=password&username=dr.jones");
    refused(
        &post_plain(&server, DESK, &half).await,
        400,
        "invalid_request",
    );
    let scoped = desk(
        &server,
        "grant_type=password&username=dr.jones&password=x&scope=all",
    );
    refused(
        &post_plain(&server, DESK, &scoped).await,
        400,
        "invalid_scope",
    );
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_its_login() {
    let server = start(PASSWORD).await;
    let first = logged_in(&server).await;
    let other = logged_in(&server).await;
    let second = refresh(&server, &member(&first, "refresh_token")).await;
    assert_eq!(second.status, 200, "{}", second.text());
    let token = member(&second, "access_token");
    assert_eq!(appointments(&server, &token).await.status, 200);
    refused(
        &refresh(&server, &member(&first, "refresh_token")).await,
        400,
        "invalid_grant",
    );
    assert_eq!(appointments(&server, &token).await.status, 401);
    refused(
        &refresh(&server, &member(&second, "refresh_token")).await,
        400,
        "invalid_grant",
    );
    // Another login of the same user is not touched.
    assert_eq!(
        appointments(&server, &member(&other, "access_token"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn refresh_tokens_are_bound_and_end() {
    let server = start(PASSWORD).await;
    let first = logged_in(&server).await;
    let value = member(&first, "refresh_token");
    let secret = secret(&server, "practice-second-desk");
    let body = format!(
        "client_id=practice-second-desk&client_secret={secret}&grant_type=refresh_token&refresh_token={value}"
    );
    refused(
        &post_plain(&server, DESK, &body).await,
        400,
        "invalid_grant",
    );
    refused(
        &refresh(&server, &member(&first, "access_token")).await,
        400,
        "invalid_grant",
    );
    refused(
        &refresh(&server, "never-issued").await,
        400,
        "invalid_grant",
    );
    server.set("rotate_refresh", false);
    let kept = refresh(&server, &value).await;
    assert!(
        kept.json().get("refresh_token").is_none(),
        "{}",
        kept.text()
    );
    assert_eq!(refresh(&server, &value).await.status, 200);
    server.advance(86_400.0);
    refused(&refresh(&server, &value).await, 400, "invalid_grant");
}

#[tokio::test]
async fn only_its_owner_revokes_a_token() {
    let server = start(PASSWORD).await;
    let first = logged_in(&server).await;
    let token = member(&first, "access_token");
    let secret = secret(&server, "practice-second-desk");
    let path = "/api/v2/auth/logout";
    let foreign = format!("client_id=practice-second-desk&client_secret={secret}&token={token}");
    refused(
        &post_plain(&server, path, &foreign).await,
        400,
        "invalid_grant",
    );
    refused(
        &post_plain(&server, path, &format!("token={token}")).await,
        401,
        "invalid_client",
    );
    refused(
        &post_plain(&server, path, &desk(&server, "")).await,
        400,
        "invalid_request",
    );
    assert_eq!(appointments(&server, &token).await.status, 200);
    let unknown = desk(&server, "token=never-issued");
    assert_eq!(post_plain(&server, path, &unknown).await.status, 200);
    // A refresh token takes its login along.
    let own = desk(
        &server,
        &format!("token={}", member(&first, "refresh_token")),
    );
    assert_eq!(post_plain(&server, path, &own).await.status, 200);
    assert_eq!(appointments(&server, &token).await.status, 401);
}

#[tokio::test]
async fn introspection_tells_only_of_what_works() {
    let server = start(MACHINE).await;
    let answer = post(&server, TOKEN, "machine", "grant_type=client_credentials").await;
    let body = format!("token={}", member(&answer, "access_token"));
    let told = post(&server, "/oauth2/introspect", "machine-for-reading", &body).await;
    let told = told.json();
    assert_eq!(
        (&told["active"], &told["client_id"]),
        (&true.into(), &"machine".into())
    );
    assert_eq!(
        told["exp"].as_i64(),
        told["iat"].as_i64().map(|iat| iat + 300)
    );
    server.advance(300.0);
    for body in [body.as_str(), "token=never-issued"] {
        let told = post(&server, "/oauth2/introspect", "machine", body).await;
        assert_eq!(told.text(), r#"{"active":false}"#);
    }
    refused(
        &post_plain(&server, "/oauth2/introspect", &body).await,
        401,
        "invalid_client",
    );
    refused(
        &post(&server, "/oauth2/introspect", "machine", "").await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn twins_are_wrong_in_one_thing() {
    let server = start(PASSWORD).await;
    server.twin("refresh-reusable");
    let first = logged_in(&server).await;
    let value = member(&first, "refresh_token");
    assert_eq!(refresh(&server, &value).await.status, 200);
    assert_eq!(refresh(&server, &value).await.status, 200);
    server.twin("any-secret");
    let body = "client_id=practice-desk&client_secret=wrong&grant_type=password&username=dr.jones&password=wrong";
    assert_eq!(post_plain(&server, DESK, body).await.status, 200);
}
