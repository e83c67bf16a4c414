//! Reads a list page by page.

use std::collections::HashSet;

use http::Method;
use reqwest::Url;
use serde_json::Value;

use super::Inner;
use crate::error::Error;
use crate::operation::{ApiOperation, Reply};
use crate::wire;

/// More pages than this are a loop that names itself anew each time.
const MOST_PAGES: usize = 10_000;

pub(super) async fn list(inner: &Inner, path: &str) -> Result<Vec<Value>, Error> {
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(inner.url(path)?);
    while let Some(url) = next {
        if seen.len() == MOST_PAGES || !seen.insert(url.to_string()) {
            return Err(Error::Malformed("a list that does not end"));
        }
        let call = ApiOperation::new(Method::GET, "");
        let mut page = page(&inner.run(url.clone(), call).await?)?;
        next = follow(inner, &url, &page["nextPage"])?;
        if let Some(results) = page["results"].as_array_mut() {
            items.append(results);
        } else if let Value::Array(results) = &mut page {
            items.append(results);
        } else {
            return Err(Error::Malformed("a page without results"));
        }
    }
    Ok(items)
}

fn page(reply: &Reply) -> Result<Value, Error> {
    if !reply.status.is_success() {
        let status = reply.status.as_u16();
        return Err(Error::Status {
            what: "the list",
            code: status.to_string(),
            status,
        });
    }
    serde_json::from_slice(&reply.body).map_err(|_| Error::Malformed("a page that is no JSON"))
}

/// The next page: absent at the end, and an absolute URL otherwise. The token goes to the origin
/// it was issued for and to no other.
fn follow(inner: &Inner, page: &Url, next: &Value) -> Result<Option<Url>, Error> {
    let Some(next) = next.as_str() else {
        return Ok(None);
    };
    let next = page
        .join(next)
        .map_err(|_| Error::Malformed("a next page that is no URL"))?;
    if !wire::same_origin(&next, &inner.api) {
        return Err(Error::Refused("the next page is on another origin"));
    }
    Ok(Some(next))
}
