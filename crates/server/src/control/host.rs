//! By which names the control API may be called.
//!
//! A page can make a browser call this server by a name of the page's own, when that name's DNS
//! answer is changed to a loopback address (DNS rebinding): for the browser it is the same origin.
//! An address cannot be rebound, nor can `localhost` (RFC 6761 §6.3); any other name needs the
//! user's word.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HOST;
use http::uri::Authority;

use super::refusal::Refusal;

/// Names that the user allows, and the host of the public URL.
pub(super) type AllowedNames<'a> = (&'a [String], Option<&'a str>);

/// Longest part of a host that a refusal repeats.
const MAX_SHOWN: usize = 100;

/// Checks the one `Host` of a request against `names`. The port is not looked at: containers and
/// tunnels change it, and a page cannot gain by it.
pub(super) fn check(headers: &HeaderMap, names: AllowedNames<'_>) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal::bad("the request needs one Host header")
            .hint("send Host with the address that the server listens on"));
    };
    check_name(&String::from_utf8_lossy(host.as_bytes()), names)
}

/// Checks one host, with or without port.
pub(super) fn check_name(host: &str, names: AllowedNames<'_>) -> Result<(), Refusal> {
    if name_of(host).is_some_and(|name| is_allowed(&name, names)) {
        return Ok(());
    }
    let shown: String = host.chars().take(MAX_SHOWN).collect();
    Err(Refusal::new(
        403,
        format!("the control API does not answer to the name `{shown}`"),
    )
    .hint("call it by an IP address or as localhost, or allow the name: --allow-host NAME, LOCUM_ALLOW_HOST"))
}

/// The host of `Host`, in lower case, without port, brackets and the root's dot.
fn name_of(host: &str) -> Option<String> {
    let authority: Authority = host.parse().ok().filter(|_| !host.contains('@'))?;
    let name = authority.host().to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    Some(
        name.trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
    )
}

fn is_allowed(name: &str, (names, public): AllowedNames<'_>) -> bool {
    let mut names = names.iter().map(String::as_str).chain(public);
    name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || names.any(|allowed| allowed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_allowed_names_may_call() {
        let names = ["mocks.test".to_owned(), "Locum".to_owned()];
        let allowed = |host: &str| {
            name_of(host).is_some_and(|name| is_allowed(&name, (&names, Some("auth.example.test"))))
        };
        for host in [
            "localhost",
            "localhost:4700",
            "LocalHost:1",
            "localhost.:4700",
            "127.0.0.1",
            "127.0.0.1:4700",
            "[::1]",
            "[::1]:4700",
            "192.168.1.7:8080",
            "mocks.test:4700",
            "locum",
            "auth.example.test",
        ] {
            assert!(allowed(host), "{host}");
        }
        for host in [
            "",
            ":4700",
            "evil.example",
            "evil.example:4700",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "a.mocks.test",
            "0x7f.1",
            "localhost, evil.example",
            "local host",
        ] {
            assert!(!allowed(host), "{host}");
        }
    }
}
