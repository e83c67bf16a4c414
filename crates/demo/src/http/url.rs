//! URLs as they are written: nothing is decoded, so that the wire shows what was configured.

use crate::failure::Failure;

/// An absolute URL, its fragment left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// https or wss.
    pub(crate) tls: bool,
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) target: String,
    /// Host and port as written.
    pub(crate) authority: String,
}

impl Url {
    /// Parses an http, https, ws or wss URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let bad = || Failure::other("a configured or returned URL is not valid");
        let text = text.split('#').next().unwrap_or_default();
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        let tls = match scheme {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(bad()),
        };
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(cut);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        if host.is_empty() || authority.contains('@') {
            return Err(bad());
        }
        Ok(Self {
            tls,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            target: if target.starts_with('/') {
                target.to_owned()
            } else {
                format!("/{target}")
            },
            authority: authority.to_owned(),
        })
    }

    /// Whether both have the same scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }

    /// The target without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What a log may show: no query.
    pub(crate) fn shown(&self) -> String {
        format!("{}{}", self.authority, self.path())
    }

    /// Adds `pair` to the query.
    pub(crate) fn add_query(&mut self, pair: &str) {
        let joint = if self.target.contains('?') { '&' } else { '?' };
        self.target.push(joint);
        self.target.push_str(pair);
    }
}
