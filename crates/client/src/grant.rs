//! How tokens are obtained, renewed and given back: a file a grant.
//!
//! # Layout
//!
//! - `issuer`: the vendor's token endpoint, with its retries
//! - `reply`: what a token reply holds
//! - `client_credentials` (RFC 6749 §4.4), `password` (§4.3), `refresh` (§6), `revocation` (RFC 7009)
//! - `cognito`: Amazon Cognito's user pool; `identity`: its identity pool

mod client_credentials;
mod cognito;
mod identity;
mod issuer;
mod password;
mod refresh;
mod reply;
mod revocation;

use std::sync::Arc;

use http::HeaderValue;
use locum_core::Secret;
use locum_core::profile::Grant;

pub(crate) use identity::aws_credentials;
pub(crate) use issuer::Issuer;

use crate::cache::Fetched;
use crate::config::Credentials;
use crate::error::Error;
use crate::family::Family;

/// What one token reply brought.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// The access token.
    pub(crate) access: Secret,
    /// `Bearer` and the access token, sensitive.
    pub(crate) bearer: HeaderValue,
    /// The id token, where the vendor issues one.
    pub(crate) id: Option<Secret>,
    /// The refresh token, where the vendor sent one.
    pub(crate) refresh: Option<Secret>,
}

/// Obtains tokens: with the refresh token when there is one, else with the first grant. A refresh
/// token that is refused is forgotten, and the first grant follows, once.
pub(crate) async fn obtain(
    issuer: Arc<Issuer>,
    family: Arc<Family>,
) -> Result<Fetched<Tokens>, Error> {
    if let Some(refresh) = family.refresh() {
        match renew(&issuer, &family, &refresh).await {
            Ok(fetched) => return Ok(adopt(&family, fetched)),
            Err(Error::Auth { .. }) if family.can_sign_in() => family.forget(&refresh),
            Err(error) => return Err(error),
        }
    }
    let fetched = match (issuer.facts.grant, &family.credentials) {
        (_, Credentials::RefreshToken(_)) => Err(Error::Auth {
            what: "refresh token",
            code: "signed out".into(),
            status: 401,
        }),
        (Grant::ClientCredentials, Credentials::Client { .. }) => {
            client_credentials::obtain(&issuer, &family.credentials).await
        }
        (Grant::Password, Credentials::User { username, password }) => {
            password::obtain(&issuer, username, password).await
        }
        (Grant::Cognito, Credentials::User { username, password }) => {
            cognito::sign_in(&issuer, &family, username, password).await
        }
        _ => Err(Error::Config("the vendor's grant wants other credentials")),
    }?;
    Ok(adopt(&family, fetched))
}

async fn renew(
    issuer: &Issuer,
    family: &Family,
    refresh: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    match issuer.facts.grant {
        Grant::Cognito => cognito::refresh(issuer, refresh).await,
        Grant::ClientCredentials | Grant::Password => {
            refresh::renew(issuer, &family.credentials, refresh).await
        }
    }
}

/// A reply without a refresh token leaves the one at hand in force; one with it replaces it
/// (RFC 6749 §6).
fn adopt(family: &Family, fetched: Fetched<Tokens>) -> Fetched<Tokens> {
    if let Some(refresh) = &fetched.value.refresh {
        family.keep_refresh(refresh.clone());
    }
    fetched
}

/// Gives back what the family holds: its refresh token, else its access token.
pub(crate) async fn revoke(issuer: &Issuer, family: &Family) -> Result<(), Error> {
    let nothing = Error::Refused("there is no token to revoke");
    match issuer.facts.grant {
        Grant::Cognito => {
            let token = family.refresh().ok_or(nothing)?;
            cognito::revoke(issuer, &token).await
        }
        Grant::ClientCredentials | Grant::Password => {
            let entry = family.tokens.peek();
            let (token, hint) = match (family.refresh(), entry) {
                (Some(refresh), _) => (refresh, "refresh_token"),
                (None, Some(entry)) => (entry.value.access.clone(), "access_token"),
                (None, None) => return Err(nothing),
            };
            revocation::revoke(issuer, &family.credentials, &token, hint).await
        }
    }
}

/// Answers an open challenge for a new password.
pub(crate) async fn change_password(
    issuer: &Issuer,
    family: &Family,
    new_password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    let session = family
        .challenge()
        .ok_or(Error::Refused("no challenge for a new password is open"))?;
    cognito::answer_new_password(issuer, &session, new_password).await
}
