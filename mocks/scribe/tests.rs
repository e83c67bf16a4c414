//! The wire, as Scribe's page, its published clients and AWS's documents show it.

mod admin;
mod admin_signature;
mod api;
mod attributes;
mod clients;
mod documented;
mod history;
mod limits;
mod login;
mod oauth;
mod pool;
mod refresh;
mod refused;
mod sign_up;
mod signature;
mod srp;
mod srp_client;
mod twins;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use locum_core::{Clock, Profile};
use serde_json::{Value, json};

use super::vendor;
use locum_testkit::{Answer, TestServer};

async fn start() -> TestServer {
    TestServer::start(vendor()).await
}

/// A call as botocore sends it.
async fn call(server: &TestServer, operation: &str, body: Value) -> Answer {
    let service = match operation {
        "GetId" | "GetCredentialsForIdentity" => "AWSCognitoIdentityService",
        _ => "AWSCognitoIdentityProviderService",
    };
    let headers = format!(
        "Accept-Encoding: identity\r\nX-Amz-Target: {service}.{operation}\r\nContent-Type: application/x-amz-json-1.1\r\nUser-Agent: Boto3/1.44.5\r\namz-sdk-request: attempt=1; max=3\r\n"
    );
    server.request("POST /", &headers, body.to_string()).await
}

/// The administrator of the stage document.
fn administrator(server: &TestServer) -> Aws {
    Aws {
        key: server.credential("admin_access_key_id"),
        secret: server.credential("admin_secret_access_key"),
        token: String::new(),
    }
}

/// A call of the user pool that `keys` sign for `cognito-idp`.
async fn signed_call(server: &TestServer, keys: &Aws, operation: &str, mut body: Value) -> Answer {
    if body.get("UserPoolId").is_none() {
        body["UserPoolId"] = parameter(server, "user_pool_id").into();
    }
    let headers = cognito_headers(server, keys, operation, &body.to_string());
    server
        .request("POST /", &lines(&headers), body.to_string())
        .await
}

fn cognito_headers(
    server: &TestServer,
    keys: &Aws,
    operation: &str,
    body: &str,
) -> Vec<(String, String)> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let extra = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target.as_str()),
    ];
    let scope = ("eu-west-2", "cognito-idp");
    signature_for(server, keys, scope, "POST", "/", &extra, body.as_bytes())
}

/// The same, signed by the administrator of the stage document.
async fn admin(server: &TestServer, operation: &str, body: Value) -> Answer {
    signed_call(server, &administrator(server), operation, body).await
}

/// A member of a principal in the stage document.
fn member(server: &TestServer, list: &str, index: usize, name: &str) -> String {
    server.document().principals[list][index][name]
        .as_str()
        .expect("text")
        .to_owned()
}

fn parameter(server: &TestServer, name: &str) -> String {
    server.document().params[name]
        .as_str()
        .expect("text")
        .to_owned()
}

/// InitiateAuth with the password of the user at `index`.
async fn password_login(server: &TestServer, index: usize) -> Answer {
    let (name, password) = (
        member(server, "users", index, "username"),
        member(server, "users", index, "password"),
    );
    login_as(server, &name, &password).await
}

async fn login_as(server: &TestServer, name: &str, password: &str) -> Answer {
    let body = json!({
        "ClientId": server.credential("client_id"),
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": name, "PASSWORD": password},
    });
    call(server, "InitiateAuth", body).await
}

/// What a login gives.
#[derive(Clone, Debug)]
struct Tokens {
    access: String,
    id: String,
    refresh: String,
}

fn tokens(answer: &Answer) -> Tokens {
    let result = &answer.json()["AuthenticationResult"];
    let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    Tokens {
        access: text("AccessToken"),
        id: text("IdToken"),
        refresh: text("RefreshToken"),
    }
}

/// The first user's login.
async fn login(server: &TestServer) -> Tokens {
    tokens(&password_login(server, 0).await)
}

async fn refresh(server: &TestServer, value: &str) -> Answer {
    let body = json!({
        "ClientId": server.credential("client_id"),
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": value},
    });
    call(server, "InitiateAuth", body).await
}

async fn revoke(server: &TestServer, value: &str) -> Answer {
    call(
        server,
        "RevokeToken",
        json!({"Token": value, "ClientId": server.credential("client_id")}),
    )
    .await
}

async fn get_user(server: &TestServer, access: &str) -> Answer {
    call(server, "GetUser", json!({ "AccessToken": access })).await
}

fn logins(server: &TestServer, id: &str) -> Value {
    json!({format!("cognito-idp.eu-west-2.amazonaws.com/{}", parameter(server, "user_pool_id")): id})
}

async fn get_id(server: &TestServer, id: &str) -> Answer {
    let body = json!({"IdentityPoolId": parameter(server, "identity_pool_id"), "Logins": logins(server, id)});
    call(server, "GetId", body).await
}

async fn identity(server: &TestServer, id: &str) -> String {
    get_id(server, id).await.json()["IdentityId"]
        .as_str()
        .expect("an identity")
        .to_owned()
}

async fn get_credentials(server: &TestServer, identity: &str, id: &str) -> Answer {
    call(
        server,
        "GetCredentialsForIdentity",
        json!({"IdentityId": identity, "Logins": logins(server, id)}),
    )
    .await
}

/// Temporary credentials as a client keeps them.
#[derive(Clone, Debug)]
struct Aws {
    key: String,
    secret: String,
    token: String,
}

async fn aws(server: &TestServer, id: &str) -> Aws {
    let identity = identity(server, id).await;
    let answer = get_credentials(server, &identity, id).await.json();
    let text = |name: &str| {
        answer["Credentials"][name]
            .as_str()
            .expect("text")
            .to_owned()
    };
    Aws {
        key: text("AccessKeyId"),
        secret: text("SecretKey"),
        token: text("SessionToken"),
    }
}

/// Header lines of a signature by AWS's own signer, over `extra` headers too.
fn signature(
    server: &TestServer,
    aws: &Aws,
    method: &str,
    target: &str,
    extra: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    signature_for(
        server,
        aws,
        ("eu-west-2", "execute-api"),
        method,
        target,
        extra,
        body,
    )
}

fn signature_for(
    server: &TestServer,
    aws: &Aws,
    (region, service): (&str, &str),
    method: &str,
    target: &str,
    extra: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    let identity = Credentials::new(
        &aws.key,
        &aws.secret,
        (!aws.token.is_empty()).then(|| aws.token.clone()),
        None,
        "test",
    )
    .into();
    let millis = u64::try_from(server.stage.clock.now().as_millis()).expect("after 1970");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .settings(SigningSettings::default())
        .build()
        .expect("all are set")
        .into();
    let uri = format!("http://{}{target}", server.host());
    let headers = [("host", server.host())]
        .into_iter()
        .chain(extra.iter().copied());
    let request =
        SignableRequest::new(method, uri, headers, SignableBody::Bytes(body)).expect("signable");
    let (instructions, _) = sign(request, &parameters).expect("it signs").into_parts();
    let added = instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    extra
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain(added)
        .collect()
}

fn lines(headers: &[(String, String)]) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect()
}

/// A signed request.
async fn signed(server: &TestServer, aws: &Aws, method: &str, target: &str, body: &str) -> Answer {
    let headers = signature(server, aws, method, target, &[], body.as_bytes());
    server
        .request(&format!("{method} {target}"), &lines(&headers), body)
        .await
}

/// Class and message of a Cognito error; the headers have to say the same.
fn error(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let (kind, message) = (
        body["__type"].as_str().unwrap_or_default(),
        body["message"].as_str().unwrap_or_default(),
    );
    assert_eq!(
        answer.header("x-amzn-errortype"),
        Some(format!("{kind}:").as_str()),
        "{}",
        answer.text()
    );
    assert_eq!(
        answer.header("x-amzn-errormessage").unwrap_or_default(),
        // What no header can carry stands there as a question mark.
        message.replace('\n', "?").trim_end()
    );
    assert!(
        answer
            .header("x-amzn-requestid")
            .is_some_and(|id| id.len() == 36)
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    (answer.status, kind.to_owned(), message.to_owned())
}

fn not_authorized(message: &str) -> (u16, String, String) {
    (400, "NotAuthorizedException".to_owned(), message.to_owned())
}

/// The reason of the last refusal that the journal holds.
fn last_denial(server: &TestServer) -> locum_core::Denial {
    let entries = server.stage.find(&locum_core::Filter::default());
    let denied = entries.iter().rev().find_map(|entry| entry.denial.clone());
    denied.expect("a denial")
}

#[test]
fn the_profile_parses_and_has_each_frame() {
    let profile = Profile::parse("vendor.toml", include_str!("vendor.toml")).expect("it parses");
    for frame in [
        "frame_cognito",
        "frame_preflight",
        "frame_gateway",
        "frame_storage",
        "frame_oauth",
    ] {
        assert!(profile.denials.contains_key(frame), "{frame}");
    }
}

/// A client is configured by the stage document: each address leads somewhere.
#[tokio::test]
async fn the_stage_document_names_what_a_client_needs() {
    let server = start().await;
    let document = server.document();
    let names: Vec<&str> = document.credentials.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "username",
            "password",
            "client_id",
            "region",
            "user_pool_id",
            "identity_pool_id",
            "admin_access_key_id",
            "admin_secret_access_key"
        ]
    );
    assert_eq!(document.credentials["region"], "eu-west-2");
    let jwks = format!(
        "GET /{}/.well-known/jwks.json",
        parameter(&server, "user_pool_id")
    );
    assert_eq!(server.request(&jwks, "", "").await.status, 200);
    for path in ["/", "/cognito", "/cognito/"] {
        let headers = "X-Amz-Target: AWSCognitoIdentityProviderService.RevokeToken\r\n";
        let body = json!({"Token": "refresh_token", "ClientId": server.credential("client_id")})
            .to_string();
        assert_eq!(
            server
                .request(&format!("POST {path}"), headers, body)
                .await
                .status,
            200,
            "{path}"
        );
    }
}
