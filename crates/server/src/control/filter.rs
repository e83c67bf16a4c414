//! Which entries of the journal are asked for, by names that exist: a typo would fit no entry and
//! look like an answer.

use std::sync::Arc;

use locum_core::{DenialKind, Filter};
use serde_json::{Map, Value};

use super::call::ControlRequest;
use super::refusal::Refusal;
use super::stages::unknown_vendor;
use crate::Vendor;

/// The filter that the query names.
pub(super) fn of_query(request: &ControlRequest) -> Result<Filter, Refusal> {
    checked(request, request.query()?)
}

/// The filter that the body names.
pub(super) fn of_body(request: &ControlRequest) -> Result<Filter, Refusal> {
    checked(request, request.body()?)
}

/// The filter that these members of a query name.
pub(super) fn of_members(
    request: &ControlRequest,
    members: Map<String, Value>,
) -> Result<Filter, Refusal> {
    let filter = serde_json::from_value(Value::Object(members));
    checked(request, filter.map_err(|error| Refusal::json(&error))?)
}

fn checked(request: &ControlRequest, filter: Filter) -> Result<Filter, Refusal> {
    let vendors = vendors(request, filter.vendor.as_deref())?;
    if let Some(name) = filter.endpoint.as_deref() {
        endpoint(&vendors, name)?;
    }
    if let Some(reason) = filter.denial.as_deref() {
        denial(&vendors, reason)?;
    }
    Ok(filter)
}

/// The vendor called `slug`, or all.
pub(super) fn vendors<'a>(
    request: &'a ControlRequest,
    slug: Option<&str>,
) -> Result<Vec<&'a Arc<dyn Vendor>>, Refusal> {
    match slug {
        Some(slug) => match request.stages.vendor(slug) {
            Some(vendor) => Ok(vec![vendor]),
            None => Err(unknown_vendor(request, slug)),
        },
        None => Ok(request.stages.vendors().iter().collect()),
    }
}

/// Refuses an endpoint that none of `vendors` has; no name at all is that of unrouted requests.
pub(super) fn endpoint(vendors: &[&Arc<dyn Vendor>], name: &str) -> Result<(), Refusal> {
    let known: Vec<&str> = vendors
        .iter()
        .flat_map(|vendor| vendor.profile().endpoints.keys())
        .map(String::as_str)
        .collect();
    if name.is_empty() || known.contains(&name) {
        return Ok(());
    }
    Err(Refusal::bad(format!("no endpoint called `{name}`")).near(name, known))
}

/// Refuses what is neither a kind of denial nor a reason that one of `vendors` has.
fn denial(vendors: &[&Arc<dyn Vendor>], reason: &str) -> Result<(), Refusal> {
    let kinds = DenialKind::ALL.map(DenialKind::as_str);
    let profiles = || vendors.iter().map(|vendor| vendor.profile());
    if kinds.contains(&reason) || profiles().any(|profile| profile.knows_reason(reason)) {
        return Ok(());
    }
    let reasons = profiles().flat_map(|profile| profile.denials.keys().chain(&profile.reasons));
    let shared = locum_core::denial::SHARED_REASONS.iter().copied();
    let known = kinds
        .into_iter()
        .chain(shared)
        .chain(reasons.map(String::as_str));
    Err(Refusal::bad(format!("no denial called `{reason}`")).near(reason, known))
}
