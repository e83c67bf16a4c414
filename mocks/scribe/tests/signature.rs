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
