//! Each evil twin does its one thing wrong, and the honest vendor does not.

use super::*;

/// What is looked at: a status or a text, for the honest vendor and for the twin.
async fn seen(server: &TestServer, what: &str) -> String {
    let tokens = login(server).await;
    let aws = aws(server, &tokens.id).await;
    let status = |answer: Answer| answer.status.to_string();
    let challenge = |session: &str| {
        json!({
            "ClientId": server.credential("client_id"), "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session,
            "ChallengeResponses": {"USERNAME": "scribe-temporary-user", "NEW_PASSWORD": "Vector1!pass"},
        })
    };
    match what {
        "access after revocation" => {
            revoke(server, &tokens.refresh).await;
            status(get_user(server, &tokens.access).await)
        }
        "refresh after revocation" => {
            revoke(server, &tokens.refresh).await;
            status(refresh(server, &tokens.refresh).await)
        }
        "temporary password" => {
            let answer = password_login(server, 2).await.json();
            answer
                .as_object()
                .expect("an object")
                .keys()
                .next()
                .expect("a member")
                .clone()
        }
        "forged session" => {
            status(call(server, "RespondToAuthChallenge", challenge("AYABeforged")).await)
        }
        "old session" => {
            let session = password_login(server, 2).await.json()["Session"]
                .as_str()
                .expect("text")
                .to_owned();
            server.advance(7200.0);
            status(call(server, "RespondToAuthChallenge", challenge(&session)).await)
        }
        "lifetime" => {
            password_login(server, 0).await.json()["AuthenticationResult"]["ExpiresIn"].to_string()
        }
        "old refresh token" => {
            server.advance(31.0 * 86_400.0);
            status(refresh(server, &tokens.refresh).await)
        }
        "id token as access token" => status(get_user(server, &tokens.id).await),
        "unknown user" => login_as(server, "nobody", "x").await.json()["__type"]
            .as_str()
            .expect("text")
            .to_owned(),
        "unsigned" => status(server.request("GET /v1/tasks", "", "").await),
        "tampered path" => {
            let headers = signature(server, &aws, "GET", "/v1/tasks/x", &[], b"");
            status(server.request("GET /v1/tasks", &lines(&headers), "").await)
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
                server,
                &aws,
                "POST",
                "/v1/tasks",
                &[("x-amz-content-sha256", &hash)],
                br#"{"filetype":"pdf"}"#,
            );
            status(
                server
                    .request("POST /v1/tasks", &lines(&headers), r#"{"filetype":"xls"}"#)
                    .await,
            )
        }
        "ten minutes old" => {
            let headers = signature(server, &aws, "GET", "/v1/tasks", &[], b"");
            server.advance(600.0);
            status(server.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "no session token" => {
            let mut headers = signature(
                server,
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
            status(server.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "auth_time" => {
            server.advance(60.0);
            let renewed = super::tokens(&refresh(server, &tokens.refresh).await);
            let time = |token: &str| {
                locum_server::jwt::parse(token).expect("a token").claims["auth_time"].clone()
            };
            (time(&renewed.access) == time(&tokens.access)).to_string()
        }
        "other login after sign-out" => {
            let other = login(server).await;
            call(
                server,
                "GlobalSignOut",
                json!({"AccessToken": other.access}),
            )
            .await;
            status(get_user(server, &tokens.access).await)
        }
        "old presigned URL" => {
            let body = signed(server, &aws, "POST", "/v1/tasks", r#"{"filetype":"pdf"}"#)
                .await
                .json();
            let url = body["url"]
                .as_str()
                .expect("text")
                .replace(&format!("http://{}", server.host()), "");
            server.advance(7200.0);
            status(server.request(&format!("PUT {url}"), "", "x").await)
        }
        "ended credentials" => {
            server.advance(3601.0);
            status(signed(server, &aws, "GET", "/v1/tasks", "").await)
        }
        "another provider" => {
            let body = json!({"IdentityPoolId": parameter(server, "identity_pool_id"), "Logins": {"accounts.google.com": tokens.id}});
            status(call(server, "GetId", body).await)
        }
        "identity" => {
            let (first, second) = (
                identity(server, &tokens.id).await,
                identity(server, &tokens.id).await,
            );
            (first == second).to_string()
        }
        "unknown identity" => status(
            get_credentials(
                server,
                "eu-west-2:00000000-1111-2abc-3def-4444aaaa5555",
                &tokens.id,
            )
            .await,
        ),
        "unknown client" => {
            let body = json!({
                "ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": server.credential("username"), "PASSWORD": server.credential("password")},
            });
            status(call(server, "InitiateAuth", body).await)
        }
        "old password" => {
            let old = server.credential("password");
            let body = json!({"AccessToken": tokens.access, "PreviousPassword": old, "ProposedPassword": "Vector1!pass"});
            assert_eq!(call(server, "ChangePassword", body).await.status, 200);
            status(login_as(server, "scribe-user", &old).await)
        }
        "revocation of a token" => status(revoke(server, &tokens.refresh).await),
        "revocation of junk" => status(revoke(server, "junk").await),
        "other login after revocation" => {
            let other = login(server).await;
            revoke(server, &tokens.refresh).await;
            status(get_user(server, &other.access).await)
        }
        "wrong temporary password" => {
            status(login_as(server, "scribe-temporary-user", "Lo-wrong-Pass9").await)
        }
        "wrong password" => {
            status(login_as(server, &server.credential("username"), "Lo-wrong-Pass9").await)
        }
        "proof of nothing" => {
            let body = json!({
                "ClientId": server.credential("client_id"), "AuthFlow": "USER_SRP_AUTH",
                "AuthParameters": {"USERNAME": server.credential("username"), "SRP_A": "5a".repeat(384)},
            });
            let parameters =
                call(server, "InitiateAuth", body).await.json()["ChallengeParameters"].clone();
            let body = json!({
                "ClientId": server.credential("client_id"), "ChallengeName": "PASSWORD_VERIFIER",
                "ChallengeResponses": {
                    "USERNAME": parameters["USER_ID_FOR_SRP"],
                    "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
                    "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                    "TIMESTAMP": "Tue Nov 24 10:00:00 UTC 2026",
                },
            });
            status(call(server, "RespondToAuthChallenge", body).await)
        }
        "tokens of a refresh" => {
            server.advance(60.0);
            let renewed = super::tokens(&refresh(server, &tokens.refresh).await);
            (renewed.access == tokens.access, renewed.id == tokens.id)
                .eq(&(true, true))
                .to_string()
        }
        "right signature" => status(signed(server, &aws, "GET", "/v1/tasks", "").await),
        "another service" => {
            let headers = signature(server, &aws, "GET", "/v1/tasks", &[], b"");
            let headers: Vec<(String, String)> = headers
                .into_iter()
                .map(|(name, value)| (name, value.replace("execute-api", "s3")))
                .collect();
            let answer = server.request("GET /v1/tasks", &lines(&headers), "").await;
            String::from_utf8_lossy(&answer.body)
                .contains("Credential should be scoped")
                .to_string()
        }
        "unsigned headers" => {
            let mut headers = vec![("X-Locum-B".to_owned(), "1".to_owned())];
            headers.push(("X-Locum-A".to_owned(), "1".to_owned()));
            headers.extend(signature(server, &aws, "GET", "/v1/tasks", &[], b""));
            status(server.request("GET /v1/tasks", &lines(&headers), "").await)
        }
        "Expiration" => {
            let identity = identity(server, &tokens.id).await;
            let given = get_credentials(server, &identity, &tokens.id).await.json();
            let end = given["Credentials"]["Expiration"]
                .as_f64()
                .expect("a number");
            (end < 1e11).to_string()
        }
        "next refresh token" => {
            let next = login(server).await.refresh;
            let letters = next.chars().zip(tokens.refresh.chars());
            let different = letters.filter(|(one, other)| one != other).count();
            (different > 100).to_string()
        }
        "wrong previous password" => {
            let body = json!({"AccessToken": tokens.access, "PreviousPassword": "Lo-wrong-Pass9", "ProposedPassword": "Vector1!pass"});
            status(call(server, "ChangePassword", body).await)
        }
        "TokenType" => {
            password_login(server, 0).await.json()["AuthenticationResult"]["TokenType"].to_string()
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
        ("revoke-missing", "revocation of a token", "200", "500"),
        ("revoke-missing", "refresh after revocation", "400", "200"),
        ("revoke-junk-400", "revocation of junk", "200", "400"),
        ("revoke-junk-400", "revocation of a token", "200", "200"),
        (
            "revoke-everything",
            "other login after revocation",
            "200",
            "400",
        ),
        (
            "challenge-for-wrong-password",
            "wrong temporary password",
            "400",
            "200",
        ),
        (
            "challenge-for-wrong-password",
            "wrong password",
            "400",
            "400",
        ),
        ("any-srp-proof", "proof of nothing", "400", "200"),
        ("any-srp-proof", "wrong password", "400", "400"),
        (
            "refresh-returns-old",
            "tokens of a refresh",
            "false",
            "true",
        ),
        ("right-signature-refused", "right signature", "200", "403"),
        ("any-region", "another service", "true", "false"),
        ("header-order-matters", "unsigned headers", "200", "403"),
        ("header-order-matters", "right signature", "200", "200"),
        ("expiration-in-ms", "Expiration", "true", "false"),
        (
            "guessable-refresh-token",
            "next refresh token",
            "true",
            "false",
        ),
        (
            "previous-password-unchecked",
            "wrong previous password",
            "400",
            "200",
        ),
        (
            "previous-password-unchecked",
            "wrong password",
            "400",
            "400",
        ),
        ("no-token-type", "TokenType", "\"Bearer\"", "null"),
    ];
    for (twin, what, honest, wrong) in rows {
        let server = start().await;
        assert_eq!(
            seen(&server, what).await,
            honest,
            "the honest vendor: {what}"
        );
        let server = start().await;
        server.twin(twin);
        assert_eq!(seen(&server, what).await, wrong, "{twin}: {what}");
    }
    // The others are judged by the rows that they turn.
    let judged = include_str!("../../../tests/it/twins.tsv");
    let tested = |name: &str| {
        let is_judged = judged.contains(&format!("scribe\t{name}\t"));
        is_judged || rows.iter().any(|(twin, ..)| *twin == name)
    };
    for twin in super::super::twins::ALL.iter() {
        assert!(tested(twin.name), "nothing looks at {}", twin.name);
    }
}
