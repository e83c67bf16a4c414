//! All that one set of credentials led to: tokens, refresh token, AWS credentials, an open
//! challenge. Other credentials make another family, and nothing passes between the two.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use locum_core::{Clock, Secret};

use crate::cache::{Cache, CacheEntry};
use crate::config::Credentials;
use crate::error::Error;
use crate::grant::{self, Issuer, Tokens};
use crate::sign::AwsCredentials;

/// One login and what came of it.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) credentials: Credentials,
    pub(crate) tokens: Cache<Tokens>,
    pub(crate) aws: Cache<AwsCredentials>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    refresh: Option<Secret>,
    challenge: Option<Challenge>,
    identity: Option<String>,
}

/// A challenge that waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) username: String,
    pub(crate) session: Secret,
}

impl Family {
    /// A family that begins with `credentials`.
    pub(crate) fn new(credentials: Credentials, clock: &Arc<dyn Clock>, seed: u64) -> Arc<Self> {
        let family = Self::signed_out(credentials, clock, seed);
        if let Credentials::RefreshToken(refresh) = &family.credentials {
            family.keep_refresh(refresh.clone());
        }
        family
    }

    /// A family whose refresh token is gone: only a login leads further.
    pub(crate) fn signed_out(
        credentials: Credentials,
        clock: &Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            credentials,
            tokens: Cache::new(Arc::clone(clock), seed),
            aws: Cache::new(Arc::clone(clock), seed ^ 1),
            memory: Mutex::default(),
        })
    }

    /// The tokens, obtained when there are none.
    pub(crate) async fn tokens(
        self: &Arc<Self>,
        issuer: &Arc<Issuer>,
    ) -> Result<Arc<CacheEntry<Tokens>>, Error> {
        let source = || grant::obtain(Arc::clone(issuer), Arc::clone(self));
        self.tokens.get(source).await
    }

    /// The AWS credentials, obtained when there are none.
    pub(crate) async fn aws(
        self: &Arc<Self>,
        issuer: &Arc<Issuer>,
    ) -> Result<Arc<CacheEntry<AwsCredentials>>, Error> {
        let source = || grant::aws_credentials(Arc::clone(issuer), Arc::clone(self));
        self.aws.get(source).await
    }

    /// Whether a login is possible when a refresh token is refused.
    pub(crate) fn can_sign_in(&self) -> bool {
        !matches!(self.credentials, Credentials::RefreshToken(_))
    }

    pub(crate) fn refresh(&self) -> Option<Secret> {
        self.memory().refresh.clone()
    }

    pub(crate) fn keep_refresh(&self, refresh: Secret) {
        self.memory().refresh = Some(refresh);
    }

    /// Forgets a refresh token that was refused, unless another has come since.
    pub(crate) fn forget(&self, refused: &Secret) {
        let mut memory = self.memory();
        if memory.refresh.as_ref() == Some(refused) {
            memory.refresh = None;
        }
    }

    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.memory().challenge.clone()
    }

    pub(crate) fn keep_challenge(&self, challenge: Challenge) {
        self.memory().challenge = Some(challenge);
    }

    pub(crate) fn identity(&self) -> Option<String> {
        self.memory().identity.clone()
    }

    pub(crate) fn keep_identity(&self, identity: Option<String>) {
        self.memory().identity = identity;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is one assignment: a poisoned lock guards whole data.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
