//! ListUsers: the users of the pool, filtered and a page at a time.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::{Map, Value};

use super::super::{Call, invalid, success};
use super::filter::Filter;
use crate::scribe::users::User;

/// Most users of a page, and how many it has where the call does not say.
const MAX_PAGE: u64 = 60;

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let limit = limit(call)?;
    let filter = match call.text("Filter") {
        Some(text) => Some(Filter::read(text)?),
        None => None,
    };
    let matches = |user: &User| {
        filter
            .as_ref()
            .is_none_or(|filter| filter.matches(&call.state, user))
    };
    let found: Vec<User> = call
        .state
        .principals()
        .users
        .into_iter()
        .filter(matches)
        .collect();
    let start = start(call, found.len())?;
    let wanted = wanted(call);
    let page = found.iter().skip(start).take(limit);
    let page: Vec<Value> = page
        .map(|user| only(call.state.show_user(user, "Attributes"), wanted.as_deref()).into())
        .collect();
    let mut body = Map::new();
    let next = start + page.len();
    body.insert("Users".into(), page.into());
    if next < found.len() {
        // AWS's is opaque, and so is a number to who does not look.
        body.insert("PaginationToken".into(), format!("CAIS{next:08}").into());
    }
    Ok(success(&body.into()))
}

/// "Limit: minimum value of 0, maximum value of 60"; 0 asks for as many as there may be.
fn limit(call: &Call<'_>) -> Result<usize, Denial> {
    let Some(value) = call.body.get("Limit").filter(|value| !value.is_null()) else {
        return Ok(page(MAX_PAGE));
    };
    match value.as_u64() {
        Some(0) => Ok(page(MAX_PAGE)),
        Some(limit) if limit <= MAX_PAGE => Ok(page(limit)),
        _ => Err(invalid(format!(
            "1 validation error detected: Value '{value}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to {MAX_PAGE}"
        ))),
    }
}

fn page(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn start(call: &Call<'_>, end: usize) -> Result<usize, Denial> {
    let Some(token) = call.text("PaginationToken") else {
        return Ok(0);
    };
    let start = token
        .strip_prefix("CAIS")
        .and_then(|start| start.parse().ok());
    start
        .filter(|start| *start < end)
        .ok_or_else(|| invalid("Invalid pagination token."))
}

fn wanted(call: &Call<'_>) -> Option<Vec<String>> {
    let names = call.body.get("AttributesToGet")?.as_array()?;
    let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
    Some(names.collect())
}

/// A user with no other attributes than those of `names`.
fn only(mut user: Map<String, Value>, names: Option<&[String]>) -> Map<String, Value> {
    if let (Some(names), Some(list)) = (
        names,
        user.get_mut("Attributes").and_then(Value::as_array_mut),
    ) {
        list.retain(|attribute| names.iter().any(|name| attribute["Name"] == name.as_str()));
    }
    user
}
