//! What the clones of a client share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};
use locum_core::profile::{Profile, Proof};
use locum_core::{Clock, Secret};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::Url;

use crate::address;
use crate::config::{Config, Credentials};
use crate::error::Error;
use crate::grant::{self, Issuer};
use crate::session::CredentialSession;
use crate::sign::{Signer, Skew};
use crate::socket::SocketEndpoint;
use crate::transport::Transport;

pub(super) struct Inner {
    pub(super) issuer: Arc<Issuer>,
    pub(super) session: ArcSwap<CredentialSession>,
    pub(super) transport: Transport,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) api_url: Url,
    /// As configured: paths are appended to it unchanged.
    api_base: String,
    pub(super) tenant: Option<(HeaderName, HeaderValue)>,
    /// Present if the vendor requires signed requests.
    pub(super) signer: Option<Signer>,
    pub(super) skew: Skew,
    /// Present if the vendor has websockets.
    pub(super) socket_endpoint: Option<SocketEndpoint>,
    next_seed: AtomicU64,
}

impl Inner {
    pub(super) fn new(
        profile: &Profile,
        config: Config,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Error> {
        let token_url = endpoint(&config.token_url, "token_url is not an http(s) URL")?;
        let api_url = base(&config.api_url, "api_url is not an http(s) URL")?;
        let ws_url = config.ws_url.as_deref();
        let ws_url = ws_url
            .map(|text| base(text, "ws_url is not a ws(s) URL"))
            .transpose()?;
        let revoke_url = config.revoke_url.as_deref();
        let revoke_url = revoke_url
            .map(|text| endpoint(text, "revoke_url is not an http(s) URL"))
            .transpose()?;
        let transport = Transport::new(config.ca_pem.as_deref(), &[&token_url, &api_url])?;
        let issuer = Issuer {
            facts: profile.token.clone(),
            token_url,
            revoke_url,
            cognito: config.cognito,
            transport: transport.clone(),
            clock: Arc::clone(&clock),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
        };
        let socket_endpoint = profile.socket.clone().map(|facts| SocketEndpoint {
            facts,
            api_url: api_url.clone(),
            ws_url,
        });
        Ok(Self {
            issuer: Arc::new(issuer),
            session: ArcSwap::new(CredentialSession::new(config.credentials, &clock, seed)),
            transport,
            clock,
            api_url,
            api_base: config.api_url,
            tenant: tenant_header(profile, config.tenant.as_deref())?,
            signer: signer(profile)?,
            skew: Skew::default(),
            socket_endpoint,
            next_seed: AtomicU64::new(seed),
        })
    }

    fn new_session(&self, credentials: Credentials) -> Arc<CredentialSession> {
        CredentialSession::new(credentials, &self.clock, self.seed())
    }

    pub(super) fn set_credentials(&self, credentials: Credentials) {
        self.session.store(self.new_session(credentials));
    }

    /// Revokes the session's tokens and starts another session, unless that has happened meanwhile.
    pub(super) async fn revoke(&self) -> Result<(), Error> {
        let session = self.session.load_full();
        grant::revoke(&self.issuer, &session).await?;
        let credentials = session.credentials.clone();
        let next = CredentialSession::signed_out(credentials, &self.clock, self.seed());
        self.session.compare_and_swap(&session, next);
        Ok(())
    }

    /// Answers the session's challenge and starts a session with the new password, unless another
    /// one was started meanwhile.
    pub(super) async fn change_password(&self, new_password: Secret) -> Result<(), Error> {
        let session = self.session.load_full();
        let fetched = grant::change_password(&self.issuer, &session, &new_password).await?;
        let Credentials::User { username, .. } = &session.credentials else {
            return Err(Error::Config("only an account has a password"));
        };
        let next = self.new_session(Credentials::User {
            username: username.clone(),
            password: new_password,
        });
        if let Some(refresh) = &fetched.value.refresh {
            next.set_refresh_token(refresh.clone());
        }
        next.tokens.put(fetched);
        self.session.compare_and_swap(&session, next);
        Ok(())
    }

    /// A seed for the two caches of one more session.
    fn seed(&self) -> u64 {
        self.next_seed.fetch_add(2, Ordering::Relaxed)
    }

    /// The API's base with `path` appended unchanged; never another origin.
    pub(super) fn url(&self, path: &str) -> Result<Url, Error> {
        let is_path = path.is_empty() || path.starts_with(['/', '?']);
        Url::parse(&format!("{}{path}", self.api_base))
            .ok()
            .filter(|url| is_path && address::same_origin(url, &self.api_url))
            .ok_or(Error::Refused("the path does not begin with a slash"))
    }
}

/// An address to which paths are appended.
fn base(text: &str, message: &'static str) -> Result<Url, Error> {
    let url = endpoint(text, message)?;
    match url.query() {
        None => Ok(url),
        Some(_) => Err(Error::Config("a base address must not have a query")),
    }
}

/// The address of an endpoint. "The endpoint URI MAY include […] query component […], which MUST be
/// retained when adding additional query parameters. The endpoint URI MUST NOT include a fragment
/// component" (RFC 6749 §3.2; RFC 7009 §2 says the same of the query).
fn endpoint(text: &str, message: &'static str) -> Result<Url, Error> {
    let url = address::parse(text).ok_or(Error::Config(message))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Config("an address must not hold credentials"));
    }
    match url.fragment() {
        None => Ok(url),
        Some(_) => Err(Error::Config("an address must not have a fragment")),
    }
}

fn tenant_header(
    profile: &Profile,
    tenant: Option<&str>,
) -> Result<Option<(HeaderName, HeaderValue)>, Error> {
    let Some(name) = &profile.api.tenant_header else {
        return Ok(None);
    };
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::Config("the profile's `tenant_header` is not a valid header name"))?;
    let value = tenant
        .filter(|tenant| !tenant.is_empty())
        .and_then(|tenant| HeaderValue::from_str(tenant).ok())
        .ok_or(Error::Config(
            "tenant is missing or not a valid header value",
        ))?;
    Ok(Some((name, value)))
}

fn signer(profile: &Profile) -> Result<Option<Signer>, Error> {
    match (profile.api.proof, &profile.signature) {
        (Proof::Bearer, _) => Ok(None),
        (Proof::Raw | Proof::Header | Proof::Query, _) => Err(Error::Config(
            "tokens are shown as Bearer; the profile wants another way",
        )),
        (Proof::Sigv4, Some(facts)) => Ok(Some(Signer::new(&facts.region, &facts.service))),
        (Proof::Sigv4, None) => Err(Error::Config("the profile has no `signature`")),
    }
}
