//! By which address a client reaches this server: the one place where absolute URLs begin.
//!
//! Without more, it is the scheme of the connection and the `Host` of the request. Where a proxy
//! stands in front, a public URL says it once and for all, or the proxy says it in each request;
//! the latter is believed only when it comes from an address that is trusted.
//!
//! # Layout
//!
//! - `public`: a public URL, as it is given at the start
//! - `proxies`: whose `Forwarded` and `X-Forwarded-*` are believed
//! - `forwarded`: what those headers say

mod forwarded;
mod proxies;
mod public;

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;

pub use proxies::TrustedProxies;
pub use public::PublicUrl;

/// Scheme, host and path prefix by which a client reaches a server's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Whether the scheme is https.
    pub(crate) https: bool,
    /// Host, and the port where it is not the scheme's own.
    pub(crate) authority: String,
    /// A path without a slash at its end, mostly empty: what a proxy takes off.
    pub(crate) prefix: String,
}

/// How one request came to the control API.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    /// By what was sent alone.
    pub(crate) direct: Origin,
    /// As a trusted proxy says that the client sees it; else the same.
    pub(crate) seen: Origin,
}

impl Origin {
    /// Of a request by what was sent alone: `host` is its `Host`, `listening` what takes its place.
    pub(crate) fn direct(https: bool, host: Option<&str>, listening: SocketAddr) -> Self {
        let authority = host.filter(|host| !host.is_empty());
        Self {
            https,
            authority: authority.map_or_else(|| listening.to_string(), str::to_owned),
            prefix: String::new(),
        }
    }

    /// Of a request as the proxy `peer` says that the client sees it; `None` unless it is trusted.
    pub(crate) fn forwarded<'a, H>(
        &self,
        trusted: &TrustedProxies,
        peer: IpAddr,
        headers: &H,
    ) -> Option<Self>
    where
        H: Iterator<Item = (&'a str, &'a str)> + Clone,
    {
        let trusts = trusted.contains(peer);
        trusts.then(|| forwarded::apply(self.clone(), headers))
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.https { "https" } else { "http" };
        [scheme, "://", &self.authority, &self.prefix, path].concat()
    }

    /// The same host with another scheme and port, where no proxy is in between.
    pub(crate) fn with_port(&self, https: bool, port: u16) -> Self {
        let host = self.host();
        let authority = if port == default_port(https) {
            host.to_owned()
        } else {
            format!("{host}:{port}")
        };
        Self {
            https,
            authority,
            prefix: String::new(),
        }
    }

    /// The host without port, as it was spelled.
    pub(crate) fn host(&self) -> &str {
        host_of(&self.authority)
    }
}

/// The port that a URL need not name.
const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// The host of an authority without port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether `text` is a host with or without port, and nothing else.
fn is_authority(text: &str) -> bool {
    !text.contains('@')
        && text.parse::<Authority>().is_ok_and(|authority| {
            let has_port = authority.as_str().len() > authority.host().len();
            let is_port = authority.port_u16().is_some_and(|port| port > 0);
            !authority.host().is_empty() && (is_port || !has_port)
        })
}

/// Whether `text` is a path that a URL may have, of more than a slash. One that clients resolve
/// (`/../x`), or that stands for a control character, is none.
fn is_prefix(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte);
    let is_shaped = text.len() > 1 && text.starts_with('/') && !text.starts_with("//");
    is_shaped && text.bytes().all(allowed) && is_decodable(text) && !text.split('/').any(is_dots)
}

/// Whether each `%` begins the code of a character that is no control character.
fn is_decodable(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.get(..2).unwrap_or_default();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u8::from_str_radix(digits, 16);
        is_hex && code.is_ok_and(|code| !code.is_ascii_control())
    })
}

/// Whether a segment is `.` or `..`, however it is spelled.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(authority: &str) -> Origin {
        Origin {
            https: false,
            authority: authority.to_owned(),
            prefix: String::new(),
        }
    }

    #[test]
    fn a_port_takes_the_place_of_the_old_one() {
        let check = |authority: &str, https, port, expected: &str| {
            assert_eq!(origin(authority).with_port(https, port).url("/x"), expected);
        };
        check("h:1", false, 2, "http://h:2/x");
        check("h", true, 2, "https://h:2/x");
        check("h:1", true, 443, "https://h/x");
        check("[::1]", false, 2, "http://[::1]:2/x");
        check("[::1]:1", true, 2, "https://[::1]:2/x");
    }

    #[test]
    fn a_request_without_host_is_at_the_address_of_the_listener() {
        let listening = ([127, 0, 0, 1], 4700).into();
        for host in [None, Some("")] {
            let origin = Origin::direct(true, host, listening);
            assert_eq!(origin.url("/a"), "https://127.0.0.1:4700/a");
        }
    }

    #[test]
    fn a_host_has_no_port() {
        for authority in ["api.eu.corti.app", "api.eu.corti.app:443"] {
            assert_eq!(origin(authority).host(), "api.eu.corti.app");
        }
        assert_eq!(origin("[::1]:1").host(), "[::1]");
    }
}
