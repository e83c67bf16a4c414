//! Logins: tokens, challenges, passwords.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::Secret;

use super::super::totp;
use super::*;

/// §3.1: the reply of InitiateAuth, the tokens replaced; §3.2: the request as boto3 sends it.
#[tokio::test]
async fn a_login_passes_as_printed() {
    let server = start().await;
    let body = format!(
        r#"{{"ClientId": "{}", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {{"USERNAME": "{}", "PASSWORD": "{}"}}}}"#,
        server.credential("client_id"),
        server.credential("username"),
        server.credential("password"),
    );
    let raw = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: identity\r\nX-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nContent-Type: application/x-amz-json-1.1\r\nUser-Agent: Boto3/1.44.5 md/Botocore#1.44.5\r\namz-sdk-invocation-id: 5a0c3a67-53c8-4f37-a0b6-1bfb7a0a4c0e\r\namz-sdk-request: attempt=1; max=3\r\nContent-Length: {}\r\n\r\n{body}",
        server.host(),
        body.len()
    );
    let answer = server.send(raw).await;
    let tokens = tokens(&answer);
    let shown = [
        (&tokens.access, "…A"),
        (&tokens.id, "…I"),
        (&tokens.refresh, "…R"),
    ];
    let shown = shown.iter().fold(answer.text(), |text, (token, name)| {
        text.replace(*token, name)
    });
    assert_eq!(answer.status, 200);
    assert_eq!(
        shown,
        r#"{"AuthenticationResult":{"AccessToken":"…A","ExpiresIn":1800,"IdToken":"…I","RefreshToken":"…R","TokenType":"Bearer"},"ChallengeParameters":{}}"#
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert!(answer.header("x-amzn-errortype").is_none());
    assert!(
        tokens
            .refresh
            .starts_with("eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIi")
    );
    assert_eq!(tokens.refresh.split('.').count(), 5);
}

/// Old boto3 signs these operations, browsers ask first, Node spells headers in lower case.
#[tokio::test]
async fn callers_differ_in_what_they_send_besides() {
    let server = start().await;
    let body = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": server.credential("client_id"),
        "AuthParameters": {"USERNAME": "scribe-user@example.com", "PASSWORD": server.credential("password")},
        "ClientMetadata": {},
    });
    let headers = "x-amz-target: AWSCognitoIdentityProviderService.InitiateAuth\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-user-agent: aws-sdk-js/3.1168.0\r\nauthorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=x, Signature=y\r\n";
    assert_eq!(
        server
            .request("POST /cognito", headers, body.to_string())
            .await
            .status,
        200
    );
    let asked = server
        .request(
            "OPTIONS /",
            "Origin: http://app\r\nAccess-Control-Request-Method: POST\r\n",
            "",
        )
        .await;
    assert_eq!(
        (asked.status, asked.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    assert!(
        asked
            .header("access-control-allow-headers")
            .is_some_and(|names| names.contains("x-amz-target"))
    );
}

/// Header and claims of a token, its signature checked against the key set that is published.
async fn claims(server: &TestServer, token: &str) -> (Value, Value) {
    let path = format!(
        "GET /{}/.well-known/jwks.json",
        parameter(server, "user_pool_id")
    );
    let jwks = server.request(&path, "", "").await.json();
    let part = |at: usize| {
        let part = token.split('.').nth(at).expect("a segment");
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).expect("base64url"))
            .expect("JSON")
    };
    let (header, claims) = (part(0), part(1));
    let keys = jwks["keys"].as_array().expect("keys");
    let key = keys
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key is published");
    let key = jsonwebtoken::DecodingKey::from_rsa_components(
        key["n"].as_str().expect("n"),
        key["e"].as_str().expect("e"),
    )
    .expect("a key");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let algorithm = jsonwebtoken::Algorithm::RS256;
    assert_eq!(
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm),
        Ok(true)
    );
    (header, claims)
}

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// §3.4
#[tokio::test]
async fn tokens_have_cognitos_members_and_no_others() {
    let server = start().await;
    let tokens = login(&server).await;
    let (access_header, access) = claims(&server, &tokens.access).await;
    let (id_header, id) = claims(&server, &tokens.id).await;
    assert_eq!(
        (names(&access_header), names(&id_header)),
        (vec!["alg", "kid"], vec!["alg", "kid"])
    );
    assert_ne!(access_header["kid"], id_header["kid"]);
    assert_eq!(
        names(&access),
        [
            "auth_time",
            "client_id",
            "event_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "origin_jti",
            "scope",
            "sub",
            "token_use",
            "username"
        ]
    );
    assert_eq!(
        names(&id),
        [
            "aud",
            "auth_time",
            "cognito:username",
            "email",
            "email_verified",
            "event_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "origin_jti",
            "sub",
            "token_use"
        ]
    );
    let issuer = format!(
        "https://cognito-idp.eu-west-2.amazonaws.com/{}",
        parameter(&server, "user_pool_id")
    );
    assert_eq!(
        (&access["iss"], &id["iss"]),
        (&json!(issuer), &json!(issuer))
    );
    assert_eq!(id["aud"], access["client_id"]);
    assert_eq!(
        access["exp"].as_i64().expect("exp") - access["iat"].as_i64().expect("iat"),
        1800
    );
    assert_eq!(
        (&access["token_use"], &id["token_use"]),
        (&json!("access"), &json!("id"))
    );
    assert_eq!(access["origin_jti"], id["origin_jti"]);
    assert_ne!(access["jti"], id["jti"]);
    let path = format!(
        "GET /{}/.well-known/openid-configuration",
        parameter(&server, "user_pool_id")
    );
    assert_eq!(server.request(&path, "", "").await.json()["issuer"], issuer);
}

/// §6: "Refresh keeps origin_jti and auth_time, gives a new jti, returns no RefreshToken".
#[tokio::test]
async fn a_refresh_keeps_the_login_and_returns_no_refresh_token() {
    let server = start().await;
    let first = login(&server).await;
    server.advance(600.0);
    for flow in ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"] {
        let body = json!({"ClientId": server.credential("client_id"), "AuthFlow": flow, "AuthParameters": {"REFRESH_TOKEN": first.refresh}});
        let answer = call(&server, "InitiateAuth", body).await;
        let second = tokens(&answer);
        assert!(
            answer.json()["AuthenticationResult"]
                .get("RefreshToken")
                .is_none()
        );
        let ((_, old), (_, new)) = (
            claims(&server, &first.access).await,
            claims(&server, &second.access).await,
        );
        assert_eq!(
            (&old["origin_jti"], &old["auth_time"]),
            (&new["origin_jti"], &new["auth_time"])
        );
        assert_ne!(old["jti"], new["jti"]);
        assert_eq!(
            new["iat"].as_i64(),
            old["iat"].as_i64().map(|iat| iat + 600)
        );
        assert_eq!(get_user(&server, &second.access).await.status, 200);
    }
}

/// §6: access and id tokens 30 minutes, the refresh token 30 days.
#[tokio::test]
async fn tokens_die_at_their_second() {
    let server = start().await;
    // On a whole second, since exp counts those.
    let now = server.stage.clock.now().as_seconds();
    let now = locum_core::Timestamp::from_seconds(now + 1);
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(now));
    let tokens = login(&server).await;
    server.advance(1799.0);
    assert_eq!(get_user(&server, &tokens.access).await.status, 200);
    server.advance(1.0);
    assert_eq!(
        error(&get_user(&server, &tokens.access).await),
        not_authorized("Access Token has expired")
    );
    server.advance(2_592_000.0 - 1801.0);
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 200);
    server.advance(1.0);
    assert_eq!(
        error(&refresh(&server, &tokens.refresh).await),
        not_authorized("Refresh Token has expired")
    );
}

fn session(answer: &Answer) -> String {
    answer.json()["Session"]
        .as_str()
        .expect("a session")
        .to_owned()
}

fn new_password(server: &TestServer, session: &str, password: &str) -> Value {
    json!({
        "ClientId": server.credential("client_id"),
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": {
            "USER_ID_FOR_SRP": "scribe-temporary-user", "USERNAME": "scribe-temporary-user", "NEW_PASSWORD": password,
        },
    })
}

/// Answers the challenge of a temporary password.
async fn choose_password(server: &TestServer, session: &str, password: &str) -> Answer {
    let body = new_password(server, session, password);
    call(server, "RespondToAuthChallenge", body).await
}

/// SS-14 to SS-17: nothing but a challenge before the temporary password has been changed.
#[tokio::test]
async fn a_temporary_password_gives_a_challenge_and_a_new_password_gives_tokens() {
    let server = start().await;
    let answer = password_login(&server, 2).await;
    let session = session(&answer);
    assert_eq!(
        answer.text().replace(&session, "AYABe…"),
        r#"{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"USER_ID_FOR_SRP":"scribe-temporary-user","requiredAttributes":"[]","userAttributes":"{\"email\":\"scribe-temporary-user@example.com\"}"},"Session":"AYABe…"}"#
    );
    assert!((20..=4096).contains(&session.len()));
    let weak = call(
        &server,
        "RespondToAuthChallenge",
        new_password(&server, &session, "short1!A".get(..7).expect("ASCII")),
    )
    .await;
    assert_eq!(error(&weak).1, "InvalidPasswordException");
    let node = json!({
        "ClientId": server.credential("client_id"), "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session,
        "ChallengeResponses": {"username": "scribe-temporary-user", "newPassword": "Vector1!pass", "userIdSRP": "x", "requiredAttributes": "[]"},
    });
    let node = call(&server, "RespondToAuthChallenge", node).await;
    assert_eq!(
        error(&node),
        (
            400,
            "InvalidParameterException".into(),
            "Missing required parameter USERNAME".into()
        )
    );
    let done = choose_password(&server, &session, "Vector1!pass").await;
    assert_eq!(get_user(&server, &tokens(&done).access).await.status, 200);
    let again = choose_password(&server, &session, "Vector2!pass").await;
    assert_eq!(
        error(&again),
        not_authorized("Invalid session for the user, session can only be used once.")
    );
    assert!(
        !tokens(&login_as(&server, "scribe-temporary-user", "Vector1!pass").await)
            .access
            .is_empty()
    );
}

#[tokio::test]
async fn sessions_and_temporary_passwords_end() {
    let server = start().await;
    let first = session(&password_login(&server, 2).await);
    server.advance(180.0);
    let late = choose_password(&server, &first, "Vector1!pass").await;
    assert_eq!(
        error(&late),
        not_authorized("Invalid session for the user, session is expired.")
    );
    let forged = choose_password(&server, "AYABeforged-forged-forged", "Vector1!pass").await;
    assert_eq!(
        error(&forged),
        not_authorized("Invalid session for the user.")
    );
    server.advance(7.0 * 86_400.0);
    let old = password_login(&server, 2).await;
    assert_eq!(
        error(&old),
        not_authorized("Temporary password has expired and must be reset by an administrator.")
    );
}

fn code(server: &TestServer, seconds_ago: i64) -> String {
    let secret = Secret::new(member(server, "users", 4, "totp_secret"));
    let at =
        locum_core::Timestamp::from_seconds(server.stage.clock.now().as_seconds() - seconds_ago);
    totp::code(
        &totp::base32(secret.expose()).expect("base32"),
        totp::step(at),
    )
}

/// A code as Python sends it; with `extra` as Node does.
async fn answer_code(server: &TestServer, code: &str, extra: bool) -> Answer {
    let challenge = password_login(server, 4).await;
    assert_eq!(challenge.json()["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    let mut responses = json!({"SOFTWARE_TOKEN_MFA_CODE": code, "USERNAME": "scribe-totp-user"});
    if extra {
        responses["SMS_MFA_CODE"] = code.into();
    }
    let body = json!({
        "ClientId": server.credential("client_id"), "ChallengeName": "SOFTWARE_TOKEN_MFA",
        "Session": session(&challenge), "ChallengeResponses": responses,
        "ClientMetadata": {"FRIENDLY_DEVICE_NAME": "dev"},
    });
    call(server, "RespondToAuthChallenge", body).await
}

#[tokio::test]
async fn a_code_of_the_authenticator_works_once_and_not_when_it_is_old() {
    let server = start().await;
    let old = answer_code(&server, &code(&server, 61), false).await;
    assert_eq!(
        error(&old),
        (
            400,
            "CodeMismatchException".into(),
            "Invalid code received for user".into()
        )
    );
    assert!(
        !tokens(&answer_code(&server, &code(&server, 0), true).await)
            .access
            .is_empty()
    );
    let again = answer_code(&server, &code(&server, 0), false).await;
    assert_eq!(
        error(&again),
        (
            400,
            "ExpiredCodeException".into(),
            "Your software token has already been used once.".into()
        )
    );
    server.set("mfa_reuse", "code_mismatch");
    assert_eq!(
        error(&answer_code(&server, &code(&server, 0), false).await).1,
        "CodeMismatchException"
    );
    server.set("mfa_reuse", "accept");
    assert_eq!(
        answer_code(&server, &code(&server, 0), false).await.status,
        200
    );
    server.set("mfa_reuse", "expired_code");
    server.advance(61.0);
    assert_eq!(
        answer_code(&server, &code(&server, 0), false).await.status,
        200
    );
}

/// §3.2, change_password without a challenge; §4: the previous password before the policy.
#[tokio::test]
async fn a_password_is_changed_with_the_access_token() {
    let server = start().await;
    let tokens = login(&server).await;
    let change = |access: &str, previous: &str, proposed: &str| json!({"PreviousPassword": previous, "ProposedPassword": proposed, "AccessToken": access});
    let password = server.credential("password");
    let rows = [
        (
            change(&tokens.id, &password, "Vector1!pass"),
            "NotAuthorizedException",
            "Invalid Access Token",
        ),
        (
            change("junk", &password, "Vector1!pass"),
            "NotAuthorizedException",
            "Invalid Access Token",
        ),
        (
            change(&tokens.access, "wrong", "weak"),
            "NotAuthorizedException",
            "Incorrect username or password.",
        ),
        (
            change(&tokens.access, &password, "weak"),
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
        ),
        (
            change(&tokens.access, "", "Vector1!pass"),
            "InvalidParameterException",
            "Missing required parameter OldPassword",
        ),
    ];
    for (body, kind, message) in rows {
        assert_eq!(
            error(&call(&server, "ChangePassword", body).await),
            (400, kind.to_owned(), message.to_owned())
        );
    }
    let done = call(
        &server,
        "ChangePassword",
        change(&tokens.access, &password, "Vector1!pass"),
    )
    .await;
    assert_eq!((done.status, done.text().as_str()), (200, "{}"));
    assert_eq!(
        error(&login_as(&server, "scribe-user", &password).await).1,
        "NotAuthorizedException"
    );
    assert_eq!(password_login(&server, 0).await.status, 200);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_with_the_code() {
    let server = start().await;
    let client = server.credential("client_id");
    let code = member(&server, "users", 1, "confirmation_code");
    let confirm = |code: &str| json!({"ClientId": client, "Username": "scribe-second-user", "ConfirmationCode": code, "Password": "Vector1!pass"});
    let none = call(&server, "ConfirmForgotPassword", confirm(&code)).await;
    assert_eq!(
        error(&none),
        (
            400,
            "ExpiredCodeException".into(),
            "Invalid code provided, please request a code again.".into()
        )
    );
    let sent = call(
        &server,
        "ForgotPassword",
        json!({"ClientId": client, "Username": "scribe-second-user"}),
    )
    .await;
    assert_eq!(
        sent.text(),
        r#"{"CodeDeliveryDetails":{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"s***@e***"}}"#
    );
    let wrong = call(&server, "ConfirmForgotPassword", confirm("not the code")).await;
    assert_eq!(
        error(&wrong),
        (
            400,
            "CodeMismatchException".into(),
            "Invalid verification code provided, please try again.".into()
        )
    );
    let done = call(&server, "ConfirmForgotPassword", confirm(&code)).await;
    assert_eq!((done.status, done.text().as_str()), (200, "{}"));
    assert_eq!(
        login_as(&server, "scribe-second-user", "Vector1!pass")
            .await
            .status,
        200
    );
    assert_eq!(
        call(&server, "ConfirmForgotPassword", confirm(&code))
            .await
            .status,
        400
    );
    // A demanded reset has sent its code already.
    assert_eq!(
        error(&password_login(&server, 6).await).1,
        "PasswordResetRequiredException"
    );
    let code = member(&server, "users", 6, "confirmation_code");
    let body = json!({"ClientId": client, "Username": "scribe-reset-user", "ConfirmationCode": code, "Password": "Vector1!pass"});
    assert_eq!(
        call(&server, "ConfirmForgotPassword", body).await.status,
        200
    );
    assert_eq!(password_login(&server, 6).await.status, 200);
}
