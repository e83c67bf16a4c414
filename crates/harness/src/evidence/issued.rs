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
pub(crate) fn issued_in(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    MEMBERS.iter().flat_map(move |(member, word)| {
        text.match_indices(member)
            .filter_map(|(at, _)| value_after(&text[at + member.len()..]))
            .filter(|value| value.len() >= MIN_TOKEN)
            .map(|value| (*word, value))
    })
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
    let is_end = |c: char| c.is_whitespace() || c.is_control() || "\\\"'&;,<>}«".contains(c);
    let end = value.find(is_end).unwrap_or(value.len());
    Some(&value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = issued_in(text).map(|(_, value)| value).collect();
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
            let found: Vec<_> = issued_in(body).map(|(_, value)| value).collect();
            assert!(found.len() == 1 && token.starts_with(found[0]), "{body}");
        }
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
