//! Introspection, revocation, logout, userinfo.

use super::*;

const LOGIN: &str = "grant_type=password&<locum-client>&<ada>&scope=openid";
const INACTIVE: &str = r#"{"active":false}"#;

async fn introspect(server: &TestServer, body: &str) -> Answer {
    post(server, "token/introspect", body).await
}

/// A request to `endpoint` and what answers it.
async fn check(
    server: &TestServer,
    endpoint: &str,
    body: &str,
    status: u16,
    expected: &str,
    headers: &str,
) {
    let answer = post(server, endpoint, body).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (status, expected),
        "{endpoint} {body}"
    );
    assert_eq!(lines(&answer), set(headers), "{endpoint} {body}");
}

async fn refresh(server: &TestServer, reply: &Value) -> String {
    let body = format!(
        "grant_type=refresh_token&<locum-client>&refresh_token={}",
        text(reply, "refresh_token")
    );
    let answer = post(server, "token", &body).await;
    let description = answer.json()["error_description"]
        .as_str()
        .map(str::to_owned);
    description.unwrap_or_default()
}

#[tokio::test]
async fn introspection_refuses_as_measured() {
    let server = TestServer::start(vendor()).await;
    let e = "token/introspect";
    let invalid = error(
        "invalid_client",
        "Invalid client or Invalid client credentials",
    );
    let failed = error("invalid_client", "Client authentication failed.");
    for nobody in [
        "token=x",
        "client_id=nobody&client_secret=x&token=x",
        "<locum-disabled>&token=x",
    ] {
        check(&server, e, nobody, 401, &invalid, H2).await;
    }
    check(
        &server,
        e,
        "client_id=locum-client&client_secret=wrong&token=garbage",
        401,
        &failed,
        H2,
    )
    .await;
    check(
        &server,
        e,
        "client_id=locum-client&token=garbage",
        401,
        &failed,
        H2,
    )
    .await;
    check(
        &server,
        e,
        "client_id=locum-app&token=garbage",
        403,
        &error("invalid_request", "Client not allowed."),
        H2,
    )
    .await;
    check(
        &server,
        e,
        "<locum-client>&token=a&token=b",
        400,
        &error("invalid_request", "duplicated parameter"),
        H2,
    )
    .await;
    check(
        &server,
        e,
        "<locum-client>",
        400,
        &error("invalid_request", "Token not provided."),
        H2,
    )
    .await;
    for hint in ["magic", ""] {
        check(
            &server,
            e,
            &format!("<locum-client>&token=x&token_type_hint={hint}"),
            400,
            &error("invalid_request", "Unsupported token type."),
            H2,
        )
        .await;
    }
    let h3 = format!("{H2}\nCache-Control: no-cache");
    for dead in ["", "garbage", "a.b.c"] {
        check(
            &server,
            e,
            &format!("<locum-client>&token={dead}"),
            200,
            INACTIVE,
            &h3,
        )
        .await;
    }
}

#[tokio::test]
async fn introspection_is_for_those_in_the_audience() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let access = text(&reply, "access_token");
    let ask = |client: &str, token: &str| format!("<{client}>&token={token}");
    assert_eq!(
        introspect(&server, &ask("locum-client", &access))
            .await
            .text(),
        INACTIVE
    );
    server.set("introspect_needs_aud", false);
    assert_eq!(
        introspect(&server, &ask("locum-client", &access))
            .await
            .json()["active"],
        true
    );
    server.set("introspect_needs_aud", true);

    let reply = tokens(
        &server,
        "grant_type=client_credentials&<locum-audience>&scope=openid",
    )
    .await;
    let access = text(&reply, "access_token");
    let answer = introspect(&server, &ask("locum-audience", &access))
        .await
        .json();
    assert_eq!(
        names(&answer),
        "exp iat jti iss aud sub typ azp acr realm_access resource_access scope email_verified preferred_username client_id username token_type active"
    );
    assert_eq!(answer["username"], "service-account-locum-audience");
    assert_eq!(
        introspect(&server, &ask("locum-second", &access))
            .await
            .text(),
        INACTIVE
    );
    let hinted = ask("locum-audience", &access) + "&token_type_hint=refresh_token";
    assert_eq!(introspect(&server, &hinted).await.text(), INACTIVE);
    let id = introspect(&server, &ask("locum-audience", &text(&reply, "id_token")))
        .await
        .json();
    assert_eq!(
        (&id["typ"], &id["token_type"], &id["active"]),
        (&"ID".into(), &"ID".into(), &true.into())
    );
    server.advance(300.0);
    assert_eq!(
        introspect(&server, &ask("locum-audience", &access))
            .await
            .text(),
        INACTIVE
    );
}

#[tokio::test]
async fn a_refresh_token_is_introspected_with_its_hint() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(
        &server,
        "grant_type=password&<locum-audience>&<ada>&scope=openid",
    )
    .await;
    let token = text(&reply, "refresh_token");
    let ask = |client: &str, hint: &str| format!("<{client}>&token={token}{hint}");
    assert_eq!(
        introspect(&server, &ask("locum-audience", "")).await.text(),
        INACTIVE
    );
    let foreign = ask("locum-second", "&token_type_hint=refresh_token");
    assert_eq!(introspect(&server, &foreign).await.text(), INACTIVE);
    let own = ask("locum-audience", "&token_type_hint=refresh_token");
    let answer = introspect(&server, &own).await.json();
    assert_eq!(
        names(&answer),
        "exp iat jti iss aud sub typ azp sid acr realm_access resource_access scope email_verified name preferred_username given_name family_name email client_id username token_type active"
    );
    assert_eq!(
        answer["aud"],
        serde_json::json!([answer["iss"], "locum-audience", "account"])
    );
    assert_eq!(
        (&answer["typ"], &answer["token_type"]),
        (&"Refresh".into(), &"Refresh".into())
    );
}

const H5: &str =
    "Content-Security-Policy: frame-src 'self'; frame-ancestors 'self'; object-src 'none';
    Referrer-Policy: no-referrer
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-Frame-Options: SAMEORIGIN
    X-Robots-Tag: none";

#[tokio::test]
async fn revocation_answers_as_measured() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    let (access, id) = (text(&reply, "access_token"), text(&reply, "id_token"));
    let wrong = |code: &str| error(code, "Invalid client or Invalid client credentials");
    check(
        &server,
        "revoke",
        "client_id=nobody&token=x",
        401,
        &wrong("invalid_client"),
        H2,
    )
    .await;
    check(
        &server,
        "revoke",
        &format!("client_id=locum-client&token={access}"),
        401,
        &wrong("unauthorized_client"),
        H2,
    )
    .await;
    check(
        &server,
        "revoke",
        "<locum-client>",
        400,
        &error("invalid_request", "Token not provided"),
        H2,
    )
    .await;
    check(
        &server,
        "revoke",
        "<locum-client>&token=x&token=y",
        400,
        &error("invalid_request", "duplicated parameter"),
        H2,
    )
    .await;
    let invalid = error("invalid_token", "Invalid token");
    let tampered = format!("{access}A");
    for bad in ["", "garbage", &tampered] {
        check(
            &server,
            "revoke",
            &format!("<locum-client>&token={bad}"),
            200,
            &invalid,
            H2,
        )
        .await;
    }
    let unsupported = error("unsupported_token_type", "Unsupported token type");
    for client in ["locum-client", "locum-second"] {
        let body = format!("<{client}>&token={id}");
        check(&server, "revoke", &body, 400, &unsupported, H2).await;
    }
    check(
        &server,
        "revoke",
        &format!("<locum-second>&token={access}"),
        400,
        &error("invalid_request", "Unmatching clients"),
        H2,
    )
    .await;
    assert_eq!(userinfo(&server, &access).await.0, 200);
    for hint in ["", "&token_type_hint=refresh_token"] {
        check(
            &server,
            "revoke",
            &format!("<locum-client>&token={access}{hint}"),
            200,
            "",
            H5,
        )
        .await;
    }
    let failed = r#"error="invalid_token", error_description="Token verification failed""#;
    assert_eq!(userinfo(&server, &access).await, (401, failed.to_owned()));
    assert_eq!(refresh(&server, &reply).await, "");
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_session_and_no_other() {
    let server = TestServer::start(vendor()).await;
    let (first, other) = (tokens(&server, LOGIN).await, tokens(&server, LOGIN).await);
    let old = text(&first, "refresh_token");
    let newer = tokens(
        &server,
        &format!("grant_type=refresh_token&<locum-client>&refresh_token={old}"),
    )
    .await;
    check(
        &server,
        "revoke",
        &format!("<locum-client>&token={old}"),
        200,
        "",
        H5,
    )
    .await;
    let gone = (
        401,
        r#"error="invalid_token", error_description="user_session_not_found""#.to_owned(),
    );
    for reply in [&first, &newer] {
        assert_eq!(userinfo(&server, &text(reply, "access_token")).await, gone);
        assert_eq!(refresh(&server, reply).await, "Session not active");
    }
    check(
        &server,
        "revoke",
        &format!("<locum-client>&token={old}"),
        200,
        &error("invalid_token", "Invalid token"),
        H2,
    )
    .await;
    assert_eq!(
        (
            userinfo(&server, &text(&other, "access_token")).await.0,
            refresh(&server, &other).await
        ),
        (200, String::new())
    );
    let offline = tokens(&server, &format!("{LOGIN}+offline_access")).await;
    check(
        &server,
        "revoke",
        &format!("<locum-client>&token={}", text(&offline, "refresh_token")),
        200,
        "",
        H5,
    )
    .await;
    assert_eq!(
        refresh(&server, &offline).await,
        "Offline user session not found"
    );
}

#[tokio::test]
async fn logout_by_refresh_token() {
    let server = TestServer::start(vendor()).await;
    let (first, other) = (tokens(&server, LOGIN).await, tokens(&server, LOGIN).await);
    let token = text(&first, "refresh_token");
    let invalid = error("invalid_grant", "Invalid refresh token");
    let tampered = format!("{token}A");
    for bad in [
        "",
        "garbage",
        &text(&first, "access_token"),
        &text(&first, "id_token"),
        &tampered,
    ] {
        check(
            &server,
            "logout",
            &format!("<locum-client>&refresh_token={bad}"),
            400,
            &invalid,
            H2,
        )
        .await;
    }
    let foreign = error(
        "invalid_grant",
        "Invalid refresh token. Token client and authorized client don't match",
    );
    check(
        &server,
        "logout",
        &format!("<locum-second>&refresh_token={token}"),
        400,
        &foreign,
        H2,
    )
    .await;
    let nobody = error(
        "invalid_client",
        "Invalid client or Invalid client credentials",
    );
    check(
        &server,
        "logout",
        &format!("client_id=nobody&refresh_token={token}"),
        401,
        &nobody,
        H2,
    )
    .await;
    assert_eq!(
        userinfo(&server, &text(&first, "access_token")).await.0,
        200
    );
    set_realm(&server, "enabled", false);
    for _ in 0..2 {
        check(
            &server,
            "logout",
            &format!("<locum-client>&refresh_token={token}"),
            204,
            "",
            &format!("{H5}\nCache-Control: no-cache"),
        )
        .await;
    }
    set_realm(&server, "enabled", true);
    let gone = r#"error="invalid_token", error_description="user_session_not_found""#;
    assert_eq!(
        userinfo(&server, &text(&first, "access_token")).await,
        (401, gone.to_owned())
    );
    assert_eq!(refresh(&server, &first).await, "Session not active");
    assert_eq!(
        (
            userinfo(&server, &text(&other, "access_token")).await.0,
            refresh(&server, &other).await
        ),
        (200, String::new())
    );
}

#[tokio::test]
async fn logout_by_browser() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    let hint = format!("id_token_hint={}", text(&reply, "id_token"));
    let to = "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let get = |query: String| {
        let server = &server;
        async move {
            server
                .request(&format!("GET {OIDC}/logout?{query}"), "", "")
                .await
        }
    };
    for (query, status, said) in [
        (String::new(), 200, "Logging out"),
        (
            "id_token_hint=garbage".to_owned(),
            400,
            "Invalid parameter: id_token_hint",
        ),
        (to.to_owned(), 400, "Missing parameters: id_token_hint"),
        (
            format!("{hint}&post_logout_redirect_uri=http://evil"),
            400,
            "Invalid redirect uri",
        ),
    ] {
        let answer = get(query.clone()).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.text().contains(said), "{query}: {}", answer.text());
    }
    let answer = get(format!("client_id=locum-client&{to}")).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("http://localhost:9/cb"))
    );
    assert_eq!(refresh(&server, &reply).await, "");
    let answer = get(format!("{hint}&{to}&state=s%201")).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("http://localhost:9/cb?state=s+1"))
    );
    assert_eq!(refresh(&server, &reply).await, "Session not active");
}

const H4: &str = "Cache-Control: no-store
    Pragma: no-cache
    Content-Type: text/plain;charset=utf-8
    Referrer-Policy: no-referrer
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-Robots-Tag: none";

#[tokio::test]
async fn userinfo_says_who_it_is() {
    let server = TestServer::start(vendor()).await;
    let user = text(&tokens(&server, LOGIN).await, "access_token");
    let client = text(&tokens(&server, CLIENT_LOGIN).await, "access_token");
    let line = format!("GET {OIDC}/userinfo");
    let answer = server
        .request(&line, &format!("Authorization: Bearer {user}\r\n"), "")
        .await;
    let sub = text(&answer.json(), "sub");
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"sub":"{sub}","email_verified":false,"name":"ada Locum","preferred_username":"ada","given_name":"ada","family_name":"Locum","email":"ada@example.org"}}"#
        )
    );
    assert_eq!(
        lines(&answer),
        set(&format!("{H1}\nCache-Control: no-cache"))
    );
    let answer = server
        .request(
            &format!("{line}/"),
            &format!("authorization: bEARER {client}\r\n"),
            "",
        )
        .await;
    let sub = text(&answer.json(), "sub");
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"sub":"{sub}","email_verified":false,"preferred_username":"service-account-locum-client"}}"#
        )
    );
    assert_eq!(
        post(&server, "userinfo", &format!("access_token={user}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn userinfo_refuses_as_measured() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, LOGIN).await;
    let live = text(&reply, "access_token");
    let get = format!("GET {OIDC}/userinfo");
    let none = r#"Bearer realm="copiloteu""#.to_owned();
    for header in [
        String::new(),
        "Bearer".into(),
        format!("Bearer  {live}"),
        format!("Bearer\t{live}"),
        format!("Bearer {live} x"),
        format!("Bearer Bearer {live}"),
        format!("Basic {live}"),
    ] {
        let headers = if header.is_empty() {
            String::new()
        } else {
            format!("Authorization: {header}\r\n")
        };
        let answer = server.request(&get, &headers, "").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (401, ""),
            "{header}"
        );
        assert_eq!(
            lines(&answer),
            set(&format!("{H4}\nWWW-Authenticate: {none}")),
            "{header}"
        );
    }
    assert_eq!(
        server
            .request(&format!("{get}?access_token={live}"), "", "")
            .await
            .header("www-authenticate"),
        Some(none.as_str())
    );
    let failed = r#"error="invalid_token", error_description="Token verification failed""#;
    for bad in [
        "garbage".to_owned(),
        format!("{live}A"),
        text(&reply, "id_token"),
        text(&reply, "refresh_token"),
        "eyJhbGciOiJub25lIn0.e30.".into(),
        "x".repeat(9000),
    ] {
        assert_eq!(
            userinfo(&server, &bad).await,
            (401, failed.to_owned()),
            "{bad}"
        );
    }
    let line_of_base = "GET /realms/base/protocol/openid-connect/userinfo";
    let answer = server
        .request(
            line_of_base,
            &format!("Authorization: Bearer {live}\r\n"),
            "",
        )
        .await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some(format!(r#"Bearer realm="base", {failed}"#).as_str())
    );
    let closed = text(
        &tokens(&server, "grant_type=client_credentials&<locum-client>").await,
        "access_token",
    );
    let scope = r#"error="insufficient_scope", error_description="Missing openid scope""#;
    assert_eq!(userinfo(&server, &closed).await, (403, scope.to_owned()));
    let twice = format!("Authorization: Bearer {live}\r\n").repeat(2);
    let answer = server.request(&get, &twice, "").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, r#"{"error":"HTTP 401 Unauthorized"}"#)
    );
    assert_eq!(lines(&answer), set(H1));
    let both = format!("{FORM}Authorization: Bearer {live}\r\n");
    let answer = server
        .request(
            &format!("POST {OIDC}/userinfo"),
            &both,
            format!("access_token={live}"),
        )
        .await;
    let method = r#"Bearer realm="copiloteu", error="invalid_request", error_description="More than one method used for including an access token""#;
    assert_eq!(answer.status, 400);
    let h10 = format!(
        "{H4}\nX-Frame-Options: SAMEORIGIN\nContent-Security-Policy: frame-src 'self'; frame-ancestors 'self'; object-src 'none';\nWWW-Authenticate: {method}"
    );
    assert_eq!(lines(&answer), set(&h10));
    let answer = post(
        &server,
        "userinfo",
        &format!("access_token={live}&access_token={live}"),
    )
    .await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            r#"Bearer realm="copiloteu", error="invalid_request", error_description="Duplicate parameter""#
        )
    );
}
