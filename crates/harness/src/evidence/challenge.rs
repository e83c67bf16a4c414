//! The challenges of `WWW-Authenticate` (RFC 9110 §11.6.1): a field holds several, and there may be
//! several fields.

use super::Message;

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Its scheme in lower case.
    pub(crate) scheme: String,
    /// Its parameters in their order, names in lower case, values without quotation marks.
    pub(crate) parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first value of the parameter called `name`, given in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The challenges of a reply in their order; `None` where a field does not follow the grammar.
pub(crate) fn challenges(reply: &Message) -> Option<Vec<Challenge>> {
    let fields = reply
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    let mut all = Vec::new();
    for (_, value) in fields {
        let parsed = http_auth::parse_challenges(value).ok()?;
        all.extend(parsed.iter().map(|challenge| {
            let parameters = challenge.params.iter();
            Challenge {
                scheme: challenge.scheme.to_ascii_lowercase(),
                parameters: parameters
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.to_unescaped()))
                    .collect(),
            }
        }));
    }
    Some(all)
}

/// The challenge of one scheme, given in lower case.
pub(crate) fn challenge_of(reply: &Message, scheme: &str) -> Option<Challenge> {
    challenges(reply)?
        .into_iter()
        .find(|challenge| challenge.scheme == scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[&str], expected: Option<&str>) {
        let reply = Message {
            headers: fields
                .iter()
                .map(|field| ("WWW-Authenticate".to_owned(), (*field).to_owned()))
                .collect(),
            ..Message::default()
        };
        let seen = challenges(&reply).map(|all| {
            let words = all.iter().map(|one| {
                let parameters = one.parameters.iter();
                let parameters = parameters.map(|(name, value)| format!(" {name}={value}"));
                format!("{}{}", one.scheme, parameters.collect::<String>())
            });
            words.collect::<Vec<_>>().join("; ")
        });
        assert_eq!(seen.as_deref(), expected, "{fields:?}");
    }

    #[test]
    fn challenges_are_told_apart() {
        check(&[], Some(""));
        check(&["Bearer"], Some("bearer"));
        let two = r#"Negotiate, Bearer realm="a, b=c", error="x""#;
        check(&[two], Some("negotiate; bearer realm=a, b=c error=x"));
        check(
            &[r#"Basic realm="x""#, "BEARER Scope=y"],
            Some("basic realm=x; bearer scope=y"),
        );
        check(&[r#"Bearer realm="a" realm="b""#], None);
        check(&[r#"Bearer realm="a"#], None);
        check(&["Bearer realm='a b'"], None);
    }
}
