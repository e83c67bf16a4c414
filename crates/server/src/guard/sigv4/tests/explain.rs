//! Each mistake of a signer, and each change on the way, is told by its name.

use super::*;

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
            "signed headers that a hop may change: x-forwarded-for, it was signed as `10.0.0.1`",
        ),
        (
            forwarded.with(|received| *received.line("x-forwarded-for") = "10.9.9.9".into()),
            "no usual mistake gives this signature: another secret, or a part changed after signing; signed headers that a hop may change: x-forwarded-for",
        ),
        (
            get().replace("authorization", "1dd7c916", "1DD7C916"),
            "the signature is right, in capitals: it has to be 64 lower-case hexadecimal digits",
        ),
        (
            get().replace("authorization", "1dd7c916", "xdd7c916"),
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

/// Where a signer's mistake stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Path,
    Query,
}

/// `/v1/x` with `text` where the mistake is made, and the request as the mistaken client signs it.
fn misspelled(place: Place, received: &str, signed: &str) -> Received {
    let target = match place {
        Place::Path => format!("/v1/{received}?z=1"),
        Place::Query => format!("/v1/tasks?a={received}&z=1"),
    };
    let request = get().with(|get| get.target = target);
    mistaken(&request, |parts| match place {
        Place::Path => parts.path = format!("/v1/{signed}"),
        Place::Query => parts.query = format!("a={signed}&z=1"),
    })
}

/// Each mistake of spelling is known in the path as in the query, and in both at once.
#[test]
fn mistakes_of_the_path_are_those_of_the_query() {
    let (path, query) = (Place::Path, Place::Query);
    let rows = [
        (
            path,
            "a*b",
            "a*b",
            "the path: the client signed it as it stands, `*` is %2A",
        ),
        (
            query,
            "a*b",
            "a*b",
            "the query: the client signed it as it stands, neither encoded nor sorted",
        ),
        (
            path,
            "a(b)",
            "a(b)",
            "the path: the client signed it as it stands, `(` is %28",
        ),
        (
            query,
            "(b)",
            "(b)",
            "the query: the client signed it as it stands, neither encoded nor sorted",
        ),
        (
            path,
            "a!b'",
            "a!b'",
            "the path: the client signed it as it stands, `!` is %21",
        ),
        (
            path,
            "a%20b*",
            "a%2520b*",
            "the path: the client signed it as it stands, `*` is %2A",
        ),
        (
            query,
            "a%20b%2A",
            "a%20b*",
            "the query: the client signed characters as they stand, `*` is %2A",
        ),
        (
            query,
            "a%2Fb%20",
            "a/b%20",
            "the query: the client signed characters as they stand",
        ),
        (
            path,
            "a%3Ab%20c",
            "a:b%20c",
            "the path: the client signed it as it stands",
        ),
        (
            path,
            "a%20b",
            "a%20b",
            "the path: one side encoded it twice, the other once",
        ),
        (
            query,
            "a%20b",
            "a%2520b",
            "the query: the client encoded it twice",
        ),
        (
            path,
            "a%20b",
            "a%252520b",
            "the path: the client encoded it once more than the service",
        ),
        (
            path,
            "a%20b%2A",
            "a b*",
            "the path: the client signed it decoded",
        ),
        (
            query,
            "a%20b%2A",
            "a b*",
            "the query: the client signed it decoded",
        ),
        (
            path,
            "a+b",
            "a%2520b",
            "the path: one side takes a `+` for a space, the other as it stands",
        ),
        (
            query,
            "a+b",
            "a%2Bb",
            "the query: one side takes a `+` for a space, the other as it stands",
        ),
        (
            path,
            "a%20b",
            "a+b",
            "the path: the client signed a space as `+`, form encoding",
        ),
        (
            query,
            "a%20b",
            "a+b",
            "the query: the client signed a space as `+`, form encoding",
        ),
        (
            path,
            "a%2Ab",
            "a%252ab",
            "the path: the client wrote its escapes with lower-case digits",
        ),
        (
            query,
            "a%2Ab",
            "a%2ab",
            "the query: the client wrote its escapes with lower-case digits",
        ),
        (
            path,
            "a//b",
            "a//b",
            "the path: one side resolved `//`, `.` or `..`",
        ),
        (
            path,
            "a/",
            "a",
            "the path: the client left out the slash at its end, or added one",
        ),
    ];
    for (place, received, signed, sentence) in rows {
        let received = misspelled(place, received, signed);
        assert_eq!(difference(&received), sentence, "{}", received.target);
    }
    let both = get().with(|get| get.target = "/v1/a(b)?a=c%20(d)&z=1".into());
    let both = mistaken(&both, |parts| {
        "/v1/a(b)".clone_into(&mut parts.path);
        "a=c%20(d)&z=1".clone_into(&mut parts.query);
    });
    assert_eq!(
        difference(&both),
        "the path: the client signed it as it stands, `(` is %28; the query: the client signed it as it stands, neither encoded nor sorted"
    );
}

#[test]
fn mistakes_of_order_and_prefix_are_named() {
    let rows = [
        (
            "/v1/tasks?flag",
            "flag",
            "the query: the client signed it as it stands, neither encoded nor sorted",
        ),
        (
            "/v1/tasks?z=&flag",
            "flag&z",
            "the query: the client signed names without a value without their `=`",
        ),
        (
            "/v1/tasks?a=2&a=1",
            "a=1",
            "the query: the client signed a repeated name once, with its last value",
        ),
        (
            "/v1/tasks?a=2&a=1",
            "a=2",
            "the query: the client signed a repeated name once, with its first value",
        ),
        (
            "/v1/tasks?b=1&a=2&a=1",
            "a=2&a=1&b=1",
            "the query: the client sorted the names and left the values of a repeated one in their order",
        ),
        (
            "/v1/tasks?a=%7E&a-b=1",
            "a-b=1&a=~",
            "the query: the client sorted `name=value` as a whole, not by name and then value",
        ),
    ];
    for (target, signed, sentence) in rows {
        let received = get().with(|get| get.target = target.into());
        let received = mistaken(&received, |parts| signed.clone_into(&mut parts.query));
        assert_eq!(difference(&received), sentence, "{target}");
    }
    let mapped = mistaken(&get(), |parts| "/tasks".clone_into(&mut parts.path));
    assert_eq!(
        difference(&mapped),
        "the path: the client signed it without `/v1`"
    );
}
