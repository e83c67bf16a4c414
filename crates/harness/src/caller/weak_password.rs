//! The harness as a user who wants a password that no user pool may take. Where one is taken, the
//! account gets the password that the scenarios know.

use serde_json::json;

use crate::Error;
use crate::evidence::{Operation, Variation, WeakPassword};
use crate::run::context::ScenarioContext;

/// How such a password is called in the log.
const NAME: &str = "weak password";

impl ScenarioContext {
    /// Changes the password to a weak one, naming the right present one.
    ///
    /// # Errors
    /// Where no account may be changed.
    pub async fn propose_weak_password(&mut self, weak: WeakPassword) -> Result<(), Error> {
        // Whether a digit is asked for is reported alone: it is worth no change at a real endpoint.
        if weak == WeakPassword::WithoutADigit && self.stage.is_none() {
            return Ok(());
        }
        let (_, present) = self.changing_user()?;
        let present = present.expose();
        self.log.hide(weak.text(), NAME);
        let variation = Variation::Weak(weak);
        let changed = self.change_password_to(&variation, Some(present), weak.text());
        match changed.await? {
            true => self.set_back(weak, present).await,
            false => Ok(()),
        }
    }

    /// Answers the open challenge with a weak new password.
    ///
    /// # Errors
    /// Where no account has a temporary password.
    pub async fn answer_with_weak_password(&mut self, weak: WeakPassword) -> Result<(), Error> {
        let (name, _) = self.temporary_user()?;
        let Some(session) = self.challenge.clone() else {
            self.log
                .limitation("there was no challenge that could be answered");
            return Ok(());
        };
        self.log.hide(weak.text(), NAME);
        let body = json!({
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "ClientId": self.target.credential("client_id"),
            "Session": session.expose(),
            "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": weak.text()},
        });
        let variation = Variation::Weak(weak);
        let reply = self
            .cognito(Operation::AnswerChallenge, &variation, &body)
            .await?;
        let known = self.sessions.len();
        if let Some(reply) = reply {
            self.keep(&reply.json()["AuthenticationResult"]);
        }
        if self.sessions.len() == known {
            return Ok(());
        }
        let chosen = self.chosen_password();
        self.set_back(weak, &chosen).await
    }

    async fn set_back(&mut self, weak: WeakPassword, password: &str) -> Result<(), Error> {
        let back = self.change_password_to(&Variation::Again, Some(weak.text()), password);
        if !back.await? {
            self.log
                .limitation("a weak password was taken, and could not be changed back");
        }
        Ok(())
    }
}
