//! A fifth vendor made of a TOML file alone.

use super::served::{Served, send};

const PROFILE: &str = r#"
vendor = "acme"
title = "Acme Health"
[urls]
token = "/oauth/token"
api = "/v1"
[endpoints.token]
methods = ["POST"]
path = "/oauth/token"
[endpoints.patients]
methods = ["GET"]
path = "/v1/patients"
[token]
grant = "client_credentials"
secret_in = "body"
expires_in = "seconds"
lifetime_s = 60
[denials.default]
status = 400
headers = { "content-type" = "application/json" }
body = '{"error":"invalid_request"}'
[denials.bad_secret]
status = 401
headers = { "content-type" = "application/json" }
body = '{"error":"invalid_client"}'
[denials.missing]
status = 401
[[principals.clients]]
client_id = "acme-client"
client_secret = "acme-secret"
"#;

#[test]
fn it_answers_a_token_request_and_guards_its_api() {
    let path = super::folder("file-vendor").join("acme.toml");
    std::fs::write(&path, PROFILE).expect("it is written");
    let served = Served::start(&[path.to_str().expect("UTF-8")]);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let login = |secret: &str| {
        let body =
            format!("grant_type=client_credentials&client_id=acme-client&client_secret={secret}");
        send(&served.address, "POST /acme/oauth/token", form, &body)
    };
    assert!(login("wrong").starts_with("HTTP/1.1 401"));
    let answer = login("acme-secret");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"expires_in\":60"),
        "{answer}"
    );
    let token = answer
        .split("\"access_token\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a token");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(
        send(&served.address, "GET /acme/v1/patients", &bearer, "").starts_with("HTTP/1.1 200")
    );
    assert!(send(&served.address, "GET /acme/v1/patients", "", "").starts_with("HTTP/1.1 401"));
}

#[test]
fn all_that_a_profile_lacks_is_told_at_once() {
    let path = super::folder("broken-profile").join("broken.toml");
    let broken = PROFILE
        .replace("title = \"Acme Health\"\n", "")
        .replace("lifetime_s = 60\n", "")
        .replace("path = \"/v1/patients\"\n", "");
    std::fs::write(&path, broken).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    let told = super::locum(&["serve", path]);
    assert_eq!(told.status.code(), Some(2));
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    for expected in [
        ":1: missing field: `title`",
        ":9: missing field in [endpoints.patients]: `path`",
        ":11: missing field in [token]: `lifetime_s`",
    ] {
        assert!(text.contains(&format!("{path}{expected}")), "{text}");
    }
}
