//! What is behind a list: its first entry, called by itself.

use crate::Error;
use crate::caller::ApiRequest;
use crate::catalogue::Expectation;
use crate::evidence::{CallVariation, Exchange, Operation, Variation};
use crate::http::Url;
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Calls the address that the first entry of the list names, with the caller's token and then
    /// without one. A list without entries has none.
    pub async fn call_first_entry(&mut self) -> Result<(), Error> {
        let list = Expectation::of("VEN-10", &self.profile.vendor).list.clone();
        let list = list.unwrap_or_default();
        let link = {
            let calls = self.log.evidence().documented(Operation::Call);
            let mut served = calls.filter(Exchange::is_served);
            served.find_map(|call| {
                let entry = call.json()[&list][0]["href"].clone();
                entry.as_str().map(str::to_owned)
            })
        };
        let (Some(link), Ok(token)) = (link, self.token()) else {
            self.log.limitation("the list has no entry with an address");
            return Ok(());
        };
        let token = token.value.clone();
        let api = self.target.url("api")?.to_owned();
        let url = match link.starts_with('/') {
            true => format!("{api}{link}"),
            false => link.clone(),
        };
        // A token goes nowhere but to the host that was asked.
        let is_own = |url: &str| {
            let of = |text: &str| Url::parse(text).ok();
            of(url)
                .zip(of(&api))
                .is_some_and(|(url, api)| url.same_origin(&api))
        };
        if !is_own(&url) {
            self.log.limitation("the list leads to another host");
            return Ok(());
        }
        let mut call = ApiRequest::to(&self.profile, &self.target, &url, token.expose())?;
        let documented = Variation::Documented;
        self.exchange(
            Operation::Call,
            None,
            &documented,
            &call.url,
            &call.request(),
        )
        .await;
        call.authorization.clear();
        let bare = CallVariation::Both(
            Box::new(CallVariation::At(link)),
            Box::new(CallVariation::NoToken),
        );
        let bare = Variation::Call(bare);
        self.exchange(Operation::Call, None, &bare, &call.url, &call.request())
            .await;
        Ok(())
    }
}
