//! Situations that people reported in public, each as a kind.

use serde_json::json;

use super::*;

const CORTI: &str = "POST /realms/copiloteu/protocol/openid-connect/token";
const ATHELAS: &str = "POST /v1/ambient/api/auth/token";
const PATTERN: &str = "POST /api/auth/token";

/// The commonest login question of all: fastapi/full-stack-fastapi-template#431,
/// navikt/mock-oauth2-server#701.
#[tokio::test]
async fn credentials_in_another_place_are_seen() {
    let stage = Stage::start().await;
    let got = async |slug, line, headers, body| {
        let denial = stage.refused(slug, line, headers, body).await;
        (denial.reason, denial.got.unwrap_or_default())
    };
    let said = |reason: &str, got: &str| (reason.to_owned(), got.to_owned());
    let json = "Content-Type application/json";
    assert_eq!(
        got("athelas", ATHELAS, JSON, "username=a&password=b").await,
        said("missing_username", json)
    );
    assert_eq!(
        got("athelas", ATHELAS, FORM, "userName=a&password=b").await,
        said("missing_username", "userName in the form")
    );
    let line = format!("{ATHELAS}?username=a&password=b");
    assert_eq!(
        got("athelas", &line, FORM, "").await,
        said("missing_username", "username in the query")
    );
    let line = format!("{PATTERN}?grant_type=client_credentials&client_id=a&client_secret=x");
    assert_eq!(
        got("pattern", &line, FORM, "grant_type=client_credentials").await,
        said("no_client", "client_id in the query")
    );
    assert_eq!(
        got(
            "pattern",
            PATTERN,
            FORM,
            "grant_type=client_credentials&client_id=a&client_secret=x"
        )
        .await,
        said("no_client", "client_id in the form")
    );
    assert_eq!(
        got(
            "corti",
            CORTI,
            JSON,
            r#"{"grant_type":"client_credentials"}"#
        )
        .await,
        said("missing_grant_type", json)
    );
    assert_eq!(
        got("corti", CORTI, FORM, "grantType=client_credentials").await,
        said("missing_grant_type", "grantType in the form")
    );
    let body = json!({"AuthFlow": "USER_PASSWORD_AUTH", "Username": "a", "ClientId": "b"});
    let denial = stage.cognito_refused("InitiateAuth", &body).await;
    assert_eq!(text(denial.got.as_ref()), "Username in the JSON body");
}

#[tokio::test]
async fn a_token_in_another_place_is_seen() {
    let stage = Stage::start().await;
    let members = format!(
        "/api/v1/groups/{}/members",
        stage.document("pattern").params["group"]
            .as_str()
            .expect("text")
    );
    let cases = [
        (
            "athelas",
            "GET /v1/ambient/api/scribe/12345?access_token=x".to_owned(),
        ),
        ("pattern", format!("GET {members}?access_token=x")),
        ("corti", "GET /v2/interactions/?access_token=x".to_owned()),
        ("scribe", "GET /v2/tasks?access_token=x".to_owned()),
    ];
    for (slug, line) in cases {
        let denial = stage.refused(slug, &line, "", "").await;
        assert_eq!(
            text(denial.got.as_ref()),
            "access_token in the query",
            "{slug}"
        );
    }
    let line = "GET /audio-bridge/v2/transcribe?tenant-name=copiloteu";
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer x\r\n";
    let denial = stage.refused("corti", line, upgrade, "").await;
    assert_eq!(text(denial.got.as_ref()), "authorization in a header");
}

/// Trailing newlines of files, and `+` in Basic: strimzi/strimzi-kafka-oauth#70,
/// requests/requests-oauthlib#568, jumbojett/OpenID-Connect-PHP#230.
#[tokio::test]
async fn a_secret_that_is_nearly_right_is_named() {
    let stage = Stage::start().await;
    let newline = "a newline at the end";
    let secret = stage.credential("pattern", "client_secret");
    let headers = basic("pattern-client", &format!("{secret}\n"));
    let grant = "grant_type=client_credentials";
    let denial = stage.refused("pattern", PATTERN, &headers, grant).await;
    assert_eq!(text(denial.difference.as_ref()), newline);
    assert!(!denial.sentence().contains(&secret));
    assert!(denial.got.is_some());

    stage.change("corti", |principals| {
        let client =
            json!({"client_id": "plus", "client_secret": "ab+cd", "service_account": true});
        principals["realms"][0]["clients"]
            .as_array_mut()
            .expect("clients")
            .push(client);
    });
    let denial = stage
        .refused("corti", CORTI, &basic("plus", "ab+cd"), grant)
        .await;
    assert_eq!(
        text(denial.difference.as_ref()),
        "right as it stands, but Basic is form-decoded here: `+` reads as a space, send %2B"
    );
    let form = format!("{grant}&client_id=plus&client_secret=ab%2Bcd%0A");
    let denial = stage.refused("corti", CORTI, FORM, &form).await;
    assert_eq!(text(denial.difference.as_ref()), newline);
    let form = format!("{grant}&client_id=Plus&client_secret=ab%2Bcd");
    let denial = stage.refused("corti", CORTI, FORM, &form).await;
    assert_eq!(
        text(denial.difference.as_ref()),
        "right but for its letter case"
    );

    let username = stage.credential("athelas", "username");
    let encoded = username.replace('+', "%2B");
    let password = stage.credential("athelas", "password");
    let form = format!("username={encoded}&password={password}%0A");
    let denial = stage.refused("athelas", ATHELAS, FORM, &form).await;
    assert_eq!(text(denial.difference.as_ref()), newline);
    let form = format!("username={username}&password={password}");
    let denial = stage.refused("athelas", ATHELAS, FORM, &form).await;
    assert_eq!(
        text(denial.difference.as_ref()),
        "a `+` that was not sent as %2B reads as a space"
    );

    let body = json!({
        "ClientId": stage.credential("scribe", "client_id"),
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {
            "USERNAME": stage.credential("scribe", "username"),
            "PASSWORD": format!("{}\n", stage.credential("scribe", "password")),
        },
    });
    let denial = stage.cognito_refused("InitiateAuth", &body).await;
    assert_eq!(text(denial.difference.as_ref()), newline);
}

/// "Invalid Refresh Token" is Cognito's one sentence for many causes: aws-amplify/aws-sdk-ios#1409,
/// aws/aws-sdk-js-v3#7162.
#[tokio::test]
async fn a_token_of_another_kind_client_or_vendor_is_named() {
    let stage = Stage::start().await;
    let login = stage.login().await;
    let refresh = async |client: &str, token: &str| {
        let body = json!({
            "ClientId": client,
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": {"REFRESH_TOKEN": token},
        });
        let denial = stage.cognito_refused("InitiateAuth", &body).await;
        (denial.got.unwrap_or_default(), denial.difference)
    };
    let (own, other) = (
        stage.credential("scribe", "client_id"),
        "4locumscribeclient00000002",
    );
    let token = |name: &str| login[name].as_str().expect("text").to_owned();
    let refresh_token = token("RefreshToken");
    let (got, _) = refresh(other, &refresh_token).await;
    assert!(
        got.starts_with("«refresh token")
            && got.contains("of scribe-user»")
            && got.ends_with(&format!(", which was given to client `{own}`")),
        "{got}"
    );
    let (got, _) = refresh(&own, &token("AccessToken")).await;
    assert!(
        got.starts_with("«access token") && got.ends_with("of scribe-user», not a refresh token"),
        "{got}"
    );
    let (got, difference) = refresh(&own, &format!("{refresh_token}\n")).await;
    assert!(got.starts_with("«refresh token"), "{got}");
    assert_eq!(difference.as_deref(), Some("a newline at the end"));
    let (got, _) = refresh(&own, "never-issued").await;
    assert_eq!(got, "a value of 12 bytes that this stage did not issue");

    let bearer = format!("Authorization: Bearer {}\r\n", token("AccessToken"));
    for (slug, line) in [
        ("athelas", "GET /v1/ambient/api/scribe/12345"),
        ("pattern", "GET /api/v1/groups/g/members"),
        ("corti", "GET /v2/interactions/"),
    ] {
        let denial = stage.refused(slug, line, &bearer, "").await;
        assert!(
            text(denial.got.as_ref()).ends_with(", which scribe issued"),
            "{slug}: {denial:?}"
        );
    }

    let tokens = async |client: usize| {
        let principals = stage.document("corti").principals;
        let client = &principals["realms"][0]["clients"][client];
        let form = format!(
            "grant_type=client_credentials&scope=openid&client_id={}&client_secret={}",
            client["client_id"].as_str().expect("text"),
            client["client_secret"].as_str().expect("text"),
        );
        (stage.send("corti", CORTI, FORM, &form).await.json(), form)
    };
    let (issued, form) = tokens(0).await;
    let access = issued["access_token"].as_str().expect("text");
    let form = form.replace(
        "grant_type=client_credentials&scope=openid",
        "grant_type=refresh_token",
    );
    let form = format!("{form}&refresh_token={access}");
    let denial = stage.refused("corti", CORTI, FORM, &form).await;
    assert!(
        text(denial.got.as_ref()).ends_with(", not a refresh token"),
        "{denial:?}"
    );
    assert!(refusals(&stage) == 8);
}
