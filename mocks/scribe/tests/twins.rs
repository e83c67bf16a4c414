//! Each evil twin does its one thing wrong, and the honest vendor does not.

use super::*;

/// What is looked at: a status or a text, for the honest vendor and for the twin.
async fn seen(bench: &Bench, what: &str) -> String {
    let tokens = login(bench).await;
    let aws = aws(bench, &tokens.id).await;
    let status = |answer: Answer| answer.status.to_string();
    let challenge = |session: &str| {
        json!({
            "ClientId": bench.credential("client_id"), "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session,
            "ChallengeResponses": {"USERNAME": "scribe-temporary-user", "NEW_PASSWORD": "Vector1!pass"},
        })
    };
    match what {
        "access after revocation" => {
            revoke(bench, &tokens.refresh).await;
            status(get_user(bench, &tokens.access).await)
        }
        "refresh after revocation" => {
            revoke(bench, &tokens.refresh).await;
            status(refresh(bench, &tokens.refresh).await)
        }
        "temporary password" => {
            let answer = password_login(bench, 2).await.json();
            answer
                .as_object()
                .expect("an object")
                .keys()
                .next()
                .expect("a member")
                .clone()
        }
        "forged session" => {
            status(call(bench, "RespondToAuthChallenge", challenge("AYABeforged")).await)
        }
        "old session" => {
            let session = password_login(bench, 2).await.json()["Session"]
                .as_str()
                .expect("text")
                .to_owned();
            bench.advance(7200.0);
            status(call(bench, "RespondToAuthChallenge", challenge(&session)).await)
        }
        "lifetime" => {
            password_login(bench, 0).await.json()["AuthenticationResult"]["ExpiresIn"].to_string()
        }
        "old refresh token" => {
            bench.advance(31.0 * 86_400.0);
            status(refresh(bench, &tokens.refresh).await)
        }
        "id token as access token" => status(get_user(bench, &tokens.id).await),
        "unknown user" => login_as(bench, "nobody", "x").await.json()["__type"]
            .as_str()
            .expect("text")
            .to_owned(),
        "unsigned" => status(bench.request("GET /v1/tasks", "", "").await),
        "tampered path" => {
            let headers = signature(bench, &aws, "GET", "/v1/tasks/x", &[], b"");
            status(bench.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "tampered body" => {
            // A signer that states the hash of the body in a signed header.
            let digest =
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, br#"{"filetype":"pdf"}"#);
            let hash: String = digest
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let headers = signature(
                bench,
                &aws,
                "POST",
                "/v1/tasks",
                &[("x-amz-content-sha256", &hash)],
                br#"{"filetype":"pdf"}"#,
            );
            status(
                bench
                    .request("POST /v1/tasks", &lines(&headers), r#"{"filetype":"xls"}"#)
                    .await,
            )
        }
        "ten minutes old" => {
            let headers = signature(bench, &aws, "GET", "/v1/tasks", &[], b"");
            bench.advance(600.0);
            status(bench.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "no session token" => {
            let mut headers = signature(
                bench,
                &Aws {
                    token: String::new(),
                    ..aws.clone()
                },
                "GET",
                "/v1/tasks",
                &[],
                b"",
            );
            headers.retain(|(name, _)| name != "x-amz-security-token");
            status(bench.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "auth_time" => {
            bench.advance(60.0);
            let renewed = super::tokens(&refresh(bench, &tokens.refresh).await);
            let time = |token: &str| {
                locum_server::jwt::parse(token).expect("a token").claims["auth_time"].clone()
            };
            (time(&renewed.access) == time(&tokens.access)).to_string()
        }
        "other login after sign-out" => {
            let other = login(bench).await;
            call(bench, "GlobalSignOut", json!({"AccessToken": other.access})).await;
            status(get_user(bench, &tokens.access).await)
        }
        "old presigned URL" => {
            let body = signed(bench, &aws, "POST", "/v1/tasks", r#"{"filetype":"pdf"}"#)
                .await
                .json();
            let url = body["url"]
                .as_str()
                .expect("text")
                .replace(&format!("http://{}", bench.host()), "");
            bench.advance(7200.0);
            status(bench.request(&format!("PUT {url}"), "", "x").await)
        }
        "ended credentials" => {
            bench.advance(3601.0);
            status(signed(bench, &aws, "GET", "/v1/tasks", "").await)
        }
        "another provider" => {
            let body = json!({"IdentityPoolId": parameter(bench, "identity_pool_id"), "Logins": {"accounts.google.com": tokens.id}});
            status(call(bench, "GetId", body).await)
        }
        "identity" => {
            let (first, second) = (
                identity(bench, &tokens.id).await,
                identity(bench, &tokens.id).await,
            );
            (first == second).to_string()
        }
        "unknown identity" => status(
            get_credentials(
                bench,
                "eu-west-2:00000000-1111-2abc-3def-4444aaaa5555",
                &tokens.id,
            )
            .await,
        ),
        "unknown client" => {
            let body = json!({
                "ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": bench.credential("username"), "PASSWORD": bench.credential("password")},
            });
            status(call(bench, "InitiateAuth", body).await)
        }
        "old password" => {
            let old = bench.credential("password");
            let body = json!({"AccessToken": tokens.access, "PreviousPassword": old, "ProposedPassword": "Vector1!pass"});
            assert_eq!(call(bench, "ChangePassword", body).await.status, 200);
            status(login_as(bench, "scribe-user", &old).await)
        }
        other => panic!("nothing looks at {other}"),
    }
}

#[tokio::test]
async fn each_twin_does_one_thing_wrong() {
    let rows = [
        ("revoke-noop", "access after revocation", "400", "200"),
        ("revoke-noop", "refresh after revocation", "400", "200"),
        (
            "revoke-refresh-only",
            "access after revocation",
            "400",
            "200",
        ),
        (
            "revoke-refresh-only",
            "refresh after revocation",
            "400",
            "400",
        ),
        (
            "temp-password-login",
            "temporary password",
            "ChallengeName",
            "AuthenticationResult",
        ),
        ("forged-session", "forged session", "400", "200"),
        ("session-never-ends", "old session", "400", "200"),
        ("hour-long-tokens", "lifetime", "1800", "3600"),
        ("refresh-forever", "old refresh token", "400", "200"),
        ("id-as-access", "id token as access token", "400", "200"),
        (
            "unknown-user-named",
            "unknown user",
            "NotAuthorizedException",
            "UserNotFoundException",
        ),
        ("unsigned-ok", "unsigned", "403", "200"),
        ("signature-shape-only", "tampered path", "403", "200"),
        ("body-not-covered", "tampered body", "403", "200"),
        ("body-not-covered", "tampered path", "403", "403"),
        ("skew-15-minutes", "ten minutes old", "403", "200"),
        ("session-token-optional", "no session token", "403", "200"),
        ("auth-time-moves", "auth_time", "true", "false"),
        (
            "sign-out-this-one",
            "other login after sign-out",
            "400",
            "200",
        ),
        ("presigned-for-ever", "old presigned URL", "403", "200"),
        ("ended-credentials-ok", "ended credentials", "403", "200"),
        ("any-provider", "another provider", "400", "200"),
        ("new-identity-each-time", "identity", "true", "false"),
        ("any-identity", "unknown identity", "400", "200"),
        ("any-client-id", "unknown client", "400", "200"),
        ("change-password-noop", "old password", "400", "200"),
    ];
    for (twin, what, honest, wrong) in rows {
        let bench = start().await;
        assert_eq!(
            seen(&bench, what).await,
            honest,
            "the honest vendor: {what}"
        );
        let bench = start().await;
        bench.twin(twin);
        assert_eq!(seen(&bench, what).await, wrong, "{twin}: {what}");
    }
    let tested = |name: &str| rows.iter().any(|(twin, ..)| *twin == name);
    assert!(
        super::super::twins::TWINS
            .iter()
            .all(|twin| tested(twin.name))
    );
}
