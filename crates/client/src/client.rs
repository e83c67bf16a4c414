//! One client for every vendor: what differs is in the profile.

mod attempt;
mod inner;
mod list;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use locum_core::profile::Profile;
use locum_core::{Clock, Secret, Timestamp};
use serde_json::Value;

use crate::address;
use crate::config::{Config, Credentials};
use crate::error::Error;
use crate::grant;
use crate::operation::{ApiOperation, Reply};
use crate::socket::Socket;
use inner::Inner;

/// A client of one vendor. It is cheap to clone, and clones share tokens and connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// A copy of the client's current access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// Opaque to a client (RFC 6749 §1.4).
    pub access_token: Secret,
    /// When the client stops using it, on the client's own clock.
    pub expires: Timestamp,
    /// The number of the token, counted from 1 since the credentials were set.
    pub generation: u64,
}

/// The limit of an operation that names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

impl Client {
    /// A client of the vendor that `profile` describes; `seed` makes every jitter.
    ///
    /// # Errors
    /// When an address is not a URL, or something that the profile requires is not configured.
    pub fn new(
        profile: &Profile,
        config: Config,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Error> {
        let inner = Inner::new(profile, config, clock, seed)?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Sends one request, with a token that is obtained and renewed as needed.
    ///
    /// Any status but the ones named below is returned as a reply, 3xx included.
    ///
    /// # Errors
    /// 401, after the token was renewed once and the request repeated; 429 and 503, after the
    /// retries that the method and the vendor's `Retry-After` allow; anything that prevented a
    /// reply.
    pub async fn call(&self, operation: ApiOperation) -> Result<Reply, Error> {
        let url = self.inner.url(&operation.path)?;
        self.inner.execute(url, operation).await
    }

    /// Reads the list at `path` to its end: the members of `results`, page after page.
    ///
    /// # Errors
    /// Those of [`call`](Self::call); a page that is not a list; a next page on another origin,
    /// which is not requested.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Error> {
        list::list(&self.inner, path).await
    }

    /// The current access token, obtained if there is none.
    ///
    /// # Errors
    /// When none can be obtained.
    pub async fn token(&self) -> Result<TokenView, Error> {
        let session = self.inner.session.load_full();
        let entry = grant::tokens(&self.inner.issuer, &session).await?;
        Ok(TokenView {
            access_token: entry.value.access.clone(),
            expires: entry.expires_at.wall,
            generation: entry.generation,
        })
    }

    /// Sends a request to a presigned URL. No credentials of this client are added: the URL's own
    /// query grants access.
    ///
    /// # Errors
    /// When no reply was received within [`DEFAULT_TIMEOUT`].
    pub async fn upload(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, Error> {
        let url = address::parse(url).ok_or(Error::Refused("the presigned URL is not valid"))?;
        address::require_confidential(&url)?;
        let body = (!body.is_empty()).then(|| body.into());
        let reply = self.inner.transport.send(method, url, headers, body);
        tokio::time::timeout(DEFAULT_TIMEOUT, reply)
            .await
            .unwrap_or(Err(Error::Timeout(DEFAULT_TIMEOUT)))
    }

    /// Revokes the refresh token or, if there is none, the access token, and drops everything that
    /// was obtained by the same sign-in, AWS credentials included. It runs to its end even if the
    /// caller is cancelled.
    ///
    /// # Errors
    /// When there is nothing to revoke, or the vendor did not confirm the revocation: the tokens
    /// are then taken to be still valid (RFC 7009 §2.2.1).
    pub async fn revoke(&self) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        to_completion(async move { inner.revoke().await }).await
    }

    /// Answers a pending challenge for a new password, which replaces the configured one. It runs
    /// to its end even if the caller is cancelled.
    ///
    /// # Errors
    /// When no such challenge is pending, or the vendor refuses the password.
    pub async fn change_password(&self, new_password: Secret) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        to_completion(async move { inner.change_password(new_password).await }).await
    }

    /// Opens a websocket to `url`, as the vendor returned it and without a token, sends
    /// `configuration` and waits until the vendor has accepted it.
    ///
    /// # Errors
    /// When the upgrade or the configuration is refused, or the vendor violates RFC 6455.
    pub async fn open_socket(&self, url: &str, configuration: Value) -> Result<Socket, Error> {
        let inner = &self.inner;
        let endpoint = inner
            .socket_endpoint
            .as_ref()
            .ok_or(Error::Config("the profile has no `socket`"))?;
        let session = inner.session.load_full();
        Socket::open(endpoint, &inner.issuer, &session, url, configuration).await
    }

    /// Replaces the credentials and drops everything that was obtained with the old ones.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.inner.set_credentials(credentials);
    }
}

/// Runs `change` in a task of its own, so that a cancelled caller does not leave the vendor changed
/// and the client unaware of it.
async fn to_completion(
    change: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<(), Error> {
    tokio::spawn(change).await.unwrap_or(Err(Error::Stopped))
}
