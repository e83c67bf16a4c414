//! The pool's token endpoint: two grants, and each documented error.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

async fn post(server: &TestServer, headers: &str, body: &str) -> Answer {
    let answer = server
        .request("POST /oauth2/token", &format!("{FORM}{headers}"), body)
        .await;
    let media = answer.header("content-type");
    assert_eq!(media, Some("application/json;charset=UTF-8"), "{body}");
    answer
}

fn basic(id: &str, secret: &str) -> String {
    let pair = STANDARD.encode(format!("{id}:{secret}"));
    format!("Authorization: Basic {pair}\r\n")
}

/// The client of the stage document that has a secret.
fn machine(server: &TestServer) -> (String, String) {
    (
        member(server, "clients", 2, "client_id"),
        member(server, "clients", 2, "client_secret"),
    )
}

fn claims(token: &str) -> Value {
    let parts = locum_server::jwt::parse(token).expect("a JWT");
    parts.claims.into()
}

#[tokio::test]
async fn a_machine_gets_an_access_token_for_itself() {
    let server = start().await;
    let (id, secret) = machine(&server);
    let in_body = format!("&client_id={id}&client_secret={secret}");
    for (headers, rest) in [(basic(&id, &secret), ""), (String::new(), in_body.as_str())] {
        let body = format!("grant_type=client_credentials{rest}");
        let answer = post(&server, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let names: Vec<&str> = body
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in"]);
        let claims = claims(body["access_token"].as_str().expect("text"));
        assert_eq!(
            (&claims["sub"], &claims["client_id"]),
            (&json!(id), &json!(id))
        );
        assert_eq!(claims["scope"], "tasks/read tasks/write");
        assert_eq!(
            claims["exp"]
                .as_i64()
                .zip(claims["iat"].as_i64())
                .map(|(exp, iat)| exp - iat),
            Some(1800)
        );
    }
    let narrow = "grant_type=client_credentials&scope=tasks%2Fread";
    let narrow = post(&server, &basic(&id, &secret), narrow).await.json();
    let token = narrow["access_token"].as_str().expect("text").to_owned();
    assert_eq!(claims(&token)["scope"], "tasks/read");
    // It is nobody's: neither GetUser nor the API takes it for a user.
    assert_eq!(
        error(&get_user(&server, &token).await),
        not_authorized("Access Token does not have required scopes")
    );
    let line = format!("Authorization: {token}\r\n");
    assert_eq!(server.request("GET /v2/tasks", &line, "").await.status, 401);
}

#[tokio::test]
async fn a_user_refreshes_at_the_token_endpoint() {
    let server = start().await;
    let tokens = login(&server).await;
    let id = server.credential("client_id");
    let body = format!(
        "grant_type=refresh_token&client_id={id}&refresh_token={}",
        tokens.refresh
    );
    let answer = post(&server, "", &body).await;
    let renewed = answer.json();
    let names: Vec<&str> = renewed
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        ["id_token", "access_token", "token_type", "expires_in"]
    );
    let access = renewed["access_token"].as_str().expect("text");
    assert_eq!(get_user(&server, access).await.status, 200);
    let (old, new) = (claims(&tokens.access), claims(access));
    assert_eq!(old["origin_jti"], new["origin_jti"]);
    assert_ne!(old["jti"], new["jti"]);
    revoke(&server, &tokens.refresh).await;
    let answer = post(&server, "", &body).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (400, r#"{"error":"invalid_grant"}"#)
    );
}

#[tokio::test]
async fn each_documented_error_of_the_token_endpoint() {
    let server = start().await;
    let tokens = login(&server).await;
    let (id, secret) = machine(&server);
    let public = server.credential("client_id");
    let good = basic(&id, &secret);
    let machine = "grant_type=client_credentials";
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let rows: Vec<(String, String, &str)> = vec![
        (good.clone(), String::new(), "invalid_request"),
        (
            good.clone(),
            format!("{machine}&{machine}"),
            "invalid_request",
        ),
        (
            good.clone(),
            "grant_type=refresh_token".into(),
            "invalid_request",
        ),
        (
            good.clone(),
            "grant_type=password".into(),
            "unsupported_grant_type",
        ),
        (
            good.clone(),
            "grant_type=authorization_code&code=x".into(),
            "unauthorized_client",
        ),
        (
            good.clone(),
            format!("{machine}&scope=other%2Fread"),
            "invalid_scope",
        ),
        (good.clone(), refresh.clone(), "invalid_grant"),
        (
            good.clone(),
            format!("{machine}&client_id={id}&client_secret={secret}"),
            "invalid_request",
        ),
        (String::new(), machine.into(), "invalid_client"),
        (basic(&id, "wrong"), machine.into(), "invalid_client"),
        (basic("nobody", &secret), machine.into(), "invalid_client"),
        (
            "Authorization: Basic junk\r\n".into(),
            machine.into(),
            "invalid_client",
        ),
        (
            String::new(),
            format!("{machine}&client_id={id}"),
            "invalid_client",
        ),
        (basic(&public, "secret"), refresh.clone(), "invalid_client"),
        (
            String::new(),
            format!("{machine}&client_id={public}"),
            "unauthorized_client",
        ),
        (
            String::new(),
            format!("grant_type=refresh_token&refresh_token=junk&client_id={public}"),
            "invalid_grant",
        ),
        (
            String::new(),
            format!(
                "grant_type=refresh_token&refresh_token={}&client_id={public}",
                tokens.access
            ),
            "invalid_grant",
        ),
    ];
    for (headers, body, code) in rows {
        let answer = post(&server, &headers, &body).await;
        let expected = format!(r#"{{"error":"{code}"}}"#);
        assert_eq!(
            (answer.status, answer.text()),
            (400, expected),
            "{headers}{body}"
        );
    }
    let json = r#"{"grant_type":"client_credentials"}"#;
    let answer = server.request("POST /oauth2/token", &good, json).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (400, r#"{"error":"invalid_request"}"#)
    );
    assert_eq!(post(&server, &good, machine).await.status, 200);

    let mut principals = server.document().principals;
    principals["clients"][0]["flows"] = json!(["USER_PASSWORD_AUTH"]);
    server.change_principals(principals).expect("of its shape");
    let answer = post(&server, "", &format!("{refresh}&client_id={public}")).await;
    assert_eq!(answer.text(), r#"{"error":"unauthorized_client"}"#);
    // The journal says more than the reply may.
    let entries = server.stage.find(&locum_core::Filter::default());
    let denial = entries
        .last()
        .and_then(|entry| entry.denial.clone())
        .expect("a denial");
    assert_eq!(denial.reason, "unauthorized_client");
    let journal = serde_json::to_string(&entries).expect("JSON");
    assert!(!journal.contains(&secret) && !journal.contains(&tokens.refresh));
}
