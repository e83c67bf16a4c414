//! Whatever AWS's signer signs is admitted, and every changed byte is refused.

use proptest::prelude::*;

use super::*;

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
