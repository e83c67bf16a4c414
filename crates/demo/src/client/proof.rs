//! What an API request shows: a token or, at Scribe's v1, a signature.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use locum_core::Timestamp;

use super::Client;
use crate::behaviour::SkewCorrection;
use crate::cache::Entry;
use crate::cognito;
use crate::failure::Failure;
use crate::http::{Reply, Request};
use crate::signing::{self, Credentials};
use crate::tokens::Tokens;
use crate::vendor::Grant;

/// Smaller differences between clocks are ignored: API Gateway accepts five minutes.
const MIN_SKEW_MS: i64 = 60_000;

/// What proves who calls.
pub(super) enum Proof {
    Token(Arc<Entry<Tokens>>),
    /// The credentials, and the session token to send with them.
    Signature(Arc<Entry<Credentials>>, String),
    /// Nothing. Mutants only.
    None,
}

impl Client {
    /// Whether API requests are signed: all of Scribe's but those of v2.
    pub(super) fn signs(&self) -> bool {
        let v2 = || self.config().api_url.trim_end_matches('/').ends_with("/v2");
        self.vendor.grant == Grant::Cognito && !v2()
    }

    /// What the next request of this call shows.
    pub(super) async fn proof(self: &Arc<Self>) -> Result<Proof, Failure> {
        if !self.signs() {
            return Ok(Proof::Token(self.token().await?));
        }
        if self.behaviour.api.unsigned_first && !std::mem::replace(&mut self.session().called, true)
        {
            return Ok(Proof::None);
        }
        if self.behaviour.cognito.credentials_per_call {
            self.credentials.drop_entry();
        }
        let before = self.credentials.peek();
        let client = self.clone();
        let entry = self
            .credentials
            .get(move |_| cognito::credentials(client))
            .await?;
        let mut session_token = entry.value().session_token.clone();
        if let Some(before) = before
            && self.behaviour.signing.torn_credentials
            && before.generation != entry.generation
            && !entry.is_first_use()
        {
            session_token = before.value().session_token.clone();
        }
        Ok(Proof::Signature(entry, session_token))
    }

    /// Signs `request` by the vendor's clock, as far as it is known.
    pub(super) fn signed(
        &self,
        request: Request,
        entry: &Entry<Credentials>,
        session_token: &str,
    ) -> Request {
        let now = self.clock.now().wall.as_millis();
        let now = Timestamp::from_millis(now + self.skew_ms.load(Ordering::SeqCst));
        let credentials = Credentials {
            session_token: session_token.to_owned(),
            ..entry.value().clone()
        };
        let switches = &self.behaviour.signing;
        signing::sign(request, &credentials, &self.config().region, now, switches)
    }

    /// Whether a signed request that was refused is worth one more try, for which what was wrong
    /// is put right here.
    pub(super) fn mends(&self, reply: &Reply, entry: &Entry<Credentials>) -> bool {
        let switches = &self.behaviour.signing;
        let text = reply.text();
        let class = reply.header("x-amzn-errortype").unwrap_or_default();
        if text.contains("Signature expired") || text.contains("Signature not yet current") {
            return self.corrects_date(reply);
        }
        let ended = class.starts_with("ExpiredTokenException")
            || class.starts_with("UnrecognizedClientException")
            || text.contains("security token included in the request is");
        if !ended {
            return false;
        }
        if switches.torn_credentials && class.starts_with("UnrecognizedClient") {
            return true;
        }
        self.credentials.refuse(entry.generation);
        switches.renews_ended_credentials
    }

    fn corrects_date(&self, reply: &Reply) -> bool {
        let before = self.skew_ms.load(Ordering::SeqCst);
        match self.behaviour.signing.skew {
            SkewCorrection::WhileNeeded => {}
            SkewCorrection::Forever if before == 0 => {}
            SkewCorrection::Forever => return false,
            SkewCorrection::NewLogin => {
                self.set_refresh_token(None);
                self.tokens.drop_entry();
                self.credentials.drop_entry();
                return true;
            }
        }
        let date = reply.header("date").and_then(Timestamp::parse_http_date);
        let Some(date) = date else { return false };
        let skew = date.as_millis() - self.clock.now().wall.as_millis();
        let skew = if skew.abs() < MIN_SKEW_MS { 0 } else { skew };
        self.skew_ms.store(skew, Ordering::SeqCst);
        (skew - before).abs() >= MIN_SKEW_MS
    }
}
