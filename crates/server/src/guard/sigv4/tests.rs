//! The verifier against vectors, against a signer of AWS's, and against every single changed byte.

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use locum_core::{Denial, DenialKind};
use proptest::prelude::*;

use super::*;

const KEY: &str = "ASIALOCUMEXAMPLE0001";
const SECRET: &str = "locumExampleSecretKey0000000000000000000";
const TOKEN: &str = "locum-session-token+/==";
const DATE: &str = "20261122T154812Z";
const HOST: &str = "127.0.0.1:18443";

fn now() -> Timestamp {
    Timestamp::parse_amz_date(DATE).expect("a date")
}

fn policy() -> Policy {
    Policy {
        region: "eu-west-2".to_owned(),
        service: "execute-api".to_owned(),
        skew: Duration::from_secs(300),
        spelling: Spelling {
            normalize: true,
            double_encode: true,
            plus_is_space: true,
        },
        payload: Payload::Body(Unsigned::IfSigned),
        unsigned_token: true,
        unsigned_content_sha256: true,
        refuse_absent_header: true,
        echo_canonical: true,
    }
}

fn credentials() -> Credentials {
    Credentials {
        secret: SECRET.into(),
        session_token: Some(TOKEN.into()),
        expires: None,
        revoked: false,
    }
}

/// A request as received.
#[derive(Clone, Debug, PartialEq)]
struct Received {
    method: String,
    target: String,
    lines: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    /// One of the contract's vectors.
    fn vector(method: &str, target: &str, body: &str, signature: &str) -> Self {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/20261122/eu-west-2/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={signature}"
        );
        let lines = [
            ("Host", HOST),
            ("Authorization", &authorization),
            ("x-amz-date", DATE),
            ("X-Amz-Security-Token", TOKEN),
        ];
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines: lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// A request that AWS's own signer signs.
    fn signed(method: &str, target: &str, extra: &[(&str, &str)], body: &[u8]) -> Self {
        let mut lines = vec![("host".to_owned(), HOST.to_owned())];
        lines.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let identity =
            AwsCredentials::new(KEY, SECRET, Some(TOKEN.to_owned()), None, "test").into();
        let seconds = u64::try_from(now().as_seconds()).expect("after 1970");
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-2")
            .name("execute-api")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()
            .expect("all are set")
            .into();
        let headers = lines
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let uri = format!("http://{HOST}{target}");
        let request = SignableRequest::new(method, uri, headers, SignableBody::Bytes(body))
            .expect("signable");
        let (instructions, _) = sign(request, &parameters).expect("it signs").into_parts();
        let added: Vec<(String, String)> = instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        lines.extend(added);
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines,
            body: body.to_vec(),
        }
    }

    fn line(&mut self, name: &str) -> &mut String {
        let line = self
            .lines
            .iter_mut()
            .find(|(have, _)| have.eq_ignore_ascii_case(name));
        &mut line.expect("the line is there").1
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn without(&self, name: &str) -> Self {
        self.with(|received| {
            received
                .lines
                .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        })
    }

    fn replace(&self, name: &str, from: &str, to: &str) -> Self {
        self.with(|received| *received.line(name) = received.line(name).replace(from, to))
    }

    fn verdict_at(&self, now: Timestamp, policy: &Policy) -> Result<Verified, Denial> {
        let signed = Signed {
            method: &self.method,
            target: &self.target,
            lines: &self.lines,
            body: &self.body,
        };
        verify(
            &signed,
            |id| (id == KEY).then(credentials),
            now,
            policy,
            &Err,
        )
    }

    fn verdict(&self) -> Result<Verified, Denial> {
        self.verdict_at(now(), &policy())
    }

    fn reason(&self) -> String {
        self.verdict()
            .map_or_else(|denial| denial.reason, |_| "admitted".to_owned())
    }
}

fn get() -> Received {
    let target = "/v1/tasks?includePresigned=True&company=Example%20Co%20%26%20S%C3%B6ns";
    Received::vector(
        "GET",
        target,
        "",
        "1dd7c9169adc44f1da0f03ed12efe5f9cd2e4611de3d0bc5e5a9f8cd727d6c00",
    )
}

fn post() -> Received {
    let signature = "e295b97b7c7966c3d8ffc039860083a2b14809086dd2fc96bc3d68df11dcb7ec";
    Received::vector(
        "POST",
        "/v1/tasks",
        r#"{"filetype": "pdf", "filename": "f.pdf"}"#,
        signature,
    )
}

fn spaced() -> Received {
    let signature = "3dd703b11d1d784154fc82c257cef7c4a4fbd6d4c2c27574dbdf358a42a56e59";
    Received::vector("GET", "/v1/tasks/a%20b", "", signature)
}

/// What botocore signs for the same requests.
#[test]
fn the_vectors_of_botocore_verify() {
    for received in [get(), post(), spaced()] {
        assert_eq!(received.reason(), "admitted", "{}", received.target);
    }
}

#[test]
fn the_canonical_request_is_botocores() {
    let received = get();
    let signed = Signed {
        method: &received.method,
        target: &received.target,
        lines: &received.lines,
        body: b"",
    };
    let claim = claim::Claim::read(&signed).expect("a claim");
    let parts = canonical::Parts::of(
        &signed,
        &claim,
        policy().spelling,
        canonical::sha256_hex(b""),
        &[],
    );
    assert_eq!(
        parts.query,
        "company=Example%20Co%20%26%20S%C3%B6ns&includePresigned=True"
    );
    assert_eq!(
        canonical::sha256_hex(parts.canonical().as_bytes()),
        "b8c794fe3adc27e693ac27d9d5624bd434c01d7f30f118e23a4596e23ce6d9c1"
    );
    assert_eq!(
        canonical::path("/v1/tasks/a%20b", policy().spelling),
        "/v1/tasks/a%2520b"
    );
}

#[test]
fn a_plus_is_a_space_by_setting() {
    let plus = get().with(|received| received.target = received.target.replace("%20", "+"));
    assert_eq!(plus.reason(), "admitted");
    let literal = Policy {
        spelling: Spelling {
            plus_is_space: false,
            ..policy().spelling
        },
        ..policy()
    };
    let denial = plus
        .verdict_at(now(), &literal)
        .expect_err("a plus as it stands");
    assert_eq!(
        denial.difference.as_deref(),
        Some("the query: one side takes a `+` for a space, the other as it stands")
    );
}

/// Each row is a request with one thing wrong, beside the reason of its refusal.
#[test]
fn each_wrong_thing_has_its_reason() {
    let get = get();
    let rows = [
        (get.without("authorization"), "no_signature"),
        (
            get.with(|received| {
                *received.line("authorization") = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln".into();
            }),
            "incomplete_signature",
        ),
        (
            get.with(|received| *received.line("authorization") = "Bearer x".into()),
            "not_a_pair",
        ),
        (
            get.replace("authorization", "HMAC-SHA256", "HMAC-SHA1"),
            "incomplete_signature",
        ),
        (
            get.replace("authorization", "Credential=", "Credentials="),
            "incomplete_signature",
        ),
        (
            get.replace("authorization", "/aws4_request", ""),
            "incomplete_signature",
        ),
        (
            get.replace("authorization", "Signature=", "Signature=0,Signature="),
            "incomplete_signature",
        ),
        (get.without("x-amz-date"), "incomplete_signature"),
        (
            get.with(|received| *received.line("x-amz-date") = "2026-11-22T15:48:12Z".into()),
            "incomplete_signature",
        ),
        (
            get.replace("authorization", "eu-west-2", "us-east-1"),
            "wrong_scope",
        ),
        (
            get.replace("authorization", "execute-api", "s3"),
            "wrong_scope",
        ),
        (
            get.replace("authorization", "20261122", "20261121"),
            "wrong_scope",
        ),
        (
            get.replace("authorization", "aws4_request", "aws5_request"),
            "wrong_scope",
        ),
        (
            get.replace("authorization", KEY, "ASIAUNKNOWN000000000"),
            "unknown_access_key",
        ),
        (get.without("x-amz-security-token"), "wrong_session_token"),
        (
            get.with(|received| *received.line("x-amz-security-token") = "undefined".into()),
            "wrong_session_token",
        ),
        (
            get.replace("authorization", "SignedHeaders=host;", "SignedHeaders="),
            "header_not_signed",
        ),
        (
            get.replace(
                "authorization",
                "host;x-amz-date",
                "host;x-absent;x-amz-date",
            ),
            "incomplete_signature",
        ),
        (
            get.with(|received| {
                let second = received
                    .lines
                    .iter()
                    .find(|(name, _)| name == "Authorization");
                let second = second.cloned().expect("it is signed");
                received.lines.push(second);
            }),
            "incomplete_signature",
        ),
        (
            get.with(|received| received.method = "POST".into()),
            "wrong_signature_echoed",
        ),
        (
            get.with(|received| received.method = "get".into()),
            "wrong_signature_echoed",
        ),
        (
            get.with(|received| received.target.push_str("&a=1")),
            "wrong_signature_echoed",
        ),
        (
            get.with(|received| received.lines.push(("X-Amz-Date".into(), DATE.into()))),
            "wrong_signature_echoed",
        ),
        (
            get.with(|received| received.body = b"x".to_vec()),
            "wrong_signature_echoed",
        ),
        (
            get.replace("authorization", "1dd7c916", "1DD7C916"),
            "wrong_signature_echoed",
        ),
    ];
    for (received, reason) in rows {
        assert_eq!(received.reason(), reason, "{received:?}");
    }
}

/// The first of two wrong things is the one that is named.
#[test]
fn the_checks_come_in_api_gateways_order() {
    let scope = get()
        .replace("authorization", "eu-west-2", "us-east-1")
        .replace("authorization", KEY, "ASIAX");
    assert_eq!(scope.reason(), "wrong_scope");
    let key = get()
        .replace("authorization", KEY, "ASIAX")
        .without("x-amz-security-token");
    assert_eq!(key.reason(), "unknown_access_key");
    let late = now().plus(Duration::from_secs(3600));
    let reason = |received: Received, credentials: Credentials| {
        let signed = Signed {
            method: &received.method,
            target: &received.target,
            lines: &received.lines,
            body: &received.body,
        };
        verify(&signed, |_| Some(credentials), late, &policy(), &Err)
            .map_or_else(|denial| denial.reason, |_| "admitted".into())
    };
    let ended = Credentials {
        expires: Some(now()),
        ..credentials()
    };
    assert_eq!(
        reason(get().without("x-amz-security-token"), ended.clone()),
        "wrong_session_token"
    );
    assert_eq!(reason(get(), ended), "ended_credentials");
    assert_eq!(
        reason(
            get(),
            Credentials {
                revoked: true,
                ..credentials()
            }
        ),
        "ended_credentials"
    );
    assert_eq!(
        reason(
            get().with(|received| received.method = "PUT".into()),
            credentials()
        ),
        "signature_expired"
    );
}

#[test]
fn the_window_is_five_minutes_wide_on_both_sides() {
    let at = |seconds: i64| Timestamp::from_seconds(now().as_seconds() + seconds);
    let message = |seconds: i64| {
        let denial = get()
            .verdict_at(at(seconds), &policy())
            .expect_err("outside");
        denial
            .params
            .into_iter()
            .find(|(name, _)| name == "message")
            .expect("a message")
            .1
    };
    assert!(get().verdict_at(at(300), &policy()).is_ok());
    assert!(get().verdict_at(at(-300), &policy()).is_ok());
    assert_eq!(
        message(301),
        "Signature expired: 20261122T154812Z is now earlier than 20261122T154813Z (20261122T155313Z - 5 min.)"
    );
    assert_eq!(
        message(-301),
        "Signature not yet current: 20261122T154812Z is still later than 20261122T154811Z (20261122T154311Z + 5 min.)"
    );
}

fn sentence(received: &Received, name: &str) -> String {
    let denial = received.verdict().expect_err("refused");
    denial
        .params
        .into_iter()
        .find(|(have, _)| have == name)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

#[test]
fn refusals_say_what_api_gateway_says() {
    let jwt = get().with(|received| *received.line("authorization") = "eyJ.e30.sig".into());
    assert_eq!(
        sentence(&jwt.without("x-amz-date"), "message"),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=eyJ.e30.sig"
    );
    assert!(!sentence(&jwt, "message").contains("X-Amz-Date"));
    let region = get()
        .replace("authorization", "eu-west-2", "us-east-1")
        .replace("authorization", "execute-api", "s3");
    assert_eq!(
        sentence(&region, "message"),
        "Credential should be scoped to a valid region, not 'us-east-1'. Credential should be scoped to correct service: 'execute-api'. "
    );
    let bearer = get().with(|received| *received.line("authorization") = "Bearer x".into());
    assert_eq!(
        (
            sentence(&bearer, "word"),
            sentence(&bearer, "authorization")
        ),
        ("x".into(), "Bearer x".into())
    );
    let tampered = post().with(|received| received.target = "/v1/tasks/x".into());
    assert!(
        sentence(&tampered, "canonical").starts_with(
            "POST\n/v1/tasks/x\n\nhost:127.0.0.1:18443\nx-amz-date:20261122T154812Z\n"
        )
    );
    assert!(sentence(&tampered, "string_to_sign").starts_with(
        "AWS4-HMAC-SHA256\n20261122T154812Z\n20261122/eu-west-2/execute-api/aws4_request\n"
    ));
}

/// A refusal tells the person behind the client which mistake it was, where one is known.
#[test]
fn known_mistakes_are_named() {
    let named = |received: &Received, policy: &Policy| {
        received
            .verdict_at(now(), policy)
            .expect_err("refused")
            .difference
            .expect("a difference")
    };
    let once = Policy {
        spelling: Spelling {
            double_encode: false,
            ..policy().spelling
        },
        ..policy()
    };
    assert_eq!(
        named(&spaced(), &once),
        "the path: one side encoded it twice, the other once"
    );
    let absent = get().replace(
        "authorization",
        "host;x-amz-date",
        "host;x-absent;x-amz-date",
    );
    let lenient = Policy {
        refuse_absent_header: false,
        ..policy()
    };
    for policy in [policy(), lenient] {
        assert_eq!(
            named(&absent, &policy),
            "the signed header `x-absent` is not in the request"
        );
    }
    let emptied = get().with(|received| received.body = b"body".to_vec());
    assert_eq!(
        named(&emptied, &policy()),
        "the payload hash: the client signed an empty body"
    );
    let port = get().with(|received| *received.line("host") = "127.0.0.1:1".into());
    assert!(named(&port, &policy()).starts_with("no usual mistake"));
}

/// `received` signed anew by a signer that makes one mistake: `mistake` changes what it signs.
fn mistaken(received: &Received, mistake: impl FnOnce(&mut canonical::Parts)) -> Received {
    let signed = Signed {
        method: &received.method,
        target: &received.target,
        lines: &received.lines,
        body: &received.body,
    };
    let claim = claim::Claim::read(&signed).expect("a claim");
    let payload = canonical::sha256_hex(&received.body);
    let mut parts = canonical::Parts::of(&signed, &claim, policy().spelling, payload, &[]);
    mistake(&mut parts);
    let string = canonical::string_to_sign(&parts.canonical(), &claim);
    let signature = canonical::signature(&SECRET.into(), &claim, &string);
    received.replace("authorization", &claim.signature, &signature)
}

/// The published client signs a query as it stands, with its literal `+` and raw `;`: both are
/// refused whatever a `+` means, and so is each other mistake, by its name.
#[test]
fn each_mistake_of_a_signer_is_named() {
    let company =
        get().with(|received| received.target = "/v1/tasks?company=Example+Co+%26+Sons".into());
    let jobs = get().with(|received| received.target = "/v1/fundportfolio?jobids=a;b".into());
    let raw = |parts: &mut canonical::Parts, query: &str| query.clone_into(&mut parts.query);
    let starred = get().with(|received| received.target = "/v1/tasks/*".into());
    let bracketed = get().with(|received| received.target = "/v1/tasks/(x)".into());
    let quoted = get().with(|received| received.target = "/v1/tasks?z=1&a=b%20c%2A".into());
    let plus = get().with(|received| received.target = "/v1/tasks?z=1&a=b+c".into());
    let forwarded = Received::signed("GET", "/v1/tasks", &[("X-Forwarded-For", "10.0.0.1")], b"");
    let rows = [
        (
            mistaken(&company, |parts| raw(parts, "company=Example+Co+%26+Sons")),
            "the query: the client signed it as it stands, neither encoded nor sorted",
        ),
        (
            mistaken(&jobs, |parts| raw(parts, "jobids=a;b")),
            "the query: the client signed it as it stands, neither encoded nor sorted",
        ),
        (
            mistaken(&company, |parts| raw(parts, "")),
            "the query: the client left it out",
        ),
        (
            mistaken(&company, |parts| {
                raw(parts, "company=Somebody%20else");
            }),
            "no usual mistake gives this signature: another secret, or a part changed after signing",
        ),
        (
            mistaken(&post(), |parts| {
                "UNSIGNED-PAYLOAD".clone_into(&mut parts.payload);
            }),
            "the payload hash: the client signed UNSIGNED-PAYLOAD",
        ),
        (
            mistaken(&spaced(), |parts| {
                "/v1/tasks/a%20b".clone_into(&mut parts.path);
            }),
            "the path: one side encoded it twice, the other once",
        ),
        (
            mistaken(&get(), |parts| {
                "127.0.0.1".clone_into(&mut parts.headers[0].1);
            }),
            "the host: the client signed it without its port",
        ),
        (
            mistaken(&starred, |parts| "/v1/tasks/*".clone_into(&mut parts.path)),
            "the path: the client signed it as it stands, `*` is %2A",
        ),
        (
            mistaken(&bracketed, |parts| {
                "/v1/tasks/(x)".clone_into(&mut parts.path);
            }),
            "the path: the client signed it as it stands, `(` is %28",
        ),
        (
            mistaken(&starred, |parts| {
                "/v1/tasks/%2a".clone_into(&mut parts.path);
            }),
            "the path: the client wrote its escapes with lower-case digits",
        ),
        (
            mistaken(&starred, |parts| "/".clone_into(&mut parts.path)),
            "the path: the client left it out",
        ),
        (
            mistaken(&quoted, |parts| raw(parts, "a=b%20c%2Ad!")),
            "no usual mistake gives this signature: another secret, or a part changed after signing",
        ),
        (
            mistaken(&quoted, |parts| raw(parts, "a=b%20c*&z=1")),
            "the query: the client signed characters as they stand, `*` is %2A",
        ),
        (
            mistaken(&plus, |parts| raw(parts, "z=1&a=b%20c")),
            "the query: the client encoded it and did not sort it",
        ),
        (
            forwarded
                .with(|received| *received.line("x-forwarded-for") = "10.0.0.1, 10.0.0.2".into()),
            "no usual mistake gives this signature: another secret, or a part changed after signing; signed headers that a hop may change: x-forwarded-for",
        ),
        (
            get().replace("authorization", "1dd7c916", "1DD7C916"),
            "the signature is not 64 lower-case hexadecimal digits",
        ),
    ];
    for (received, difference) in rows {
        let denial = received.verdict().expect_err("a mistake");
        assert_eq!(
            denial.difference.as_deref(),
            Some(difference),
            "{}",
            received.target
        );
    }
    assert_eq!(mistaken(&company, |_| ()).reason(), "admitted");
}

#[test]
fn unsigned_payload_follows_the_policy() {
    let signed = Received::signed(
        "POST",
        "/v1/tasks",
        &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
        b"body",
    );
    // AWS's signer hashes the body here, so the literal in the header must not be believed.
    assert!(
        signed
            .verdict_at(
                now(),
                &Policy {
                    payload: Payload::Body(Unsigned::Refuse),
                    ..policy()
                }
            )
            .is_ok()
    );
    assert_eq!(signed.reason(), "wrong_signature_echoed");
    let unsigned = post().with(|received| {
        received
            .lines
            .push(("x-amz-content-sha256".into(), "UNSIGNED-PAYLOAD".into()));
    });
    assert_eq!(unsigned.reason(), "admitted");
    let accept = Policy {
        payload: Payload::Body(Unsigned::Accept),
        ..policy()
    };
    assert!(unsigned.verdict_at(now(), &accept).is_err());
    let strict = Policy {
        unsigned_content_sha256: false,
        ..policy()
    };
    assert_eq!(
        unsigned
            .verdict_at(now(), &strict)
            .expect_err("not signed")
            .reason,
        "header_not_signed"
    );
}

#[test]
fn a_verifier_that_believes_the_header_misses_the_body() {
    let hash = canonical::sha256_hex(b"body");
    let signed = Received::signed(
        "POST",
        "/v1/tasks",
        &[("x-amz-content-sha256", &hash)],
        b"body",
    );
    let tampered = signed.with(|received| received.body = b"b0dy".to_vec());
    assert_eq!(tampered.reason(), "wrong_signature_echoed");
    assert!(
        tampered
            .verdict_at(
                now(),
                &Policy {
                    payload: Payload::Claimed,
                    ..policy()
                }
            )
            .is_ok()
    );
}

#[test]
fn presigned_urls_live_for_their_seconds() {
    let url = presign(&Presign {
        method: "PUT",
        url: "http://127.0.0.1:18443/uploads/a%20b",
        access_key_id: KEY,
        secret: &SECRET.into(),
        region: "eu-west-2",
        now: now(),
        lifetime: Duration::from_secs(900),
        headers: &[("content-md5", "abc=")],
    });
    let target = url
        .strip_prefix("http://127.0.0.1:18443")
        .expect("its own host");
    let s3 = Policy {
        service: "s3".into(),
        spelling: Spelling {
            normalize: false,
            double_encode: false,
            plus_is_space: true,
        },
        payload: Payload::Never,
        ..policy()
    };
    let lines = vec![
        ("Host".to_owned(), HOST.to_owned()),
        ("Content-MD5".to_owned(), "abc=".to_owned()),
    ];
    let received = Received {
        method: "PUT".into(),
        target: target.into(),
        lines,
        body: b"anything".to_vec(),
    };
    let without_token = || {
        Some(Credentials {
            session_token: None,
            ..credentials()
        })
    };
    let reason = |received: &Received, seconds: u64| {
        let signed = Signed {
            method: &received.method,
            target: &received.target,
            lines: &received.lines,
            body: &received.body,
        };
        let now = now().plus(Duration::from_secs(seconds));
        verify(&signed, |_| without_token(), now, &s3, &Err)
            .map_or_else(|denial| denial.reason, |_| "admitted".into())
    };
    assert_eq!(reason(&received, 0), "admitted");
    assert_eq!(reason(&received, 899), "admitted");
    assert_eq!(reason(&received, 900), "presigned_expired");
    assert_eq!(
        reason(&received.with(|received| received.method = "GET".into()), 0),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received
                .with(|received| received.target =
                    received.target.replace("Expires=900", "Expires=901")),
            0
        ),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received.with(|received| received.target =
                received.target.replace("Expires=900", "Expires=604801")),
            0
        ),
        "incomplete_signature"
    );
    assert_eq!(
        reason(&received.without("content-md5"), 0),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received.with(|received| received.target =
                received.target.replace("&X-Amz-Date=20261122T154812Z", "")),
            0
        ),
        "incomplete_signature"
    );
}

#[test]
fn a_pardoned_refusal_leaves_the_other_checks() {
    let received = get()
        .replace("authorization", "eu-west-2", "us-east-1")
        .with(|received| received.method = "PUT".into());
    let signed = Signed {
        method: &received.method,
        target: &received.target,
        lines: &received.lines,
        body: &received.body,
    };
    let pardon = |denial: Denial| {
        if denial.reason == "wrong_scope" {
            Ok(())
        } else {
            Err(denial)
        }
    };
    let denial = verify(&signed, |_| Some(credentials()), now(), &policy(), &pardon)
        .expect_err("the method is wrong too");
    assert_eq!(denial.kind, DenialKind::BadSignature);
    assert_eq!(denial.reason, "wrong_signature_echoed");
}

/// Requests of letters and digits, so that each changed letter is another meaning.
fn requests() -> impl Strategy<Value = Received> {
    let word = "[a-z0-9]{1,8}";
    let query = proptest::collection::vec((word, word), 1..4);
    (
        "(GET|POST|PUT|DELETE)",
        proptest::collection::vec(word, 1..4),
        query,
        word,
        proptest::collection::vec(any::<u8>(), 1..40),
    )
        .prop_map(|(method, path, query, header, body)| {
            let query: Vec<String> = query
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let target = format!("/{}?{}", path.join("/"), query.join("&"));
            Received::signed(
                &method,
                &target,
                &[("x-custom", &header), ("content-type", "text/plain")],
                &body,
            )
        })
}

/// The places of `text` where a letter or digit may be changed into another.
fn changed(text: &str, at: usize) -> String {
    let places: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let at = places[at % places.len()];
    let other = if text.as_bytes()[at] == b'7' {
        "8"
    } else {
        "7"
    };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_awss_signer_signs_is_admitted(
        path in "(/[a-zA-Z0-9 ~._%é+;=-]{0,8}){1,3}", name in "[a-z~;é ]{1,6}", value in "[a-zA-Z0-9~;=+é ]{0,8}", body in proptest::collection::vec(any::<u8>(), 0..40)
    ) {
        let escaped = |text: &str, kept: &[u8]| canonical::encode(text.as_bytes(), kept);
        let target = format!("{}?{}={}&b=2&b=1&empty=", escaped(&path, b"/"), escaped(&name, b""), escaped(&value, b""));
        let received = Received::signed("POST", &target, &[("x-custom", "a  b   c")], &body);
        prop_assert_eq!(received.reason(), "admitted", "{}", target);
    }

    #[test]
    fn any_changed_byte_that_is_signed_is_refused(received in requests(), part in 0usize..7, at in 0usize..1000) {
        let tampered = received.with(|received| match part {
            0 => received.method = changed(&received.method, at),
            1 => received.target = changed(&received.target, at),
            2 => { let at = at % received.body.len(); received.body[at] ^= 1; }
            3 => *received.line("x-custom") = changed(received.line("x-custom"), at),
            4 => *received.line("host") = changed(received.line("host"), at),
            5 => *received.line("x-amz-date") = changed(received.line("x-amz-date"), at),
            _ => *received.line("authorization") = changed(received.line("authorization"), at),
        });
        prop_assert_ne!(&tampered, &received);
        prop_assert!(tampered.verdict().is_err(), "{:?}", tampered);
    }

    #[test]
    fn any_change_outside_the_signature_makes_no_difference(received in requests(), order in any::<u64>(), blanks in 1usize..4) {
        let same = received.with(|received| {
            received.lines.push(("X-Unsigned".into(), order.to_string()));
            let turn = usize::try_from(order % received.lines.len() as u64).expect("small");
            received.lines.rotate_left(turn);
            for (name, value) in &mut received.lines {
                *name = if order % 2 == 0 { name.to_uppercase() } else { name.to_lowercase() };
                *value = format!("{}{value}{}", " ".repeat(blanks), " ".repeat(blanks));
            }
            let query = received.target.split_once('?').expect("a query").1.split('&').rev().collect::<Vec<_>>().join("&");
            received.target = format!("{}?{query}", received.target.split_once('?').expect("a query").0);
        });
        prop_assert_eq!(same.reason(), "admitted");
    }

    #[test]
    fn nothing_makes_it_panic(method in ".*", target in ".*", name in ".{0,20}", authorization in "(AWS4-HMAC-SHA256 )?.*", body in ".*") {
        let lines = vec![("Authorization".to_owned(), authorization), (name, "x".to_owned()), ("x-amz-date".to_owned(), DATE.to_owned())];
        let received = Received { method, target, lines, body: body.into_bytes() };
        prop_assert!(received.verdict().is_err());
        prop_assert!(received.with(|received| received.lines.clear()).verdict().is_err());
    }
}
