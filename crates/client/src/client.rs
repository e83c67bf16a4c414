//! One client for every vendor: what differs is in the profile.

mod attempt;
mod list;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use locum_core::profile::{Profile, Proof, SocketFacts};
use locum_core::{Clock, Secret, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::Url;
use serde_json::Value;

use crate::config::{Config, Credentials};
use crate::error::Error;
use crate::family::Family;
use crate::grant::{self, Issuer};
use crate::operation::{ApiOperation, Reply};
use crate::sign::{Signer, Skew};
use crate::socket::Socket;
use crate::wire::{self, Wire};

/// A client of one vendor. It is cheap to clone, and clones share tokens and connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) family: ArcSwap<Family>,
    pub(crate) wire: Wire,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) api: Url,
    /// As it was configured: paths are appended to it as they stand.
    pub(crate) api_text: String,
    pub(crate) ws: Option<Url>,
    pub(crate) tenant: Option<(HeaderName, HeaderValue)>,
    /// Signs requests, where the vendor wants them signed.
    pub(crate) signer: Option<Signer>,
    pub(crate) skew: Skew,
    pub(crate) socket: Option<SocketFacts>,
    seeds: AtomicU64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// The access token at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// The token.
    pub access_token: Secret,
    /// When its life is over, by this client's clock.
    pub expires: Timestamp,
    /// Counts the tokens of these credentials from 1.
    pub generation: u64,
}

/// The limit of a call whose caller names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

impl Client {
    /// A client of the vendor with these facts; `seed` feeds every jitter.
    ///
    /// # Errors
    /// When an address is no URL, or something that the profile asks for is not configured.
    pub fn new(
        profile: &Profile,
        config: Config,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Error> {
        let token = wire::address(&config.token_url)?;
        let api = wire::address(&config.api_url)?;
        let optional = |url: Option<&String>| url.map(|url| wire::address(url)).transpose();
        let ws = optional(config.ws_url.as_ref())?;
        let wire = Wire::new(config.ca_pem.as_deref(), &[&token, &api])?;
        let issuer = Issuer {
            facts: profile.token.clone(),
            url: token,
            revoke_url: optional(config.revoke_url.as_ref())?,
            cognito: config.cognito,
            wire: wire.clone(),
            clock: Arc::clone(&clock),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
        };
        let inner = Inner {
            issuer: Arc::new(issuer),
            family: ArcSwap::new(Family::new(config.credentials, &clock, seed)),
            wire,
            clock,
            api,
            api_text: config.api_url,
            ws,
            tenant: tenant(profile, config.tenant.as_deref())?,
            signer: signer(profile)?,
            skew: Skew::default(),
            socket: profile.socket.clone(),
            seeds: AtomicU64::new(seed),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes one call, with a token obtained and renewed as needed.
    ///
    /// Any status but the ones named below is a reply, a 3xx among them.
    ///
    /// # Errors
    /// 401 after one renewal and one replay; 429 and 503 after the retries that the method and the
    /// vendor's `Retry-After` allow; everything that kept a reply from coming.
    pub async fn call(&self, operation: ApiOperation) -> Result<Reply, Error> {
        let url = self.inner.url(&operation.path)?;
        self.inner.run(url, operation).await
    }

    /// Reads the list at `path` to its end: the members of `results`, page after page.
    ///
    /// # Errors
    /// Those of [`call`](Self::call); a page that is no list, or names a next page on another
    /// origin: that one is not asked for.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Error> {
        list::list(&self.inner, path).await
    }

    /// The access token at hand, obtained when there is none.
    ///
    /// # Errors
    /// When none can be obtained.
    pub async fn token(&self) -> Result<TokenView, Error> {
        let family = self.inner.family.load_full();
        let entry = family.tokens(&self.inner.issuer).await?;
        Ok(TokenView {
            access_token: entry.value.access.clone(),
            expires: entry.expires_at.wall,
            generation: entry.generation,
        })
    }

    /// Sends to, or reads from, a presigned URL: nothing of this client's credentials goes along,
    /// since the URL's own query is the grant.
    ///
    /// # Errors
    /// When no reply came.
    pub async fn upload(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, Error> {
        let url = wire::address(url)?;
        wire::guard(&url)?;
        let body = (!body.is_empty()).then(|| body.into());
        let sent = self.inner.wire.send(method, url, headers, body);
        let limit = DEFAULT_TIMEOUT;
        tokio::time::timeout(limit, sent)
            .await
            .unwrap_or(Err(Error::Timeout(limit)))
    }

    /// Revokes what the client holds, its refresh token or else its access token, and drops all
    /// that came of the same login, AWS credentials included.
    ///
    /// # Errors
    /// When there is nothing to revoke, or the vendor did not confirm: what is held is then taken
    /// to be valid still (RFC 7009 §2.2.1).
    pub async fn revoke(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let family = inner.family.load_full();
        grant::revoke(&inner.issuer, &family).await?;
        let next = Family::signed_out(family.credentials.clone(), &inner.clock, inner.seed());
        inner.family.compare_and_swap(&family, next);
        Ok(())
    }

    /// Answers an open challenge for a new password; from then on the new one signs in.
    ///
    /// # Errors
    /// When no such challenge is open, or the vendor refuses the password.
    pub async fn change_password(&self, new_password: Secret) -> Result<(), Error> {
        let inner = &self.inner;
        let family = inner.family.load_full();
        let fetched = grant::change_password(&inner.issuer, &family, &new_password).await?;
        let Credentials::User { username, .. } = &family.credentials else {
            return Err(Error::Config("only an account has a password"));
        };
        let credentials = Credentials::User {
            username: username.clone(),
            password: new_password,
        };
        let next = Family::new(credentials, &inner.clock, inner.seed());
        if let Some(refresh) = &fetched.value.refresh {
            next.keep_refresh(refresh.clone());
        }
        next.tokens.put(fetched);
        inner.family.compare_and_swap(&family, next);
        Ok(())
    }

    /// Opens a websocket to `url`, as the vendor returned it and without a token, sends
    /// `configuration` and waits until the vendor has accepted it.
    ///
    /// # Errors
    /// When the upgrade or the configuration is refused, or the other end breaks RFC 6455.
    pub async fn open_socket(&self, url: &str, configuration: Value) -> Result<Socket, Error> {
        Socket::open(&self.inner, url, configuration).await
    }

    /// Gives the client other credentials. All that the old ones led to is forgotten.
    pub fn set_credentials(&self, credentials: Credentials) {
        let inner = &self.inner;
        let next = Family::new(credentials, &inner.clock, inner.seed());
        inner.family.store(next);
    }
}

impl Inner {
    /// A seed for one more cache.
    fn seed(&self) -> u64 {
        self.seeds.fetch_add(2, Ordering::Relaxed)
    }

    /// The API's base with `path` appended as it stands; never another origin.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        let begins = path.is_empty() || path.starts_with(['/', '?']);
        Url::parse(&format!("{}{path}", self.api_text))
            .ok()
            .filter(|url| begins && wire::same_origin(url, &self.api))
            .ok_or(Error::Refused("a path begins with a slash"))
    }
}

fn tenant(
    profile: &Profile,
    tenant: Option<&str>,
) -> Result<Option<(HeaderName, HeaderValue)>, Error> {
    let Some(name) = &profile.api.tenant_header else {
        return Ok(None);
    };
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::Config("the profile's tenant header is no header name"))?;
    let value = tenant
        .filter(|tenant| !tenant.is_empty())
        .and_then(|tenant| HeaderValue::from_str(tenant).ok())
        .ok_or(Error::Config("this vendor wants a tenant named"))?;
    Ok(Some((name, value)))
}

fn signer(profile: &Profile) -> Result<Option<Signer>, Error> {
    match (profile.api.proof, &profile.signature) {
        (Proof::Bearer, _) => Ok(None),
        (Proof::Sigv4, Some(facts)) => Ok(Some(Signer::new(&facts.region, &facts.service))),
        (Proof::Sigv4, None) => Err(Error::Config("the profile says nothing of signatures")),
    }
}
