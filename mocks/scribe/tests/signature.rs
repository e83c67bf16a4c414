//! Signatures with a mistake, on the wire: API Gateway's words in the reply, the mistake in the journal.

use aws_sigv4::http_request::PercentEncodingMode;

use super::api::{ready, refusal};
use super::*;

/// What the journal says of the last refusal.
fn difference(server: &TestServer) -> String {
    let entries = server.stage.find(&locum_core::Filter::default());
    let denial = entries.last().and_then(|entry| entry.denial.clone());
    denial
        .and_then(|denial| denial.difference)
        .unwrap_or_default()
}

/// The header lines of a client that signs the path as it stands: it does not encode it again.
fn signed_as_it_stands(server: &TestServer, aws: &Aws, target: &str) -> Vec<(String, String)> {
    let identity = Credentials::new(&aws.key, &aws.secret, Some(aws.token.clone()), None, "test");
    let identity = identity.into();
    let millis = u64::try_from(server.stage.clock.now().as_millis()).expect("after 1970");
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .settings(settings)
        .build()
        .expect("all are set")
        .into();
    let uri = format!("http://{}{target}", server.host());
    let headers = [("host", server.host())].into_iter();
    let request = SignableRequest::new("GET", uri, headers, SignableBody::Bytes(b""));
    let (instructions, _) = sign(request.expect("signable"), &parameters)
        .expect("it signs")
        .into_parts();
    instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Field report 13: reserved characters that the client left raw in the path, and a header that a proxy
/// changed.
#[tokio::test]
async fn usual_mistakes_of_signing_are_told() {
    let (server, _, aws) = ready().await;
    let rows = [
        (
            "/v1/tasks/*",
            "the path: the client signed it as it stands, `*` is %2A",
        ),
        (
            "/v1/tasks/(x)",
            "the path: the client signed it as it stands, `(` is %28",
        ),
        (
            "/v1/tasks/!'x",
            "the path: the client signed it as it stands, `!` is %21",
        ),
    ];
    for (target, sentence) in rows {
        let headers = signed_as_it_stands(&server, &aws, target);
        let answer = server
            .request(&format!("GET {target}"), &lines(&headers), "")
            .await;
        assert_eq!(refusal(&answer).1, "InvalidSignatureException", "{target}");
        assert_eq!(difference(&server), sentence);
    }
    let plain = signed_as_it_stands(&server, &aws, "/v1/tasks");
    assert_eq!(
        server
            .request("GET /v1/tasks", &lines(&plain), "")
            .await
            .status,
        200
    );

    let extra = [("x-forwarded-for", "10.0.0.1")];
    let forwarded = signature(&server, &aws, "GET", "/v1/tasks", &extra, b"");
    let forwarded = lines(&forwarded);
    assert_eq!(
        server.request("GET /v1/tasks", &forwarded, "").await.status,
        200
    );
    for (seen, suspect) in [("10.0.0.1, 10.0.0.2", true), ("10.9.9.9", false)] {
        let changed = forwarded.replace("10.0.0.1", seen);
        let answer = server.request("GET /v1/tasks", &changed, "").await;
        assert_eq!(refusal(&answer).1, "InvalidSignatureException");
        let told = difference(&server);
        assert!(
            told.contains("signed headers that a hop may change: x-forwarded-for"),
            "{told}"
        );
        assert_eq!(
            told.ends_with("it was signed as `10.0.0.1`"),
            suspect,
            "{told}"
        );
    }
}

/// Field report 14: a header that is named and not there, before any signature is computed.
#[tokio::test]
async fn a_signed_header_that_is_not_there_is_named() {
    let (server, _, aws) = ready().await;
    let good = signature(&server, &aws, "GET", "/v1/tasks", &[], b"");
    let send = async |from: &str, to: &str| {
        let changed = lines(&good).replace(from, to);
        refusal(&server.request("GET /v1/tasks", &changed, "").await)
    };
    let incomplete = |sentence: &str| {
        (
            403,
            "IncompleteSignatureException".to_owned(),
            sentence.to_owned(),
        )
    };
    assert_eq!(
        send("SignedHeaders=host", "SignedHeaders=accept;host").await,
        incomplete(
            "'accept' is named as a SignedHeader, but it does not exist in the HTTP request."
        )
    );
    assert_eq!(
        send("SignedHeaders=host", "SignedHeaders=host;host").await,
        incomplete("'host' is named as a SignedHeader more than once.")
    );
    assert_eq!(
        send("SignedHeaders=host", "SignedHeaders=Host").await,
        incomplete("'Host' in SignedHeaders is not in lower case.")
    );
    assert_eq!(
        send("SignedHeaders=host;", "SignedHeaders=").await,
        (
            403,
            "InvalidSignatureException".to_owned(),
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
        )
    );
    server.set("sigv4_absent_header", "mismatch");
    server.set("sigv4_malformed_list", "mismatch");
    for (list, sentence) in [
        (
            "accept;host",
            "the signed header `accept` is not in the request",
        ),
        (
            "host;host",
            "'host' is named as a SignedHeader more than once.",
        ),
    ] {
        let (status, class, _) = send("SignedHeaders=host", &format!("SignedHeaders={list}")).await;
        assert_eq!((status, class.as_str()), (403, "InvalidSignatureException"));
        assert_eq!(difference(&server), sentence);
    }
}

/// Each fault of a signed request, in API Gateway's class and words.
#[tokio::test]
async fn api_gateway_has_words_for_each_fault() {
    let (server, _, aws) = ready().await;
    let other = super::aws(&server, &login(&server).await.id).await;
    let good = signature(&server, &aws, "GET", "/v1/tasks", &[], b"");
    let value = |name: &str| {
        let found = good.iter().find(|(have, _)| have == name);
        found.expect("it is signed").1.clone()
    };
    let (date, authorization) = (value("x-amz-date"), value("authorization"));
    let day = date[..8].to_owned();
    let (incomplete, invalid, unknown) = (
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    );
    let token = "The security token included in the request is invalid.";
    let requires = |part: &str| {
        format!("Authorization header requires '{part}' parameter. Authorization=AWS4-HMAC-SHA256 ")
    };
    let rows: Vec<(&str, &str, &str, String)> = vec![
        ("Credential=", "Cred=", incomplete, requires("Credential")),
        ("Signature=", "Sign=", incomplete, requires("Signature")),
        ("SignedHeaders=", "Headers=", incomplete, requires("SignedHeaders")),
        ("x-amz-date: ", "x-date: ", incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 ".into()),
        ("x-amz-date: ", "x-amz-date: x", incomplete, format!("Date must be in ISO-8601 'basic format'. Got 'x{date}'. See http://en.wikipedia.org/wiki/ISO_8601")),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", incomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only AWS4-HMAC-SHA256 for now). ".into()),
        ("/aws4_request", "", incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '".into()),
        ("Credential=", "Credential= ", incomplete, format!("'{}/{day}/eu-west-2/execute-api/aws4_request' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential= ", aws.key)),
        ("aws4_request", "aws5_request", invalid, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ".into()),
        ("/eu-west-2/execute-api", "/eu-west-1/s3", invalid, "Credential should be scoped to a valid region, not 'eu-west-1'. Credential should be scoped to correct service: 'execute-api'. ".into()),
        (&day, "20010101", invalid, format!("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20010101' != '{day}', from '{date}'. ")),
        (&aws.key, "ASIAUNKNOWN000000000", unknown, token.into()),
        ("x-amz-security-token: ", "x-token: ", unknown, token.into()),
        (&aws.token, &other.token, unknown, token.into()),
        (&aws.token, "undefined", unknown, token.into()),
        ("Signature=", "Signature=0", invalid, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/v1/tasks\n\nhost:".into()),
    ];
    for (from, to, class, message) in rows {
        let changed: Vec<(String, String)> = good
            .iter()
            .map(|(name, value)| {
                let line = format!("{name}: {value}");
                // The scope alone has the day without an hour.
                let line = match from == day && name == "x-amz-date" {
                    true => line,
                    false => line.replacen(from, to, 1),
                };
                let (name, value) = line.split_once(": ").expect("a header line");
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let answer = server.request("GET /v1/tasks", &lines(&changed), "").await;
        let (status, shown, text) = refusal(&answer);
        assert_eq!(
            (status, shown.as_str()),
            (403, class),
            "{from} {to}: {text}"
        );
        assert!(text.starts_with(&message), "{text} instead of {message}");
    }
    let answer = server.request("GET /v1/tasks", &lines(&good), "").await;
    assert_eq!(answer.status, 200, "{authorization}");

    // In the query: what is absent is listed, and what is there is judged alike.
    let half = "/v1/tasks?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb&X-Amz-Date=x";
    let answer = server.request(&format!("GET {half}"), "", "").await;
    assert_eq!(
        refusal(&answer),
        (
            403,
            incomplete.to_owned(),
            "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Expires'. Re-examine the query-string parameters.".to_owned()
        )
    );
    server.advance(-301.0);
    let ahead = server.request("GET /v1/tasks", &lines(&good), "").await;
    let (_, class, text) = refusal(&ahead);
    assert_eq!(class, invalid);
    let start = format!("Signature not yet current: {date} is still later than ");
    assert!(
        text.starts_with(&start) && text.ends_with(" + 5 min.)"),
        "{text}"
    );
}
