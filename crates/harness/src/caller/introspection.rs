//! Introspection of the caller's token (RFC 7662), and what tells whom it is for.

use serde_json::{Map, Value};

use super::oauth::unknown;
use crate::Error;
use crate::caller::variation::NEVER_ISSUED;
use crate::caller::{TokenRequest, vary_login};
use crate::evidence::{CallVariation, Content, Operation, Variation};
use crate::http::Url;
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// From now on the caller is a client that its own tokens are for, where the vendor has one: some
    /// servers tell of a token to nobody else. A real endpoint has the one client that was given.
    pub fn be_in_own_audience(&mut self) {
        let tenant = self.target.credential("tenant");
        let realms = self.target.principals.get("realms");
        let realms = realms.and_then(Value::as_array).into_iter().flatten();
        let clients = realms
            .filter(|realm| realm["name"] == tenant)
            .filter_map(|realm| realm["clients"].as_array())
            .flatten();
        let is_own = |client: &&Value| {
            let audience = client["audience"].as_array();
            audience.is_some_and(|words| words.contains(&client["client_id"]))
        };
        let account: Option<Map<String, Value>> = clients.clone().find(is_own).map(|client| {
            ["client_id", "client_secret"]
                .map(|name| (name.to_owned(), client[name].clone()))
                .into_iter()
                .collect()
        });
        let target = account.and_then(|account| self.target.with_account(&self.profile, account));
        if let Some(target) = target {
            self.target = target;
        }
    }

    /// Introspects the caller's token at the address that the metadata names.
    pub async fn introspect(&mut self, variation: &Variation) -> Result<(), Error> {
        let metadata = || self.log.evidence().exchanges_for(Operation::Metadata);
        if metadata().next().is_none() {
            self.metadata().await?;
        }
        let Some(url) = self.introspection_url() else {
            self.log.limitation(
                "the metadata names no introspection endpoint beside the token endpoint",
            );
            return Ok(());
        };
        let Ok(token) = self.token().map(|held| held.value.clone()) else {
            self.log.limitation("there was no token to introspect");
            return Ok(());
        };
        let mut login = TokenRequest::of_client(&self.profile, &self.target)?;
        login.url = url;
        let theirs = match variation {
            Variation::Of(other) => match self.other(*other).await? {
                Some((_, theirs)) => Some(theirs),
                None => return Ok(()),
            },
            _ => None,
        };
        let mut value = theirs.as_ref().unwrap_or(&token).expose();
        match variation {
            Variation::Documented | Variation::AfterRevocation | Variation::Of(_) => {}
            Variation::Call(CallVariation::UnknownToken) => value = NEVER_ISSUED,
            Variation::Login(change) => vary_login(change, &mut login),
            other => return Err(unknown("introspection", other)),
        }
        if login.method == "GET" {
            login.content = Content::Query;
        }
        login.parameters = vec![("token".to_owned(), value.to_owned())];
        self.hide_credential_fields(&login);
        let request = login.request();
        self.exchange(Operation::Introspect, None, variation, &login.url, &request)
            .await;
        Ok(())
    }

    /// The endpoint that the metadata names, if it is where the client's secret goes anyway.
    fn introspection_url(&self) -> Option<Url> {
        let documents = self.log.evidence().documented(Operation::Metadata);
        let document = documents.last()?.json();
        let url = self.reachable(document["introspection_endpoint"].as_str()?)?;
        let token = Url::parse(self.target.url("token").ok()?).ok()?;
        url.same_origin(&token).then_some(url)
    }
}
