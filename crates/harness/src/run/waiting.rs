//! Time at a vendor: a mock's clock is turned, a real endpoint's time is waited for, as long as that
//! is allowed.

use std::time::Duration;

use locum_core::profile::Grant;
use serde_json::json;
use tokio::time::Instant;

use super::context::ScenarioContext;
use crate::Error;
use crate::evidence::leeway_s;

/// What a wait lasts longer than it has to, because records count milliseconds.
const MARGIN: Duration = Duration::from_millis(50);

/// When a token is used early: one of an hour whose milliseconds are taken for seconds, or the other
/// way round, has ended by then.
const EARLY_USE_DELAY: Duration = Duration::from_secs(4);

/// The control record of a rehearsal that says what would have been waited for.
pub(crate) const WAIT: &str = "wait";

impl ScenarioContext {
    /// Lets `seconds` pass at the vendor.
    ///
    /// # Errors
    /// When the mock cannot be reached. A wait at a real endpoint that is longer than allowed leaves
    /// the rest of the scenario out.
    pub async fn advance(&mut self, seconds: f64) -> Result<(), Error> {
        let Some(stage) = &self.stage else {
            let due = Duration::from_secs_f64(seconds.max(0.0));
            return self.wait_until(Instant::now() + due).await;
        };
        stage.advance(seconds).await?;
        self.log.control("clock", &json!({"advance_s": seconds}));
        Ok(())
    }

    /// Lets `share` of the latest token's lifetime pass since it was issued, and `extra_s` more: at a
    /// real endpoint no more than three lifetimes.
    ///
    /// # Errors
    /// The same.
    pub async fn advance_to(&mut self, share: f64, extra_s: f64) -> Result<(), Error> {
        let Ok(token) = self.token() else {
            self.log
                .limitation("there was no token whose lifetime could pass");
            return Ok(());
        };
        let lifetime = token.lifetime.as_secs_f64();
        if self.stage.is_none() {
            let seconds = lifetime * share + leeway_s(lifetime, extra_s);
            let due = token.held_at + Duration::from_secs_f64(seconds);
            let margin = if extra_s > 0.0 {
                MARGIN
            } else {
                Duration::ZERO
            };
            return self.wait_until(due + margin).await;
        }
        let target = token.issued_at + lifetime * share + extra_s;
        let ahead = target - self.turned();
        // The wire counts milliseconds; what is left of a float goes up to the next one.
        self.advance((ahead * 1000.0).ceil() / 1000.0).await
    }

    /// Lets a few seconds of the latest token's lifetime pass, but no more than half of it: a token
    /// that ends so soon was told in another unit. Whether they have passed: a real endpoint's time is
    /// waited for no longer than is allowed.
    ///
    /// # Errors
    /// When the mock cannot be reached.
    pub(crate) async fn advance_to_early_use(&mut self) -> Result<bool, Error> {
        let lifetime = match (self.token(), self.profile.token.grant) {
            (Ok(token), _) => token.lifetime,
            (Err(_), Grant::Cognito) => self.profile.token.lifetime(),
            (Err(_), _) => return Ok(true),
        };
        let wait = EARLY_USE_DELAY.min(lifetime / 2);
        self.pass_within_a_step(wait).await
    }

    /// Lets `wait` pass within a step, which cannot be resumed. Whether it has passed: a real endpoint's
    /// time is waited for no longer than is allowed.
    ///
    /// # Errors
    /// When the mock cannot be reached.
    pub(crate) async fn pass_within_a_step(&mut self, wait: Duration) -> Result<bool, Error> {
        if self.stage.is_some() {
            self.advance(wait.as_secs_f64()).await?;
            return Ok(true);
        }
        if wait > self.manners.wait {
            let seconds = wait.as_secs_f64();
            self.log.limitation(&format!(
                "--wait is shorter than the {seconds} s that had to pass"
            ));
            return Ok(false);
        }
        if !self.was_only_refused() {
            self.pause(wait).await;
        }
        Ok(true)
    }

    /// Whether the vendor has answered nothing so far as it was asked to: then there is nothing whose
    /// end could be waited for.
    fn was_only_refused(&self) -> bool {
        let mut exchanges = self.log.evidence().exchanges().peekable();
        exchanges.peek().is_some() && !exchanges.any(|exchange| exchange.is_served())
    }

    /// Remembers the step that is about to wait, by its words.
    pub(crate) fn waits_at(&mut self, step: &str) {
        if !self.is_pending {
            self.waiting_step = Some(step.to_owned());
        }
    }

    async fn wait_until(&mut self, due: Instant) -> Result<(), Error> {
        let due = self.resumed_wait.take().unwrap_or(due);
        let wait = due.saturating_duration_since(Instant::now());
        if self.was_only_refused() {
            self.log
                .limitation("nothing was served whose end could be waited for");
            return Ok(());
        }
        if wait > self.manners.wait {
            self.log.pending(wait);
            self.is_pending = true;
            return Ok(());
        }
        self.pause(wait).await;
        // The next wait may be that of a step that cannot be gone on with.
        self.waiting_step = None;
        Ok(())
    }

    /// Waits, or in a rehearsal writes down for how long it would.
    async fn pause(&mut self, wait: Duration) {
        if self.manners.is_rehearsal {
            self.log
                .control(WAIT, &json!({"wait_s": wait.as_secs() + 1}));
        } else {
            tokio::time::sleep(wait).await;
        }
    }
}
