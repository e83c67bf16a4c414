//! What others do beside the caller: a second client, a client of a second tenant.

use locum_core::{Secret, template};
use serde_json::Value;

use super::near_miss::near_miss;
use super::oauth::unknown;
use crate::Error;
use crate::caller::{ApiRequest, TokenRequest, vary_login};
use crate::catalogue::Supplied;
use crate::evidence::{Operation, Other, Variation};
use crate::http::{Reply, Url};
use crate::run::context::ScenarioContext;
use crate::target::Target;

impl ScenarioContext {
    /// The caller creates something at `path` of the API.
    pub async fn create(&mut self, path: &str, body: &str) -> Result<(), Error> {
        self.needs_leave()?;
        let Ok(token) = self.token().cloned() else {
            self.log
                .limitation("there was no token to create something with");
            return Ok(());
        };
        let url = format!("{}{}", self.target.url("api")?, self.target.fill(path)?);
        let mut call = ApiRequest::to(&self.profile, &self.target, &url, token.value.expose())?;
        "POST".clone_into(&mut call.method);
        call.body = Some(("application/json".to_owned(), body.trim().to_owned()));
        let reply = self
            .exchange(
                Operation::Create,
                None,
                &Variation::Documented,
                &call.url,
                &call.request(),
            )
            .await;
        if let Some(reply) = &reply {
            self.remember_created(path, &token.value, reply);
        }
        self.created = reply.map(|reply| reply.json()).unwrap_or_default();
        Ok(())
    }

    /// Reads what the caller created, as the caller or as the one that `variation` names.
    pub async fn read(&mut self, path: &str, variation: &Variation) -> Result<(), Error> {
        let Some(path) = self.of_created(path) else {
            self.log
                .limitation("nothing was created that could be read");
            return Ok(());
        };
        self.read_at(Operation::Read, &path, variation).await?;
        Ok(())
    }

    /// Reads the list at `path`, as the caller or as the one that `variation` names.
    pub async fn list(&mut self, path: &str, variation: &Variation) -> Result<(), Error> {
        self.read_at(Operation::ListPage, path, variation).await?;
        Ok(())
    }

    /// Reads what is at `path` of the API, as the caller or as the one that `variation` names; `None`
    /// where that one has no token, or nothing was answered.
    pub(super) async fn read_at(
        &mut self,
        operation: Operation,
        path: &str,
        variation: &Variation,
    ) -> Result<Option<Reply>, Error> {
        let reader = match variation {
            Variation::Documented => {
                let token = self.token().map(|held| held.value.clone());
                token.ok().map(|token| (self.target.clone(), token))
            }
            Variation::By(other) => self.other(*other).await?,
            Variation::ByOtherTenantNamingTheOwners => {
                let other = self.other(Other::Tenant).await?;
                other.map(|(_, token)| (self.target.clone(), token))
            }
            unknown_one => return Err(unknown("reader", unknown_one)),
        };
        let Some((target, token)) = reader else {
            return Ok(None);
        };
        let url = format!("{}{path}", self.target.url("api")?);
        let call = ApiRequest::to(&self.profile, &target, &url, token.expose())?;
        let request = call.request();
        Ok(self
            .exchange(operation, None, variation, &call.url, &request)
            .await)
    }

    /// The caller's token is to be revoked, by the caller or by another client.
    pub async fn revoke(&mut self, other: Option<Other>) -> Result<(), Error> {
        let Ok(url) = self.target.url("revoke").map(str::to_owned) else {
            self.log.limitation("no address of a revocation is known");
            return Ok(());
        };
        let Ok(token) = self.token().cloned() else {
            self.log.limitation("there was no token to revoke");
            return Ok(());
        };
        let (target, variation) = match other {
            None => (self.target.clone(), Variation::Documented),
            Some(other) => match self.other(other).await? {
                None => return Ok(()),
                Some((target, _)) => (target, Variation::By(other)),
            },
        };
        let mut login = TokenRequest::of_client(&self.profile, &target)?;
        login.url = Url::parse(&url).map_err(|error| Error::Step(error.to_string()))?;
        login.parameters = vec![("token".to_owned(), token.value.expose().to_owned())];
        self.exchange(
            Operation::Revoke,
            None,
            &variation,
            &login.url,
            &login.request(),
        )
        .await;
        Ok(())
    }

    /// Shows the caller's refresh token: as documented, with one thing changed, or as another client.
    pub async fn renew(&mut self, variation: &Variation) -> Result<(), Error> {
        let token = match variation {
            Variation::Again => self
                .replaced_refresh_token
                .clone()
                .or_else(|| self.refresh_token.clone()),
            Variation::Token(number, _) => {
                let person = self.people.get(number.saturating_sub(1));
                person.map(|(_, refresh)| refresh.clone())
            }
            _ => self.refresh_token.clone(),
        };
        let Some(token) = token else {
            self.log.limitation("there was no refresh token");
            return Ok(());
        };
        let mut target = self.target.clone();
        if let Variation::By(other) = variation {
            let Some((theirs, _)) = self.other(*other).await? else {
                return Ok(());
            };
            target = theirs;
        }
        let mut login = TokenRequest::of_client(&self.profile, &target)?;
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        login.parameters = vec![
            parameter("grant_type", "refresh_token"),
            parameter("refresh_token", token.expose()),
        ];
        if let Variation::Login(change) = variation {
            vary_login(change, &mut login);
        }
        if let Variation::Refresh(change) = variation {
            let access = self.tokens.last().map(|held| held.value.clone());
            let access = access.as_ref().map_or("", |access| access.expose());
            let Some(shown) = near_miss(*change, token.expose(), access) else {
                // The other tokens are judged without it.
                return Ok(());
            };
            self.log.hide(&shown, "changed refresh token");
            login.parameters[1] = parameter("refresh_token", &shown);
        }
        let reply = self
            .exchange(
                Operation::Renew,
                None,
                variation,
                &login.url,
                &login.request(),
            )
            .await;
        if let Some(reply) = reply.filter(|reply| (200..300).contains(&reply.status)) {
            self.keep_renewed(variation, &token, &reply.json());
        }
        Ok(())
    }

    /// Keeps what a refresh with `used` gave: for the login of its number, else as the latest.
    fn keep_renewed(&mut self, variation: &Variation, used: &Secret, body: &Value) {
        let next = body["refresh_token"].as_str();
        match variation {
            Variation::Again => {}
            Variation::Token(number, _) => {
                let person = self.people.get_mut(number.saturating_sub(1));
                if let (Some((_, refresh)), Some(next)) = (person, next) {
                    *refresh = Secret::new(next);
                }
            }
            _ => {
                if next.is_some_and(|next| next != used.expose()) {
                    self.replaced_refresh_token = Some(used.clone());
                }
                self.hold(body);
            }
        }
    }

    /// Reads the vendor's metadata document, if its address is known.
    pub async fn metadata(&mut self) -> Result<(), Error> {
        let known = self.target.url("discovery").map(str::to_owned);
        let url = known.unwrap_or_else(|_| {
            // RFC 8414 §3, where the vendor's page names no other.
            let base = self.target.base.trim_end_matches('/');
            format!("{base}/.well-known/oauth-authorization-server")
        });
        let mut call = ApiRequest::to(&self.profile, &self.target, &url, "")?;
        call.authorization.clear();
        call.headers.clear();
        self.exchange(
            Operation::Metadata,
            None,
            &Variation::Documented,
            &call.url,
            &call.request(),
        )
        .await;
        Ok(())
    }

    /// Somebody else, logged in and once admitted to the API: only then does a refusal elsewhere
    /// say something.
    pub(crate) async fn other(&mut self, other: Other) -> Result<Option<(Target, Secret)>, Error> {
        if let Some(known) = self.others.get(&other) {
            return Ok(Some(known.clone()));
        }
        let Some(target) = self.target.of_other(&self.profile, other) else {
            let what = match other {
                Other::Client => Supplied::AnotherClient,
                Other::Tenant => Supplied::AnotherTenant,
                Other::User => Supplied::AnotherUser,
            };
            return Err(self.lacks(Supplied::lacking(&[what], &self.profile.vendor)));
        };
        let variation = Variation::By(other);
        let login = TokenRequest::documented(&self.profile, &target)?;
        let reply = self
            .exchange(
                Operation::OtherLogin,
                None,
                &variation,
                &login.url,
                &login.request(),
            )
            .await;
        let body = reply.map(|reply| reply.json()).unwrap_or_default();
        let Some(token) = body["access_token"].as_str() else {
            let what = format!("{} got no token", other.words());
            self.log.limitation(&what);
            return Ok(None);
        };
        self.log.hide(token, &format!("token of {}", other.words()));
        let call = ApiRequest::documented(&self.profile, &target, token)?;
        self.exchange(
            Operation::OtherCall,
            None,
            &variation,
            &call.url,
            &call.request(),
        )
        .await;
        let known = (target, Secret::new(token));
        self.others.insert(other, known.clone());
        Ok(Some(known))
    }

    /// `path` with each `{name}` filled from what was created; `None` when that lacks one.
    pub(crate) fn of_created(&self, path: &str) -> Option<String> {
        let Value::Object(members) = &self.created else {
            return (!path.contains('{')).then(|| path.to_owned());
        };
        let filled = template::fill(path, |name| {
            let value = members.get(name)?;
            Some(value.as_str().unwrap_or_default().to_owned())
        });
        (!filled.contains('{')).then_some(filled)
    }
}
