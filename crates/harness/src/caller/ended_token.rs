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
        if self.target.supplied(Supplied::ExpiredToken).is_none() {
            let names = Supplied::ExpiredToken.variable_names();
            self.log.limitation(&format!("or {names}"));
            return Ok(());
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
        let ended = Variation::Call(CallVariation::EndedToken);
        self.call_with(Some(Secret::new(token)), &ended).await
    }
}

/// When a JWT ends (RFC 7519 §4.1.4); `None` of any other token.
fn exp_of(token: &str) -> Option<Timestamp> {
    let (_, claims) = read_jwt(token)?;
    claims["exp"].as_i64().map(Timestamp::from_seconds)
}
