//! HTTP as this client uses it: no redirects, credentials only where they stay confidential,
//! bounded bodies, errors without URLs.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Method};
use reqwest::Url;
use reqwest::redirect::Policy;

use crate::address;
use crate::error::Error;
use crate::operation::Reply;

/// An HTTP client with its connection pool.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Far above every documented reply; a larger one is an error.
const MAX_REPLY_BYTES: usize = 64 << 20;

impl Transport {
    /// Trusts the certificate authorities in `ca_pem` alone, or the machine's without it.
    pub(crate) fn new(ca_pem: Option<&[u8]>, addresses: &[&Url]) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("locum-client/", env!("CARGO_PKG_VERSION")))
            // A redirect could lead a token to another origin.
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        // A proxy cannot reach this machine's loopback.
        if addresses.iter().all(|url| address::is_loopback(url)) {
            builder = builder.no_proxy();
        }
        if let Some(pem) = ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(Error::Config("ca_pem holds no valid PEM certificate"))?;
            builder = builder.tls_certs_only(certificates);
        }
        let http = builder
            .build()
            .map_err(|_| Error::Config("the HTTP client could not be initialised"))?;
        Ok(Self { http })
    }

    /// Sends a request and reads the whole reply.
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

    /// Sends a request and reads the reply's head.
    pub(crate) async fn open(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<reqwest::Response, Error> {
        debug_assert!(!headers.contains_key(COOKIE), "nothing here has cookies");
        if headers.contains_key(AUTHORIZATION) {
            address::require_confidential(&url)?;
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let response = self.http.execute(request).await;
        response.map_err(|error| Error::from_http(&error))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, Error> {
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| Error::from_http(&error))? {
            Some(chunk) if body.len() + chunk.len() > MAX_REPLY_BYTES => {
                return Err(Error::Malformed("the reply is larger than 64 MiB"));
            }
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(body.into()),
        }
    }
}
