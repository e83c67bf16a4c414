//! Reads a paged list.

use std::collections::HashSet;

use http::Method;
use reqwest::Url;
use serde_json::Value;

use super::inner::Inner;
use crate::address;
use crate::error::Error;
use crate::operation::{ApiOperation, Reply};

/// Against a list whose every page names another one.
const MAX_PAGES: usize = 10_000;
/// Of all pages together.
const MAX_LIST_BYTES: usize = 64 << 20;

pub(super) async fn list(inner: &Inner, path: &str) -> Result<Vec<Value>, Error> {
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    let mut bytes = 0;
    let mut next = Some(inner.url(path)?);
    while let Some(url) = next {
        if seen.len() == MAX_PAGES || !seen.insert(url.to_string()) {
            return Err(Error::Malformed("the list does not end"));
        }
        let operation = ApiOperation::new(Method::GET, "");
        let reply = inner.execute(url.clone(), operation).await?;
        bytes += reply.body.len();
        if bytes > MAX_LIST_BYTES {
            return Err(Error::Malformed("the list is larger than 64 MiB"));
        }
        let mut page = parse_page(&reply)?;
        next = next_page(inner, &url, &page["nextPage"])?;
        if let Some(results) = page["results"].as_array_mut() {
            items.append(results);
        } else if let Value::Array(results) = &mut page {
            items.append(results);
        } else {
            return Err(Error::Malformed("the page has no results"));
        }
    }
    Ok(items)
}

fn parse_page(reply: &Reply) -> Result<Value, Error> {
    if !reply.status.is_success() {
        let status = reply.status.as_u16();
        return Err(Error::Status {
            what: "the list",
            code: status.to_string(),
            status,
        });
    }
    serde_json::from_slice(&reply.body).map_err(|_| Error::Malformed("the page is not valid JSON"))
}

/// The URL of the next page, an absolute one; absent at the end. Another origin is refused: the
/// token was not issued for it.
fn next_page(inner: &Inner, page: &Url, next: &Value) -> Result<Option<Url>, Error> {
    let next = match next {
        Value::Null => return Ok(None),
        Value::String(next) => next,
        _ => return Err(Error::Malformed("nextPage is not a URL")),
    };
    let next = page
        .join(next)
        .map_err(|_| Error::Malformed("nextPage is not a URL"))?;
    if !address::same_origin(&next, &inner.api_url) {
        return Err(Error::Refused("the next page is on another origin"));
    }
    Ok(Some(next))
}
