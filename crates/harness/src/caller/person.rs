//! The harness as a person who logs in with name and password where clients log in by themselves,
//! and what ends such a login.

use locum_core::Secret;

use crate::Error;
use crate::caller::oauth::{SAME_LOGIN, unknown};
use crate::caller::variation::NEVER_ISSUED;
use crate::caller::{ApiRequest, TokenRequest, vary_login};
use crate::catalogue::Supplied;
use crate::evidence::{
    CallVariation, Moment, Operation, Other, RevocationVariation, ShownToken, Variation,
};
use crate::http::{self, Url};
use crate::run::context::ScenarioContext;
use crate::target::Target;

/// So many refreshes are sent at once.
const AT_ONCE: usize = 8;

impl ScenarioContext {
    /// A person logs in (RFC 6749 §4.3), with the client's own credentials beside the password.
    pub async fn log_in_person(&mut self, variation: &Variation) -> Result<(), Error> {
        let (name, password) = self.person()?;
        self.log.hide(password.expose(), "password of a person");
        let mut login = TokenRequest::of_client(&self.profile, &self.target)?;
        let scope = self.profile.token.scope.clone();
        let scope = scope.into_iter().map(|scope| ("scope".to_owned(), scope));
        login.parameters = [
            ("grant_type", "password"),
            ("username", &name),
            ("password", password.expose()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .chain(scope)
        .collect();
        if let Variation::Login(change) = variation {
            let right = login.parameters.clone();
            vary_login(change, &mut login);
            if login.parameters == right {
                self.log.limitation(SAME_LOGIN);
                return Ok(());
            }
            let shown = login.parameters.iter().find(|(name, _)| name == "password");
            if let Some((_, shown)) = shown {
                self.log.hide(shown, "changed password of a person");
            }
        }
        let reply = self
            .exchange(
                Operation::PersonLogin,
                None,
                variation,
                &login.url,
                &login.request(),
            )
            .await;
        let body = reply.map(|reply| reply.json()).unwrap_or_default();
        let text = |name: &str| body[name].as_str().map(Secret::new);
        if let (Some(access), Some(refresh)) = (text("access_token"), text("refresh_token")) {
            self.people.push((access, refresh));
        } else if !matches!(variation, Variation::Login(_)) {
            self.log.limitation("the person got no refresh token");
        }
        self.hold(&body);
        Ok(())
    }

    /// The person logs in with each of these things changed, and rightly behind each: an account that
    /// locks itself after several failures in a row meets none.
    pub async fn log_in_person_wrongly(&mut self, ways: &[Variation]) -> Result<(), Error> {
        for way in ways {
            self.log_in_person(way).await?;
            self.log_in_person(&Variation::Documented).await?;
        }
        Ok(())
    }

    /// Shows the latest access token, which has no `openid` among its scopes, at userinfo.
    ///
    /// # Errors
    /// Where userinfo serves no client of its own, or the token has that scope nevertheless.
    pub async fn show_without_openid(&mut self) -> Result<(), Error> {
        self.needs_userinfo()?;
        let logins = self.log.evidence().varied(Operation::Login);
        let granted = logins.last().map(|login| login.json()["scope"].clone());
        let granted = granted.unwrap_or_default();
        let is_without = granted
            .as_str()
            .is_some_and(|scope| scope.split(' ').all(|word| word != "openid"));
        if !is_without {
            return Err(
                self.lacks("a login that asks for no scope is not told that it lacks openid")
            );
        }
        let Some(token) = self.tokens.last().map(|held| held.value.clone()) else {
            self.log.limitation("there was no token to show");
            return Ok(());
        };
        let poor = Variation::Call(CallVariation::WithoutPermission);
        self.show_at_userinfo(&token, &poor).await
    }

    /// Ends the scenario where userinfo did not serve the caller's own token: there is none, or it
    /// serves people alone.
    fn needs_userinfo(&mut self) -> Result<(), Error> {
        let shown = self.log.evidence().documented(Operation::UserInfo).last();
        match shown.map(|shown| shown.status()) {
            None => Err(self.lacks("the vendor's metadata names no userinfo_endpoint")),
            Some(400..500) => Err(self.lacks("userinfo serves no token of a client's own login")),
            Some(_) => Ok(()),
        }
    }

    /// Name and password of a person who may log in.
    fn person(&mut self) -> Result<(String, Secret), Error> {
        let person = self.supplied(Supplied::Person)?;
        let text = |name: &str| person[name].as_str().unwrap_or_default().to_owned();
        Ok((text("username"), Secret::new(text("password"))))
    }

    /// Shows the access token of each person's login at userinfo, and its refresh token.
    pub async fn show_people(&mut self, moment: Moment) -> Result<(), Error> {
        for number in 1..=self.people.len() {
            let access = self.people[number - 1].0.clone();
            let variation = Variation::Token(number, moment);
            self.show_at_userinfo(&access, &variation).await?;
            self.renew(&variation).await?;
        }
        Ok(())
    }

    /// Shows the access token of the login of this number, at userinfo and at the API.
    pub async fn show_tokens(&mut self, moment: Moment) -> Result<(), Error> {
        let held: Vec<Secret> = self.tokens.iter().map(|held| held.value.clone()).collect();
        for (token, number) in held.iter().zip(1..) {
            let variation = Variation::Token(number, moment);
            self.show_at_userinfo(token, &variation).await?;
            self.show_at_api(token, &variation).await?;
        }
        Ok(())
    }

    /// Shows the latest access token, at userinfo and at the API.
    pub async fn show_latest(&mut self) -> Result<(), Error> {
        let Some(token) = self.tokens.last().map(|held| held.value.clone()) else {
            self.log.limitation("there was no token to show");
            return Ok(());
        };
        self.show_at_userinfo(&token, &Variation::Documented)
            .await?;
        self.show_at_api(&token, &Variation::Documented).await
    }

    async fn show_at_api(&mut self, token: &Secret, variation: &Variation) -> Result<(), Error> {
        let call = ApiRequest::documented(&self.profile, &self.target, token.expose())?;
        self.exchange(Operation::Call, None, variation, &call.url, &call.request())
            .await;
        Ok(())
    }

    async fn show_at_userinfo(
        &mut self,
        token: &Secret,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(url) = self.endpoint_of_metadata("userinfo_endpoint").await? else {
            return Ok(());
        };
        let call = ApiRequest::bearer(url, token.expose());
        let request = call.request();
        self.exchange(Operation::UserInfo, None, variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// Shows userinfo the latest access token with one thing changed, another in its place, or none.
    pub async fn show_badly(&mut self, variation: &Variation) -> Result<(), Error> {
        self.needs_userinfo()?;
        let Ok(token) = self.token().map(|held| held.value.clone()) else {
            self.log.limitation("there was no token to show");
            return Ok(());
        };
        let Some(url) = self.endpoint_of_metadata("userinfo_endpoint").await? else {
            return Ok(());
        };
        let shown = match variation {
            Variation::Shown(ShownToken::IdToken) => self.id_token.clone(),
            Variation::Call(CallVariation::EndedToken) => self.ended_token(token)?,
            _ => Some(token),
        };
        let Some(shown) = shown else {
            // The other tokens are judged without it.
            return Ok(());
        };
        let mut call = ApiRequest::bearer(url, shown.expose());
        if !matches!(variation, Variation::Shown(_)) {
            self.vary(&mut call, variation, &shown)?;
        }
        let request = call.request();
        self.exchange(Operation::UserInfo, None, variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// Revokes the latest access token, or what `variation` names instead (RFC 7009 §2.1).
    pub async fn revoke_as(&mut self, variation: &Variation) -> Result<(), Error> {
        let token = self.tokens.last().map(|held| held.value.clone());
        self.revoke_token(token, variation).await
    }

    /// Revokes the access token that the caller got first.
    pub async fn revoke_first(&mut self) -> Result<(), Error> {
        let token = self.tokens.first().map(|held| held.value.clone());
        self.revoke_token(token, &Variation::Documented).await
    }

    async fn revoke_token(
        &mut self,
        access: Option<Secret>,
        variation: &Variation,
    ) -> Result<(), Error> {
        let found = self.endpoint_of_metadata("revocation_endpoint").await?;
        let url = match found {
            Some(url) => url,
            None => Url::parse(self.target.url("revoke")?)
                .map_err(|error| Error::Step(error.to_string()))?,
        };
        let token = match variation {
            Variation::Revocation(RevocationVariation::UnknownToken) => {
                Some(Secret::new(NEVER_ISSUED))
            }
            Variation::Revocation(RevocationVariation::RefreshToken) | Variation::By(_) => {
                self.refresh_token.clone()
            }
            Variation::Revocation(RevocationVariation::OtherKind) => self.id_token.clone(),
            _ => access,
        };
        let Some(token) = token else {
            self.log.limitation("there was no token to revoke");
            return Ok(());
        };
        let Some(who) = self.who(variation).await? else {
            return Ok(());
        };
        let mut login = TokenRequest::of_client(&self.profile, &who)?;
        login.url = match variation {
            // Each tenant has its own.
            Variation::By(Other::Tenant) => {
                Url::parse(who.url("revoke")?).map_err(|error| Error::Step(error.to_string()))?
            }
            _ => url,
        };
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        login.parameters = vec![parameter("token", token.expose())];
        match variation {
            Variation::Revocation(RevocationVariation::WrongHint) => {
                let hint = parameter("token_type_hint", "refresh_token");
                login.parameters.push(hint);
            }
            Variation::Revocation(RevocationVariation::UnknownHint) => {
                let hint = parameter("token_type_hint", "locum");
                login.parameters.push(hint);
            }
            Variation::Login(change) => vary_login(change, &mut login),
            Variation::Documented
            | Variation::Again
            | Variation::By(_)
            | Variation::Revocation(_) => {}
            other => return Err(unknown("revocation", other)),
        }
        let reply = self
            .exchange(
                Operation::Revoke,
                None,
                variation,
                &login.url,
                &login.request(),
            )
            .await;
        let is_absent = |status: u16| matches!(status, 404 | 405 | 501);
        if variation.is_documented() && reply.is_some_and(|reply| is_absent(reply.status)) {
            return Err(self.lacks("the vendor offers no revocation"));
        }
        Ok(())
    }

    /// Ends the first person's login by its refresh token: its own client does it, or the one that
    /// `variation` names.
    pub async fn log_out_first(&mut self, variation: &Variation) -> Result<(), Error> {
        let Some(url) = self.endpoint_of_metadata("end_session_endpoint").await? else {
            return Err(self.lacks("the vendor's metadata names no end_session_endpoint"));
        };
        let Some((_, refresh)) = self.people.first().cloned() else {
            self.log
                .limitation("there was no login that could be ended");
            return Ok(());
        };
        let Some(who) = self.who(variation).await? else {
            return Ok(());
        };
        let mut login = TokenRequest::of_client(&self.profile, &who)?;
        login.url = url;
        login.parameters = vec![("refresh_token".to_owned(), refresh.expose().to_owned())];
        let reply = self
            .exchange(
                Operation::Logout,
                None,
                variation,
                &login.url,
                &login.request(),
            )
            .await;
        let is_refused = reply.is_some_and(|reply| (400..500).contains(&reply.status));
        if variation.is_documented() && is_refused {
            return Err(self.lacks("the vendor offers no logout by a refresh token"));
        }
        Ok(())
    }

    /// As whom something is done: the caller, or somebody else, who has logged in.
    async fn who(&mut self, variation: &Variation) -> Result<Option<Target>, Error> {
        match variation {
            Variation::By(other) => Ok(self.other(*other).await?.map(|(target, _)| target)),
            _ => Ok(Some(self.target.clone())),
        }
    }

    /// Revokes the refresh token of the first person's login: its own client does it, or the one that
    /// `variation` names.
    pub async fn revoke_refresh_of_first(&mut self, variation: &Variation) -> Result<(), Error> {
        // The latest one of the login: a replaced one may be none any more.
        if let Some((_, refresh)) = self.people.first() {
            self.refresh_token = Some(refresh.clone());
        }
        if variation.is_documented() {
            let refresh = Variation::Revocation(RevocationVariation::RefreshToken);
            return self.revoke_as(&refresh).await;
        }
        self.revoke_as(variation).await
    }

    /// Shows the replaced refresh token again; where it still works, refresh tokens do not rotate.
    pub async fn replay_refresh(&mut self) -> Result<(), Error> {
        self.renew(&Variation::Again).await?;
        if !self.is_pending && self.replay_was_taken() {
            return Err(self.lacks("the vendor does not rotate refresh tokens"));
        }
        Ok(())
    }

    /// Whether the replaced refresh token gave tokens when it was shown last.
    pub(crate) fn replay_was_taken(&self) -> bool {
        let renewals = self.log.evidence().exchanges_for(Operation::Renew);
        let replays = renewals.filter(|renewal| *renewal.variation == Variation::Again);
        replays.last().is_some_and(|replay| replay.is_served())
    }

    /// Sends refreshes with one token so that they arrive together, and then shows each refresh
    /// token that a reply gave.
    pub async fn renew_at_once(&mut self) -> Result<(), Error> {
        let Some(token) = self.refresh_token.clone() else {
            self.log.limitation("there was no refresh token");
            return Ok(());
        };
        let mut login = TokenRequest::of_client(&self.profile, &self.target)?;
        login.parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let mut request = login.request();
        let host = ("Host".to_owned(), login.url.authority());
        request.headers.insert(0, host);
        // Each of them counts; they leave together.
        let mut turn = None;
        for _ in 0..AT_ONCE {
            drop(turn.take());
            let Ok(next) = self.turn(false).await else {
                return Ok(());
            };
            turn = next;
        }
        let sent: Vec<_> = (1..=AT_ONCE)
            .map(|number| {
                let variation = Variation::AtOnce(number);
                self.log
                    .request(Operation::Renew, None, &variation, &request)
            })
            .collect();
        let (trust, timeout) = (&self.target.trust, self.manners.reply_timeout);
        let outcomes = http::send_together(&login.url, (&request, AT_ONCE), trust, timeout).await;
        drop(turn);
        let mut given: Vec<(Secret, Secret)> = Vec::new();
        for (seq, outcome) in sent.into_iter().zip(outcomes) {
            self.gate.learn(&outcome, false);
            if let Ok(reply) = &outcome {
                self.hide_issued(reply);
                let body = reply.json();
                let text = |name: &str| body[name].as_str().map(Secret::new);
                if let (Some(access), Some(refresh)) = (text("access_token"), text("refresh_token"))
                    && given
                        .iter()
                        .all(|(_, known)| known.expose() != refresh.expose())
                {
                    given.push((access, refresh));
                }
            }
            self.log.reply(seq, outcome.as_ref());
        }
        self.people = given;
        for number in 1..=self.people.len() {
            self.renew(&Variation::Token(number, Moment::After)).await?;
        }
        Ok(())
    }

    /// The address that the vendor's metadata has as `name`. A token goes nowhere but to the host
    /// that issued it, so one of another host counts as none.
    async fn endpoint_of_metadata(&mut self, name: &str) -> Result<Option<Url>, Error> {
        let documents = || self.log.evidence().documented(Operation::Metadata);
        if documents().next().is_none() && self.target.url("discovery").is_ok() {
            self.metadata().await?;
        }
        let read = self.log.evidence().documented(Operation::Metadata).next();
        let document = read.map(|read| read.json()).unwrap_or_default();
        let named = document[name].as_str().and_then(|url| Url::parse(url).ok());
        let token = Url::parse(self.target.url("token")?);
        let token = token.map_err(|error| Error::Step(error.to_string()))?;
        Ok(named.filter(|url| url.same_origin(&token)))
    }
}
