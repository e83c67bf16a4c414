//! Where in a request a secret may stand.

use std::fmt;

use super::spellings::{Canary, Spelling};

/// One request with a canary.
#[derive(Debug)]
pub(super) struct Case {
    name: String,
    /// The whole request; `{host}` stands for the address.
    pub(super) request: String,
    /// What must not be written down.
    pub(super) forbidden: Vec<String>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Targets with a place for a credential.
const TARGETS: &[&str] = &[
    "/token/{c}",
    "/access_tokens/{c}",
    "/reset/{c}",
    "/sessions/{c}/x",
    "/x;token={c}",
    "/x/password:{c}",
    "/x?token={c}",
    "/x?access_token={c}&a=b",
    "/x?authorization={c}",
    "/x?a=b;password={c}&y=z",
    "/x?a=b?token=Bearer%20{c}",
    "/x?token=Bearer+{c}",
    "/x?%70assword={c}",
    "/x?%2570assword={c}",
    "/x?password[]={c}",
    "/x?user[password]={c}",
    "/x?api_key={c}",
    "/x?X-Amz-Security-Token={c}",
    "/x?id_token_hint={c}&state=s",
    "/x?code={c}",
    "/x?password:{c}",
];

/// Headers with a place for a credential.
const HEADERS: &[&str] = &[
    "Authorization: {c}",
    "Authorization: Bearer {c}",
    "authorization: bearer   {c}",
    "Authorization: Basic {c}",
    "Authorization: Digest username=\"u\", response=\"{c}\"",
    "Authorization: Token {c}",
    "Authorization: Secret {c}",
    "Authorization: AWS4-HMAC-SHA256 Credential={c}/20261124/eu-west-2/execute-api/aws4_request, SignedHeaders=host, Signature={c}",
    "Authorization: AWS4-HMAC-SHA256 {c}",
    "Proxy-Authorization: Bearer {c}",
    "X-Auth-Token: {c}",
    "X-Api-Key: {c}",
    "apikey: {c}",
    "X-Access-Token: Bearer {c}",
    "Cookie: session={c}; a=b",
    "Cookie: {c}",
    "X-Amz-Security-Token: {c}",
    "Sec-WebSocket-Protocol: {c}",
    "Sec-WebSocket-Protocol: bearer, {c}",
    "Referer: https://h/cb?token={c}",
    "X-Original-URL: /cb?password={c}&x=y",
    "X-Debug: password: {c}",
    "X-Forwarded-Access-Token: {c}",
    "Ocp-Apim-Subscription-Key: {c}",
    "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nX-Secret: {c}",
];

/// Bodies with a place for a credential, after their media type.
const BODIES: &[(&str, &str)] = &[
    (FORM, "grant_type=password&password={c}&a=b"),
    (FORM, "a=b;client_secret={c}"),
    (FORM, "%70assword={c}"),
    (FORM, "password[]={c}&user%5Bpassword%5D={c}"),
    (FORM, "password: {c}"),
    (FORM, "{\"client_secret\":\"{c}\"}"),
    (FORM, "a=b\r\npassword={c}\r\n"),
    (JSON, "{\"password\":\"{c}\"}"),
    (JSON, "{\"password\":[\"{c}\",{\"x\":\"{c}\"}],\"a\":1}"),
    (JSON, "{\"client_secret\":{\"value\":\"{c}\",\"{c}\":1}}"),
    (JSON, "{\"password\":\"{c}\""),
    (JSON, "{\"password\":\"{c}\",}"),
    (JSON, "{'password':'{c}'}"),
    (JSON, "{\"a\":\"b,\"password\":\"{c}\"}"),
    (JSON, "{\"a\" \"{c}\"}"),
    (JSON, "{\"a\":\"{c}"),
    (JSON, "\u{feff}{\"password\":\"{c}\"}"),
    (JSON, "{\"body\":\"{\\\"password\\\":\\\"{c}\\\"}\"}"),
    (JSON, "{\"url\":\"https://h/cb?access_token={c}&x=y\"}"),
    (JSON, "[{\"name\":\"password\",\"value\":\"{c}\"}]"),
    (JSON, "[\"password\",\"{c}\"]"),
    (JSON, "{\"p\\u0061ssword\":\"{c}\"}"),
    (JSON, "grant_type=password&password={c}"),
    (JSON, "password is {c}"),
    (
        AMZ,
        "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"AuthParameters\":{\"USERNAME\":\"u\",\"PASSWORD\":\"{c}\",\"SECRET_HASH\":\"{c}\"}}",
    ),
    (
        AMZ,
        "{\"IdentityId\":\"x\",\"Logins\":{\"accounts.google.com\":\"{c}\",\"cognito-idp.eu-west-2.amazonaws.com/x\":\"{c}\"}}",
    ),
    (
        AMZ,
        "{\"Session\":\"{c}\",\"ChallengeResponses\":{\"NEW_PASSWORD\":\"{c}\",\"SOFTWARE_TOKEN_MFA_CODE\":\"{c}\"}}",
    ),
    (
        AMZ,
        "{\"AccessToken\":\"{c}\",\"PreviousPassword\":\"{c}\",\"ProposedPassword\":\"{c}\"}",
    ),
    (
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{c}\r\n--b--\r\n",
    ),
    (
        "text/plain",
        "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{c}\r\n--b--\r\n",
    ),
    ("text/plain", "password: {c}\n"),
    ("text/plain", "password={c}"),
    (
        "application/xml",
        "<login><user>u</user><password>{c}</password></login>",
    ),
    ("application/xml", "<login user=\"u\" password=\"{c}\"/>"),
    ("", "username=u&password={c}"),
];

/// Requests with a place for anything; what is found there is found anywhere.
const ANYWHERE: &[(&str, &str, &str, &str)] = &[
    ("/x/{c}", "", "", ""),
    ("/x/{c}/y", "", "", ""),
    ("/x?{c}", "", "", ""),
    ("/x?a={c}&b", "", "", ""),
    ("/x", "X-Whatever: a {c} b", "", ""),
    ("/x", "Accept: {c}", "", ""),
    ("/x", "X-Forwarded-For: {c}", "", ""),
    ("/x", "", FORM, "username={c}&grant_type=x"),
    ("/x", "", FORM, "{c}=1"),
    ("/x", "", JSON, "{\"username\":\"{c}\"}"),
    ("/x", "", JSON, "{\"a\":[[{\"{c}\":1}]]}"),
    ("/x", "", JSON, "\"{c}\""),
    ("/x", "", "text/plain", "see {c} there"),
    ("/x", "", "application/xml", "<a>{c}</a>"),
];

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const AMZ: &str = "application/x-amz-json-1.1";

/// All requests to `vendor` with `canary` spelled so.
pub(super) fn cases(vendor: &str, canary: &Canary, spelling: &Spelling) -> Vec<Case> {
    let endpoint = match vendor {
        "athelas" => "/athelas/api/v1/token",
        "corti" => "/corti/realms/base/protocol/openid-connect/token",
        "pattern" => "/pattern/api/auth/token",
        _ => "/scribe/cognito",
    };
    let api = format!("/{vendor}/v1/tasks");
    let mut cases = Vec::new();
    let mut push = |target: &str, header: &str, media_type: &str, body: &str| {
        if let Some(case) = case(canary, spelling, target, header, media_type, body) {
            cases.push(case);
        }
    };
    for target in TARGETS {
        push(&format!("/{vendor}{target}"), "", "", "");
    }
    for header in HEADERS {
        push(endpoint, header, "", "");
        push(&api, header, "", "");
    }
    for (media_type, body) in BODIES {
        push(endpoint, "", media_type, body);
    }
    if canary.is_found_anywhere() {
        for (target, header, media_type, body) in ANYWHERE {
            push(&format!("/{vendor}{target}"), header, media_type, body);
        }
    }
    cases
}

/// The request, unless the canary as spelled cannot stand in its place.
fn case(
    canary: &Canary,
    spelling: &Spelling,
    target: &str,
    header: &str,
    media_type: &str,
    body: &str,
) -> Option<Case> {
    let text = spelling.text.as_str();
    let is_uri = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{}|#".contains(&byte);
    let (in_target, in_header, in_body) = (
        target.contains("{c}"),
        header.contains("{c}"),
        body.contains("{c}"),
    );
    if in_target && !text.bytes().all(is_uri) {
        return None;
    }
    if in_header && !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    // As it stands it would be another value: an ampersand ends a pair, a quote a string.
    let splits = |signs: &[u8]| text.bytes().any(|byte| signs.contains(&byte));
    let ends_early = (in_target && splits(b"&;/?#"))
        || (in_header && splits(b",;&\"' "))
        || (in_body && splits(b"&;<>\"'\n"))
        || (in_body
            && media_type.contains("json")
            && splits(b"\\")
            && !spelling.name.starts_with("json"));
    if ends_early && !canary.is_found_anywhere() {
        return None;
    }
    let put = |place: &str| place.replace("{c}", text);
    let body = put(body);
    let header = match header {
        "" => String::new(),
        header => format!("{}\r\n", put(header)),
    };
    let media_type = match media_type {
        "" => String::new(),
        media_type => format!("Content-Type: {media_type}\r\n"),
    };
    let method = if body.is_empty() { "GET" } else { "POST" };
    let request = format!(
        "{method} {} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{header}{media_type}Content-Length: {}\r\n\r\n{body}",
        put(target),
        body.len()
    );
    let mut forbidden = vec![canary.value()];
    if spelling.text != canary.value() {
        forbidden.push(spelling.text.clone());
    }
    let _ = spelling.is_token;
    Some(Case {
        name: format!(
            "{canary:?}, {}, {target} {header:?} {media_type:?} {body:?}",
            spelling.name
        ),
        request,
        forbidden,
    })
}
