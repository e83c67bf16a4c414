//! The variables that point clients at a stage, as `locum env` prints them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready, text};
use super::refusal::Refusal;
use super::{document, filter};
use crate::environment::{self, EnvironmentFormat, Wanted};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[ControlCall::new(
    "GET …/env",
    "returns the variables that point a client at a vendor, or at all, as `locum env` prints them; they hold secrets",
    |request| ready(read(&request)),
)
.query::<Query>(&[text("vendor"), text("format")])
.returns::<String>()
.media_type("text/plain; charset=utf-8")];

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Query {
    vendor: Option<String>,
    format: EnvironmentFormat,
}

fn read(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let query: Query = request.query()?;
    let vendors = filter::vendors(request, query.vendor.as_deref())?;
    let vendors: Vec<&str> = vendors
        .iter()
        .map(|vendor| vendor.profile().vendor.as_str())
        .collect();
    let document = document::of(request, &stage);
    let document = serde_json::to_value(&document).expect("a document is JSON");
    let variables = environment::variables(&document, &vendors, Wanted::default());
    let text = environment::written(&variables, query.format).map_err(|name| {
        Refusal::new(409, format!("{name} holds {}", query.format.limit()))
            .hint("format=json says everything")
    })?;
    Ok(call::written(200, "text/plain; charset=utf-8", text))
}
