//! The vendor's token endpoint, with its retries.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use locum_core::profile::{SecretIn, TokenFacts};
use locum_core::{Clock, Secret};
use rand::RngExt as _;
use rand::rngs::StdRng;
use reqwest::Url;

use crate::config::{CognitoConfig, Credentials};
use crate::error::Error;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::Backoff;
use crate::wire::{self, Wire};

/// Where tokens come from, and by which facts.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) facts: TokenFacts,
    pub(crate) url: Url,
    pub(crate) revoke_url: Option<Url>,
    pub(crate) cognito: Option<CognitoConfig>,
    pub(crate) wire: Wire,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Mutex<StdRng>,
}

/// A token endpoint that is silent for longer is taken to be down.
const PATIENCE: Duration = Duration::from_secs(30);

impl Issuer {
    /// Now, on both clocks: when a request is sent.
    pub(crate) fn now(&self) -> Moment {
        Moment::read(&*self.clock)
    }

    /// A number from 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.random()
    }

    /// Sixteen bytes of chance, in base64: the key of a websocket's upgrade.
    pub(crate) fn nonce(&self) -> String {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        STANDARD.encode(chance.random::<[u8; 16]>())
    }

    /// Posts a form to `url`, with the headers that the vendor's page lists.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &Form,
        basic: Option<HeaderValue>,
    ) -> Result<Reply, Error> {
        let mut headers = HeaderMap::new();
        let accept = self.facts.accept.as_deref().unwrap_or("application/json");
        let accept = HeaderValue::from_str(accept)
            .map_err(|_| Error::Config("the profile's Accept is no header value"))?;
        headers.insert(ACCEPT, accept);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(basic) = basic {
            headers.insert(AUTHORIZATION, basic);
        }
        self.post(url, headers, form.0.expose().to_owned()).await
    }

    /// Posts a body that holds credentials, and waits for the reply within reason.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: String,
    ) -> Result<Reply, Error> {
        wire::guard(url)?;
        let sent = self
            .wire
            .send(Method::POST, url.clone(), headers, Some(body.into()));
        tokio::time::timeout(PATIENCE, sent)
            .await
            .unwrap_or(Err(Error::Timeout(PATIENCE)))
    }

    /// Runs `attempt` until it succeeds, fails for good, or has failed too often.
    pub(crate) async fn persist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Error>
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
            match backoff.next(error.wait(), self.chance()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// Where the vendor wants client id and secret: the header, or `None` after they were added to
    /// the form.
    pub(crate) fn authenticate(
        &self,
        form: Form,
        credentials: &Credentials,
    ) -> (Form, Option<HeaderValue>) {
        let Credentials::Client {
            client_id,
            client_secret,
        } = credentials
        else {
            return (form, None);
        };
        match self.facts.secret_in {
            SecretIn::Basic => (form, Some(basic(client_id, client_secret))),
            SecretIn::Body => {
                let form = form
                    .with("client_id", client_id)
                    .with("client_secret", client_secret.expose());
                (form, None)
            }
        }
    }
}

/// `Authorization: Basic` with both halves as they are: the vendors' pages ask for "a base64
/// encoded copy of the client ID and client secret", not for the form encoding of RFC 6749 §2.3.1.
fn basic(client_id: &str, client_secret: &Secret) -> HeaderValue {
    let pair = Secret::new(format!("{client_id}:{}", client_secret.expose()));
    let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
    let mut value = HeaderValue::from_str(value.expose()).expect("base64 is plain text");
    value.set_sensitive(true);
    value
}

/// A form that is being written, in the order of the vendor's page.
#[derive(Debug)]
pub(crate) struct Form(Secret);

impl Form {
    pub(crate) fn new() -> Self {
        Self(Secret::new(""))
    }

    #[must_use]
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let mut form = form_urlencoded::Serializer::new(self.0.expose().to_owned());
        Self(Secret::new(form.append_pair(name, value).finish()))
    }

    #[cfg(test)]
    fn text(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_its_order_and_encodes_its_values() {
        let form = Form::new()
            .with("username", "svc+a@example.com")
            .with("password", "p&= %ö");
        assert_eq!(
            form.text(),
            "username=svc%2Ba%40example.com&password=p%26%3D+%25%C3%B6"
        );
    }

    #[test]
    fn basic_takes_both_halves_as_they_are() {
        let value = basic("id", &Secret::new("a:b ö"));
        let expected = format!("Basic {}", STANDARD.encode("id:a:b ö"));
        assert_eq!(value.to_str().ok(), Some(&*expected));
        assert!(value.is_sensitive());
    }
}
