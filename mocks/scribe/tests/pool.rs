//! Revocation, and the identity pool.

use super::*;

/// SS-23 to SS-25, and the vendor's own live tests.
#[tokio::test]
async fn revocation_ends_one_login_and_no_other() {
    let server = start().await;
    let (first, other) = (login(&server).await, login(&server).await);
    let renewed = tokens(&refresh(&server, &first.refresh).await);
    let credentials = aws(&server, &first.id).await;
    let junk = revoke(&server, "refresh_token").await;
    assert_eq!((junk.status, junk.text().as_str()), (200, ""));
    assert_eq!(
        get_user(&server, &first.access).await.status,
        200,
        "junk revokes nothing"
    );
    let done = revoke(&server, &first.refresh).await;
    assert_eq!((done.status, done.text().as_str()), (200, ""));
    assert_eq!(
        error(&refresh(&server, &first.refresh).await),
        not_authorized("Refresh Token has been revoked")
    );
    for access in [&first.access, &renewed.access] {
        assert_eq!(
            error(&get_user(&server, access).await),
            not_authorized("Access Token has been revoked")
        );
        assert_eq!(
            server
                .request("GET /v2/tasks", &format!("Authorization: {access}\r\n"), "")
                .await
                .status,
            401
        );
    }
    for id in [&first.id, &renewed.id] {
        assert_eq!(
            error(&get_id(&server, id).await).1,
            "NotAuthorizedException"
        );
    }
    assert_eq!(
        revoke(&server, &first.refresh).await.status,
        200,
        "a second time"
    );
    assert_eq!(get_user(&server, &other.access).await.status, 200);
    assert_eq!(refresh(&server, &other.refresh).await.status, 200);
    assert_eq!(
        signed(&server, &credentials, "GET", "/v1/tasks", "")
            .await
            .status,
        200,
        "credentials live until their end"
    );
    assert!(!login(&server).await.refresh.is_empty());
}

/// AWS alone: a revoked JWT stays good wherever only its signature is looked at.
#[tokio::test]
async fn revocation_may_end_at_cognito() {
    let server = start().await;
    server.set("revocation", "cognito_only");
    let tokens = login(&server).await;
    revoke(&server, &tokens.refresh).await;
    let api = format!("Authorization: {}\r\n", tokens.access);
    assert_eq!(get_user(&server, &tokens.access).await.status, 400);
    assert_eq!(server.request("GET /v2/tasks", &api, "").await.status, 200);
    assert_eq!(get_id(&server, &tokens.id).await.status, 200);
    server.set("server_side_token_check", true);
    assert_eq!(get_id(&server, &tokens.id).await.status, 400);
}

#[tokio::test]
async fn another_clients_token_is_not_ended() {
    let server = start().await;
    let tokens = login(&server).await;
    let body =
        json!({"Token": tokens.refresh, "ClientId": member(&server, "clients", 1, "client_id")});
    assert_eq!(call(&server, "RevokeToken", body).await.status, 200);
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_global_sign_out_ends_all_logins_of_the_user() {
    let server = start().await;
    let (first, second) = (login(&server).await, login(&server).await);
    let stranger = tokens(&password_login(&server, 1).await);
    let done = call(
        &server,
        "GlobalSignOut",
        json!({"AccessToken": first.access}),
    )
    .await;
    assert_eq!((done.status, done.text().as_str()), (200, "{}"));
    for tokens in [&first, &second] {
        assert_eq!(get_user(&server, &tokens.access).await.status, 400);
        assert_eq!(refresh(&server, &tokens.refresh).await.status, 400);
    }
    assert_eq!(get_user(&server, &stranger.access).await.status, 200);
}

/// §3.1, GetId and GetCredentialsForIdentity.
#[tokio::test]
async fn an_identity_is_stable_and_gives_credentials() {
    let server = start().await;
    let (first, second) = (login(&server).await, login(&server).await);
    let stranger = tokens(&password_login(&server, 1).await);
    let own = identity(&server, &first.id).await;
    assert_eq!(own, identity(&server, &second.id).await);
    assert_ne!(own, identity(&server, &stranger.id).await);
    assert!(own.starts_with("eu-west-2:") && own.len() == 46);
    let answer = get_credentials(&server, &own, &first.id).await;
    let body = answer.json();
    let credentials = body["Credentials"].as_object().expect("an object");
    let names: Vec<&str> = credentials.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["AccessKeyId", "Expiration", "SecretKey", "SessionToken"]
    );
    let key = credentials["AccessKeyId"].as_str().expect("text");
    assert!(key.starts_with("ASIA") && key.len() == 20);
    let end = credentials["Expiration"].as_f64().expect("a number");
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
    let now = server.stage.clock.now().as_millis() as f64 / 1000.0;
    assert!((end - now - 3600.0).abs() < 0.01);
    assert_eq!(body["IdentityId"], own);
    server.set("enforce_expiry", false);
    let again = get_credentials(&server, &own, &first.id).await.json();
    let end = again["Credentials"]["Expiration"].as_f64();
    assert!((end.expect("a number") - now - 3600.0).abs() < 1.0);
    assert_ne!(
        again["Credentials"]["AccessKeyId"],
        body["Credentials"]["AccessKeyId"]
    );
}

/// §4, the identity pool's table, in its order.
#[tokio::test]
async fn refused_logins_of_the_identity_pool() {
    let server = start().await;
    let tokens = login(&server).await;
    let stranger = super::tokens(&password_login(&server, 1).await);
    let own = identity(&server, &tokens.id).await;
    let others = identity(&server, &stranger.id).await;
    let unknown = "eu-west-2:00000000-1111-2abc-3def-4444aaaa5555";
    let provider = format!(
        "cognito-idp.eu-west-2.amazonaws.com/{}",
        parameter(&server, "user_pool_id")
    );
    let (head, rest) = tokens.id.split_once('.').expect("a header");
    let tampered = format!("{head}.{}", rest.replacen(['A', 'B', 'C', 'D'], "E", 1));
    let foreign = locum_server::jwt::mint_hs256(
        &locum_server::keys::HmacKey::derive(0, "x"),
        r#"{"alg":"HS256"}"#,
        json!({"iss": format!("https://{provider}"), "aud": "x"})
            .as_object()
            .expect("an object"),
    );
    let elsewhere = locum_server::jwt::mint_hs256(
        &locum_server::keys::HmacKey::derive(0, "x"),
        r#"{"alg":"HS256"}"#,
        json!({"iss": "https://elsewhere"})
            .as_object()
            .expect("an object"),
    );
    let other_pool = "cognito-idp.eu-west-2.amazonaws.com/eu-west-2_ABCDEFGHI";
    let of_other_pool = locum_server::jwt::mint_hs256(
        &locum_server::keys::HmacKey::derive(0, "x"),
        r#"{"alg":"HS256"}"#,
        json!({"iss": format!("https://{other_pool}"), "aud": "x"})
            .as_object()
            .expect("an object"),
    );
    let misspelled = provider.replace("eu-west-2.", "eu_west_2.");
    let without_host = provider.replace("cognito-idp.eu-west-2.amazonaws.com", "(null)");
    let no = "NotAuthorizedException";
    let unsupported = "Token is not from a supported provider of this identity pool.".to_owned();
    let issuer = "Invalid login token. Issuer doesn't match providerName".to_owned();
    let rows = [
        (own.as_str(), json!({"accounts.google.com": tokens.id}), no, issuer.clone()),
        (&own, json!({&misspelled: tokens.id}), no, issuer.clone()),
        (&own, json!({&without_host: tokens.id}), no, issuer.clone()),
        (&own, json!({other_pool: tokens.id}), no, issuer.clone()),
        (&own, json!({&provider: of_other_pool}), no, issuer.clone()),
        (&own, json!({other_pool: of_other_pool}), no, unsupported.clone()),
        (&own, json!({&provider: tokens.id, "accounts.google.com": tokens.id}), no, issuer),
        (&own, json!({&misspelled: "id_token"}), no, "Invalid login token. Not a valid OpenId Connect identity token.".into()),
        (&own, json!({&provider: "id_token"}), no, "Invalid login token. Not a valid OpenId Connect identity token.".into()),
        (&own, json!({&provider: elsewhere}), no, "Invalid login token. Issuer doesn't match providerName".into()),
        (&own, json!({&provider: foreign}), no, "Invalid login token. Couldn't verify signed token.".into()),
        (&own, json!({&provider: tokens.access}), no, "Invalid login token. Missing a required claim: aud".into()),
        (&others, json!({&provider: tokens.id}), no, "Logins don't match. Please include at least one valid login for this identity or identity pool.".into()),
        (&own, json!({}), no, format!("Access to Identity '{own}' is forbidden.")),
        (unknown, json!({&provider: tokens.id}), "ResourceNotFoundException", format!("Identity '{unknown}' not found.")),
        (unknown, json!({&provider: "id_token"}), no, "Invalid login token. Not a valid OpenId Connect identity token.".into()),
    ];
    for (identity, logins, kind, message) in rows {
        let answer = call(
            &server,
            "GetCredentialsForIdentity",
            json!({"IdentityId": identity, "Logins": logins}),
        )
        .await;
        assert_eq!(error(&answer), (400, kind.to_owned(), message), "{logins}");
    }
    let broken = get_credentials(&server, &own, &tampered).await;
    assert_eq!(error(&broken).0, 400);
    let malformed = get_credentials(&server, "no identity", &tokens.id).await;
    assert_eq!(error(&malformed).1, "InvalidParameterException");
    let pool = json!({"IdentityPoolId": unknown, "Logins": {provider: tokens.id}});
    assert_eq!(
        error(&call(&server, "GetId", pool).await),
        (
            400,
            "ResourceNotFoundException".into(),
            format!("IdentityPool '{unknown}' not found.")
        )
    );
}

/// Field report 07: the journal names the key that was expected and the one that was received; a client
/// that the identity pool does not know is not a supported provider.
#[tokio::test]
async fn a_misspelt_key_of_logins_is_told_in_the_journal() {
    let server = start().await;
    let tokens = login(&server).await;
    let pool = parameter(&server, "user_pool_id");
    let misspelled = format!("cognito-idp.eu_west_2.amazonaws.com/{pool}");
    let body = json!({"IdentityPoolId": parameter(&server, "identity_pool_id"), "Logins": {&misspelled: tokens.id}});
    assert_eq!(
        error(&call(&server, "GetId", body).await),
        not_authorized("Invalid login token. Issuer doesn't match providerName")
    );
    let entries = server.stage.find(&locum_core::Filter::default());
    let denial = entries.last().and_then(|entry| entry.denial.clone());
    let denial = denial.expect("a denial");
    let expected = format!("cognito-idp.eu-west-2.amazonaws.com/{pool}");
    assert_eq!(denial.expected.as_deref(), Some(expected.as_str()));
    assert_eq!(denial.got.as_deref(), Some(misspelled.as_str()));

    let mut principals = server.document().principals;
    let clients = principals["clients"].as_array_mut().expect("a list");
    clients.remove(0);
    server.change_principals(principals).expect("of its shape");
    assert_eq!(
        error(&get_id(&server, &tokens.id).await),
        not_authorized("Token is not from a supported provider of this identity pool.")
    );
}

#[tokio::test]
async fn a_login_token_is_taken_for_five_minutes_after_its_end() {
    let server = start().await;
    let tokens = login(&server).await;
    server.advance(1800.0 + 298.0);
    assert_eq!(get_id(&server, &tokens.id).await.status, 200);
    server.advance(2.0);
    let (_, kind, message) = error(&get_id(&server, &tokens.id).await);
    assert_eq!(kind, "NotAuthorizedException");
    let numbers = message
        .strip_prefix("Invalid login token. Token expired: ")
        .and_then(|rest| rest.split_once(" >= "));
    let (now, exp) = numbers.expect("two numbers");
    let span = now.parse::<i64>().expect("a number") - exp.parse::<i64>().expect("a number");
    assert!((300..=301).contains(&span), "{message}");
}
