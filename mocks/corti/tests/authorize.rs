//! The authorization endpoint, its login page, and the code.

use super::*;

const BACK: &str = "http%3A%2F%2Flocalhost%3A9%2Fcb";
const ISS: &str = "https%3A%2F%2Fauth.beta-eu.corti.app%2Frealms%2Fcopiloteu";
/// RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) async fn get(server: &TestServer, query: &str, headers: &str) -> Answer {
    server
        .request(&format!("GET {OIDC}/auth?{query}"), headers, "")
        .await
}

/// A good query with more.
pub(super) fn query(more: &str) -> String {
    format!("response_type=code&client_id=locum-app&redirect_uri={BACK}&scope=openid{more}")
}

pub(super) fn cookie(answer: &Answer, name: &str) -> String {
    let lines = answer
        .headers
        .iter()
        .filter(|(header, _)| header == "set-cookie");
    let value = lines
        .map(|(_, value)| value.as_str())
        .find(|value| value.starts_with(name));
    value
        .expect("the cookie")
        .split(';')
        .next()
        .expect("a pair")
        .to_owned()
}

/// Shows the form and answers it.
pub(super) async fn log_in(server: &TestServer, query: &str, body: &str) -> Answer {
    let page = get(server, query, "").await;
    assert_eq!(page.status, 200, "{}", page.text());
    let headers = format!("{FORM}Cookie: {}\r\n", cookie(&page, "AUTH_SESSION_ID"));
    let form = page.text();
    let action = form
        .split("action=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an action");
    let path = action
        .trim_start_matches(&format!("http://{}", server.host()))
        .replace("&amp;", "&");
    server
        .request(&format!("POST {path}"), &headers, filled(server, body))
        .await
}

pub(super) fn code_of(answer: &Answer) -> String {
    let location = answer.header("location").expect("a way back");
    location.split("code=").nth(1).expect("a code").to_owned()
}

/// A code for the public client.
async fn code(server: &TestServer, more: &str) -> String {
    code_of(&log_in(server, &query(more), "<ada>").await)
}

pub(super) fn exchange(code: &str, more: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id=locum-app&code={code}&redirect_uri={BACK}{more}"
    )
}

async fn refused(server: &TestServer, body: &str, description: &str) {
    let answer = post(server, "token", body).await;
    assert_eq!(
        (answer.status, answer.text()),
        (400, error("invalid_grant", description)),
        "{body}"
    );
}

#[tokio::test]
async fn faults_are_shown_or_sent_back() {
    let server = TestServer::start(vendor()).await;
    for (query, said) in [
        ("", "Invalid Request"),
        ("client_id=nobody", "Client not found."),
        ("client_id=locum-disabled", "Client disabled."),
        (
            "client_id=locum-app&scope=openid",
            "Invalid parameter: redirect_uri",
        ),
        (
            "client_id=locum-app&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb%2F",
            "Invalid parameter: redirect_uri",
        ),
        (&query("&request=x"), "Invalid Request"),
    ] {
        let answer = get(&server, query, "").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{query}"
        );
        assert!(answer.text().contains(said), "{query}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("text/html;charset=utf-8")
        );
    }
    // Without `openid` the only registered address may be left out.
    let away = get(&server, "client_id=locum-app&response_type=code", "").await;
    assert_eq!(away.status, 200);
    let invalid = |text: &str| format!("error=invalid_request&error_description={text}");
    let base = format!("client_id=locum-app&redirect_uri={BACK}&scope=openid");
    for (query, sent) in [
        (base.clone(), invalid("Missing+parameter%3A+response_type")),
        (
            query("&response_mode=nix"),
            invalid("Invalid+parameter%3A+response_mode"),
        ),
        (query("&a=1&a=2"), invalid("duplicated+parameter")),
        (
            query("&code_challenge=short"),
            invalid("Invalid+parameter%3A+code_challenge"),
        ),
        (
            query(&format!(
                "&code_challenge={CHALLENGE}&code_challenge_method=s256"
            )),
            invalid("Invalid+parameter%3A+code_challenge_method"),
        ),
        (
            format!("{base}&response_type=nix"),
            "error=unsupported_response_type".to_owned(),
        ),
        (
            query("").replace("openid", "nix"),
            "error=invalid_scope&error_description=Invalid+scopes%3A+nix".to_owned(),
        ),
        (query("&prompt=none"), "error=login_required".to_owned()),
    ] {
        let answer = get(&server, &format!("{query}&state=s1"), "").await;
        assert_eq!(answer.status, 302, "{query}");
        assert_eq!(
            answer.header("location"),
            Some(format!("http://localhost:9/cb?{sent}&state=s1&iss={ISS}").as_str())
        );
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store, must-revalidate, max-age=0")
        );
    }
    let answer = get(&server, &format!("{base}&response_type=token"), "").await;
    assert!(answer.header("location").is_some_and(|to| to.starts_with(
        "http://localhost:9/cb#error=unauthorized_client&error_description=Client+is+not+allowed"
    )));
    set_client(&server, "locum-app", "standard_flow", false);
    let answer = get(&server, &query(""), "").await;
    assert!(
        answer
            .header("location")
            .is_some_and(|to| to.contains("Standard+flow+is+disabled+for+the+client."))
    );
}

#[tokio::test]
async fn pkce_may_be_demanded() {
    let server = TestServer::start(vendor()).await;
    set_client(&server, "locum-app", "pkce", "S256");
    for (more, said) in [
        ("", "Missing+parameter%3A+code_challenge_method"),
        (
            "&code_challenge_method=S256",
            "Missing+parameter%3A+code_challenge",
        ),
        (
            &format!("&code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "not+matching+the+configured+one",
        ),
    ] {
        let answer = get(&server, &query(more), "").await;
        assert!(
            answer
                .header("location")
                .is_some_and(|to| to.contains(said)),
            "{more}"
        );
    }
    assert_eq!(
        get(
            &server,
            &query(&format!(
                "&code_challenge={CHALLENGE}&code_challenge_method=S256"
            )),
            ""
        )
        .await
        .status,
        200
    );
}

#[tokio::test]
async fn a_login_goes_back_with_a_code() {
    let server = TestServer::start(vendor()).await;
    let answer = log_in(&server, &query("&state=s1&nonce=n-1"), "<ada>").await;
    let location = answer.header("location").expect("a way back").to_owned();
    let code = code_of(&answer);
    let parts: Vec<&str> = code.split('.').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [36, 24, 36]
    );
    assert_eq!(
        location,
        format!(
            "http://localhost:9/cb?state=s1&session_state={}&iss={ISS}&code={code}",
            parts[1]
        )
    );
    let reply = tokens(&server, &exchange(&code, "&scope=nix")).await;
    assert_eq!(text(&reply, "session_state"), parts[1]);
    assert_eq!(reply["scope"], "openid email profile");
    // Logged in before: 302 at once, the same session; prompt=login shows the form.
    let known = format!("Cookie: {}\r\n", cookie(&answer, "KEYCLOAK_IDENTITY"));
    let again = get(&server, &query(""), &known).await;
    assert_eq!(again.status, 302);
    assert_eq!(code_of(&again).split('.').nth(1), Some(parts[1]));
    assert_eq!(
        get(&server, &query("&prompt=login"), &known).await.status,
        200
    );
    assert_eq!(
        get(&server, &query("&max_age=10"), &known).await.status,
        302
    );
    server.advance(11.0);
    assert_eq!(
        get(&server, &query("&max_age=10"), &known).await.status,
        200
    );
    assert_eq!(
        get(&server, &query("&response_mode=fragment"), &known)
            .await
            .header("location")
            .and_then(|to| to.split('#').next()),
        Some("http://localhost:9/cb")
    );
    let posting = get(&server, &query("&response_mode=form_post"), &known).await;
    assert!(posting.status == 200 && posting.text().contains("NAME=\"code\""));
}

#[tokio::test]
async fn a_login_page_says_what_is_wrong() {
    let server = TestServer::start(vendor()).await;
    for (body, said) in [
        (
            "username=ada&password=wrong",
            "Invalid username or password.",
        ),
        (
            "username=nobody&password=x",
            "Invalid username or password.",
        ),
        ("<eve>", "Account is disabled, contact your administrator."),
    ] {
        let answer = log_in(&server, &query(""), body).await;
        assert!(
            answer.status == 200 && answer.text().contains(said),
            "{body}: {}",
            answer.text()
        );
    }
    let path = "POST /realms/copiloteu/login-actions/authenticate?client_id=locum-app";
    assert_eq!(
        server
            .request(path, FORM, filled(&server, "<ada>"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_code_is_spent_by_a_failure_and_not_by_a_wrong_client() {
    let server = TestServer::start(vendor()).await;
    let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let verifier = format!("&code_verifier={VERIFIER}");
    let missing = post(
        &server,
        "token",
        "grant_type=authorization_code&client_id=locum-app",
    )
    .await;
    assert_eq!(
        missing.text(),
        error("invalid_request", "Missing parameter: code")
    );
    for invalid in ["", "garbage"] {
        refused(&server, &exchange(invalid, ""), "Code not valid").await;
    }
    let value = code(&server, &challenge).await;
    // None of these looks at the code.
    assert_eq!(
        post(&server, "token", &exchange(&value, "&a=1&a=2"))
            .await
            .status,
        400
    );
    let wrong = exchange(&value, "").replace("locum-app", "locum-client&client_secret=x");
    assert_eq!(post(&server, "token", &wrong).await.status, 401);
    let foreign = format!("{FORM}Origin: https://evil\r\n");
    assert_eq!(
        server
            .request(
                &format!("POST {OIDC}/token"),
                &foreign,
                exchange(&value, &verifier)
            )
            .await
            .status,
        403
    );
    assert_eq!(
        tokens(&server, &exchange(&value, &verifier)).await["expires_in"],
        300
    );

    for (more, body, said) in [
        (
            "",
            exchange("<code>", "").replace("cb", "cb%2F"),
            "Incorrect redirect_uri",
        ),
        (
            "",
            "grant_type=authorization_code&client_id=locum-app&code=<code>".to_owned(),
            "Incorrect redirect_uri",
        ),
        (
            "",
            exchange("<code>", "").replace("client_id=locum-app", "<locum-client>"),
            "Auth error: Found different client_id in clientSession",
        ),
        (
            challenge.as_str(),
            exchange("<code>", ""),
            "PKCE code verifier not specified",
        ),
        (
            "",
            exchange("<code>", &verifier),
            "PKCE code verifier specified but challenge not present in authorization",
        ),
        (
            &challenge,
            exchange("<code>", "&code_verifier=short"),
            "PKCE verification failed: Invalid code verifier",
        ),
        (
            &challenge,
            exchange("<code>", &format!("&code_verifier={CHALLENGE}")),
            "PKCE verification failed: Code mismatch",
        ),
    ] {
        let value = code(&server, more).await;
        refused(&server, &body.replace("<code>", &value), said).await;
        refused(&server, &exchange(&value, &verifier), "Code not valid").await;
    }
    let value = code(&server, "").await;
    server.advance(60.0);
    refused(&server, &exchange(&value, ""), "Code not valid").await;
}

#[tokio::test]
async fn a_replayed_code_ends_the_client_session() {
    let server = TestServer::start(vendor()).await;
    let value = code(&server, "").await;
    let reply = tokens(&server, &exchange(&value, "")).await;
    let access = text(&reply, "access_token");
    assert_eq!(userinfo(&server, &access).await.0, 200);
    refused(&server, &exchange(&value, ""), "Code not valid").await;
    let gone = r#"error="invalid_token", error_description="user_session_not_found""#;
    assert_eq!(userinfo(&server, &access).await, (401, gone.to_owned()));
    let body = format!(
        "grant_type=refresh_token&client_id=locum-app&refresh_token={}",
        text(&reply, "refresh_token")
    );
    refused(&server, &body, "Session doesn't have required client").await;
}

/// The journal has names in place of codes, cookies and passwords, whichever way a code goes.
#[tokio::test]
async fn the_journal_keeps_no_code() {
    let server = TestServer::start(vendor()).await;
    let mut secrets = vec![password(&server, "ada")];
    for mode in ["query", "fragment", "form_post"] {
        let page = get(&server, &query(""), "").await;
        secrets.push(cookie(&page, "AUTH_SESSION_ID").replace("AUTH_SESSION_ID=", ""));
        let more = format!("&response_mode={mode}");
        let answer = log_in(&server, &query(&more), "<ada>").await;
        secrets.push(cookie(&answer, "KEYCLOAK_IDENTITY").replace("KEYCLOAK_IDENTITY=", ""));
        if mode == "form_post" {
            let page = answer.text();
            let value = page.split("NAME=\"code\" VALUE=\"").nth(1).expect("a code");
            secrets.push(value.split('"').next().expect("a value").to_owned());
        } else {
            secrets.push(code_of(&answer));
        }
    }
    let reply = tokens(&server, &exchange(&secrets[3].clone(), "")).await;
    secrets.push(text(&reply, "access_token"));
    secrets.push(text(&reply, "refresh_token"));
    let entries = server.stage.find(&locum_core::Filter::default());
    let journal = serde_json::to_string(&entries).expect("entries are JSON");
    assert!(entries.len() > 6);
    for secret in secrets {
        assert!(!journal.contains(&secret), "{secret}");
    }
}

/// Faults of a browser are refusals like others: each entry says why (kind, reason, expected).
#[tokio::test]
async fn refusals_of_browsers_have_a_reason() {
    let server = TestServer::start(vendor()).await;
    let back = "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let no_type = format!("auth?client_id=locum-app&redirect_uri={BACK}");
    for (path, status, reason) in [
        (format!("logout?{back}"), 400, "logout_no_hint"),
        (
            format!("logout?id_token_hint=undefined&{back}"),
            400,
            "logout_invalid_hint",
        ),
        (
            format!("logout?client_id=locum-app&{back}%2F"),
            400,
            "logout_redirect_uri",
        ),
        ("auth?response_type=code".to_owned(), 400, "auth_client_id"),
        (
            "auth?client_id=nobody".to_owned(),
            400,
            "auth_unknown_client",
        ),
        (
            "auth?client_id=locum-disabled".to_owned(),
            400,
            "auth_disabled_client",
        ),
        (
            "auth?client_id=locum-app&redirect_uri=http://x/".to_owned(),
            400,
            "auth_redirect_uri",
        ),
        (no_type.clone(), 302, "auth_response_type"),
        (
            format!("{no_type}&response_type=code&response_mode=nix"),
            302,
            "auth_response_mode",
        ),
        (
            format!("{no_type}&response_type=token"),
            302,
            "auth_flow_disabled",
        ),
        (
            format!("{no_type}&response_type=code&a=1&a=2"),
            302,
            "auth_repeated_parameter",
        ),
        (
            format!("{no_type}&response_type=code&scope=nix"),
            302,
            "invalid_scope",
        ),
        (
            format!("{no_type}&response_type=code&code_challenge=x"),
            302,
            "auth_challenge",
        ),
        (
            format!("{no_type}&response_type=code&prompt=none"),
            302,
            "auth_login_required",
        ),
        (
            format!("{no_type}&response_type=code&max_age=x"),
            400,
            "auth_invalid_request",
        ),
        (
            format!("{no_type}&response_type=code&prompt=create"),
            400,
            "auth_registration",
        ),
    ] {
        let answer = server.request(&format!("GET {OIDC}/{path}"), "", "").await;
        assert_eq!(answer.status, status, "{path}");
        let entries = server.stage.find(&locum_core::Filter::default());
        let entry = entries.last().expect("an entry");
        assert_eq!(entry.outcome, Some(locum_core::Outcome::Denied), "{path}");
        let denial = entry.denial.as_ref().expect(&path);
        assert_eq!(denial.reason, reason, "{path}");
        assert!(denial.expected.is_some(), "{path}");
    }
}

/// "Code not valid" for a code whose session was logged out before it was used.
#[tokio::test]
async fn a_code_does_not_outlive_its_session() {
    let server = TestServer::start(vendor()).await;
    let answer = log_in(&server, &query(""), "<ada>").await;
    let known = format!("Cookie: {}\r\n", cookie(&answer, "KEYCLOAK_IDENTITY"));
    let reply = tokens(&server, &exchange(&code_of(&answer), "")).await;
    let second = get(&server, &query(""), &known).await;
    let body = format!(
        "client_id=locum-app&refresh_token={}",
        text(&reply, "refresh_token")
    );
    assert_eq!(post(&server, "logout", &body).await.status, 204);
    refused(&server, &exchange(&code_of(&second), ""), "Code not valid").await;
}
