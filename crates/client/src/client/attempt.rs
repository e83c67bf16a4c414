//! One call: proof, request, and what its refusals are answered with.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Url;

use super::{DEFAULT_TIMEOUT, Inner};
use crate::cache::CacheEntry;
use crate::error::Error;
use crate::family::Family;
use crate::grant::Tokens;
use crate::operation::{ApiOperation, Body, Reply};
use crate::retry::{Backoff, date, may_repeat, retry_after};
use crate::sign::{AwsCredentials, SignableRequest, Signer, blames_date};

/// What one request proves itself with.
enum Lease {
    Bearer(Arc<Family>, Arc<CacheEntry<Tokens>>),
    Aws(Arc<Family>, Arc<CacheEntry<AwsCredentials>>),
}

impl Lease {
    /// Drops what was refused, unless a newer one has come since.
    fn invalidate(&self) {
        match self {
            Self::Bearer(family, entry) => family.tokens.invalidate(entry.generation),
            Self::Aws(family, entry) => family.aws.invalidate(entry.generation),
        }
    }
}

/// What is left to try for one call.
struct Tries {
    renewal: bool,
    redating: bool,
    backoff: Backoff,
}

/// What a reply asks of the client.
enum Answer {
    /// It goes to the caller.
    Done(Reply),
    /// The proof is dead: a new one, and the call again.
    Renew,
    /// The call again, at once.
    Repeat,
    /// The call again, after a while.
    Wait(Duration),
}

impl Inner {
    /// Makes one call within its limit.
    pub(crate) async fn run(&self, url: Url, call: ApiOperation) -> Result<Reply, Error> {
        let limit = call.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let deadline = tokio::time::Instant::now() + limit;
        tokio::time::timeout_at(deadline, self.persist(url, call, deadline))
            .await
            .unwrap_or(Err(Error::Timeout(limit)))
    }

    async fn persist(
        &self,
        url: Url,
        call: ApiOperation,
        deadline: tokio::time::Instant,
    ) -> Result<Reply, Error> {
        let ApiOperation {
            method,
            headers,
            mut body,
            ..
        } = call;
        let mut tries = Tries {
            renewal: true,
            redating: true,
            backoff: Backoff::for_calls(),
        };
        if let (Some(_), Body::Stream(_)) = (&self.signer, &body) {
            body = Body::Bytes(collect(body).await?);
        }
        loop {
            let lease = self.lease().await?;
            let (now, replayable) = match &body {
                Body::Stream(_) => (std::mem::take(&mut body), false),
                Body::Bytes(bytes) => (Body::Bytes(bytes.clone()), true),
                Body::None => (Body::None, true),
            };
            let reply = self.send(&lease, &method, &url, &headers, now).await?;
            let status = reply.status.as_u16();
            let answer = self.judge(&mut tries, &method, reply)?;
            if let Answer::Renew = answer {
                lease.invalidate();
            }
            match answer {
                Answer::Done(reply) => return Ok(reply),
                Answer::Wait(pause) => {
                    if !replayable || tokio::time::Instant::now() + pause > deadline {
                        let wait = Some(pause);
                        return Err(Error::Throttled { status, wait });
                    }
                    tokio::time::sleep(pause).await;
                }
                Answer::Renew | Answer::Repeat if !replayable => {
                    return Err(Error::NotReplayable { status });
                }
                Answer::Renew | Answer::Repeat => {}
            }
        }
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let family = self.family.load_full();
        if self.signer.is_some() {
            let entry = family.aws(&self.issuer).await?;
            return Ok(Lease::Aws(family, entry));
        }
        let entry = family.tokens(&self.issuer).await?;
        Ok(Lease::Bearer(family, entry))
    }

    async fn send(
        &self,
        lease: &Lease,
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
        match (lease, &self.signer) {
            (Lease::Aws(_, entry), Some(signer)) => {
                plain_spaces(&mut url);
                let bytes = match &body {
                    Body::Bytes(bytes) => &bytes[..],
                    Body::None | Body::Stream(_) => &[],
                };
                let now = self.skew.correct(self.clock.now());
                prove(signer, &entry.value, method, &url, &mut headers, bytes, now);
            }
            (Lease::Bearer(_, entry), _) => {
                headers.insert(AUTHORIZATION, entry.value.bearer.clone());
            }
            (Lease::Aws(..), None) => unreachable!("AWS credentials are leased to sign"),
        }
        let body = match body {
            Body::None => None,
            Body::Bytes(bytes) => Some(bytes.into()),
            Body::Stream(stream) => Some(reqwest::Body::wrap_stream(stream)),
        };
        self.wire.send(method.clone(), url, headers, body).await
    }

    /// What `reply` asks for; each kind of second try is used up by it.
    fn judge(&self, tries: &mut Tries, method: &Method, reply: Reply) -> Result<Answer, Error> {
        let status = reply.status.as_u16();
        if self.proof_is_dead(&reply) {
            if std::mem::replace(&mut tries.renewal, false) {
                return Ok(Answer::Renew);
            }
            return Err(Error::Auth {
                what: "token",
                code: status.to_string(),
                status,
            });
        }
        if self.clock_is_off(&reply) && std::mem::replace(&mut tries.redating, false) {
            return Ok(Answer::Repeat);
        }
        if !matches!(status, 429 | 503) {
            return Ok(Answer::Done(reply));
        }
        let wait = retry_after(&reply.headers, self.clock.now());
        let pause = may_repeat(method, status)
            .then(|| tries.backoff.next(wait, self.issuer.chance()))
            .flatten();
        pause
            .map(Answer::Wait)
            .ok_or(Error::Throttled { status, wait })
    }

    /// A 401; where requests are signed, a 403 that says that the credentials have expired. A
    /// plain 403 says that this caller may not, and another token changes nothing.
    fn proof_is_dead(&self, reply: &Reply) -> bool {
        match reply.status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => self.signer.is_some() && is_expired_token(reply),
            _ => false,
        }
    }

    /// Whether a signature was refused for its date, and the vendor's own `Date` gives a better
    /// one.
    fn clock_is_off(&self, reply: &Reply) -> bool {
        self.signer.is_some()
            && reply.status == StatusCode::FORBIDDEN
            && blames_date(&String::from_utf8_lossy(&reply.body))
            && date(&reply.headers).is_some_and(|date| self.skew.learn(self.clock.now(), date))
    }
}

/// API Gateway names the class in a header, with a `:` and more behind it in some replies.
fn is_expired_token(reply: &Reply) -> bool {
    let class = reply.headers.get("x-amzn-errortype");
    let named = class
        .and_then(|class| class.to_str().ok())
        .is_some_and(|class| class.starts_with("ExpiredTokenException"));
    named
        || String::from_utf8_lossy(&reply.body)
            .contains("security token included in the request is expired")
}

async fn collect(body: Body) -> Result<Bytes, Error> {
    let Body::Stream(stream) = body else {
        return Ok(Bytes::new());
    };
    let read: Vec<Bytes> = stream
        .try_collect()
        .await
        .map_err(|_| Error::Refused("the body's stream broke"))?;
    Ok(read.concat().into())
}

/// In a query a `+` means a space to some readers and a plus to others; `%20` is read alike.
fn plain_spaces(url: &mut Url) {
    if let Some(query) = url.query().filter(|query| query.contains('+')) {
        let plain = query.replace('+', "%20");
        url.set_query(Some(&plain));
    }
}

fn prove(
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
