//! What is behind a list: its entries, called by themselves, and what a filter leaves of it.

use serde_json::Value;

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
        let Some(link) = self.first_links().into_iter().next() else {
            self.log.limitation("the list has no entry with an address");
            return Ok(());
        };
        self.call_with_and_without_token(&link).await
    }

    /// Calls what the caller created, at `path` of the API, with the caller's token and then without
    /// one.
    pub async fn call_created(&mut self, path: &str) -> Result<(), Error> {
        let Some(path) = self.of_created(path) else {
            self.log
                .limitation("nothing was created that could be called");
            return Ok(());
        };
        self.call_with_and_without_token(&path).await
    }

    async fn call_with_and_without_token(&mut self, link: &str) -> Result<(), Error> {
        self.call_link(link, &Variation::Documented).await?;
        let with_token = self.log.evidence().documented(Operation::Call).last();
        if !with_token.is_some_and(|call| call.is_served()) {
            self.log
                .limitation("what was to be called without a token was not served with one");
            return Ok(());
        }
        let bare = CallVariation::Both(
            Box::new(CallVariation::At(link.to_owned())),
            Box::new(CallVariation::NoToken),
        );
        self.call_link(link, &Variation::Call(bare)).await
    }

    /// Calls the address that the first entry of each list names.
    pub async fn follow_first_entries(&mut self) -> Result<(), Error> {
        for link in self.first_links() {
            self.call_link(&link, &Variation::Documented).await?;
        }
        Ok(())
    }

    /// Asks for the entries of the list at `endpoint` that have what some of them have and others do
    /// not, by the filter `parameter`.
    pub async fn limit_list(&mut self, endpoint: &str, parameter: &str) -> Result<(), Error> {
        let expected = Expectation::of("VEN-38", &self.profile.vendor);
        let mut filters = expected.filters.iter();
        let filter = filters
            .find(|filter| filter.parameter == parameter)
            .ok_or_else(|| Error::Step(format!("no filter is known `{parameter}`")))?;
        let Some(value) = filter.telling(&self.entries_of(endpoint)) else {
            let what = format!("the list of {endpoint} has no entry to ask for by {parameter}");
            self.log.limitation(&what);
            return Ok(());
        };
        let limited = CallVariation::Query(parameter.to_owned(), value);
        self.call_endpoint(endpoint, &Variation::Call(limited))
            .await
    }

    /// The entries of the list that was read at `endpoint`.
    fn entries_of(&self, endpoint: &str) -> Vec<Value> {
        let mut lists = self.served_lists();
        let found = lists.find(|(of, _)| of.as_deref() == Some(endpoint));
        found.map(|(_, entries)| entries).unwrap_or_default()
    }

    /// The endpoint and the entries of each list that was served and has any.
    pub(super) fn served_lists(&self) -> impl Iterator<Item = (Option<String>, Vec<Value>)> {
        let list = Expectation::of("VEN-10", &self.profile.vendor)
            .list
            .as_deref();
        let list = list.unwrap_or_default();
        let calls = self.log.evidence().documented(Operation::Call);
        let served = calls.filter(Exchange::is_served);
        served.filter_map(move |call| {
            let entries = call.json()[list].as_array().cloned();
            let entries = entries.filter(|entries| !entries.is_empty())?;
            Some((call.endpoint.map(str::to_owned), entries))
        })
    }

    /// The addresses that the first entries of the lists name.
    fn first_links(&self) -> Vec<String> {
        let lists = self.served_lists();
        let links = lists.filter_map(|(_, entries)| Some(entries[0]["href"].as_str()?.to_owned()));
        links.collect()
    }

    /// Calls an address that a list named. A token goes nowhere but to the host that was asked.
    pub(super) async fn call_link(
        &mut self,
        link: &str,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Ok(token) = self.token() else {
            self.log.limitation("there was no token to call with");
            return Ok(());
        };
        let token = token.value.clone();
        let api = self.target.url("api")?.to_owned();
        let url = match link.starts_with('/') {
            true => format!("{api}{link}"),
            false => link.to_owned(),
        };
        let of = |text: &str| Url::parse(text).ok();
        let is_own = of(&url)
            .zip(of(&api))
            .is_some_and(|(url, api)| url.same_origin(&api));
        if !is_own {
            self.log.limitation("the list leads to another host");
            return Ok(());
        }
        let mut call = ApiRequest::to(&self.profile, &self.target, &url, token.expose())?;
        self.vary(&mut call, variation, &token)?;
        self.exchange(Operation::Call, None, variation, &call.url, &call.request())
            .await;
        Ok(())
    }
}
