//! Tokens in the text of a reply, whether or not the reply is as it should be.

/// The members of a reply that hold a secret, and what such a secret is called.
const MEMBERS: [(&str, &str); 10] = [
    ("access_token", "access token"),
    ("refresh_token", "refresh token"),
    ("id_token", "id token"),
    ("AccessToken", "access token"),
    ("IdToken", "id token"),
    ("RefreshToken", "refresh token"),
    ("Session", "session"),
    ("SecretKey", "secret key"),
    ("SessionToken", "session token"),
    ("X-Amz-Signature", "presigned signature"),
];

/// A shorter value is a word of the protocol.
const MIN_TOKEN: usize = 8;

/// The values behind the names of such members, as `"name": "value"` or `name=value`, and what each
/// is called. A body that breaks off, has a byte order mark or nests its members holds tokens, too.
///
/// So is what stands behind any other name that ends in `token` or `jwt`, and what looks like a JWT: a
/// vendor that names a member wrongly has issued a token all the same.
pub(crate) fn issued_in(text: &str) -> Vec<(&'static str, &str)> {
    let known = MEMBERS.iter().flat_map(|(member, word)| {
        text.match_indices(member)
            .filter_map(|(at, _)| value_after(&text[at + member.len()..]))
            .map(|value| (*word, value))
    });
    let mut found: Vec<(&str, &str)> = known.collect();
    let lower = text.to_ascii_lowercase();
    let named = ["token", "jwt"].iter().flat_map(|end| {
        let places = lower.match_indices(end);
        places.filter_map(|(at, _)| value_after(&text[at + end.len()..]))
    });
    let looking = text.match_indices("eyJ").filter_map(|(at, _)| {
        let value = up_to_end(&text[at..]);
        (value.matches('.').count() >= 2).then_some(value)
    });
    for value in named.chain(looking) {
        if found.iter().all(|(_, known)| !known.contains(value)) {
            found.push(("token", value));
        }
    }
    found.retain(|(_, value)| value.len() >= MIN_TOKEN);
    found
}

fn value_after(rest: &str) -> Option<&str> {
    let value = match rest.strip_prefix('=') {
        Some(value) => value,
        None => rest
            .trim_start_matches(['\\', '"', '\''])
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .trim_start_matches('\\')
            .strip_prefix(['"', '\''])?,
    };
    Some(up_to_end(value))
}

fn up_to_end(value: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || c.is_control() || "\\\"'&;,<>}«".contains(c);
    let end = value.find(is_end).unwrap_or(value.len());
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = issued_in(text)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_token_is_found_in_a_body_that_cannot_be_read() {
        let token = "t0ken-0123";
        for body in [
            r#"{"access_token":"t0ken-0123"}"#,
            "\u{feff}{\"access_token\": \"t0ken-0123\"}",
            r#"{"access_token":"t0ken-01"#,
            r#"{"data":{"access_token":"t0ken-0123"}}"#,
            r#"{"access_token":"t0ken-0123"}}garbage"#,
            "{'access_token':'t0ken-0123'}",
            r#""{\"access_token\":\"t0ken-0123\"}""#,
            "access_token=t0ken-0123&token_type=bearer",
        ] {
            let found: Vec<_> = issued_in(body)
                .into_iter()
                .map(|(_, value)| value)
                .collect();
            assert!(found.len() == 1 && token.starts_with(found[0]), "{body}");
        }
        check(r#"{"accessToken":"t0ken-0123"}"#, &["t0ken-0123"]);
        check(
            r#"{"Token":"t0ken-0123","token_type":"a-long-type"}"#,
            &["t0ken-0123"],
        );
        check(
            r#"{"value":"eyJhbGciOiJub25lIn0.e30."}"#,
            &["eyJhbGciOiJub25lIn0.e30."],
        );
        check(
            r#"{"access_token":"first-one","access_token":"second-one"}"#,
            &["first-one", "second-one"],
        );
    }

    #[test]
    fn words_about_tokens_are_no_tokens() {
        check("access_token: authentication is required", &[]);
        check(r#"{"access_token":null,"error":"access_token"}"#, &[]);
        check(r#"{"access_token":"«access token 1»"}"#, &[]);
        check("", &[]);
    }
}
