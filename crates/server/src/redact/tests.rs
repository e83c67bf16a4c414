//! What stays readable, what is named, and what the cut leaves. That nothing leaks is tested from
//! outside, over the wire.

use std::fmt::Write;
use std::sync::Arc;

use locum_core::Profile;

use super::*;
use crate::plain::PlainVendor;
use crate::{App, NewToken, ServerConfig};

const PROFILE: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/oauth/token"
[endpoints.token]
methods = ["POST"]
path = "/oauth/token"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 60
[denials.default]
status = 400
[[principals.clients]]
client_id = "client-a"
client_secret = "s3cr+t of/a"
"#;

async fn start() -> (App, Mock) {
    let profile = Profile::parse("acme.toml", PROFILE).expect("a profile");
    let vendor: Arc<dyn Vendor> = Arc::new(PlainVendor::new(profile).expect("a plain vendor"));
    let app = App::start(ServerConfig::loopback(), vec![Arc::clone(&vendor)])
        .await
        .expect("it starts");
    let stage = app.stages.stage("default").expect("it is there");
    let mock = app.stages.mock(&vendor, &stage);
    (app, mock)
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn ordinary_data_stays_as_it_was_sent() {
    let (app, mock) = start().await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    let bodies = [
        (
            JSON,
            r#"{"client_id": "client-a", "scope":"openid profile", "grant_type":"password", "expires_in":300}"#,
        ),
        (
            JSON,
            r#"{"token_type":"Bearer","id":"0b5e6a1c-9d1e-4f6a-8a64-0d1f2a3b4c5d","at":"2026-11-29T09:00:00+00:00"}"#,
        ),
        (
            JSON,
            r#"{"error":"invalid_grant","error_description":"Invalid user credentials"}"#,
        ),
        (
            JSON,
            r#"{"keys":[{"kid":"aZ3kQ8mV1tXc7Rn5Lp2Wd9","n":"aZ3kQ8mV1tXc7Rn5Lp2Wd9Hb4Js6Gf0yEu","e":"AQAB"}]}"#,
        ),
        (
            JSON,
            r#"{"response_types_supported":["code","none","id_token"],"token_endpoint":"https://h/oauth/token"}"#,
        ),
        (
            JSON,
            r#"{"md5checksum":"1B2M2Y8AsgTpgAmY7PhCfg==","Credentials":{"AccessKeyId":"ASIALOCUMEXAMPLE0001"}}"#,
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=client-a&scope=a+b&jobids=a;b",
        ),
        ("text/plain", "The token has expired."),
    ];
    for (media_type, body) in bodies {
        let kept = redactor
            .body(media_type, body.as_bytes(), Side::Client)
            .await;
        assert_eq!(kept.as_deref(), Some(body));
    }
    let target = "/v2/interactions/0b5e6a1c-9d1e-4f6a-8a64-0d1f2a3b4c5d?state=x&company=A%20%26+B";
    assert_eq!(redactor.target(target).await, target);
}

#[tokio::test]
async fn a_secret_has_its_owners_name_and_a_token_its_own() {
    let (app, mock) = start().await;
    let token = NewToken::new(
        locum_core::TokenKind::Access,
        "client-a",
        1,
        std::time::Duration::from_secs(60),
    );
    mock.issue("opaque-0123456789", token).await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    let form =
        "client_id=client-a&client_secret=s3cr%2Bt+of%2Fa&token=opaque-0123456789&password=wrong";
    let kept = redactor.body(FORM, form.as_bytes(), Side::Client).await;
    assert_eq!(
        kept.as_deref(),
        Some(
            "client_id=client-a&client_secret=«secret of client-a»&token=«access token 1 of client-a»&password=«unknown, 5 bytes»"
        )
    );
    let lines = [(
        "Authorization".to_owned(),
        "Bearer opaque-0123456789".to_owned(),
    )];
    assert_eq!(
        redactor.lines(&lines, Side::Client).await[0].1,
        "Bearer «access token 1 of client-a»"
    );
    assert_eq!(
        redactor.text("got `wrong` for opaque-0123456789").await,
        "got `«unknown, 5 bytes»` for «access token 1 of client-a»"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_by_its_length() {
    let (app, mock) = start().await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    for (media_type, body, expected) in [
        (
            JSON,
            "{\"a\":1",
            "«6 bytes of application/json that could not be parsed»",
        ),
        (
            FORM,
            "password is x",
            "«13 bytes of application/x-www-form-urlencoded that could not be parsed»",
        ),
        (
            "text/plain",
            "password: x",
            "«11 bytes of text/plain that could not be parsed»",
        ),
        (
            "multipart/form-data",
            "--b\r\n",
            "«5 bytes of multipart/form-data»",
        ),
    ] {
        let kept = redactor
            .body(media_type, body.as_bytes(), Side::Client)
            .await;
        assert_eq!(kept.as_deref(), Some(expected));
    }
}

/// Secrets at, before and behind the place where a long body is cut.
#[tokio::test]
async fn the_cut_splits_no_secret() {
    let (app, mock) = start().await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    for shift in 0..60 {
        let filler = "x".repeat(MAX_BODY - 40 + shift);
        for body in [
            format!("{{\"a\":\"{filler}\",\"password\":\"hunter-canary-of-some-length\",\"b\":1}}"),
            format!("{{\"a\":\"{filler} s3cr+t of/a\"}}"),
            format!("{{\"a\":\"{filler} eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.bm8\"}}"),
        ] {
            let kept = redactor.body(JSON, body.as_bytes(), Side::Mock).await;
            let kept = kept.expect("a text");
            for part in ["hunt", "s3c", "eyJ"] {
                assert!(
                    !kept.contains(part),
                    "{shift}: {}",
                    &kept[kept.len() - 80..]
                );
            }
        }
    }
}

/// A password that a request sets is a secret of the stage, once the vendor has taken it.
#[tokio::test]
async fn the_stage_learns_a_password_that_was_set() {
    let (app, mock) = start().await;
    let set = async |value: &str, succeeds: bool| {
        let mut redactor = Redactor::new(&app.stages, &mock);
        let body = format!("{{\"NEW_PASSWORD\":\"{value}\"}}");
        redactor.body(JSON, body.as_bytes(), Side::Client).await;
        if succeeds {
            redactor.learn(Some("ann"));
        }
    };
    set("refused-canary", false).await;
    set("taken-canary", true).await;
    let redactor = Redactor::new(&app.stages, &mock);
    assert_eq!(
        redactor.text("refused-canary, %74aken-canary").await,
        "refused-canary, «secret of ann»"
    );
    app.stages.reset(&mock.stage).await.expect("it begins anew");
    let redactor = Redactor::new(&app.stages, &mock);
    assert_eq!(redactor.text("taken-canary").await, "taken-canary");
}

/// What was looked through before is looked through again where it may hold something since.
#[tokio::test]
async fn what_held_nothing_before_may_hold_something_now() {
    let (app, mock) = start().await;
    let line = [("X-Echo".to_owned(), "say plainword".to_owned())];
    let (body, target) = (b"a=%70lainword", "/a/plainword");
    let redacted = async |redactor: &mut Redactor| {
        [
            redactor.lines(&line, Side::Mock).await[0].1.clone(),
            redactor.target(target).await,
            redactor.text("no plainword").await,
            redactor.body(FORM, body, Side::Mock).await.expect("a text"),
        ]
    };
    for _ in 0..2 {
        let mut fresh = Redactor::new(&app.stages, &mock);
        let plain = ["say plainword", target, "no plainword", "a=%70lainword"];
        assert_eq!(redacted(&mut fresh).await, plain);
        let mut shown = Redactor::new(&app.stages, &mock);
        shown.body(FORM, b"password=plainword", Side::Client).await;
        let hidden = plain.map(|text| {
            let text = text.replace("%70", "p");
            text.replace("plainword", "«unknown, 9 bytes»")
        });
        assert_eq!(redacted(&mut shown).await, hidden);
    }
    mock.stage.secrets.learn("plainword", "«s»".to_owned());
    let mut learned = Redactor::new(&app.stages, &mock);
    let hidden = ["say «s»", "/a/«s»", "no «s»", "a=«s»"];
    assert_eq!(redacted(&mut learned).await, hidden);
}

/// A path that one vendor has tells nothing of another vendor's.
#[tokio::test]
async fn what_a_vendor_has_in_its_paths_is_not_remembered() {
    let (app, mock) = start().await;
    for _ in 0..2 {
        let mut redactor = Redactor::new(&app.stages, &mock);
        assert_eq!(redactor.target("/token/oauth").await, "/token/oauth");
        let known = mock
            .stage
            .secrets
            .known(|| unreachable!("they were gathered"));
        assert!(!known.is_clean(Kind::Target, "", "/token/oauth"));
        assert_eq!(redactor.target("/plain").await, "/plain");
        assert!(known.is_clean(Kind::Target, "", "/plain"));
    }
}

/// A mistyped secret of one letter is masked where it stands, and no other word for it.
#[tokio::test]
async fn a_short_word_is_masked_where_it_stands_alone() {
    let (app, mock) = start().await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    let form = "client_id=client-a&client_secret=x&password=token&grant_type=password";
    let kept = redactor.body(FORM, form.as_bytes(), Side::Client).await;
    assert_eq!(
        kept.as_deref(),
        Some(
            "client_id=client-a&client_secret=«unknown, 1 byte»&password=«unknown, 5 bytes»&grant_type=password"
        )
    );
    let reply = r#"{"error":"x","token_type":"x token"}"#;
    let kept = redactor.body(JSON, reply.as_bytes(), Side::Mock).await;
    assert_eq!(kept.as_deref(), Some(reply));
}

/// A reply that gives out a secret knows its name.
#[tokio::test]
async fn a_secret_that_is_given_out_has_its_name_in_the_reply() {
    let (app, mock) = start().await;
    let mut redactor = Redactor::new(&app.stages, &mock);
    let secret = Secret::new("given-canary-0123456789");
    mock.stage
        .secrets
        .give(&secret, "«secret key 1»".to_owned());
    redactor.renew(&app.stages);
    let body = br#"{"SecretKey":"given-canary-0123456789"}"#;
    let kept = redactor.body(JSON, body, Side::Mock).await;
    assert_eq!(kept.as_deref(), Some(r#"{"SecretKey":"«secret key 1»"}"#));
}

#[test]
fn debug_shows_no_secret() {
    let secrets = BTreeMap::from([("hunter-canary".to_owned(), "«s»".to_owned())]);
    let stage = StageSecrets::on(&crate::memory::Account::new(1 << 20));
    let known = stage.known(|| (secrets.clone(), Vec::new()));
    stage.learn("other-canary", "«t»".to_owned());
    let mut shown = String::new();
    write!(shown, "{known:?} {stage:?}").expect("a text");
    assert!(!shown.contains("canary"), "{shown}");
}
