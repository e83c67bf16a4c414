//! Registration: SignUp, its code, and what each of them refuses.

use super::*;

fn registration(server: &TestServer, name: &str, password: &str) -> Value {
    json!({
        "ClientId": server.credential("client_id"), "Username": name, "Password": password,
        "UserAttributes": [{"Name": "email", "Value": format!("{name}@example.com")}],
    })
}

/// The code that was sent to the user that registered last.
fn code(server: &TestServer) -> String {
    let users = server.document().principals["users"]
        .as_array()
        .map_or(0, Vec::len);
    member(server, "users", users - 1, "confirmation_code")
}

async fn confirm(server: &TestServer, name: &str, code: &str) -> Answer {
    let body = json!({"ClientId": server.credential("client_id"), "Username": name, "ConfirmationCode": code});
    call(server, "ConfirmSignUp", body).await
}

async fn resend(server: &TestServer, name: &str) -> Answer {
    let body = json!({"ClientId": server.credential("client_id"), "Username": name});
    call(server, "ResendConfirmationCode", body).await
}

fn refusal(kind: &str, message: &str) -> (u16, String, String) {
    (400, kind.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_user_registers_confirms_and_logs_in() {
    let server = start().await;
    let answer = call(
        &server,
        "SignUp",
        registration(&server, "new", "Chosen-1-password"),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(
        body["CodeDeliveryDetails"],
        json!({"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "n***@e***"})
    );
    assert_eq!(body["UserConfirmed"], false);
    let early = login_as(&server, "new", "Chosen-1-password").await;
    assert_eq!(
        error(&early),
        refusal("UserNotConfirmedException", "User is not confirmed.")
    );
    let code = code(&server);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let mismatch = refusal(
        "CodeMismatchException",
        "Invalid verification code provided, please try again.",
    );
    assert_eq!(error(&confirm(&server, "new", wrong).await), mismatch);
    let done = confirm(&server, "new", &code).await;
    assert_eq!((done.status, done.text().as_str()), (200, "{}"));
    let confirmed = refusal(
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    );
    assert_eq!(error(&confirm(&server, "new", &code).await), confirmed);
    let tokens = tokens(&login_as(&server, "new", "Chosen-1-password").await);
    assert_eq!(identity(&server, &tokens.id).await.len(), 46);
    let user = get_user(&server, &tokens.access).await.json();
    assert_eq!(user["UserAttributes"][0]["Value"], "new@example.com");
}

#[tokio::test]
async fn registrations_that_are_refused() {
    let server = start().await;
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    let good = registration(&server, "new", "Chosen-1-password");
    let policy = "Password did not conform with policy: ";
    let rows = [
        (with(good.clone(), "Username", json!("scribe-user")), "UsernameExistsException", "User already exists".to_owned()),
        (with(good.clone(), "UserAttributes", json!([{"Name": "email", "Value": "scribe-user@example.com"}])), "UsernameExistsException", "An account with the given email already exists.".into()),
        (with(good.clone(), "Password", json!("short")), "InvalidPasswordException", format!("{policy}Password not long enough")),
        (with(good.clone(), "Password", json!("chosen-1-password")), "InvalidPasswordException", format!("{policy}Password must have uppercase characters")),
        (with(good.clone(), "ClientId", json!("nobody")), "ResourceNotFoundException", "User pool client nobody does not exist.".into()),
        (with(good.clone(), "Username", json!("")), "InvalidParameterException", "Missing required parameter Username".into()),
        (with(good.clone(), "Username", json!("x".repeat(129))), "InvalidParameterException", "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must have length less than or equal to 128".into()),
    ];
    for (body, kind, message) in rows {
        assert_eq!(
            error(&call(&server, "SignUp", body).await),
            refusal(kind, &message)
        );
    }
    server.set("self_sign_up", false);
    let closed = call(&server, "SignUp", good.clone()).await;
    assert_eq!(
        error(&closed),
        not_authorized("SignUp is not permitted for this user pool")
    );
    let pool = admin(&server, "DescribeUserPool", json!({})).await.json();
    assert_eq!(
        pool["UserPool"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
        true
    );
    server.set("self_sign_up", true);
    assert_eq!(call(&server, "SignUp", good).await.status, 200);
}

/// A code works for 24 hours; another one can be asked for, and whether a user exists is not told.
#[tokio::test]
async fn codes_end_and_can_be_sent_again() {
    let server = start().await;
    call(
        &server,
        "SignUp",
        registration(&server, "new", "Chosen-1-password"),
    )
    .await;
    server.advance(86_400.0);
    let late = refusal(
        "ExpiredCodeException",
        "Invalid code provided, please request a code again.",
    );
    assert_eq!(error(&confirm(&server, "new", &code(&server)).await), late);
    assert_eq!(error(&confirm(&server, "nobody", "123456").await), late);
    for name in ["new", "nobody"] {
        let sent = resend(&server, name).await;
        assert_eq!(
            sent.json()["CodeDeliveryDetails"]["Destination"],
            "n***@e***",
            "{name}"
        );
    }
    assert_eq!(confirm(&server, "new", &code(&server)).await.status, 200);
    assert_eq!(
        error(&resend(&server, "new").await),
        refusal("InvalidParameterException", "User is already confirmed.")
    );
    server.set("prevent_user_existence_errors", "legacy");
    let unknown = refusal(
        "UserNotFoundException",
        "Username/client id combination not found.",
    );
    assert_eq!(error(&confirm(&server, "nobody", "123456").await), unknown);
    assert_eq!(error(&resend(&server, "nobody").await), unknown);
    let by_admin = json!({"Username": "scribe-unconfirmed-user"});
    assert_eq!(
        admin(&server, "AdminConfirmSignUp", by_admin).await.status,
        200
    );
    let password = member(&server, "users", 5, "password");
    assert_eq!(
        login_as(&server, "scribe-unconfirmed-user", &password)
            .await
            .status,
        200
    );
}

/// Nobody fills the memory of the mock by registering.
#[tokio::test]
async fn a_stage_takes_so_many_users() {
    let server = start().await;
    let mut principals = server.document().principals;
    let users = principals["users"].as_array_mut().expect("a list");
    for number in users.len()..999 {
        users.push(json!({"username": format!("user-{number}"), "password": "Chosen-1-password"}));
    }
    server
        .change_principals(principals)
        .expect("of their shape");
    let sign_up = async |name: &str| {
        call(
            &server,
            "SignUp",
            registration(&server, name, "Chosen-1-password"),
        )
        .await
    };
    assert_eq!(sign_up("last").await.status, 200);
    assert_eq!(
        error(&sign_up("one-too-many").await).1,
        "LimitExceededException"
    );
}
