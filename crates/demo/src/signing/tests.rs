use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;

use super::*;
use crate::http::Url;

const KEY: [&str; 3] = [
    "ASIALOCUMEXAMPLE0001",
    "locumExampleSecretKey0000000000000000000",
    "locum-session-token+/==",
];

/// Both signers over the same request.
fn check(method: &str, target: &str, body: &str) {
    let now = Timestamp::parse_amz_date("20261122T154812Z").expect("a date");
    let url = format!("http://127.0.0.1:18443{target}");
    let mut request = Request::new(method, Url::parse(&url).expect("a URL"));
    request.body = Body::Bytes(body.as_bytes().to_vec());
    let credentials = Credentials {
        key_id: KEY[0].to_owned(),
        key: KEY[1].to_owned(),
        session_token: KEY[2].to_owned(),
    };
    let ours = super::sign(request, &credentials, "eu-west-2", now, &Signing::default());
    let ours = &ours.headers.last().expect("Authorization").1;

    let identity = AwsCredentials::new(KEY[0], KEY[1], Some(KEY[2].to_owned()), None, "test");
    let identity = identity.into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    let seconds = u64::try_from(now.as_seconds()).expect("after 1970");
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(UNIX_EPOCH + Duration::from_secs(seconds))
        .settings(settings)
        .build()
        .expect("all is set")
        .into();
    let headers = [("host", "127.0.0.1:18443")].into_iter();
    let body = SignableBody::Bytes(body.as_bytes());
    let theirs = SignableRequest::new(method, &url, headers, body).expect("a request");
    let (theirs, _) = sign(theirs, &params).expect("signed").into_parts();
    let mut theirs = theirs.headers();
    let theirs = theirs.find(|(name, _)| *name == "authorization");
    assert_eq!(ours, theirs.expect("it is there").1, "{target}");
}

#[test]
fn requests_are_signed_as_the_vendors_own_library_signs_them() {
    check("GET", "/v1/tasks", "");
    check("GET", "/v1/tasks/a%20b/", "");
    check("GET", "/v1/tasks?b=%2B;&a=%20&a=&~=%C3%B6%2F", "");
    check("GET", "/v1/fundportfolio?jobids=a;b", "");
    check("POST", "/v1/tasks", r#"{"filetype": "pdf"}"#);
}
