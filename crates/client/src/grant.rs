//! How tokens are obtained, refreshed and revoked: a file a grant.
//!
//! # Layout
//!
//! - `issuer`: the vendor's token endpoint, with its retries
//! - `form`: form bodies and client authentication
//! - `reply`: reads token responses and errors
//! - `client_credentials` (RFC 6749 §4.4), `password` (§4.3), `refresh` (§6), `revocation` (RFC 7009)
//! - `cognito`: Amazon Cognito's user pool; `identity`: its identity pool

mod client_credentials;
mod cognito;
mod form;
mod identity;
mod issuer;
mod password;
mod refresh;
mod reply;
mod revocation;

use std::sync::Arc;

use locum_core::Secret;
use locum_core::profile::Grant;

pub(crate) use issuer::Issuer;

use crate::cache::{CacheEntry, Fetched};
use crate::config::Credentials;
use crate::error::Error;
use crate::session::CredentialSession;
use crate::sign::AwsCredentials;
use crate::tokens::Tokens;

/// The session's tokens, from its cache or newly obtained.
pub(crate) async fn tokens(
    issuer: &Arc<Issuer>,
    session: &Arc<CredentialSession>,
) -> Result<Arc<CacheEntry<Tokens>>, Error> {
    let source = || obtain(Arc::clone(issuer), Arc::clone(session));
    session.tokens.get(source).await
}

/// The session's AWS credentials, from its cache or newly obtained.
pub(crate) async fn aws_credentials(
    issuer: &Arc<Issuer>,
    session: &Arc<CredentialSession>,
) -> Result<Arc<CacheEntry<AwsCredentials>>, Error> {
    let source = || identity::obtain(Arc::clone(issuer), Arc::clone(session));
    session.aws.get(source).await
}

/// Obtains tokens with the refresh token, if there is one, or else with the vendor's grant. A
/// refresh token that is refused is removed, and the grant is used instead.
async fn obtain(
    issuer: Arc<Issuer>,
    session: Arc<CredentialSession>,
) -> Result<Fetched<Tokens>, Error> {
    if let Some(token) = session.refresh_token() {
        match refresh(&issuer, &session, &token).await {
            Ok(fetched) => return Ok(keep_refresh_token(&session, fetched)),
            Err(Error::Auth { .. }) if session.can_sign_in() => {
                session.remove_refresh_token(&token);
            }
            Err(error) => return Err(error),
        }
    }
    let fetched = match (issuer.facts.grant, &session.credentials) {
        (_, Credentials::RefreshToken(_)) => Err(Error::Auth {
            what: "refresh token",
            code: "signed out".into(),
            status: 401,
        }),
        (Grant::ClientCredentials, Credentials::Client { .. }) => {
            client_credentials::obtain(&issuer, &session.credentials).await
        }
        (Grant::Password, Credentials::User { username, password }) => {
            password::obtain(&issuer, username, password).await
        }
        (Grant::Cognito, Credentials::User { username, password }) => {
            cognito::sign_in(&issuer, &session, username, password).await
        }
        _ => Err(Error::Config(
            "the credentials are of another kind than the vendor's grant takes",
        )),
    }?;
    Ok(keep_refresh_token(&session, fetched))
}

async fn refresh(
    issuer: &Issuer,
    session: &CredentialSession,
    token: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    match issuer.facts.grant {
        Grant::Cognito => cognito::refresh(issuer, token).await,
        Grant::ClientCredentials | Grant::Password | Grant::AuthorizationCode => {
            refresh::refresh(issuer, &session.credentials, token).await
        }
    }
}

/// A new refresh token replaces the old one; without a new one the old one stays in force
/// (RFC 6749 §6).
fn keep_refresh_token(session: &CredentialSession, fetched: Fetched<Tokens>) -> Fetched<Tokens> {
    if let Some(refresh) = &fetched.value.refresh {
        session.set_refresh_token(refresh.clone());
    }
    fetched
}

/// Revokes the session's refresh token or, if there is none, its access token.
pub(crate) async fn revoke(issuer: &Issuer, session: &CredentialSession) -> Result<(), Error> {
    const NO_TOKEN: Error = Error::Refused("there is no token to revoke");
    match issuer.facts.grant {
        Grant::Cognito => {
            let token = session.refresh_token().ok_or(NO_TOKEN)?;
            cognito::revoke(issuer, &token).await
        }
        Grant::ClientCredentials | Grant::Password | Grant::AuthorizationCode => {
            let (token, hint) = match (session.refresh_token(), session.tokens.peek()) {
                (Some(refresh), _) => (refresh, "refresh_token"),
                (None, Some(entry)) => (entry.value.access.clone(), "access_token"),
                (None, None) => return Err(NO_TOKEN),
            };
            revocation::revoke(issuer, &session.credentials, &token, hint).await
        }
    }
}

/// Answers the session's pending challenge for a new password.
pub(crate) async fn change_password(
    issuer: &Issuer,
    session: &CredentialSession,
    new_password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    let challenge = session
        .challenge()
        .ok_or(Error::Refused("no challenge for a new password is pending"))?;
    cognito::answer_new_password(issuer, &challenge, new_password).await
}
