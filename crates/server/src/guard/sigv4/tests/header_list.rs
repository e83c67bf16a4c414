//! What is wrong with the Authorization header itself is judged before any signature is computed, with a
//! sentence of its own.

use super::*;

const LIST: &str = "host;x-amz-date;x-amz-security-token";

/// The request of a vector with something else in its Authorization header.
fn with(from: &str, to: &str) -> Received {
    get().replace("authorization", from, to)
}

fn message(received: &Received) -> (String, String) {
    let denial = received.verdict().expect_err("refused");
    let find = |name: &str| denial.params.iter().find(|(have, _)| have == name);
    let message = find("message").or(find("word")).or(find("header"));
    let message = message.map(|(_, value)| value.clone()).unwrap_or_default();
    (denial.reason.clone(), message)
}

#[test]
fn each_fault_of_the_header_has_its_sentence() {
    let credential = format!("Credential={KEY}/20261122/eu-west-2/execute-api/aws4_request");
    let all = get().line("authorization").clone();
    let absent = |name: &str| {
        format!("'{name}' is named as a SignedHeader, but it does not exist in the HTTP request.")
    };
    let requires = |name: &str, echo: &str| {
        format!("Authorization header requires '{name}' parameter. Authorization={echo}")
    };
    let emptied = all.replace(&credential, "Credential=");
    let unsigned = all.split(", Signature=").next().expect("a part").to_owned();
    let rows = [
        // Field report 14: a header that is not there.
        (with(LIST, "accept;host;x-amz-date;x-amz-security-token"), absent("accept")),
        (with(LIST, "date;host;x-amz-date"), absent("date")),
        // Names: none, in capitals, twice, in another order.
        (
            with(LIST, "host;;x-amz-date"),
            "SignedHeaders has an empty name: 'host;;x-amz-date'.".to_owned(),
        ),
        (
            with(LIST, "Host;X-Amz-Date;X-Amz-Security-Token"),
            "'Host' in SignedHeaders is not in lower case.".to_owned(),
        ),
        (
            with(LIST, "host;host;x-amz-date;x-amz-security-token"),
            "'host' is named as a SignedHeader more than once.".to_owned(),
        ),
        (
            with(LIST, "x-amz-date;host;x-amz-security-token"),
            "SignedHeaders is not sorted: 'x-amz-date' stands before 'host'.".to_owned(),
        ),
        // Parts: empty, absent, twice, of another shape.
        (with(&credential, "Credential="), requires("Credential", &emptied)),
        (
            get().with(|get| unsigned.clone_into(get.line("authorization"))),
            requires("Signature", &unsigned),
        ),
        (
            with("SignedHeaders=", "SignedHeaders=host, SignedHeaders="),
            "Authorization header has 'SignedHeaders' more than once.".to_owned(),
        ),
        (
            with(&credential, "Credential=a/b/c/d"),
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'".to_owned(),
        ),
        (
            with("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25"),
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ".to_owned(),
        ),
        (
            get().with(|get| "201".clone_into(get.line("x-amz-date"))),
            "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601".to_owned(),
        ),
    ];
    for (received, sentence) in rows {
        assert_eq!(
            message(&received),
            ("incomplete_signature".to_owned(), sentence)
        );
    }
}

#[test]
fn host_has_to_be_signed_and_a_word_needs_its_equal_sign() {
    let host = "'Host' or ':authority'".to_owned();
    for list in ["x-amz-date;x-amz-security-token", ""] {
        assert_eq!(
            message(&with(LIST, list)),
            ("header_not_signed".to_owned(), host.clone())
        );
    }
    let blank = with(&format!("{KEY}/"), &format!("{KEY} /"));
    let rest = "/20261122/eu-west-2/execute-api/aws4_request".to_owned();
    assert_eq!(message(&blank), ("not_a_pair".to_owned(), rest));
}

/// No signature helps: not even one over the list in the client's own order, whichever way it is told.
#[test]
fn a_list_in_another_order_is_refused_however_it_was_signed() {
    let lenient = Policy {
        refuse_malformed_list: false,
        ..policy()
    };
    for list in [
        "x-amz-date;host;x-amz-security-token",
        "host;host;x-amz-date;x-amz-security-token",
    ] {
        let received = with(LIST, list);
        for own in [true, false] {
            let signed = mistaken(&received, |parts| {
                if own {
                    let old = parts.headers.clone();
                    let value = |name: &str| {
                        let found = old.iter().find(|(have, _)| have == name);
                        (name.to_owned(), found.expect("it is signed").1.clone())
                    };
                    parts.headers = list.split(';').map(value).collect();
                }
            });
            assert_eq!(signed.reason(), "incomplete_signature", "{list}");
            let denial = signed.verdict_at(now(), &lenient).expect_err("refused");
            assert_eq!(denial.reason, "wrong_signature_echoed", "{list}");
            let difference = denial.difference.expect("it is known");
            assert!(difference.contains("SignedHeader"), "{difference}");
        }
    }
}

/// A header fault is named before a wrong scope, an unknown key and an old date.
#[test]
fn the_header_is_judged_before_what_it_says() {
    let others = |received: Received| {
        received
            .replace("authorization", "eu-west-2", "us-east-1")
            .replace("authorization", KEY, "ASIAX")
    };
    assert_eq!(
        others(with(LIST, "accept;host;x-amz-date")).reason(),
        "incomplete_signature"
    );
    assert_eq!(
        others(with(LIST, "host;host")).reason(),
        "incomplete_signature"
    );
    assert_eq!(
        others(with(LIST, "x-amz-date")).reason(),
        "header_not_signed"
    );
    assert_eq!(others(get()).reason(), "wrong_scope");
}

/// In the query each absent parameter is told, with the same end.
#[test]
fn absent_parameters_of_a_signed_query_are_all_named() {
    let received = get().without("authorization").with(|get| {
        get.target = "/v1/tasks?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261122T154812Z&X-Amz-Expires=60".into();
    });
    let must = |name: &str| format!("AWS query-string parameters must include '{name}'. ");
    assert_eq!(
        message(&received),
        (
            "incomplete_signature".to_owned(),
            format!(
                "{}{}{}Re-examine the query-string parameters.",
                must("X-Amz-Credential"),
                must("X-Amz-Signature"),
                must("X-Amz-SignedHeaders")
            )
        )
    );
}
