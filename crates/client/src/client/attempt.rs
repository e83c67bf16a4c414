//! One API operation: authentication, request, and what follows on a refusal.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Url;
use tokio::time::Instant;

use super::DEFAULT_TIMEOUT;
use super::inner::Inner;
use crate::cache::CacheEntry;
use crate::error::Error;
use crate::grant;
use crate::operation::{ApiOperation, Body, Reply};
use crate::retry::{Backoff, date, may_repeat, retry_after};
use crate::session::CredentialSession;
use crate::sign::{AwsCredentials, SignableRequest, Signer, is_date_refusal};
use crate::tokens::Tokens;

/// What one request is authenticated with.
enum RequestCredential {
    Bearer(Arc<CredentialSession>, Arc<CacheEntry<Tokens>>),
    Aws(Arc<CredentialSession>, Arc<CacheEntry<AwsCredentials>>),
}

impl RequestCredential {
    /// Removes the credential from its cache, unless a newer one is there.
    fn invalidate(&self) {
        match self {
            Self::Bearer(session, entry) => session.tokens.invalidate(entry.generation),
            Self::Aws(session, entry) => session.aws.invalidate(entry.generation),
        }
    }
}

/// The retries that one operation has left.
struct RetryBudget {
    /// With a new credential, once.
    renewal: bool,
    /// With a corrected date of signature, once.
    redating: bool,
    backoff: Backoff,
}

/// What follows on a reply.
enum NextStep {
    Return(Reply),
    /// Renew the credential and repeat the request.
    Renew,
    /// Repeat the request at once.
    Repeat,
    /// Repeat the request after a pause, if time and body allow.
    RepeatAfter {
        pause: Duration,
        /// The vendor's part of it, for the error otherwise.
        asked: Option<Duration>,
    },
}

impl Inner {
    /// Executes an operation within its time limit.
    pub(super) async fn execute(&self, url: Url, operation: ApiOperation) -> Result<Reply, Error> {
        let limit = operation.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let attempts = self.with_retries(url, operation, Instant::now().checked_add(limit));
        tokio::time::timeout(limit, attempts)
            .await
            .unwrap_or(Err(Error::Timeout(limit)))
    }

    async fn with_retries(
        &self,
        url: Url,
        operation: ApiOperation,
        deadline: Option<Instant>,
    ) -> Result<Reply, Error> {
        let ApiOperation {
            method,
            headers,
            mut body,
            ..
        } = operation;
        let mut budget = RetryBudget {
            renewal: true,
            redating: true,
            backoff: Backoff::for_operations(),
        };
        if let (Some(_), Body::Stream(_)) = (&self.signer, &body) {
            body = Body::Bytes(read_stream(body).await?);
        }
        loop {
            let credential = self.credential().await?;
            let (sent_body, replayable) = match &body {
                Body::Stream(_) => (std::mem::take(&mut body), false),
                Body::Bytes(bytes) => (Body::Bytes(bytes.clone()), true),
                Body::None => (Body::None, true),
            };
            let reply = self
                .send(&credential, &method, &url, &headers, sent_body)
                .await?;
            let status = reply.status.as_u16();
            let next_step = self.next_step(&mut budget, &method, reply)?;
            if let NextStep::Renew = next_step {
                credential.invalidate();
            }
            match next_step {
                NextStep::Return(reply) => return Ok(reply),
                NextStep::RepeatAfter { pause, asked: wait } => {
                    let too_late =
                        deadline.is_some_and(|deadline| Instant::now() + pause > deadline);
                    if !replayable || too_late {
                        return Err(Error::Throttled { status, wait });
                    }
                    tokio::time::sleep(pause).await;
                }
                NextStep::Renew | NextStep::Repeat if !replayable => {
                    return Err(Error::NotReplayable { status });
                }
                NextStep::Renew | NextStep::Repeat => {}
            }
        }
    }

    async fn credential(&self) -> Result<RequestCredential, Error> {
        let session = self.session.load_full();
        if self.signer.is_some() {
            let entry = grant::aws_credentials(&self.issuer, &session).await?;
            return Ok(RequestCredential::Aws(session, entry));
        }
        let entry = grant::tokens(&self.issuer, &session).await?;
        Ok(RequestCredential::Bearer(session, entry))
    }

    async fn send(
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

    /// What follows on `reply`; a retry is taken from the budget.
    fn next_step(
        &self,
        budget: &mut RetryBudget,
        method: &Method,
        reply: Reply,
    ) -> Result<NextStep, Error> {
        let status = reply.status.as_u16();
        if self.is_credential_refused(&reply) {
            if std::mem::replace(&mut budget.renewal, false) {
                return Ok(NextStep::Renew);
            }
            return Err(Error::Auth {
                what: "token",
                code: status.to_string(),
                status,
            });
        }
        if self.is_clock_corrected(&reply) && std::mem::replace(&mut budget.redating, false) {
            return Ok(NextStep::Repeat);
        }
        if !matches!(status, 429 | 503) {
            return Ok(NextStep::Return(reply));
        }
        let wait = retry_after(&reply.headers, self.clock.now());
        let pause = may_repeat(method, status)
            .then(|| budget.backoff.next(wait, self.issuer.jitter()))
            .flatten();
        pause
            .map(|pause| NextStep::RepeatAfter { pause, asked: wait })
            .ok_or(Error::Throttled { status, wait })
    }

    /// A 401 or, if requests are signed, a 403 for expired credentials. Any other 403 denies this
    /// caller the operation, and a new token would not help.
    fn is_credential_refused(&self, reply: &Reply) -> bool {
        match reply.status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => self.signer.is_some() && is_expired_token(reply),
            _ => false,
        }
    }

    /// Whether a signature was refused for its date and the reply's `Date` has corrected the clock.
    fn is_clock_corrected(&self, reply: &Reply) -> bool {
        self.signer.is_some()
            && reply.status == StatusCode::FORBIDDEN
            && is_date_refusal(&String::from_utf8_lossy(&reply.body))
            && date(&reply.headers).is_some_and(|date| self.skew.learn(self.clock.now(), date))
    }
}

/// API Gateway names the class of an error in a header, in some replies followed by a `:` and more.
fn is_expired_token(reply: &Reply) -> bool {
    let class = reply.headers.get("x-amzn-errortype");
    let named = class
        .and_then(|class| class.to_str().ok())
        .is_some_and(|class| class.starts_with("ExpiredTokenException"));
    named
        || String::from_utf8_lossy(&reply.body)
            .contains("security token included in the request is expired")
}

async fn read_stream(body: Body) -> Result<Bytes, Error> {
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
