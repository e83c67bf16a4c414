//! What a scenario holds of the vendor's, as it is kept until the scenario goes on: tokens, logins and
//! AWS credentials, each with its name in the log.

use std::time::Duration;

use aws_credential_types::Credentials;
use locum_core::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::context::{ObtainedToken, ScenarioContext};
use crate::caller::Session;
use crate::evidence::EvidenceLog;

/// What a scenario holds. It is secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct HeldSecrets {
    tokens: Vec<KeptToken>,
    refresh_token: Option<KeptSecret>,
    replaced_refresh_token: Option<KeptSecret>,
    sessions: Vec<KeptSession>,
    credentials: Option<KeptCredentials>,
    /// How far the vendor's clock is ahead, by which signatures are dated.
    clock_ahead_ms: i64,
}

/// A secret and its name in the log.
#[derive(Clone, Serialize, Deserialize)]
struct KeptSecret {
    name: String,
    value: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptToken {
    token: KeptSecret,
    lifetime_ms: u64,
    /// When it came, in milliseconds since the start of the run.
    held_ms: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptSession {
    pairs: Vec<(KeptSecret, KeptSecret)>,
    refresh: KeptSecret,
    replacement: Option<KeptSecret>,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptCredentials {
    access_key_id: String,
    secret_key: KeptSecret,
    session_token: Option<KeptSecret>,
    /// Their Expiration, in milliseconds since 1970.
    end_ms: Option<i64>,
}

impl HeldSecrets {
    /// What `context` holds.
    pub(super) fn of(context: &ScenarioContext) -> Self {
        let log = &context.log;
        let now_ms = log.now_ms();
        let secret = |value: &Secret| KeptSecret::of(log, value.expose());
        let tokens = context.tokens.iter().map(|token| KeptToken {
            token: secret(&token.value),
            lifetime_ms: milliseconds(token.lifetime),
            held_ms: now_ms.saturating_sub(milliseconds(token.held_at.elapsed())),
        });
        let sessions = context.sessions.iter().map(|session| {
            let pairs = session.pairs.iter();
            KeptSession {
                pairs: pairs
                    .map(|(access, id)| (secret(access), secret(id)))
                    .collect(),
                refresh: secret(&session.refresh),
                replacement: session.replacement.as_ref().map(secret),
            }
        });
        let credentials = context.aws.as_ref().map(|credentials| KeptCredentials {
            access_key_id: credentials.access_key_id().to_owned(),
            secret_key: KeptSecret::of(log, credentials.secret_access_key()),
            session_token: credentials
                .session_token()
                .map(|token| KeptSecret::of(log, token)),
            end_ms: context.aws_end.map(Timestamp::as_millis),
        });
        Self {
            tokens: tokens.collect(),
            refresh_token: context.refresh_token.as_ref().map(secret),
            replaced_refresh_token: context.replaced_refresh_token.as_ref().map(secret),
            sessions: sessions.collect(),
            credentials,
            clock_ahead_ms: context.vendor_clock.ahead_ms(),
        }
    }

    /// Puts it into the hands of `context`, whose log goes on behind that of the earlier run.
    pub(super) fn give_to(&self, context: &mut ScenarioContext) {
        let (now, now_ms) = (Instant::now(), context.log.now_ms());
        let at = |ms: u64| {
            let ago = Duration::from_millis(now_ms.saturating_sub(ms));
            now.checked_sub(ago).unwrap_or(now)
        };
        let log = &mut context.log;
        let tokens = self.tokens.iter().map(|kept| ObtainedToken {
            name: kept.token.name.clone(),
            value: kept.token.hidden(log),
            lifetime: Duration::from_millis(kept.lifetime_ms),
            issued_at: 0.0,
            held_at: at(kept.held_ms),
        });
        context.tokens = tokens.collect();
        let mut secret = |kept: &KeptSecret| kept.hidden(log);
        context.refresh_token = self.refresh_token.as_ref().map(&mut secret);
        context.replaced_refresh_token = self.replaced_refresh_token.as_ref().map(&mut secret);
        let sessions = self.sessions.iter().map(|kept| Session {
            pairs: kept
                .pairs
                .iter()
                .map(|(access, id)| (secret(access), secret(id)))
                .collect(),
            refresh: secret(&kept.refresh),
            replacement: kept.replacement.as_ref().map(&mut secret),
        });
        context.sessions = sessions.collect();
        context.aws = self.credentials.as_ref().map(|kept| {
            let key = secret(&kept.secret_key).expose().to_owned();
            let token = kept.session_token.as_ref().map(&mut secret);
            let token = token.map(|token| token.expose().to_owned());
            Credentials::new(&kept.access_key_id, key, token, None, "vendor")
        });
        let end = self.credentials.as_ref().and_then(|kept| kept.end_ms);
        context.aws_end = end.map(Timestamp::from_millis);
        context.vendor_clock.go_on(self.clock_ahead_ms);
    }
}

impl KeptSecret {
    fn of(log: &EvidenceLog, value: &str) -> Self {
        Self {
            name: log.redact(value).trim_matches(['«', '»']).to_owned(),
            value: value.to_owned(),
        }
    }

    /// The secret, which `log` writes by its name from now on.
    fn hidden(&self, log: &mut EvidenceLog) -> Secret {
        log.hide(&self.value, &self.name);
        Secret::new(self.value.clone())
    }
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
