use std::time::Duration;

use http::StatusCode;
use locum_client::{ApiOperation, Client, CognitoConfig, Credentials, ErrorKind};
use locum_core::Profile;
use serde_json::{Value, json};

use super::vendor::{CannedReply, RecordedRequest, Vendor, account, profile};

fn signed() -> Profile {
    profile(
        &json!({"grant": "cognito", "expires_in": "seconds", "lifetime_s": 1800}),
        &json!({
            "api": {"proof": "sigv4"},
            "signature": {"region": "eu-west-2", "service": "execute-api"},
        }),
    )
}

/// The operations of both services, honest; `api` answers the rest.
async fn vendor(
    special: impl Fn(usize, &str, &Value) -> Option<CannedReply> + Send + Sync + 'static,
    api: impl Fn(usize, &RecordedRequest) -> CannedReply + Send + Sync + 'static,
) -> Vendor {
    Vendor::new(move |n, seen| {
        let Some((_, operation)) = seen.header("x-amz-target").split_once('.') else {
            return api(n, seen);
        };
        let body: Value = serde_json::from_str(&seen.body).expect("JSON");
        special(n, operation, &body).unwrap_or_else(|| honest(n, operation, &body))
    })
    .await
}

fn honest(n: usize, operation: &str, body: &Value) -> CannedReply {
    let reply = match operation {
        "InitiateAuth" if body["AuthFlow"] == "REFRESH_TOKEN_AUTH" => result(n, false),
        "InitiateAuth" | "RespondToAuthChallenge" => result(n, true),
        "GetId" => json!({"IdentityId": "eu-west-2:0"}),
        "GetCredentialsForIdentity" => json!({"Credentials": {
            "AccessKeyId": format!("ASIA{n}"), "SecretKey": "k", "SessionToken": format!("st{n}"),
            "Expiration": 1_795_518_000.5,
        }}),
        _ => return CannedReply::new(200, ""),
    };
    CannedReply::json(200, &reply)
}

fn result(n: usize, with_refresh: bool) -> Value {
    let mut result = json!({
        "AccessToken": format!("a{n}"), "IdToken": format!("i{n}"), "ExpiresIn": 1800,
        "TokenType": "Bearer",
    });
    if with_refresh {
        result["RefreshToken"] = format!("r{n}").into();
    }
    json!({"AuthenticationResult": result, "ChallengeParameters": {}})
}

fn client(vendor: &Vendor, credentials: Credentials) -> Client {
    let mut config = vendor.config(credentials);
    config.token_url.clone_from(&vendor.base);
    config.cognito = Some(CognitoConfig {
        region: "eu-west-2".into(),
        user_pool_id: "eu-west-2_AbC".into(),
        identity_pool_id: "eu-west-2:1".into(),
        client_id: "app".into(),
    });
    vendor.client_with(&signed(), config)
}

/// The operations that came, in order, with the flow of sign-ins.
fn operations(vendor: &Vendor) -> Vec<String> {
    let name = |seen: &RecordedRequest| {
        let operation = seen
            .header("x-amz-target")
            .rsplit('.')
            .next()
            .map(str::to_owned);
        let body: Value = serde_json::from_str(&seen.body).expect("JSON");
        match body["AuthFlow"].as_str() {
            Some(flow) => flow.to_owned(),
            None => operation.unwrap_or_default(),
        }
    };
    vendor.to("/").iter().map(name).collect()
}

fn ok(_: usize, _: &RecordedRequest) -> CannedReply {
    CannedReply::new(200, "{}")
}

#[tokio::test]
async fn ten_calls_take_one_sign_in_and_one_exchange() {
    let vendor = vendor(|_, _, _| None, ok).await;
    let client = client(&vendor, account());
    for _ in 0..10 {
        client
            .call(ApiOperation::get("/tasks?company=a+b%26c"))
            .await
            .expect("a reply");
    }
    let expected = ["USER_PASSWORD_AUTH", "GetId", "GetCredentialsForIdentity"];
    assert_eq!(operations(&vendor), expected);
    let login: Value = serde_json::from_str(&vendor.to("/")[1].body).expect("JSON");
    assert_eq!(
        login["Logins"]["cognito-idp.eu-west-2.amazonaws.com/eu-west-2_AbC"],
        "i1"
    );
    let called = &vendor.to("/api/tasks")[0];
    assert_eq!(called.target, "/api/tasks?company=a%20b%26c");
    assert_eq!(called.header("x-amz-security-token"), "st3");
    assert_eq!(called.header("x-amz-date"), "20261124T100000Z");
    let proof = called.header("authorization");
    assert!(
        proof.starts_with("AWS4-HMAC-SHA256 Credential=ASIA3/20261124/eu-west-2/"),
        "{proof}"
    );
    assert!(
        proof.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"),
        "{proof}"
    );
}

#[tokio::test]
async fn later_sign_ins_use_the_refresh_token_and_keep_identity_and_refresh_token() {
    let vendor = vendor(|_, _, _| None, ok).await;
    let client = client(&vendor, account());
    for _ in 0..3 {
        client.token().await.expect("a token");
        client
            .call(ApiOperation::get("/tasks"))
            .await
            .expect("a reply");
        vendor.clock.advance(Duration::from_secs(1801));
    }
    let flows: Vec<String> = operations(&vendor);
    assert_eq!(
        flows
            .iter()
            .filter(|flow| *flow == "USER_PASSWORD_AUTH")
            .count(),
        1
    );
    assert_eq!(flows.iter().filter(|flow| *flow == "GetId").count(), 1);
    let refreshes = vendor
        .to("/")
        .into_iter()
        .filter(|seen| seen.body.contains("REFRESH_TOKEN_AUTH"));
    for seen in refreshes {
        assert!(
            seen.body.contains(r#"{"REFRESH_TOKEN":"r1"}"#),
            "{}",
            seen.body
        );
    }
}

/// "Refresh token rotation must be completed with GetTokensFromRefreshToken."
#[tokio::test]
async fn where_refresh_tokens_rotate_the_other_operation_is_used() {
    let rotating = |n: usize, operation: &str, body: &Value| {
        if operation == "GetTokensFromRefreshToken" {
            return Some(CannedReply::json(200, &result(n, true)));
        }
        (body["AuthFlow"] == "REFRESH_TOKEN_AUTH").then(|| {
            let message = "REFRESH_TOKEN_AUTH flow not enabled for this client";
            let body = json!({"__type": "InvalidParameterException", "message": message});
            CannedReply::json(400, &body)
        })
    };
    let vendor = vendor(rotating, ok).await;
    let client = client(&vendor, account());
    client.token().await.expect("a token");
    for expected in ["r1", "r3"] {
        vendor.clock.advance(Duration::from_secs(1801));
        client.token().await.expect("a token");
        let last = vendor.to("/").pop().expect("a request");
        let body: Value = serde_json::from_str(&last.body).expect("JSON");
        assert_eq!(
            body,
            json!({"ClientId": body["ClientId"], "RefreshToken": expected})
        );
    }
}

/// The reply with the token that took its place was lost; this was an error for good.
#[tokio::test]
async fn a_refresh_token_that_was_used_already_leads_to_one_login() {
    let reused = |_: usize, operation: &str, body: &Value| {
        let is_refresh = operation == "GetTokensFromRefreshToken";
        (is_refresh || body["AuthFlow"] == "REFRESH_TOKEN_AUTH").then(|| {
            let kind = match is_refresh {
                true => "RefreshTokenReuseException",
                false => "InvalidParameterException",
            };
            let message = "REFRESH_TOKEN_AUTH flow not enabled for this client";
            CannedReply::json(400, &json!({"__type": kind, "message": message}))
        })
    };
    let vendor = vendor(reused, ok).await;
    let client = client(&vendor, account());
    client.token().await.expect("a token");
    vendor.clock.advance(Duration::from_secs(1801));
    client.token().await.expect("another token");
    let flows = operations(&vendor);
    let logins = flows.iter().filter(|flow| *flow == "USER_PASSWORD_AUTH");
    assert_eq!(logins.count(), 2, "{flows:?}");
}

#[tokio::test]
async fn a_refused_refresh_token_leads_to_one_login() {
    let refuse = |_: usize, _: &str, body: &Value| {
        (body["AuthFlow"] == "REFRESH_TOKEN_AUTH").then(|| {
            let body = json!({"__type": "NotAuthorizedException", "message": "Refresh Token has been revoked"});
            CannedReply::json(400, &body)
        })
    };
    let vendor = vendor(refuse, ok).await;
    let with_password = client(&vendor, account());
    with_password.token().await.expect("a token");
    vendor.clock.advance(Duration::from_secs(1801));
    with_password.token().await.expect("a token");
    let flows = [
        "USER_PASSWORD_AUTH",
        "REFRESH_TOKEN_AUTH",
        "USER_PASSWORD_AUTH",
    ];
    assert_eq!(operations(&vendor), flows);
    let without = client(&vendor, Credentials::RefreshToken("r".into()));
    assert_eq!(
        without.token().await.expect_err("refused").kind(),
        ErrorKind::Auth
    );
    assert_eq!(operations(&vendor).len(), 4);
}

#[tokio::test]
async fn expired_aws_credentials_are_replaced_without_a_sign_in() {
    let vendor = vendor(
        |_, _, _| None,
        |_, seen| match seen.header("x-amz-security-token") {
            "st3" => CannedReply::new(403, "{}").with("x-amzn-ErrorType", "ExpiredTokenException"),
            _ => CannedReply::new(200, "{}"),
        },
    )
    .await;
    let reply = client(&vendor, account())
        .call(ApiOperation::get("/tasks"))
        .await;
    assert_eq!(reply.expect("a reply").status, StatusCode::OK);
    assert_eq!(vendor.count("/api/tasks"), 2);
    assert_eq!(operations(&vendor).len(), 4);
    assert_eq!(operations(&vendor)[3], "GetCredentialsForIdentity");
}

#[tokio::test]
async fn a_refusal_for_the_date_is_repeated_with_the_vendors_date() {
    let vendor = vendor(
        |_, _, _| None,
        |_, seen| match seen.header("x-amz-date") {
            "20261124T102000Z" => CannedReply::new(200, "{}"),
            _ => CannedReply::new(403, r#"{"message":"Signature expired: …"}"#)
                .with("date", "Tue, 24 Nov 2026 10:20:00 GMT"),
        },
    )
    .await;
    let client = client(&vendor, account());
    for _ in 0..2 {
        let reply = client
            .call(ApiOperation::get("/tasks"))
            .await
            .expect("a reply");
        assert_eq!(reply.status, StatusCode::OK);
    }
    assert_eq!(vendor.count("/api/tasks"), 3);
    assert_eq!(operations(&vendor).len(), 3);
}

#[tokio::test]
async fn a_plain_403_is_a_reply() {
    let vendor = vendor(|_, _, _| None, |_, _| CannedReply::new(403, "{}")).await;
    let reply = client(&vendor, account())
        .call(ApiOperation::get("/tasks"))
        .await;
    assert_eq!(reply.expect("a reply").status, StatusCode::FORBIDDEN);
    assert_eq!(vendor.count("/api/tasks"), 1);
}

fn new_password_required() -> CannedReply {
    let body = json!({
        "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "session", "ChallengeParameters": {},
    });
    CannedReply::json(200, &body)
}

#[tokio::test]
async fn a_temporary_password_is_changed_before_anything_else() {
    let challenge = |n: usize, operation: &str, _: &Value| {
        (operation == "InitiateAuth" && n == 1).then(new_password_required)
    };
    let vendor = vendor(challenge, ok).await;
    let client = client(&vendor, account());
    let early = client.change_password("New1!".into()).await;
    assert_eq!(
        early.expect_err("no challenge is open").kind(),
        ErrorKind::Other
    );
    let error = client
        .call(ApiOperation::get("/tasks"))
        .await
        .expect_err("a challenge");
    assert_eq!(error.kind(), ErrorKind::Challenge);
    assert_eq!(vendor.count("/api/tasks"), 0);
    client
        .change_password("New1!".into())
        .await
        .expect("changed");
    client
        .call(ApiOperation::get("/tasks"))
        .await
        .expect("a reply");
    let answer: Value = serde_json::from_str(&vendor.to("/")[1].body).expect("JSON");
    assert_eq!(answer["Session"], "session");
    assert_eq!(
        answer["ChallengeResponses"],
        json!({"USERNAME": "svc+a@example.com", "NEW_PASSWORD": "New1!"})
    );
    assert_eq!(
        operations(&vendor)[2..],
        ["GetId", "GetCredentialsForIdentity"]
    );
}

#[tokio::test]
async fn after_a_revocation_only_the_password_leads_further() {
    let vendor = vendor(|_, _, _| None, ok).await;
    let client = client(&vendor, account());
    client
        .call(ApiOperation::get("/tasks"))
        .await
        .expect("a reply");
    client.revoke().await.expect("revoked");
    client
        .call(ApiOperation::get("/tasks"))
        .await
        .expect("a reply");
    assert_eq!(
        operations(&vendor)[3..],
        [
            "RevokeToken",
            "USER_PASSWORD_AUTH",
            "GetId",
            "GetCredentialsForIdentity"
        ]
    );
    assert_eq!(vendor.to("/")[3].body, r#"{"Token":"r1","ClientId":"app"}"#);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_a_400_and_is_waited_out() {
    let busy = |n: usize, operation: &str, _: &Value| {
        (operation == "InitiateAuth" && n < 3)
            .then(|| CannedReply::json(400, &json!({"__type": "TooManyRequestsException"})))
    };
    let vendor = vendor(busy, ok).await;
    client(&vendor, account()).token().await.expect("a token");
    assert_eq!(vendor.count("/"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_does_not_lose_the_new_password() {
    let (arrived, arrival) = tokio::sync::oneshot::channel();
    let arrived = std::sync::Mutex::new(Some(arrived));
    let (go_on, held) = std::sync::mpsc::channel();
    let held = std::sync::Mutex::new(held);
    let special = move |n: usize, operation: &str, _: &Value| match operation {
        "InitiateAuth" if n == 1 => Some(new_password_required()),
        "RespondToAuthChallenge" => match arrived.lock().expect("whole").take() {
            Some(arrived) => {
                // The first answer is held back until its caller has gone.
                arrived.send(()).expect("the test waits");
                held.lock()
                    .expect("whole")
                    .recv()
                    .expect("the test goes on");
                None
            }
            None => Some(CannedReply::json(
                400,
                &json!({"__type": "NotAuthorizedException"}),
            )),
        },
        _ => None,
    };
    let vendor = vendor(special, ok).await;
    let client = client(&vendor, account());
    let error = client.token().await.expect_err("a challenge");
    assert_eq!(error.kind(), ErrorKind::Challenge);
    let caller = tokio::spawn({
        let client = client.clone();
        async move { client.change_password("New1!".into()).await }
    });
    arrival.await.expect("the answer arrives");
    caller.abort();
    assert!(caller.await.expect_err("it was aborted").is_cancelled());
    go_on.send(()).expect("the vendor waits");
    // Until the change is complete its challenge is pending, and a second answer is refused.
    for _ in 0..1000 {
        let again = client.change_password("Other1!".into()).await;
        if again.expect_err("answered already").kind() == ErrorKind::Other {
            client.token().await.expect("a token");
            let flows = operations(&vendor);
            assert!(!flows[1..].contains(&"USER_PASSWORD_AUTH".to_owned()));
            return;
        }
    }
    panic!("the new password was lost");
}
