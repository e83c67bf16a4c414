//! The URL by which everybody reaches a server that stands behind a proxy.

use std::fmt;
use std::str::FromStr;

use super::{Origin, default_port, is_authority, is_prefix};

/// An absolute http or https URL without query, such as `https://auth.example.test/mocks`. A proxy
/// takes its path off before it hands a request on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Origin);

impl PublicUrl {
    /// Its host without port, in lower case.
    pub fn host(&self) -> &str {
        self.0.host()
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    /// # Errors
    /// A sentence for a person.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "a public URL is like https://auth.example.test or https://example.test/mocks: scheme, host, perhaps a port (1 to 65535) and a path without . and .. segments and without control characters".to_owned()
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let prefix = path.trim_end_matches('/');
        if !is_authority(authority) || !(prefix.is_empty() || is_prefix(prefix)) {
            return Err(wrong());
        }
        let own = format!(":{}", default_port(https));
        let authority = authority.strip_suffix(&own).unwrap_or(authority);
        Ok(Self(Origin {
            https,
            authority: authority.to_ascii_lowercase(),
            prefix: prefix.to_owned(),
        }))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.url(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_and_perhaps_a_path() {
        let check = |text: &str, expected: Option<&str>| {
            let url = text.parse::<PublicUrl>().ok().map(|url| url.to_string());
            assert_eq!(url.as_deref(), expected, "{text}");
        };
        check(
            "https://Auth.example.test",
            Some("https://auth.example.test"),
        );
        check("https://a.test:443/", Some("https://a.test"));
        check("http://a.test:8080/m/n/", Some("http://a.test:8080/m/n"));
        check("http://[::1]/a%20b", Some("http://[::1]/a%20b"));
        check("HTTPS://[::1]:1/x", Some("https://[::1]:1/x"));
        for text in [
            "",
            "a.test",
            "ftp://a.test",
            "https://",
            "https:///x",
            "https://u:p@a.test",
            "https://a.test?x=1",
            "https://a.test/x?y",
            "https://a.test/x#y",
            "https://a.test//x",
            "https://a b",
            "https://a.test/a b",
            "https://a.test:99999",
            "https://a.test:0",
            "https://a.test:",
            "https://a.test/x/../..",
            "https://a.test/./x",
            "https://a.test/%2E%2e/x",
            "https://a.test/a%0d%0ab",
            "https://a.test/a%zz",
            "https://a.test/a%4",
        ] {
            check(text, None);
        }
    }
}
