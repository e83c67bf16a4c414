//! App clients: their flows, their secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// SECRET_HASH as AWS's page computes it.
fn hash(secret: &str, username: &str, client: &str) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let message = format!("{username}{client}");
    STANDARD.encode(aws_lc_rs::hmac::sign(&key, message.as_bytes()))
}

/// The principals with another list of clients.
fn with_clients(server: &TestServer, clients: Value) -> Result<(), String> {
    let mut principals = server.document().principals;
    principals["clients"] = clients;
    server.change_principals(principals)
}

async fn confidential() -> TestServer {
    let server = start().await;
    with_clients(
        &server,
        json!([{"client_id": "confidential1", "client_secret": "s3cret"}]),
    )
    .expect("a client");
    server
}

fn of_client(message: &str) -> (u16, String, String) {
    not_authorized(message)
}

/// "flows": `ExplicitAuthFlows` of CreateUserPoolClient.
#[tokio::test]
async fn a_client_may_use_its_flows_and_no_others() {
    let server = start().await;
    with_clients(
        &server,
        json!([{"client_id": "only-refresh", "flows": ["ALLOW_REFRESH_TOKEN_AUTH"]}]),
    )
    .expect("a client");
    assert_eq!(
        server.document().principals["clients"],
        json!([{"client_id": "only-refresh", "flows": ["REFRESH_TOKEN_AUTH"], "public": true}])
    );
    for flow in ["USER_PASSWORD_AUTH", "USER_SRP_AUTH"] {
        let body = json!({
            "ClientId": "only-refresh", "AuthFlow": flow,
            "AuthParameters": {"USERNAME": "scribe-user", "PASSWORD": server.credential("password"), "SRP_A": "abcd"},
        });
        let refused = error(&call(&server, "InitiateAuth", body).await);
        let message = format!("{flow} flow not enabled for this client");
        assert_eq!(
            refused,
            (400, "InvalidParameterException".into(), message),
            "{flow}"
        );
    }
}

#[tokio::test]
async fn members_of_a_client_that_cannot_be_are_refused() {
    let server = start().await;
    let rows = [
        (
            json!({"client_id": "a", "flows": ["CUSTOM_AUTH"]}),
            "unknown flow `CUSTOM_AUTH`",
        ),
        (
            json!({"client_id": "a", "public": true, "client_secret": "x"}),
            "public beside a client_secret",
        ),
        (
            json!({"client_id": "a", "client_secret": ""}),
            "an empty client_secret",
        ),
        (
            json!({"client_id": "a", "public": false}),
            "neither public nor a client_secret",
        ),
        (json!({"client_id": "a", "foo": 1}), "unknown field `foo`"),
    ];
    for (client, expected) in rows {
        let fault = with_clients(&server, json!([client])).expect_err("refused");
        assert!(fault.contains(expected), "{fault}");
    }
}

/// A member of a user has its effect, or is refused.
#[tokio::test]
async fn a_confirmation_code_that_was_given_is_the_one_that_works() {
    let server = start().await;
    let mut principals = server.document().principals;
    principals["users"][0]["confirmation_code"] = json!("424242");
    server.change_principals(principals).expect("a code");
    let client = server.credential("client_id");
    let sent = json!({"ClientId": client, "Username": "scribe-user"});
    assert_eq!(call(&server, "ForgotPassword", sent).await.status, 200);
    let body = json!({"ClientId": client, "Username": "scribe-user", "ConfirmationCode": "424242", "Password": "Chosen-1-password"});
    assert_eq!(
        call(&server, "ConfirmForgotPassword", body).await.status,
        200
    );
}

/// A client with a secret shows it in each operation that takes it; a client without one shows none.
#[tokio::test]
async fn a_client_with_a_secret_shows_it() {
    let server = confidential().await;
    let id = "confidential1";
    assert_eq!(server.credential("client_secret"), "s3cret");
    let right = hash("s3cret", "scribe-user", id);
    let login = |hash: Option<&str>| {
        let mut body = json!({
            "ClientId": id, "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "scribe-user", "PASSWORD": server.credential("password")},
        });
        if let Some(hash) = hash {
            body["AuthParameters"]["SECRET_HASH"] = json!(hash);
        }
        body
    };
    let no_hash = format!("Client {id} is configured with secret but SECRET_HASH was not received");
    let wrong_hash = format!("Unable to verify secret hash for client {id}");
    assert_eq!(
        error(&call(&server, "InitiateAuth", login(None)).await),
        of_client(&no_hash)
    );
    let swapped = hash("s3cret", id, "scribe-user");
    for (shown, why) in [
        ("AAAA".to_owned(), "a hash with another secret"),
        ("s3cret".to_owned(), "the client's secret itself"),
        (swapped, "the other way round"),
        (
            hash("s3cret", "scribe-user@example.com", id),
            "a hash over `scribe-user@example.com`",
        ),
    ] {
        let answer = call(&server, "InitiateAuth", login(Some(&shown))).await;
        assert_eq!(error(&answer), of_client(&wrong_hash));
        let got = last_denial(&server).got.unwrap_or_default();
        assert!(got.contains(why), "{got}");
    }
    let given = tokens(&call(&server, "InitiateAuth", login(Some(&right))).await);
    assert!(!given.refresh.is_empty());

    let refresh = |hash: Option<&str>| {
        let mut body = json!({"ClientId": id, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": given.refresh}});
        if let Some(hash) = hash {
            body["AuthParameters"]["SECRET_HASH"] = json!(hash);
        }
        body
    };
    let no_secret = format!("Client {id} is configured for secret but secret was not received");
    let other = hash("s3cret", "scribe-user@example.com", id);
    for (shown, message) in [
        (None, no_secret.clone()),
        (
            Some(other.as_str()),
            format!("SecretHash does not match for the client: {id}"),
        ),
    ] {
        let answer = call(&server, "InitiateAuth", refresh(shown)).await;
        assert_eq!(error(&answer), of_client(&message));
    }
    for shown in [right.as_str(), "s3cret"] {
        let answer = call(&server, "InitiateAuth", refresh(Some(shown))).await;
        assert_eq!(answer.status, 200, "{shown}");
    }

    let challenge = |hash: Option<&str>| {
        let mut body = json!({
            "ClientId": id, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "a-session-of-twenty-letters",
            "ChallengeResponses": {"USERNAME": "scribe-user", "NEW_PASSWORD": "Chosen-1-password"},
        });
        if let Some(hash) = hash {
            body["ChallengeResponses"]["SECRET_HASH"] = json!(hash);
        }
        body
    };
    for (shown, message) in [
        (None, no_hash.as_str()),
        (Some("AAAA"), &wrong_hash),
        (Some(&right), "Invalid session for the user."),
    ] {
        let answer = call(&server, "RespondToAuthChallenge", challenge(shown)).await;
        assert_eq!(error(&answer), of_client(message));
    }

    for (operation, mut body) in [
        (
            "ForgotPassword",
            json!({"ClientId": id, "Username": "scribe-user"}),
        ),
        (
            "ConfirmForgotPassword",
            json!({"ClientId": id, "Username": "scribe-user", "ConfirmationCode": member(&server, "users", 0, "confirmation_code"), "Password": "Chosen-1-password"}),
        ),
    ] {
        let refused = error(&call(&server, operation, body.clone()).await);
        assert_eq!(refused, of_client(&no_hash), "{operation}");
        body["SecretHash"] = json!("AAAA");
        let refused = error(&call(&server, operation, body.clone()).await);
        assert_eq!(refused, of_client(&wrong_hash), "{operation}");
        body["SecretHash"] = json!(right);
        assert_eq!(
            call(&server, operation, body).await.status,
            200,
            "{operation}"
        );
    }

    for (operation, member) in [
        ("GetTokensFromRefreshToken", "RefreshToken"),
        ("RevokeToken", "Token"),
    ] {
        let mut body = json!({"ClientId": id});
        body[member] = json!(given.refresh);
        let refused = error(&call(&server, operation, body.clone()).await);
        assert_eq!(refused, of_client(&no_secret), "{operation}");
        body["ClientSecret"] = json!("AAAA");
        let wrong = format!("Unable to verify secret for client {id}");
        let refused = error(&call(&server, operation, body.clone()).await);
        assert_eq!(refused, of_client(&wrong), "{operation}");
        body["ClientSecret"] = json!("s3cret");
        assert_eq!(
            call(&server, operation, body).await.status,
            200,
            "{operation}"
        );
    }
}

/// Measured (aws-sdk-ios-samples #102), in each operation that takes a secret.
#[tokio::test]
async fn a_client_without_a_secret_shows_none() {
    let server = start().await;
    let id = server.credential("client_id");
    let refresh = login(&server).await.refresh;
    let rows = [
        (
            "InitiateAuth",
            json!({"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "scribe-user", "PASSWORD": server.credential("password"), "SECRET_HASH": "AAAA"}}),
        ),
        (
            "InitiateAuth",
            json!({"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "scribe-user", "SRP_A": "abcd", "SECRET_HASH": "AAAA"}}),
        ),
        (
            "InitiateAuth",
            json!({"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": refresh, "SECRET_HASH": "AAAA"}}),
        ),
        (
            "RespondToAuthChallenge",
            json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x", "ChallengeResponses": {"USERNAME": "scribe-user", "NEW_PASSWORD": "x", "SECRET_HASH": "AAAA"}}),
        ),
        (
            "ForgotPassword",
            json!({"Username": "scribe-user", "SecretHash": "AAAA"}),
        ),
        (
            "ConfirmForgotPassword",
            json!({"Username": "scribe-user", "ConfirmationCode": "1", "Password": "x", "SecretHash": "AAAA"}),
        ),
        (
            "GetTokensFromRefreshToken",
            json!({"RefreshToken": refresh, "ClientSecret": "AAAA"}),
        ),
        (
            "RevokeToken",
            json!({"Token": refresh, "ClientSecret": "AAAA"}),
        ),
    ];
    for (operation, mut body) in rows {
        body["ClientId"] = json!(id);
        let what = if body.get("ClientSecret").is_some() {
            "secret"
        } else {
            "secret hash"
        };
        let message = format!("Client {id} is not configured for secret but {what} was received");
        let refused = error(&call(&server, operation, body).await);
        assert_eq!(
            refused,
            (400, "InvalidParameterException".into(), message),
            "{operation}"
        );
        assert_eq!(last_denial(&server).reason, "secret_of_public_client");
    }
}
