//! The signer against the vectors of AWS, against the vendor page's own, and against AWS's signer.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use locum_client::sign::{AwsCredentials, SignableRequest as ToSign, Signer};
use locum_core::{Secret, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

/// AWS's vectors; the folder's README names the source.
const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/aws-sigv4");

struct Parsed {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Reads a request of the suite; a folded line joins the one before it.
fn parse(text: &str) -> Parsed {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().expect("a request line");
    let (method, rest) = first.split_once(' ').expect("a method");
    let target = rest.strip_suffix(" HTTP/1.1").expect("a version");
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(more) = line.strip_prefix(' ') {
            let last = headers.last_mut().expect("a line to fold into");
            last.1.push(' ');
            last.1.push_str(more.trim());
        } else {
            let (name, value) = line.split_once(':').expect("a header");
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    Parsed {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.to_owned(),
    }
}

fn check_vector(folder: &Path) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a vector is whole");
    let context: Value = serde_json::from_str(&read("context.json")).expect("context");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let flag = |name: &str| context[name].as_bool().unwrap_or_default();
    let credentials = AwsCredentials {
        access_key_id: text(&context["credentials"]["access_key_id"]),
        secret_key: Secret::new(text(&context["credentials"]["secret_access_key"])),
        session_token: context["credentials"]["token"].as_str().map(Secret::from),
    };
    let signer = Signer::new(text(&context["region"]), text(&context["service"]))
        .normalize(flag("normalize"))
        // One vector counts an escape in the path as written by the client, as S3 does.
        .double_encode(!folder.ends_with("get-space-normalized"))
        .hash_header(flag("sign_body"))
        .sign_token(!flag("omit_session_token"));
    let now = Timestamp::parse_rfc3339(&text(&context["timestamp"])).expect("a date");
    let parsed = parse(&read("request.txt"));
    let headers: Vec<(&str, &str)> = parsed.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    let request = ToSign {
        method: &parsed.method,
        target: &parsed.target,
        headers: &headers,
        body: parsed.body.as_bytes(),
    };
    let steps = signer.steps(&credentials, &request, now);
    let name = folder.display();
    let expected = |name: &str| read(name).trim_end().to_owned();
    assert_eq!(
        steps.canonical_request,
        expected("header-canonical-request.txt"),
        "{name}"
    );
    assert_eq!(
        steps.string_to_sign,
        expected("header-string-to-sign.txt"),
        "{name}"
    );
    assert_eq!(steps.signature, expected("header-signature.txt"), "{name}");
}

#[test]
fn the_vectors_of_aws_pass() {
    let mut checked = 0;
    for entry in std::fs::read_dir(SUITE).expect("the suite is there") {
        let folder = entry.expect("an entry").path();
        if folder.is_dir() {
            check_vector(&folder);
            checked += 1;
        }
    }
    assert_eq!(checked, 38);
}

fn check(method: &str, target: &str, body: &str, expected: &str) {
    let credentials = AwsCredentials {
        access_key_id: "ASIALOCUMEXAMPLE0001".into(),
        secret_key: "locumExampleSecretKey0000000000000000000".into(),
        session_token: Some("locum-session-token+/==".into()),
    };
    let request = ToSign {
        method,
        target,
        headers: &[("Host", "127.0.0.1:18443")],
        body: body.as_bytes(),
    };
    let now = Timestamp::parse_amz_date("20261122T154812Z").expect("a date");
    let steps = Signer::new("eu-west-2", "execute-api").steps(&credentials, &request, now);
    assert_eq!(steps.signature, expected, "{}", steps.canonical_request);
}

#[test]
fn the_vectors_of_the_vendor_page_pass() {
    check(
        "GET",
        "/v1/tasks?includePresigned=True&company=Example%20Co%20%26%20S%C3%B6ns",
        "",
        "1dd7c9169adc44f1da0f03ed12efe5f9cd2e4611de3d0bc5e5a9f8cd727d6c00",
    );
    check(
        "POST",
        "/v1/tasks",
        r#"{"filetype": "pdf", "filename": "f.pdf"}"#,
        "e295b97b7c7966c3d8ffc039860083a2b14809086dd2fc96bc3d68df11dcb7ec",
    );
    check(
        "GET",
        "/v1/tasks/a%20b",
        "",
        "3dd703b11d1d784154fc82c257cef7c4a4fbd6d4c2c27574dbdf358a42a56e59",
    );
}

/// What AWS's own signer makes of the request: the `Authorization` header.
fn theirs(
    credentials: &AwsCredentials,
    request: &ToSign<'_>,
    now: Timestamp,
    normalize: bool,
    url: &str,
) -> String {
    let identity = aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_key.expose(),
        credentials
            .session_token
            .as_ref()
            .map(|token| token.expose().to_owned()),
        None,
        "test",
    )
    .into();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.session_token_mode = SessionTokenMode::Include;
    settings.excluded_headers = None;
    settings.uri_path_normalization_mode = if normalize {
        UriPathNormalizationMode::Enabled
    } else {
        UriPathNormalizationMode::Disabled
    };
    let millis = u64::try_from(now.as_millis()).expect("after the epoch");
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(UNIX_EPOCH + Duration::from_millis(millis))
        .settings(settings)
        .build()
        .expect("complete")
        .into();
    let signable = SignableRequest::new(
        request.method,
        url,
        request.headers.iter().copied(),
        SignableBody::Bytes(request.body),
    )
    .expect("signable");
    let (instructions, _) = sign(signable, &params).expect("signed").into_parts();
    let (headers, _) = instructions.into_parts();
    let header = headers
        .iter()
        .find(|header| header.name() == "authorization");
    header.expect("signed by header").value().to_owned()
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._~-]{0,8}",
        "[a-z!$'()*,;:@]{1,6}",
        "(%20|%2B|%C3%B6|%26|%3D|%25|a){1,4}",
        Just(String::from(".")),
        Just(String::from("..")),
    ]
}

fn pair() -> impl Strategy<Value = String> {
    let value = "([a-zA-Z0-9._~;:@/?+-]|%20|%C3%B6|%2B|%26|%7E){0,10}";
    ("[a-zA-Z0-9._~-]{1,4}", value, any::<bool>()).prop_map(|(name, value, bare)| {
        if bare {
            name
        } else {
            format!("{name}={value}")
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn our_signature_is_the_one_of_aws(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        parts in prop::collection::vec(part(), 0..5),
        pairs in prop::collection::vec(pair(), 0..5),
        extra in prop::collection::vec(("[a-z][a-z-]{0,8}[a-z]", "[ -~]{0,20}"), 0..4),
        body in prop::collection::vec(any::<u8>(), 0..200),
        token in prop::option::of("[A-Za-z0-9+/=]{1,40}"),
        seconds in 0..4_000_000_000_i64,
        normalize in any::<bool>(),
    ) {
        let path = format!("/{}", parts.join("/"));
        let target = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
        let names = ["host", "authorization", "x-amz-date", "user-agent", "x-amz-security-token"];
        let mut headers = vec![("host", "127.0.0.1:18443")];
        headers.extend(
            extra.iter().map(|(n, v)| (&**n, &**v)).filter(|(n, _)| !names.contains(n)),
        );
        let credentials = AwsCredentials {
            access_key_id: "ASIALOCUMEXAMPLE0001".into(),
            secret_key: "locumExampleSecretKey0000000000000000000".into(),
            session_token: token.map(Secret::new),
        };
        let request = ToSign { method, target: &target, headers: &headers, body: &body };
        let now = Timestamp::from_seconds(seconds);
        let signer = Signer::new("eu-west-2", "execute-api").normalize(normalize);
        let ours = signer.sign(&credentials, &request, now).authorization;
        let url = format!("http://127.0.0.1:18443{target}");
        prop_assert_eq!(ours, theirs(&credentials, &request, now, normalize, &url));
    }
}

#[test]
fn the_steps_print_no_session_token() {
    let credentials = AwsCredentials {
        access_key_id: "ASIALOCUMEXAMPLE0001".into(),
        secret_key: "canary".into(),
        session_token: Some("canary".into()),
    };
    let request = ToSign {
        method: "GET",
        target: "/x?token=canary",
        headers: &[("host", "127.0.0.1")],
        body: b"",
    };
    let now = Timestamp::from_seconds(1_795_514_400);
    let steps = Signer::new("eu-west-2", "execute-api").steps(&credentials, &request, now);
    assert!(steps.canonical_request.contains("canary"));
    let printed = format!("{steps:?} {request:?} {credentials:?}");
    assert!(!printed.contains("canary"), "{printed}");
}
