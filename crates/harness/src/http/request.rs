//! A request as it is to be sent, and where to.

use super::HttpError;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether TLS is asked for.
    pub tls: bool,
    /// The host without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query, at least `/`.
    pub target: String,
}

impl Url {
    /// Reads an absolute `http`, `https`, `ws` or `wss` URL without user information.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let wrong = || HttpError::Address(format!("`{}` is no URL to send to", origin_only(text)));
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(wrong()),
        };
        // A URL may come from a vendor's reply: a line break in it would be a header of the request.
        if rest.contains(|c: char| c.is_control() || c == ' ') {
            return Err(wrong());
        }
        let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(cut);
        let uri: http::uri::Authority = authority.parse().map_err(|_| wrong())?;
        let target = target.split('#').next().unwrap_or_default();
        Ok(Self {
            tls,
            host: uri.host().trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            target: if target.starts_with('/') {
                target.to_owned()
            } else {
                format!("/{target}")
            },
        })
    }

    /// Whether its host is this machine.
    pub fn is_here(&self) -> bool {
        let address: Result<std::net::IpAddr, _> = self.host.parse();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Whether `other` has the same host and port and is as confidential: what may be sent to one
    /// may be sent to the other.
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }

    /// `host:port`, without the port where it is the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// A URL may carry a token in its query: errors name no more than the origin.
fn origin_only(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or_default()
}

/// A request, exactly as it will be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, in the letter case given.
    pub method: String,
    /// The request target, not touched.
    pub target: String,
    /// Header lines in order. `Host`, `Content-Length` and `Connection` are added unless they are
    /// here.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Lines that are not added: `Host`, `Connection`.
    pub omits: Vec<&'static str>,
    /// Whether it says HTTP/1.0.
    pub is_http10: bool,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            ..Self::default()
        }
    }

    /// With one more header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self, authority: &str) -> Vec<u8> {
        let version = if self.is_http10 { "1.0" } else { "1.1" };
        let mut head = format!("{} {} HTTP/{version}\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| {
            head += &[name, ": ", value, "\r\n"].concat();
        };
        let adds = |name: &str| !(self.omits.contains(&name) || self.has(name));
        if adds("Host") {
            line("Host", authority);
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        let bodyless = matches!(self.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS");
        let framed = self.has("content-length") || self.has("transfer-encoding");
        if !(framed || bodyless && self.body.is_empty()) {
            line("Content-Length", &self.body.len().to_string());
        }
        if adds("Connection") {
            line("Connection", "close");
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, u16, &str)>) {
        let url = Url::parse(text).ok();
        let got = url
            .as_ref()
            .map(|url| (url.host.as_str(), url.port, url.target.as_str()));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn urls_are_taken_apart() {
        check("http://a.example", Some(("a.example", 80, "/")));
        check("https://a.example/x?y#z", Some(("a.example", 443, "/x?y")));
        check("ws://[::1]:9/s?t=1", Some(("::1", 9, "/s?t=1")));
        check("http://h:1?q", Some(("h", 1, "/?q")));
        check("ftp://h/", None);
        check("h/x", None);
        check("http:///x", None);
        check("http://h/x\r\nCookie: a=b", None);
        check("http://h/x y", None);
    }

    #[test]
    fn an_error_names_no_query() {
        let error = Url::parse("ftp://h/x?token=abc").expect_err("no such scheme");
        assert!(!error.to_string().contains("abc"));
    }
}
