//! Administration of the user pool, as AWS's SDKs and test set-ups call it.

use super::*;

/// The members of a `UserType` beside its attributes.
async fn status(server: &TestServer, username: &str) -> (String, bool) {
    let user = admin(server, "AdminGetUser", json!({"Username": username})).await;
    assert_eq!(user.status, 200, "{}", user.text());
    let user = user.json();
    let status = user["UserStatus"].as_str().expect("text").to_owned();
    (status, user["Enabled"].as_bool().expect("a boolean"))
}

fn refused(answer: &Answer, kind: &str, message: &str) {
    assert_eq!(error(answer), (400, kind.to_owned(), message.to_owned()));
}

/// From AdminCreateUser to AdminDeleteUser.
#[tokio::test]
async fn the_life_of_a_user() {
    let server = start().await;
    let body = json!({
        "Username": "made", "TemporaryPassword": "Temporary-1", "MessageAction": "SUPPRESS",
        "UserAttributes": [{"Name": "email", "Value": "made@example.com"}, {"Name": "given_name", "Value": "Ada"}],
    });
    let made = admin(&server, "AdminCreateUser", body).await;
    let user = made.json()["User"].clone();
    let names: Vec<&str> = user
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "Attributes",
            "Enabled",
            "UserCreateDate",
            "UserLastModifiedDate",
            "UserStatus",
            "Username"
        ]
    );
    assert_eq!(
        (&user["UserStatus"], &user["Username"]),
        (&json!("FORCE_CHANGE_PASSWORD"), &json!("made"))
    );
    let attribute = |name: &str| {
        let list = user["Attributes"].as_array().expect("a list");
        let found = list.iter().find(|attribute| attribute["Name"] == name);
        found.map(|attribute| attribute["Value"].clone())
    };
    assert_eq!(attribute("given_name"), Some(json!("Ada")));
    assert!(attribute("sub").is_some_and(|sub| sub.as_str().is_some_and(|sub| sub.len() == 36)));
    let challenge = login_as(&server, "made", "Temporary-1").await.json();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");

    let set = json!({"Username": "made", "Password": "Permanent-1", "Permanent": true});
    let done = admin(&server, "AdminSetUserPassword", set).await;
    assert_eq!((done.status, done.text().as_str()), (200, "{}"));
    assert_eq!(
        status(&server, "made").await,
        ("CONFIRMED".to_owned(), true)
    );
    assert_eq!(login_as(&server, "made", "Temporary-1").await.status, 400);
    let tokens = tokens(&login_as(&server, "made@example.com", "Permanent-1").await);

    let name = json!({"Username": "made"});
    admin(&server, "AdminDisableUser", name.clone()).await;
    assert_eq!(
        status(&server, "made").await,
        ("CONFIRMED".to_owned(), false)
    );
    assert_eq!(
        error(&login_as(&server, "made", "Permanent-1").await),
        not_authorized("User is disabled.")
    );
    assert_eq!(
        error(&get_user(&server, &tokens.access).await),
        not_authorized("Access Token has been revoked")
    );
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 400);
    admin(&server, "AdminEnableUser", name.clone()).await;
    let tokens = super::tokens(&login_as(&server, "made", "Permanent-1").await);
    assert_eq!(get_user(&server, &tokens.access).await.status, 200);

    let signed_out = admin(&server, "AdminUserGlobalSignOut", name.clone()).await;
    assert_eq!((signed_out.status, signed_out.text().as_str()), (200, "{}"));
    assert_eq!(get_user(&server, &tokens.access).await.status, 400);
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 400);

    let tokens = super::tokens(&login_as(&server, "made", "Permanent-1").await);
    let deleted = admin(&server, "AdminDeleteUser", name.clone()).await;
    assert_eq!((deleted.status, deleted.text().as_str()), (200, ""));
    refused(
        &admin(&server, "AdminGetUser", name).await,
        "UserNotFoundException",
        "User does not exist.",
    );
    assert_eq!(
        error(&login_as(&server, "made", "Permanent-1").await),
        not_authorized("Incorrect username or password.")
    );
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 400);
    assert_eq!(get_user(&server, &tokens.access).await.status, 400);
}

/// A user that is disabled keeps the state it had, also when its password is set meanwhile.
#[tokio::test]
async fn a_disabled_user_keeps_its_state() {
    let server = start().await;
    let temporary = json!({"Username": "scribe-temporary-user"});
    admin(&server, "AdminDisableUser", temporary.clone()).await;
    admin(&server, "AdminDisableUser", temporary.clone()).await;
    let state = status(&server, "scribe-temporary-user").await;
    assert_eq!(state, ("FORCE_CHANGE_PASSWORD".to_owned(), false));
    admin(&server, "AdminEnableUser", temporary.clone()).await;
    let state = status(&server, "scribe-temporary-user").await;
    assert_eq!(state, ("FORCE_CHANGE_PASSWORD".to_owned(), true));
    admin(&server, "AdminDisableUser", temporary.clone()).await;
    let set =
        json!({"Username": "scribe-temporary-user", "Password": "Permanent-1", "Permanent": true});
    admin(&server, "AdminSetUserPassword", set).await;
    assert_eq!(
        error(&login_as(&server, "scribe-temporary-user", "Permanent-1").await),
        not_authorized("User is disabled.")
    );
    admin(&server, "AdminEnableUser", temporary).await;
    assert_eq!(
        login_as(&server, "scribe-temporary-user", "Permanent-1")
            .await
            .status,
        200
    );
    assert_eq!(
        status(&server, "scribe-unconfirmed-user").await.0,
        "UNCONFIRMED"
    );
    assert_eq!(
        status(&server, "scribe-reset-user").await.0,
        "RESET_REQUIRED"
    );
}

#[tokio::test]
async fn what_an_administrator_is_refused() {
    let server = start().await;
    let user = member(&server, "users", 0, "username");
    let other = "eu-west-2_ABCDEFGHI";
    let rows = [
        (
            "AdminCreateUser",
            json!({"Username": user}),
            "UsernameExistsException",
            "User account already exists",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "new", "UserAttributes": [{"Name": "email", "Value": "scribe-user@example.com"}]}),
            "UsernameExistsException",
            "An account with the given email already exists.",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "new", "TemporaryPassword": "short"}),
            "InvalidPasswordException",
            "Password did not conform with password policy: Password not long enough",
        ),
        (
            "AdminCreateUser",
            json!({"Username": user, "MessageAction": "RESEND"}),
            "UnsupportedUserStateException",
            "Resend not possible. scribe-user status is not FORCE_CHANGE_PASSWORD",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "nobody", "MessageAction": "RESEND"}),
            "UserNotFoundException",
            "User does not exist.",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "a b"}),
            "InvalidParameterException",
            "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "new", "UserAttributes": [{"Name": "sub", "Value": "x"}]}),
            "InvalidParameterException",
            "Cannot modify the non-mutable attribute sub",
        ),
        (
            "AdminCreateUser",
            json!({"Username": "new", "UserAttributes": [{"Name": "shoe", "Value": "x"}]}),
            "InvalidParameterException",
            "Attributes did not conform to the schema: Type for attribute {shoe} could not be determined",
        ),
        (
            "AdminCreateUser",
            json!({}),
            "InvalidParameterException",
            "Missing required parameter Username",
        ),
        (
            "AdminSetUserPassword",
            json!({"Username": "nobody", "Password": "Permanent-1"}),
            "UserNotFoundException",
            "User does not exist.",
        ),
        (
            "AdminSetUserPassword",
            json!({"Username": user, "Password": "permanent-1"}),
            "InvalidPasswordException",
            "Password did not conform with password policy: Password must have uppercase characters",
        ),
        (
            "AdminSetUserPassword",
            json!({"Username": user}),
            "InvalidParameterException",
            "Missing required parameter Password",
        ),
        (
            "AdminConfirmSignUp",
            json!({"Username": user}),
            "NotAuthorizedException",
            "User cannot be confirmed. Current status is CONFIRMED",
        ),
        (
            "AdminGetUser",
            json!({"Username": user, "UserPoolId": other}),
            "ResourceNotFoundException",
            "User pool eu-west-2_ABCDEFGHI does not exist.",
        ),
        (
            "AdminGetUser",
            json!({"Username": user, "UserPoolId": "pool"}),
            "InvalidParameterException",
            "1 validation error detected: Value 'pool' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+",
        ),
        (
            "DescribeUserPoolClient",
            json!({"ClientId": "nobody"}),
            "ResourceNotFoundException",
            "User pool client nobody does not exist.",
        ),
        (
            "ListUsers",
            json!({"Filter": "email = x"}),
            "InvalidParameterException",
            "Error while parsing filter.",
        ),
        (
            "ListUsers",
            json!({"Filter": "shoe = \"x\""}),
            "InvalidParameterException",
            "Invalid search attribute: shoe",
        ),
        (
            "ListUsers",
            json!({"Limit": 61}),
            "InvalidParameterException",
            "1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60",
        ),
        (
            "ListUsers",
            json!({"PaginationToken": "junk"}),
            "InvalidParameterException",
            "Invalid pagination token.",
        ),
    ];
    for (operation, body, kind, message) in rows {
        let answer = admin(&server, operation, body.clone()).await;
        assert_eq!(
            error(&answer),
            (400, kind.to_owned(), message.to_owned()),
            "{operation} {body}"
        );
    }
    let before = server.document().principals["users"]
        .as_array()
        .map(Vec::len);
    assert_eq!(before, Some(7), "no refused call has made a user");
}

/// RESEND gives a temporary password anew, and lets it live for its days from then on.
#[tokio::test]
async fn a_temporary_password_can_be_sent_again() {
    let server = start().await;
    server.advance(8.0 * 86_400.0);
    let old = member(&server, "users", 2, "password");
    let expired = login_as(&server, "scribe-temporary-user", &old).await;
    assert!(
        error(&expired)
            .2
            .starts_with("Temporary password has expired")
    );
    let again = json!({"Username": "scribe-temporary-user", "MessageAction": "RESEND"});
    assert_eq!(admin(&server, "AdminCreateUser", again).await.status, 200);
    let new = member(&server, "users", 2, "password");
    assert_ne!(new, old);
    assert_eq!(
        login_as(&server, "scribe-temporary-user", &old)
            .await
            .status,
        400
    );
    let challenge = login_as(&server, "scribe-temporary-user", &new)
        .await
        .json();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
}

#[tokio::test]
async fn users_are_listed_by_pages_and_filters() {
    let server = start().await;
    let names = |answer: &Answer| -> Vec<String> {
        let users = answer.json()["Users"].as_array().cloned().expect("a list");
        users
            .iter()
            .map(|user| user["Username"].as_str().expect("text").to_owned())
            .collect()
    };
    let all = admin(&server, "ListUsers", json!({})).await;
    assert_eq!(
        (names(&all).len(), all.json().get("PaginationToken")),
        (7, None)
    );
    let first = admin(&server, "ListUsers", json!({"Limit": 4})).await;
    let token = first.json()["PaginationToken"].clone();
    let second = admin(
        &server,
        "ListUsers",
        json!({"Limit": 4, "PaginationToken": token}),
    )
    .await;
    assert_eq!([names(&first), names(&second)].concat(), names(&all));
    assert_eq!(second.json().get("PaginationToken"), None);
    for (filter, expected) in [
        (r#"username = "scribe-user""#, vec!["scribe-user"]),
        (r#"email ^= "scribe-s""#, vec!["scribe-second-user"]),
        (r#"status = "Disabled""#, vec!["scribe-disabled-user"]),
        (
            r#"cognito:user_status = "force_change_password""#,
            vec!["scribe-temporary-user"],
        ),
        (r#"email = "nobody@example.com""#, vec![]),
    ] {
        let found = admin(&server, "ListUsers", json!({"Filter": filter})).await;
        assert_eq!(names(&found), expected, "{filter}");
    }
    let only = json!({"Limit": 1, "AttributesToGet": ["sub"]});
    let only = admin(&server, "ListUsers", only).await.json();
    let attributes = only["Users"][0]["Attributes"].as_array().expect("a list");
    assert_eq!(
        (attributes.len(), &attributes[0]["Name"]),
        (1, &json!("sub"))
    );
}

#[tokio::test]
async fn pool_and_clients_are_described() {
    let server = start().await;
    let pool = admin(&server, "DescribeUserPool", json!({})).await.json()["UserPool"].clone();
    assert_eq!(pool["Id"], parameter(&server, "user_pool_id"));
    assert_eq!(pool["Policies"]["PasswordPolicy"]["MinimumLength"], 8);
    assert_eq!(
        (&pool["EstimatedNumberOfUsers"], &pool["MfaConfiguration"]),
        (&json!(7), &json!("OPTIONAL"))
    );
    let id = server.credential("client_id");
    let client = admin(&server, "DescribeUserPoolClient", json!({"ClientId": id}))
        .await
        .json();
    let client = &client["UserPoolClient"];
    assert_eq!(
        (&client["ClientId"], &client["AccessTokenValidity"]),
        (&json!(id), &json!(1800))
    );
    assert_eq!(
        client["ExplicitAuthFlows"],
        json!([
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH"
        ])
    );
    assert_eq!(client["PreventUserExistenceErrors"], "ENABLED");
    assert_eq!(client.get("ClientSecret"), None);
}

/// A server logs a user in; its flow is not that of clients, and the other way round.
#[tokio::test]
async fn a_server_logs_a_user_in() {
    let server = start().await;
    let login = |client: usize, flow: &str, name: &str, password: &str| {
        json!({
            "ClientId": member(&server, "clients", client, "client_id"), "AuthFlow": flow,
            "AuthParameters": {"USERNAME": name, "PASSWORD": password},
        })
    };
    let password = member(&server, "users", 0, "password");
    let flow = "ADMIN_USER_PASSWORD_AUTH";
    for flow in [flow, "ADMIN_NO_SRP_AUTH"] {
        let answer = admin(
            &server,
            "AdminInitiateAuth",
            login(1, flow, "scribe-user", &password),
        )
        .await;
        assert_eq!(
            get_user(&server, &tokens(&answer).access).await.status,
            200,
            "{}",
            answer.text()
        );
    }
    let invalid = "InvalidParameterException";
    let other = admin(
        &server,
        "AdminInitiateAuth",
        login(0, flow, "scribe-user", &password),
    )
    .await;
    refused(&other, invalid, "Auth flow not enabled for this client");
    let other = admin(
        &server,
        "AdminInitiateAuth",
        login(1, "USER_PASSWORD_AUTH", "scribe-user", &password),
    )
    .await;
    refused(&other, invalid, "Initiate Auth method not supported.");
    let other = call(
        &server,
        "InitiateAuth",
        login(1, flow, "scribe-user", &password),
    )
    .await;
    refused(&other, invalid, "Initiate Auth method not supported.");
    for (name, password) in [
        ("scribe-user", "Wrong-1-password"),
        ("nobody", password.as_str()),
    ] {
        let other = admin(&server, "AdminInitiateAuth", login(1, flow, name, password)).await;
        assert_eq!(
            error(&other),
            not_authorized("Incorrect username or password.")
        );
    }
    let temporary = member(&server, "users", 2, "password");
    let challenge = admin(
        &server,
        "AdminInitiateAuth",
        login(1, flow, "scribe-temporary-user", &temporary),
    )
    .await
    .json();
    let answer = json!({
        "ClientId": member(&server, "clients", 1, "client_id"),
        "ChallengeName": challenge["ChallengeName"], "Session": challenge["Session"],
        "ChallengeResponses": {"USERNAME": "scribe-temporary-user", "NEW_PASSWORD": "Chosen-1-password"},
    });
    let answer = admin(&server, "AdminRespondToAuthChallenge", answer).await;
    assert!(!tokens(&answer).access.is_empty(), "{}", answer.text());
}

/// Neither an administrator's secret nor a password that it gave is in the journal.
#[tokio::test]
async fn the_journal_holds_no_secret_of_administration() {
    let server = start().await;
    let body = json!({"Username": "made", "TemporaryPassword": "Canary-1-password"});
    assert_eq!(admin(&server, "AdminCreateUser", body).await.status, 200);
    let set = json!({"Username": "made", "Password": "Canary-2-password", "Permanent": true});
    assert_eq!(
        admin(&server, "AdminSetUserPassword", set).await.status,
        200
    );
    admin(
        &server,
        "AdminSetUserPassword",
        json!({"Username": "made", "Password": "canary-3"}),
    )
    .await;
    let journal = serde_json::to_string(&server.stage.find(&locum_core::Filter::default()));
    let journal = journal.expect("JSON").to_lowercase();
    assert!(!journal.contains("canary-"));
    let secret = administrator(&server).secret.to_lowercase();
    assert!(!journal.contains(&secret));
}
