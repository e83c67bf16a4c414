//! The vendor's token endpoint, with its retries.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use locum_core::Clock;
use locum_core::profile::TokenFacts;
use rand::RngExt as _;
use rand::rngs::StdRng;
use reqwest::Url;

use super::form::Form;
use crate::address;
use crate::config::CognitoConfig;
use crate::error::Error;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::Backoff;
use crate::transport::Transport;

/// Who issues tokens: the endpoints, the facts that describe them, and what requests need.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) facts: TokenFacts,
    pub(crate) token_url: Url,
    pub(crate) revoke_url: Option<Url>,
    pub(crate) cognito: Option<CognitoConfig>,
    pub(crate) transport: Transport,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Mutex<StdRng>,
}

/// For one request to the token endpoint, body included.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

impl Issuer {
    /// Now, on both clocks.
    pub(crate) fn now(&self) -> Moment {
        Moment::read(&*self.clock)
    }

    /// A random number from 0 to 1, for [`Backoff::next`].
    pub(crate) fn jitter(&self) -> f64 {
        self.rng().random()
    }

    /// Sixteen random bytes in base64: `Sec-WebSocket-Key` (RFC 6455 §4.1).
    pub(crate) fn websocket_key(&self) -> String {
        STANDARD.encode(self.rng().random::<[u8; 16]>())
    }

    fn rng(&self) -> std::sync::MutexGuard<'_, StdRng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts a form, with the `Accept` that the vendor's page lists.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &Form,
        basic: Option<HeaderValue>,
    ) -> Result<Reply, Error> {
        let mut headers = HeaderMap::new();
        let accept = self.facts.accept.as_deref().unwrap_or("application/json");
        let accept = HeaderValue::from_str(accept)
            .map_err(|_| Error::Config("the profile's `accept` is not a valid header value"))?;
        headers.insert(ACCEPT, accept);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(basic) = basic {
            headers.insert(AUTHORIZATION, basic);
        }
        self.post(url, headers, form.encoded().to_owned()).await
    }

    /// Posts a body that holds credentials.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: String,
    ) -> Result<Reply, Error> {
        address::require_confidential(url)?;
        let reply = self
            .transport
            .send(Method::POST, url.clone(), headers, Some(body.into()));
        tokio::time::timeout(TOKEN_TIMEOUT, reply)
            .await
            .unwrap_or(Err(Error::Timeout(TOKEN_TIMEOUT)))
    }

    /// Repeats `attempt` while it fails with a transient error and the backoff allows.
    pub(crate) async fn with_retries<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut backoff = Backoff::for_tokens();
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !error.is_transient() {
                return Err(error);
            }
            match backoff.next(error.wait(), self.jitter()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}
