//! The harness as a caller who uses its tokens for as long as they live.

use locum_core::profile::Grant;

use crate::Error;
use crate::evidence::Variation;
use crate::run::context::ScenarioContext;

/// How often a token is used at once, so that one that is good for a few uses only is refused.
const USES: usize = 3;

impl ScenarioContext {
    /// Uses the latest tokens some more times, at once and a few seconds later. Where one is refused,
    /// new ones are used too: it is no end of anything where those are refused as well.
    pub(crate) async fn use_again_and_later(&mut self) -> Result<(), Error> {
        for _ in 0..USES {
            self.use_again().await?;
        }
        if self.advance_to_early_use().await? {
            self.use_again().await?;
        }
        let last = self.log.evidence().exchanges().last();
        if last.is_some_and(|used| used.is_refused()) {
            self.use_new_ones().await?;
        }
        Ok(())
    }

    /// Gets new tokens and uses them.
    pub(crate) async fn use_new_ones(&mut self) -> Result<(), Error> {
        match self.profile.token.grant {
            Grant::Cognito => self.sign_in(&Variation::Again).await?,
            _ => self.login(&Variation::Documented).await?,
        }
        self.use_again().await
    }
}
