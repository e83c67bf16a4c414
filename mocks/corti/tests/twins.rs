//! Each twin has its one thing wrong.

use super::*;

#[tokio::test]
async fn any_tenant() {
    let server = TestServer::start(vendor()).await;
    let line = "POST /realms/nowhere/protocol/openid-connect/token";
    let body = filled(&server, "grant_type=client_credentials&<locum-client>");
    assert_eq!(server.request(line, FORM, &body).await.status, 404);
    server.twin("any-tenant");
    assert_eq!(server.request(line, FORM, &body).await.status, 200);
    let wrong = "grant_type=client_credentials&client_id=locum-client&client_secret=x";
    assert_eq!(server.request(line, FORM, wrong).await.status, 401);
}

#[tokio::test]
async fn lifetime_in_ms() {
    let server = TestServer::start(vendor()).await;
    server.twin("lifetime-in-ms");
    let reply = tokens(&server, CLIENT_LOGIN).await;
    assert_eq!(reply["expires_in"], 300_000);
    server.advance(300.0);
    assert_eq!(
        userinfo(&server, &text(&reply, "access_token")).await.0,
        401
    );
}

#[tokio::test]
async fn revoke_foreign() {
    let server = TestServer::start(vendor()).await;
    server.twin("revoke-foreign");
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let token = text(&reply, "access_token");
    let answer = post(&server, "revoke", &format!("<locum-second>&token={token}")).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    assert_eq!(userinfo(&server, &token).await.0, 401);
}
