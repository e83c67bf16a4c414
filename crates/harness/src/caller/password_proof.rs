//! The harness as somebody who wants another password set without the proof that this takes: the access
//! token of the account, or the code that was sent for it. Where one is set, the account gets the
//! password that the scenarios know.

use locum_core::Secret;
use serde_json::{Value, json};

use crate::Error;
use crate::caller::near_miss::beginning;
use crate::caller::user_pool::INVENTED_CODE;
use crate::catalogue::Supplied;
use crate::evidence::{ChangeVariation, Operation, SignInVariation, Variation};
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Changes the password with the right present one, and without the account's access token.
    ///
    /// # Errors
    /// Where no account may be changed.
    pub async fn change_password_without_token(
        &mut self,
        change: ChangeVariation,
    ) -> Result<(), Error> {
        let (_, present) = self.changing_user()?;
        let session = self.sessions.last();
        let Some((own, id)) = session.and_then(|session| session.pairs.last().cloned()) else {
            self.log
                .limitation("there was no access token to change a password with");
            return Ok(());
        };
        let mut theirs = None;
        let shown = match change {
            ChangeVariation::CutAccessToken => {
                let cut = beginning(own.expose());
                self.log.hide(&cut, "changed access token");
                Some(cut)
            }
            ChangeVariation::IdToken => Some(id.expose().to_owned()),
            ChangeVariation::AnotherUsersToken => {
                // It looks at more where there is one.
                if self.target.supplied(Supplied::AnotherUser).is_none() {
                    return Ok(());
                }
                let (_, password) = self.second_user()?;
                let Some(access) = self.token_of_the_second_user().await? else {
                    return Ok(());
                };
                let shown = access.expose().to_owned();
                theirs = Some((access, password));
                Some(shown)
            }
            _ => None,
        };
        let proposed = self.changed_password();
        let variation = Variation::Change(change);
        let passwords = (present.expose(), proposed.as_str());
        if !self
            .send_change(&variation, shown.as_deref(), passwords)
            .await?
        {
            return Ok(());
        }
        // Whose password was set is not known.
        let back = (proposed.as_str(), present.expose());
        let again = Variation::Again;
        self.send_change(&again, Some(own.expose()), back).await?;
        if let Some((access, password)) = theirs {
            let back = (proposed.as_str(), password.expose());
            self.send_change(&again, Some(access.expose()), back)
                .await?;
        }
        Ok(())
    }

    /// Resets the password as `variation` has it: with the code that was sent, where a mock tells it,
    /// or with another one.
    ///
    /// # Errors
    /// Where nothing may be changed, or no account may be.
    pub async fn reset_password(&mut self, variation: &Variation) -> Result<(), Error> {
        self.needs_leave()?;
        let (name, present) = self.changing_user()?;
        let code = match variation {
            Variation::Change(ChangeVariation::UnsentCode) => INVENTED_CODE.to_owned(),
            // At a real endpoint a message goes to the user.
            _ if self.stage.is_none() => return Ok(()),
            other => {
                let Some(code) = self.confirmation_code(&name) else {
                    self.log.limitation("the stage names no confirmation code");
                    return Ok(());
                };
                let client = self.target.credential("client_id");
                let body = json!({"ClientId": client, "Username": name});
                self.cognito(Operation::AskForCode, &Variation::Documented, &body)
                    .await?;
                match other.is_documented() {
                    true => code,
                    false => another_code(&code),
                }
            }
        };
        let proposed = self.changed_password();
        let body = json!({
            "ClientId": self.target.credential("client_id"),
            "Username": name,
            "ConfirmationCode": code,
            "Password": proposed,
        });
        let reply = self
            .cognito(Operation::ResetPassword, variation, &body)
            .await?;
        if reply.is_some_and(|reply| (200..300).contains(&reply.status)) {
            let again = Variation::Again;
            self.change_password_to(&again, Some(&proposed), present.expose())
                .await?;
        }
        Ok(())
    }

    /// The code that a mock sends to this user.
    fn confirmation_code(&self, name: &str) -> Option<String> {
        let users = self.target.principals.get("users")?.as_array()?;
        let user = users.iter().find(|user| user["username"] == name)?;
        user["confirmation_code"].as_str().map(str::to_owned)
    }

    async fn token_of_the_second_user(&mut self) -> Result<Option<Secret>, Error> {
        let before = self.sessions.len();
        let second = Variation::SignIn(SignInVariation::SecondUser);
        self.sign_in(&second).await?;
        let theirs = self.sessions.drain(before..).next_back();
        let access = theirs.and_then(|session| Some(session.pairs.first()?.0.clone()));
        if access.is_none() {
            self.log.limitation("the other user got no token");
        }
        Ok(access)
    }

    /// Whether the change was answered with success.
    async fn send_change(
        &mut self,
        variation: &Variation,
        access: Option<&str>,
        (previous, proposed): (&str, &str),
    ) -> Result<bool, Error> {
        let mut body: Value = json!({"PreviousPassword": previous, "ProposedPassword": proposed});
        if let Some(access) = access {
            body["AccessToken"] = access.into();
        }
        let reply = self
            .cognito(Operation::ChangePassword, variation, &body)
            .await?;
        Ok(reply.is_some_and(|reply| (200..300).contains(&reply.status)))
    }
}

/// `code` with another last digit.
fn another_code(code: &str) -> String {
    let mut other = code.to_owned();
    let last = other.pop();
    other.push(if last == Some('0') { '1' } else { '0' });
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_code_is_as_long_as_the_right_one() {
        assert_eq!(another_code("123456"), "123450");
        assert_eq!(another_code("000000"), "000001");
    }
}
