//! The harness as a user of a pool who has an authenticator: the password opens a challenge, a code
//! of the authenticator ends it.

use std::time::Duration;

use locum_core::Secret;
use serde_json::json;

use super::totp::{Authenticator, STEP_S, step};
use crate::Error;
use crate::caller::cognito::{User, pair};
use crate::caller::near_miss::beginning;
use crate::catalogue::Supplied;
use crate::evidence::{ChallengeVariation, Operation, SignInVariation, Variation};
use crate::run::context::ScenarioContext;

/// How long ago a code was the present one that no clock's difference excuses.
const OLD_STEPS: u64 = 4;

/// After so long every Session of a challenge has ended ("3 to 15 minutes").
const OUTDATED_S: f64 = 16.0 * 60.0;

impl ScenarioContext {
    /// The user with a second factor, and the authenticator.
    ///
    /// # Errors
    /// Where none was supplied, or the secret is none of an authenticator.
    pub(super) fn second_factor_user(&mut self) -> Result<(User, Authenticator), Error> {
        let user = self.supplied(Supplied::SecondFactor)?;
        let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
        let (name, password) = (text("username"), Secret::new(text("password")));
        match Authenticator::new(&text("totp_secret")) {
            Some(authenticator) => Ok(((name, password), authenticator)),
            None => Err(self.lacks("LOCUM_MFA_TOTP_SECRET is not base32")),
        }
    }

    /// Shows the right code. Where an earlier wrong answer has used it up, the next one follows.
    ///
    /// # Errors
    /// Where no account has a second factor.
    pub async fn show_right_code(&mut self) -> Result<(), Error> {
        self.show_code(&Variation::Documented).await?;
        let shown = self.log.evidence().documented(Operation::ShowCode).last();
        let is_refused = shown.is_some_and(|shown| shown.is_refused());
        let next = Duration::from_secs(STEP_S);
        if is_refused && self.pass_within_a_step(next).await? {
            self.open_second_factor().await?;
            self.show_code(&Variation::Documented).await?;
        }
        Ok(())
    }

    /// Answers a fresh challenge for a code with the one thing changed that `variation` names; a used
    /// Session is that of the latest login.
    ///
    /// # Errors
    /// Where no account has a second factor.
    pub async fn show_changed_code(&mut self, change: ChallengeVariation) -> Result<(), Error> {
        match change {
            // With the next code: the used one is refused anyway.
            ChallengeVariation::UsedSession => {
                let next = Duration::from_secs(STEP_S);
                if !self.pass_within_a_step(next).await? {
                    return Ok(());
                }
            }
            ChallengeVariation::OutdatedSession => {
                // A Session of a real endpoint is as good as new.
                if self.stage.is_none() {
                    return Ok(());
                }
                self.open_second_factor().await?;
                self.advance(OUTDATED_S).await?;
            }
            ChallengeVariation::AnotherClient
                if self.target.supplied(Supplied::AnotherClient).is_none() =>
            {
                return Ok(());
            }
            _ => self.open_second_factor().await?,
        }
        self.show_code(&Variation::Challenge(change)).await
    }

    /// Signs the user in up to the challenge for a code.
    pub(crate) async fn open_second_factor(&mut self) -> Result<(), Error> {
        self.challenge = None;
        let signs_in = Variation::SignIn(SignInVariation::SecondFactor);
        self.sign_in(&signs_in).await
    }

    async fn show_code(&mut self, variation: &Variation) -> Result<(), Error> {
        let ((mut name, password), authenticator) = self.second_factor_user()?;
        let Some(session) = self.challenge.clone() else {
            self.log
                .limitation("there was no challenge that could be answered");
            return Ok(());
        };
        let session = session.expose();
        let (used_code, used_session) = self.shown_code.clone().unzip();
        let mut shown = Some(session.to_owned());
        let mut client = self.target.credential("client_id").to_owned();
        let now = step(self.vendor_now());
        let mut code = authenticator.code(now);
        let change = match variation {
            Variation::Challenge(change) => Some(*change),
            _ => None,
        };
        match change {
            // As long and of the same letters: only the vendor's record tells them apart.
            Some(ChallengeVariation::ForgedSession) => {
                shown = Some(session.chars().rev().collect());
            }
            Some(ChallengeVariation::CutSession) => shown = Some(beginning(session)),
            Some(ChallengeVariation::LongerSession) => shown = Some(format!("{session}A")),
            Some(ChallengeVariation::NoSession) => shown = None,
            Some(ChallengeVariation::ForeignSession) => name = self.user().0,
            Some(ChallengeVariation::AnotherClient) => client = self.other_pool_client()?,
            Some(ChallengeVariation::FirstDigit) => code = authenticator.altered(now, 0),
            Some(ChallengeVariation::LastDigit) => code = authenticator.altered(now, 5),
            Some(ChallengeVariation::OldCode) => {
                code = authenticator.code(now.saturating_sub(OLD_STEPS));
            }
            Some(ChallengeVariation::UsedCode) => code = used_code.unwrap_or_default(),
            Some(ChallengeVariation::UsedSession) => {
                shown = Some(used_session.unwrap_or_default());
            }
            _ => {}
        }
        let mut body = json!({
            "ChallengeName": "SOFTWARE_TOKEN_MFA",
            "ClientId": client,
            "ChallengeResponses": {"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": code},
        });
        match change {
            Some(ChallengeVariation::NoCode) => {
                body["ChallengeResponses"] = json!({"USERNAME": name});
            }
            Some(ChallengeVariation::NoUserName) => {
                body["ChallengeResponses"] = json!({"SOFTWARE_TOKEN_MFA_CODE": code});
            }
            // The present password: where it is taken, the account stays as it was.
            Some(ChallengeVariation::AnotherChallenge) => {
                body["ChallengeName"] = "NEW_PASSWORD_REQUIRED".into();
                body["ChallengeResponses"] =
                    json!({"USERNAME": name, "NEW_PASSWORD": password.expose()});
            }
            _ => {}
        }
        if let Some(shown) = &shown {
            self.log.hide(shown, "changed session");
            body["Session"] = shown.clone().into();
        }
        self.log.hide_code(&code, "one-time code");
        let reply = self.cognito(Operation::ShowCode, variation, &body).await?;
        let result = reply.map(|reply| reply.json()["AuthenticationResult"].clone());
        if let Some(result) = result.filter(|result| pair(result).is_some()) {
            self.shown_code = Some((code, shown.unwrap_or_default()));
            self.keep(&result);
        }
        Ok(())
    }
}
