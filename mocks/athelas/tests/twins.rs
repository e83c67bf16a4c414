//! Each twin does its one thing wrong, and nothing beside it.

use super::*;

/// What a judge would look at: `name -> status`, honest and twisted.
async fn statuses(twin: Option<&str>) -> [u16; 8] {
    let server = server().await;
    if let Some(twin) = twin {
        server.twin(twin);
    }
    let token = login(&server).await;
    let (username, password) = account(&server, 0);
    let ask = async |body: String| server.request(TOKEN, FORM, body).await.status;
    let right = ask(form(&server, 0)).await;
    let wrong = ask(format!("username={username}&password=wrong")).await;
    let without = ask(format!("username={username}")).await;
    let unnamed = ask(format!("password={password}")).await;
    let nobody = ask(format!("username=nobody&password={password}")).await;
    let inactive = ask(form(&server, 2)).await;
    let forged = get(&server, "/scribe/12345", &format!("{token}x"))
        .await
        .status;
    server.advance(172_801.0);
    let expired = get(&server, "/scribe/12345", &token).await.status;
    [
        right, wrong, without, unnamed, nobody, inactive, forged, expired,
    ]
}

async fn check(twin: Option<&str>, expected: [u16; 8]) {
    assert_eq!(statuses(twin).await, expected, "{twin:?}");
}

#[tokio::test]
async fn the_honest_vendor() {
    check(None, [200, 401, 422, 422, 401, 401, 401, 401]).await;
}

#[tokio::test]
async fn accept_expired_token() {
    check(
        Some("accept-expired-token"),
        [200, 401, 422, 422, 401, 401, 401, 200],
    )
    .await;
}

#[tokio::test]
async fn any_password() {
    check(
        Some("any-password"),
        [200, 200, 422, 422, 401, 401, 401, 401],
    )
    .await;
}

#[tokio::test]
async fn password_optional() {
    check(
        Some("password-optional"),
        [200, 401, 200, 422, 401, 401, 401, 401],
    )
    .await;
}

/// "every non-empty password": an empty one stays refused even where it does not count as absent.
#[tokio::test]
async fn an_empty_password_is_none() {
    let server = server().await;
    server.set("fastapi_profile", "0.115");
    server.twin("any-password");
    let body = format!("username={}&password=", account(&server, 0).0);
    assert_eq!(server.request(TOKEN, FORM, body).await.status, 401);
}
