//! The harness as a caller whose token has ended.

use locum_core::{Secret, Timestamp};

use crate::Error;
use crate::catalogue::Supplied;
use crate::evidence::{CallVariation, Variation, read_jwt};
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Calls the API with a token that has ended: with the latest one where its end has passed, else
    /// with the one that was supplied instead of waiting.
    pub async fn call_with_ended(&mut self) -> Result<(), Error> {
        if !self.is_pending {
            return self.call(&Variation::Documented).await;
        }
        let Some(token) = self.supplied_ended_token()? else {
            return Ok(());
        };
        let ended = Variation::Call(CallVariation::EndedToken);
        self.call_with(Some(token), &ended).await
    }

    /// `token` where its end has passed, else the one that was supplied instead of waiting.
    pub(super) fn ended_token(&mut self, token: Secret) -> Result<Option<Secret>, Error> {
        match self.is_pending {
            true => self.supplied_ended_token(),
            false => Ok(Some(token)),
        }
    }

    /// The token that was supplied instead of waiting, with which the scenario goes on.
    fn supplied_ended_token(&mut self) -> Result<Option<Secret>, Error> {
        if self.target.supplied(Supplied::ExpiredToken).is_none() {
            let names = Supplied::ExpiredToken.variable_names();
            self.log.limitation(&format!("or {names}"));
            return Ok(None);
        }
        self.is_pending = false;
        let supplied = self.supplied(Supplied::ExpiredToken)?;
        let token = supplied
            .get("expired_token")
            .and_then(|token| token.as_str());
        let token = token.unwrap_or_default();
        if exp_of(token).is_some_and(|exp| exp > self.vendor_clock.now()) {
            let names = Supplied::ExpiredToken.variable_names();
            return Err(self.lacks(format!("{names} holds a token whose exp is still to come")));
        }
        Ok(Some(Secret::new(token)))
    }
}

/// When a JWT ends (RFC 7519 §4.1.4); `None` of any other token.
fn exp_of(token: &str) -> Option<Timestamp> {
    let (_, claims) = read_jwt(token)?;
    claims["exp"].as_i64().map(Timestamp::from_seconds)
}
