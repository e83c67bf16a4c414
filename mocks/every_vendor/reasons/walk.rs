//! Each denial of a profile's table by a real request: reason, expected, got.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

const ATHELAS: &str = "POST /v1/ambient/api/auth/token";
const PATTERN: &str = "POST /api/auth/token";
const GRANT: &str = "grant_type=client_credentials";

/// One refusal: its reason, settings, and the request that meets it.
struct Case {
    reason: &'static str,
    settings: Vec<(&'static str, Value)>,
    line: String,
    headers: String,
    body: String,
}

fn case(reason: &'static str, line: impl Into<String>, headers: &str, body: &str) -> Case {
    Case {
        reason,
        settings: Vec::new(),
        line: line.into(),
        headers: headers.to_owned(),
        body: body.to_owned(),
    }
}

impl Case {
    fn with(mut self, setting: &'static str, value: impl Into<Value>) -> Self {
        self.settings.push((setting, value.into()));
        self
    }
}

/// Plays `cases` at `slug`; the keys of the profile that none of them met, apart from `others`,
/// which are not reasons by themselves or are met by another test.
async fn walk(stage: &Stage, slug: &str, cases: Vec<Case>, others: &[&str]) {
    let vendor = stage.0.running.stages.vendor(slug).expect("a vendor");
    let profile = vendor.profile();
    let mut met = BTreeSet::new();
    for case in cases {
        let change = |value: fn(&Value) -> Value| -> serde_json::Map<String, Value> {
            let settings = case.settings.iter();
            settings
                .map(|(name, to)| (format!("{slug}.{name}"), value(to)))
                .collect()
        };
        let before: serde_json::Map<String, Value> = case
            .settings
            .iter()
            .map(|(name, _)| {
                (
                    format!("{slug}.{name}"),
                    profile.settings[*name].default.clone(),
                )
            })
            .collect();
        stage
            .0
            .stage
            .change_settings(&change(Value::clone))
            .expect("settings");
        let denial = stage
            .refused(slug, &case.line, &case.headers, &case.body)
            .await;
        assert_eq!(
            denial.reason, case.reason,
            "{slug} {}: {denial:?}",
            case.line
        );
        for (what, text) in [("expected", &denial.expected), ("got", &denial.got)] {
            let is_told = text.as_ref().is_some_and(|text| !text.is_empty());
            assert!(
                is_told,
                "{slug} {} does not say {what}: {denial:?}",
                case.reason
            );
        }
        met.insert(case.reason);
        stage.0.stage.change_settings(&before).expect("settings");
    }
    let unmet: Vec<&str> = profile
        .denials
        .keys()
        .chain(&profile.reasons)
        .map(String::as_str)
        .filter(|key| !met.contains(key) && !others.contains(key))
        .collect();
    assert!(unmet.is_empty(), "{slug}: nobody meets {unmet:?}");
}

#[tokio::test]
async fn every_denial_of_athelas_says_why() {
    let stage = Stage::start().await;
    let encoded = |at: usize, name: &str| {
        let users = stage.document("athelas").principals;
        let text = users["users"][at][name].as_str().expect("text").to_owned();
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let form = |at: usize| {
        format!(
            "username={}&password={}",
            encoded(at, "username"),
            encoded(at, "password")
        )
    };
    let answer = stage.send("athelas", ATHELAS, FORM, &form(0)).await.json();
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let signed = bearer(&token);
    let multipart = format!("{signed}Content-Type: multipart/form-data; boundary=B\r\n");
    let (scribe, create) = (
        "GET /v1/ambient/api/scribe/12345",
        "POST /v1/ambient/api/scribe",
    );
    let part = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let of_template = |id: &str| {
        format!(
            "{}{}--B--\r\n",
            part("template_ids", id),
            part("transcripts", "Hello.")
        )
    };
    let wrong = format!("username={}&password=x", encoded(0, "username"));
    let empty = format!("username={}&password=", encoded(0, "username"));
    let file = "--B\r\nContent-Disposition: form-data; name=\"audio_file\"; filename=\"a\"\r\n\r\n"
        .to_owned();
    let file = format!("{file}{}\r\n--B--\r\n", "x".repeat(1_000_001));
    let cut = &token[..token.len() - 4];
    let refused = "error_shape";
    let cases = vec![
        case("unknown_user", ATHELAS, FORM, "username=nobody&password=x"),
        case("wrong_password", ATHELAS, FORM, &wrong),
        case("empty_password", ATHELAS, FORM, &empty).with("fastapi_profile", "0.115"),
        case("inactive_account", ATHELAS, FORM, &form(2)),
        case("no_api_access", ATHELAS, FORM, &form(3)),
        case("missing_username", ATHELAS, FORM, ""),
        case("missing_password", ATHELAS, FORM, "username=a"),
        case(
            "unsupported_grant",
            ATHELAS,
            FORM,
            &format!("{}&grant_type=x", form(0)),
        ),
        case("repeated_parameter", ATHELAS, FORM, "username=a&username=b")
            .with("repeated_param", "400"),
        case(
            "missing_boundary",
            ATHELAS,
            "Content-Type: multipart/form-data\r\n",
            "x",
        ),
        case(
            "malformed_multipart",
            ATHELAS,
            "Content-Type: multipart/form-data; boundary=B\r\n",
            "x",
        ),
        case("rfc_invalid_request", ATHELAS, FORM, "").with(refused, "rfc6749"),
        case("rfc_invalid_grant", ATHELAS, FORM, &wrong).with(refused, "rfc6749"),
        case(
            "rfc_unsupported_grant_type",
            ATHELAS,
            FORM,
            &format!("{}&grant_type=x", form(0)),
        )
        .with(refused, "rfc6749"),
        case("no_token", scribe, "", ""),
        case("wrong_scheme", scribe, "Authorization: Basic YTpi\r\n", ""),
        case("no_token_403", scribe, "", "").with("missing_token_status", 403),
        case(
            "wrong_scheme_403",
            scribe,
            "Authorization: Basic YTpi\r\n",
            "",
        )
        .with("missing_token_status", 403),
        case("malformed_bearer", scribe, "Authorization: Bearer\r\n", ""),
        case(
            "malformed_header",
            scribe,
            "Authorization: Bearer é\r\n",
            "",
        ),
        case("malformed_token", scribe, &bearer("junk"), ""),
        case("bad_signature", scribe, &bearer(&format!("{cut}AAAA")), ""),
        case("unknown_token", scribe, &bearer("junk"), "").with("token_format", "opaque"),
        case("invalid_request", create, &multipart, "--B--\r\n"),
        case(
            "scribe_not_found",
            "GET /v1/ambient/api/scribe/1",
            &signed,
            "",
        ),
        case(
            "transcription_not_found",
            "GET /v1/ambient/api/transcribe/1",
            &signed,
            "",
        ),
        case(
            "template_forbidden_400",
            create,
            &multipart,
            &of_template("9"),
        )
        .with("template_forbidden_status", 400),
        case(
            "template_forbidden_403",
            create,
            &multipart,
            &of_template("9"),
        ),
        case(
            "template_forbidden_422",
            create,
            &multipart,
            &of_template("9"),
        )
        .with("template_forbidden_status", 422),
        case(
            "no_content",
            create,
            &multipart,
            &format!("{}--B--\r\n", part("template_ids", "1042")),
        ),
        case(
            "upload_too_large",
            "POST /v1/ambient/api/transcribe",
            &multipart,
            &file,
        )
        .with("max_upload_mb", 1),
        case(
            "trailing_slash",
            "GET /v1/ambient/api/scribe/12345/",
            "",
            "",
        ),
        case("not_found", "GET /nowhere", "", ""),
        case("wrong_method", "GET /v1/ambient/api/auth/token", "", ""),
        case("malformed_request", "GET /a b", "", ""),
        case("body_too_large", ATHELAS, FORM, &"x".repeat(3 << 20)),
    ];
    // Kinds, and what other tests meet: time, revocation, limits, a body that never ends.
    let others = [
        "bad_secret",
        "body_too_slow",
        "dead_account",
        "default",
        "disabled",
        "expired",
        "invalid",
        "missing",
        "no_permission",
        "not_yet_valid",
        "rate_limit",
        "rate_limit_retry",
        "repeated_header",
        "revoked",
        "unknown_principal",
        "wrong_token",
    ];
    walk(&stage, "athelas", cases, &others).await;
}

#[tokio::test]
async fn every_denial_of_pattern_says_why() {
    let stage = Stage::start().await;
    let secret = |at: usize, name: &str| {
        let principals = stage.document("pattern").principals;
        principals["clients"][at][name]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let client = |at: usize| basic(&secret(at, "client_id"), &secret(at, "client_secret"));
    let token = async |at: usize| {
        let answer = stage
            .send("pattern", PATTERN, &client(at), GRANT)
            .await
            .json();
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        format!("Authorization: Bearer {token}\r\n")
    };
    let (signed, poor) = (token(0).await, token(4).await);
    let group = stage.document("pattern").params["group"]
        .as_str()
        .expect("text")
        .to_owned();
    let members = format!("/api/v1/groups/{group}/members");
    let get = |query: &str| format!("GET {members}{query}");
    let post = format!("POST {members}");
    let mail = |mail: &str| {
        json!({"inviteCode": "x", "groupMember": {"user": {"email": mail}}}).to_string()
    };
    let cases = vec![
        case(
            "wrong_media_type",
            PATTERN,
            &client(0).replace(FORM, JSON),
            "{}",
        ),
        case("repeated_parameter", PATTERN, &client(0), "a=1&a=2"),
        case(
            "two_methods",
            PATTERN,
            &client(0),
            &format!("{GRANT}&client_secret=x"),
        ),
        case("missing_grant_type", PATTERN, &client(0), "a=1"),
        case("not_acceptable", PATTERN, &client(0), GRANT).with("require_accept", "406"),
        case("no_client", PATTERN, FORM, GRANT),
        case(
            "malformed_basic",
            PATTERN,
            &format!("Authorization: Basic !\r\n{FORM}"),
            GRANT,
        ),
        case("unknown_client", PATTERN, &basic("nobody", "x"), GRANT),
        case(
            "wrong_secret",
            PATTERN,
            &basic("pattern-client", "x"),
            GRANT,
        ),
        case("disabled_client", PATTERN, &client(3), GRANT),
        case(
            "unsupported_grant",
            PATTERN,
            &client(0),
            "grant_type=password",
        ),
        case("unauthorized_client", PATTERN, &client(2), GRANT),
        case("no_token", get(""), "", ""),
        case("wrong_scheme", get(""), "Authorization: Basic YTpi\r\n", ""),
        case(
            "malformed_bearer",
            get(""),
            "Authorization: Bearer a b\r\n",
            "",
        ),
        case(
            "unknown_token",
            get(""),
            "Authorization: Bearer junk\r\n",
            "",
        ),
        case("token_twice", get("?access_token=x"), &signed, ""),
        case("forbidden", get(""), &poor, ""),
        case("not_found", format!("{}/x", get("")), &signed, ""),
        case(
            "conflict",
            &post,
            &format!("{signed}{JSON}"),
            &mail("member1@example.com"),
        ),
        case("invalid", get("?limit=0"), &signed, ""),
        case("malformed_json", &post, &format!("{signed}{JSON}"), "{"),
        case("wrong_method", "GET /api/auth/token", "", ""),
        case("body_too_large", PATTERN, FORM, &"x".repeat(3 << 20)),
    ];
    let others = [
        "body_too_slow",
        "default",
        "expired_token",
        "rate_limit",
        "rate_limit_date",
        "rate_limit_seconds",
        "revoked_token",
        "wrong_token",
    ];
    walk(&stage, "pattern", cases, &others).await;
}
