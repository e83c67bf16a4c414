//! The harness as the user of an Amazon Cognito user pool whose login goes on: refreshes, revokes,
//! signs out.

use locum_core::Secret;
use serde_json::json;

use crate::Error;
use crate::caller::cognito::{User, pair};
use crate::caller::near_miss::{beginning, near_miss};
use crate::caller::oauth::unknown;
use crate::caller::variation::NEVER_ISSUED;
use crate::catalogue::Supplied;
use crate::evidence::{
    ChallengeVariation, LoginVariation, Moment, Operation, RefreshVariation, RevocationVariation,
    Variation,
};
use crate::run::context::ScenarioContext;

/// A code that nobody made.
pub(super) const INVENTED_CODE: &str = "000000";

impl ScenarioContext {
    /// Refreshes a session: the latest one, or the one that `variation` names, with the one thing
    /// changed that it names.
    pub async fn refresh(&mut self, variation: &Variation) -> Result<(), Error> {
        let at = match variation {
            Variation::Token(number, _) => number.saturating_sub(1),
            _ => self.sessions.len().saturating_sub(1),
        };
        let Some(session) = self.sessions.get(at) else {
            self.log.limitation("there was no refresh token");
            return Ok(());
        };
        let mut token = match variation {
            Variation::Token(..) | Variation::Refresh(RefreshVariation::OtherFlowName) => {
                session.newest().expose().to_owned()
            }
            _ => session.refresh.expose().to_owned(),
        };
        let mut client = self.target.credential("client_id").to_owned();
        let mut scope = None;
        let mut flow = "REFRESH_TOKEN_AUTH";
        match variation {
            Variation::Refresh(RefreshVariation::OtherFlowName) => flow = "REFRESH_TOKEN",
            Variation::WithReplacement => {
                let Some(replacement) = &session.replacement else {
                    self.log
                        .limitation("the refresh gave no other refresh token");
                    return Ok(());
                };
                replacement.expose().clone_into(&mut token);
            }
            Variation::By(_) => client = self.other_pool_client()?,
            Variation::Refresh(change) => {
                let access = session.pairs.first().map(|(access, _)| access.expose());
                let shown = near_miss(*change, &token, access.unwrap_or_default());
                let Some(shown) = shown else {
                    // The other tokens are judged without it.
                    return Ok(());
                };
                token = shown;
                self.log.hide(&token, "changed refresh token");
            }
            Variation::Login(LoginVariation::With(name, value)) => match name.as_str() {
                "refresh_token" => value.clone_into(&mut token),
                "scope" => scope = Some(value.clone()),
                _ => return Err(unknown("refresh", variation)),
            },
            _ => {}
        }
        let mut parameters = json!({"REFRESH_TOKEN": token});
        if let Some(scope) = scope {
            parameters["SCOPE"] = scope.into();
        }
        let body = json!({
            "AuthFlow": flow,
            "ClientId": client,
            "AuthParameters": parameters,
        });
        let reply = self.cognito(Operation::Refresh, variation, &body).await?;
        let result = reply.map(|reply| reply.json()["AuthenticationResult"].clone());
        let result = result.unwrap_or_default();
        if let (Some(pair), Some(session)) = (pair(&result), self.sessions.get_mut(at)) {
            session.pairs.push(pair);
            let replacement = result["RefreshToken"].as_str().map(Secret::new);
            session.replacement = replacement.or_else(|| session.replacement.take());
        }
        Ok(())
    }

    /// Revokes the refresh token of the login of this number, or what `variation` names instead.
    pub async fn revoke_refresh(
        &mut self,
        number: usize,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(session) = self.sessions.get(number.saturating_sub(1)) else {
            self.log.limitation("there was no refresh token");
            return Ok(());
        };
        let token = match variation {
            Variation::Revocation(RevocationVariation::UnknownToken) => NEVER_ISSUED,
            Variation::Revocation(RevocationVariation::OtherKind) => session.pairs[0].0.expose(),
            Variation::Documented | Variation::Again | Variation::By(_) => {
                session.newest().expose()
            }
            other => return Err(unknown("revocation", other)),
        };
        let token = token.to_owned();
        let client = match variation {
            Variation::By(_) => self.other_pool_client()?,
            _ => self.target.credential("client_id").to_owned(),
        };
        let body = json!({"Token": token, "ClientId": client});
        self.cognito(Operation::RevokeRefreshToken, variation, &body)
            .await
            .map(drop)
    }

    /// Shows, for each login, its access token at the pool, its id token at the identity pool and its
    /// refresh token.
    pub async fn try_logins(&mut self, moment: Moment) -> Result<(), Error> {
        for number in 1..=self.sessions.len() {
            let Some((access, id)) = self.sessions[number - 1].pairs.first().cloned() else {
                continue;
            };
            let variation = Variation::Token(number, moment);
            self.try_pair(&variation, &access, &id).await?;
            self.refresh(&variation).await?;
        }
        Ok(())
    }

    /// Signs the user out of all logins, with the access token of the first.
    pub async fn sign_out(&mut self) -> Result<(), Error> {
        let session = self.sessions.first();
        let Some((access, _)) = session.and_then(|session| session.pairs.first().cloned()) else {
            self.log
                .limitation("there was no access token to sign out with");
            return Ok(());
        };
        let body = json!({"AccessToken": access.expose()});
        self.cognito(Operation::SignOut, &Variation::Documented, &body)
            .await
            .map(drop)
    }

    /// Answers the challenge of the temporary password with the Session that `how` names.
    pub async fn answer_challenge(&mut self, how: ChallengeVariation) -> Result<(), Error> {
        let (mut name, _) = self.temporary_user()?;
        let Some(session) = self.challenge.clone() else {
            self.log
                .limitation("there was no challenge that could be answered");
            return Ok(());
        };
        let mut session = session.expose().to_owned();
        let mut client = self.target.credential("client_id").to_owned();
        match how {
            // As long and of the same letters: only the vendor's record tells them apart.
            ChallengeVariation::ForgedSession => {
                session = session.chars().rev().collect();
                self.log.hide(&session, "forged session");
            }
            ChallengeVariation::ForeignSession => name = self.user().0,
            ChallengeVariation::CutSession => {
                session = beginning(&session);
                self.log.hide(&session, "changed session");
            }
            ChallengeVariation::LongerSession => session.push('A'),
            ChallengeVariation::AnotherClient => {
                let other = self.target.supplied(Supplied::AnotherClient);
                let other = other.and_then(|known| Some(known["client_id"].as_str()?.to_owned()));
                // It looks at more where there is one.
                let Some(other) = other else {
                    return Ok(());
                };
                client = other;
            }
            ChallengeVariation::NoSession
            | ChallengeVariation::UsedSession
            | ChallengeVariation::CodeForPassword
            | ChallengeVariation::OutdatedSession => {}
            other => return Err(unknown("answer", &Variation::Challenge(other))),
        }
        let chosen = self.chosen_password();
        let mut body = json!({
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "ClientId": client,
            "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": chosen},
        });
        if how == ChallengeVariation::CodeForPassword {
            body["ChallengeName"] = "SOFTWARE_TOKEN_MFA".into();
            body["ChallengeResponses"] =
                json!({"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": INVENTED_CODE});
        }
        if how != ChallengeVariation::NoSession {
            body["Session"] = session.into();
        }
        let variation = Variation::Challenge(how);
        self.cognito(Operation::AnswerChallenge, &variation, &body)
            .await
            .map(drop)
    }

    /// The id of a second client of the pool.
    pub(super) fn other_pool_client(&mut self) -> Result<String, Error> {
        let client = self.supplied(Supplied::AnotherClient)?;
        Ok(client["client_id"].as_str().unwrap_or_default().to_owned())
    }

    /// A second user who can sign in at once.
    pub(super) fn second_user(&mut self) -> Result<User, Error> {
        let user = self.supplied(Supplied::AnotherUser)?;
        let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
        Ok((text("username"), Secret::new(text("password"))))
    }
}
