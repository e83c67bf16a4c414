//! The harness as the user of an Amazon Cognito user pool: signs in, uses tokens, answers challenges
//! and changes passwords.

use locum_core::{Secret, Timestamp};
use serde_json::{Value, json};

use crate::Error;
use crate::caller::cognito_request::{bend, post};
use crate::caller::oauth::{SAME_LOGIN, unknown};
use crate::catalogue::Supplied;
use crate::evidence::{Moment, Operation, SignInVariation, Variation};
use crate::http::Reply;
use crate::run::context::ScenarioContext;

/// What one sign-in brought.
#[derive(Debug)]
pub(crate) struct Session {
    /// Access and id token pairs: the first of the login, then one for each refresh.
    pub(crate) pairs: Vec<(Secret, Secret)>,
    /// The refresh token.
    pub(crate) refresh: Secret,
    /// The one that a refresh gave in its place.
    pub(crate) replacement: Option<Secret>,
}

impl Session {
    /// The refresh token that goes on: where refresh tokens rotate, the one that came last.
    pub(crate) fn newest(&self) -> &Secret {
        self.replacement.as_ref().unwrap_or(&self.refresh)
    }
}

/// A user's name and password.
pub type User = (String, Secret);

/// How that password is called in the log.
pub(crate) const CHOSEN_NAME: &str = "chosen password";

/// The password that takes the place of another at a mock: its pool's policy takes it.
const CHOSEN: &str = "Lo-chosen-Pass9";

/// What stands behind the temporary password in the one that takes its place at a real endpoint, so
/// that its owner knows the new one. It adds the kinds of characters that a password policy may ask for.
pub(crate) const BEHIND_TEMPORARY: &str = "-Lo9";

/// What stands before that password in the one to which it is changed for a while.
const BEFORE_CHOSEN: &str = "Lo8-";

impl ScenarioContext {
    /// The first account.
    pub fn user(&self) -> User {
        let text = |name: &str| self.target.credential(name).to_owned();
        (text("username"), Secret::new(text("password")))
    }

    /// The user whose password is temporary.
    pub fn temporary_user(&mut self) -> Result<User, Error> {
        let user = self.supplied(Supplied::Temporary)?;
        let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
        Ok((text("username"), Secret::new(text("password"))))
    }

    /// Signs in with name and password, or with the one thing changed that `variation` names.
    pub async fn sign_in(&mut self, variation: &Variation) -> Result<(), Error> {
        let (mut name, password) = self.user();
        let mut client = self.target.credential("client_id").to_owned();
        let mut password = password.expose().to_owned();
        match variation {
            Variation::Documented | Variation::Again => {}
            Variation::SignIn(change) => match change {
                SignInVariation::AnotherPassword => {
                    "Lo-another-Pass9".clone_into(&mut password);
                }
                SignInVariation::PasswordInOtherCase => {
                    let other = swapped(&password);
                    if other == password {
                        self.log.limitation(SAME_LOGIN);
                        return Ok(());
                    }
                    password = other;
                }
                SignInVariation::PasswordWithoutItsLastCharacter => drop(password.pop()),
                SignInVariation::PasswordWithABlankBehind => password.push(' '),
                SignInVariation::NoPassword => {
                    return self.sign_in_without_password(variation, &name).await;
                }
                SignInVariation::UnknownUser => name = format!("no-{name}"),
                SignInVariation::UnknownClient => client = client.chars().rev().collect(),
                SignInVariation::ClientInOtherCase => {
                    let other = swapped(&client);
                    if other == client {
                        self.log.limitation(SAME_LOGIN);
                        return Ok(());
                    }
                    client = other;
                }
                SignInVariation::ClientWithoutItsLastCharacter => drop(client.pop()),
                SignInVariation::TemporaryPassword
                | SignInVariation::TemporaryPasswordAgain
                | SignInVariation::ReplacedPassword => {
                    let user = self.temporary_user()?;
                    return self.sign_in_as(variation, &user, &client).await;
                }
                SignInVariation::WrongTemporaryPassword => {
                    name = self.temporary_user()?.0;
                    "Lo-another-Pass9".clone_into(&mut password);
                }
                SignInVariation::SrpWithoutProof
                | SignInVariation::SrpMultipleOfN
                | SignInVariation::SrpZero
                | SignInVariation::SrpUnknownUser => return self.sign_in_by_srp(*change).await,
                SignInVariation::SecondFactor => {
                    let user = self.second_factor_user()?.0;
                    return self.sign_in_as(variation, &user, &client).await;
                }
                SignInVariation::SecondFactorWrongPassword => {
                    name = self.second_factor_user()?.0.0;
                    "Lo-another-Pass9".clone_into(&mut password);
                }
                change if change.is_outside_the_protocol() => {
                    return self.sign_in_outside_the_protocol(*change).await;
                }
                SignInVariation::AnotherClient => client = self.other_pool_client()?,
                SignInVariation::SecondUser
                | SignInVariation::SecondUserFirstLetter
                | SignInVariation::SecondUserLastLetter
                | SignInVariation::SecondUserNameAsPassword
                | SignInVariation::SecondUserForeignPassword
                | SignInVariation::SecondUserEmptyPassword => {
                    let first = std::mem::take(&mut password);
                    let (theirs, own) = self.second_user()?;
                    password = password_of(*change, (&theirs, own.expose()), &first);
                    if *change != SignInVariation::SecondUser && password == own.expose() {
                        self.log.limitation(SAME_LOGIN);
                        return Ok(());
                    }
                    name = theirs;
                }
                SignInVariation::ChosenPassword => {
                    let (name, _) = self.temporary_user()?;
                    let user = (name, Secret::new(self.chosen_password()));
                    return self.sign_in_as(variation, &user, &client).await;
                }
                SignInVariation::NewPasswordAtTheEnd => {
                    name = self.changing_user()?.0;
                    password = self.changed_password();
                }
                SignInVariation::OldPasswordAfterwards | SignInVariation::OldPasswordAtTheEnd => {
                    let user = self.changing_user()?;
                    return self.sign_in_as(variation, &user, &client).await;
                }
                _ => return Err(unknown("sign-in", variation)),
            },
            other => return Err(unknown("sign-in", other)),
        }
        // A name is no secret, whatever it was sent as.
        if password != name && !password.is_empty() {
            self.log.hide(&password, "password as sent");
        }
        self.sign_in_as(variation, &(name, Secret::new(password)), &client)
            .await
    }

    /// Sends the documented sign-in as no request of the protocol.
    async fn sign_in_outside_the_protocol(&mut self, change: SignInVariation) -> Result<(), Error> {
        let (name, password) = self.user();
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": self.target.credential("client_id"),
            "AuthParameters": {"USERNAME": name, "PASSWORD": password.expose()},
        });
        let (url, mut request) = post(&self.target, Operation::SignIn, &body)?;
        bend(change, &mut request, &url, body);
        let variation = Variation::SignIn(change);
        self.exchange(Operation::SignIn, None, &variation, &url, &request)
            .await;
        Ok(())
    }

    /// Signs in with a name and nothing else.
    async fn sign_in_without_password(
        &mut self,
        variation: &Variation,
        name: &str,
    ) -> Result<(), Error> {
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": self.target.credential("client_id"),
            "AuthParameters": {"USERNAME": name},
        });
        self.cognito(Operation::SignIn, variation, &body)
            .await
            .map(drop)
    }

    /// Signs in as `user`.
    pub(super) async fn sign_in_as(
        &mut self,
        variation: &Variation,
        (name, password): &User,
        client: &str,
    ) -> Result<(), Error> {
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": name, "PASSWORD": password.expose()},
        });
        let reply = self.cognito(Operation::SignIn, variation, &body).await?;
        if let Some(body) = reply
            .as_ref()
            .filter(|reply| reply.status == 200)
            .map(Reply::json)
        {
            self.keep(&body["AuthenticationResult"]);
            self.challenge = body["Session"].as_str().map(Secret::new);
        }
        Ok(())
    }

    /// Tries each access token at the pool and each id token at the identity pool.
    pub async fn try_tokens(&mut self, moment: Moment) -> Result<(), Error> {
        let pairs = self
            .sessions
            .last()
            .map(|session| session.pairs.clone())
            .unwrap_or_default();
        for (at, (access, id)) in pairs.into_iter().enumerate() {
            let variation = Variation::Token(at + 1, moment);
            self.try_pair(&variation, &access, &id).await?;
        }
        Ok(())
    }

    /// Tries an access token at the pool and an id token at the identity pool.
    pub(super) async fn try_pair(
        &mut self,
        variation: &Variation,
        access: &Secret,
        id: &Secret,
    ) -> Result<(), Error> {
        let body = json!({"AccessToken": access.expose()});
        self.cognito(Operation::UseAccessToken, variation, &body)
            .await?;
        let body = self.identity_body(id);
        let tried = self.cognito(Operation::UseIdToken, variation, &body);
        tried.await.map(drop)
    }

    /// Uses the Session of an open challenge in place of a token.
    pub async fn try_challenge(&mut self) -> Result<(), Error> {
        let Some(session) = self.challenge.clone() else {
            self.log
                .limitation("there was no challenge whose Session could be tried");
            return Ok(());
        };
        let body = json!({"AccessToken": session.expose()});
        let variation = Variation::Token(1, Moment::AsSession);
        self.cognito(Operation::UseAccessToken, &variation, &body)
            .await?;
        let body = self.identity_body(&session);
        self.cognito(Operation::UseIdToken, &variation, &body)
            .await?;
        Ok(())
    }

    /// Answers the open challenge with a new password of the user's own.
    pub async fn choose_password(&mut self, (name, _): &User) -> Result<(), Error> {
        let session = self.challenge.clone().unwrap_or_else(|| Secret::new(""));
        let chosen = self.chosen_password();
        let body = json!({
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "ClientId": self.target.credential("client_id"),
            "Session": session.expose(),
            "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": chosen},
        });
        self.cognito(Operation::AnswerChallenge, &Variation::Documented, &body)
            .await
            .map(drop)
    }

    /// The user whose password may be changed, with the present password: the first one at a mock;
    /// elsewhere the one whose temporary password has been replaced in this run.
    pub fn changing_user(&mut self) -> Result<User, Error> {
        if self.stage.is_some() {
            return Ok(self.user());
        }
        let (name, _) = self.temporary_user()?;
        Ok((name, Secret::new(self.chosen_password())))
    }

    /// Signs that user in.
    pub async fn sign_in_changing_user(&mut self) -> Result<(), Error> {
        if self.stage.is_some() {
            return self.sign_in(&Variation::Documented).await;
        }
        let chosen = Variation::SignIn(SignInVariation::ChosenPassword);
        self.sign_in(&chosen).await?;
        match self.sessions.is_empty() {
            true => Err(self.lacks("the temporary password was not replaced in this run (VEN-29)")),
            false => Ok(()),
        }
    }

    /// Changes that user's password, naming `previous` as the present one, or none.
    pub async fn change_password(
        &mut self,
        variation: &Variation,
        previous: Option<&str>,
    ) -> Result<(), Error> {
        let changed = self.changed_password();
        self.change_password_to(variation, previous, &changed)
            .await
            .map(drop)
    }

    /// Gives the user the password back that a change took, so that the account is as it was.
    pub async fn restore_password(&mut self) -> Result<(), Error> {
        let (_, password) = self.changing_user()?;
        let changed = self.changed_password();
        self.change_password_to(&Variation::Again, Some(&changed), password.expose())
            .await
            .map(drop)
    }

    /// The password that takes the place of another: at a real endpoint the one that was supplied, or
    /// the temporary one with something behind it, so that the account's owner knows it.
    pub(super) fn chosen_password(&mut self) -> String {
        let supplied = self.target.supplied(Supplied::NewPassword);
        let supplied =
            supplied.and_then(|members| Some(members.get("new_password")?.as_str()?.to_owned()));
        let of_temporary = |password: &Secret| format!("{}{BEHIND_TEMPORARY}", password.expose());
        let chosen = match (supplied, &self.stage) {
            (Some(supplied), _) => return supplied,
            (None, Some(_)) => CHOSEN.to_owned(),
            (None, None) => {
                let user = self.temporary_user();
                user.map_or_else(
                    |_| CHOSEN.to_owned(),
                    |(_, password)| of_temporary(&password),
                )
            }
        };
        self.log.hide(&chosen, CHOSEN_NAME);
        chosen
    }

    /// The password to which that one is changed for a while.
    pub(super) fn changed_password(&mut self) -> String {
        let changed = format!("{BEFORE_CHOSEN}{}", self.chosen_password());
        self.log.hide(&changed, "changed password");
        changed
    }

    /// Whether it was answered with success.
    pub(super) async fn change_password_to(
        &mut self,
        variation: &Variation,
        previous: Option<&str>,
        proposed: &str,
    ) -> Result<bool, Error> {
        let access = self
            .sessions
            .last()
            .and_then(|session| session.pairs.last())
            .map(|pair| pair.0.clone());
        let Some(access) = access else {
            self.log
                .limitation("there was no access token to change a password with");
            return Ok(false);
        };
        let mut body = json!({"AccessToken": access.expose(), "ProposedPassword": proposed});
        if let Some(previous) = previous {
            body["PreviousPassword"] = previous.into();
        }
        let reply = self
            .cognito(Operation::ChangePassword, variation, &body)
            .await?;
        Ok(reply.is_some_and(|reply| (200..300).contains(&reply.status)))
    }

    /// The vendor's time: what a signature has to be dated.
    pub fn vendor_now(&self) -> Timestamp {
        let Some(stage) = &self.stage else {
            return self.vendor_clock.now();
        };
        let turned = std::time::Duration::from_secs_f64(self.turned().max(0.0));
        stage.began.plus(turned)
    }

    pub(super) fn identity_body(&self, id: &Secret) -> Value {
        let credential = |name: &str| self.target.credential(name);
        let provider = format!(
            "cognito-idp.{}.amazonaws.com/{}",
            credential("region"),
            credential("user_pool_id")
        );
        let mut logins = serde_json::Map::new();
        logins.insert(provider, id.expose().into());
        json!({"IdentityPoolId": credential("identity_pool_id"), "Logins": logins})
    }

    pub(super) async fn cognito(
        &mut self,
        operation: Operation,
        variation: &Variation,
        body: &Value,
    ) -> Result<Option<Reply>, Error> {
        let (url, request) = post(&self.target, operation, body)?;
        Ok(self
            .exchange(operation, None, variation, &url, &request)
            .await)
    }

    /// Keeps the tokens of a sign-in.
    pub(super) fn keep(&mut self, result: &Value) {
        if let (Some(pair), Some(refresh)) = (pair(result), result["RefreshToken"].as_str()) {
            self.sessions.push(Session {
                pairs: vec![pair],
                refresh: Secret::new(refresh),
                replacement: None,
            });
        }
    }
}

pub(super) fn pair(result: &Value) -> Option<(Secret, Secret)> {
    let text = |name: &str| result[name].as_str().filter(|text| !text.is_empty());
    Some((
        Secret::new(text("AccessToken")?),
        Secret::new(text("IdToken")?),
    ))
}

/// The password with which another user signs in, who has the password `own`.
fn password_of(change: SignInVariation, (name, own): (&str, &str), first: &str) -> String {
    match change {
        SignInVariation::SecondUserFirstLetter => altered_first(own),
        SignInVariation::SecondUserLastLetter => {
            let turned = altered_first(&own.chars().rev().collect::<String>());
            turned.chars().rev().collect()
        }
        SignInVariation::SecondUserNameAsPassword => name.to_owned(),
        SignInVariation::SecondUserForeignPassword => first.to_owned(),
        SignInVariation::SecondUserEmptyPassword => String::new(),
        _ => own.to_owned(),
    }
}

/// `text` with another first character.
fn altered_first(text: &str) -> String {
    let other = if text.starts_with('A') { 'B' } else { 'A' };
    let rest = text.chars().skip(1);
    [other].into_iter().chain(rest).collect()
}

pub(super) fn swapped(text: &str) -> String {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        }
    };
    text.chars().map(swap).collect()
}
