//! Addresses: which are URLs of HTTP, which are confidential, which share an origin.

use reqwest::Url;

use crate::error::Error;

/// Parses an http(s) or ws(s) URL; `ws` and `wss` become `http` and `https`, from which a
/// websocket is upgraded. `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let mapped = match text.split_once("://") {
        Some(("ws", rest)) => format!("http://{rest}"),
        Some(("wss", rest)) => format!("https://{rest}"),
        _ => text.to_owned(),
    };
    Url::parse(&mapped)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Refuses an address to which credentials would travel in clear text over a network.
pub(crate) fn require_confidential(url: &Url) -> Result<(), Error> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(Error::Refused(
            "credentials are sent over https, or over http to loopback only",
        )),
    }
}

/// Whether the host is `localhost`, a name below it (RFC 6761 §6.3), or a loopback address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether two URLs have the same scheme, host and port (RFC 6454 §5).
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, allowed: bool) {
        let url = parse(url).expect("a URL");
        assert_eq!(require_confidential(&url).is_ok(), allowed, "{url}");
    }

    #[test]
    fn credentials_are_sent_over_tls_or_loopback() {
        check("https://api.example.com/v1", true);
        check("http://127.0.0.1:4700/", true);
        check("ws://[::1]:4700/", true);
        check("wss://stream.example.com/", true);
        check("http://localhost/", true);
        check("http://api.example.com/v1", false);
        check("ws://stream.example.com/", false);
        check("http://127.0.0.1.example.com/", false);
        check("http://localhost.example.com/", false);
    }
}
