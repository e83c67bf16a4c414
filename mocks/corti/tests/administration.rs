//! What an administrator's act does to tokens already issued, at each endpoint that takes them.

use super::*;

const LOGIN: &str = "grant_type=password&<locum-audience>&<ada>&scope=openid";

/// What is left of a login: userinfo, introspection, refresh.
async fn left(server: &TestServer, reply: &Value) -> (String, bool, String) {
    let access = text(reply, "access_token");
    let (status, challenge) = userinfo(server, &access).await;
    let told = match status {
        200 => "good".to_owned(),
        _ => text_between(&challenge, "error_description=\"", "\""),
    };
    let body = format!("<locum-audience>&token={access}");
    let active = post(server, "token/introspect", &body).await.json()["active"] == true;
    let body = format!(
        "grant_type=refresh_token&<locum-audience>&refresh_token={}",
        text(reply, "refresh_token")
    );
    let refreshed = post(server, "token", &body).await.json();
    let refreshed = refreshed["error_description"].as_str().unwrap_or("good");
    (told, active, refreshed.to_owned())
}

fn text_between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split(before).nth(1).unwrap_or_default();
    rest.split(after).next().unwrap_or_default().to_owned()
}

fn now(server: &TestServer) -> i64 {
    server.mock().now().as_seconds()
}

async fn check(server: &TestServer, reply: &Value, told: &str, active: bool, refreshed: &str) {
    let expected = (told.to_owned(), active, refreshed.to_owned());
    assert_eq!(left(server, reply).await, expected);
}

/// Why a new login is refused, or the `not-before-policy` of the new tokens.
async fn again(server: &TestServer) -> Result<i64, String> {
    let answer = post(server, "token", LOGIN).await.json();
    match answer["error_description"].as_str() {
        Some(refused) => Err(refused.to_owned()),
        None => Ok(answer["not-before-policy"].as_i64().expect("a number")),
    }
}

#[tokio::test]
async fn a_user_who_is_logged_out_disabled_or_deleted() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    check(&server, &reply, "good", true, "good").await;
    server.advance(10.0);
    let then = now(&server);
    set_user(&server, "ada", "not_before", then);
    check(
        &server,
        &reply,
        "user_session_not_found",
        false,
        "Session not active",
    )
    .await;
    assert_eq!(again(&server).await, Ok(then));
    set_user(&server, "ada", "not_before", 0);
    let reply = tokens(&server, LOGIN).await;
    set_user(&server, "ada", "enabled", false);
    check(&server, &reply, "User disabled", false, "User disabled").await;
    assert_eq!(again(&server).await, Err("Account disabled".to_owned()));
    set_user(&server, "ada", "enabled", true);
    let reply = tokens(&server, LOGIN).await;
    let login = filled(&server, LOGIN);
    let mut principals = server.document().principals;
    principals["realms"][0]["users"] = serde_json::json!([]);
    server
        .change_principals(principals)
        .expect("good principals");
    check(
        &server,
        &reply,
        "user_session_not_found",
        false,
        "Session not active",
    )
    .await;
    let refused = post(&server, "token", &login).await.text();
    assert_eq!(refused, error("invalid_grant", "Invalid user credentials"));
}

#[tokio::test]
async fn a_clients_new_secret_refreshes_old_sessions() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    let old = filled(&server, LOGIN);
    set_client(&server, "locum-audience", "client_secret", "new");
    check(&server, &reply, "good", true, "good").await;
    let refused = post(&server, "token", &old).await;
    assert_eq!(
        (refused.status, text(&refused.json(), "error")),
        (401, "unauthorized_client".to_owned())
    );
}

#[tokio::test]
async fn a_pushed_not_before_makes_older_tokens_stale() {
    let server = TestServer::start(vendor()).await;
    for of_realm in [true, false] {
        let set = |value: i64| match of_realm {
            true => set_realm(&server, "not_before", value),
            false => set_client(&server, "locum-audience", "not_before", value),
        };
        let reply = tokens(&server, LOGIN).await;
        server.advance(10.0);
        let then = now(&server);
        set(then);
        check(
            &server,
            &reply,
            "Token verification failed",
            false,
            "Stale token",
        )
        .await;
        let token = text(&reply, "refresh_token");
        let body = format!("<locum-audience>&token={token}");
        let revoked = post(&server, "revoke", &body).await;
        if of_realm {
            assert_eq!(
                (revoked.status, revoked.text()),
                (200, error("invalid_token", "Invalid token"))
            );
            let body = format!("<locum-audience>&refresh_token={token}");
            assert_eq!(post(&server, "logout", &body).await.status, 204);
        }
        assert_eq!(again(&server).await, Ok(then));
        let new = tokens(&server, LOGIN).await;
        check(&server, &new, "good", true, "good").await;
        set(0);
    }
}

/// A time ahead: tokens are issued, and dead at once.
#[tokio::test]
async fn a_not_before_in_the_future_kills_at_birth() {
    let server = TestServer::start(vendor()).await;
    set_realm(&server, "not_before", now(&server) + 1000);
    let reply = tokens(&server, LOGIN).await;
    check(
        &server,
        &reply,
        "Token verification failed",
        false,
        "Stale token",
    )
    .await;
}

#[tokio::test]
async fn a_disabled_client_loses_its_tokens() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    set_client(&server, "locum-audience", "enabled", false);
    let (told, active, refreshed) = left(&server, &reply).await;
    assert_eq!((told.as_str(), active), ("Client disabled", false));
    assert_eq!(refreshed, "Invalid client or Invalid client credentials");
    let refused = Err("Invalid client or Invalid client credentials".to_owned());
    assert_eq!(again(&server).await, refused);
}

/// Discovery and keys stay readable, a live token good at userinfo, logout possible.
#[tokio::test]
async fn a_disabled_realm_issues_nothing_and_ends_nothing() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    set_realm(&server, "enabled", false);
    let disabled = error("access_denied", "Realm not enabled");
    for (endpoint, body) in [
        ("token", LOGIN),
        ("token/introspect", "<locum-audience>&token=x"),
        ("revoke", "<locum-audience>&token=x"),
    ] {
        let answer = post(&server, endpoint, body).await;
        assert_eq!(
            (answer.status, answer.text()),
            (403, disabled.clone()),
            "{endpoint}"
        );
    }
    assert_eq!(
        userinfo(&server, &text(&reply, "access_token")).await.0,
        200
    );
    let bare = server
        .request(&format!("GET {OIDC}/userinfo"), "", "")
        .await;
    assert_eq!(bare.status, 401);
    for path in [
        "/realms/copiloteu/.well-known/openid-configuration",
        &format!("{OIDC}/certs"),
    ] {
        assert_eq!(
            server.request(&format!("GET {path}"), "", "").await.status,
            200,
            "{path}"
        );
    }
    let body = format!(
        "<locum-audience>&refresh_token={}",
        text(&reply, "refresh_token")
    );
    assert_eq!(post(&server, "logout", &body).await.status, 204);
}
