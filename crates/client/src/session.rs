//! Everything that was obtained with one set of credentials: tokens, refresh token, AWS
//! credentials, a pending challenge. Other credentials start another session, and the two share
//! nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use locum_core::{Clock, Secret};

use crate::cache::Cache;
use crate::config::Credentials;
use crate::sign::AwsCredentials;
use crate::tokens::Tokens;

/// The credentials and what was obtained with them.
#[derive(Debug)]
pub(crate) struct CredentialSession {
    pub(crate) credentials: Credentials,
    pub(crate) tokens: Cache<Tokens>,
    pub(crate) aws: Cache<AwsCredentials>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refresh_token: Option<Secret>,
    challenge: Option<PendingChallenge>,
    /// Of Cognito's identity pool, from `GetId`.
    identity_id: Option<String>,
}

/// Cognito's `NEW_PASSWORD_REQUIRED`, until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct PendingChallenge {
    pub(crate) username: String,
    /// The value of `Session`, which the answer has to repeat.
    pub(crate) session: Secret,
}

impl CredentialSession {
    /// A session that starts with `credentials`; `seed` makes the jitter of its caches.
    pub(crate) fn new(credentials: Credentials, clock: &Arc<dyn Clock>, seed: u64) -> Arc<Self> {
        let session = Self::signed_out(credentials, clock, seed);
        if let Credentials::RefreshToken(token) = &session.credentials {
            session.set_refresh_token(token.clone());
        }
        session
    }

    /// A session after a revocation: a configured refresh token is not used any more.
    pub(crate) fn signed_out(
        credentials: Credentials,
        clock: &Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            credentials,
            tokens: Cache::new(Arc::clone(clock), seed),
            aws: Cache::new(Arc::clone(clock), seed ^ 1),
            state: Mutex::default(),
        })
    }

    /// Whether the credentials can obtain tokens without a refresh token.
    pub(crate) fn can_sign_in(&self) -> bool {
        !matches!(self.credentials, Credentials::RefreshToken(_))
    }

    pub(crate) fn refresh_token(&self) -> Option<Secret> {
        self.lock().refresh_token.clone()
    }

    pub(crate) fn set_refresh_token(&self, token: Secret) {
        self.lock().refresh_token = Some(token);
    }

    /// Removes a refresh token that the vendor refused; a newer one stays.
    pub(crate) fn remove_refresh_token(&self, refused: &Secret) {
        let mut state = self.lock();
        if state.refresh_token.as_ref() == Some(refused) {
            state.refresh_token = None;
        }
    }

    pub(crate) fn challenge(&self) -> Option<PendingChallenge> {
        self.lock().challenge.clone()
    }

    pub(crate) fn set_challenge(&self, challenge: PendingChallenge) {
        self.lock().challenge = Some(challenge);
    }

    pub(crate) fn identity_id(&self) -> Option<String> {
        self.lock().identity_id.clone()
    }

    pub(crate) fn set_identity_id(&self, identity_id: Option<String>) {
        self.lock().identity_id = identity_id;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, so a poisoned lock still guards consistent data.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
