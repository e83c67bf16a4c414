//! Password, refresh token, code: their refusals in order, and what a session remembers.

use super::*;

/// A body of the token endpoint and what refuses it.
async fn check(server: &TestServer, body: &str, status: u16, code: &str, description: &str) {
    let answer = post(server, "token", body).await;
    assert_eq!(
        (answer.status, answer.text()),
        (status, error(code, description)),
        "{body}"
    );
    assert_eq!(lines(&answer), set(H1), "{body}");
}

async fn grant(server: &TestServer, body: &str, description: &str) {
    check(server, body, 400, "invalid_grant", description).await;
}

const LOGIN: &str = "grant_type=password&client_id=locum-app";

#[tokio::test]
async fn password_is_refused_as_measured() {
    let server = TestServer::start(vendor()).await;
    let login = |rest: &str| format!("{LOGIN}{rest}");
    check(
        &server,
        "grant_type=password&<locum-second>&<ada>",
        400,
        "unauthorized_client",
        "Client not allowed for direct access grants",
    )
    .await;
    for user in ["<ada>", "password=x"] {
        let body = login(&format!("&{user}&scope=nix"));
        let description = "Invalid scopes: nix";
        check(&server, &body, 400, "invalid_scope", description).await;
    }
    check(
        &server,
        &login("&password=x"),
        401,
        "invalid_request",
        "Missing parameter: username",
    )
    .await;
    for wrong in [
        "&username=&password=x",
        "&username=nobody&password=x",
        "&username=ada&password=wrong",
        "&username=ada&password=",
        "&username=ada",
        "&username=eve&password=wrong",
        "&username=new&password=wrong",
        "&username=service-account-locum-client&password=x",
    ] {
        grant(&server, &login(wrong), "Invalid user credentials").await;
    }
    let spaced = filled(&server, &login("&<ada>")).replace("username=ada", "username=ada+");
    grant(&server, &spaced, "Invalid user credentials").await;
    grant(&server, &login("&<eve>"), "Account disabled").await;
    grant(&server, &login("&<new>"), "Account is not fully set up").await;
    set_client(&server, "locum-app", "consent_required", true);
    check(
        &server,
        &login("&<ada>&scope=nix"),
        400,
        "invalid_client",
        "Client requires user consent",
    )
    .await;
}

#[tokio::test]
async fn users_log_in_by_name_or_address_in_any_case() {
    let server = TestServer::start(vendor()).await;
    let secret = password(&server, "ada");
    for name in ["ada", "ADA", "ada%40example.org"] {
        let body = format!(
            "client_id=locum-app&username={name}&password={secret}&grant_type=password&scope=openid&client_secret=superfluous"
        );
        let reply = tokens(&server, &body).await;
        assert_eq!(reply["scope"], "openid email profile");
    }
    set_user(&server, "ada", "email", "");
    grant(
        &server,
        &format!("{LOGIN}&<ada>"),
        "Account is not fully set up",
    )
    .await;
}

#[tokio::test]
async fn refresh_is_refused_as_measured() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, &format!("{LOGIN}&<ada>&scope=openid")).await;
    let refresh = |client: &str, token: &str| {
        format!("grant_type=refresh_token&{client}&refresh_token={token}")
    };
    let token = text(&reply, "refresh_token");
    let (app, invalid) = ("client_id=locum-app", "Invalid refresh token");
    check(
        &server,
        "grant_type=refresh_token&client_id=locum-app",
        400,
        "invalid_request",
        "No refresh token",
    )
    .await;
    check(
        &server,
        &refresh(app, &"x".repeat(4001)),
        400,
        "invalid_request",
        "No refresh token",
    )
    .await;
    check(
        &server,
        &(refresh(app, "garbage") + "&scope=nix"),
        400,
        "invalid_scope",
        "Invalid scopes: nix",
    )
    .await;
    let access = text(&reply, "access_token");
    let id = text(&reply, "id_token");
    let tampered = format!("{}x", &token[..token.len() - 1]);
    for bad in [
        "",
        "garbage",
        &"x".repeat(4000),
        &access,
        &id,
        &tampered,
        "eyJhbGciOiJub25lIn0.e30.",
    ] {
        grant(&server, &refresh(app, bad), invalid).await;
    }
    let line = "POST /realms/base/protocol/openid-connect/token";
    let foreign = filled(&server, &refresh("<locum-client>", &token));
    assert_eq!(
        server.request(line, FORM, foreign).await.text(),
        error("invalid_grant", invalid)
    );
    grant(
        &server,
        &refresh("<locum-client>", &token),
        "Invalid refresh token. Token client and authorized client don't match",
    )
    .await;
    let again = tokens(&server, &refresh(app, &token)).await;
    assert_ne!(again["refresh_token"], reply["refresh_token"]);
    assert_eq!(again["session_state"], reply["session_state"]);
    server.advance(1800.0);
    grant(&server, &refresh(app, &token), "Token is not active").await;
    grant(
        &server,
        &refresh("<locum-client>", &token),
        "Token is not active",
    )
    .await;
}

/// "A confidential client without its secret: 401 unauthorized_client": what the SDK sends.
#[tokio::test]
async fn a_confidential_client_refreshes_with_its_secret_alone() {
    let server = TestServer::start(vendor()).await;
    server.set("refresh_for_cc", true);
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let token = text(&reply, "refresh_token");
    let without = format!(
        "client_id=locum-client&grant_type=refresh_token&refresh_token={token}&scope=openid"
    );
    check(
        &server,
        &without,
        401,
        "unauthorized_client",
        "Invalid client or Invalid client credentials",
    )
    .await;
    for _ in 0..2 {
        let with =
            format!("<locum-client>&grant_type=refresh_token&refresh_token={token}&scope=openid");
        assert_eq!(
            tokens(&server, &with).await["scope"],
            "openid email profile"
        );
    }
}

#[tokio::test]
async fn a_refresh_may_narrow_and_never_widens() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, &format!("{LOGIN}&<ada>&scope=openid+phone")).await;
    let token = text(&reply, "refresh_token");
    let mut expected = vec![
        ("", "openid email phone profile"),
        ("&scope=openid", "openid email profile"),
        ("&scope=phone", "email phone profile"),
        (
            "&scope=openid+address+offline_access",
            "openid email profile",
        ),
    ];
    for (scope, words) in expected.drain(..) {
        let body =
            format!("grant_type=refresh_token&client_id=locum-app&refresh_token={token}{scope}");
        let reply = tokens(&server, &body).await;
        assert_eq!(reply["scope"], words, "{scope}");
        assert!(reply.get("id_token").is_some(), "{scope}");
    }
}

#[tokio::test]
async fn rotation_ends_the_client_session_on_the_second_use() {
    let server = TestServer::start(vendor()).await;
    server.set("rotate_refresh", true);
    let first = tokens(&server, &format!("{LOGIN}&<ada>&scope=openid")).await;
    let refresh = |reply: &Value| {
        format!(
            "grant_type=refresh_token&client_id=locum-app&refresh_token={}",
            text(reply, "refresh_token")
        )
    };
    // A try by another client is not counted.
    let foreign = refresh(&first).replace("client_id=locum-app", "<locum-client>");
    assert_eq!(post(&server, "token", &foreign).await.status, 400);
    let second = tokens(&server, &refresh(&first)).await;
    let access = text(&second, "access_token");
    assert_eq!(userinfo(&server, &access).await.0, 200);
    grant(
        &server,
        &refresh(&first),
        "Maximum allowed refresh token reuse exceeded",
    )
    .await;
    grant(
        &server,
        &refresh(&second),
        "Session doesn't have required client",
    )
    .await;
    let gone = r#"error="invalid_token", error_description="user_session_not_found""#;
    assert_eq!(userinfo(&server, &access).await, (401, gone.to_owned()));
}

/// What an administrator's act does to tokens already issued.
#[tokio::test]
async fn administrators_acts_reach_old_tokens() {
    let server = TestServer::start(vendor()).await;
    let login = || async {
        let reply = tokens(&server, &format!("{LOGIN}&<ada>&scope=openid")).await;
        let body = format!(
            "grant_type=refresh_token&client_id=locum-app&refresh_token={}",
            text(&reply, "refresh_token")
        );
        (text(&reply, "access_token"), body)
    };
    let challenge = |text: &str| format!(r#"error="invalid_token", error_description="{text}""#);
    let (access, refresh) = login().await;
    set_user(&server, "ada", "enabled", false);
    assert_eq!(
        userinfo(&server, &access).await,
        (401, challenge("User disabled"))
    );
    grant(&server, &refresh, "User disabled").await;
    set_user(&server, "ada", "enabled", true);
    set_client(&server, "locum-app", "enabled", false);
    assert_eq!(
        userinfo(&server, &access).await,
        (401, challenge("Client disabled"))
    );
    check(
        &server,
        &refresh,
        401,
        "invalid_client",
        "Invalid client or Invalid client credentials",
    )
    .await;
    set_client(&server, "locum-app", "enabled", true);
    assert_eq!(userinfo(&server, &access).await.0, 200);
    server.advance(10.0);
    let vendor = server.running.stages.vendor("corti").expect("it is there");
    let now = server
        .running
        .stages
        .mock(vendor, &server.stage)
        .now()
        .as_seconds();
    set_user(&server, "ada", "not_before", now);
    assert_eq!(
        userinfo(&server, &access).await,
        (401, challenge("user_session_not_found"))
    );
    grant(&server, &refresh, "Session not active").await;
    assert_eq!(
        tokens(&server, &format!("{LOGIN}&<ada>")).await["not-before-policy"],
        now
    );
    set_user(&server, "ada", "not_before", 0);
    set_realm(&server, "not_before", now);
    assert_eq!(
        userinfo(&server, &access).await,
        (401, challenge("Token verification failed"))
    );
    grant(&server, &refresh, "Stale token").await;
    let (access, refresh) = login().await;
    assert_eq!(userinfo(&server, &access).await.0, 200);
    let mut principals = server.document().principals;
    principals["realms"][0]["users"] = serde_json::json!([]);
    server
        .change_principals(principals)
        .expect("good principals");
    assert_eq!(
        userinfo(&server, &access).await,
        (401, challenge("user_session_not_found"))
    );
    grant(&server, &refresh, "Session not active").await;
}

#[tokio::test]
async fn a_changed_secret_is_asked_for_at_once() {
    let server = TestServer::start(vendor()).await;
    let old = filled(&server, CLIENT_LOGIN);
    let access = text(&tokens(&server, &old).await, "access_token");
    set_client(&server, "locum-client", "client_secret", "new");
    check(
        &server,
        &old,
        401,
        "unauthorized_client",
        "Invalid client or Invalid client credentials",
    )
    .await;
    assert_eq!(userinfo(&server, &access).await.0, 200);
    assert_eq!(
        post(
            &server,
            "token",
            "grant_type=client_credentials&<locum-client>"
        )
        .await
        .status,
        200
    );
    set_client(&server, "locum-client", "service_user_enabled", false);
    check(
        &server,
        "grant_type=client_credentials&<locum-client>",
        401,
        "invalid_request",
        "User 'service-account-locum-client' disabled",
    )
    .await;
}
