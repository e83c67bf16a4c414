//! What was changed after signing, and keys that are nearly right, are told by name.

use super::*;

/// The body was written anew after signing: with other blanks, letters, line ends, order.
#[test]
fn a_body_that_was_written_anew_is_recognised() {
    let rows = [
        (
            "{\"b\":1,\"a\":\"ö\"}",
            "{\"b\": 1, \"a\": \"ö\"}",
            "JSON, signed with blanks after `:` and `,`",
        ),
        (
            "{\"b\":1,\"a\":\"ö\"}",
            "{\"b\": 1, \"a\": \"\\u00f6\"}",
            "JSON, signed with blanks after `:` and `,`",
        ),
        (
            "{\"b\": 1, \"a\": [1, 2]}",
            "{\"b\":1,\"a\":[1,2]}",
            "JSON, signed without blanks",
        ),
        (
            "{\"b\":1,\"a\":2}",
            "{\"a\":2,\"b\":1}",
            "JSON, signed with sorted members",
        ),
        (
            "{\"b\":1}",
            "{\n  \"b\": 1\n}",
            "JSON, signed over several lines",
        ),
        ("a=b", "a=b\n", "a line feed was cut off"),
        ("a=b\n", "a=b", "a line feed was added"),
        ("a\nb", "a\r\nb", "line ends became LF"),
        ("a\r\nb", "a\nb", "line ends became CRLF"),
        ("a=b%20c", "a=b+c", "spaces became `%20`"),
        ("a=b+c", "a=b%20c", "spaces became `+`"),
        ("{}", "\u{feff}{}", "a byte order mark was cut off"),
    ];
    for (received, signed, how) in rows {
        let request = post().with(|post| post.body = received.into());
        let request = mistaken(&request, |parts| {
            parts.payload = canonical::sha256_hex(signed.as_bytes());
        });
        assert_eq!(
            difference(&request),
            format!("the payload hash: the body was written anew after signing: {how}")
        );
    }
}

/// What a hop or a library changed after signing, where the old value is a usual one.
#[test]
fn headers_that_were_changed_on_the_way_are_named() {
    let rows = [
        (
            "Accept-Encoding",
            "identity",
            "gzip, br",
            "signed headers that a hop may change: accept-encoding, it was signed as `identity`",
        ),
        (
            "Accept-Encoding",
            "secret-coding",
            "gzip, br",
            "no usual mistake gives this signature: another secret, or a part changed after signing; signed headers that a hop may change: accept-encoding",
        ),
        (
            "Connection",
            "close",
            "keep-alive",
            "signed headers that a hop may change: connection, it was signed as `close`",
        ),
        (
            "Content-Type",
            "application/json",
            "application/json; charset=utf-8",
            "the header content-type: it was signed as `application/json`, a library changed it",
        ),
        (
            "X-Forwarded-For",
            "10.0.0.1",
            "10.0.0.1, 10.0.0.2, 10.0.0.3",
            "signed headers that a hop may change: x-forwarded-for, it was signed as `10.0.0.1`",
        ),
    ];
    for (name, signed, received, sentence) in rows {
        let request = Received::signed("GET", "/v1/tasks", &[(name, signed)], b"");
        let request = request.with(|request| received.clone_into(request.line(name)));
        assert_eq!(difference(&request), sentence);
    }
    let host =
        |value: &'static str| mistaken(&get(), |parts| value.clone_into(&mut parts.headers[0].1));
    assert_eq!(
        difference(&host("127.0.0.1:443")),
        "the host: the client signed it with the port 443"
    );
    let replaced = host("mi.scribelabs.ai").with(|get| {
        let line = ("X-Forwarded-Host".to_owned(), "mi.scribelabs.ai".to_owned());
        get.lines.push(line);
    });
    assert_eq!(
        difference(&replaced),
        "the host: a hop replaced it, x-forwarded-host has the one that was signed"
    );
    let lower = mistaken(&get(), |parts| "get".clone_into(&mut parts.method));
    assert_eq!(
        difference(&lower),
        "the method: the client signed it in lower case"
    );
}

/// A secret that is nearly right, and a key for another scope.
#[test]
fn keys_that_are_nearly_right_are_named() {
    let signed_with = |secret: &str, change: &dyn Fn(&mut claim::Claim)| {
        let received = get();
        let signed = received.view();
        let claim = claim::Claim::read(&signed).expect("a claim");
        let payload = canonical::sha256_hex(b"");
        let parts = canonical::Parts::of(&signed, &claim, policy().spelling, payload, &[]);
        let string = canonical::string_to_sign(&parts.canonical(), &claim);
        let mut key = claim.clone();
        change(&mut key);
        let signature = canonical::signature(&secret.into(), &key, &string);
        received.replace("authorization", &claim.signature, &signature)
    };
    let rows = [
        (format!("{SECRET}\n"), "a line feed at its end"),
        (
            format!("{SECRET}\r\n"),
            "a carriage return and line feed at its end",
        ),
        (format!("{SECRET} "), "a blank at its end"),
        (format!("\"{SECRET}\""), "quotation marks around it"),
        (format!("AWS4{SECRET}"), "`AWS4` before it already"),
        (
            SECRET[..SECRET.len() - 1].to_owned(),
            "its last character cut off",
        ),
        (KEY.to_owned(), "the access key id in its place"),
        (TOKEN.to_owned(), "the session token in its place"),
    ];
    for (secret, how) in rows {
        let sentence = difference(&signed_with(&secret, &|_| ()));
        assert_eq!(
            sentence,
            format!("the secret: the client signed with {how}")
        );
    }
    assert_eq!(
        difference(&signed_with(SECRET, &|claim| "us-east-1".clone_into(&mut claim.region))),
        "the key: the client made it for the region `us-east-1`, not for that of its scope"
    );
    assert_eq!(
        difference(&signed_with(SECRET, &|claim| "s3".clone_into(&mut claim.service))),
        "the key: the client made it for the service `s3`, not for that of its scope"
    );
}
