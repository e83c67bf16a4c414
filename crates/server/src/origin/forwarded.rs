//! `Forwarded` (RFC 7239) and the `X-Forwarded-*` headers that came before it.
//!
//! Of a list only the last element is read: it is what the trusted proxy itself added, while those
//! before it may be of the client's making. A proxy behind another one is told of by a public URL.
//! What cannot be read is as if it were not there.

use super::{Origin, default_port, is_authority, is_prefix};

/// `origin` as the proxy says that the client sees it. `Forwarded` takes precedence; a prefix has
/// only the older header.
pub(super) fn apply<'a, H>(mut origin: Origin, headers: &H) -> Origin
where
    H: Iterator<Item = (&'a str, &'a str)> + Clone,
{
    let last = |name: &str| {
        let lines = headers.clone();
        let named = lines.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        named.last().map(|(_, value)| value)
    };
    let plain = |name: &str| last(name).and_then(|list| list.rsplit(',').next().map(str::trim));
    let standard = last("forwarded").map(last_element);
    let (proto, host) = match &standard {
        Some(pairs) => (member(pairs, "proto"), member(pairs, "host")),
        None => (
            plain("x-forwarded-proto").map(str::to_owned),
            plain("x-forwarded-host").map(str::to_owned),
        ),
    };
    match proto.map(|proto| proto.to_ascii_lowercase()).as_deref() {
        Some("https") => origin.https = true,
        Some("http") => origin.https = false,
        _ => {}
    }
    let port = plain("x-forwarded-port").and_then(|port| port.parse::<u16>().ok());
    let port = port.filter(|port| standard.is_none() && *port != 0);
    if let Some(host) = host.filter(|host| is_authority(host)) {
        origin.authority = host;
        if let Some(port) = port.filter(|_| !has_port(&origin.authority)) {
            origin = origin.with_port(origin.https, port);
        }
    } else if let Some(port) = port {
        origin = origin.with_port(origin.https, port);
    }
    let own = format!(":{}", default_port(origin.https));
    if let Some(host) = origin.authority.strip_suffix(&own) {
        origin.authority = host.to_owned();
    }
    let prefix = plain("x-forwarded-prefix").map(|prefix| prefix.trim_end_matches('/'));
    if let Some(prefix) = prefix.filter(|prefix| is_prefix(prefix)) {
        origin.prefix = prefix.to_owned();
    }
    origin
}

fn has_port(authority: &str) -> bool {
    authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The pairs of the last element of a `Forwarded` header; none where it cannot be read.
fn last_element(list: &str) -> Vec<(String, String)> {
    let Some(element) = split(list, ',').pop() else {
        return Vec::new();
    };
    let pairs = split(element, ';').into_iter().map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())?))
    });
    pairs.collect::<Option<_>>().unwrap_or_default()
}

fn member(pairs: &[(String, String)], name: &str) -> Option<String> {
    let found = pairs.iter().find(|(have, _)| have == name);
    found.map(|(_, value)| value.clone())
}

/// Splits at `separator` outside of quoted strings (RFC 9110 §5.6.4).
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    let mut parts = Vec::new();
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if char == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A token as it is, a quoted string without its quotes; `None` for a quote that does not end.
fn unquoted(value: &str) -> Option<String> {
    let Some(inner) = value.strip_prefix('"') else {
        return (!value.contains('"')).then(|| value.to_owned());
    };
    let mut text = String::new();
    let mut chars = inner.strip_suffix('"')?.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => text.push(chars.next()?),
            '"' => return None,
            _ => text.push(char),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], expected: &str) {
        let origin = Origin {
            https: false,
            authority: "inner:4700".to_owned(),
            prefix: String::new(),
        };
        let seen = apply(origin, &headers.iter().copied());
        assert_eq!(seen.url(""), expected, "{headers:?}");
    }

    #[test]
    fn the_headers_before_the_standard() {
        check(&[], "http://inner:4700");
        check(&[("x-forwarded-proto", "https")], "https://inner:4700");
        check(&[("X-Forwarded-Proto", "HTTPS")], "https://inner:4700");
        check(&[("x-forwarded-proto", "gopher")], "http://inner:4700");
        let proto = ("x-forwarded-proto", "https");
        let host = ("x-forwarded-host", "a.test");
        check(&[proto, host], "https://a.test");
        check(
            &[proto, host, ("x-forwarded-port", "443")],
            "https://a.test",
        );
        check(
            &[proto, host, ("x-forwarded-port", "8443")],
            "https://a.test:8443",
        );
        check(&[host, ("x-forwarded-port", "x")], "http://a.test");
        check(&[("x-forwarded-port", "8080")], "http://inner:8080");
        let both = ("x-forwarded-host", "a.test:1");
        check(
            &[proto, both, ("x-forwarded-port", "2")],
            "https://a.test:1",
        );
        check(&[host, ("x-forwarded-prefix", "/m/")], "http://a.test/m");
        check(&[host, ("x-forwarded-prefix", "m")], "http://a.test");
        check(
            &[host, ("x-forwarded-prefix", "//evil.test")],
            "http://a.test",
        );
        check(&[host, ("x-forwarded-prefix", "/")], "http://a.test");
    }

    #[test]
    fn only_what_the_trusted_proxy_added_counts() {
        check(
            &[("x-forwarded-host", "evil.test, a.test")],
            "http://a.test",
        );
        let lines = [
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-host", "a.test"),
        ];
        check(&lines, "http://a.test");
        check(
            &[("forwarded", "host=evil.test, host=a.test")],
            "http://a.test",
        );
        check(&[("x-forwarded-host", "u@a.test")], "http://inner:4700");
        check(&[("x-forwarded-host", "a.test/x")], "http://inner:4700");
        check(&[("x-forwarded-host", "")], "http://inner:4700");
    }

    #[test]
    fn the_standard_takes_precedence() {
        let older = ("x-forwarded-host", "b.test");
        let port = ("x-forwarded-port", "9");
        let check = |value, expected| check(&[("Forwarded", value), older, port], expected);
        check("for=1.2.3.4;proto=https;host=a.test", "https://a.test");
        check(
            "For=\"[::1]:1\";Proto=https;Host=\"a.test:8443\"",
            "https://a.test:8443",
        );
        check("for=\"a,b;c\\\"\";host=a.test", "http://a.test");
        check("host=\"[::1]:1\"", "http://[::1]:1");
        check("for=1.2.3.4", "http://inner:4700");
        check("host=\"a.test", "http://inner:4700");
        check("nonsense", "http://inner:4700");
        check("", "http://inner:4700");
    }
}
