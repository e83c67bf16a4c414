//! What the service counts: failed logins, codes, previous passwords.

use super::*;

async fn with_password(server: &TestServer, password: &str) -> String {
    error(&login_as(server, "scribe-user", password).await).2
}

const WRONG: &str = "Incorrect username or password.";
const LOCKED: &str = "Password attempts exceeded";

/// "After five failed sign-in attempts with a password, Amazon Cognito locks out your user for one
/// second. The lockout duration then doubles [...]".
#[tokio::test]
async fn failed_logins_lock_a_user_out_for_a_while() {
    let server = start().await;
    let right = server.credential("password");
    for _ in 0..5 {
        assert_eq!(with_password(&server, "bad").await, WRONG);
    }
    // Whatever the password.
    for password in ["bad", &right] {
        assert_eq!(with_password(&server, password).await, LOCKED);
    }
    assert_eq!(last_denial(&server).reason, "locked_out");
    for seconds in [1.0, 2.0, 4.0, 8.0] {
        server.advance(seconds - 0.001);
        assert_eq!(with_password(&server, &right).await, LOCKED);
        server.advance(0.001);
        assert_eq!(with_password(&server, "bad").await, WRONG, "{seconds}");
    }
    // Nobody else is locked out.
    assert_eq!(password_login(&server, 1).await.status, 200);
    server.advance(16.0);
    assert_eq!(password_login(&server, 0).await.status, 200);
    for _ in 0..4 {
        assert_eq!(with_password(&server, "bad").await, WRONG);
    }
    assert_eq!(password_login(&server, 0).await.status, 200);
}

/// "or not initiate any sign-in attempts for 15 consecutive minutes at any time after a lockout".
#[tokio::test]
async fn a_quarter_of_an_hour_takes_the_count_back() {
    let server = start().await;
    for _ in 0..5 {
        with_password(&server, "bad").await;
    }
    server.advance(899.0);
    assert_eq!(with_password(&server, "bad").await, WRONG);
    assert_eq!(with_password(&server, "bad").await, LOCKED, "the sixth");
    server.advance(900.0);
    for _ in 0..5 {
        assert_eq!(with_password(&server, "bad").await, WRONG);
    }
    assert_eq!(with_password(&server, "bad").await, LOCKED);
}

#[tokio::test]
async fn a_lockout_lasts_a_quarter_of_an_hour_at_most_and_can_be_switched_off() {
    let server = start().await;
    let mut seen = Vec::new();
    for _ in 0..30 {
        seen.push(with_password(&server, "bad").await);
        server.advance(899.0);
    }
    assert_eq!(seen[15..17], [LOCKED, WRONG], "{seen:?}");
    let locked_for_longer = seen
        .windows(2)
        .any(|two| two[0] == LOCKED && two[1] == LOCKED);
    assert!(!locked_for_longer, "{seen:?}");
    with_password(&server, "bad").await;
    server.set("lockout_failures", 0);
    for _ in 0..10 {
        assert_eq!(with_password(&server, "bad").await, WRONG);
    }
    assert_eq!(password_login(&server, 0).await.status, 200);
}

/// "After five unsuccessful attempts to present an MFA code" the same begins.
#[tokio::test]
async fn wrong_codes_lock_out_too() {
    let server = start().await;
    let session = password_login(&server, 4).await.json()["Session"].clone();
    let body = json!({
        "ClientId": server.credential("client_id"), "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": session,
        "ChallengeResponses": {"USERNAME": "scribe-totp-user", "SOFTWARE_TOKEN_MFA_CODE": "x"},
    });
    for _ in 0..5 {
        let answer = call(&server, "RespondToAuthChallenge", body.clone()).await;
        assert_eq!(error(&answer).1, "CodeMismatchException");
    }
    let answer = call(&server, "RespondToAuthChallenge", body).await;
    assert_eq!(error(&answer), not_authorized(LOCKED));
    assert_eq!(error(&password_login(&server, 4).await).2, LOCKED);
}

/// "In a given hour, we allow between 5 and 20 attempts for a user to request or enter a password
/// reset code".
#[tokio::test]
async fn codes_and_previous_passwords_are_counted_by_the_hour() {
    let server = start().await;
    let id = server.credential("client_id");
    let access = login(&server).await.access;
    let rows = [
        (
            "ForgotPassword",
            json!({"ClientId": id, "Username": "scribe-user"}),
            200,
        ),
        (
            "ConfirmForgotPassword",
            json!({"ClientId": id, "Username": "scribe-user", "ConfirmationCode": "x", "Password": "Chosen-1-password"}),
            400,
        ),
        (
            "ChangePassword",
            json!({"AccessToken": access, "PreviousPassword": "bad", "ProposedPassword": "Chosen-1-password"}),
            400,
        ),
    ];
    let limited =
        |answer: &Answer| answer.status == 400 && error(answer).1 == "LimitExceededException";
    for (operation, body, status) in &rows {
        for _ in 0..5 {
            let answer = call(&server, operation, body.clone()).await;
            assert_eq!(
                (answer.status, limited(&answer)),
                (*status, false),
                "{operation}"
            );
        }
        let answer = call(&server, operation, body.clone()).await;
        assert!(limited(&answer), "{operation}");
        assert_eq!(
            error(&answer).2,
            "Attempt limit exceeded, please try after some time."
        );
    }
    server.set("attempts_per_hour", 6);
    assert!(!limited(&call(&server, rows[0].0, rows[0].1.clone()).await));
    server.advance(3600.0);
    server.set("attempts_per_hour", 5);
    for (operation, body, _) in &rows[..2] {
        assert!(
            !limited(&call(&server, operation, body.clone()).await),
            "{operation}"
        );
    }
}
