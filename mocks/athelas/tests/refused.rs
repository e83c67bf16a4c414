//! Token requests that are refused, each beside what it answers.

use super::*;

const BOTH_MISSING: &str = r#"{"detail":[{"type":"missing","loc":["body","username"],"msg":"Field required","input":null},{"type":"missing","loc":["body","password"],"msg":"Field required","input":null}]}"#;
const NO_PASSWORD: &str = r#"{"detail":[{"type":"missing","loc":["body","password"],"msg":"Field required","input":null}]}"#;
const NO_USERNAME: &str = r#"{"detail":[{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}]}"#;
const OTHER_GRANT: &str = r#"{"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '^password$'","input":"client_credentials","ctx":{"pattern":"^password$"}}]}"#;

#[tokio::test]
async fn bodies_that_are_refused() {
    let server = server().await;
    let (username, password) = account(&server, 0);
    let name = format!("username={username}");
    let json = format!(
        r#"{{"username":"{}","password":"{}"}}"#,
        server.credential("username"),
        server.credential("password")
    );
    // A name that makes the body look like a form at the first glance.
    let secret = server.credential("password");
    let parts = multipart(&[("password", None, &secret), ("username", None, "a&token=b")]);
    let unencoded = server.credential("username");
    let inactive = form(&server, 2);
    let no_api = form(&server, 3);
    let upper = format!("{name}&password={}", password.to_uppercase());
    let cases: Vec<(&str, String, u16, &str)> = vec![
        // credentials
        (FORM, format!("{name}&password=wrong"), 401, WRONG),
        (FORM, upper, 401, WRONG),
        (FORM, format!("{name}&password={password}x"), 401, WRONG),
        (FORM, format!("{name}&password=%zz"), 401, WRONG),
        (FORM, format!("{name}&password=%ff%fe"), 401, WRONG),
        (
            FORM,
            format!("username=nobody&password={password}"),
            401,
            WRONG,
        ),
        (
            FORM,
            format!("username={unencoded}&password={password}"),
            401,
            WRONG,
        ),
        (FORM, inactive, 401, WRONG),
        (FORM, no_api, 401, WRONG),
        // fields
        (FORM, name.clone(), 422, NO_PASSWORD),
        (FORM, format!("{name}&password="), 422, NO_PASSWORD),
        (FORM, format!("password={password}"), 422, NO_USERNAME),
        (
            FORM,
            format!("username=&password={password}"),
            422,
            NO_USERNAME,
        ),
        (
            FORM,
            format!("Username=a&PASSWORD={password}"),
            422,
            BOTH_MISSING,
        ),
        (
            FORM,
            format!("{name}&password={password}&grant_type=client_credentials"),
            422,
            OTHER_GRANT,
        ),
        // bodies that are not forms
        (FORM, String::new(), 422, BOTH_MISSING),
        ("", format!("{name}&password={password}"), 422, BOTH_MISSING),
        ("", json.clone(), 422, BOTH_MISSING),
        (
            "Content-Type: application/json\r\n",
            json.clone(),
            422,
            BOTH_MISSING,
        ),
        ("Content-Type: text/plain\r\n", json, 422, BOTH_MISSING),
        (
            "Content-Type: text/plain\r\n",
            format!("{name}&password={password}"),
            422,
            BOTH_MISSING,
        ),
        (
            "Content-Type: multipart/form-data; boundary=B\r\n",
            String::new(),
            422,
            BOTH_MISSING,
        ),
        (
            "Content-Type: text/plain\r\n",
            parts.clone(),
            422,
            BOTH_MISSING,
        ),
        (
            "Content-Type: multipart/form-data\r\n",
            parts,
            400,
            r#"{"detail":"Missing boundary in multipart."}"#,
        ),
        (
            "Content-Type: multipart/form-data\r\n",
            multipart(&[("username", None, "a")]),
            400,
            r#"{"detail":"Missing boundary in multipart."}"#,
        ),
        (
            "Content-Type: multipart/form-data; boundary=C\r\n",
            multipart(&[("username", None, "a")]),
            400,
            r#"{"detail":"Invalid multipart data."}"#,
        ),
        // the page's own sample as its obfuscation left it
        (
            FORM,
            "[email protected]&password=your-password".to_owned(),
            422,
            NO_USERNAME,
        ),
    ];
    for (headers, body, status, expected) in &cases {
        let answer = server.request(TOKEN, headers, body).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (*status, *expected),
            "{headers}{body}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{body}"
        );
        let challenge = (*status == 401).then_some("Bearer");
        assert_eq!(answer.header("www-authenticate"), challenge, "{body}");
        assert_eq!(answer.header("cache-control"), None, "{body}");
    }
    let journal = journal(&server);
    assert!(
        !journal.contains(&server.credential("password")),
        "{journal}"
    );
    assert!(!journal.contains(&password), "{journal}");
}

#[tokio::test]
async fn credentials_in_the_query_give_no_token() {
    let server = server().await;
    let line = format!("{TOKEN}?{}", form(&server, 0));
    let answer = server.request(&line, FORM, "").await;
    assert_eq!((answer.status, answer.text().as_str()), (422, BOTH_MISSING));
    assert!(!journal(&server).contains(&account(&server, 0).1));
}

#[tokio::test]
async fn a_plus_that_was_not_encoded_is_explained() {
    let server = server().await;
    let body = format!("username={}&password=x", server.credential("username"));
    server.request(TOKEN, FORM, body).await;
    assert!(journal(&server).contains("reads as a space"));
}

/// 1 request line and headers, 2 slash, 3 path and method, before any body is looked at.
#[tokio::test]
async fn requests_that_reach_no_handler() {
    let server = server().await;
    let form = form(&server, 0);
    let path = "/v1/ambient/api/auth/token";
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "post"] {
        let answer = server
            .request(&format!("{method} {path}"), FORM, &form)
            .await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (405, r#"{"detail":"Method Not Allowed"}"#),
            "{method}"
        );
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    for path in [
        "/",
        "/v1",
        "/v1/ambient/api/auth",
        "/v1/ambient/api/auth/Token",
        "/v1/ambient/api//scribe",
        "/v1/ambient/api/scribe/1/regenerate",
        "/x/",
    ] {
        let answer = server.request(&format!("POST {path}"), FORM, &form).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (404, r#"{"detail":"Not Found"}"#),
            "{path}"
        );
    }
    for method in ["POST", "GET"] {
        let answer = server
            .request(&format!("{method} {path}/?a=b%20c"), FORM, &form)
            .await;
        let location = format!("http://{}{path}?a=b%20c", server.host());
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (307, ""),
            "{method}"
        );
        assert_eq!(
            answer.header("location"),
            Some(location.as_str()),
            "{method}"
        );
    }
    let answer = server
        .request("GET /v1/ambient/api/scribe/é/", "", "")
        .await;
    let location = format!("http://{}/v1/ambient/api/scribe/%C3%A9", server.host());
    assert_eq!(answer.header("location"), Some(location.as_str()));
}

#[tokio::test]
async fn head_is_refused_without_a_body() {
    let server = server().await;
    let host = server.host();
    let bytes = format!(
        "HEAD /v1/ambient/api/auth/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    let answer = server.send(bytes).await;
    assert_eq!((answer.status, answer.text().as_str()), (405, ""));
    assert_eq!(answer.header("allow"), Some("POST"));
}

/// uvicorn answers before the application does.
#[tokio::test]
async fn heads_that_are_no_http() {
    let server = server().await;
    let host = server.host();
    let form = form(&server, 0);
    let length = form.len();
    for head in [
        format!(
            "POST /v1/ambient/api/auth/to ken HTTP/1.1\r\nHost: {host}\r\n{FORM}Content-Length: {length}"
        ),
        format!(
            "POST /v1/ambient/api/auth/token HTTP/1.1\r\nHost: {host}\r\nContent-Type : application/x-www-form-urlencoded\r\nContent-Length: {length}"
        ),
        format!("POST /v1/ambient/api/auth/token HTTP/1.1\r\n{FORM}Content-Length: {length}"),
        format!(
            "POST /v1/ambient/api/auth/token HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n{FORM}Content-Length: {length}"
        ),
    ] {
        let answer = server.send(format!("{head}\r\n\r\n{form}")).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (400, "Invalid HTTP request received."),
            "{head}"
        );
        assert_eq!(answer.header("content-type"), Some("text/plain"), "{head}");
    }
}
