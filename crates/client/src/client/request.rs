//! One request: its credential, its headers, its signature.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use reqwest::Url;

use super::inner::Inner;
use crate::cache::CacheEntry;
use crate::error::Error;
use crate::grant;
use crate::operation::{Body, Reply};
use crate::session::CredentialSession;
use crate::sign::{AwsCredentials, SignableRequest, Signer};
use crate::tokens::Tokens;

/// What one request is authenticated with.
pub(super) enum RequestCredential {
    Bearer(Arc<CredentialSession>, Arc<CacheEntry<Tokens>>),
    Aws(Arc<CredentialSession>, Arc<CacheEntry<AwsCredentials>>),
}

impl RequestCredential {
    /// Removes the credential from its cache, unless a newer one is there.
    pub(super) fn invalidate(&self) {
        match self {
            Self::Bearer(session, entry) => session.tokens.invalidate(entry.generation),
            Self::Aws(session, entry) => session.aws.invalidate(entry.generation),
        }
    }
}

impl Inner {
    /// The credential of the kind that the vendor requires, from the cache or newly obtained.
    pub(super) async fn credential(&self) -> Result<RequestCredential, Error> {
        let session = self.session.load_full();
        if self.signer.is_some() {
            let entry = grant::aws_credentials(&self.issuer, &session).await?;
            return Ok(RequestCredential::Aws(session, entry));
        }
        let entry = grant::tokens(&self.issuer, &session).await?;
        Ok(RequestCredential::Bearer(session, entry))
    }

    /// Authenticates a request and sends it, once.
    pub(super) async fn send(
        &self,
        credential: &RequestCredential,
        method: &Method,
        url: &Url,
        own: &HeaderMap,
        body: Body,
    ) -> Result<Reply, Error> {
        let mut headers = own.clone();
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        if let Some((name, value)) = &self.tenant {
            headers.insert(name, value.clone());
        }
        let mut url = url.clone();
        match (credential, &self.signer) {
            (RequestCredential::Aws(_, entry), Some(signer)) => {
                encode_plus_as_space(&mut url);
                let bytes = match &body {
                    Body::Bytes(bytes) => &bytes[..],
                    Body::None | Body::Stream(_) => &[],
                };
                let now = self.skew.correct(self.clock.now());
                sign_request(signer, &entry.value, method, &url, &mut headers, bytes, now);
            }
            (RequestCredential::Bearer(_, entry), _) => {
                headers.insert(AUTHORIZATION, entry.value.bearer.clone());
            }
            (RequestCredential::Aws(..), None) => {
                unreachable!("AWS credentials are obtained only if there is a signer")
            }
        }
        let body = match body {
            Body::None => None,
            Body::Bytes(bytes) => Some(bytes.into()),
            Body::Stream(stream) => Some(reqwest::Body::wrap_stream(stream)),
        };
        self.transport
            .send(method.clone(), url, headers, body)
            .await
    }
}

/// Reads a streamed body into memory.
pub(super) async fn read_stream(body: Body) -> Result<Bytes, Error> {
    let Body::Stream(stream) = body else {
        return Ok(Bytes::new());
    };
    let read: Vec<Bytes> = stream
        .try_collect()
        .await
        .map_err(|_| Error::Refused("the body's stream failed"))?;
    Ok(read.concat().into())
}

/// Some parsers of a query read `+` as a space and some as a plus; all read `%20` alike.
fn encode_plus_as_space(url: &mut Url) {
    if let Some(query) = url.query().filter(|query| query.contains('+')) {
        let plain = query.replace('+', "%20");
        url.set_query(Some(&plain));
    }
}

fn sign_request(
    signer: &Signer,
    credentials: &AwsCredentials,
    method: &Method,
    url: &Url,
    headers: &mut HeaderMap,
    body: &[u8],
    now: locum_core::Timestamp,
) {
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok().map(str::to_owned));
    let mut list = vec![("host", host.as_str())];
    if let Some(content_type) = &content_type {
        list.push(("content-type", content_type));
    }
    let request = SignableRequest {
        method: method.as_str(),
        target: &target,
        headers: &list,
        body,
    };
    signer.sign(credentials, &request, now).apply(headers);
}
