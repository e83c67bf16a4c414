//! The harness as others than a plain caller: without permission, with a special secret, with wrong
//! secrets one after the other.

use locum_core::profile::{Grant, SecretIn};
use serde_json::{Value, json};

use super::cognito_request::post;
use crate::Error;
use crate::caller::{ApiRequest, TokenRequest};
use crate::catalogue::Supplied;
use crate::evidence::{
    CallVariation, FieldChange, LoginVariation, Operation, Other, SignInVariation, Variation, form,
    told,
};
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;
use crate::target::Target;

/// A secret of which each spelling differs from the others.
const SPECIAL_SECRET: &str = "Lo-cum:9% +/=x";

impl ScenarioContext {
    /// Calls the API without permission: as an account that has none, and at a path that the first
    /// account may not read; as far as they were supplied.
    pub async fn call_without_permission(&mut self) -> Result<(), Error> {
        let any = [
            Supplied::PoorClient,
            Supplied::PoorUser,
            Supplied::ForbiddenPath,
        ];
        let (what, _) = self.supplied_one_of(&any)?;
        let forbidden = Supplied::ForbiddenPath;
        if what != forbidden {
            self.call_as_poor(what).await?;
        }
        let path = match forbidden.is_for(&self.profile.vendor) {
            true => self.target.supplied(forbidden),
            false => None,
        };
        match path.as_ref().and_then(|given| given.get("path")?.as_str()) {
            Some(path) => self.call_forbidden(path).await,
            None => Ok(()),
        }
    }

    async fn call_as_poor(&mut self, what: Supplied) -> Result<(), Error> {
        let target = self.target_of(what)?;
        let login = TokenRequest::documented(&self.profile, &target)?;
        let how = Variation::Account(what);
        let request = login.request();
        let reply = self
            .exchange(Operation::OtherLogin, None, &how, &login.url, &request)
            .await;
        let body = reply.map(|reply| reply.json()).unwrap_or_default();
        let Some(token) = body["access_token"].as_str() else {
            self.log.limitation("who has no permission got no token");
            return Ok(());
        };
        let call = ApiRequest::documented(&self.profile, &target, token)?;
        self.get_without_permission(call).await
    }

    async fn call_forbidden(&mut self, path: &str) -> Result<(), Error> {
        let Ok(token) = self.token().map(|held| held.value.clone()) else {
            self.log.limitation("there was no token to call with");
            return Ok(());
        };
        let url = format!(
            "{}/{}",
            self.target.url("api")?,
            path.trim_start_matches('/')
        );
        let call = ApiRequest::to(&self.profile, &self.target, &url, token.expose())?;
        self.get_without_permission(call).await
    }

    async fn get_without_permission(&mut self, mut call: ApiRequest) -> Result<(), Error> {
        let poor = Variation::Call(CallVariation::WithoutPermission);
        "GET".clone_into(&mut call.method);
        self.exchange(Operation::Call, None, &poor, &call.url, &call.request())
            .await;
        Ok(())
    }

    /// Another client logs in with a Basic header of its own.
    pub async fn other_logs_in_by_basic(&mut self) -> Result<(), Error> {
        let target = self.target_of(Supplied::AnotherClient)?;
        let mut login = TokenRequest::documented(&self.profile, &target)?;
        login.secret_in = vec![SecretIn::Basic];
        let how = Variation::By(Other::Client);
        let request = login.request();
        self.exchange(Operation::OtherLogin, None, &how, &login.url, &request)
            .await;
        Ok(())
    }

    /// From now on the client's secret has a colon, or characters that encodings change. At a real
    /// endpoint it has them, or the scenario is not for it.
    pub async fn change_secret(&mut self, has_colon_alone: bool) -> Result<(), Error> {
        let own = self.target.credential("client_secret").to_owned();
        if self.stage.is_none() {
            let (fits, what) = match has_colon_alone {
                true => (own.contains(':'), "a colon"),
                false => (form(&own) != own, "characters that encodings change"),
            };
            return match fits {
                true => Ok(()),
                false => Err(self.lacks(format!(
                    "the secret in LOCUM_CLIENT_SECRET does not have {what}"
                ))),
            };
        }
        let secret = match has_colon_alone {
            true => format!("{own}:x"),
            false => SPECIAL_SECRET.to_owned(),
        };
        let id = self.target.credential("client_id").to_owned();
        self.log.hide(&secret, "client secret as changed");
        self.log
            .hide_pair(&id, &secret, "client id and client secret as changed");
        let account = json!({"client_id": id, "client_secret": secret});
        self.change_account("clients", account).await?;
        let credentials = &mut self.target.credentials;
        credentials.insert("client_secret".to_owned(), secret.into());
        Ok(())
    }

    /// Tries wrong credentials of a throw-away account up to `times` times, until the vendor puts the
    /// brake on, between two right logins.
    pub async fn try_wrong_credentials(&mut self, times: usize) -> Result<(), Error> {
        self.needs_leave()?;
        let any = [Supplied::LockoutClient, Supplied::LockoutUser];
        let (what, members) = self.supplied_one_of(&any)?;
        let target = self.target.with_account(&self.profile, members);
        let target =
            target.ok_or_else(|| Error::Step(format!("{} has no address", what.name())))?;
        let right = self.attempt(&target, None)?;
        self.try_once(&Variation::Documented, &right).await;
        let mut first = None;
        for number in 1..=times {
            let (variation, wrong) = self.wrong_attempt(&target, number)?;
            let Some((status, body)) = self.try_once(&variation, &wrong).await else {
                return Ok(());
            };
            let answer = told(status, &body);
            let is_other = first.as_ref().is_some_and(|first| *first != answer);
            if status == 429 || is_other {
                return Ok(());
            }
            first = first.or(Some(answer));
        }
        self.try_once(&Variation::Documented, &right).await;
        Ok(())
    }

    async fn try_once(
        &mut self,
        variation: &Variation,
        (url, request): &(Url, Request),
    ) -> Option<(u16, Value)> {
        let reply = self
            .exchange(Operation::Attempt, None, variation, url, request)
            .await?;
        Some((reply.status, reply.json()))
    }

    fn wrong_attempt(
        &mut self,
        target: &Target,
        number: usize,
    ) -> Result<(Variation, (Url, Request)), Error> {
        let wrong = format!("Lo-wrong-Pass{number}");
        self.log.hide(&wrong, &format!("wrong secret {number}"));
        let request = self.attempt(target, Some(&wrong))?;
        let variation = match self.profile.token.grant {
            Grant::Cognito => Variation::SignIn(SignInVariation::AnotherPassword),
            Grant::Password => other("password"),
            Grant::ClientCredentials | Grant::AuthorizationCode => other("client_secret"),
        };
        Ok((variation, request))
    }

    /// A login of the throw-away account, with its own secret or with a wrong one.
    fn attempt(&self, target: &Target, wrong: Option<&str>) -> Result<(Url, Request), Error> {
        if self.profile.token.grant == Grant::Cognito {
            let password = wrong.unwrap_or_else(|| target.credential("password"));
            let body = json!({
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": target.credential("client_id"),
                "AuthParameters": {"USERNAME": target.credential("username"), "PASSWORD": password},
            });
            return post(target, Operation::SignIn, &body);
        }
        let mut login = TokenRequest::documented(&self.profile, target)?;
        if let Some(wrong) = wrong {
            login.credential_fields[1].1 = Some(wrong.to_owned());
        }
        Ok((login.url.clone(), login.request()))
    }
}

fn other(field: &str) -> Variation {
    Variation::Login(LoginVariation::Field(FieldChange::Other, field.to_owned()))
}
