//! HTTP as this client uses it: no redirects, credentials only where they stay confidential,
//! bounded bodies, errors without URLs.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

use crate::address;
use crate::error::Error;
use crate::operation::Reply;

/// HTTP clients with their connection pools.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    settings: Arc<Settings>,
    /// For loopback: without proxy. One could not reach this machine, and would see the credentials
    /// that are sent there in clear text.
    loopback: Arc<OnceLock<reqwest::Client>>,
    /// For everything else: with the proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`).
    network: Arc<OnceLock<reqwest::Client>>,
}

#[derive(Debug)]
struct Settings {
    /// Trusted instead of the machine's authorities.
    authorities: Option<Vec<reqwest::Certificate>>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Far above every documented reply; a larger one is an error.
const MAX_REPLY_BYTES: usize = 64 << 20;

impl Transport {
    /// Trusts the certificate authorities in `ca_pem` alone, or the machine's without it. Clients
    /// for `addresses` are made at once, another one when it is needed.
    pub(crate) fn new(ca_pem: Option<&[u8]>, addresses: &[&Url]) -> Result<Self, Error> {
        let authorities = ca_pem.map(|pem| {
            reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(Error::Config("ca_pem holds no valid PEM certificate"))
        });
        let transport = Self {
            settings: Arc::new(Settings {
                authorities: authorities.transpose()?,
            }),
            loopback: Arc::default(),
            network: Arc::default(),
        };
        for url in addresses {
            transport.client_for(url)?;
        }
        Ok(transport)
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let is_loopback = address::is_loopback(url);
        let slot = if is_loopback {
            &self.loopback
        } else {
            &self.network
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.settings.build(is_loopback)?;
        Ok(slot.get_or_init(|| client))
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
        if headers.contains_key(AUTHORIZATION) {
            address::require_confidential(&url)?;
        }
        let client = self.client_for(&url)?;
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let response = client.execute(request).await;
        response.map_err(|error| Error::from_http(&error))
    }
}

impl Settings {
    fn build(&self, for_loopback: bool) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("locum-client/", env!("CARGO_PKG_VERSION")))
            // A redirect could lead a token to another origin.
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if for_loopback {
            builder = builder.no_proxy().dns_resolver(LoopbackResolver);
        }
        if let Some(certificates) = &self.authorities {
            builder = builder.tls_certs_only(certificates.clone());
        }
        builder
            .build()
            .map_err(|_| Error::Config("the HTTP client could not be initialised"))
    }
}

/// Resolves `localhost` and the names below it to this machine, whatever DNS says (RFC 6761 §6.3).
struct LoopbackResolver;

impl Resolve for LoopbackResolver {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        let addresses: Addrs = Box::new(addresses.into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
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
