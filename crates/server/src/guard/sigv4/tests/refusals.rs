//! What is refused, with which reason, in which order, in whose words.

use locum_core::DenialKind;

use super::*;

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
        let signed = received.view();
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

#[test]
fn a_pardoned_refusal_leaves_the_other_checks() {
    let received = get()
        .replace("authorization", "eu-west-2", "us-east-1")
        .with(|received| received.method = "PUT".into());
    let signed = received.view();
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

/// AWS, "Create a signed AWS API request": each `x-amz-*` header of a request is signed.
#[test]
fn each_amz_header_of_a_request_is_signed() {
    let with_target = post().with(|received| {
        let target = ("X-Amz-Target".into(), "Service.Operation".into());
        received.lines.push(target);
    });
    let denial = with_target.verdict().expect_err("not signed");
    assert_eq!(denial.reason, "header_not_signed");
    assert!(denial.sentence().contains("x-amz-target"), "{denial:?}");
    let lenient = Policy {
        unsigned_amz_headers: true,
        ..policy()
    };
    assert!(with_target.verdict_at(now(), &lenient).is_ok());
    let signed = Received::signed("POST", "/", &[("x-amz-target", "Service.Operation")], b"");
    assert_eq!(signed.reason(), "admitted");
    let undated = signed.replace("authorization", "x-amz-date;", "");
    assert_eq!(undated.reason(), "header_not_signed");
}
