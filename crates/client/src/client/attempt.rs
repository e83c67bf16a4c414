//! One API operation: its attempts, and what follows on a refusal.

use std::time::Duration;

use http::{Method, StatusCode};
use reqwest::Url;
use tokio::time::Instant;

use super::DEFAULT_TIMEOUT;
use super::inner::Inner;
use super::request::read_stream;
use crate::error::Error;
use crate::operation::{ApiOperation, Body, Reply};
use crate::retry::{Backoff, date, may_repeat, retry_after};
use crate::sign::is_date_refusal;

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
