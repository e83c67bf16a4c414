//! Reading a list to its end.

use std::sync::Arc;

use serde_json::Value;

use super::call::refusal;
use super::{ApiRequest, Client};
use crate::failure::Failure;
use crate::http::Url;

/// No list has more pages.
const MAX_PAGES: usize = 100;

impl Client {
    /// Follows `nextPage`, which is absent at the end, on the API's own origin.
    pub(crate) async fn list(self: &Arc<Self>, path: &str) -> Result<(), Failure> {
        let mut url = self.api_url(path)?;
        let origin = url.clone();
        for _ in 0..MAX_PAGES {
            let reply = self.call(ApiRequest::get(url)).await?;
            if let Some(failure) = refusal(&reply) {
                return Err(failure);
            }
            let page: Value = serde_json::from_slice(&reply.body)
                .map_err(|_| Failure::other("the page is not valid JSON"))?;
            let Some(next) = page["nextPage"].as_str() else {
                return Ok(());
            };
            if self.behaviour.follow.first_page_only {
                return Ok(());
            }
            url = Url::parse(next)?;
            if !url.same_origin(&origin) && !self.behaviour.follow.pages_anywhere {
                return Err(Failure::other("nextPage names another origin"));
            }
        }
        Err(Failure::other("the list has no end"))
    }
}
