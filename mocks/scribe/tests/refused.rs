//! What the user pool refuses, each beside its answer.

use super::*;

fn initiate(server: &TestServer, name: &str, password: &str) -> Value {
    json!({
        "ClientId": server.credential("client_id"), "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": name, "PASSWORD": password},
    })
}

/// §4, the table of situations.
#[tokio::test]
async fn refused_calls() {
    let server = start().await;
    let client = server.credential("client_id");
    let right = |index: usize| {
        initiate(
            &server,
            &member(&server, "users", index, "username"),
            &member(&server, "users", index, "password"),
        )
    };
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    let tokens = login(&server).await;
    let of_refresh = |value: &str| json!({"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": value}});
    let missing = |name: &str| format!("Missing required parameter {name}");
    let wrong = "Incorrect username or password.".to_owned();
    let rows: Vec<(&str, Value, &str, String)> = vec![
        (
            "InitiateAuth",
            initiate(&server, "scribe-user", "wrong"),
            "NotAuthorizedException",
            wrong.clone(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "nobody", "wrong"),
            "NotAuthorizedException",
            wrong.clone(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "scribe-temporary-user", "wrong"),
            "NotAuthorizedException",
            wrong.clone(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "scribe-reset-user", "wrong"),
            "NotAuthorizedException",
            wrong,
        ),
        (
            "InitiateAuth",
            right(3),
            "NotAuthorizedException",
            "User is disabled.".into(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "scribe-disabled-user", "wrong"),
            "NotAuthorizedException",
            "User is disabled.".into(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "scribe-unconfirmed-user", "wrong"),
            "UserNotConfirmedException",
            "User is not confirmed.".into(),
        ),
        (
            "InitiateAuth",
            right(6),
            "PasswordResetRequiredException",
            "Password reset required for the user".into(),
        ),
        (
            "InitiateAuth",
            initiate(&server, "", "x"),
            "InvalidParameterException",
            missing("USERNAME"),
        ),
        (
            "InitiateAuth",
            initiate(&server, "scribe-user", ""),
            "InvalidParameterException",
            missing("PASSWORD"),
        ),
        (
            "InitiateAuth",
            with(right(0), "AuthParameters", json!(["USERNAME"])),
            "InvalidParameterException",
            missing("USERNAME"),
        ),
        (
            "InitiateAuth",
            with(
                right(0),
                "AuthParameters",
                json!({"USERNAME": 1, "PASSWORD": 2}),
            ),
            "InvalidParameterException",
            missing("USERNAME"),
        ),
        (
            "InitiateAuth",
            with(right(0), "ClientId", json!("")),
            "InvalidParameterException",
            missing("ClientId"),
        ),
        (
            "InitiateAuth",
            with(right(0), "ClientId", json!("nobody")),
            "ResourceNotFoundException",
            "User pool client nobody does not exist.".into(),
        ),
        (
            "InitiateAuth",
            with(right(0), "AuthFlow", json!("")),
            "InvalidParameterException",
            missing("AuthFlow"),
        ),
        (
            "InitiateAuth",
            with(right(0), "AuthFlow", json!("CUSTOM_AUTH")),
            "InvalidParameterException",
            "Auth flow CUSTOM_AUTH is not served here.".into(),
        ),
        (
            "InitiateAuth",
            of_refresh("junk"),
            "NotAuthorizedException",
            "Invalid Refresh Token".into(),
        ),
        (
            "InitiateAuth",
            of_refresh(&tokens.access),
            "NotAuthorizedException",
            "Invalid Refresh Token".into(),
        ),
        (
            "InitiateAuth",
            of_refresh(""),
            "InvalidParameterException",
            missing("REFRESH_TOKEN"),
        ),
        (
            "InitiateAuth",
            with(
                of_refresh(&tokens.refresh),
                "ClientId",
                json!(member(&server, "clients", 1, "client_id")),
            ),
            "NotAuthorizedException",
            "Invalid Refresh Token".into(),
        ),
        (
            "RespondToAuthChallenge",
            json!({"ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x"}),
            "InvalidParameterException",
            "Missing required parameter challenge responses.".into(),
        ),
        (
            "RespondToAuthChallenge",
            json!({"ClientId": client, "ChallengeName": "SOFTWARE_TOKEN_MFA", "ChallengeResponses": {"USERNAME": "u"}, "Session": "x"}),
            "InvalidParameterException",
            missing("SOFTWARE_TOKEN_MFA_CODE"),
        ),
        (
            "RespondToAuthChallenge",
            json!({"ClientId": client, "ChallengeName": "SOFTWARE_TOKEN_MFA", "ChallengeResponses": {"USERNAME": "u", "SOFTWARE_TOKEN_MFA_CODE": "1"}}),
            "InvalidParameterException",
            missing("Session"),
        ),
        (
            "GetUser",
            json!({"AccessToken": tokens.id}),
            "NotAuthorizedException",
            "Invalid Access Token".into(),
        ),
        (
            "GetUser",
            json!({"AccessToken": tokens.refresh}),
            "NotAuthorizedException",
            "Invalid Access Token".into(),
        ),
        (
            "GetUser",
            json!({"AccessToken": format!("{}x", tokens.access)}),
            "NotAuthorizedException",
            "Invalid Access Token".into(),
        ),
        (
            "GlobalSignOut",
            json!({"AccessToken": "junk"}),
            "NotAuthorizedException",
            "Invalid Access Token".into(),
        ),
        (
            "RevokeToken",
            json!({"Token": tokens.access, "ClientId": client}),
            "UnsupportedTokenTypeException",
            "Unsupported token type.".into(),
        ),
        (
            "RevokeToken",
            json!({"ClientId": client}),
            "InvalidParameterException",
            missing("Token"),
        ),
        (
            "Nothing",
            json!({}),
            "UnknownOperationException",
            String::new(),
        ),
    ];
    for (operation, body, kind, message) in rows {
        let answer = call(&server, operation, body.clone()).await;
        assert_eq!(
            error(&answer),
            (400, kind.to_owned(), message),
            "{operation} {body}"
        );
        assert!(
            !answer.text().contains(&server.credential("password")),
            "{operation} {body}"
        );
    }
}

#[tokio::test]
async fn bodies_and_targets_that_cannot_be_read() {
    let server = start().await;
    let target = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\n";
    for body in ["", "[]", "{", "\"x\"", "\u{feff}{}"] {
        assert_eq!(
            error(&server.request("POST /", target, body).await).1,
            "SerializationException",
            "{body:?}"
        );
    }
    for target in [
        "",
        "X-Amz-Target: InitiateAuth\r\n",
        "X-Amz-Target: AWSCognitoIdentityService.InitiateAuth\r\n",
    ] {
        assert_eq!(
            error(&server.request("POST /", target, "{}").await).1,
            "UnknownOperationException",
            "{target}"
        );
    }
}

/// VEN-04 and BAS-10: byte for byte the same, but for the id of the request.
#[tokio::test]
async fn an_unknown_user_looks_like_a_wrong_password() {
    let server = start().await;
    let shown = |answer: Answer| {
        let headers: Vec<_> = answer
            .headers
            .into_iter()
            .filter(|(name, _)| name != "x-amzn-requestid")
            .collect();
        (answer.status, headers, answer.body)
    };
    let unknown = shown(login_as(&server, "nobody", "Vector1!pass").await);
    assert_eq!(
        unknown,
        shown(login_as(&server, "scribe-user", "Vector1!pass").await)
    );
    server.set("prevent_user_existence_errors", "legacy");
    let named = login_as(&server, "nobody", "Vector1!pass").await;
    assert_eq!(
        error(&named),
        (
            400,
            "UserNotFoundException".into(),
            "User does not exist.".into()
        )
    );
    server.set("refresh_junk_dot", true);
    assert_eq!(
        error(&refresh(&server, "junk").await),
        not_authorized("Invalid Refresh Token.")
    );
}

/// A client may be barred from a flow; a user that was disabled meanwhile gets nothing more.
#[tokio::test]
async fn principals_that_change_are_looked_at_anew() {
    let server = start().await;
    let tokens = login(&server).await;
    let mut principals = server.document().principals;
    principals["users"][0]["state"] = "disabled".into();
    principals["clients"][1]["flows"] = json!(["REFRESH_TOKEN_AUTH"]);
    server
        .change_principals(principals.clone())
        .expect("of its shape");
    assert_eq!(
        error(&refresh(&server, &tokens.refresh).await),
        not_authorized("User is disabled.")
    );
    let mut body = initiate(
        &server,
        "scribe-second-user",
        &member(&server, "users", 1, "password"),
    );
    body["ClientId"] = principals["clients"][1]["client_id"].clone();
    let barred = call(&server, "InitiateAuth", body).await;
    assert_eq!(
        error(&barred),
        (
            400,
            "InvalidParameterException".into(),
            "USER_PASSWORD_AUTH flow not enabled for this client".into()
        )
    );
    principals["users"][0]["stat"] = "x".into();
    assert!(
        server
            .change_principals(principals)
            .expect_err("a typo")
            .contains("stat")
    );
}

/// What clients sent and what they were given never reaches the journal, not even where a refusal
/// repeats it.
#[tokio::test]
async fn the_journal_holds_no_secret() {
    let server = start().await;
    let tokens = login(&server).await;
    let aws = aws(&server, &tokens.id).await;
    let target = "/v1/tasks?includePresigned=True";
    assert_eq!(signed(&server, &aws, "GET", target, "").await.status, 200);
    let mut headers = signature(&server, &aws, "GET", target, &[], b"");
    headers.push(("X-Extra".into(), "1".into()));
    let refused = server
        .request("DELETE /v1/tasks/x", &lines(&headers), "")
        .await;
    assert!(
        refused.text().contains(&aws.token),
        "the reply shows the canonical request"
    );
    server
        .request(
            "GET /v1/tasks",
            "Authorization: Bearer canary-bearer-1\r\n",
            "",
        )
        .await;
    server
        .request("GET /v1/tasks", "Authorization: canary-raw-2\r\n", "")
        .await;
    server
        .request(
            "GET /v1/tasks",
            "Authorization: AWS4-HMAC-SHA256 canary-word-3\r\n",
            "",
        )
        .await;
    server
        .request(
            "GET /v2/tasks",
            &format!("Authorization: {}\r\n", tokens.access),
            "",
        )
        .await;
    login_as(&server, "scribe-user", "canary-password-4").await;
    call(&server, "ChangePassword", json!({"AccessToken": tokens.access, "PreviousPassword": "canary-5", "ProposedPassword": "canary-6"})).await;
    revoke(&server, &tokens.refresh).await;
    let journal =
        serde_json::to_string(&server.stage.find(&locum_core::Filter::default())).expect("JSON");
    let password = server.credential("password");
    for secret in [
        &tokens.access,
        &tokens.id,
        &tokens.refresh,
        &aws.token,
        &aws.secret,
        &password,
    ] {
        assert!(!journal.contains(secret.as_str()), "{secret}");
    }
    assert!(
        !journal.contains("canary-"),
        "{:?}",
        journal
            .find("canary-")
            .map(|at| &journal[at.saturating_sub(200)..at + 20])
    );
    assert!(journal.contains("«aws credentials"));
}
