//! The HTTP connection: no redirects, credentials over TLS or loopback only, errors without URLs.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Method};
use reqwest::Url;
use reqwest::redirect::Policy;

use crate::error::Error;
use crate::operation::Reply;

/// Sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    http: reqwest::Client,
}

const CONNECT: Duration = Duration::from_secs(10);
/// A vendor that sends more than this for one call has lost its way.
const LARGEST_REPLY: usize = 64 << 20;

impl Wire {
    /// A wire that trusts `ca_pem` alone, or the machine's authorities without it.
    pub(crate) fn new(ca_pem: Option<&[u8]>, addresses: &[&Url]) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("locum-client/", env!("CARGO_PKG_VERSION")))
            // A token that follows a redirect arrives where nobody sent it.
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        // A proxy for the outside world has no way to this machine's own loopback.
        if addresses.iter().all(|url| is_loopback(url)) {
            builder = builder.no_proxy();
        }
        if let Some(pem) = ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(Error::Config("the CA is no PEM certificate"))?;
            builder = builder.tls_certs_only(certificates);
        }
        let http = builder
            .build()
            .map_err(|_| Error::Config("the HTTP client cannot be built"))?;
        Ok(Self { http })
    }

    /// One request and its whole reply.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<Reply, Error> {
        let response = self.open(method, url, headers, body).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    /// One request, and its reply up to the body.
    pub(crate) async fn open(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<reqwest::Response, Error> {
        debug_assert!(!headers.contains_key(COOKIE), "nothing here has cookies");
        if headers.contains_key(AUTHORIZATION) {
            guard(&url)?;
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let sent = self.http.execute(request).await;
        sent.map_err(|error| Error::from_http(&error))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, Error> {
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| Error::from_http(&error))? {
            Some(chunk) if body.len() + chunk.len() > LARGEST_REPLY => {
                return Err(Error::Malformed("the reply does not end"));
            }
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(body.into()),
        }
    }
}

/// Refuses to send credentials in clear text to another machine.
pub(crate) fn guard(url: &Url) -> Result<(), Error> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(Error::Refused(
            "credentials travel over https, or over http to loopback",
        )),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Reads a configured address; `ws` and `wss` become the schemes that they are upgraded from.
pub(crate) fn address(text: &str) -> Result<Url, Error> {
    let mapped = match text.split_once("://") {
        Some(("ws", rest)) => format!("http://{rest}"),
        Some(("wss", rest)) => format!("https://{rest}"),
        _ => text.to_owned(),
    };
    Url::parse(&mapped)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or(Error::Config("an address is no http(s) or ws(s) URL"))
}

/// Whether two addresses are of one origin (RFC 6454 §5).
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, allowed: bool) {
        let url = address(url).expect("a URL");
        assert_eq!(guard(&url).is_ok(), allowed, "{url}");
    }

    #[test]
    fn credentials_travel_over_tls_or_loopback() {
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
