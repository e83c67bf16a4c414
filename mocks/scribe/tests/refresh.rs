//! Refreshes: what is no refresh token, rotation and its grace.

use super::*;

async fn get_tokens(server: &TestServer, value: &str) -> Answer {
    let body = json!({"RefreshToken": value, "ClientId": server.credential("client_id")});
    call(server, "GetTokensFromRefreshToken", body).await
}

fn reused() -> (u16, String, String) {
    (
        400,
        "RefreshTokenReuseException".to_owned(),
        "Refresh token has been reused".to_owned(),
    )
}

/// "Refresh token rotation must be completed with GetTokensFromRefreshToken."
#[tokio::test]
async fn where_refresh_tokens_rotate_only_one_operation_refreshes() {
    let server = start().await;
    let plain = get_tokens(&server, &login(&server).await.refresh).await;
    assert!(plain.json().get("ChallengeParameters").is_none());
    assert_eq!(tokens(&plain).refresh, "", "none, where they do not rotate");
    server.set("rotate_refresh", true);
    let first = login(&server).await;
    let refused = (
        400,
        "InvalidParameterException".to_owned(),
        "REFRESH_TOKEN_AUTH flow not enabled for this client".to_owned(),
    );
    assert_eq!(error(&refresh(&server, &first.refresh).await), refused);
    assert!(
        last_denial(&server)
            .expected
            .is_some_and(|text| text.starts_with("GetTokensFromRefreshToken"))
    );
    server.set("rotation_refusal", "junk_refresh_token");
    assert_eq!(
        error(&refresh(&server, &first.refresh).await),
        not_authorized("Invalid Refresh Token")
    );
    let second = tokens(&get_tokens(&server, &first.refresh).await);
    assert!(!second.refresh.is_empty() && second.refresh != first.refresh);
    assert_eq!(get_user(&server, &second.access).await.status, 200);
    assert_eq!(error(&get_tokens(&server, &first.refresh).await), reused());
    assert_eq!(get_tokens(&server, &second.refresh).await.status, 200);
}

/// "the original refresh token that you're rotating out can remain valid for a period of time of up
/// to 60 seconds. This allows for client-side retries."
#[tokio::test]
async fn a_rotated_token_lives_on_for_its_grace() {
    let server = start().await;
    server.set("rotate_refresh", true);
    server.set("rotation_grace_s", 10);
    let first = login(&server).await;
    let second = tokens(&get_tokens(&server, &first.refresh).await);
    server.advance(9.0);
    let again = tokens(&get_tokens(&server, &first.refresh).await);
    assert!(!again.refresh.is_empty() && again.refresh != second.refresh);
    server.advance(1.0);
    assert_eq!(error(&get_tokens(&server, &first.refresh).await), reused());
    for one in [&second, &again] {
        assert_eq!(get_tokens(&server, &one.refresh).await.status, 200);
    }
    revoke(&server, &first.refresh).await;
    let gone = not_authorized("Refresh Token has been revoked");
    for one in [&first, &second, &again] {
        assert_eq!(error(&get_tokens(&server, &one.refresh).await), gone);
    }
}

/// Rotation gives new values, not a longer life.
#[tokio::test]
async fn a_rotated_token_ends_when_the_first_would_have_ended() {
    let server = start().await;
    server.set("rotate_refresh", true);
    server.set("refresh_ttl_s", 3600);
    let first = login(&server).await;
    server.advance(1800.0);
    let second = tokens(&get_tokens(&server, &first.refresh).await);
    server.advance(1800.0);
    assert_eq!(
        error(&get_tokens(&server, &second.refresh).await),
        not_authorized("Refresh Token has expired")
    );
}

#[tokio::test]
async fn reuse_can_end_the_whole_login() {
    let server = start().await;
    server.set("rotate_refresh", true);
    server.set("reuse_detection", true);
    let first = login(&server).await;
    let second = tokens(&get_tokens(&server, &first.refresh).await);
    assert_eq!(error(&get_tokens(&server, &first.refresh).await), reused());
    assert_eq!(
        error(&get_tokens(&server, &second.refresh).await),
        not_authorized("Refresh Token has been revoked")
    );
}

/// One sentence of the service for many causes; the reason tells them apart.
#[tokio::test]
async fn a_value_that_is_no_refresh_token_is_named() {
    let server = start().await;
    let given = login(&server).await;
    let other = member(&server, "clients", 1, "client_id");
    let first = server.credential("client_id");
    let rows = [
        (
            other.as_str(),
            given.refresh.clone(),
            "wrong_token",
            format!("«refresh token 1 of scribe-user», which was given to client `{first}`"),
        ),
        (
            &first,
            given.access.clone(),
            "wrong_token",
            "«access token 2 of scribe-user», not a refresh token".into(),
        ),
        (
            &first,
            given.id.clone(),
            "wrong_token",
            "«id token 3 of scribe-user», not a refresh token".into(),
        ),
        (
            &first,
            format!("{}\n", given.refresh),
            "unknown_token",
            "«refresh token 1 of scribe-user»".into(),
        ),
        (
            &first,
            "junk".into(),
            "unknown_token",
            "a value of 4 bytes that this stage did not issue".into(),
        ),
    ];
    for (client, value, kind, got) in rows {
        let body = json!({"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": value}});
        let answer = call(&server, "InitiateAuth", body).await;
        assert_eq!(error(&answer), not_authorized("Invalid Refresh Token"));
        let denial = last_denial(&server);
        assert_eq!(denial.reason, "junk_refresh_token");
        assert_eq!((denial.kind.as_str(), denial.got), (kind, Some(got)));
    }
}

/// No pool does this; it shows what a client that refreshes with InitiateAuth makes of rotation.
#[tokio::test]
async fn by_setting_the_older_operation_rotates_too() {
    let server = start().await;
    server.set("rotate_refresh", true);
    server.set("initiate_auth_rotates", true);
    let first = login(&server).await;
    let second = tokens(&refresh(&server, &first.refresh).await);
    assert!(!second.refresh.is_empty() && second.refresh != first.refresh);
    assert_eq!(error(&refresh(&server, &first.refresh).await), reused());
    assert_eq!(refresh(&server, &second.refresh).await.status, 200);
}
