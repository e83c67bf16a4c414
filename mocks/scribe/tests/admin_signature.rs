//! The signature of the pool's administration: asked for first, and refused in Cognito's frame.

use super::*;

const SIGNED: [&str; 13] = [
    "AdminConfirmSignUp",
    "AdminCreateUser",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "AdminSetUserPassword",
    "AdminUserGlobalSignOut",
    "DescribeUserPool",
    "DescribeUserPoolClient",
    "ListUsers",
];

#[tokio::test]
async fn no_operation_of_an_administrator_is_served_unsigned() {
    let server = start().await;
    let before = server.document().principals;
    let missing = (
        400,
        "MissingAuthenticationTokenException".to_owned(),
        "Missing Authentication Token".to_owned(),
    );
    let body = json!({
        "UserPoolId": parameter(&server, "user_pool_id"),
        "Username": member(&server, "users", 0, "username"),
        "Password": "Chosen-1-password",
    });
    for operation in SIGNED {
        let answer = call(&server, operation, body.clone()).await;
        assert_eq!(error(&answer), missing, "{operation}");
    }
    // The signature is looked at before the body is.
    let target = "X-Amz-Target: AWSCognitoIdentityProviderService.AdminGetUser\r\n";
    assert_eq!(
        error(&server.request("POST /", target, "junk").await),
        missing
    );
    assert_eq!(server.document().principals, before);
    assert_eq!(password_login(&server, 0).await.status, 200);
}

#[tokio::test]
async fn each_fault_of_a_signature_has_its_class() {
    let server = start().await;
    let keys = administrator(&server);
    let body = json!({"UserPoolId": parameter(&server, "user_pool_id")}).to_string();
    let send = async |headers: &[(String, String)], body: &str| {
        error(
            &server
                .request("POST /", &lines(headers), body.to_owned())
                .await,
        )
    };
    let good = cognito_headers(&server, &keys, "DescribeUserPool", &body);
    let answer = server.request("POST /", &lines(&good), body.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    let changed = |from: &str, to: &str| {
        let mut headers = good.clone();
        for (_, value) in headers
            .iter_mut()
            .filter(|(name, _)| name == "authorization")
        {
            *value = value.replace(from, to);
        }
        headers
    };
    let with_secret = |secret: &str| {
        let keys = Aws {
            secret: secret.to_owned(),
            ..keys.clone()
        };
        cognito_headers(&server, &keys, "DescribeUserPool", &body)
    };
    let invalid = "InvalidSignatureException";
    let rows = [
        (
            changed("cognito-idp", "execute-api"),
            invalid,
            "Credential should be scoped to correct service: 'cognito-idp'. ",
        ),
        (
            changed("eu-west-2", "us-east-1"),
            invalid,
            "Credential should be scoped to a valid region, not 'us-east-1'. ",
        ),
        (
            changed("SignedHeaders=", "SignedHeaders=accept;"),
            "IncompleteSignatureException",
            "'accept' is named as a SignedHeader, but it does not exist in the HTTP request.",
        ),
        (
            changed(&keys.key, "AKIAUNKNOWN000000000"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            with_secret(&format!("{}\n", keys.secret)),
            invalid,
            "The request signature we calculated does not match",
        ),
        (
            changed("Credential=", "Credentials="),
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter.",
        ),
    ];
    for (headers, class, message) in rows {
        let (status, shown, text) = send(&headers, &body).await;
        assert_eq!((status, shown.as_str()), (400, class), "{message}");
        assert!(text.starts_with(message), "{text}");
    }
    let (_, class, text) = send(&good, &body.replace('{', "{ ")).await;
    assert_eq!(class, invalid, "{text}");
    server.advance(301.0);
    let (_, class, text) = send(&good, &body).await;
    assert_eq!(class, invalid);
    assert!(text.starts_with("Signature expired: "), "{text}");
}

/// Credentials of the identity pool are good credentials, and may not administer; an administrator's
/// key opens no task.
#[tokio::test]
async fn a_users_credentials_do_not_administer() {
    let server = start().await;
    let tokens = login(&server).await;
    let aws = aws(&server, &tokens.id).await;
    let answer = signed_call(&server, &aws, "ListUsers", json!({})).await;
    let (status, class, message) = error(&answer);
    assert_eq!((status, class.as_str()), (400, "AccessDeniedException"));
    assert!(message.contains("is not authorized to perform: cognito-idp:ListUsers on resource: arn:aws:cognito-idp:eu-west-2:"), "{message}");
    let stolen = Aws {
        token: String::new(),
        ..aws
    };
    let answer = signed_call(&server, &stolen, "ListUsers", json!({})).await;
    assert_eq!(error(&answer).1, "UnrecognizedClientException");
    let keys = administrator(&server);
    assert_eq!(
        signed(&server, &keys, "GET", "/v1/tasks", "").await.status,
        403
    );
}

/// Another administrator may be named, with a secret of the caller's choice.
#[tokio::test]
async fn administrators_are_principals() {
    let server = start().await;
    let other = Aws {
        key: "AKIAOTHER00000000001".to_owned(),
        secret: "another/secret+of/an+administrator00000".to_owned(),
        token: String::new(),
    };
    assert_eq!(
        error(&signed_call(&server, &other, "ListUsers", json!({})).await).1,
        "UnrecognizedClientException"
    );
    let mut principals = server.document().principals;
    let list = principals["administrators"].as_array_mut().expect("a list");
    list.push(json!({"access_key_id": other.key, "secret_access_key": other.secret}));
    server.change_principals(principals).expect("of its shape");
    assert_eq!(
        signed_call(&server, &other, "ListUsers", json!({}))
            .await
            .status,
        200
    );
    assert_eq!(admin(&server, "ListUsers", json!({})).await.status, 200);
}
